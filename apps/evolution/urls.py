"""The addresses of the architecture pages."""

from django.urls import path

from apps.evolution import views

app_name = "evolution"
urlpatterns = [
    path("architecture", views.index, name="index"),
    path("architecture/analyse", views.analyse, name="analyse"),
    path("architecture/snapshots/<uuid:snapshot_id>/plan", views.plan_new, name="plan-new"),
    path("architecture/plans/<uuid:plan_id>/dry-run", views.dry_run, name="dry-run"),
]
