"""Pages that no docstring can break out of, and the laws of drift."""

from __future__ import annotations

import re
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from apps.checks.types import Documented
from apps.docs.engine import drift
from apps.docs.engine.markdown import cell, code, fence, marked, one_line
from apps.docs.engine.pages import api_page, documented_share
from apps.docs.rendering import render
from tests.cpu import costs_less

HOSTILE = st.one_of(
    st.text(max_size=80),
    st.lists(
        st.sampled_from(
            ["`", "```", "~~~", "#", "\n", "\r", "|", "<b>", "](x)", "[a", "!", "&amp;", "\\", "- ", "    ", "--- "]
        ),
        max_size=14,
    ).map("".join),
)
ITEMS = st.lists(
    st.builds(
        Documented,
        path=HOSTILE,
        module=st.sampled_from(["shop", "shop.a"]),
        qualname=st.sampled_from(["f", "g", "C", "C.m"]),
        kind=st.just("function"),
        signature=HOSTILE,
        docstring=HOSTILE,
        line=st.integers(1, 999),
    ),
    max_size=6,
    unique_by=lambda item: (item.module, item.qualname),
)
PARSER = MarkdownIt("commonmark", {"html": True}).enable("table")


@given(HOSTILE)
def test_text_is_one_paragraph_in_which_only_code_is_marked(text):
    tokens = PARSER.parse(f"Before\n\n{marked(text)}\n\nAfter")
    kinds = [token.type for token in tokens]
    count = 3 if one_line(text) else 2
    assert kinds == ["paragraph_open", "inline", "paragraph_close"] * count
    if count == 3:
        assert {child.type for child in tokens[4].children} <= {"text", "text_special", "code_inline"}
        shown = "".join(child.content for child in tokens[4].children)
        assert letters(shown) == letters(one_line(text))


def letters(text: str) -> str:
    """Return *text* without backticks and spaces, which a code span may lose at its ends."""
    return "".join(text.replace("`", "").split())


@given(HOSTILE)
def test_a_code_span_is_one_code_span(text):
    [_, inline, _] = PARSER.parse(f"a {code(text)} b")
    assert [child.type for child in inline.children] == ["text", "code_inline", "text"]
    assert inline.children[1].content.strip() == one_line(text)


@given(HOSTILE)
def test_a_table_cell_is_one_cell(text):
    tokens = PARSER.parse(f"| a | b |\n| --- | --- |\n| {cell(text)} | end |")
    assert [token.type for token in tokens].count("td_open") == 2
    assert tokens[-1].type == "table_close"


@given(HOSTILE)
def test_a_fence_is_closed_by_nothing_inside(text):
    tokens = PARSER.parse(f"{fence(text, 'text')}\n\nAfter")
    assert [token.type for token in tokens] == ["fence", "paragraph_open", "inline", "paragraph_close"]


@given(ITEMS)
def test_a_page_has_a_heading_for_each_symbol_and_nothing_of_the_repository_becomes_a_mark(items):
    page = api_page(title="shop", sha="a" * 40, items=items)
    tokens = PARSER.parse(page)
    assert [token.tag for token in tokens if token.type == "heading_open"].count("h3") == len(items)
    inner = {child.type for token in tokens for child in token.children or ()}
    assert inner <= {"text", "text_special", "code_inline"}
    assert not {token.type for token in tokens} & {
        "html_block",
        "code_block",
        "hr",
        "blockquote_open",
    }
    html = render(page).html
    assert html.count("<h3 ") == len(items)
    assert "<script" not in html
    assert "<a " not in html
    assert "<img" not in html


def test_a_page_shows_signature_docstring_and_what_has_none():
    items = [
        Documented("shop/a.py", "shop.a", "f", "function", "def f(x: int) -> int", "Do *this*.\n\nAnd <b>that</b>.", 3),
        Documented("shop/a.py", "shop.a", "C", "class", "class C(Base)", "", 9),
    ]
    page = api_page(title="shop", sha="ab" * 20, items=items)
    assert page.startswith("# API of `shop`\n\nBuilt from commit `abab")
    assert "1 of 2 public symbols have a docstring." in page
    assert "| `C` | `shop.a` | 9 |" in page
    html = unescape(render(page).html)
    assert "Do *this*." in html
    assert "<h1" not in html
    assert [section.title for section in render(page).sections] == ["shop.a", "Without a docstring"]


SPHINX = """
Return the `mean` of :class:`Price`.

:param prices: what to average,
    over lines
:type prices: list[int]
:param int n: how many
:return: the mean
:raises ValueError: there is none
"""
GOOGLE = """
Return the `mean` of :class:`Price`.

Args:
    prices (list[int]): what to average,
        over lines
    n (int): how many

Returns:
    the mean

Raises:
    ValueError: there is none
"""
NUMPY = """
Return the `mean` of :class:`Price`.

Parameters
----------
prices : list[int]
    what to average,
    over lines
n : int
    how many

Returns
-------
the mean

Raises
------
ValueError
    there is none
"""


def shown(docstring: str) -> str:
    page = api_page(
        title="shop", sha="a" * 40, items=[Documented("a.py", "a", "f", "function", "def f()", docstring, 1)]
    )
    return str(render(page).html)


@pytest.mark.parametrize("docstring", [SPHINX, GOOGLE, NUMPY], ids=["sphinx", "google", "numpy"])
def test_fields_of_each_style_come_out_alike(docstring):
    html = shown(docstring)
    assert "<p>Return the <code>mean</code> of <code>Price</code>.</p>" in html
    assert [title for title in ("Parameters", "Returns", "Raises") if f"<h4>{title}</h4>" in html] == [
        "Parameters",
        "Returns",
        "Raises",
    ]
    assert "<li><code>prices</code> (<code>list[int]</code>): what to average, over lines</li>" in html
    assert "<li><code>n</code> (<code>int</code>): how many</li>" in html
    assert "<li>the mean</li>" in html
    assert "<li><code>ValueError</code>: there is none</li>" in html


def test_examples_lists_and_what_was_laid_out_keep_their_shape():
    html = shown(
        "Do it.\n\n- one\n- two\n  more\n\n>>> do('<b>')\n2\n\nLike this::\n\n    a | b\n\nReturns:\n    int: the sum"
    )
    assert "<li>one</li>\n<li>two more</li>" in html
    assert ">>> do('<b>')\n2" in unescape(re.sub("<[^>]*>", "", html))
    assert "<p>Like this:</p>" in html
    assert "a | b" in html
    assert "<li><code>int</code>: the sum</li>" in html
    assert "<b>" not in html


@given(
    st.lists(
        st.sampled_from(
            [
                *(
                    f"{head}{{}}"
                    for head in ("", "    ", "Args:\n    ", ":param x: ", "- ", ">>> ", "`", "Returns\n---\n", "x : ")
                )
            ]
        ),
        min_size=1,
        max_size=8,
    ),
    st.sampled_from(["\n", "\n\n", "\n    ", " "]),
)
def test_no_word_of_a_docstring_is_lost(heads, joint):
    words = [f"word{number}" for number in range(len(heads))]
    html = shown(joint.join(head.format(word) for head, word in zip(heads, words, strict=True)))
    assert [word for word in words if word not in html] == []


def test_a_docstring_of_marks_only_is_read_in_no_time():
    hostile = "".join("`" * (1 + number % 50) + " " for number in range(4_000))
    text = hostile + "\n" + "\n".join(f":param x{number}: `" for number in range(4_000))
    assert costs_less(lambda: shown(text), 5)


def test_the_share_of_nothing_is_not_zero():
    assert documented_share([]) is None
    assert documented_share([Documented("a.py", "a", "f", "function", "def f()", " \n", 1)]) == 0


@given(ITEMS)
def test_a_page_is_in_sync_with_the_code_it_was_written_from(items):
    found = drift.compare(drift.cite(items), items)
    assert found.state == ("in_sync" if items else "unknown")
    assert found.missing == ()


@given(ITEMS, ITEMS)
def test_each_cited_symbol_has_exactly_one_state_and_each_new_one_is_named(before, after):
    found = drift.compare(drift.cite(before), after)
    assert found.count("in_sync") + found.count("stale") + found.count("broken") == len(before)
    keys = {(item.module, item.qualname) for item in before}
    assert set(found.missing) == {(item.module, item.qualname) for item in after} - keys
    gone = {symbol.citation.key for symbol in found.symbols if symbol.state == "broken"}
    assert gone == keys - {(item.module, item.qualname) for item in after}


@given(ITEMS)
def test_citations_come_back_from_how_they_are_stored(items):
    cited = drift.cite(items)
    assert tuple(drift.citation_of(citation.as_json()) for citation in cited) == cited


def test_signature_and_docstring_are_told_apart():
    before = Documented("a.py", "a", "f", "function", "def f()", "Do.", 1)
    cited = drift.cite([before])
    one = drift.compare(cited, [Documented("a.py", "a", "f", "function", "def f(x)", "Do.", 1)])
    two = drift.compare(cited, [Documented("a.py", "a", "f", "function", "def f()", "Do it.", 8)])
    moved = drift.compare(cited, [Documented("a.py", "a", "f", "function", "def f()", " Do. ", 90)])
    assert (one.state, one.as_json()["changes"][0]["signature_now"]) == ("stale", "def f(x)")
    assert (two.state, two.symbols[0].docstring_changed, two.symbols[0].signature_changed) == ("stale", True, False)
    assert moved.state == "in_sync"
