"""
What the web process loads in the background once its first page has gone out.

Django starts without what few pages need (``apps.core.lazy``). So that nobody waits for it, it is loaded when the
first page is answered, which is the one that ``nofx up`` asks for.
"""

from __future__ import annotations

import threading

import plotly.graph_objects as go
from django.core.signals import request_finished

from apps.evolution.gateways import graphviz
from apps.repositories.services import texts_embed

_ONCE = "nofx.warming"


def warm_after_first_answer() -> None:
    """Load the slow parts in a thread when this process has answered once."""
    request_finished.connect(_start, dispatch_uid=_ONCE)


def _start(**_: object) -> None:
    # False for the second of two first answers that end at the same time.
    if request_finished.disconnect(dispatch_uid=_ONCE):
        threading.Thread(target=warm, name="warming", daemon=True).start()


def warm() -> None:
    """Take the sentence model, the chart library and the graph drawer into use; 1.5 s of CPU, 250 MB."""
    texts_embed(["warm"])
    go.Figure()
    graphviz.render("digraph {}", summary="")
