from django.urls import URLPattern

app_name = "evolution"
urlpatterns: list[URLPattern] = []
