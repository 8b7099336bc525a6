"""Reading specifications: what is found, what is missing, and that no text can make it slow or run anything."""

from __future__ import annotations

import ast
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.generation.engine.specification import IssueKind, RiskTier, analyse, risk_tier
from tests.cpu import costs_less

CLAMP = """Write a function `clamp(value: int, low: int, high: int) -> int` that limits a value.

- R1: When value is below low, the function shall return low.
- R2: It must be fast.
- Returns high when value is above high.

Examples: clamp(5, 0, 3) == 3, and clamp(-1, 0, 3) returns 0. clamp(1, 3, 0) raises ValueError.
"""

COUNTER = """Build a class `Counter` with `add(n: int)` and `total() -> int`.

>>> c = Counter()
>>> c.add(2)
>>> c.add(3)
>>> c.total()
5
>>> c.add(-1)
Traceback (most recent call last):
ValueError: negative
>>> c.total()
5
"""

GENERATED = "only Python, JavaScript and TypeScript are generated."


def kinds(text: str) -> list[IssueKind]:
    return [issue.kind for issue in analyse(text).issues]


def test_a_signature_in_backticks_becomes_the_entry():
    spec = analyse(CLAMP)
    assert spec.entry == "clamp"
    assert spec.entry_signature is not None
    assert spec.entry_signature.source == "def clamp(value: int, low: int, high: int) -> int"
    assert [p.annotation for p in spec.entry_signature.parameters] == ["int", "int", "int"]
    assert spec.is_executable


def test_examples_in_prose_are_read_with_values_and_exceptions():
    found = [(e.args, e.expected, e.raises) for e in analyse(CLAMP).examples]
    assert found == [((5, 0, 3), 3, None), ((-1, 0, 3), 0, None), ((1, 3, 0), None, "ValueError")]


def test_spans_point_at_the_words_of_the_text():
    spec = analyse(CLAMP)
    first = spec.examples[0]
    assert CLAMP[first.span.start : first.span.end] == "clamp(5, 0, 3) == 3"
    assert CLAMP[spec.criteria[0].span.start :].startswith("When value is below")
    vague = next(issue for issue in spec.issues if issue.kind is IssueKind.VAGUE)
    assert CLAMP[vague.span.start : vague.span.end] == "fast"


def test_criteria_are_numbered_and_judged():
    criteria = analyse(CLAMP).criteria
    assert [(c.id, c.pattern, c.is_testable) for c in criteria] == [
        ("R1", "event-driven", True),
        ("R2", None, False),
        ("R3", None, True),
    ]


@pytest.mark.parametrize(
    "example",
    [
        ">>> f(2)\n3",
        "f(2) -> 3",
        "f(2) => 3",
        "f(2) == 3",
        "assert f(2) == 3",
        "f(2) returns 3.",
        "`f(2)` should return `3`",
        "f(2) ➞ 3",
        "f(2) = 3",
        "```python\nassert f(2) == 3\n```",
        ">>> f(2) -> 3",
    ],
)
def test_every_way_of_writing_an_example_is_understood(example):
    spec = analyse(f"Write `f(n: int) -> int`.\n\n{example}\n")
    assert [(e.args, e.expected) for e in spec.examples] == [((2,), 3)]


@pytest.mark.parametrize(
    ("literal", "value"),
    [
        ("[1, (2, 'x'), None]", [1, (2, "x"), None]),
        ("{'a': [1.5], 'b': {}}", {"a": [1.5], "b": {}}),
        ("{1, 2}", {1, 2}),
        ("set()", set()),
        ("float('inf')", float("inf")),
        ("'a, (b'", "a, (b"),
        ("-4", -4),
        ("True", True),
        ("b'x'", b"x"),
    ],
)
def test_expected_values_are_python_literals(literal, value):
    spec = analyse(f"Write `f(n: int)`.\n\nf(1) == {literal}\n")
    assert [e.expected for e in spec.examples] == [value]


def test_a_sentence_that_ends_in_a_number_does_not_own_the_full_stop():
    assert analyse("Write `half(n)`. half(5) returns 2.5. half(4) returns 2.").examples[1].expected == 2


def test_what_is_no_literal_is_no_example_and_is_never_evaluated(tmp_path):
    trap = tmp_path / "trap"
    spec = analyse(f"Write `f(n)`. f(open('{trap}', 'w')) == 3 and f(1) == __import__('os').getcwd()")
    assert spec.examples == ()
    assert not trap.exists()


def test_a_session_keeps_the_statements_that_matter():
    spec = analyse(COUNTER)
    assert spec.entry == "Counter"
    assert [m.name for m in spec.classes[0].methods] == ["add", "total"]
    first, refused, last = spec.examples
    assert (first.steps, first.call, first.expected) == (("c = Counter()", "c.add(2)", "c.add(3)"), "c.total()", 5)
    assert (refused.call, refused.raises) == ("c.add(-1)", "ValueError")
    assert last.steps[-1] == "try:\n    c.add(-1)\nexcept ValueError:\n    pass"


def test_statements_about_other_objects_are_left_out_of_a_session():
    spec = analyse("Class `Box`.\n\n>>> a = Box(1)\n>>> b = Box(2)\n>>> b.put(3)\n>>> a.get()\n1\n")
    assert spec.examples[0].steps == ("a = Box(1)",)


def test_a_condition_on_a_call_is_judged_in_a_session():
    spec = analyse("Write `root(x: float) -> float`.\n\nassert abs(root(2.0) - 1.414) < 1e-3\n")
    assert spec.examples[0].steps == ("result = root(2.0)",)
    assert (spec.examples[0].call, spec.examples[0].expected) == ("abs(result - 1.414) < 0.001", True)


def test_a_function_known_to_the_repository_is_the_entry_of_a_change():
    spec = analyse("Change slugify so that accents are removed.\n\nslugify('é') -> 'e'", known_symbols=["text.slugify"])
    assert spec.entry == "slugify"
    assert spec.known_symbols == ("text.slugify",)
    assert spec.entry_signature is not None
    assert spec.entry_signature.source == "def slugify(value: str) -> str"


def test_the_last_declared_function_is_asked_for_when_helpers_come_first():
    spec = analyse("def helper(x):\n    return x\n\n\ndef asked(y):\n    '''Return y.'''\n")
    assert spec.entry == "asked"


def test_contradicting_examples_are_reported():
    issues = analyse("Write `f(n: int) -> int`. f(2) == 3. f(2) == 4.").issues
    assert [i.kind for i in issues if i.kind is IssueKind.CONTRADICTION] == [IssueKind.CONTRADICTION]


def test_an_example_that_does_not_fit_the_signature_is_a_contradiction():
    assert IssueKind.CONTRADICTION in kinds("Write `f(n: int) -> int`. f(1, 2) == 3.")
    assert IssueKind.CONTRADICTION in kinds("Write `f(n: int) -> int`. f(1) == 'a'.")


def test_opposite_duties_are_a_contradiction():
    assert IssueKind.CONTRADICTION in kinds("The list must keep the order. The list must not keep the order.")


def test_nothing_said_about_errors_and_empty_input_is_reported():
    found = kinds("Write `first(items: list[int]) -> int`. first([4, 5]) == 4.")
    assert IssueKind.MISSING_ERROR in found
    assert IssueKind.MISSING_EDGE in found


def test_an_open_choice_is_a_question_with_a_suggestion():
    issue = next(i for i in analyse("Return the words sorted.").issues if i.kind is IssueKind.AMBIGUITY)
    assert "Ascending" in issue.question
    assert issue.suggestion


def test_prose_without_code_is_not_executable_and_says_what_is_missing():
    spec = analyse("Make the dashboard nicer for new users.")
    assert not spec.is_executable
    assert {IssueKind.NO_SIGNATURE, IssueKind.NO_EXAMPLE} <= {i.kind for i in spec.issues}


def test_a_clear_specification_scores_higher_than_a_vague_one():
    assert analyse(CLAMP).clarity.score > analyse("It should be fast and robust, etc.").clarity.score
    assert analyse("").clarity.score == 0


def test_constraints_and_non_goals_are_kept_apart_from_criteria():
    spec = analyse(
        "## Requirements\n- Returns the sum.\n\n"
        "## Constraints\n- No external dependencies.\n\n"
        "## Out of scope\n- Money.\n"
    )
    assert [c.text for c in spec.criteria if "sum" in c.text] == ["Returns the sum."]
    assert [(c.kind, c.subject) for c in spec.constraints] == [("forbidden", "external dependencies")]
    assert spec.non_goals == ("Money.",)


def test_three_things_at_once_get_a_size_warning_with_a_split():
    text = "".join(f"def part_{n}(x: int) -> int: ...\n\n" for n in range(5))
    assert "part_3" in (analyse(text).size_warning or "")


@pytest.mark.parametrize(
    ("text", "language"),
    [("Write it in TypeScript.", "typescript"), ("A function `f(a)`.", "python"), ("```js\nx\n```", "javascript")],
)
def test_the_target_language_is_recognised(text, language):
    assert analyse(text).target_language == language


def test_new_code_with_examples_is_low_risk_and_secrets_are_high():
    spec = analyse(CLAMP + "\nAn empty range has zero width.")
    assert risk_tier(spec, paths=[]) is RiskTier.LOW
    assert risk_tier(spec, paths=["demo/text.py"]) is RiskTier.MEDIUM
    assert risk_tier(spec, paths=["tests/test_text.py"]) is RiskTier.LOW
    assert risk_tier(spec, paths=["apps/auth/tokens.py"]) is RiskTier.HIGH
    assert risk_tier(analyse("Write `login(password: str) -> bool`."), paths=[]) is RiskTier.HIGH
    assert risk_tier(analyse("Do something."), paths=[]) is RiskTier.MEDIUM


@pytest.mark.parametrize(
    "unit",
    [
        "f(" * 10,
        "f([",
        "`f(a)` returns 3. ",
        ">>> f(1)\n",
        "must not ",
        "- R1: when\n",
        "def f(a):\n",
        "'\"",
        "# x\n",
        "fast ",
        "assert f(1\n",
        "f(1) == 1, ",
        ">>> c = C()\n>>> c.a(1)\n2\n",
        "f(1)[0].a(2)[1] == 1 ",
    ],
)
def test_ten_thousand_characters_of_anything_take_under_300_ms(unit):
    text = (unit * (10_000 // len(unit) + 1))[:10_000]
    assert costs_less(lambda: analyse(text), 0.3)


def test_a_megabyte_is_kept_but_only_its_beginning_is_read():
    text = CLAMP + "x" * 1_000_000
    spec = analyse(text)
    assert spec.text == text
    assert spec.entry == "clamp"
    assert "Only the first" in (spec.size_warning or "")


HEADS = (
    "f(1) == 1",
    "f(1)",
    "n = 1",
    "- n",
    "if n is 1",
    "| a |",
    "[1] -> 2",
    "Output: 1",
    "R1:",
    "assert f(1)",
    "def f(",
)


@pytest.mark.parametrize("gap", [" ", "\t", "\n", " \n", "a ", "(", "`", "-", ".", "é"])
def test_a_long_gap_after_anything_takes_under_300_ms(gap):
    texts = ["Write `f(n: int) -> int`.\n\n" + head + gap * (9_900 // len(gap)) + "y" for head in HEADS]
    slow = [text[:60] for text in texts if not costs_less(partial(analyse, text), 0.3)]
    assert slow == []


@pytest.mark.parametrize(
    "unit",
    [
        "- [1] -> [2]\n",
        *(
            pytest.param(unit, marks=pytest.mark.slow)
            for unit in ("`f(a)` returns 3. ", "for a = 1, ", "f(n) = f(n - 1", " ", "é。")
        ),
    ],
)
def test_a_hostile_megabyte_is_read_in_bounded_time_and_told_to_be_too_long(unit):
    text = "Write `f(n: int) -> int`.\n\n" + unit * (1_000_000 // len(unit))
    assert costs_less(lambda: analyse(text), 2)
    assert "Only the first" in (analyse(text).size_warning or "")


WORDS = [
    "f(1) == 2",
    "f(",
    ")",
    "[1, 2]",
    "->",
    "returns",
    "raises ValueError",
    ">>> f(3)",
    "4",
    "\n",
    "must not",
    "| n | result |",
]
WORDS += [
    "assert ",
    "- ",
    "if n is",
    "'a'",
    '"""',
    "```",
    "def f(n: int) -> int:",
    "class Box:",
    "fast",
    "R1:",
    "\n\n",
    ",",
    "=",
    "-" * 300,
]
TEXTS = st.one_of(
    st.text(max_size=300),
    st.text(alphabet="f(x)[]{}'\"`>.,=-:|# \n12aR\\é", max_size=300),
    st.lists(st.sampled_from(WORDS), max_size=25).map(" ".join),
)


@given(TEXTS)
@settings(max_examples=200, deadline=None)
def test_any_text_is_analysed_with_spans_inside_it(text):
    spec = analyse(text)
    spans = [e.span for e in spec.examples] + [c.span for c in spec.criteria] + [i.span for i in spec.issues]
    assert all(0 <= span.start <= span.end <= len(text) for span in spans)
    assert 0 <= spec.clarity.score <= 100
    assert spec == analyse(text)


@given(TEXTS)
@settings(max_examples=150, deadline=None)
def test_every_example_is_python(text):
    for example in analyse(text).examples:
        for statement in (*example.steps, example.call):
            ast.parse(statement)
        assert example.raises is None or example.raises.isidentifier()


@given(TEXTS, st.sampled_from(["\n", "\n\n", "\n  \n"]))
@settings(max_examples=150, deadline=None)
def test_white_space_at_the_end_changes_nothing(text, tail):
    text = text.rstrip() + "\n"
    spec, longer = analyse(text), analyse(text + tail)
    assert (longer.examples, longer.criteria, longer.functions) == (spec.examples, spec.criteria, spec.functions)


@pytest.mark.parametrize("text", [CLAMP, COUNTER], ids=["function", "class"])
def test_line_ends_of_a_browser_change_nothing_and_spans_point_into_what_was_sent(text):
    sent = text.replace("\n", "\r\n")
    ours, theirs = analyse(text), analyse(sent)
    assert [(e.steps, e.call, e.expected, e.raises) for e in theirs.examples] == [
        (e.steps, e.call, e.expected, e.raises) for e in ours.examples
    ]
    assert [c.text for c in theirs.criteria] == [c.text for c in ours.criteria]
    for here, there in zip(ours.criteria, theirs.criteria, strict=True):
        assert sent[there.span.start : there.span.end].split() == text[here.span.start : here.span.end].split()


def test_what_is_nested_without_end_is_no_example():
    assert analyse("Write `f(n: int) -> int`.\n\nassert f(1)" + "-" * 5_000 + "y").examples == ()


AREA = "Write `area(width: int, height: int) -> int`.\n\n"


@pytest.mark.parametrize(
    "example",
    [
        "Input: width = 2, height = 3\nOutput: 6\n",
        "Example 1:\n    Input:\n        height : 3\n        width : 2\n    Output: 6\n",
        "For width = 2 and height = 3 the output should be 6.",
        "For example, when given 2, 3 it returns 6.",
        "| height | width | expected |\n|---|---|---|\n| 3 | 2 | `6` |\n",
        ">>> area(2, 3) == 6\n",
        ">>> area(2, 3) == 6\nTrue\n",
        "area(2, 3) == 2 + 2 + 2 = 6\n",
        "assert surface(2, 3) == 6\n",
        "2, 3 -> 6\n",
        "- `2, 3` ➞ `6`\n",
        "With width 2 and height 3 the result is 6.",
        "If the input is 2, 3 the output is 6.",
        "width = 2\nheight = 3\n-> 2 * 3\n=> result = 6\n",
        "| width | height | result | why |\n|---|---|---|---|\n| 2 | 3 | 6 | 2 * 3 |\n",
        "| height | width | area |\n|:--|--:|---|\n| 3 | 2 | 6 |\n",
        "| call | gives |\n|---|---|\n| `area(2, 3)` | 6 |\n",
        "print(area(2, 3))  # prints 6\n",
        "area(2, 3)  # 6\n",
        "area(2, 3): 6\n",
        "self.assertEqual(area(2, 3), 6)\n",
        "expect(area(2, 3)).toBe(6)\n",
        "area(2, 3) returns 6 and remembers nothing.",
        "area(\n    2,\n    3,\n) == 6\n",
    ],
)
def test_examples_that_do_not_write_the_call_are_understood(example):
    assert [(e.args, e.expected) for e in analyse(AREA + example).examples] == [((2, 3), 6)]


def test_a_docstring_may_end_behind_an_example():
    spec = analyse("def f(n: int) -> int:\n    '''Double n: f(2) -> 4, f(3) -> 6'''\n")
    assert [(e.args, e.expected) for e in spec.examples] == [((2,), 4), ((3,), 6)]


@pytest.mark.parametrize(
    "promise",
    [
        "When given -1 it raises ValueError.",
        "Passing -1 raises ValueError.",
        "If n is -1 it raises ValueError.",
        "root(-1) -> ValueError",
        "root(-1)  # ValueError",
        "| n | result |\n|---|---|\n| -1 | raises ValueError |\n",
    ],
)
def test_prose_may_promise_an_exception(promise):
    spec = analyse(f"Write `root(n: int) -> int`. It takes a root.\n\n{promise}\n")
    assert [(e.call, e.raises) for e in spec.examples] == [("root(-1)", "ValueError")]


@pytest.mark.parametrize(
    ("example", "expected"),
    [
        ("reverse(abc) -> cba\nreverse(de) -> ed\n", "cba"),
        ('reverse(abc) returns "cba". reverse(de) returns "ed".', "cba"),
        ("| text | result |\n|---|---|\n| abc | cba |\n", "cba"),
        ("reverse(abc) => True\nreverse(de) => False\n", True),
    ],
)
def test_strings_may_lack_their_quotes(example, expected):
    spec = analyse("Write `reverse(text: str) -> str`.\n\n" + example)
    assert [(e.args, e.expected) for e in spec.examples][:1] == [(("abc",), expected)]


@pytest.mark.parametrize(
    "prose",
    ["reverse(raw) -> cleaned\n", "reverse(text) -> text\n", "reverse(text) -> reversed\n", "reverse(n - 1) -> x\n"],
)
def test_names_of_parameters_are_no_strings(prose):
    assert analyse("Write `reverse(text: str) -> str`.\n\n" + prose).examples == ()


def test_spaces_inside_strings_make_two_examples():
    spec = analyse('Write `f(s: str) -> bool`.\n\nf("a b") -> False\nf("ab") -> True\nf( "ab" ) -> True\n')
    assert [(e.args, e.expected) for e in spec.examples] == [(("a b",), False), (("ab",), True)]
    assert IssueKind.CONTRADICTION not in [issue.kind for issue in spec.issues]


def test_a_tuple_of_one_may_lack_its_comma_where_others_are_tuples():
    spec = analyse('Write `f(n: int)`.\n\nf(2) ==> ("a", "b")\nf(1) ==> ("a")\n')
    assert [e.expected for e in spec.examples] == [("a", "b"), ("a",)]


def test_terms_of_a_recurrence_are_no_examples_of_a_function_that_lists_them():
    text = "def t(n):\n    '''t(0) = 1\n    t(n) = t(n - 1) + 2\n    Return the first terms: t(2) = [1, 3]\n    '''\n"
    assert [e.expected for e in analyse(text).examples] == [[1, 3]]
    assert [e.expected for e in analyse(text.replace("[1, 3]", "5")).examples] == [1, 5]


def test_an_assertion_may_use_the_standard_library():
    spec = analyse("Write a function.\n\nassert math.isclose(volume(10), 4188.79, rel_tol=0.001)\n")
    assert [(e.steps, e.function) for e in spec.examples] == [(("import math", "result = volume(10)"), "volume")]


@pytest.mark.parametrize(
    "prose",
    [
        "If width is 2 and height is 3, it returns 3 tiles.",
        "For height = 3 it returns 4.",
        "height = 3\nresult = 4\n",
        "area(2, 3) returns 6 tiles.",
        "| width | height | meaning |\n|---|---|---|\n| 2 | 3 | 4 |\n",
        "With 2 decimals it returns 3.",
        "For 1, 2 and 3 items it returns 4.",
        'area(2, 3) == ""x"',
    ],
)
def test_numbers_in_a_sentence_are_not_taken_for_arguments(prose):
    assert analyse(AREA + prose).examples == ()


@pytest.mark.parametrize(
    ("sentence", "kind", "subject"),
    [
        ("It takes O(n log n).", "performance", ""),
        ("A call returns within 20 ms.", "performance", ""),
        ("It must serve 1,000 requests a second.", "performance", ""),
        ("User input is untrusted and must be escaped.", "security", ""),
        ("It guards against SQL injection.", "security", ""),
        ("It runs on Python 3.11.", "compatibility", ""),
        ("It stays backwards compatible.", "compatibility", ""),
        ("It must not use `requests`.", "forbidden", "requests"),
        ("Write it without using the numpy library.", "forbidden", "numpy library"),
        ("No external dependencies.", "forbidden", "external dependencies"),
        ("Only the standard library may be used.", "forbidden", "what is not in the standard library"),
        ("It must use httpx for calls.", "required", "httpx"),
        ("The list is changed in place.", "performance", ""),
        ("It has no side effects.", "other", ""),
    ],
)
def test_constraints_have_a_kind(sentence, kind, subject):
    spec = analyse(f"Write `f(n: int) -> int`.\n\n{sentence}\n")
    assert [(c.kind, c.subject, spec.text[c.span.start : c.span.end]) for c in spec.constraints] == [
        (kind, subject, sentence)
    ]


@pytest.mark.parametrize(
    ("sentence", "found"),
    [
        ("It must not use numpy, pandas or `scipy`.", [("forbidden", name) for name in ("numpy", "pandas", "scipy")]),
        ("It must not use numpy and must return a list.", [("forbidden", "numpy")]),
        ("numpy is forbidden.", [("forbidden", "numpy")]),
        ("No `eval`, please.", [("forbidden", "eval")]),
        ("It requires the `pydantic` package.", [("required", "pydantic")]),
        ("Memory must not exceed 64 MB.", [("performance", "")]),
        ("It answers 1000 rps.", [("performance", "")]),
        (
            "It escapes html and is compatible with Python 3.11.",
            [("security", ""), ("compatibility", "")],
        ),
        ("It does not have to be thread-safe.", []),
        ("There is no need to support Python 2.7.", []),
    ],
)
def test_a_sentence_may_state_several_constraints_or_none(sentence, found):
    assert [(one.kind, one.subject) for one in analyse(sentence).constraints] == found


def test_ids_of_the_author_stay_and_nobody_else_gets_them():
    text = "Write `f(s: str) -> dict`.\n{}\n\nIt must also:\n- keep the order of keys\n"
    rules = "R1: Empty input returns {}.\nR2: It raises ValueError.\nR4: Keys are sorted."
    assert [c.id for c in analyse(text.replace("{}", rules, 1)).criteria] == ["R1", "R2", "R4", "R3"]
    named = "REQ-1: Empty input returns {}.\nAC2. Keys must be sorted.\nAC2. Values are kept."
    assert [c.id for c in analyse(text.replace("{}", named, 1)).criteria] == ["REQ-1", "AC2", "R1", "R2"]


@pytest.mark.parametrize(
    "text",
    [
        "n must be at most 10. n must be at least 20.",
        "The result is sorted ascending. The result must be sorted in descending order.",
        "Use only the standard library. It must use `requests` for the call.",
        "It must not use pandas. It must use pandas for tables.",
    ],
)
def test_what_cannot_hold_at_once_is_a_contradiction(text):
    assert [i.kind for i in analyse(text).issues if i.kind == "contradiction"] == ["contradiction"]


@pytest.mark.parametrize(
    "text",
    [
        "Names are sorted ascending. Ages are sorted descending.",
        "Use only the standard library. It must use `json.loads` for the text.",
        "n must be at least 10. m must be at most 5.",
    ],
)
def test_what_can_hold_at_once_is_none(text):
    assert not [i for i in analyse(text).issues if i.kind == "contradiction"]


def test_examples_tables_and_tracebacks_are_no_words_of_the_author():
    text = (
        "Write `big(n: int) -> bool`.\nbig(1) == False\nIt must return True from 100 on.\n"
        "| n | must |\n|---|---|\n| 1 | return |\n"
        'Traceback (most recent call last):\n  File "a.py", line 1, in must_return\n'
    )
    spec = analyse(text)
    assert [c.text for c in spec.criteria] == ["It must return True from 100 on."]
    assert [i.message for i in spec.issues if i.kind == "vague"] == []


def test_a_cell_may_group_the_digits_of_a_number():
    text = "Write `tax(amount: float, country: str) -> float`.\n\n| amount | country | tax |\n|---|---|---|\n{}\n"
    spec = analyse(text.format("| 1,000 | DE | 1,190.5 |"))
    assert [(e.args, e.expected) for e in spec.examples] == [((1000, "DE"), 1190.5)]


def test_what_is_no_dependency_is_not_required():
    assert analyse("It must use the values that are given twice.").constraints == ()


@pytest.mark.parametrize(
    ("sentence", "pattern"),
    [
        ("The parser shall return a list.", "ubiquitous"),
        ("When the list is empty, it shall return 0.", "event-driven"),
        ("While the door is open, the lamp must be on.", "state-driven"),
        ("Where a cache is present, it shall be asked first.", "optional feature"),
        ("If the number is negative, the function shall raise ValueError.", "unwanted behaviour"),
        ("While the door is open, when the bell rings, the lamp shall blink 3 times.", "complex"),
        ("It returns 0 for an empty list.", None),
    ],
)
def test_ears_patterns_are_named(sentence, pattern):
    [criterion] = analyse(sentence).criteria
    assert criterion.pattern == pattern


@pytest.mark.parametrize(
    ("sentence", "measure", "at"),
    [
        ("Test coverage must be at least 90 %.", "coverage", 90),
        ("It needs 85.5% branch coverage.", "coverage", 85.5),
        ("The mutation score is at least 70%.", "mutation", 70),
        ("Cyclomatic complexity must stay below 8.", "complexity", 7),
        ("Cyclomatic complexity is at most 8.", "complexity", 8),
        ("At least 85 percent branch coverage.", "coverage", 85),
        ("The code passes mypy in strict mode.", "typing", None),
    ],
)
def test_figures_of_quality_are_read(sentence, measure, at):
    assert [(q.measure, q.at) for q in analyse(sentence).quality] == [(measure, at)]
    assert analyse("It has O(n) time complexity for 3 lists.").quality == ()


def test_every_finding_has_a_place_a_question_and_a_suggestion():
    text = (
        "Write `pick(items: list[int], n: int) -> int`. It must be fast. It must not be fast.\n"
        "It returns the sorted unique items and/or some of them between 1 and 5 at the right time.\n"
        "At least 9 items and at most 3 items are returned. It should be nice.\n\npick([1], 1) == 1\n"
        "pick([1], 1) == 2\npick(1) == 'a'\n"
    )
    issues = analyse(text).issues
    assert {issue.kind for issue in issues} >= {"vague", "contradiction", "ambiguity", "missing_error", "untestable"}
    for issue in issues:
        assert text[issue.span.start : issue.span.end].strip()
        assert issue.question.endswith("?")
        assert issue.suggestion


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "Write a function in Rust that adds two numbers.",
            "This asks for Rust; only Python, JavaScript and TypeScript are generated.",
        ),
        (
            "```go\nfunc main() {}\n```\nSum a list.",
            "This shows Go; only Python, JavaScript and TypeScript are generated.",
        ),
        (
            "Schreibe eine Funktion, die eine Liste von Zahlen nimmt und deren Summe als Zahl liefert, sonst null.",
            "This does not seem to be English: signatures and examples are read, rules in sentences may be missed.",
        ),
    ],
)
def test_a_language_that_is_not_read_or_written_is_said(text, message):
    assert message in [issue.message for issue in analyse(text).issues]
    assert IssueKind.LANGUAGE not in kinds(CLAMP)


def test_examples_in_another_language_are_still_read():
    spec = analyse("写一个函数 `summe(werte: list[int]) -> int`，返回总和。\n\nsumme([1, 2]) == 3\n")
    assert [(e.args, e.expected) for e in spec.examples] == [(([1, 2],), 3)]


def test_a_long_text_is_split_at_its_headings_or_criteria():
    rules = "".join(f"- It returns {n} for {n}.\n" for n in range(20))
    assert "one for R11 to R20" in (analyse(rules).size_warning or "")
    half = "".join(f"- It returns {n} for {n}.\n" for n in range(10))
    warning = analyse(f"# Reading\n{half}\n# Writing\n{half}").size_warning or ""
    assert "one specification for each of “Reading”, “Writing”" in warning


def test_values_of_an_example_are_no_words_of_the_author():
    examples = ">>> slugify('on time')\n'on-time'\n>>> slugify('a simple date')\n'a-simple-date'\n"
    text = f"Write `slugify(text: str) -> str`.\n\n{examples}"
    kinds = {issue.kind for issue in analyse(text).issues}
    assert not kinds & {IssueKind.AMBIGUITY, IssueKind.VAGUE}
    assert IssueKind.AMBIGUITY in {issue.kind for issue in analyse(f"{text}\nIt returns the time.\n").issues}


@pytest.mark.parametrize(
    "text",
    [
        "Write `f(n: int) -> int`.\n\nこの関数は、与えられた数の二倍を返します。負の数は受け付けません。",
        "Функция возвращает удвоенное число и не принимает отрицательные числа.",
        "Écrire une fonction qui prend une liste de nombres et renvoie la somme, sinon zéro pour une liste vide.",
    ],
)
def test_prose_of_another_language_is_told(text):
    assert IssueKind.LANGUAGE in kinds(text)


@pytest.mark.parametrize(
    "text",
    [
        "Write `encode(s: str) -> str`: run-length encode text, decode it back, reject bad strings, drop digits.",
        "Write three functions: encode/decode/ratio. encode(s), decode(s), ratio(s, t). Strip blanks, fold case.",
        "weight | height | result\n--- | --- | ---\n70 | 1.75 | normal\n50 | 1.80 | under\n90 | 1.60 | over\n",
    ],
)
def test_terse_english_is_english(text):
    assert IssueKind.LANGUAGE not in kinds(text)


def test_a_sentence_may_begin_with_a_small_letter():
    text = (
        "Write clamp(x: float, low: float, high: float). low must not exceed high, e.g. low 2 and high 1. "
        "x must be at most 1.5 approx. five times low. see v1.2 of foo.py. it must be pure..."
    )
    assert [one.text for one in analyse(text).criteria] == [
        "low must not exceed high, e.g. low 2 and high 1.",
        "x must be at most 1.5 approx. five times low.",
        "it must be pure...",
    ]


TRACEBACK = 'Traceback (most recent call last):\n  File "x", line 1\nValueError: n must be positive\n\n'
JSDOC = "/**\n * @param {number} a\n * @return {number} must be a\n */\nfunction add(a, b) {}\n"


@pytest.mark.parametrize(
    ("text", "criteria"),
    [
        (TRACEBACK + "It must return.", [("It must return.", True)]),
        ("It must use numpy. It must not import re.", [("It must use numpy.", True), ("It must not import re.", True)]),
        ("Write big(x: int) -> int. big must return x.", [("big must return x.", True)]),
        (JSDOC, []),
        ("R1. It must stop.\nR2 should be quick.", [("It must stop.", False), ("should be quick.", False)]),
    ],
    ids=["traceback", "imports", "a name", "JSDoc", "without a stop"],
)
def test_what_is_a_criterion_and_can_be_tested(text, criteria):
    assert [(one.text, one.is_testable) for one in analyse(text).criteria] == criteria
