"""What is frozen fits its budget, holds whole symbols only, and no secret."""

from __future__ import annotations

import ast
import json
import string
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.generation.engine.budget import FENCE, Piece, tokens
from apps.generation.engine.context import build_context, outline, rank_symbols, symbols_of
from apps.generation.engine.secrets import MARK, redact, secret_places

NO_ADVICE: dict[str, list[dict[str, str]]] = {}


def piece(name: str, lines: int = 1, path: str = "shop/a.py", docstring: str = "") -> Piece:
    source = f"def {name}():\n" + "    x = 1\n" * lines
    return Piece(path, name, "function", f"def {name}()", docstring, source.rstrip(), ("similar",))


def frozen(pieces: list[Piece], *, budget: int = 500, files: dict[str, str] | None = None, target: str = "shop/new.py"):
    return build_context(
        base_sha="0" * 40,
        files=files or {},
        target_path=target,
        entry="main",
        pieces=pieces,
        advice=NO_ADVICE,
        budget=budget,
    )


@given(st.lists(st.integers(1, 120), max_size=12), st.integers(60, 900))
def test_symbols_are_whole_or_headings_and_stay_within_the_budget(sizes: list[int], budget: int) -> None:
    snapshot = frozen([piece(f"f{n}", size) for n, size in enumerate(sizes)], budget=budget)
    assert snapshot["budget"]["used"] <= budget
    assert sum(one["tokens"] + FENCE for one in snapshot["symbols"]) <= budget
    assert len(snapshot["symbols"]) + snapshot["budget"]["left_out"] == len(sizes)
    for one in snapshot["symbols"]:
        size = sizes[int(one["name"][1:])]
        assert one["source"] == (
            piece(one["name"], size).source if one["form"] == "whole" else f"{one['signature']}: ..."
        )
        assert one["tokens"] == tokens(one["source"])
        ast.parse(one["source"])


def test_a_symbol_that_is_too_long_is_shown_by_its_heading() -> None:
    snapshot = frozen([piece("long", 300, docstring="Do it\nall.\n\nMore."), piece("short")])
    assert [(one["name"], one["form"]) for one in snapshot["symbols"]] == [("long", "signature"), ("short", "whole")]
    assert snapshot["symbols"][0]["source"] == "def long(): ...\n    # Do it all."


def test_of_a_class_and_its_methods_no_line_is_there_twice() -> None:
    code = "class Bag:\n    def add(self): ...\n    def drop(self): ..."
    bag = Piece("a.py", "Bag", "class", "class Bag", "", code, ("similar",))
    add = Piece("a.py", "Bag.add", "method", "def add(self)", "", "    def add(self): ...", ("similar",))
    assert [one["qualname"] for one in frozen([bag, add])["symbols"]] == ["Bag"]
    assert [(one["qualname"], one["form"]) for one in frozen([add, bag])["symbols"]] == [
        ("Bag.add", "whole"),
        ("Bag", "signature"),
    ]


def test_what_stands_in_the_target_is_not_said_twice() -> None:
    files = {"shop/a.py": piece("main").source}
    assert frozen([piece("main")], files=files, target="shop/a.py")["symbols"] == []


def test_a_long_target_is_shown_by_its_outline() -> None:
    others = "".join(f"def other_{n}(x: int) -> int:\n    return x\n\n\n" for n in range(200))
    source = f"import re\n\n\n{others}@cache\ndef main(text):\n    return re.escape(text)\n"
    shown = outline(source, "main", 300)
    assert "import re\n" in shown
    assert "@cache\ndef main(text):\n    return re.escape(text)\n" in shown
    assert "def other_0(x: int) -> int: ...\n" in shown
    assert "more definitions were left out for length)" in shown
    assert tokens(shown) <= 300
    ast.parse(shown)


def test_an_outline_of_what_does_not_parse_is_empty() -> None:
    assert outline("def f(:" * 1000, "f", 100) == ""


def test_without_an_index_symbols_are_ranked_by_words() -> None:
    files = {"a.py": "def parse_amount(text):\n    '''Read money.'''\n", "b.py": "def other(): ...\n"}
    assert [one.name for one in rank_symbols("read an amount of money", symbols_of(files))] == ["parse_amount"]


SECRETS = {
    "key": 'KEY = "sk-proj-' + "a1B2c3D4" * 4 + '"',
    "aws": "id = AKIA" + "ABCDEFGHIJKLMNOP",
    "private key": "-----BEGIN RSA PRIVATE KEY-----\nMIIEabc\n-----END RSA PRIVATE KEY-----",
    "private key without its end": "-----BEGIN PRIVATE KEY-----\nMIIEabc\nMIIEdef",
    "token": "x = 'gh" + "p_" + "a1B2c3D4e5F6g7H8i9J0k1'",
    "jwt": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.SflKxwRJSMeKKF2QT4",
    "address": "postgres://shop:hunter2@db.example/shop",
    "assignment": 'api_key = "q8Zk31vLw9Xs"',
    "typed": "db_password: str = 'S3cr3t!pw9'",
    "item": "settings['SECRET_KEY'] = 'Zx81kkLq02'",
    "environment": "DEBUG=1\nexport AUTH_TOKEN=8f7s6d5f4g3h2j1k\n",
    "long": "blob = '" + "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7" * 2 + "'",
}
INNOCENT = (
    "token = get_token(user)",
    'password = "password"',
    "SECRET_NAME = 'shop_secret_name'",
    "password = forms.CharField(widget=PasswordInput)",
    "tokens = line.split()",
    "digest = '" + "0" * 64 + "'",
    "https://example.org:8080/path",
    "name = 'a_long_name_of_a_constraint_in_the_database_of_ours'",
)


@pytest.mark.parametrize("sort", SECRETS)
def test_the_place_of_a_secret_is_what_is_struck_out(sort: str) -> None:
    text = f"before\n{SECRETS[sort]}\nbehind"
    ((start, end, _),) = secret_places(text)
    assert text[:start] in redact(text).text
    assert text[end:] in redact(text).text
    assert text[start:end] not in redact(text).text


def test_what_is_no_secret_has_no_place() -> None:
    assert [one for text in INNOCENT for one in secret_places(text)] == []


@given(text=st.lists(st.sampled_from([*SECRETS.values(), *INNOCENT, "and"]), max_size=6).map("\n\n".join))
def test_there_is_a_place_exactly_where_something_is_struck_out(text: str) -> None:
    places = secret_places(text)
    assert bool(places) == bool(redact(text).count)
    assert all(end <= start for (_, end, _), (start, _, _) in pairwise(places))


@pytest.mark.parametrize("sort", SECRETS)
def test_a_secret_is_struck_out_and_counted_once(sort: str) -> None:
    clean = redact(SECRETS[sort])
    assert clean.count == 1
    assert MARK in clean.text
    assert redact(clean.text).text == clean.text
    for secret in ("MIIE", "hunter2", "q8Zk31", "S3cr3t", "Zx81kk", "8f7s6d", "aB3dE6", "a1B2c3", "AKIA", "SflKx"):
        assert secret not in clean.text


@pytest.mark.parametrize("text", INNOCENT)
def test_what_is_no_secret_stays(text: str) -> None:
    assert redact(text).text == text


@given(st.text(alphabet=string.printable, max_size=300))
def test_redacting_twice_changes_nothing(text: str) -> None:
    once = redact(text)
    assert redact(once.text).text == once.text


def test_no_secret_of_a_piece_or_the_target_is_frozen() -> None:
    secret = SECRETS["assignment"]
    leaky = Piece(
        "a.py", "f", "function", 'def f(api_key="q8Zk31vLw9Xs")', secret, f"def f():\n    {secret}", ("callee",)
    )
    long = Piece("b.py", "g", "function", leaky.signature, secret, leaky.source + "\n    x = 1" * 300, ("callee",))
    snapshot = frozen([leaky, long], files={"shop/new.py": f"{secret}\n"})
    assert [one["form"] for one in snapshot["symbols"]] == ["whole", "signature"]
    assert "q8Zk31" not in json.dumps(snapshot)
    # One in the target, one in the body, and of the long one its signature's and its docstring's.
    assert snapshot["redacted"] == {"assignment": 4}
