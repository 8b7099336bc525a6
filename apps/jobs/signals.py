from __future__ import annotations

from django.dispatch import Signal

# In the worker, after each attempt at a job, however it ended. A receiver's failure is logged and changes nothing.
attempt_ended = Signal()
