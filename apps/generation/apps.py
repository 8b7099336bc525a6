from django.apps import AppConfig


class GenerationConfig(AppConfig):
    name = "apps.generation"
    verbose_name = "Generation"

    def ready(self) -> None:
        # Models can be imported only once Django is ready.
        from apps.generation.selectors import pattern_outcomes
        from apps.knowledge.services import pattern_outcomes_register

        pattern_outcomes_register(pattern_outcomes)
