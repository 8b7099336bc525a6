"""People, roles and tokens in the admin site; ballots, policies and the audit chain to read."""

from apps.governance.admin import access, attestation, gates, ladder, people, records, retention, sign_in

__all__ = ["access", "attestation", "gates", "ladder", "people", "records", "retention", "sign_in"]
