from django.urls import path

from apps.governance import views

app_name = "governance"
urlpatterns = [
    path("governance", views.index, name="index"),
    path("governance/audit", views.audit_list, name="audit-list"),
    path("governance/audit/verify", views.audit_verify, name="audit-verify"),
]
