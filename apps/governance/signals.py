from __future__ import annotations

from django.dispatch import Signal

# After the transaction of an audit entry was committed, in the process that wrote it; ``event`` is the entry. A process
# that dies in between sends nothing: whoever must miss none reads the chain from where they were.
audit_recorded = Signal()
