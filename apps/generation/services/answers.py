"""Answers of people as examples of the specification, and as words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from django.db.models import QuerySet

from apps.generation.engine.inputs import CallInput, input_restored
from apps.generation.engine.javascript.documentation import examples_source
from apps.generation.engine.languages import Language, language_of
from apps.generation.engine.outcomes import Expected, expected_restored
from apps.generation.engine.specification import Specification
from apps.generation.engine.specification.model import SpecExample
from apps.generation.engine.testgen import literal_source
from apps.generation.models import Answer, GenerationRun


def with_answers(specification: Specification, run: GenerationRun) -> Specification:
    """Return *specification* with the answers that stand as further examples, in the order they were given."""
    examples = [_example(answer, run) for answer in _deciding(run)]
    return replace(specification, examples=(*specification.examples, *examples)) if examples else specification


def examples_text(run: GenerationRun) -> str:
    """
    Return the answers that stand as examples (doctests for Python) for a specification; "" where there is none.

    Answers by which an input was left open decide nothing and are no examples.
    """
    examples = [_example(answer, run) for answer in _deciding(run)]
    if language_of(run.target_path).name != "python":
        return f"{examples_source(examples)}\n" if examples else ""
    return "\n".join(doctest_text(example) for example in examples)


def _deciding(run: GenerationRun) -> QuerySet[Answer]:
    stand = run.answers.filter(withdrawn_at=None).exclude(kind=Answer.Kind.ANY).select_related("input")
    return stand.order_by("answered_at", "id")


def doctest_text(example: SpecExample) -> str:
    """Return an example as a doctest, with a line feed at its end."""
    prompts = [line for step in (*example.steps, example.call) for line in _prompt(step)]
    if example.raises:
        shown = ["Traceback (most recent call last):", "    ...", example.raises]
    else:
        shown = [literal_source(example.expected)]
    return "\n".join([*prompts, *shown, ""])


def _prompt(statement: str) -> list[str]:
    first, *more = statement.splitlines() or [""]
    return [f">>> {first}", *(f"... {line}" for line in more)]


def _example(answer: Answer, run: GenerationRun) -> SpecExample:
    call, expected = input_restored(answer.input.call), expected_restored(answer.expected)
    return SpecExample(
        call=call_source(call, run),
        function=run.entry,
        args=call.args,
        kwargs=call.kwargs,
        expected=expected.value,
        raises=expected.raises,
        steps=call.steps,
    )


def call_source(call: CallInput, run: GenerationRun) -> str:
    """Return the call as code; of a session its last expression."""
    if call.is_session:
        return call.expression
    language = language_of(run.target_path)
    if language.name != "python":
        return call.text(run.entry, language.value)
    written: Sequence[str] = [
        *(literal_source(value) for value in call.args),
        *(f"{name}={literal_source(value)}" for name, value in call.kwargs.items()),
    ]
    return f"{run.entry}({', '.join(written)})"


def answered_text(answer: Answer, run: GenerationRun) -> str:
    """Return an answer as a sentence about the code."""
    language = language_of(run.target_path)
    call = input_restored(answer.input.call).text(run.entry, language.value)
    if answer.kind == Answer.Kind.ANY:
        return f"What {call} does is left open."
    return f"{call} {expected_text(expected_restored(answer.expected), language)}."


def expected_text(expected: Expected, language: Language) -> str:
    """Return an expectation in words; its value is put as *language* writes it."""
    return f"{language.raises} {expected.raises}" if expected.raises else f"returns {language.value(expected.value)}"
