"""The addresses of the quality pages."""

from django.urls import path

from apps.quality import views

app_name = "quality"
urlpatterns = [
    path("quality", views.index, name="index"),
    path("repos/<slug:name>/quality/coverage", views.coverage, name="coverage"),
    path("repos/<slug:name>/quality/debt", views.debt, name="debt"),
    path("repos/<slug:name>/quality/reviews", views.reviews, name="reviews"),
    path("repos/<slug:name>/quality/tests", views.suites, name="tests"),
    path("repos/<slug:name>/quality/<slug:tab>.csv", views.export, name="export"),
    path("repos/<slug:name>/quality/coverage/history", views.measure_history, name="measure-history"),
    path("repos/<slug:name>/quality/<slug:tab>/measure", views.measure, name="measure"),
    path("repos/<slug:name>/quality/reviews/new", views.review_new, name="review-new"),
    path("repos/<slug:name>/quality/reviews/<uuid:review_id>", views.review_detail, name="review-detail"),
    path("repos/<slug:name>/quality/tests/new", views.suite_new, name="suite-new"),
    path("repos/<slug:name>/quality/tests/<uuid:suite_id>", views.suite_detail, name="suite-detail"),
]
