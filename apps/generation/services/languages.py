"""Which language a request is written in, and where its code goes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import PurePosixPath

from apps.core.errors import NofxError
from apps.generation.engine import context as context_engine
from apps.generation.engine.javascript.modules import is_javascript, is_test
from apps.generation.engine.javascript.program import defined_names
from apps.generation.engine.languages import LANGUAGES, file_name
from apps.generation.engine.specification import Specification
from apps.generation.engine.specification.languages import language_name, language_of_path, target_language
from apps.sandbox.services import node_missing

SUFFIX_OF = {"python": ".py", "javascript": ".mjs", "typescript": ".ts"}
ANY_OF = "Use python, javascript or typescript."
FOLDERS = ("src", "lib")


class SpecificationRefused(NofxError):
    """The specification cannot be submitted as it stands."""

    code = "specification.refused"
    status = 422


def language_choose(*, target_path: str, stated: str, title: str, text: str) -> str:
    """
    Return the language to write in: that of the file, else the one stated, else what the text asks for.

    A language in the text that nobody here writes is a finding of the analysis; Python is written then.

    :raises SpecificationRefused: the language cannot be generated, contradicts the file, or cannot be run here.
    """
    stated, of_file = stated.strip().lower(), language_of_path(target_path.strip())
    if stated and stated not in LANGUAGES:
        raise SpecificationRefused(f"Code in {stated} cannot be generated yet.", remedy=ANY_OF)
    if stated and of_file and stated != of_file:
        raise SpecificationRefused(
            f"{target_path.strip()} is a file of {language_name(of_file)}, but {language_name(stated)} was asked for.",
            remedy="Name a file of that language, or leave the file or the language to the platform.",
        )
    asked = target_language(f"{title}\n{text}")
    language = of_file or stated or (asked if asked in LANGUAGES else "python")
    if language != "python":
        _require_node(language)
    return language


def _require_node(language: str) -> None:
    """Refuse what could be written but never be run: nobody could say which candidate is right."""
    problem, remedy = node_missing()
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
