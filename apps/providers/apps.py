from django.apps import AppConfig


class ProvidersConfig(AppConfig):
    name = "apps.providers"
    verbose_name = "Providers"

    def ready(self) -> None:
        # Models can be imported only once Django is ready.
        from apps.governance.policy_kinds import policy_kind_register
        from apps.providers.builtin import replay, synthesis
        from apps.providers.services import provider_register_builtin
        from apps.providers.services.allowed import AllowedProviders
        from apps.providers.services.budget_policies import Budgets
        from apps.providers.types import REPLAY

        provider_register_builtin(synthesis.NAME, synthesis.synthesis_open)
        provider_register_builtin(REPLAY, replay.replay_open)
        policy_kind_register(AllowedProviders())
        policy_kind_register(Budgets())
