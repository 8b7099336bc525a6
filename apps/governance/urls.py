from django.urls import path

from apps.governance.views import confirm, pages, policies, profile, second_factor, tokens
from apps.governance.views import gate_votes, gates, pages, policies
from apps.governance.views import gate_definitions, gate_votes, gates, pages, policies

app_name = "governance"
urlpatterns = [
    path("confirm", confirm.confirm, name="confirm"),
    path("profile", profile.profile, name="profile"),
    path("profile/absences", profile.absence_new, name="absence-new"),
    path("profile/absences/<uuid:absence_id>/remove", profile.absence_remove, name="absence-remove"),
    path("profile/sessions/end", profile.session_end_others, name="session-end-others"),
    path("profile/sessions/<int:session_id>/end", profile.session_end, name="session-end"),
    path("profile/password", profile.password, name="password"),
    path("profile/keys", profile.keys, name="keys"),
    path("profile/authenticator", second_factor.second_factor, name="second-factor"),
    path("profile/authenticator/codes", second_factor.codes_renew, name="codes-renew"),
    path("profile/authenticator/remove", second_factor.second_factor_end, name="second-factor-end"),
    path("profile/tokens", tokens.token_list, name="token-list"),
    path("profile/tokens/new", tokens.token_new, name="token-new"),
    path("profile/tokens/<uuid:token_id>/renew", tokens.token_renew, name="token-renew"),
    path("profile/tokens/<uuid:token_id>/end", tokens.token_end, name="token-end"),
    path("governance", pages.index, name="index"),
    path("governance/audit", pages.audit_list, name="audit-list"),
    path("governance/audit/verify", pages.audit_verify, name="audit-verify"),
    path("governance/gates/new", gates.gate_new, name="gate-new"),
    path("governance/gates/definitions", gate_definitions.definition_list, name="gate-definitions"),
    path(
        "governance/gates/definitions/<uuid:version_id>/publish",
        gate_definitions.definition_publication,
        name="gate-definition-publish",
    ),
    path("governance/gates/<uuid:gate_id>", gates.gate_detail, name="gate-detail"),
    path("governance/gates/<uuid:gate_id>/seats", gates.gate_seating, name="gate-seats"),
    path("governance/gates/<uuid:gate_id>/open", gates.gate_opening, name="gate-open"),
    path("governance/gates/<uuid:gate_id>/refreeze", gates.gate_refreezing, name="gate-refreeze"),
    path("governance/gates/<uuid:gate_id>/withdraw", gates.gate_withdrawal, name="gate-withdraw"),
    path("governance/gates/<uuid:gate_id>/minutes", gates.gate_minuting, name="gate-minutes"),
    path("governance/gates/<uuid:gate_id>/present", gate_votes.gate_presence, name="gate-present"),
    path("governance/gates/<uuid:gate_id>/ballot", gate_votes.gate_ballot, name="gate-ballot"),
    path("governance/gates/<uuid:gate_id>/close", gate_votes.gate_closing, name="gate-close"),
    path("governance/gates/<uuid:gate_id>/waivers", gate_votes.waiver_asking, name="waiver-ask"),
    path("governance/waivers/<uuid:waiver_id>/confirm", gate_votes.waiver_confirming, name="waiver-confirm"),
    path("governance/waivers/<uuid:waiver_id>/withdraw", gate_votes.waiver_withdrawing, name="waiver-withdraw"),
    path("governance/policies", policies.policy_list, name="policy-list"),
    path("governance/policies/new", policies.policy_new, name="policy-new"),
    path("governance/policies/<uuid:version_id>", policies.policy_detail, name="policy-detail"),
    path("governance/policies/<uuid:version_id>/simulate", policies.policy_simulation, name="policy-simulate"),
    path("governance/policies/<uuid:version_id>/publish", policies.policy_publication, name="policy-publish"),
]
