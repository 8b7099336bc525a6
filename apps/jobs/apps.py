from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class JobsConfig(AppConfig):
    name = "apps.jobs"
    verbose_name = "Jobs"

    def ready(self) -> None:
        # Models can be imported only once Django is ready.
        from apps.jobs.chores import chore_register
        from apps.jobs.own_records import own_records_register
        from apps.jobs.recurring import jobs_due_enqueue
        from apps.jobs.services.beats import queue_beat
        from apps.jobs.services.deliveries import deliveries_resume
        from apps.jobs.services.mail import mail_look_after

        autodiscover_modules("tasks")
        chore_register("beat", queue_beat)
        chore_register("mail", mail_look_after)
        chore_register("recurring jobs", jobs_due_enqueue)
        chore_register("webhooks", deliveries_resume)
        own_records_register()
