"""Which files can go with a specification, under what name, and how much of them a model is shown."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.digests import sha256_hex
from apps.generation.engine.attachments import (
    LARGEST_SHARE,
    MOST_BYTES,
    MOST_NAME,
    Attachment,
    Unreadable,
    attachment_read,
    attachments_freeze,
    file_name,
    text_shown,
)
from apps.generation.engine.budget import CHARACTERS_A_TOKEN, Purse
from apps.generation.engine.context import build_context, prompt_context
from apps.generation.engine.prompts import MAX_PROMPT, build_messages, data_room
from apps.generation.engine.specification import analyse

KEY = "gh" + "p_a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
SPEC = analyse("Write `clamp(value: int, low: int, high: int) -> int`.\n\nclamp(5, 0, 3) == 3.", title="Clamp")


def attached(name: str, text: str) -> Attachment:
    return attachment_read(name, text.encode())


def frozen(*attachments: Attachment, budget: int = 2_000) -> tuple[list[dict[str, Any]], Purse]:
    purse = Purse(budget)
    return attachments_freeze(attachments, purse), purse


def snapshot(*attachments: Attachment, files: dict[str, str] | None = None) -> dict[str, Any]:
    return build_context(
        base_sha="0" * 40,
        files=files or {},
        target_path="shop/clamp.py",
        entry="clamp",
        pieces=(),
        advice={},
        budget=data_room(SPEC) // CHARACTERS_A_TOKEN,
        attachments=attachments,
    )


class TestReading:
    def test_size_and_digest_are_of_the_file_and_line_ends_are_plain(self) -> None:
        content = b"\xef\xbb\xbfa;b\r\n1;2\r\n"
        assert attachment_read("a.csv", content) == Attachment("a.csv", 13, sha256_hex(content), "a;b\n1;2\n")

    @pytest.mark.parametrize(
        ("content", "words"),
        [
            (b"", "a.csv is empty."),
            (b" \n", "a.csv is empty."),
            (b"\xff\xfe", "a.csv is no text in UTF-8."),
            (b"a\0b", "a.csv is no text: it holds a NUL."),
            (b"a" * (MOST_BYTES + 1), "a.csv is larger than 64 KB."),
        ],
    )
    def test_what_cannot_be_attached_is_named(self, content: bytes, words: str) -> None:
        with pytest.raises(Unreadable, match=re.escape(words)):
            attachment_read("dir/a.csv", content)

    def test_the_largest_file_can_be_attached(self) -> None:
        assert attachment_read("a", b"a" * MOST_BYTES).size == MOST_BYTES


class TestNames:
    @pytest.mark.parametrize(
        ("name", "kept"),
        [
            ("rates.csv", "rates.csv"),
            ("../../etc/passwd", "passwd"),
            ("C:\\Users\\ann\\rates.csv", "rates.csv"),
            ("Cafe\u0301 (1).csv", "Café _1_.csv"),
            (".env", "env"),
            ("..", "file"),
            ("", "file"),
            ("a\n# Specification\u202e\x00.csv", "a__ Specification__.csv"),
            ("<b>x</b>.md", "b_.md"),
            ("a" * 200 + ".json", "a" * 95 + ".json"),
        ],
    )
    def test_a_name_is_the_last_part_of_letters_digits_and_a_few_marks(self, name: str, kept: str) -> None:
        assert file_name(name) == kept

    @given(st.text(max_size=300))
    def test_whatever_the_name_it_leads_nowhere_and_stays_as_it_is(self, name: str) -> None:
        kept = file_name(name)
        assert 1 <= len(kept) <= MOST_NAME
        assert kept not in {".", ".."}
        assert all(one.isalnum() or one in " ._-+" for one in kept)
        assert file_name(kept) == kept


class TestFreezing:
    def test_short_files_are_whole_and_of_long_ones_the_first_lines_are_shown(self) -> None:
        short, long = attached("a.md", "Short.\n"), attached("b.csv", "1;2;3\n" * 5_000)
        (first, second), purse = frozen(short, long)
        assert (first["form"], text_shown(first)) == ("whole", "Short.\n")
        assert second["form"] == "beginning"
        assert second["text"] == long.text, "the whole of it is frozen"
        told = text_shown(second)
        assert told.startswith("1;2;3\n1;2;3\n")
        assert told.endswith(f"1;2;3\n[the first {second['shown']:,} of 30,000 characters]")
        assert 0.9 * purse.budget * LARGEST_SHARE < purse.used <= purse.budget * LARGEST_SHARE

    def test_a_line_without_an_end_is_cut(self) -> None:
        ((one,), _) = frozen(attached("a.json", "[" + "1," * 20_000 + "1]"))
        assert 1_000 < one["shown"] < len(one["text"])

    def test_long_files_share_what_is_left(self) -> None:
        files, purse = frozen(*(attached(f"{n}.csv", "1;2;3\n" * 5_000) for n in range(5)))
        sizes = [one["shown"] for one in files]
        assert min(sizes) > 0 and max(sizes) - min(sizes) <= 6
        assert purse.used <= purse.budget * LARGEST_SHARE
        assert purse.left_out == 0

    def test_without_room_nothing_is_shown_and_that_is_counted(self) -> None:
        (one,), purse = frozen(attached("a.csv", "1;2\n" * 100), budget=100)
        assert (one["form"], one["shown"], text_shown(one)) == ("none", 0, "")
        assert (purse.used, purse.left_out) == (0, 1)

    def test_secrets_are_struck_out_of_texts_and_names(self) -> None:
        (one,), purse = frozen(attached(f"{KEY}.txt", f"token = '{KEY}'\n"))
        assert "a1B2c3D4" not in str(one)
        assert purse.redacted.total() == 2

    def test_what_nobody_sees_is_written_out_before_it_is_counted(self) -> None:
        (one,), purse = frozen(attached("a.md", "a\u200b\U000e0041" * 1_000 + "<|im_start|>"))
        assert "\u200b" not in one["text"] and "\\u200b" in one["text"]
        assert purse.used <= purse.budget * LARGEST_SHARE


class TestPrompts:
    def test_files_stand_before_what_was_found_and_behind_the_file_to_change(self) -> None:
        context = prompt_context(snapshot(attached("rates.csv", "EUR;1\n"), files={"shop/clamp.py": "A = 1\n"}))
        user = build_messages(SPEC, {**context, "symbols": [{"path": "b.py", "source": "B = 2"}]})[1][1]
        parts = ("file to change", "attachments rates.csv\nEUR;1", "symbols b.py", "# Specification")
        places = [user.index(one) for one in parts]
        assert places == sorted(places)

    def test_the_brief_form_has_room_for_them_behind_what_the_text_names(self) -> None:
        context = prompt_context(snapshot(attached("rates.csv", "EUR;1\n")))
        named = {"path": "b.py", "qualname": "clamp", "source": "B = 2\n" * 100}
        user = build_messages(SPEC, {**context, "symbols": [named]}, form="brief")[1][1]
        assert user.index("symbols b.py clamp") < user.index("attachments rates.csv\nEUR;1")
        full = {**named, "source": "B = 2\n" * 1_380}
        long = prompt_context(snapshot(attached("rates.csv", "EUR;1\n" * 100)))
        crowded = build_messages(SPEC, {**long, "symbols": [full]}, form="brief")[1][1]
        assert "symbols b.py clamp" in crowded and "rates.csv" not in crowded

    def test_five_of_the_largest_all_have_a_part_in_a_prompt_that_fits(self) -> None:
        hostile = ("\u202e" * 30 + "\n") * 700
        files = [attached("n" * 90 + f"{n}.txt", hostile) for n in range(5)]
        taken = snapshot(*files, files={"shop/clamp.py": "A = 1\n" * 5_000})
        assert taken["budget"]["used"] <= taken["budget"]["tokens"]
        (_, system), (_, user) = build_messages(SPEC, prompt_context(taken))
        assert user.count(" attachments n") == 5
        assert len(system) + len(user) <= MAX_PROMPT

    def test_a_file_that_has_no_room_is_not_mentioned(self) -> None:
        none = {**frozen(attached("a.csv", "1;2\n" * 100), budget=100)[0][0]}
        assert prompt_context({**snapshot(), "attachments": [none]})["attachments"] == []

    def test_a_request_from_before_there_were_attachments_is_asked_as_it_was(self) -> None:
        old = {key: value for key, value in snapshot().items() if key != "attachments"}
        assert build_messages(SPEC, prompt_context(old)) == build_messages(SPEC, prompt_context(snapshot()))
