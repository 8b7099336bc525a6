"""A certificate is one page on which every name prints, and the same bytes for the same decision."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.governance.engine.certificates import Certificate, Criterion, SeatVote
from apps.governance.gateways.certificate_pdf import certificate_pdf, printable

PLAIN = Certificate(
    kind="Delivered request",
    title="Keep values in range",
    decision="Approved and merged",
    decided_at=datetime(2026, 11, 30, 12, 5, tzinfo=UTC),
    scope="Acme/shop",
    facts=(("File", "shop/ranges.py"), ("Risk", "low")),
    criteria=(Criterion("lint", "passed"), Criterion("Coverage", "met", "96.2 %", "412", "94.1 – 97.6 %", "≥ 90 %")),
    votes=(SeatVote("reviewer", "Łukasz Żółć", "Approve", "30 November 2026"),),
    dissent=(),
    conditions=("Measured again within 30 days.",),
    digest="3f" * 32,
    key_id="ab" * 32,
)


def pages(pdf: bytes) -> int:
    return len(re.findall(rb"/Type /Page\b", pdf))


def test_a_certificate_is_one_page_with_its_fonts_inside() -> None:
    pdf = certificate_pdf(PLAIN)
    assert pdf.startswith(b"%PDF-") and pages(pdf) == 1
    assert pdf.count(b"/FontFile2") >= 3


def test_the_same_decision_is_the_same_bytes() -> None:
    assert certificate_pdf(PLAIN) == certificate_pdf(PLAIN)
    assert certificate_pdf(PLAIN) != certificate_pdf(replace(PLAIN, digest="4f" * 32))


@pytest.mark.parametrize(
    "name", ["Łukasz Żółć", "Ελένη", "Дарья", "王小明", "山田太郎", "김철수", "محمد علي", "שרה", "Đặng Thị"]
)
def test_every_name_prints(name: str) -> None:
    assert printable(name) == name


def test_names_in_many_letters_stand_on_one_page() -> None:
    names = ("Ελένη Дарья", "王小明 山田太郎 김철수", "محمد علي שרה")
    pdf = certificate_pdf(replace(PLAIN, votes=tuple(SeatVote("owner", name, "Approve") for name in names)))
    assert pages(pdf) == 1 and pdf.count(b"/FontFile2") == 5


def test_a_letter_that_no_font_has_is_written_as_its_number_and_nothing_steers_the_line() -> None:
    assert printable("a\U0001f980b") == "a[U+1F980]b"
    assert printable("pay\u202eexe.\x1b[2J\nx") == "payexe.[2J x"


@pytest.mark.slow
def test_however_much_there_is_it_stays_one_page() -> None:
    many = replace(
        PLAIN,
        criteria=tuple(Criterion(f"Criterion {number} " + "long " * 20, "not met") for number in range(40)),
        votes=tuple(SeatVote("seat", f"Person {number}", "Approve") for number in range(20)),
        dissent=tuple("They said no. " * 30 for _ in range(3)),
    )
    assert pages(certificate_pdf(many)) == 1


@settings(max_examples=4, deadline=None)
@given(text=st.text(max_size=400))
def test_no_text_breaks_a_certificate(text: str) -> None:
    hostile = replace(PLAIN, title=text, scope=text, votes=(SeatVote(text, text, text, text, text),), dissent=(text,))
    assert pages(certificate_pdf(hostile)) == 1
