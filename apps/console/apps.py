from django.apps import AppConfig


class ConsoleConfig(AppConfig):
    name = "apps.console"
    verbose_name = "Console"

    def ready(self) -> None:
        # Models can be imported only once Django is ready.
        from apps.console.flows import join
        from apps.console.metrics.catalogue import measures_register

        join()
        measures_register()
