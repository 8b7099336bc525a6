"""The evidence pack of a merged request: verified by its own verifier, alone; a change of anything is found."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from apps.console.services.packs import pack_order
from apps.core.clock import now
from apps.core.errors import NotFound
from apps.generation.models import GenerationRun, PullRequest
from apps.generation.services.delivery import pull_request_merge
from apps.governance.engine.attestation.verify import NotVerified, archive, archive_files, pack_checked
from apps.governance.models import AuditEvent, EvidencePack, User
from apps.governance.services.packs import pack_fetch, pack_make, pack_signature, packs_expire
from apps.jobs.models import Job
from apps.jobs.runner import job_execute
from tests.generation.test_delivery import approved, deliver

__all__ = ["approved"]
pytestmark = pytest.mark.django_db(transaction=True)


def merge(run: GenerationRun, owner: User) -> PullRequest:
    deliver(run)
    return pull_request_merge(request_id=run.pk, actor=owner, is_interactive=True)


def built(run: GenerationRun, actor: User) -> EvidencePack:
    pack = pack_order(subject_kind="request", subject_id=run.pk, actor=actor)
    job = Job.objects.get(subject_id=pack.pk)
    job_execute(job.pk)
    job.refresh_from_db()
    assert (job.state, job.error) == (Job.State.SUCCEEDED, "")
    pack.refresh_from_db()
    return pack


def alone(pack: bytes, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the verifier that the pack itself carries, with nothing of the project and no packages on its path."""
    (folder / "verify.py").write_bytes(archive_files(pack)["verify.py"])
    (folder / "pack.zip").write_bytes(pack)
    command = [sys.executable, "-I", "-S", "verify.py", "pack.zip", *arguments]
    return subprocess.run(command, cwd=folder, env={}, capture_output=True, text=True, timeout=60)


def refused(files: dict[str, bytes], why: str) -> None:
    with pytest.raises(NotVerified, match=why):
        pack_checked(archive_files(b"".join(archive(files.items()))))


@pytest.mark.bar(14)
def test_a_pack_verifies_alone_and_fails_after_any_change(
    approved: GenerationRun, owner: User, engineer: User, tmp_path: Path
) -> None:
    merged = merge(approved, owner)
    pack = built(approved, engineer)
    data = bytes(pack.archive)
    done = alone(data, tmp_path, "--key", pack.key.fingerprint)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert "the key is the one you named" in done.stdout and merged.merge_sha in done.stdout
    assert alone(data, tmp_path, "--key", "0" * 64).returncode == 1

    files = archive_files(data)
    assert list(files)[:2] == ["manifest.json", "manifest.dsse.json"]
    assert {*files} >= {
        *("README.txt", "verify.py", "certificate.html", "certificate.pdf", "definitions.json", "readings.json"),
        *("audit.jsonl", "anchor.json", "attestation.dsse.json", f"keys/{pack.key.fingerprint}.pem"),
        *(f"samples/{name}.csv" for name in ("candidates", "checks", "votes", "calls")),
    }
    for name, content in files.items():
        for place in (0, len(content) // 2, len(content) - 1):
            changed = bytearray(content)
            changed[place] ^= 1
            refused({**files, name: bytes(changed)}, ".")
        refused({other: files[other] for other in files if other != name}, "missing|no evidence pack|not in the pack")
        renamed = {("x" + other if other == name else other): text for other, text in files.items()}
        refused(renamed, "missing|no evidence pack|which no pack has")
    refused({**files, "samples/more.csv": b""}, "not in the manifest")
    refused(dict(reversed(files.items())), "order")
    changed = bytearray(data)
    changed[len(data) // 3] ^= 1
    done = alone(data, tmp_path)
    assert done.returncode == 2
    assert "by whom, was not checked" in done.stdout
    (tmp_path / "pack.zip").write_bytes(bytes(changed))
    command = [sys.executable, "-I", "-S", "verify.py", "pack.zip"]
    after = subprocess.run(command, cwd=tmp_path, env={}, capture_output=True, text=True)
    assert after.returncode == 1 and after.stdout.startswith("NOT VERIFIED. ")

    again = EvidencePack.objects.create(
        subject_kind="request",
        subject_id=approved.pk,
        scope=pack.scope,
        requested_by=engineer,
        requested_at=pack.requested_at,
    )
    assert pack_make(pack_id=again.pk).archive_digest == pack.archive_digest

    actions = list(AuditEvent.objects.filter(action__startswith="pack.").values_list("action", flat=True))
    assert sorted(actions) == ["pack.make", "pack.make", "pack.request"]
    content = zipfile.ZipFile(io.BytesIO(data))
    audit = [json.loads(line)["content"]["action"] for line in content.read("audit.jsonl").splitlines()]
    assert audit.count("ballot.cast") == 2 and "request.merge" in audit and "attestation.sign" in audit
    assert "Keep values in range" in content.read("certificate.html").decode()
    assert content.read("certificate.pdf").startswith(b"%PDF-")
    assert {one["gate"] for one in json.loads(content.read("readings.json"))} >= {"lint", "types", "tests"}


@pytest.mark.slow
def test_a_pack_is_asked_for_followed_and_taken_away_at_the_page(
    approved: GenerationRun, owner: User, engineer: User, client: Client, person: Callable[..., User]
) -> None:
    merge(approved, owner)
    page = reverse("generation:request-detail", args=[approved.pk])
    ask = reverse("console:pack-ask", args=["request", approved.pk])
    client.force_login(engineer)
    assert ask in client.get(page).content.decode()
    detail = client.post(ask)["Location"]
    pack = EvidencePack.objects.get()
    assert "queued" in client.get(detail).content.decode()
    early = reverse("console:pack-file", args=[pack.pk, pack_signature(pack)])
    assert client.get(early).status_code == 409
    job_execute(Job.objects.get(subject_id=pack.pk).pk)
    pack.refresh_from_db()
    ready = client.get(detail).content.decode()
    assert pack.archive_digest in ready and early in ready

    outside = Client()
    taken = outside.get(early)
    assert taken.content == bytes(pack.archive) and taken["Content-Type"] == "application/zip"
    assert outside.get(reverse("console:pack-file", args=[pack.pk, "x" * 43])).status_code == 404
    event = AuditEvent.objects.get(action="pack.download")
    assert (event.after_digest, event.detail["is_signed_in"]) == (pack.archive_digest, False)

    EvidencePack.objects.filter(pk=pack.pk).update(
        ready_at=now() - timedelta(hours=25), expires_at=now() - timedelta(hours=1)
    )
    assert outside.get(early).status_code == 409
    assert "no longer kept" in client.get(detail).content.decode()
    assert packs_expire() == 1
    assert EvidencePack.objects.get().archive is None

    other = person("olive", "reviewer")
    stranger = User.objects.create_user("stranger", password="correct horse battery")
    for user in (other, stranger):
        client.force_login(user)
        assert client.get(detail).status_code == 404
        assert client.post(ask).status_code == 404
    client.force_login(other)
    assert ask not in client.get(page).content.decode()


def test_before_the_merge_there_is_no_pack_and_the_page_says_why(
    approved: GenerationRun, engineer: User, client: Client
) -> None:
    deliver(approved)
    pack = pack_order(subject_kind="request", subject_id=approved.pk, actor=engineer)
    job_execute(Job.objects.get(subject_id=pack.pk).pk)
    client.force_login(engineer)
    page = client.get(reverse("console:pack-detail", args=[pack.pk])).content.decode()
    assert "There is no evidence pack before the merge." in page


def test_unknown_subjects_and_foreign_signatures_find_nothing(approved: GenerationRun, engineer: User) -> None:
    with pytest.raises(NotFound):
        pack_order(subject_kind="weather", subject_id=approved.pk, actor=engineer)
    first, second = (pack_order(subject_kind="request", subject_id=approved.pk, actor=engineer) for _ in range(2))
    with pytest.raises(NotFound):
        pack_fetch(pack_id=first.pk, signature=pack_signature(second), actor=engineer)
