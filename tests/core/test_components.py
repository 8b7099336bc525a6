"""Template tags and components: what they show, and that they only see their parameters."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import plotly.graph_objects as go
import pytest
from django.template import Context, Template, TemplateSyntaxError

from apps.core.clock import now
from apps.core.states import STATES, state_of

ROOT = Path(__file__).resolve().parents[2]
ICONS = set(re.findall(r'<symbol id="([\w-]+)"', (ROOT / "static/img/icons.svg").read_text()))


def render(source: str, **context: Any) -> str:
    return Template("{% load nofx %}" + source).render(Context(context))


def test_a_component_shows_its_body_and_its_slots() -> None:
    html = render(
        '{% component "card" title="Coverage" %}<p>{{ value }}</p>{% slot "footer" %}as of {{ when }}{% endslot %}'
        "{% endcomponent %}",
        value=91,
        when="today",
    )
    assert "Coverage" in html
    assert '<div class="card__body"><p>91</p></div>' in html
    assert '<footer class="card__foot">as of today</footer>' in html


def test_a_component_does_not_see_what_it_was_not_given() -> None:
    assert "secret" not in render('{% component "card" %}x{% endcomponent %}', title="secret")


def test_what_a_component_shows_is_escaped() -> None:
    html = render('{% component "card" title=title %}{{ body_text }}{% endcomponent %}', title="<b>", body_text="<i>")
    assert "&lt;b&gt;" in html
    assert "&lt;i&gt;" in html


@pytest.mark.parametrize("source", ["{% component %}{% endcomponent %}", '{% component "card" x %}{% endcomponent %}'])
def test_a_component_without_name_or_with_a_bare_word_is_refused(source: str) -> None:
    with pytest.raises(TemplateSyntaxError):
        render(source)


def test_a_table_without_rows_says_so_across_all_columns() -> None:
    html = render(
        '{% component "table" caption="Specs" columns="Title|State|Waiting:num" is_empty=True empty="No specs yet." %}'
        "{% endcomponent %}"
    )
    assert '<td colspan="3">No specs yet.</td>' in html
    assert '<th scope="col" class="num">Waiting</th>' in html


def test_a_link_that_has_no_address_yet_is_empty() -> None:
    assert render("{% link_to 'nowhere:at-all' as url %}[{{ url }}]") == "[]"


def test_a_chip_has_icon_and_word_and_never_colour_alone() -> None:
    html = render('{% chip "not_met" %}')
    assert "#state-not-met" in html
    assert "<span>not met</span>" in html


def test_states_of_other_vocabularies_keep_their_word() -> None:
    assert (state_of("In Review").word, state_of("In Review").icon) == ("in review", "state-needs-you")
    assert (state_of("never heard of").word, state_of("never heard of").tone) == ("never heard of", "neutral")


def test_an_error_never_looks_like_a_pass() -> None:
    for name in ("error", "errored", "failed", "rejected", "broken", "timeout"):
        assert state_of(name).tone == "bad", name


def test_every_icon_that_is_asked_for_exists() -> None:
    used = {state.icon for state in STATES.values()}
    for template in (ROOT / "templates").rglob("*.html"):
        source = template.read_text()
        used |= set(re.findall(r"""{% icon ["']([\w-]+)["']""", source))
        used |= set(re.findall(r"""\bicon="([\w-]+)\"""", source))
    assert used <= ICONS


def test_every_component_opens_with_its_parameters_and_is_in_the_documentation() -> None:
    documentation = (ROOT / "docs/design-system.md").read_text()
    for template in (ROOT / "templates/components").glob("*.html"):
        assert template.read_text().startswith("{% comment %}"), template.name
        name = template.stem
        is_named = f"components/{name}.html" in documentation or f'component "{name}"' in documentation
        assert is_named or f"{{% {name} " in documentation or f"`{name}`" in documentation, name


def test_no_template_carries_inline_handlers_or_unnonced_scripts() -> None:
    for template in (ROOT / "templates").rglob("*.html"):
        source = template.read_text()
        assert not re.search(r"<[^>]+\son[a-z]+\s*=", source), template.name
        for tag in re.findall(r"<script\b[^>]*>", source):
            assert "nonce=" in tag or 'type="application/json"' in tag, (template.name, tag)


def test_a_number_without_a_value_is_no_zero() -> None:
    html = render('{% include "components/number.html" with label="Flake rate" n="6" state="insufficient_data" only %}')
    assert "no value" in html
    assert "insufficient data" in html
    assert "0" not in re.sub(r"<[^>]+>", "", html)


def test_an_absent_share_is_a_dash() -> None:
    assert render("{{ a|percent }} {{ b|percent:1 }}", a=None, b=0.9123) == "– 91.2 %"


def test_ages_have_one_short_unit() -> None:
    ages = {timedelta(seconds=12): "12 s", timedelta(minutes=5): "5 min", timedelta(hours=3): "3 h"}
    for age, words in {**ages, timedelta(days=9): "9 d", timedelta(seconds=-5): "0 s"}.items():
        assert render("{{ at|ago }}", at=now() - age) == words


EVIDENCE = '{% include "components/evidence_strip.html" with candidates=letters checks=checks only %}'


def test_rows_of_evidence_that_differ_come_first_and_the_others_are_folded() -> None:
    same = {"name": "ruff", "differs": False, "cells": [{"state": "passed"}]}
    other = {"name": "examples", "differs": True, "cells": [{"state": "failed", "value": "4 of 6"}]}
    html = render(EVIDENCE, letters=["A", "B"], checks=[same, other])
    fold = '<details class="evidence__same"><summary>1 row is the same</summary>'
    assert html.index("examples") < html.index(fold) < html.index("ruff")
    assert "4 of 6" in html


def test_what_is_bad_for_all_is_not_folded_away() -> None:
    rows = [{"name": name, "differs": False, "cells": [{"state": "failed"}]} for name in ("ruff", "mypy")]
    html = render(EVIDENCE, letters=["A", "B"], checks=rows)
    assert '<details class="evidence__same" open><summary>2 rows are the same</summary>' in html


def test_a_value_that_is_no_state_is_plain_and_one_candidate_needs_no_comparison() -> None:
    html = render(
        '{% include "components/evidence_strip.html" with candidates=letters checks=checks only %}',
        letters=["A"],
        checks=[{"name": "lines", "differs": False, "cells": [{"state": "", "value": "0"}]}],
    )
    assert '<span class="num">0</span>' in html
    assert "chip" not in html
    assert "the same" not in html


def test_the_detail_of_a_check_opens_below_it_and_says_which_check_it_is() -> None:
    cell = {"state": "failed", "value": "2 found", "detail": "line 3: <b>unused</b>", "url": "/x"}
    html = render(
        '{% include "components/evidence_strip.html" with candidates=letters checks=checks only %}',
        letters=["A"],
        checks=[{"name": "Lint", "differs": False, "cells": [cell]}],
    )
    summary, _, rest = html.partition("</summary>")
    assert "Lint: " in summary
    assert "2 found" in summary
    assert "line 3: &lt;b&gt;unused&lt;/b&gt;" in rest
    assert '<a href="/x">Open</a>' in rest
    assert "title=" not in html


def test_the_data_of_a_chart_cannot_leave_its_element() -> None:
    figure = go.Figure(go.Bar(x=["</script><script>alert(1)</script>"], y=[1])).to_plotly_json()
    html = render("{{ figure|chart_data }}", figure=figure)
    assert html.count("</script>") == 1
    body = html.removeprefix('<script type="application/json" data-chart-data>').removesuffix("</script>")
    assert json.loads(body)["data"][0]["x"] == ["</script><script>alert(1)</script>"]


def test_a_chart_without_a_figure_is_its_sentence_and_its_table() -> None:
    html = render(
        '{% include "components/chart_frame.html" with id="c" title="T" summary="S." columns=columns rows=rows'
        " as_of=as_of only %}",
        columns=["Week"],
        rows=[["W1"]],
        as_of=datetime(2026, 11, 22, 9, 30, tzinfo=UTC),
    )
    assert "data-chart-plot" not in html
    assert ">W1</td>" in html
    assert "22 Nov 2026 09:30" in html
