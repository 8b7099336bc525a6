"""``nofx audit``: exit codes that a script can rely on."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.db import connection

from apps.governance.models import AuditEvent, User
from apps.governance.services import audit_record, scope_create, token_issue
from nofx.cli import main

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.NOFX_AUDIT_ANCHORS = tmp_path / "anchors"


def test_a_whole_chain_is_verified_with_its_anchor(capsys):
    audit_record(action="a", object_kind="k", object_id=1, actor=None)
    assert main(["audit", "anchor"]) == 0
    assert json.loads(capsys.readouterr().out)["sequence"] == 1
    assert main(["audit", "anchor"]) == 0
    assert main(["audit", "verify"]) == 0
    assert "all 2 entries are as they were written; 1 anchors agree" in capsys.readouterr().out
    assert main(["audit", "verify", "--json"]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["ok"] is True


def test_a_broken_chain_is_exit_code_1(capsys):
    audit_record(action="a", object_kind="k", object_id=1, actor=None)
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")
        cursor.execute("ALTER TABLE governance_auditevent DISABLE TRIGGER USER")
        cursor.execute("UPDATE governance_auditevent SET action = 'b'")
        cursor.execute("ALTER TABLE governance_auditevent ENABLE TRIGGER USER")
    assert main(["audit", "verify"]) == 1
    assert "The audit chain is broken. Entry 1 was changed." in capsys.readouterr().out


class TestExport:
    @pytest.fixture
    def signed_in(self, live_server, tmp_path, monkeypatch):
        scope_create(organisation="Acme", created_by=None)
        root = User.objects.create_superuser("root")
        _, secret = token_issue(user=root, name="t", scopes=["audit:read"], lifetime=timedelta(days=1), issued_by=root)
        monkeypatch.setenv("NOFX_URL", live_server.url)
        monkeypatch.setenv("NOFX_TOKEN", secret)

    def test_it_goes_to_a_new_file(self, signed_in, tmp_path, capsys):
        file = tmp_path / "audit.jsonl"
        assert main(["audit", "export", "--output", str(file), "--action", "scope.create"]) == 0
        head, entry, end = map(json.loads, file.read_text().splitlines())
        assert (head["filters"], entry["action"], end["entries"]) == (
            {"action": "scope.create"},
            "scope.create",
            1,
        )
        assert AuditEvent.objects.filter(action="audit.export").count() == 1
        assert main(["audit", "export", "--output", str(file)]) == 1
        assert "Name a file that does not exist yet." in capsys.readouterr().err

    def test_without_the_right_scope_it_is_exit_code_3(self, signed_in, monkeypatch):
        root = User.objects.get(username="root")
        _, secret = token_issue(user=root, name="t", scopes=[], lifetime=timedelta(days=1), issued_by=root)
        monkeypatch.setenv("NOFX_TOKEN", secret)
        assert main(["audit", "export"]) == 3
