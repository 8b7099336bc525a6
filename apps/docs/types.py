"""Why a page could not be written."""

from __future__ import annotations

from apps.core.errors import NofxError

GENERATE_JOB = "docs.generate"
VALIDATE_JOB = "docs.validate"
OBSERVE_JOB = "docs.observe"
# A page is written of a revision; the name is ours, because other apps have jobs about revisions too.
GENERATE_SUBJECT = "docs_revision"
VALIDATE_SUBJECT = "docs_page"


class NothingToDocument(NofxError):
    """The code offers nothing to others."""

    code = "docs.nothing_to_document"
    status = 422


class InputInvalid(NofxError):
    """What is to be documented is named in a way that cannot be meant."""

    code = "docs.input_invalid"
    status = 422
