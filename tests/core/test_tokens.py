"""The colours of the interface: readable in both themes, on every ground they appear on."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

CSS = Path(__file__).resolve().parents[2] / "static" / "css"
TEXT = 4.5
GRAPHIC = 3.0
GROUNDS = ("bg", "surface")
CODE = ("comment", "keyword", "string", "number", "name", "type", "error")
CANDIDATES = ("a", "b", "c", "d", "e")


def declarations(selector: str) -> dict[str, str]:
    source = re.sub(r"/\*.*?\*/", "", (CSS / "tokens.css").read_text(), flags=re.DOTALL)
    found = re.search(re.escape(selector) + r"\s*\{([^}]*)\}", source)
    assert found, selector
    return dict(re.findall(r"--([\w-]+):\s*([^;]+);", found.group(1)))


LIGHT = declarations(":root")
DARK_BY_SYSTEM = declarations(':root:not([data-theme="light"])')
DARK_BY_CHOICE = declarations(':root[data-theme="dark"]')
THEMES = {"light": LIGHT, "dark": LIGHT | DARK_BY_SYSTEM}


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def pairs() -> list[tuple[str, str, float]]:
    text = [(ink, ground, TEXT) for ink in ("ink", "muted", "accent", "ok", "warn", "bad") for ground in GROUNDS]
    text += [(tone, f"{tone}-soft", TEXT) for tone in ("accent", "ok", "warn", "bad")]
    text += [("ink", f"{tone}-soft", TEXT) for tone in ("accent", "ok", "warn", "bad")]
    text += [("muted", "sunken", TEXT), ("ink", "sunken", TEXT), ("origin-ai", "surface", TEXT)]
    text += [("on-accent", "accent", TEXT), ("on-accent", "accent-strong", TEXT)]
    text += [(f"code-{name}", ground, TEXT) for name in CODE for ground in ("surface", "add", "del")]
    text += [("ink", ground, TEXT) for ground in ("add", "del")]
    text += [(f"candidate-{letter}", "surface", TEXT) for letter in CANDIDATES]
    return text + [("line", ground, GRAPHIC) for ground in GROUNDS]


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("ink", "ground", "least"), pairs(), ids=str)
def test_words_and_lines_stand_out_from_their_ground(theme: str, ink: str, ground: str, least: float) -> None:
    tokens = THEMES[theme]
    assert contrast(tokens[ink], tokens[ground]) >= least


def test_labels_on_the_debt_ramp_can_be_read() -> None:
    assert all(contrast(LIGHT["on-debt-low"], LIGHT[f"debt-{step}"]) >= TEXT for step in (1, 2, 3))
    assert all(contrast(LIGHT["on-debt-high"], LIGHT[f"debt-{step}"]) >= TEXT for step in (4, 5))


def test_dark_is_the_same_whether_the_system_or_the_person_chose_it() -> None:
    assert DARK_BY_SYSTEM == DARK_BY_CHOICE


def test_colours_are_written_in_tokens_only() -> None:
    for sheet in CSS.glob("*.css"):
        if sheet.name != "tokens.css":
            assert re.findall(r"#[0-9a-fA-F]{3,8}\b|\brgba?\(", sheet.read_text()) == [], sheet.name


def test_every_token_that_a_style_uses_exists() -> None:
    known = set(LIGHT) | {"candidate", "candidate-style"}  # set where a candidate is
    for sheet in CSS.glob("*.css"):
        text = sheet.read_text()
        own = set(re.findall(r"^\s*--([\w-]+):", text, flags=re.MULTILINE))
        assert set(re.findall(r"var\(--([\w-]+)", text)) <= known | own, sheet.name
