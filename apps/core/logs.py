"""What a line of the log says besides its message."""

from __future__ import annotations

import logging


class RequestIds(logging.Filter):
    """Give each record the id of the request that it is about, in the form in which lines carry it; "" for none."""

    def filter(self, record: logging.LogRecord) -> bool:
        request_id = getattr(getattr(record, "request", None), "request_id", "")
        record.request_id = f" request={request_id}" if request_id else ""
        return True
