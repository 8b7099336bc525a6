from django.apps import AppConfig


class DocumentationConfig(AppConfig):
    name = "apps.docs"
    verbose_name = "Documentation"
