"""The form of a pattern's file: a page that is complete, or refused with the reason."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.knowledge.engine.pattern_format import PatternInvalid, pattern_parse

PAGE = '''# double

Make twice as much.

```toml
theme = "text"
entry = "double"
keywords = ["a", "b", "c", "d", "e"]
source = "written for NOFX"
licence = "Apache-2.0"

[constants]
FACTOR = "how much"
```

## When to use

Often.

## When not to use

Seldom.

## Code

```python
FACTOR = 2


def double(value: int, plus: int = 0) -> int:
    """Return twice the value."""
    return value * FACTOR + plus
```

## Tests

```python
from solution import double


def test_it():
    assert double(2) == 4
```
'''


def test_a_page_is_read_as_a_whole():
    pattern = pattern_parse("double", PAGE)
    assert (pattern.name, pattern.intent, pattern.kind) == ("double", "Make twice as much.", "function")
    assert (pattern.arguments, pattern.optional) == (("value", "plus"), 1)
    assert [(one.name, one.kind, one.default) for one in pattern.parameters] == [
        ("double", "entry", "double"),
        ("value", "argument", "value"),
        ("plus", "argument", "plus"),
        ("FACTOR", "constant", "2"),
    ]
    assert pattern.template.startswith("FACTOR = 2\n")
    assert pattern.template.endswith("+ plus\n")


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("## When not to use\n\nSeldom.\n\n", "", "a section is missing"),
        ("# double\n", "double\n", "a section is missing"),
        ('theme = "text"', 'theme = "text', "not TOML"),
        ('theme = "text"', 'theme = "cooking"', "no theme 'cooking'"),
        ('licence = "Apache-2.0"\n', "", "licence of the header is missing"),
        (
            'licence = "Apache-2.0"',
            'licence = "Apache-2.0"\nlicense = "MIT"',
            "license of the header is missing, unknown",
        ),
        ('entry = "double"', "entry = 2", "entry of the header is missing, unknown or of another type"),
        ('"d", "e"]', '"d", "d"]', "5 keywords"),
        ('entry = "double"', 'entry = "triple"', "does not define triple"),
        ('    """Return twice the value."""\n', "", "no docstring"),
        ("def double(value", "def double(value value", "the block of code does not parse"),
        ("def test_it()", "def test_it(", "the block of tests does not parse"),
        ('FACTOR = "how much"', 'OTHER = "how much"', "OTHER is no constant"),
        ("[constants]\nFACTOR", "[names]\nFACTOR", "FACTOR is no other definition"),
        ('licence = "Apache-2.0"', 'licence = "Apache-2.0"\nwhy_no_parameters = "None."', "either it has parameters"),
    ],
)
def test_what_is_not_a_pattern_is_refused_with_the_reason(old, new, reason):
    assert PAGE.count(old) >= 1
    with pytest.raises(PatternInvalid, match=f"^double: .*{reason}"):
        pattern_parse("double", PAGE.replace(old, new, 1))


@given(st.text(max_size=200))
def test_any_text_is_a_pattern_or_refused(text):
    with pytest.raises(PatternInvalid):
        pattern_parse("any", text)
