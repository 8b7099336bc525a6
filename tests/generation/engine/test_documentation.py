"""The page of a chosen implementation."""

from __future__ import annotations

import doctest

from apps.generation.engine.documentation import document
from apps.generation.engine.specification import analyse

SPEC = """Write `half(n: int) -> float`.

- Raises ValueError for odd | strange numbers.

half(4) == 2.0. half(3) raises ValueError.
"""
CODE = '''def half(n: int) -> float:
    """Return half of n; *never* rounds."""
    if n % 2:
        raise ValueError("odd")
    return n / 2
'''


def test_the_page_shows_signature_description_errors_examples_and_requirements():
    page = document(analyse(SPEC, title="Half"), CODE)
    assert page.startswith("# Half\n\n```python\ndef half(n: int) -> float\n```")
    assert "Return half of n; \\*never\\* rounds." in page
    assert "- raises `ValueError`" in page
    assert ">>> half(4)\n2.0" in page
    assert "| R1 | Raises ValueError for odd \\| strange numbers. |" in page


def test_the_examples_on_the_page_are_true():
    page = document(analyse(SPEC), CODE)
    namespace: dict[str, object] = {}
    exec(CODE, namespace)  # noqa: S102
    parsed = doctest.DocTestParser().get_doctest(page.replace("```", ""), namespace, "page", None, 0)
    assert doctest.DocTestRunner(verbose=False, optionflags=doctest.IGNORE_EXCEPTION_DETAIL).run(parsed) == (0, 2)


def test_a_class_is_described_by_its_methods():
    code = (
        'class Box:\n    """Holds."""\n'
        '    def get(self) -> int:\n        """Return it."""\n        return 1\n    def _x(self): ...\n'
    )
    page = document(analyse("Class `Box`."), code)
    assert "| `get(self) -> int` | Return it. |" in page
    assert "_x" not in page


def test_code_that_does_not_parse_still_gets_a_page():
    assert "# half" in document(analyse(SPEC), "def half(:")


def test_backticks_in_code_cannot_close_the_fence():
    page = document(analyse("Write `f(s: str)`. f('```') == 1."), "def f(s='```'):\n    pass\n")
    assert "````python" in page
