"""A candidate's way into a file: what is replaced, what is added where, and that nothing else moves."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.generation.engine.assembly import merge_module

NAMES = ("alpha", "beta", "gamma", "delta")


def function(name: str, number: int) -> str:
    return f"def {name}(n):\n    # é\x0c\n    return n + {number}\n"


def assignment(name: str, number: int) -> str:
    return f"{name} = {number}  # why\n"


def overloaded(name: str, number: int) -> str:
    return f"@wraps\ndef {name}(n):\n    pass\n\n\n@wraps\ndef {name}(n):\n    return {number}\n"


STATEMENTS = st.builds(
    lambda kind, name, number: (name, kind(name, number)),
    st.sampled_from([function, assignment, overloaded]),
    st.sampled_from(NAMES),
    st.integers(0, 3),
)


def unique(found: list[tuple[str, str]]) -> dict[str, str]:
    return dict(found)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(STATEMENTS, max_size=4).map(unique),
    st.lists(STATEMENTS, min_size=1, max_size=4).map(unique),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
    st.sampled_from(["", '"""Doc."""\n', "#!/usr/bin/env python\n", '"""Doc."""\n\nimport os\n\n', "import re\n"]),
)
def test_only_what_the_candidate_names_changes(
    old: dict[str, str], new: dict[str, str], newline: str, ends: bool, head: str
) -> None:
    existing = (head + "\n\n".join(old.values())).replace("\n", newline)
    existing = existing if ends else existing.rstrip("\r\n")
    code = "import re\n\n" + "\n\n".join(new.values())
    merged = merge_module(existing, code)
    ast.parse(merged)
    assert merge_module(merged, code) == merged
    for name, source in old.items():
        if name not in new:
            assert source.rstrip("\n").replace("\n", newline) in merged
    for source in new.values():
        for line in source.splitlines():
            assert line in merged
    if existing.strip() and newline == "\r\n" and "\r\n" in existing:
        assert "\n" not in merged.replace("\r\n", "")


def test_a_name_that_is_defined_twice_does_not_eat_its_neighbour() -> None:
    existing = "def f():\n    return 1\n\n\ndef g():\n    return 2\n"
    code = "def f():\n    return 3\n\n\ndef f():\n    return 4\n"
    merged = merge_module(existing, code)
    assert "def g():\n    return 2\n" in merged
    assert merge_module(merged, code) == merged


def test_a_statement_beside_the_replaced_one_stays() -> None:
    assert merge_module("A = 1; B = 2\n", "A = 3\n") == "A = 3\nB = 2\n"


def test_a_class_takes_the_place_of_a_function_with_its_decorators() -> None:
    merged = merge_module("@cache\ndef f():\n    return 1\n\n\nX = f\n", "class f:\n    pass\n")
    assert merged == "class f:\n    pass\n\n\nX = f\n"


def test_a_new_class_comes_after_the_one_it_derives_from() -> None:
    existing = "def f():\n    return 1\n\n\nclass Base:\n    pass\n"
    code = "class Child(Base):\n    pass\n\n\ndef f():\n    return Child\n"
    namespace: dict[str, object] = {}
    exec(merge_module(existing, code), namespace)  # noqa: S102  our own text
    assert "Child" in namespace
    replaced = "class Base:\n    x = 1\n\n\nclass Child(Base):\n    pass\n"
    exec(merge_module(existing, replaced), namespace)  # noqa: S102  our own text


def test_a_helper_that_is_needed_at_import_comes_before_its_user() -> None:
    existing = '"""Doc."""\n\nTABLE = [1]\n\n\ndef f():\n    return TABLE\n'
    code = "def make():\n    return [2]\n\n\nTABLE = make()\n"
    namespace: dict[str, object] = {}
    exec(merge_module(existing, code), namespace)  # noqa: S102  our own text
    assert namespace["TABLE"] == [2]


def test_the_future_is_imported_below_the_docstring_and_above_all_else() -> None:
    existing = '"""Doc."""\n\nimport os\n\n\ndef f():\n    return os\n'
    merged = merge_module(existing, "from __future__ import annotations\n\nimport re\n\n\ndef f():\n    return re\n")
    assert merged.startswith('"""Doc."""\n\nfrom __future__ import annotations\n\nimport os\nimport re\n')


@pytest.mark.parametrize(
    "kept",
    [
        "try:\n    import tomllib\nexcept ImportError:\n    tomllib = None\n",
        "if True:\n    import tomllib\n",
        "A, tomllib = 1, 2\n",
        "tomllib = {}\nfor n in range(3):\n    tomllib[n] = n\n",
        "tomllib = []\ntomllib += [1]\n",
    ],
)
@pytest.mark.parametrize("existing", ["", "X = 1\n"])
def test_statements_that_bind_what_the_code_uses_are_kept(kept: str, existing: str) -> None:
    code = f"{kept}\n\ndef f():\n    return tomllib\n\n\nprint(f())\nassert f()\n"
    merged = merge_module(existing, code)
    for line in kept.splitlines():
        assert line in merged
    assert "print" not in merged
    assert merge_module(merged, code) == merged


def test_type_checking_imports_come_with_their_name() -> None:
    code = (
        "from typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    from decimal import Decimal\n\n\n"
        "def f(x: 'Decimal') -> int:\n    return 1\n"
    )
    merged = merge_module("import os\n", code)
    assert "from typing import TYPE_CHECKING" in merged
    assert "    from decimal import Decimal" in merged


def test_a_file_does_not_import_what_it_defines() -> None:
    existing = "def parse(x):\n    return x\n\n\ndef f():\n    return 1\n"
    assert "import" not in merge_module(existing, "from shop import parse\n\n\ndef f():\n    return parse(1)\n")


def test_a_submodule_is_imported_though_its_package_is() -> None:
    existing = "import xml\n\n\ndef f():\n    return xml\n"
    assert "import xml.dom\n" in merge_module(existing, "import xml.dom\n\n\ndef f():\n    return xml.dom\n")


def test_a_byte_order_mark_stays_first() -> None:
    assert merge_module("\ufeffA = 1\n", "A = 2\n") == "\ufeffA = 2\n"


def test_a_last_line_without_its_end_stays_so_when_it_is_not_touched() -> None:
    assert merge_module("A = 1\nB = 2", "A = 3\n") == "A = 3\nB = 2"
