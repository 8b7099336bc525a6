from django.apps import AppConfig


class DocumentationConfig(AppConfig):
    name = "apps.docs"
    verbose_name = "Documentation"

    def ready(self) -> None:
        # Models can be imported from here on, not before.
        from apps.docs.following import indexed_observe
        from apps.docs.measures import measures_register
        from apps.jobs.services import attempt_ended

        measures_register()
        attempt_ended.connect(indexed_observe, dispatch_uid="docs.observe")
