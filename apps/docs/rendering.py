"""A page's Markdown as HTML that can stand inside one of ours."""

from __future__ import annotations

from collections.abc import MutableMapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from django.utils.html import format_html_join
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token

from apps.core.highlighting import highlight_lines


@dataclass(frozen=True)
class Section:
    """A heading that the contents lead to."""

    title: str
    anchor: str


@dataclass(frozen=True)
class Rendered:
    """The page without its title, and its sections."""

    html: SafeString
    sections: tuple[Section, ...]


class _Renderer(RendererHTML):
    def fence(self, tokens: Sequence[Token], idx: int, options: Any, env: MutableMapping[str, Any]) -> str:
        lines = highlight_lines(tokens[idx].content, tokens[idx].info or "text")
        code = format_html_join("\n", "{}", ((line,) for line in lines))
        return f'<pre class="docs-code" tabindex="0"><code>{code}</code></pre>\n'


def render(markdown: str) -> Rendered:
    """
    Return *markdown* as HTML. Raw HTML in it is shown as text, bare addresses are not made links.

    What stands before the first section, title and origin, is left out: the page around it says that.
    """
    parser = MarkdownIt("commonmark", {"html": False, "linkify": False}, renderer_cls=_Renderer).enable("table")
    tokens = parser.parse(markdown)
    begin = next((place for place, token in enumerate(tokens) if token.tag == "h2"), 0)
    tokens = tokens[begin:]
    sections: list[Section] = []
    symbols = 0
    for token, inline in pairwise(tokens):
        if token.type == "heading_open" and token.tag == "h2":
            section = Section("".join(child.content for child in inline.children or ()), f"section-{len(sections) + 1}")
            token.attrSet("id", section.anchor)
            sections.append(section)
        elif token.type == "heading_open" and token.tag == "h3":
            symbols += 1
            token.attrSet("id", symbol_anchor(symbols))
    html = parser.renderer.render(tokens, parser.options, {})
    return Rendered(mark_safe(html), tuple(sections))  # noqa: S308  # markdown-it escapes, and raw HTML is off


def symbol_anchor(number: int) -> str:
    """Return the anchor of the *number*-th symbol of a page, counted from 1."""
    return f"symbol-{number}"
