"""Samples of metrics and baselines as API resources."""

from __future__ import annotations

from apps.console.models import Baseline, MetricSample
from apps.governance.rest import Resource


class MetricSampleResource(Resource):
    """What a metric was on a day, over four weeks, in a repository or an organisation."""

    noun = "metric-samples"
    prefix = "sample"
    model = MetricSample
    permit = "quality:read"
    columns = {
        "id": "pk",
        "key": "",
        "scope": "",
        "origin": "",
        "day": "",
        "version": "",
        "value": "",
        "n": "",
        "low": "",
        "high": "",
        "as_of": "",
        "missing": "",
        "is_error": "",
        "taken_at": "",
    }
    references = {"scope": "scope"}
    filters = ("key", "scope", "origin", "day")
    newest = "taken_at"
    place_path = "scope"


class BaselineResource(Resource):
    """What a metric was in the past, imported; the highest version of a place counts."""

    noun = "baselines"
    prefix = "baseline"
    model = Baseline
    permit = "quality:read"
    columns = {
        "id": "pk",
        "scope": "",
        "key": "",
        "version": "",
        "value": "",
        "period_start": "",
        "period_end": "",
        "source": "",
        "imported_by": "",
        "imported_at": "",
    }
    references = {"scope": "scope", "imported_by": "user"}
    filters = ("scope", "key", "version")
    newest = "imported_at"
    place_path = "scope"
