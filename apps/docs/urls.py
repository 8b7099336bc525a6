"""The addresses of the docs pages."""

from django.urls import path

from apps.docs import views

app_name = "docs"
urlpatterns = [
    path("docs", views.index, name="index"),
    path("docs/follow", views.follow, name="follow"),
    path("docs/generate", views.generate, name="generate"),
    path("docs/<uuid:page_id>", views.page_detail, name="page-detail"),
    path("docs/<uuid:page_id>.md", views.page_download, name="page-download"),
    path("docs/<uuid:page_id>/check", views.check, name="check"),
]
