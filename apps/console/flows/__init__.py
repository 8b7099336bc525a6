"""
Where the tracks are joined: what one of them finds, another one uses; and where people and other systems are told.

Quality examines what models wrote before people see it; what was merged refreshes documentation, the code index and the
picture of the architecture; and what the architecture asks for is shown to models that write there next.
"""

from apps.console.flows.guidance import architecture_guidance
from apps.console.flows.inheritance import merge_inherit
from apps.console.flows.notifications import entry_tell, request_tell
from apps.console.flows.policy_trials import trial_shown
from apps.console.flows.quality import EXAMINERS
from apps.console.flows.quality_gates import measurement_follow, report_follow
from apps.console.flows.webhooks import entry_send, request_send
from apps.generation.services.joined import examiner_register, guide_register, heir_register
from apps.generation.services.moves import request_moved
from apps.governance.policy_kinds import trial_status_register
from apps.jobs.services import attempt_ended, feed_register

__all__ = ["join"]


def join() -> None:
    """Join the tracks with each other, with people and with other systems; called once, when the platform starts."""
    for examiner in EXAMINERS:
        examiner_register(examiner)
    guide_register("decisions", architecture_guidance)
    heir_register(merge_inherit)
    trial_status_register(trial_shown)
    # One position each: what goes wrong on one way holds nothing up on the other.
    feed_register("people", entry_tell)
    feed_register("webhooks", entry_send)
    feed_register("quality gates", report_follow)
    request_moved.connect(request_tell, dispatch_uid="console.request_tell")
    request_moved.connect(request_send, dispatch_uid="console.request_send")
    attempt_ended.connect(measurement_follow, dispatch_uid="console.measurement_follow")
