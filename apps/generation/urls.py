from django.urls import path

from apps.generation.views import depth, direct, learned, overrides, questions, requests, review, specs

app_name = "generation"
urlpatterns = [
    path("specs", specs.spec_list, name="spec-list"),
    path("specs/new", specs.spec_new, name="spec-new"),
    path("specs/save", specs.spec_save, name="spec-save"),
    path("specs/ask", specs.spec_ask, name="spec-ask"),
    path("specs/readings/<uuid:reading_id>", specs.spec_reading, name="spec-reading"),
    path("specs/submit", specs.spec_submit, name="spec-submit"),
    path("specs/<uuid:draft_id>", specs.spec_edit, name="spec-edit"),
    path("specs/<uuid:draft_id>/delete", specs.spec_delete, name="spec-delete"),
    path("requests", requests.request_list, name="request-list"),
    path("requests/learned", learned.learned, name="learned"),
    path("requests/learned/changes.csv", learned.learned_table, name="learned-table"),
    path("requests/depth", depth.depth, name="depth"),
    path("requests/depth.csv", depth.depth_export, name="depth-export"),
    path("requests/direct", direct.direct_list, name="direct-list"),
    path("requests/direct/tests", direct.direct_tests, name="direct-tests"),
    path("requests/direct/refactoring", direct.direct_refactoring, name="direct-refactoring"),
    path("requests/direct/<uuid:artifact_id>", direct.direct_detail, name="direct-detail"),
    path("requests/direct/<uuid:artifact_id>.patch", direct.direct_patch, name="direct-patch"),
    path("requests/<uuid:request_id>", requests.request_detail, name="request-detail"),
    path("requests/<uuid:request_id>/requirements.csv", requests.request_trace, name="request-trace"),
    path("requests/<uuid:request_id>/stop", requests.request_stop, name="request-stop"),
    path("requests/<uuid:request_id>/again", requests.request_again, name="request-again"),
    path("requests/<uuid:request_id>/push", requests.request_push, name="request-push"),
    path("requests/<uuid:request_id>/merge", requests.request_merge, name="request-merge"),
    path("requests/<uuid:request_id>/overrides", requests.request_override, name="override"),
    path(
        "requests/<uuid:request_id>/overrides/<uuid:override_id>/confirm",
        overrides.override_sign,
        name="override-confirm",
    ),
    path(
        "requests/<uuid:request_id>/overrides/<uuid:override_id>/withdraw",
        overrides.override_take_back,
        name="override-withdraw",
    ),
    path("requests/<uuid:request_id>/review", review.review, name="review"),
    path("requests/<uuid:request_id>/review/overrides", review.review_override, name="review-override"),
    path("requests/<uuid:request_id>/review/measure", review.review_measure, name="review-measure"),
    path("requests/<uuid:request_id>/verdict", review.verdict, name="verdict"),
    path("requests/<uuid:request_id>/choose", review.choose, name="choose"),
    path("requests/<uuid:request_id>/answer", questions.answer, name="answer"),
    path("requests/<uuid:request_id>/answers/<uuid:answer_id>/withdraw", questions.withdraw, name="withdraw"),
]
