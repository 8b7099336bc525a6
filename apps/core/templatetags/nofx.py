"""
Template tags of the design system.

``{% load nofx %}`` gives ``component``/``slot`` (a component with a body), ``icon``, ``chip``, ``link_to`` (a URL that
may not exist), ``code_lines`` and number formats. See docs/design-system.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django import template
from django.template.base import FilterExpression, NodeList, Parser, Token, token_kwargs
from django.template.context import Context
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from plotly.utils import PlotlyJSONEncoder

from apps.core.clock import now
from apps.core.highlighting import Line, code_lines
from apps.core.navigation import url_or_none
from apps.core.states import State, state_of

register = template.Library()

# plotly.js' basic build, of the version that the Python package carries in full: a quarter of its size.
BASIC_PLOTLY = "vendor/plotly-basic-4.1.1.min.js"
BASIC_TRACES = {"bar", "pie", "scatter"}


class SlotNode(template.Node):
    """A named part of a component; renders nothing where it stands."""

    child_nodelists = ("nodelist",)

    def __init__(self, name: str, nodelist: NodeList) -> None:
        self.name = name
        self.nodelist = nodelist

    def render(self, context: Context) -> str:
        return ""


class ComponentNode(template.Node):
    """Renders ``components/<name>.html`` with the given parameters, the body and the slots, and nothing else."""

    child_nodelists = ("nodelist",)

    def __init__(self, name: FilterExpression, parameters: dict[str, FilterExpression], nodelist: NodeList) -> None:
        self.name = name
        self.parameters = parameters
        self.nodelist = nodelist

    def render(self, context: Context) -> SafeString:
        values: dict[str, Any] = {key: value.resolve(context) for key, value in self.parameters.items()}
        for node in self.nodelist:
            if isinstance(node, SlotNode):
                values[node.name] = node.nodelist.render(context)
        values["body"] = self.nodelist.render(context)
        engine = context.template.engine if context.template is not None else template.Engine.get_default()
        return engine.get_template(f"components/{self.name.resolve(context)}.html").render(context.new(values))


@register.tag("component")
def component(parser: Parser, token: Token) -> ComponentNode:
    """``{% component "card" title="Coverage" %}body{% slot "actions" %}…{% endslot %}{% endcomponent %}``."""
    bits = token.split_contents()[1:]
    if not bits:
        raise template.TemplateSyntaxError("component needs the name of a template in components/.")
    name = parser.compile_filter(bits.pop(0))
    parameters = token_kwargs(bits, parser)
    if bits:
        raise template.TemplateSyntaxError(f"component takes name=value parameters, not {bits[0]!r}.")
    nodelist = parser.parse(("endcomponent",))
    parser.delete_first_token()
    return ComponentNode(name, parameters, nodelist)


@register.tag("slot")
def slot(parser: Parser, token: Token) -> SlotNode:
    """Name a part of the surrounding component: ``{% slot "actions" %}…{% endslot %}``."""
    bits = token.split_contents()
    if len(bits) != 2:
        raise template.TemplateSyntaxError("slot takes exactly one name.")
    nodelist = parser.parse(("endslot",))
    parser.delete_first_token()
    return SlotNode(bits[1].strip("\"'"), nodelist)


@register.simple_tag
def icon(name: str, size: int = 16) -> SafeString:
    """Draw an icon of static/img/icons.svg; hidden from screen readers, so that words stand beside it."""
    return format_html(
        '<svg class="icon" width="{0}" height="{0}" aria-hidden="true"><use href="{1}#{2}"></use></svg>',
        size,
        static("img/icons.svg"),
        name,
    )


@register.inclusion_tag("components/chip.html")
def chip(state: str, label: str = "", title: str = "") -> dict[str, object]:
    """Show a state as icon, word and colour. Knows the states of apps.core.states; others come out neutral."""
    return {"state": state, "label": label, "title": title}


@register.filter
def as_state(value: object) -> State:
    """Return icon, word and tone of a state's name."""
    return state_of(str(value))


@register.simple_tag
def link_to(name: str, *args: object, **kwargs: object) -> str:
    """Return the URL of ``name``, or nothing where it is not registered: ``{% link_to 'docs:index' as url %}``."""
    return url_or_none(name, *args, **kwargs) or ""


@register.filter(name="code_lines")
def code_lines_filter(source: str, language: str = "python") -> list[Line]:
    """Return highlighted lines for the code and diff components: ``source|code_lines:"python"``."""
    return code_lines(source, language)


@register.filter
def columns(value: str | list[Any]) -> list[dict[str, Any]]:
    """
    Return a table's columns from ``"Title|State|Waiting:num|:actions"``.

    A kind after the colon becomes the class of the heading; a heading without words is hidden text.
    """
    if not isinstance(value, str):
        return value
    parts = (part.partition(":") for part in value.split("|"))
    return [{"label": label.strip(), "kind": kind.strip()} for label, _, kind in parts]


@register.filter
def ago(value: datetime | None) -> str:
    """Return how long ago ``value`` was, in one short unit: ``12 s``, ``5 min``, ``3 h``, ``9 d``."""
    if value is None:
        return ""
    seconds = max(0, int((now() - value).total_seconds()))
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


@register.filter
def percent(value: float | None, digits: int = 0) -> str:
    """Return a share between 0 and 1 as a percentage; an absent value is a dash, never zero."""
    return "–" if value is None else f"{value * 100:.{digits}f} %"


@register.filter
def short_digest(value: object) -> str:
    """Return the first twelve characters of a digest or commit."""
    return str(value or "")[:12]


@register.filter
def letter(position: int) -> str:
    """Return the letter of the candidate at ``position`` (0 is A)."""
    return chr(ord("A") + position)


@register.filter
def by_difference(checks: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """
    Split the rows of an evidence strip: first those where candidates differ, then those that are identical.

    Each part says whether something in it is bad.
    """
    parts: dict[bool, list[Mapping[str, Any]]] = {True: [], False: []}
    for row in checks:
        parts[bool(row.get("differs"))].append(row)
    return [
        {"differs": differs, "checks": rows, "is_bad": any(_is_bad(cell) for row in rows for cell in row["cells"])}
        for differs, rows in parts.items()
    ]


def _is_bad(cell: Mapping[str, Any]) -> bool:
    return state_of(str(cell.get("state") or "")).tone == "bad"


@register.filter
def chart_library(figure: Mapping[str, Any] | None) -> str:
    """Return the static path of the smallest build of plotly that draws all traces of *figure*."""
    types = {trace.get("type", "scatter") for trace in (figure or {}).get("data", ())}
    return BASIC_PLOTLY if types <= BASIC_TRACES else "vendor/plotly/plotly.min.js"


@register.filter
def chart_data(figure: Mapping[str, Any]) -> SafeString:
    """Write a plotly figure as an inert JSON element for chart.js; numpy arrays and dates come out as plotly's own."""
    text = PlotlyJSONEncoder().encode({"data": figure["data"], "layout": figure.get("layout", {})})
    escaped = text.translate({ord("<"): "\\u003C", ord(">"): "\\u003E", ord("&"): "\\u0026"})
    return format_html('<script type="application/json" data-chart-data>{}</script>', mark_safe(escaped))  # noqa: S308  JSON, escaped
