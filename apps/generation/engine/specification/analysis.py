"""The analysis itself: every reader of this package, in order."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence

from apps.generation.engine.specification.clarity import clarity_of, size_warning_of
from apps.generation.engine.specification.draft import Draft, names_of
from apps.generation.engine.specification.examples import examples_in
from apps.generation.engine.specification.inference import inferred_signature
from apps.generation.engine.specification.issues import issues_in
from apps.generation.engine.specification.javascript import (
    completed_numbers,
    javascript_examples,
    javascript_signatures,
)
from apps.generation.engine.specification.javascript.signatures import inferred_javascript
from apps.generation.engine.specification.languages import JAVASCRIPT, language_choice, language_findings
from apps.generation.engine.specification.literals import Budget
from apps.generation.engine.specification.model import (
    ClassOutline,
    FunctionSignature,
    Parameter,
    SpecExample,
    Specification,
)
from apps.generation.engine.specification.prose import non_goals_in, sentences_in
from apps.generation.engine.specification.requirements import constraints_in, criteria_in, quality_requirements_in
from apps.generation.engine.specification.signatures import signatures_in
from apps.generation.engine.specification.written_tests import WrittenTests, written_tests

MAX_CHARACTERS = 60_000
_WORD = re.compile(r"[A-Za-z_]\w{2,}")


def analyse(
    text: str,
    *,
    title: str = "",
    known_symbols: Sequence[str] = (),
    target_path: str = "",
    target_language: str = "",
    repository_language: str = "",
) -> Specification:
    """
    Read *text* into a :class:`Specification`.

    Deterministic, needs no model, and takes under 300 ms for 10,000 characters. A text longer than
    :data:`MAX_CHARACTERS` is kept whole, but only that much of it is read, and ``size_warning`` says so.

    :param known_symbols: dotted names of the repository's functions and classes; those that the text mentions are
        recognised, and one of them is the entry when the text declares nothing itself.
    :param target_path: the file that the code goes to; its language is that of the code, whatever the text says.
    :param target_language: the language that was asked for beside the text.
    :param repository_language: the one that most of the repository is in; it decides where the text says nothing.
    """
    read = text[:MAX_CHARACTERS].replace("\r\n", " \n")  # as long as before, so that spans are places in *text*
    budget = Budget()
    choice = language_choice(read, title=title, path=target_path, stated=target_language, around=repository_language)
    language = choice.language
    is_javascript = language in JAVASCRIPT
    tests = written_tests(read) if not is_javascript else WrittenTests(read, read)
    functions, classes = (javascript_signatures if is_javascript else signatures_in)(tests.outside, budget)
    mentioned = _mentioned(read, title, known_symbols)
    names = [f.name for f in functions if not f.is_method] or [symbol.rpartition(".")[2] for symbol in mentioned]
    declared = [f for f in functions if (f.source or f.parameters) and not f.is_method]
    class_names = [c.name for c in classes]
    if is_javascript:
        examples = javascript_examples(read, functions=declared, names=names, classes=class_names, budget=budget)
    else:
        examples = examples_in(
            tests.outside,
            functions=declared,
            names=names,
            classes=class_names,
            budget=budget,
            plain=_made_plainly(classes),
            tested=tests.examples(frozenset(class_names)),
        )
    entry = _entry(functions, classes, examples, mentioned)
    infer = inferred_javascript if is_javascript else inferred_signature
    functions, is_inferred = _completed(functions, examples, entry, infer)
    functions = completed_numbers(functions, examples) if is_javascript else functions
    sentences = sentences_in(tests.prose)
    criteria, constraints = criteria_in(sentences, names_of(functions, classes)), constraints_in(sentences)
    draft = Draft(
        read, sentences, functions, classes, examples, criteria, constraints, entry, is_inferred, language, title
    )
    issues = (*language_findings(choice), *issues_in(draft))
    return Specification(
        title=title,
        text=text,
        target_language=language,
        language_reason=choice.reason,
        functions=functions,
        classes=classes,
        examples=examples,
        criteria=tuple(draft.criteria),
        constraints=constraints,
        quality=quality_requirements_in(sentences),
        non_goals=non_goals_in(sentences),
        issues=issues,
        clarity=clarity_of(draft, issues),
        entry=entry,
        is_executable=_is_executable(entry, functions, classes, examples),
        size_warning=_size_warning(text, draft),
        known_symbols=mentioned,
    )


def _made_plainly(classes: Sequence[ClassOutline]) -> frozenset[str]:
    """Return the names of those that need no arguments, as far as their text says."""
    needing = {
        outline.name
        for outline in classes
        for method in outline.methods
        if method.name == "__init__"
        and any(one.default is None and not one.kind.startswith("var_") for one in method.parameters)
    }
    return frozenset(outline.name for outline in classes) - needing


def _size_warning(text: str, draft: Draft) -> str | None:
    if len(text) > MAX_CHARACTERS:
        return f"Only the first {MAX_CHARACTERS} of {len(text)} characters were read; split the specification."
    return size_warning_of(draft)


def _mentioned(text: str, title: str, known_symbols: Sequence[str]) -> tuple[str, ...]:
    words = set(_WORD.findall(f"{title}\n{text}"))
    return tuple(symbol for symbol in known_symbols if symbol.rpartition(".")[2] in words)


def _entry(
    functions: Sequence[FunctionSignature],
    classes: Sequence[ClassOutline],
    examples: Sequence[SpecExample],
    mentioned: Sequence[str],
) -> str | None:
    """
    Return what to implement: what the examples use most; else the class, else the last function declared.

    A prompt that shows helpers before the function it asks for declares that one last.
    """
    declared = [c.name for c in classes] + [f.name for f in functions if not f.is_method]
    used = Counter(example.function for example in examples if not declared or example.function in declared)
    if used:
        most = max(used.values())
        return max(
            (name for name in used if used[name] == most), key=lambda n: declared.index(n) if n in declared else -1
        )
    if declared:
        return classes[0].name if classes else declared[-1]
    return mentioned[0].rpartition(".")[2] if len(mentioned) == 1 else None


def _completed(
    functions: tuple[FunctionSignature, ...],
    examples: Sequence[SpecExample],
    entry: str | None,
    infer: Callable[[str, Sequence[SpecExample], Sequence[Parameter]], FunctionSignature | None],
) -> tuple[tuple[FunctionSignature, ...], bool]:
    """Give functions that were only named the signature that their examples suggest; drop those that have none."""
    is_inferred = any(f.name == entry and not f.source for f in functions)
    completed = [f if f.source else infer(f.name, examples, f.parameters) for f in functions]
    kept = [f for f in completed if f is not None]
    if entry is not None and not any(f.name == entry for f in kept):
        learned = infer(entry, examples, ())
        if learned is not None:
            return (*kept, learned), True
    return tuple(kept), is_inferred


def _is_executable(
    entry: str | None,
    functions: Sequence[FunctionSignature],
    classes: Sequence[ClassOutline],
    examples: Sequence[SpecExample],
) -> bool:
    if entry is None:
        return False
    if any(example.function == entry for example in examples):
        return True
    is_class = any(outline.name == entry for outline in classes)
    return not is_class and any(f.name == entry and not f.is_method and f.parameters for f in functions)
