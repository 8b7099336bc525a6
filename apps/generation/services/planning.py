"""What submitting a specification would begin: read, placed, rated, and refused where it cannot go on."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from apps.checks.types import plain_text
from apps.core.errors import Flaw
from apps.generation.engine import context as context_engine
from apps.generation.engine.javascript.modules import SOURCES
from apps.generation.engine.patches import is_usable_path
from apps.generation.engine.specification import (
    MAX_CHARACTERS,
    Demands,
    Specification,
    analyse,
    risk_tier,
    with_demands,
)
from apps.generation.engine.specification.languages import language_of_path
from apps.generation.services.blocking import specification_require_submittable
from apps.generation.services.languages import (
    NOT_OURS,
    SpecificationRefused,
    language_around,
    language_require,
    language_stated,
    node_require,
    target_choose,
)
from apps.generation.services.weights import task_family
from apps.governance.models import User
from apps.governance.selectors import can
from apps.governance.services import Denial, GenerationRefused, NotAllowed, generation_require_allowed
from apps.governance.types import Action, Leave
from apps.repositories.models import Repository
from apps.repositories.selectors import files_at, head_sha, names_known, object_kind

_WORD = re.compile(r"[A-Za-z_$][\w$]*")
READABLE = (".py", ".md", *SOURCES, "package.json")


@dataclass(frozen=True)
class Plan:
    """What submitting a specification would begin. ``text`` has the demands in it; ``leave`` says who may be asked."""

    specification: Specification
    text: str
    base_sha: str
    files: Mapping[str, str]
    language: str
    path: str
    tier: str
    task_class: str
    leave: Leave


def submission_plan(
    *,
    requester: User,
    repository: Repository,
    title: str,
    text: str,
    target_path: str = "",
    target_language: str = "",
    demands: Demands | None = None,
    is_consistent: bool = False,
) -> Plan:
    """
    Read a specification as ``request_submit`` does, and refuse what it refuses but for who could approve it.

    :raises NotAllowed: the requester may not submit specifications for the repository.
    :raises GenerationRefused: generation is suspended there, or no rung of the ladder opens it.
    :raises SpecificationRefused: the text is empty, too long, contradicts itself, leaves nothing to check, or asks for
        a language that cannot be generated, or run.
    :raises RepositoryUnavailable: the repository cannot be opened.
    :raises RepositoryEmpty: the repository has no commit.
    """
    _check_submittable(requester, repository, title, text)
    text = with_demands(text, demands) if demands else text
    base_sha = head_sha(repository)
    specification = specification_analyse(
        title=title,
        text=text,
        repository=repository,
        target_path=target_path,
        target_language=language_stated(target_path=target_path, stated=target_language),
    )
    language = language_require(specification).name
    node_require(language)
    specification_require_submittable(specification, is_consistent=is_consistent)
    files = repository_files(repository, base_sha)
    path = target_path.strip() or target_choose(specification, files, language)
    _check_target(path, repository, base_sha, files)
    tier = risk_tier(specification, paths=[path] if path in files else []).value
    task_class = task_family(specification)
    leave = _leave(repository, tier, task_class)
    return Plan(specification, text, base_sha, files, language, path, tier, task_class, leave)


def _leave(repository: Repository, tier: str, task_class: str) -> Leave:
    try:
        return generation_require_allowed(
            scope=repository.scope, risk=tier, task_class=task_class, action="request.submit", object_id=repository.pk
        )
    except GenerationRefused as error:
        error.errors = (Flaw("repository", error.code, str(error)),)
        raise


def specification_analyse(
    *, title: str, text: str, repository: Repository | None = None, target_path: str = "", target_language: str = ""
) -> Specification:
    """
    Read a specification, knowing what of *repository* it mentions and which language most of that is in.

    :raises RepositoryUnavailable: the repository cannot be opened.
    :raises RepositoryEmpty: the repository has no commit.
    """
    return analyse(
        text,
        title=title,
        known_symbols=_names_mentioned(repository, f"{title}\n{text}") if repository else [],
        target_path=target_path.strip(),
        target_language=target_language,
        repository_language=language_around(repository) if repository else "",
    )


def _names_mentioned(repository: Repository, text: str) -> list[str]:
    """The index knows; before there is one, the files are read."""
    words = set(_WORD.findall(text[:MAX_CHARACTERS]))
    names = names_known(repository=repository, words=words)
    if names is not None:
        return names
    files = repository_files(repository, head_sha(repository))
    return sorted({symbol.name for symbol in context_engine.symbols_of(files)} & words)


def repository_files(repository: Repository, sha: str) -> dict[str, str]:
    """Return the files of *repository* at *sha* that requests are about; those that are no UTF-8 text are left out."""
    readable: dict[str, str] = {}
    for path, content in files_at(repository, sha, suffixes=READABLE).items():
        try:
            text = content.decode()
        except UnicodeDecodeError:
            continue
        if plain_text(path + text) == path + text and NOT_OURS not in f"/{path}":
            readable[path] = text
    return readable


def _check_submittable(requester: User, repository: Repository, title: str, text: str) -> None:
    if not can(requester, Action.SPEC_WRITE, repository.scope):
        raise NotAllowed(
            f"You may read {repository.name} but not submit specifications for it.",
            remedy="Ask an administrator.",
            denial=Denial(Action.SPEC_WRITE.value, "repository", str(repository.pk), repository.scope_id),
        )
    if not title.strip():
        raise SpecificationRefused(
            "The specification has no title.", remedy="Give it one; it names the branch's commit."
        )
    if not text.strip():
        raise SpecificationRefused("The specification is empty.", remedy="Say what the code must do.")
    if plain_text(title + text) != title + text:
        raise SpecificationRefused(
            "The specification holds a character that cannot be stored, such as NUL.", remedy="Remove it."
        )
    if len(text) > MAX_CHARACTERS:
        raise SpecificationRefused(
            f"The specification has {len(text):,} characters; {MAX_CHARACTERS:,} can be read.",
            remedy="Split it into several requests.",
        )


def _check_target(path: str, repository: Repository, sha: str, files: Mapping[str, str]) -> None:
    """Refuse a path that a patch cannot write, or where something stands that is no readable text."""
    if not language_of_path(path) or not is_usable_path(path) or path.endswith((".d.ts", ".d.mts", ".d.cts")):
        raise SpecificationRefused(
            f"{path} cannot be a file of the repository.",
            remedy="Give a relative path such as package/module.py, src/module.mjs or src/module.ts.",
        )
    if path in files:
        return
    if object_kind(repository, sha, path):
        raise SpecificationRefused(
            f"{path} is in the repository but cannot be changed: it is a link, too large, or no UTF-8 text.",
            remedy="Choose another file.",
        )
    folders = [str(folder) for folder in PurePosixPath(path).parents][:-1]
    if any(object_kind(repository, sha, folder) not in {"", "tree"} for folder in folders):
        raise SpecificationRefused(f"{path} lies below something that is no folder.", remedy="Choose another file.")
