from django.apps import AppConfig


class GenerationConfig(AppConfig):
    name = "apps.generation"
    verbose_name = "Generation"

    def ready(self) -> None:
        # Models can be imported only once Django is ready.
        from apps.generation.authors import request_authors
        from apps.generation.measures import measures_register
        from apps.generation.own_records import own_records_register
        from apps.generation.reuse import reuse_open
        from apps.generation.selectors import approved_work, pattern_outcomes
        from apps.generation.services.deliveries import deliveries_of_repository
        from apps.generation.services.evaluations import model_evaluations
        from apps.generation.services.gate_jobs import policy_renew
        from apps.generation.services.packs import request_pack_content, request_pack_scope
        from apps.generation.services.past_rules import past_candidates
        from apps.generation.services.permits import work_stop
        from apps.generation.services.review_subject import SUBJECT_KIND
        from apps.governance.authorship import authors_register
        from apps.governance.services.packs import pack_source_register
        from apps.governance.services.stopping import stopping_register
        from apps.knowledge.services import pattern_outcomes_register
        from apps.knowledge.services.code_rules import past_candidates_register
        from apps.knowledge.services.mining import approved_work_register
        from apps.knowledge.services.policies import policy_changed_register
        from apps.providers.services import provider_register_builtin
        from apps.providers.services.evaluations import evaluations_register
        from apps.providers.types import REUSE
        from apps.repositories.services import deliveries_register

        authors_register(request_authors)
        deliveries_register(deliveries_of_repository)
        measures_register()
        pack_source_register(SUBJECT_KIND, scope_for=request_pack_scope, content=request_pack_content)
        own_records_register()
        pattern_outcomes_register(pattern_outcomes)
        policy_changed_register(policy_renew)
        past_candidates_register(past_candidates)
        approved_work_register(approved_work)
        stopping_register(work_stop)
        evaluations_register(model_evaluations)
        provider_register_builtin(REUSE, reuse_open)
