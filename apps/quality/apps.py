from django.apps import AppConfig


class QualityConfig(AppConfig):
    name = "apps.quality"
    verbose_name = "Quality"

    def ready(self) -> None:
        from apps.quality.measures import measures_register

        measures_register()
