"""The addresses of jobs."""

from django.urls import path

from apps.jobs import views

app_name = "jobs"
urlpatterns = [
    path("jobs/<uuid:job_id>", views.job_detail, name="job-detail"),
    path("jobs/<uuid:job_id>/cancel", views.cancel, name="cancel"),
]
