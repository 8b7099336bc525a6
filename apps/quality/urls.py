"""The addresses of the quality pages."""

from django.urls import path

from apps.quality.views import flakes, gate, mutation, repository, texts

app_name = "quality"
urlpatterns = [
    path("quality", repository.index, name="index"),
    path("quality/texts", texts.texts, name="texts"),
    path("quality/texts/new", texts.text_new, name="text-new"),
    path("quality/texts/<slug:tab>", texts.texts, name="texts-of-kind"),
    path("quality/texts/<slug:tab>.csv", texts.text_export, name="text-export"),
    path("quality/texts/reviews/<uuid:review_id>", texts.text_review, name="text-review"),
    path("quality/texts/tests/<uuid:suite_id>", texts.text_suite, name="text-suite"),
    path("quality/texts/proposals/<uuid:proposal_id>", texts.text_proposal, name="text-proposal"),
    path("quality/texts/proposals/<uuid:proposal_id>.patch", texts.text_proposal_patch, name="text-proposal-patch"),
    path("repos/<slug:name>/quality/coverage", repository.coverage, name="coverage"),
    path("repos/<slug:name>/quality/debt", repository.debt, name="debt"),
    path("repos/<slug:name>/quality/gate", gate.quality_gate, name="gate"),
    path("repos/<slug:name>/quality/reviews", repository.reviews, name="reviews"),
    path("repos/<slug:name>/quality/flakes", flakes.flakes, name="flakes"),
    path("repos/<slug:name>/quality/flakes.csv", flakes.export, name="flakes-export"),
    path("repos/<slug:name>/quality/flakes/rerun", flakes.rerun, name="rerun"),
    path("repos/<slug:name>/quality/flakes/<int:test_id>", flakes.test_detail, name="test-detail"),
    path("repos/<slug:name>/quality/flakes/<int:test_id>/quarantine", flakes.quarantine, name="quarantine"),
    path("repos/<slug:name>/quality/flakes/<int:test_id>/lift", flakes.lift, name="quarantine-lift"),
    path("repos/<slug:name>/quality/mutation", mutation.mutation, name="mutation"),
    path("repos/<slug:name>/quality/mutation.csv", mutation.export, name="mutation-export"),
    path("repos/<slug:name>/quality/mutation/new", mutation.mutation_new, name="mutation-new"),
    path("repos/<slug:name>/quality/mutation/<uuid:run_id>", mutation.mutation_detail, name="mutation-detail"),
    path("repos/<slug:name>/quality/tests", repository.suites, name="tests"),
    path("repos/<slug:name>/quality/proposals", repository.proposals, name="proposals"),
    path("repos/<slug:name>/quality/<slug:tab>.csv", repository.export, name="export"),
    path("repos/<slug:name>/quality/coverage/history", repository.measure_history, name="measure-history"),
    path("repos/<slug:name>/quality/<slug:tab>/measure", repository.measure, name="measure"),
    path("repos/<slug:name>/quality/reviews/new", repository.review_new, name="review-new"),
    path("repos/<slug:name>/quality/reviews/<uuid:review_id>", repository.review_detail, name="review-detail"),
    path("repos/<slug:name>/quality/tests/new", repository.suite_new, name="suite-new"),
    path("repos/<slug:name>/quality/tests/<uuid:suite_id>", repository.suite_detail, name="suite-detail"),
    path("repos/<slug:name>/quality/proposals/new", repository.proposal_new, name="proposal-new"),
    path("repos/<slug:name>/quality/proposals/<uuid:proposal_id>", repository.proposal_detail, name="proposal-detail"),
    path(
        "repos/<slug:name>/quality/proposals/<uuid:proposal_id>/apply", repository.proposal_apply, name="proposal-apply"
    ),
    path(
        "repos/<slug:name>/quality/proposals/<uuid:proposal_id>/discard",
        repository.proposal_discard,
        name="proposal-discard",
    ),
    path(
        "repos/<slug:name>/quality/proposals/<uuid:proposal_id>.patch",
        repository.proposal_patch,
        name="proposal-patch",
    ),
]
