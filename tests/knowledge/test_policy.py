"""A policy: what can be saved, and which rule a change does not keep."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.knowledge.engine.antipatterns import ANTIPATTERNS
from apps.knowledge.engine.instantiation import instantiate
from apps.knowledge.engine.policy import (
    LISTS,
    Package,
    PolicyContent,
    policy_check,
    policy_problems,
    policy_read,
)
from apps.knowledge.gateways.library import patterns

PATTERNS = patterns()
SLUGS = [one.slug for one in PATTERNS]
RULES = [one.slug for one in ANTIPATTERNS]
CLAMP = next(one for one in PATTERNS if one.slug == "clamp")
BARE = ANTIPATTERNS[0]
REQUESTS = Package(frozenset({"requests"}), "requests", "Apache-2.0", "shop/a.py", 1)
names = st.sampled_from(["numpy", "requests", "Django", "typing_extensions"])
licences = st.sampled_from(["MIT", "apache-2.0", "GPL-3.0-only"])


def problems(**lists: list[str]) -> list[tuple[str, str]]:
    return [(one.field, one.message) for one in policy_problems(policy_read(lists), PATTERNS)]


def broken(source: str = "x = 1\n", packages: tuple[Package, ...] = (), tree=None, own=None, **lists: list[str]):
    content = policy_read(lists)
    assert policy_problems(content, PATTERNS) == []
    lines = range(1, source.count("\n") + 2) if own is None else own
    found = policy_check(
        content, PATTERNS, changed={"shop/a.py": source}, own={"shop/a.py": lines}, tree=tree or {}, packages=packages
    )
    return [(one.rule, one.subject) for one in found]


class TestSaving:
    def test_entries_are_read_once_each_in_canonical_spelling(self):
        content = policy_read(
            {
                "required_patterns": ["clamp in shop/*", " clamp in shop/* ", "", "slugify"],
                "dependencies_denied": ["Typing_Extensions", "typing.extensions"],
                "licences_allowed": ["mit", "Apache 2.0"],
            }
        )
        assert [str(one) for one in content.required_patterns] == ["clamp in shop/*", "slugify"]
        assert content.dependencies_denied == ("typing-extensions",)
        assert content.licences_allowed == ("MIT", "Apache-2.0")
        assert content.rule_count == 5

    @pytest.mark.parametrize(
        ("lists", "field", "words"),
        [
            ({"required_patterns": ["clmp"]}, "required_patterns", "no pattern clmp. Did you mean clamp?"),
            ({"forbidden_patterns": ["nothing-like-it"]}, "forbidden_patterns", "no pattern nothing-like-it."),
            ({"required_patterns": [BARE.slug]}, "required_patterns", "which can only be forbidden"),
            (
                {"required_patterns": ["clamp in a/*"], "forbidden_patterns": ["clamp"]},
                "required_patterns",
                "clamp is required and forbidden at once.",
            ),
            (
                {"required_patterns": ["django-model"], "dependencies_denied": ["Django"]},
                "required_patterns",
                "needs django, which the rules do not permit",
            ),
            (
                {"required_patterns": ["django-model"], "dependencies_allowed": ["numpy"]},
                "required_patterns",
                "needs django, which the rules do not permit",
            ),
            (
                {"dependencies_allowed": ["a-b"], "dependencies_denied": ["A_B"]},
                "dependencies_denied",
                "a-b is allowed and denied at once.",
            ),
            (
                {"licences_allowed": ["mit"], "licences_denied": ["MIT License"]},
                "licences_denied",
                "MIT is allowed and denied at once.",
            ),
            ({"licences_allowed": ["free"]}, "licences_allowed", "free is not one licence"),
            ({"licences_allowed": ["MIT OR ISC"]}, "licences_allowed", "is not one licence"),
            ({"dependencies_denied": [f"p{n}" for n in range(201)]}, "dependencies_denied", "200 are the most"),
            ({"forbidden_patterns": ["x" * 201]}, "forbidden_patterns", "longer than 200 characters"),
        ],
    )
    def test_what_nobody_could_keep_or_know_is_said(self, lists, field, words):
        assert any(where == field and words in message for where, message in problems(**lists)), problems(**lists)

    @given(
        st.fixed_dictionaries(
            {
                "required_patterns": st.lists(st.sampled_from(SLUGS), max_size=3),
                "forbidden_patterns": st.lists(st.sampled_from(SLUGS + RULES), max_size=3),
                "dependencies_allowed": st.lists(names, max_size=2),
                "dependencies_denied": st.lists(names, max_size=2),
                "licences_allowed": st.lists(licences, max_size=2),
                "licences_denied": st.lists(licences, max_size=2),
            }
        )
    )
    def test_what_can_be_saved_contradicts_itself_nowhere_and_comes_back_as_it_was(self, lists):
        content = policy_read(lists)
        assert PolicyContent.from_json(content.as_json()) == content
        if policy_problems(content, PATTERNS):
            return
        assert {one.pattern for one in content.required_patterns}.isdisjoint(content.forbidden_patterns)
        assert set(content.dependencies_allowed).isdisjoint(content.dependencies_denied)
        assert set(content.licences_allowed).isdisjoint(content.licences_denied)

    @given(st.dictionaries(st.sampled_from(["required_patterns", *LISTS]), st.lists(st.text(max_size=40), max_size=5)))
    def test_no_text_makes_it_fail(self, lists):
        policy_problems(policy_read(lists), PATTERNS)


class TestChecking:
    def test_without_a_rule_everything_is_kept(self):
        assert broken(BARE.trips, (REQUESTS,)) == []

    @pytest.mark.parametrize("antipattern", ANTIPATTERNS, ids=lambda one: one.slug)
    def test_a_forbidden_anti_pattern_is_found_and_its_better_half_is_not(self, antipattern):
        rule = {"forbidden_patterns": [antipattern.slug]}
        assert broken(antipattern.trips, **rule) == [("forbidden-pattern", antipattern.slug)]
        assert broken(antipattern.instead, **rule) == []
        assert broken(antipattern.trips, own=[], **rule) == []

    @pytest.mark.parametrize("pattern", PATTERNS, ids=lambda one: one.slug)
    def test_an_instance_under_other_names_is_one(self, pattern):
        source = instantiate(
            pattern, {one.name: f"zz_{one.name}" for one in pattern.parameters if one.kind != "constant"}
        )
        assert broken(source, forbidden_patterns=[pattern.slug]) == [("forbidden-pattern", pattern.slug)]
        assert broken(source, required_patterns=[pattern.slug]) == []
        assert broken("x = 1\n", required_patterns=[pattern.slug]) == [("required-pattern", pattern.slug)]

    def test_a_required_pattern_holds_for_its_files_and_may_be_imported(self):
        tree = {"shop/ranges.py": instantiate(CLAMP, {"clamp": "bounded"}), "shop/other.py": "def bounded(): ...\n"}
        assert broken("x = 1\n", required_patterns=["clamp in other/*"]) == []
        assert broken("from shop.ranges import bounded\n", tree=tree, required_patterns=["clamp in shop/*"]) == []
        assert broken("from shop.ranges import unbounded\n", tree=tree, required_patterns=["clamp"]) == [
            ("required-pattern", "clamp")
        ]

    def test_distributions_are_allowed_and_denied_by_the_name_of_either(self):
        yaml = Package(frozenset({"yaml", "pyyaml"}), "pyyaml", "MIT", "shop/a.py", 1)
        assert broken(packages=(yaml,), dependencies_denied=["PyYAML"]) == [("denied-dependency", "pyyaml")]
        assert broken(packages=(yaml,), dependencies_denied=["yaml"]) == [("denied-dependency", "yaml")]
        assert broken(packages=(yaml,), dependencies_allowed=["pyyaml"]) == []
        assert broken(packages=(yaml,), dependencies_allowed=["numpy"]) == [("dependency-not-allowed", "pyyaml")]

    def test_a_licence_that_is_not_known_passes_no_list(self):
        unknown = Package(frozenset({"x"}), "x", "", "shop/a.py", 1)
        assert broken(packages=(unknown,), licences_denied=["GPL-3.0-only"]) == [("denied-licence", "not known")]
        assert broken(packages=(unknown,), licences_allowed=["MIT"]) == [("licence-not-allowed", "not known")]
        assert broken(packages=(REQUESTS,), licences_allowed=["apache 2.0"]) == []
        assert broken(packages=(REQUESTS,), licences_denied=["Apache-2.0"]) == [("denied-licence", "Apache-2.0")]

    def test_hostile_code_is_checked_like_any_other(self):
        for source in ("def f(:", "\0", "(" * 3000):
            assert broken(source, forbidden_patterns=[BARE.slug], required_patterns=["clamp in nowhere/*"]) == []
