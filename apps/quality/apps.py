from django.apps import AppConfig


class QualityConfig(AppConfig):
    name = "apps.quality"
    verbose_name = "Quality"

    def ready(self) -> None:
        from apps.quality.measures import measures_register
        from apps.quality.own_records import own_records_register

        measures_register()
        own_records_register()
