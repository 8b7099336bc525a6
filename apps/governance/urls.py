from django.urls import path

from apps.governance.views import confirm, pages, policies

app_name = "governance"
urlpatterns = [
    path("confirm", confirm.confirm, name="confirm"),
    path("governance", pages.index, name="index"),
    path("governance/audit", pages.audit_list, name="audit-list"),
    path("governance/audit/verify", pages.audit_verify, name="audit-verify"),
    path("governance/policies", policies.policy_list, name="policy-list"),
    path("governance/policies/new", policies.policy_new, name="policy-new"),
    path("governance/policies/<uuid:version_id>", policies.policy_detail, name="policy-detail"),
    path("governance/policies/<uuid:version_id>/simulate", policies.policy_simulation, name="policy-simulate"),
    path("governance/policies/<uuid:version_id>/publish", policies.policy_publication, name="policy-publish"),
]
