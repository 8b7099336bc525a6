"""The addresses of the knowledge pages."""

from django.urls import path

from apps.knowledge import views

app_name = "knowledge"
urlpatterns = [
    path("knowledge", views.index, name="index"),
    path("knowledge/patterns/<slug:slug>", views.pattern_detail, name="pattern-detail"),
    path("knowledge/antipatterns", views.antipattern_list, name="antipattern-list"),
    path("knowledge/antipatterns/<slug:slug>", views.antipattern_detail, name="antipattern-detail"),
]
