"""The addresses of the knowledge pages."""

from django.urls import path

from apps.knowledge.views import code_index, library, mining, policies

app_name = "knowledge"
urlpatterns = [
    path("knowledge", library.index, name="index"),
    path("knowledge/patterns/<slug:slug>", library.pattern_detail, name="pattern-detail"),
    path("knowledge/antipatterns", library.antipattern_list, name="antipattern-list"),
    path("knowledge/antipatterns/<slug:slug>", library.antipattern_detail, name="antipattern-detail"),
    path("knowledge/mined", mining.mined_list, name="mined-list"),
    path("knowledge/mined/start", mining.mined_start, name="mined-start"),
    path("knowledge/mined/<uuid:mined_id>", mining.mined_detail, name="mined-detail"),
    path("knowledge/mined/<uuid:mined_id>/decide", mining.mined_write, name="mined-decide"),
    path("knowledge/mined/<uuid:mined_id>/draft.md", mining.mined_draft, name="mined-draft"),
    path("knowledge/code", code_index.code_index, name="code-index"),
    path("knowledge/code/index", code_index.code_index_start, name="code-index-start"),
    path("knowledge/policies", policies.policy_list, name="policy-list"),
    path("knowledge/policies/<slug:name>", policies.policy_detail, name="policy-detail"),
]
