from django.apps import AppConfig


class KnowledgeConfig(AppConfig):
    name = "apps.knowledge"
    verbose_name = "Knowledge"

    def ready(self) -> None:
        # Models can be imported only once Django is ready.
        from apps.governance.policy_kinds import policy_kind_register
        from apps.knowledge import builtin
        from apps.knowledge.services.code_rules import CodeRules
        from apps.knowledge.types import PROVIDER
        from apps.providers.services import provider_register_builtin

        provider_register_builtin(PROVIDER, builtin.patterns_open)
        policy_kind_register(CodeRules())
