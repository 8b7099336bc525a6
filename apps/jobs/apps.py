from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class JobsConfig(AppConfig):
    name = "apps.jobs"
    verbose_name = "Jobs"

    def ready(self) -> None:
        # Models can be imported only once Django is ready.
        from apps.governance.services import audit_recorded
        from apps.jobs.own_records import own_records_register
        from apps.jobs.services import feeds_advance

        autodiscover_modules("tasks")
        audit_recorded.connect(feeds_advance, dispatch_uid="jobs.feeds_advance")
        own_records_register()
