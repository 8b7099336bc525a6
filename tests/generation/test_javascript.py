"""Requests in JavaScript and TypeScript go the whole way: read, written, run, compared, reviewed, merged."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from apps.generation.models import Candidate, CodeGenerationConsensus, CodeGenerationRequest, GenerationRun, PullRequest
from apps.generation.services.delivery import pull_request_merge
from apps.generation.services.languages import SpecificationRefused
from apps.generation.services.questions import AnswerRefused, evidence_of, question_answer
from apps.generation.services.review_subject import selected_candidate
from apps.generation.services.reviews import RequirementsUnmet
from apps.generation.services.verbs import tests_write as write_tests
from apps.generation.services.verbs import vote_take
from apps.governance.models import User
from apps.jobs.models import Job
from apps.providers.models import Provider
from tests.fault_server import FaultServer
from tests.generation.test_delivery import deliver
from tests.generation.test_review import vote
from tests.git import git
from tests.policies import code_rules_ruled
from tests.shop import work_off

pytestmark = pytest.mark.django_db(transaction=True)

Submit = Callable[..., CodeGenerationRequest]
Status = CodeGenerationRequest.Status

SPEC = """Write `function slugify(text)` in JavaScript that makes a slug of a title.

- Letters become lower case.
- What is no letter or digit becomes one hyphen.

slugify('Hello World') // -> 'hello-world'
slugify('A  b') // -> 'a-b'
slugify(null) throws TypeError
"""
RIGHT = """```js
/** Makes a slug. */
export function slugify(text) {
  if (typeof text !== 'string') throw new TypeError('text is no string');
  return text.toLowerCase().replace(/[^a-z0-9]+/g, '-');
}
```

```js
import test from 'node:test';
import assert from 'node:assert';
import { slugify } from './solution.mjs';
test('keeps digits', () => { assert.strictEqual(slugify('7 Up'), '7-up'); });
```
"""
SAME = """```javascript
export function slugify(title) {
  if (typeof title !== "string") throw new TypeError("text is no string")
  return (title.toLowerCase().replace(/[^a-z0-9]+/g, "-"))
}
```"""
WRONG = "```js\nexport function slugify(text) {\n  return text.toLowerCase().replace(' ', '-');\n}\n```"
LOST = "```js\nimport fs from 'node:fs';\nexport function slugify(text) { return fs.readFileSync(text); }\n```"
BROKEN = "```js\nexport function slugify(text {\n```"
TYPED = """```ts
interface Options { max?: number }
export function slugify(text: string, options: Options = {}): string {
  if (typeof text !== 'string') throw new TypeError('text is no string');
  return text.toLowerCase().replace(/[^a-z0-9]+/g, '-' as string);
}
```"""
ENUM = "```ts\nenum Mode { A }\nexport function slugify(text: string): string { return text; }\n```"


def _run(request: CodeGenerationRequest) -> GenerationRun:
    return GenerationRun.objects.select_related("request").get(pk=request.pk)


def test_the_persons_examples_decide_and_the_same_program_counts_once(
    submit: Submit, provider: Provider, server: FaultServer
) -> None:
    server.answers([WRONG, RIGHT, SAME])
    request = submit(SPEC, target_path="src/slugify.mjs")
    job = work_off(request)
    assert (job.state, job.error, request.status) == (Job.State.SUCCEEDED, "", Status.IN_REVIEW)
    assert request.target_language == "javascript"
    consensus = CodeGenerationConsensus.objects.get(request=request)
    assert consensus.selected_implementation is not None
    assert "typeof" in consensus.selected_implementation.generated_code
    states = sorted(Candidate.objects.filter(request=request).values_list("state", "examples_passed"))
    assert states == [("duplicate", None), ("executed", 2), ("executed", 3)]
    shown = consensus.voting_details["distinguishing"]
    assert shown["call"].startswith("slugify(")
    assert any("returns" in output["text"] or "raises" in output["text"] for output in shown["outputs"])


def test_lint_security_and_syntax_are_checked_and_what_reads_python_only_is_not_applicable(
    submit: Submit, provider: Provider, server: FaultServer, client: Client, owner: User
) -> None:
    server.answers([RIGHT])
    request = submit(SPEC, target_path="src/slugify.mjs")
    work_off(request)
    candidate = Candidate.objects.filter(request=request, state="executed").get()
    assert {check["tool"]: check["status"] for check in candidate.checks} == {
        "javascript-lint": "passed",
        "tsc": "not_applicable",
        "javascript-security": "passed",
        "antipatterns": "not_applicable",
        "dependencies": "passed",
        "node": "passed",
    }
    assert candidate.implementation is not None
    assert candidate.implementation.security_score == 1
    client.force_login(owner)
    page = client.get(reverse("generation:review", args=[request.pk])).content.decode()
    assert "not applicable" in page
    assert "Syntax" in page


INSECURE = """```js
export function slugify(text) {
  if (typeof text !== 'string') throw new TypeError('text is no string');
  const shown = eval('text.toLowerCase()');
  const unused = 1;
  return shown.replace(/[^a-z0-9]+/g, '-');
}
```"""


@pytest.mark.slow
def test_an_insecure_candidate_says_where_has_a_lower_score_and_is_stopped_at_the_merge(
    submit: Submit, provider: Provider, server: FaultServer, reviewer: User, owner: User
) -> None:
    server.answers([INSECURE])
    run = _run(submit(SPEC, title="Slugs", target_path="src/slugify.mjs"))
    work_off(run.request)
    candidate = Candidate.objects.select_related("implementation").get(request=run.request, state="executed")
    found = {check["tool"]: check for check in candidate.checks}
    (told,) = found["javascript-security"]["findings"]
    assert (told["rule"], told["severity"], told["line"]) == ("code-from-text", "high", 3)
    assert [one["rule"] for one in found["javascript-lint"]["findings"]] == ["no-unused-vars"]
    assert candidate.implementation is not None
    assert str(candidate.implementation.security_score) == "0.50"
    vote(_run(run.request), reviewer)
    vote(_run(run.request), owner)
    assert {"lint", "security"} <= set(deliver(_run(run.request)).failing_gates)


def test_what_cannot_be_used_says_why(submit: Submit, provider: Provider, server: FaultServer) -> None:
    server.answers([BROKEN, LOST, RIGHT])
    request = submit(SPEC, target_path="src/slugify.mjs")
    work_off(request)
    assert request.status == Status.IN_REVIEW
    reasons = set(Candidate.objects.filter(request=request).values_list("reason", flat=True))
    assert any(reason.startswith("The code does not parse: line 1") for reason in reasons)
    assert "The code imports node:fs, which is not there when it is run alone." in reasons


def test_a_request_goes_from_the_text_to_a_merged_commit(
    submit: Submit, provider: Provider, server: FaultServer, code: Path, reviewer: User, owner: User
) -> None:
    server.answers([RIGHT])
    run = _run(submit(SPEC, title="Slugs", target_path="src/slugify.mjs"))
    work_off(run.request)
    run = _run(run.request)
    vote(run, reviewer)
    vote(run, owner)
    gates = {gate["gate"]: gate for gate in deliver(run).gates}
    assert {name: gate["status"] for name, gate in gates.items()} == {
        "lint": "passed",
        "types": "not_applicable",
        "security": "passed",
        "syntax": "passed",
        "tests": "passed",
    }
    assert "3 passed" in gates["tests"]["detail"]
    assert PullRequest.objects.get(request_id=run.pk).failing_gates == []
    pull_request_merge(request_id=run.pk, actor=owner, is_interactive=True)
    assert (code / "src/slugify.mjs").read_text().startswith("/** Makes a slug. */\nexport function slugify(text) {")
    assert git(code, "show", "--name-only", "--format=", "HEAD^2").splitlines() == [
        "docs/slugify.md",
        "src/slugify.mjs",
        "tests/slugify.test.mjs",
    ]
    tests = (code / "tests/slugify.test.mjs").read_text()
    assert 'import { slugify } from "../src/slugify.mjs";' in tests
    assert "assert.throws(() => slugify(null), TypeError);" in tests
    page = (code / "docs/slugify.md").read_text()
    assert "```js\nfunction slugify(text)\n```" in page
    assert "- throws `TypeError`" in page
    assert "slugify('Hello World'); // -> \"hello-world\"" in page


COVERED = SPEC + "\nTest coverage must be at least 90 %. The cyclomatic complexity must be at most 5.\n"


@pytest.mark.slow
def test_coverage_and_complexity_that_are_asked_for_are_gates(
    submit: Submit, provider: Provider, server: FaultServer, reviewer: User, owner: User
) -> None:
    server.answers([RIGHT])
    run = _run(submit(COVERED, target_path="src/slugify.mjs"))
    work_off(run.request)
    run = _run(run.request)
    vote(run, reviewer)
    vote(run, owner)
    gates = {gate["gate"]: gate for gate in deliver(run).gates}
    assert (gates["coverage"]["status"], gates["complexity"]["status"]) == ("passed", "passed")
    assert "100.0 % of the lines" in gates["coverage"]["detail"]


@pytest.mark.slow
def test_types_are_taken_out_before_typescript_is_run_and_stay_in_the_commit(
    submit: Submit, provider: Provider, server: FaultServer, code: Path, reviewer: User, owner: User
) -> None:
    server.answers([ENUM, TYPED, WRONG])
    run = _run(submit(SPEC.replace("JavaScript", "TypeScript"), target_path="src/slugify.ts"))
    work_off(run.request)
    assert run.request.target_language == "typescript"
    reasons = list(Candidate.objects.filter(request=run.request, state="unparsable").values_list("reason", flat=True))
    assert reasons == [
        "Line 1 holds an enum, which is more than a type: it cannot be run without a compiler. "
        "Write it in plain JavaScript with types."
    ]
    run = _run(run.request)
    vote(run, reviewer)
    vote(run, owner)
    pull_request = deliver(run)
    gates = {gate["gate"]: gate for gate in pull_request.gates}
    assert (gates["tests"]["status"], gates["syntax"]["status"]) == ("passed", "passed"), gates
    assert gates["types"]["status"] == "passed", gates["types"]
    pull_request_merge(request_id=run.pk, actor=owner, is_interactive=True)
    assert "text: string, options: Options = {}): string" in (code / "src/slugify.ts").read_text()
    assert (code / "tests/slugify.test.mts").exists()


def test_the_language_is_that_of_the_file_else_of_the_request_else_of_the_text(
    submit: Submit, provider: Provider
) -> None:
    assert submit(SPEC).run.target_path == "slugify.mjs"
    assert submit("Write f(x).\n\nf(1) -> 2", target_language="typescript").run.target_path == "f.ts"
    with pytest.raises(SpecificationRefused, match="Code in Rust cannot be generated yet") as refused:
        submit(SPEC, target_language="rust")
    assert refused.value.remedy == "Use python, javascript or typescript."
    with pytest.raises(SpecificationRefused, match=r"a\.py is a file of Python, but TypeScript was asked for"):
        submit(SPEC, target_path="a.py", target_language="typescript")
    conflict = submit(SPEC, target_path="shop/slugs.py").run.analysis["issues"][0]
    assert conflict["message"].startswith("The text asks for JavaScript, but shop/slugs.py is a file of Python")


def test_without_node_a_request_is_refused_with_a_way_on(
    submit: Submit, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = ("There is no node on this machine, so JavaScript and TypeScript cannot be run.", "Install Node.js 20.")
    monkeypatch.setattr("apps.generation.services.languages.node_missing", lambda: missing)
    with pytest.raises(SpecificationRefused, match=r"JavaScript cannot be judged here\. There is no node") as refused:
        submit(SPEC)
    assert refused.value.remedy == "Install Node.js 20. Or ask for Python."
    assert submit("Write `def f(x: int) -> int`.\n\n>>> f(1)\n2").target_language == "python"


def test_what_is_asked_of_a_model_names_the_language_and_the_style(
    submit: Submit, provider: Provider, server: FaultServer
) -> None:
    server.answers([RIGHT])
    work_off(submit(SPEC, target_path="lib/slugify.cjs"))
    asked = server.requests[0].prompt
    assert "You write JavaScript code" in asked
    assert "It is a CommonJS module" in asked
    assert "`slugify(null)` throws TypeError" in asked
    assert "node:test tests that import from `./solution.mjs`" in asked


OPEN = "Write `function half(n)` in JavaScript.\n\nhalf(4) // -> 2\nhalf(2) // -> 1\n"
DOWN = "```js\nexport const half = (n) => Math.floor(n / 2);\n```"
EXACT = "```js\nexport const half = (n) => n / 2;\n```"
NOTHING = "```js\nexport const half = (n) => n % 2 ? undefined : n / 2;\n```"


@pytest.mark.slow
def test_a_person_answers_a_question_with_a_value_of_the_language(
    submit: Submit, provider: Provider, server: FaultServer, client: Client, engineer: User, owner: User
) -> None:
    server.answers([DOWN, EXACT, NOTHING])
    run = _run(submit(OPEN, target_path="half.mjs"))
    work_off(run.request)
    client.force_login(owner)
    page = client.get(reverse("generation:review", args=[run.pk])).content.decode()
    assert "as a JavaScript value" in page
    assert "returns undefined" in page
    asked = evidence_of(_run(run.request))
    question = asked.question()
    assert question is not None
    position = asked.rows[question.index].position
    with pytest.raises(AnswerRefused, match="That is no JavaScript value") as refused:
        question_answer(request_id=run.pk, position=position, reply="returns", value="None", actor=engineer)
    assert "[1, 2], null, 0.5" in refused.value.remedy
    question_answer(request_id=run.pk, position=position, reply="returns", value="undefined", actor=engineer)
    consensus = CodeGenerationConsensus.objects.get(request=run.request)
    assert consensus.selected_implementation is not None
    assert "undefined" in consensus.selected_implementation.generated_code
    candidate = Candidate.objects.filter(request=run.request, state="executed").first()
    assert candidate is not None
    assert "gives undefined" in candidate.patch
    assert "returns undefined." in consensus.voting_details["answers"][0]["text"]


def test_tests_and_votes_at_once_know_the_language(engineer: User) -> None:
    made = write_tests(title="Half", text=OPEN, module="shop.half", requested_by=engineer)
    assert 'import { half } from "./shop/half.mjs";' in made.generated_code
    sources = [("a", EXACT), ("b", DOWN), ("c", EXACT)]
    vote = vote_take(title="Half", text=OPEN, sources=[(name, code[6:-4]) for name, code in sources])
    assert vote["selected"] in ("a", "c")
    assert [cluster["members"] for cluster in vote["clusters"]] == [["a", "c"], ["b"]]
    vote = vote_take(title="Half", text=OPEN, sources=[("a", "const other = 1;")])
    (failed,) = vote["failed"]
    assert failed["name"] == "a"
    assert failed["reason"].startswith("The code does not define half at its top level")


@pytest.mark.slow
def test_a_change_to_a_file_sees_the_file_and_what_is_like_it_and_replaces_in_place(
    submit: Submit, provider: Provider, server: FaultServer, code: Path
) -> None:
    (code / "src").mkdir()
    (code / "package.json").write_text('{"type": "module"}')
    cleaning = "/** Cleans a title. */\nexport function cleanTitle(text) {\n  return text.trim();\n}\n"
    (code / "src/text.js").write_text(cleaning)
    before = (
        "import { cleanTitle } from './text.js';\n\nexport const slugify = cleanTitle;\n\nexport const other = 1;\n"
    )
    (code / "src/slug.js").write_text(before)
    git(code, "add", ".")
    git(code, "commit", "--quiet", "-m", "Add texts")
    answer = RIGHT.replace("return text.toLowerCase()", "return cleanTitle(text).toLowerCase()")
    server.answers([answer.replace("/** Makes", "import { cleanTitle } from './text.js';\n\n/** Makes")])
    request = submit(SPEC + "\nUse cleanTitle.")
    work_off(request)
    assert (request.run.target_path, request.status) == ("src/slug.js", Status.IN_REVIEW)
    asked = server.requests[0].prompt
    assert "return text.trim();" in asked and "export const slugify = cleanTitle;" in asked
    assert "It is an ES module" in asked and "def parse_amount" not in asked
    candidate = Candidate.objects.filter(request=request, state="executed").get()
    assert candidate.examples_passed == 3
    assert "+export function slugify(text) {" in candidate.patch
    assert "-export const slugify = cleanTitle;" in candidate.patch
    assert "+import { cleanTitle }" not in candidate.patch and "+export const other" not in candidate.patch


@pytest.mark.slow
def test_a_second_attempt_is_asked_for_in_the_words_of_the_language(
    submit: Submit, provider: Provider, server: FaultServer
) -> None:
    Provider.objects.filter(pk=provider.pk).update(samples=1, further_samples=2)
    server.answers([WRONG, RIGHT, RIGHT])
    request = submit(SPEC, target_path="src/slugify.mjs")
    work_off(request)
    assert request.status == Status.IN_REVIEW
    shown = next(one.prompt for one in server.requests if "Your program was run" in one.prompt)
    assert 'slugify("A  b") must give: "a-b". The program: returns "a- b".' in shown
    assert "```javascript\nexport function slugify(text)" in shown
    assert Candidate.objects.filter(request=request, examples_passed=3).exists()


def test_what_is_asked_stands_in_the_way_of_the_approval_in_javascript_too(
    submit: Submit, provider: Provider, server: FaultServer, reviewer: User
) -> None:
    server.answers([RIGHT])
    asked = "\nThe cyclomatic complexity must be at most 1. It must not use the lodash library.\n"
    request = submit(SPEC + asked, target_path="src/slugify.mjs")
    work_off(request)
    run = _run(request)
    code_rules_ruled(run.repository, {"dependencies_denied": ["lodash"], "forbidden_patterns": ["bare-except"]})
    work_off(request)
    gates = {gate["gate"]: gate for gate in selected_candidate(run=run).gates}
    assert {name: gate["status"] for name, gate in gates.items()} == {
        "complexity": "failed",
        "dependencies": "passed",
        "policy": "failed",
    }
    assert "more than asked for" in gates["complexity"]["findings"][0]["message"]
    assert "Patterns are structures of Python" in gates["policy"]["detail"]
    with pytest.raises(RequirementsUnmet, match="complexity and policy"):
        vote(run, reviewer)
