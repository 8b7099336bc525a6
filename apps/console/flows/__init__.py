"""
Where the tracks are joined: what one of them finds, another one uses.

Quality examines what models wrote before people see it; what was merged refreshes documentation, the code index and the
picture of the architecture; and what the architecture asks for is shown to models that write there next.
"""

from apps.console.flows.guidance import architecture_guidance
from apps.console.flows.inheritance import merge_inherit
from apps.console.flows.quality import EXAMINERS
from apps.generation.services.joined import examiner_register, guide_register, heir_register

__all__ = ["join"]


def join() -> None:
    """Join the tracks; called once, when the platform starts."""
    for examiner in EXAMINERS:
        examiner_register(examiner)
    guide_register("decisions", architecture_guidance)
    heir_register(merge_inherit)
