from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class GovernanceConfig(AppConfig):
    name = "apps.governance"
    verbose_name = "Governance"

    def ready(self) -> None:
        # Models can be imported only once Django is ready.
        from apps.governance.measures import measure_register
        from apps.governance.own_records import own_records_register
        from apps.governance.selectors.incidents import OPEN_INCIDENTS_MEASURE
        from apps.governance.services.gate_packs import gate_packs_offer
        from apps.governance.sessions import follow_sessions

        autodiscover_modules("audit_words")
        follow_sessions()
        gate_packs_offer()
        measure_register(OPEN_INCIDENTS_MEASURE)
        own_records_register()
