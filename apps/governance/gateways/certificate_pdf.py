"""
A certificate as a PDF of one page, A4.

The fonts are embedded, so that names in Latin, Greek, Cyrillic, Arabic, Hebrew, Chinese, Japanese and Korean letters
print the same everywhere; a letter that no font has is written as its number. The same certificate is the same bytes.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from datetime import UTC
from functools import cache
from pathlib import Path

from fontTools.ttLib import TTFont
from fpdf import FPDF
from fpdf.enums import XPos, YPos

from apps.governance.engine.certificates import Certificate, Criterion, SeatVote

FONTS = Path(__file__).resolve().parents[1] / "fonts"
FACES = {"text": "inter-400.ttf", "strong": "inter-650.ttf", "mono": "jetbrains-mono-400.ttf"}
FALLBACKS = {"wide": "dejavu-sans.ttf", "han": "droid-sans-fallback.ttf"}
WIDTH, HEIGHT, MARGIN, FOOT = 210.0, 297.0, 24.0, 34.0
INK, MUTED, LINE = (22, 24, 29), (86, 91, 102), (200, 203, 209)
STATES = {"met": (11, 110, 79), "passed": (11, 110, 79), "waived": (138, 90, 0), "overridden": (138, 90, 0)}
BAD = (179, 38, 30)
# Sizes are tried from the first on until everything fits; after the last, rows are left out and counted.
SCALES = (1.0, 0.92, 0.84, 0.76)
LONGEST = 280
CRITERIA = (
    ("Criterion", 48.0),
    ("Value", 32.0),
    ("n", 14.0),
    ("95 % interval", 27.0),
    ("Asked for", 19.0),
    ("State", 22.0),
)
VOTES = (("Seat", 34.0), ("Name", 50.0), ("Verdict", 34.0), ("When", 44.0))


def certificate_pdf(certificate: Certificate) -> bytes:
    """Return *certificate* as a PDF of one page."""
    for scale in SCALES:
        page = _Page(certificate, scale)
        if page.drawn(len(certificate.criteria), len(certificate.votes)):
            return page.content()
    least, most, best = 0, len(certificate.criteria) + len(certificate.votes), b""
    while least < most:
        kept = (least + most) // 2
        page = _Page(certificate, SCALES[-1])
        if page.drawn(kept - kept // 3, kept // 3):
            least, best = kept + 1, page.content()
        else:
            most = kept
    if not best:
        raise ValueError("The words of a certificate fill more than a page.")
    return best


class _Page:
    """One attempt to draw a certificate, at one scale."""

    def __init__(self, certificate: Certificate, scale: float) -> None:
        self.certificate, self.scale = certificate, scale
        pdf = self.pdf = FPDF(format="A4")
        pdf.set_creation_date(certificate.decided_at.astimezone(UTC))
        pdf.set_producer("NOFX")
        pdf.set_title(printable(certificate.title))
        pdf.set_lang("en")
        wanted = _fallbacks(repr(certificate))
        for name, file in {**FACES, **wanted}.items():
            pdf.add_font(name, fname=FONTS / file)
        pdf.set_fallback_fonts(list(wanted))
        pdf.set_text_shaping(use_shaping_engine=True)
        pdf.set_auto_page_break(False)
        pdf.set_margins(MARGIN, MARGIN)
        pdf.c_margin = 0
        pdf.add_page()

    def content(self) -> bytes:
        return bytes(self.pdf.output())

    def drawn(self, criteria: int, votes: int) -> bool:
        """Draw everything, of the tables as many rows as named; return whether it fits above the foot."""
        own = self.certificate
        self._head()
        self._facts()
        self._table("Evidence", CRITERIA, [_criterion(row) for row in own.criteria[:criteria]], len(own.criteria))
        self._table("Seats and votes", VOTES, [_vote(row) for row in own.votes[:votes]], len(own.votes))
        self._words("Dissent", own.dissent or ("None.",))
        self._words("Conditions", own.conditions or ("None.",))
        fits = self.pdf.get_y() <= HEIGHT - FOOT
        self._foot()
        return fits

    def _write(self, text: str, *, face: str = "text", size: float = 9.5, colour: tuple[int, int, int] = INK) -> None:
        self.pdf.set_font(face, size=size * self.scale)
        self.pdf.set_text_color(*colour)
        height = size * self.scale * 0.3528 * 1.45
        self.pdf.multi_cell(0, height, shortened(text), align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def _gap(self, height: float) -> None:
        self.pdf.set_y(self.pdf.get_y() + height * self.scale)

    def _rule(self) -> None:
        self.pdf.set_draw_color(*LINE)
        self.pdf.set_line_width(0.2)
        self.pdf.line(MARGIN, self.pdf.get_y(), WIDTH - MARGIN, self.pdf.get_y())

    def _head(self) -> None:
        self.pdf.set_char_spacing(0.9)
        self._write(f"NOFX · {self.certificate.kind}".upper(), face="strong", size=7.5, colour=MUTED)
        self.pdf.set_char_spacing(0)
        self._gap(9)
        self._write(self.certificate.title, face="strong", size=23)
        self._gap(4)
        when = self.certificate.decided_at.astimezone(UTC)
        self._write(f"{self.certificate.decision} on {when.day} {when:%B %Y}, {when:%H:%M} UTC", size=13)
        self._gap(1.5)
        self._write(f"for {self.certificate.scope}", size=11, colour=MUTED)
        self._gap(8)
        self._rule()
        self._gap(5)

    def _facts(self) -> None:
        half = (WIDTH - 2 * MARGIN) / 2
        for first in range(0, len(self.certificate.facts), 2):
            top, lowest = self.pdf.get_y(), 0.0
            for column, (label, value) in enumerate(self.certificate.facts[first : first + 2]):
                left = MARGIN + column * half
                self._cell(left, top, half - 4, label, size=7.5, colour=MUTED)
                lowest = max(lowest, self._cell(left, self.pdf.get_y(), half - 4, value, size=9.5))
            self.pdf.set_xy(MARGIN, lowest)
            self._gap(2.5)

    def _cell(
        self,
        left: float,
        top: float,
        width: float,
        text: str,
        *,
        face: str = "text",
        size: float,
        colour: tuple[int, int, int] = INK,
    ) -> float:
        """Write *text* into a column; return where it ends."""
        self.pdf.set_xy(left, top)
        self.pdf.set_font(face, size=size * self.scale)
        self.pdf.set_text_color(*colour)
        self.pdf.multi_cell(
            width, size * self.scale * 0.3528 * 1.4, shortened(text), align="L", new_x=XPos.LEFT, new_y=YPos.NEXT
        )
        return self.pdf.get_y()

    def _heading(self, text: str) -> None:
        self._gap(5)
        self._write(text, face="strong", size=10.5)
        self._gap(1.5)

    def _table(
        self, title: str, columns: Sequence[tuple[str, float]], rows: Sequence[Sequence[str]], total: int
    ) -> None:
        self._heading(title)
        self._row([name for name, _ in columns], columns, colour=MUTED, size=7.5)
        for row in rows:
            self._rule()
            self._row(row, columns)
        self._rule()
        if total > len(rows):
            self._gap(1)
            self._write(f"{total - len(rows)} more in the evidence pack.", size=8, colour=MUTED)
        if not total:
            self._gap(1)
            self._write("None.", size=8.5, colour=MUTED)

    def _row(
        self,
        cells: Sequence[str],
        columns: Sequence[tuple[str, float]],
        *,
        colour: tuple[int, int, int] = INK,
        size: float = 8.5,
    ) -> None:
        top, left, lowest = self.pdf.get_y() + 1.3 * self.scale, MARGIN, 0.0
        for text, (name, width) in zip(cells, columns, strict=True):
            own = STATES.get(text, BAD) if name == "State" and text != name else colour
            lowest = max(lowest, self._cell(left, top, width - 2, text, size=size, colour=own))
            left += width
        self.pdf.set_xy(MARGIN, lowest + 1.3 * self.scale)

    def _words(self, title: str, lines: Sequence[str]) -> None:
        self._heading(title)
        for line in lines:
            self._write(line, size=8.5, colour=MUTED if line == "None." else INK)

    def _foot(self) -> None:
        self.pdf.set_y(HEIGHT - FOOT + 8)
        self._rule()
        self.pdf.set_y(self.pdf.get_y() + 3)
        self.scale = 1.0
        self._write(f"Digest  sha256:{self.certificate.digest}", face="mono", size=7, colour=MUTED)
        self._write(f"Key     sha256:{self.certificate.key_id}", face="mono", size=7, colour=MUTED)
        self._write(
            "This page is one file of an evidence pack, which verify.py verifies offline.", size=7, colour=MUTED
        )


def _criterion(row: Criterion) -> tuple[str, ...]:
    return row.name, row.value, row.n, row.interval, row.threshold, row.state


def _vote(row: SeatVote) -> tuple[str, ...]:
    return row.seat, row.name, row.verdict, row.at


def shortened(text: str) -> str:
    """Return *text* as it is printed, cut where it would fill the page."""
    plain = printable(text)
    return plain if len(plain) <= LONGEST else f"{plain[: LONGEST - 1].rstrip()}…"


def printable(text: str) -> str:
    """Return *text* with the letters that a font has; others as their numbers, and none that steer the line."""
    return "".join(_letter(character) for character in unicodedata.normalize("NFC", text))


def _letter(character: str) -> str:
    if character.isspace():
        return " "
    if unicodedata.category(character) in {"Cc", "Cf", "Cs"}:
        return ""
    return character if ord(character) in _known() else f"[U+{ord(character):04X}]"


def _fallbacks(text: str) -> dict[str, str]:
    """Return the further fonts that *text* needs; the largest takes a second to read."""
    missing = {ord(character) for character in printable(text)} - _letters(FACES["text"])
    wanted = {}
    for name, file in FALLBACKS.items():
        if missing & _letters(file):
            wanted[name] = file
        missing -= _letters(file)
    return wanted


@cache
def _known() -> frozenset[int]:
    """Return the letters that some font has."""
    return _letters(FACES["text"]) | _letters(FALLBACKS["wide"]) | _letters(FALLBACKS["han"])


@cache
def _letters(file: str) -> frozenset[int]:
    return frozenset(TTFont(FONTS / file, lazy=True).getBestCmap())
