from django.urls import path

from apps.console.views import design, gates, home, preferences

app_name = "console"
urlpatterns = [
    path("", home.home, name="home"),
    path("models/local", home.models, name="models"),
    path("models/<slug:name>/cancel", home.model_cancel, name="model-cancel"),
    path("models/<slug:name>/fetch", home.model_fetch, name="model-fetch"),
    path("models/<slug:name>/remove", home.model_remove, name="model-remove"),
    path("governance/gates/<uuid:gate_id>/evidence", gates.gate_refresh, name="gate-refresh"),
    path("design", design.design, name="design"),
    path("preferences", preferences.preference_set, name="preference-set"),
]
