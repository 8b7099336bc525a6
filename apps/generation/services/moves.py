"""Telling others that a request is in another state."""

from __future__ import annotations

from uuid import UUID

from django.dispatch import Signal

from apps.generation.types import RequestStatus

# In the transaction of the change, so that what a receiver writes stands or falls with it; ``request_id`` and
# ``status``. A receiver that touches the database does so in a savepoint of its own.
request_moved = Signal()


def move_announce(request_id: UUID, status: RequestStatus) -> None:
    """Say that a request is *status* now. A receiver's failure is logged and changes nothing for the request."""
    request_moved.send_robust(RequestStatus, request_id=request_id, status=status)
