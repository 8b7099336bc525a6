"""Why a page could not be written."""

from __future__ import annotations

from apps.core.errors import NofxError


class NothingToDocument(NofxError):
    """The code offers nothing to others."""

    code = "docs.nothing_to_document"
    status = 422


class InputInvalid(NofxError):
    """What is to be documented is named in a way that cannot be meant."""

    code = "docs.input_invalid"
    status = 422
