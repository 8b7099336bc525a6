from django.urls import path

from apps.console.views import design, preferences

app_name = "console"
urlpatterns = [
    path("design", design.design, name="design"),
    path("preferences", preferences.preference_set, name="preference-set"),
]
