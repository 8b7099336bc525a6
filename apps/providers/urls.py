"""The addresses of the pages about spending."""

from django.urls import path

from apps.providers import views
from apps.providers import views_models as models

app_name = "providers"
urlpatterns = [
    path("models", models.model_list, name="model-list"),
    path("models/<uuid:provider_id>/approve", models.approve, name="model-approve"),
    path("models/<uuid:provider_id>/withdraw", models.withdraw, name="model-withdraw"),
    path("spend", views.spend, name="spend"),
]
