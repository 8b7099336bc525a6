"""Jobs that join the tracks; imported when Django is ready, so that workers know them."""

from apps.console.flows.gates import evidence_run

__all__ = ["evidence_run"]
