"""Imports, public interface and docstrings of code nobody trusts: read, never run."""

from __future__ import annotations

import pytest

from apps.checks import services
from apps.checks.gateways import grimp
from apps.checks.gateways.process import ToolFailed
from apps.checks.types import CodeUnreadable, ImportEdge

SPHINX = '"""Do.\n\n    :param number: what\n    :return: it\n    """'
GOOGLE = '"""Do.\n\n    Args:\n        number: what\n\n    Returns:\n        it\n    """'
NUMPY = (
    '"""Do.\n\n    Parameters\n    ----------\n    number\n        what\n\n'
    '    Returns\n    -------\n    int\n        it\n    """'
)


def module(docstring: str, argument: str = "number") -> str:
    return f"def f({argument}: int) -> int:\n    {docstring}\n    return {argument}\n"


def test_the_graph_holds_modules_and_imports_with_their_lines():
    graph = services.import_graph(
        {
            "shop/__init__.py": "",
            "shop/basket.py": "from shop import prices\n\n\ndef late() -> None:\n    import shop.prices\n",
            "shop/prices.py": "import json\n",
            "README.md": "import shop",
        }
    )
    assert graph.modules == ("shop", "shop.basket", "shop.prices")
    assert graph.imports == (ImportEdge("shop.basket", "shop.prices", (1, 5)),)


def test_packages_in_src_are_imported_by_their_own_name_and_tests_are_no_package():
    files = {"src/shop/__init__.py": "import shop.a\n", "src/shop/a.py": "", "tests/__init__.py": "import shop\n"}
    assert services.import_graph(files).modules == ("shop", "shop.a")


def test_a_package_that_is_called_like_a_tool_is_the_repositorys_own_and_is_not_run():
    files = {
        "grimp/__init__.py": "import json.x\nraise SystemExit('run')\n",
        "json/__init__.py": "raise SystemExit('run')\n",
        "json/x.py": "import sys.y\n",
        "sys/__init__.py": "",
        "sys/y.py": "",
    }
    graph = services.import_graph(files)
    assert graph.modules == ("grimp", "json", "json.x", "sys", "sys.y")
    assert [(edge.importer, edge.imported) for edge in graph.imports] == [("grimp", "json.x"), ("json.x", "sys.y")]


def test_files_that_no_import_can_reach_are_no_reason_to_refuse():
    files = {"shop/__init__.py": "", "a b/-x.py": "def (", "--config=x.py": "", "odd\n/\x01.py": ""}
    assert services.import_graph(files).modules == ("shop",)


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"shop.py": "import os\n"}, "no Python package"),
        ({}, "no Python package"),
        ({"shop/__init__.py": "", "shop/prices.py": "def (\n"}, "shop/prices.py does not parse"),
    ],
)
def test_what_cannot_be_read_is_a_sentence(files, words):
    with pytest.raises(CodeUnreadable, match=words) as refusal:
        services.import_graph(files)
    assert refusal.value.remedy


def test_a_tool_that_fails_is_a_sentence(monkeypatch):
    def fail(*_: object, **__: object) -> None:
        raise ToolFailed("grimp was stopped after 60 seconds.")

    monkeypatch.setattr(grimp, "tool_run", fail)
    with pytest.raises(CodeUnreadable, match="stopped after 60 seconds"):
        services.import_graph({"shop/__init__.py": ""})


def test_the_interface_is_what_is_public_with_signature_and_docstring():
    source = (
        "class Price(int):\n    '''An amount.'''\n\n    def half(self, *, up: bool = True) -> int: ...\n"
        "    def _secret(self): ...\n\n\ndef _hidden(): ...\n\n\ndef show(*parts, **options): ...\n"
    )
    found = services.public_interface({"src/shop/prices.py": source, "broken.py": "def (", "notes.txt": "def f(): ..."})
    assert [(item.module, item.qualname, item.kind, item.signature, item.docstring) for item in found] == [
        ("shop.prices", "Price", "class", "class Price(int)", "An amount."),
        ("shop.prices", "Price.half", "function", "def half(self, *, up: bool = True) -> int", ""),
        ("shop.prices", "show", "function", "def show(*parts, **options)", ""),
    ]


def test_a_signature_is_written_as_python_writes_it():
    signatures = ["(a, b, /)", "(a, /, b=1, *, c: int = 2)", "(*parts, d)", "(*, e, **options)", "()"]
    source = "".join(f"def f{number}{text}: ...\n" for number, text in enumerate(signatures))
    found = services.public_interface({"a.py": source})
    assert [item.signature for item in found] == [f"def f{number}{text}" for number, text in enumerate(signatures)]


def test_docstrings_that_no_database_can_hold_are_written_out():
    [item] = services.public_interface({"a.py": 'def f():\n    "NUL \\0 and half \\ud800"\n'})
    assert item.docstring == "NUL \\0 and half \\ud800"


@pytest.mark.parametrize(("style", "docstring"), [("sphinx", SPHINX), ("google", GOOGLE), ("numpy", NUMPY)])
def test_the_style_is_read_from_the_code_and_a_wrong_parameter_is_found(style, docstring):
    right, wrong = module(docstring), module(docstring, "amount")
    interface = services.public_interface({"right.py": right})
    assert services.docstring_style(item.docstring for item in interface) == style
    found = services.docstrings_check({"right.py": right, "wrong.py": wrong}, style=style)
    assert {(finding.path, finding.rule) for finding in found} == {("wrong.py", "DOC103")}


def test_one_line_docstrings_and_missing_type_hints_are_no_finding():
    sources = {
        "short.py": 'def f(number: int) -> int:\n    """Do."""\n    return number\n',
        "bare.py": f"def f(number):\n    {SPHINX}\n    return number\n",
    }
    assert services.docstrings_check(sources, style="sphinx") == ()


def test_without_a_habit_the_style_is_sphinxs():
    assert services.docstring_style(["Do.", ""]) == "sphinx"


def test_a_file_that_is_called_like_an_option_is_a_file():
    found = services.docstrings_check({"--style=numpy.py": module(SPHINX, "amount")}, style="sphinx")
    assert {finding.path for finding in found} == {"--style=numpy.py"}
