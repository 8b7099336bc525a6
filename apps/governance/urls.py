from django.urls import path

from apps.governance import policy_views, views

app_name = "governance"
urlpatterns = [
    path("governance", views.index, name="index"),
    path("governance/audit", views.audit_list, name="audit-list"),
    path("governance/audit/verify", views.audit_verify, name="audit-verify"),
    path("governance/policies", policy_views.policy_list, name="policy-list"),
    path("governance/policies/new", policy_views.policy_new, name="policy-new"),
    path("governance/policies/<uuid:version_id>", policy_views.policy_detail, name="policy-detail"),
    path("governance/policies/<uuid:version_id>/simulate", policy_views.policy_simulation, name="policy-simulate"),
    path("governance/policies/<uuid:version_id>/publish", policy_views.policy_publication, name="policy-publish"),
]
