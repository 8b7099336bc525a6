"""Which language a request is written in, and where its code goes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import lru_cache
from pathlib import PurePosixPath

from apps.core.errors import NofxError
from apps.generation.engine import context as context_engine
from apps.generation.engine.javascript.modules import is_javascript, is_test
from apps.generation.engine.javascript.program import defined_names
from apps.generation.engine.languages import LANGUAGES, Language, file_name
from apps.generation.engine.specification import Specification
from apps.generation.engine.specification.languages import language_name, language_of_path
from apps.repositories.models import Repository
from apps.repositories.selectors import head_sha, paths_at
from apps.sandbox.services import node_missing

SUFFIX_OF = {"python": ".py", "javascript": ".mjs", "typescript": ".ts"}
ANY_OF = "Use python, javascript or typescript."
FOLDERS = ("src", "lib")
NOT_OURS = "/node_modules/"


class SpecificationRefused(NofxError):
    """The specification cannot be submitted as it stands."""

    code = "specification.refused"
    status = 422


def language_stated(*, target_path: str, stated: str) -> str:
    """
    Return the language named with a request as the platform calls it, "" for none.

    :raises SpecificationRefused: it cannot be generated, or contradicts the file.
    """
    stated, of_file = stated.strip().lower(), language_of_path(target_path.strip())
    if stated and stated not in LANGUAGES:
        raise SpecificationRefused(f"Code in {language_name(stated)} cannot be generated yet.", remedy=ANY_OF)
    if stated and of_file and stated != of_file:
        raise SpecificationRefused(
            f"{target_path.strip()} is a file of {language_name(of_file)}, but {language_name(stated)} was asked for.",
            remedy="Name a file of that language, or leave the file or the language to the platform.",
        )
    return stated


def language_require(specification: Specification) -> Language:
    """
    Return the language that *specification* is to be written in.

    :raises SpecificationRefused: the text asks for one that cannot be generated.
    """
    if specification.target_language not in LANGUAGES:
        raise SpecificationRefused(
            f"The text asks for {language_name(specification.target_language)}, which cannot be generated yet.",
            remedy="Say in the text whether Python, JavaScript or TypeScript will do, or name a file of it.",
        )
    return LANGUAGES[specification.target_language]


def language_around(repository: Repository) -> str:
    """
    Return the language that most of the code of *repository* is in at its newest commit, "" where there is none.

    :raises RepositoryUnavailable: the repository cannot be opened.
    :raises RepositoryEmpty: the repository has no commit.
    """
    return _language_at(repository, head_sha(repository))


@lru_cache(maxsize=256)
def _language_at(repository: Repository, sha: str) -> str:
    """A commit never changes, and whoever writes a specification has it read again every second."""
    counts = Counter(language_of_path(path) for path in paths_at(repository, sha) if _is_own_source(path))
    scripts = counts["javascript"] + counts["typescript"]
    if not scripts and not counts["python"]:
        return ""
    if counts["python"] >= scripts:
        return "python"
    return "javascript" if counts["javascript"] >= counts["typescript"] else "typescript"


def _is_own_source(path: str) -> bool:
    return (is_javascript(path) or path.endswith(".py")) and not is_test(path) and NOT_OURS not in f"/{path}"


def node_require(language: str) -> None:
    """
    Refuse what could be written but never be run here: nobody could say which candidate is right.

    :raises SpecificationRefused: *language* needs node, and there is none.
    """
    problem, remedy = node_missing() if language != "python" else ("", "")
    if problem:
        raise SpecificationRefused(
            f"{language_name(language)} cannot be judged here. {problem}",
            remedy=f"{remedy} Or ask for Python.",
        )


def target_choose(specification: Specification, files: Mapping[str, str], language: str) -> str:
    """Return the file that the code goes to: the one that defines the entry, else a new one beside the others."""
    if language == "python":
        return context_engine.choose_target(specification.entry, specification.title, files)
    sources = [path for path in sorted(files) if is_javascript(path) and not is_test(path)]
    own = [path for path in sources if language_of_path(path) == language]
    for path in own:
        if specification.entry in defined_names(files[path], is_typed=language == "typescript"):
            return path
    folders = Counter(path.split("/")[0] for path in sources if "/" in path)
    folder = next((name for name in FOLDERS if name in folders), "")
    suffixes = Counter(PurePosixPath(path).suffix for path in own)
    suffix = suffixes.most_common(1)[0][0] if suffixes else SUFFIX_OF[language]
    name = file_name(specification.entry, specification.title, suffix)
    return f"{folder}/{name}" if folder else name
