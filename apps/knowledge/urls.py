"""The addresses of the knowledge pages."""

from django.urls import path

from apps.knowledge.views import library, policies

app_name = "knowledge"
urlpatterns = [
    path("knowledge", library.index, name="index"),
    path("knowledge/patterns/<slug:slug>", library.pattern_detail, name="pattern-detail"),
    path("knowledge/antipatterns", library.antipattern_list, name="antipattern-list"),
    path("knowledge/antipatterns/<slug:slug>", library.antipattern_detail, name="antipattern-detail"),
    path("knowledge/policies", policies.policy_list, name="policy-list"),
    path("knowledge/policies/<slug:name>", policies.policy_detail, name="policy-detail"),
    path("knowledge/policies/<slug:name>/save", policies.policy_write, name="policy-save"),
]
