from django.urls import path

from apps.console.views import commands, design, gates, home, metrics, packs, policies, preferences, settings, status

app_name = "console"
urlpatterns = [
    path("", home.home, name="home"),
    path("first-steps/dismiss", home.steps_hide, name="steps-hide"),
    path("models/local", home.models, name="models"),
    path("models/<slug:name>/cancel", home.model_cancel, name="model-cancel"),
    path("models/<slug:name>/fetch", home.model_fetch, name="model-fetch"),
    path("models/<slug:name>/remove", home.model_remove, name="model-remove"),
    path("governance/gates/<uuid:gate_id>/evidence", gates.gate_refresh, name="gate-refresh"),
    path("governance/policies/versions/<uuid:version_id>/simulate", policies.version_try, name="version-simulate"),
    path("metrics", metrics.metrics, name="metrics"),
    path("metrics/baselines", metrics.baselines, name="baselines"),
    path("metrics/measure", metrics.metrics_measure, name="metrics-measure"),
    path("metrics/export.csv", metrics.metrics_export, {"form": "csv"}, name="metrics-export-csv"),
    path("metrics/export.json", metrics.metrics_export, {"form": "json"}, name="metrics-export-json"),
    path("metrics/<str:key>", metrics.metric_detail, name="metric-detail"),
    path("packs/<slug:subject_kind>/<uuid:subject_id>", packs.pack_ask, name="pack-ask"),
    path("packs/<uuid:pack_id>", packs.pack_detail, name="pack-detail"),
    path("packs/<uuid:pack_id>/<slug:signature>.zip", packs.pack_file, name="pack-file"),
    path("commands", commands.commands, name="commands"),
    path("status", status.status, name="status"),
    path("settings", settings.settings, name="settings"),
    path("design", design.design, name="design"),
    path("preferences", preferences.preference_set, name="preference-set"),
]
