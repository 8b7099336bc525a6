"""Runs of tests, tests, outcomes, tallies and quarantines, and defects of production, as API resources."""

from __future__ import annotations

from apps.governance.rest import Resource
from apps.quality.models import Defect, DefectReport, Quarantine, SuiteOutcome, SuiteRun, SuiteTally, SuiteTest
from apps.repositories.selectors import repository_ids


class SuiteRunResource(Resource):
    """One run of a commit's own tests, in the sandbox or in a build."""

    noun = "test-runs"
    prefix = "testrun"
    model = SuiteRun
    permit = "quality:read"
    columns = {
        "id": "pk",
        "revision": "",
        "environment": "",
        "source": "",
        "is_infrastructure": "",
        "reason": "",
        "passed": "",
        "failed": "",
        "skipped": "",
        "seconds": "",
        "uploaded_by": "",
        "created_at": "",
    }
    references = {"revision": "rev", "uploaded_by": "user"}
    filters = ("revision", "environment", "source", "is_infrastructure")
    place_path = "revision__repository"
    places = staticmethod(repository_ids)


class SuiteTestResource(Resource):
    """A test of a repository, known by the name that its runner gives it."""

    noun = "tests"
    prefix = "test"
    model = SuiteTest
    permit = "quality:read"
    columns = {"id": "pk", "repository": "", "name": "", "created_at": ""}
    references = {"repository": "repo"}
    filters = ("repository", "name")
    place_path = "repository"
    places = staticmethod(repository_ids)


class SuiteOutcomeResource(Resource):
    """What became of one test in one run."""

    noun = "test-outcomes"
    prefix = "outcome"
    model = SuiteOutcome
    permit = "quality:read"
    columns = {"id": "pk", "run": "", "test": "", "outcome": "", "seconds": ""}
    references = {"run": "testrun", "test": "test"}
    filters = ("run", "test", "outcome")
    newest = None
    place_path = "test__repository"
    places = staticmethod(repository_ids)


class SuiteTallyResource(Resource):
    """How often one test passed and failed on one commit in one environment."""

    noun = "test-tallies"
    prefix = "tally"
    model = SuiteTally
    permit = "quality:read"
    columns = {
        "id": "pk",
        "test": "",
        "revision": "",
        "environment": "",
        "passed": "",
        "failed": "",
        "skipped": "",
        "seconds": "",
        "last_at": "",
    }
    references = {"test": "test", "revision": "rev"}
    filters = ("test", "revision", "environment")
    newest = "last_at"
    place_path = "repository"
    places = staticmethod(repository_ids)


class QuarantineResource(Resource):
    """A test that somebody answers for until a day; its runs go on counting."""

    noun = "quarantines"
    prefix = "quarantine"
    model = Quarantine
    permit = "quality:read"
    columns = {
        "id": "pk",
        "test": "",
        "owner": "",
        "reason": "",
        "ends_at": "",
        "set_by": "",
        "lifted_at": "",
        "lifted_by": "",
        "created_at": "",
    }
    references = {"test": "test", "owner": "user", "set_by": "user", "lifted_by": "user"}
    filters = ("test", "owner")
    place_path = "test__repository"
    places = staticmethod(repository_ids)


class DefectResource(Resource):
    """A fault that was found in production, with whose lines its fix changed."""

    noun = "defects"
    prefix = "defect"
    model = Defect
    permit = "quality:read"
    columns = {
        "id": "pk",
        "repository": "",
        "key": "",
        "title": "",
        "found_at": "",
        "url": "",
        "is_withdrawn": "",
        "fix_sha": "",
        "is_fix_named": "",
        "blamed": "",
        "origin": "",
        "created_at": "",
    }
    references = {"repository": "repo"}
    filters = ("repository", "key", "origin", "is_withdrawn")
    place_path = "repository"
    places = staticmethod(repository_ids)


class DefectReportResource(Resource):
    """That somebody told of a repository's defects, if only that there was none."""

    noun = "defect-reports"
    prefix = "defectreport"
    model = DefectReport
    permit = "quality:read"
    columns = {"id": "pk", "repository": "", "defects": "", "sent_by": "", "created_at": ""}
    references = {"repository": "repo", "sent_by": "user"}
    filters = ("repository",)
    place_path = "repository"
    places = staticmethod(repository_ids)
