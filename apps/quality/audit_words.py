"""How people read of what quality writes into the audit chain."""

from __future__ import annotations

from apps.governance.audit_words import audit_words_register

audit_words_register(
    {
        "proposal.apply": ("put", "put", "a proposal for {place} on a branch"),
        "proposal.discard": ("discard", "discarded", "a proposal for {place}"),
        "quality.coverage": ("ask", "asked", "for the coverage of {place}"),
        "quality.coverage_upload": ("record", "recorded", "coverage of {place}"),
        "quality.debt": ("ask", "asked", "for the debt of {place}"),
        "quality.defects_upload": ("record", "recorded", "defects of {place}"),
        "quality.quarantine": ("quarantine", "quarantined", "the test {test} of {place}"),
        "quality.quarantine_lift": ("lift", "lifted", "the quarantine of {test} of {place}"),
        "quality.rerun": ("ask", "asked", "for reruns of the tests of {place}"),
        "quality.tests_upload": ("record", "recorded", "a test run of {place}"),
    }
)
