"""The addresses of the pages about spending."""

from django.urls import path

from apps.providers import views

app_name = "providers"
urlpatterns = [
    path("spend", views.spend, name="spend"),
    path("spend/budgets", views.budget_save, name="budget-save"),
    path("spend/budgets/<uuid:budget_id>/remove", views.budget_take_away, name="budget-remove"),
]
