"""Why an architecture could not be judged."""

from __future__ import annotations

from apps.core.errors import NofxError

ANALYSIS_JOB = "evolution.analyse"
# An analysis is about a revision; the name is ours, because other apps have jobs about revisions too.
ANALYSIS_SUBJECT = "evolution_revision"


class NothingToSuggest(NofxError):
    """The architecture holds nothing that the rules would change."""

    code = "evolution.nothing_to_suggest"
    status = 422


class MigrationRefused(NofxError):
    """The platform was asked to change code by itself."""

    code = "evolution.migration_refused"
    status = 422


class InputInvalid(NofxError):
    """What is to be analysed is named in a way that cannot be meant."""

    code = "evolution.input_invalid"
    status = 422
