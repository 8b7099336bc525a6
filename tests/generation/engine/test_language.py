"""Which language a specification is written in: one decision, and what it rests on."""

from __future__ import annotations

import pytest

from apps.generation.engine.specification import IssueKind, analyse
from apps.generation.engine.specification.languages import language_choice
from tests.cpu import costs_less


def _language(text: str, **known: str) -> str:
    return language_choice(text, **known).language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Write it in TypeScript.", "typescript"),
        ("Please write a function that reverses a string in JavaScript.", "javascript"),
        ("JS: const slug = (title) => string", "javascript"),
        ("## JavaScript\n\nWrite f(x)", "javascript"),
        ("The function must be written in Go.", "go"),
        ("in Perl, print lines", "perl"),
        ("In COBOL, write PAYROLL.", "cobol"),
        ("Write a bash function. Or Lua.", "bash"),
        ("Write SQL that selects users.", "sql"),
        ("C program that adds", "c"),
        ("Rust function add", "rust"),
        ("Java class Foo", "java"),
        ("please use golang", "go"),
        ("Target language: Rust", "rust"),
        ("**Language:** C++17", "c++"),
        ("Using C#, implement f.", "c#"),
        ("Sum a list (in Rust)", "rust"),
        ("I want this in Kotlin, please.", "kotlin"),
        ("Port this function from JavaScript to Python.", "python"),
        ("Convert this Python function to TypeScript.", "typescript"),
        ("It must not be in Java but in Kotlin.", "kotlin"),
        ("Do not write it in Java. Use Python.", "python"),
        ("Write a function to add two numbers in C.", "c"),
        ("As a developer I want a JavaScript function that formats dates.", "javascript"),
        ("Rather than Rust, use Python.", "python"),
        ("Could this be done in Rust?", "rust"),
        ("It adds numbers, in JavaScript please.", "javascript"),
        ("Write a utility for our Python code base.", "python"),
    ],
)
def test_an_order_names_the_language(text: str, language: str) -> None:
    assert _language(text, around="typescript") == language


@pytest.mark.parametrize(
    "text",
    [
        "Write `c_to_f(t)` that converts a temperature in C to Fahrenheit.",
        "Write a function to convert a temperature in C.",
        "Write a function that checks a Swift code.",
        "It parses a Go duration such as 1h30m.",
        "It parses a C string literal.",
        "A C-like syntax, a Java-style name.",
        "It reads a JavaScript date string.",
        "Escape a string for JavaScript output.",
        "Write a function that finds all comments in JavaScript.",
        "It counts the words in JavaScript.",
        "Write a function that checks whether a file is written in Java.",
        "Write a function that converts Kotlin to JavaScript.",
        "Write a Java class file reader.",
        "Validate that a string is a legal Java identifier.",
        "Objects, in JavaScript, keep their order.",
        "It is called by our Java backend and runs beside a Go process.",
        "Write a basic program that throws a dart.",
        "Write a Swift transfer parser.",
        "The file is on the C: drive.",
        "Name the scale in C.",
        "A function for node in tree stores the value in node.",
        "Write a function add(a, b) that adds two numbers.\nadd(1, 2) == 3",
        "Function snake(name) converts names.",
        "Name the function two_sum(nums, target).",
        "a helper function parse_row (row)",
    ],
)
def test_a_language_that_the_text_is_only_about_decides_nothing(text: str) -> None:
    choice = language_choice(text)
    assert (choice.language, choice.asked, choice.shown) == ("python", None, None)
    assert _language(text, around="typescript") == "typescript"
    assert not [one for one in analyse(text).issues if one.kind is IssueKind.LANGUAGE]


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("function add(a, b) {\n  return a + b;\n}", "javascript"),
        ("Write `function f(x)`.", "javascript"),
        ("var kth = function(nums, k) {\n};", "javascript"),
        ("add(1, 2) === 3", "javascript"),
        ("```ts\nexport function f(a: number): number\n```", "typescript"),
        ("Write a function total(numbers: list[int]) -> int", "python"),
        ("Write f(x).\n\n>>> f(1)\n2", "python"),
    ],
)
def test_code_shows_its_language_whatever_the_repository_is_written_in(text: str, language: str) -> None:
    other = "python" if language != "python" else "javascript"
    assert _language(text, around=other) == language


def test_the_file_goes_before_the_request_the_words_the_code_the_repository_and_hints() -> None:
    text = "Write f in JavaScript.\n\n>>> f(1)\n2\n"
    choice = language_choice(text, path="shop/f.py", stated="python", around="python")
    assert (choice.language, choice.reason) == ("python", "shop/f.py is a file of Python")
    assert language_choice(text, stated="typescript").reason == "the request names TypeScript"
    assert language_choice(text).reason == "the text asks for it"
    assert language_choice(">>> f(1)\n2").reason == "the code in the text is written in it"
    assert language_choice("f(1) == 2", around="javascript").reason == "most of the repository is written in it"
    assert _language("Write `area(w: number): number`.") == "typescript"
    assert _language("Write `area(w: number): number`.", around="python") == "python"
    assert language_choice("f(1) == 2").reason == "nothing asks for another language"


def test_of_two_languages_that_are_asked_for_one_that_is_generated_is_written() -> None:
    assert _language("Write it in Rust. Write it in Python.") == "python"
    assert analyse("Write f(x) in Rust.\nWrite it in Python.").issues[0].kind is not IssueKind.LANGUAGE


@pytest.mark.parametrize(
    ("text", "known", "message"),
    [
        ("Write it in Perl.", {}, "This asks for Perl; only Python, JavaScript and TypeScript are generated."),
        ("```go\nfunc f() {}\n```", {}, "This shows Go; only Python, JavaScript and TypeScript are generated."),
        ("In Perl: f", {"target_path": "f.py"}, "The text asks for Perl, but f.py is a file of Python; that counts."),
        (
            "In Perl: f",
            {"target_language": "python"},
            "The text asks for Perl, but the request names Python; that counts.",
        ),
    ],
)
def test_a_language_that_is_not_written_is_a_finding(text: str, known: dict[str, str], message: str) -> None:
    found = next(one for one in analyse(text, **known).issues if one.kind is IssueKind.LANGUAGE)
    assert found.message == message
    assert text[found.span.start : found.span.end] in ("Perl", "```go")


@pytest.mark.parametrize(
    "unit", ["in C ", "write a Java function ", "**C**\n", "function a(", "a(b: string", "not in Go "]
)
def test_any_number_of_names_is_read_in_bounded_time(unit: str) -> None:
    text = unit * (10_000 // len(unit))
    assert costs_less(lambda: language_choice(text), 0.15)
