"""The addresses of jobs, notifications and webhooks."""

from django.urls import path

from apps.jobs.views import inbox, pages, webhooks

app_name = "jobs"
urlpatterns = [
    path("jobs/<uuid:job_id>", pages.job_detail, name="job-detail"),
    path("jobs/<uuid:job_id>/cancel", pages.cancel, name="cancel"),
    path("inbox", inbox.notification_list, name="inbox"),
    path("inbox/read", inbox.notification_mark_all, name="notification-mark-all"),
    path("inbox/<uuid:notification_id>/open", inbox.notification_open, name="notification-open"),
    path("inbox/<uuid:notification_id>/mark", inbox.notification_mark, name="notification-mark"),
    path("inbox/<uuid:notification_id>/snooze", inbox.notification_put_off, name="notification-snooze"),
    path("inbox/<uuid:notification_id>/mute", inbox.notification_mute, name="notification-mute"),
    path("settings/notifications", inbox.notification_settings, name="notification-settings"),
    path("settings/webhooks", webhooks.webhook_list, name="webhook-list"),
    path("settings/webhooks/new", webhooks.webhook_new, name="webhook-new"),
    path("settings/webhooks/<uuid:endpoint_id>", webhooks.webhook_detail, name="webhook-detail"),
    path("settings/webhooks/<uuid:endpoint_id>/secret", webhooks.webhook_rotate, name="webhook-rotate"),
    path("settings/webhooks/<uuid:endpoint_id>/retire", webhooks.webhook_retire, name="webhook-retire"),
    path("settings/webhooks/<uuid:endpoint_id>/ping", webhooks.webhook_test, name="webhook-test"),
    path("settings/webhooks/<uuid:endpoint_id>/remove", webhooks.webhook_delete, name="webhook-delete"),
    path("settings/webhooks/deliveries/<uuid:delivery_id>", webhooks.delivery_detail, name="delivery-detail"),
    path(
        "settings/webhooks/deliveries/<uuid:delivery_id>/redeliver",
        webhooks.delivery_redeliver,
        name="delivery-redeliver",
    ),
    path("settings/notifications/mutes/<int:mute_id>/remove", inbox.mute_remove, name="mute-remove"),
]
