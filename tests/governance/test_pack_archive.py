"""The archive of a pack: its verifier alone, in a process of its own, finds a change of any byte."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.digests import canonical_json, sha256_hex
from apps.governance.engine.attestation import (
    Pack,
    PackInvalid,
    SigningKey,
    Statement,
    SubjectDigest,
    pack_archive,
    sign,
)
from apps.governance.engine.attestation import verify as verifier
from apps.governance.engine.attestation.verify import NotVerified, archive, archive_files, pack_checked
from apps.governance.engine.chain import GENESIS, entry_hash

KEY = SigningKey.from_pem(
    "-----BEGIN PRIVATE KEY-----\n"
    "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
    "-----END PRIVATE KEY-----"
)
AT = datetime(2026, 11, 30, 12, tzinfo=UTC)


def entries(*numbers: int) -> bytes:
    previous, lines = GENESIS, []
    for number in numbers:
        content: dict[str, object] = {"action": "ballot.cast", "actor_id": "7", "reason": "gut: é"}
        own = entry_hash(previous, number, content)
        lines.append(canonical_json({"sequence": number, "content": content, "previous_hash": previous, "hash": own}))
        previous = own
    return b"\n".join(lines) + b"\n"


def made(**files: bytes) -> bytes:
    attested = Statement((SubjectDigest("shop", {"gitCommit": "a" * 40}),), "urn:x-nofx:request:v1", {"rung": "pilot"})
    content = {
        "README.txt": b"Read me.\n",
        "audit.jsonl": entries(1, 2, 3),
        "anchor.json": canonical_json({"sequence": 3, "hash": "f" * 64}),
        "attestation.dsse.json": sign(attested, KEY).as_json(),
        "samples/checks.csv": b"tool,status\r\nruff,passed\r\n",
        **files,
    }
    return b"".join(pack_archive(Pack("A change", "request", "0d9c", AT, content), KEY))


PACK = made()


def run(*arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run the verifier alone: no packages, no environment, nothing of the project on the path."""
    alone = cwd / "verify.py"
    alone.write_bytes(Path(verifier.__file__).read_bytes())
    command = [sys.executable, "-I", "-S", str(alone), *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, env={}, capture_output=True, text=True, timeout=60)


@pytest.mark.bar(14)
def test_a_pack_verifies_alone_and_says_so_in_sentences(tmp_path: Path) -> None:
    (tmp_path / "pack.zip").write_bytes(PACK)
    done = run("pack.zip", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (2, "")
    assert "Pack: A change" in done.stdout
    assert f"signed (Ed25519, DSSE) by the key {KEY.public.key_id}" in done.stdout
    assert "Each of the 3 audit entries is what its hash says; 2 follow the one before." in done.stdout
    assert f"The attestation of gitCommit {'a' * 40} is signed" in done.stdout
    assert "by whom, was not checked" in done.stdout


def test_the_key_can_be_named_by_its_file_or_its_fingerprint(tmp_path: Path) -> None:
    (tmp_path / "pack.zip").write_bytes(PACK)
    (tmp_path / "key.pem").write_text(KEY.public.pem())
    for name in ("key.pem", KEY.public.key_id, f"SHA256:{KEY.public.key_id.upper()}"):
        done = run("pack.zip", "--key", name, cwd=tmp_path)
        assert done.returncode == 0
        assert "the key is the one you named" in done.stdout


def test_a_whole_pack_by_another_key_is_said_to_be_that(tmp_path: Path) -> None:
    (tmp_path / "pack.zip").write_bytes(PACK)
    done = run("pack.zip", "--key", "0" * 64, cwd=tmp_path)
    assert done.returncode == 1
    assert "The pack is whole, but another key signed it" in done.stdout


def test_an_unpacked_folder_verifies_too(tmp_path: Path) -> None:
    folder = tmp_path / "pack"
    zipfile.ZipFile(io.BytesIO(PACK)).extractall(folder)
    assert run("pack", "--key", KEY.public.key_id, cwd=tmp_path).returncode == 0
    (folder / "samples/checks.csv").write_bytes(b"tool,status\r\nruff,failed\r\n")
    assert "samples/checks.csv was changed" in run("pack", cwd=tmp_path).stdout
    (folder / "samples/checks.csv").unlink()
    (folder / "samples/checks.csv").symlink_to("/etc/passwd")
    assert "which no pack has" in run("pack", cwd=tmp_path).stdout


def test_any_zip_tool_opens_it() -> None:
    with zipfile.ZipFile(io.BytesIO(PACK)) as opened:
        assert opened.testzip() is None
        assert opened.namelist()[:2] == ["manifest.json", "manifest.dsse.json"]
        assert opened.read("README.txt") == b"Read me.\n"


def test_the_same_content_is_the_same_bytes() -> None:
    assert made() == PACK
    assert made(**{"README.txt": b"Read me?\n"}) != PACK


@pytest.mark.bar(14)
def test_a_change_of_any_byte_of_the_archive_is_found() -> None:
    for place in range(len(PACK)):
        changed = bytearray(PACK)
        changed[place] ^= 1 << place % 8
        with pytest.raises(NotVerified):
            pack_checked(archive_files(bytes(changed)))


@given(place=st.integers(0, len(PACK)), extra=st.binary(min_size=1, max_size=40))
def test_nothing_can_be_put_into_an_archive_or_cut_from_it(place: int, extra: bytes) -> None:
    for other in (PACK[:place] + extra + PACK[place:], PACK[: min(place, len(PACK) - 1)]):
        with pytest.raises(NotVerified):
            pack_checked(archive_files(other))


Files = dict[str, bytes]


def removed(files: Files) -> Files:
    return {name: content for name, content in files.items() if name != "samples/checks.csv"}


def renamed(files: Files) -> Files:
    return {name.replace("checks", "other"): content for name, content in files.items()}


def swapped(files: Files) -> Files:
    names = list(files)
    names[-1], names[-2] = names[-2], names[-1]
    return {name: files[name] for name in names}


@pytest.mark.bar(14)
@pytest.mark.parametrize(
    ("change", "said"),
    [
        (removed, "samples/checks.csv is missing"),
        (renamed, "is missing"),
        (lambda files: {**files, "zz.txt": b""}, "zz.txt is not in the manifest"),
        (swapped, "not in the order"),
        (lambda files: {**files, "audit.jsonl": entries(1, 2)}, "audit.jsonl was changed"),
        (lambda files: {**files, "manifest.json": files["manifest.json"].replace(b"A change", b"A chance")}, "another"),
        (lambda files: {name: files[name] for name in files if name != "manifest.dsse.json"}, "no evidence pack"),
    ],
)
def test_files_removed_renamed_added_reordered_or_replaced_are_found(
    change: Callable[[Files], Files], said: str
) -> None:
    with pytest.raises(NotVerified, match=said):
        pack_checked(archive_files(b"".join(archive(change(archive_files(PACK)).items()))))


def resigned(change: Callable[[Files], None], key: SigningKey = KEY) -> bytes:
    """Return the pack changed and sealed again, as whoever holds *key* could."""
    files = {
        name: content for name, content in archive_files(PACK).items() if not name.startswith(("keys/", "manifest"))
    }
    change(files)
    return b"".join(pack_archive(Pack("A change", "request", "0d9c", AT, files), key))


def test_a_pack_that_somebody_else_sealed_is_not_taken_for_ours() -> None:
    forged = archive_files(resigned(lambda files: files.pop("attestation.dsse.json"), SigningKey.generate()))
    assert pack_checked(forged)
    with pytest.raises(NotVerified, match="another key signed it"):
        pack_checked(forged, pinned=KEY.public.key_id)


def test_audit_entries_are_held_against_their_hashes_even_under_a_good_signature() -> None:
    edited = entries(1, 2, 3).replace(b"ballot.cast", b"ballot.lost", 1)
    with pytest.raises(NotVerified, match="Audit entry 1 was changed"):
        pack_checked(archive_files(resigned(lambda files: files.update({"audit.jsonl": edited}))))
    lines = entries(1, 2, 3).splitlines()
    backwards = b"\n".join(reversed(lines))
    with pytest.raises(NotVerified, match="stands after"):
        pack_checked(archive_files(resigned(lambda files: files.update({"audit.jsonl": backwards}))))
    with pytest.raises(NotVerified, match="does not follow"):
        other = json.loads(lines[1])
        other["previous_hash"] = "1" * 64
        other["hash"] = entry_hash("1" * 64, 2, other["content"])
        inserted = b"\n".join([lines[0], canonical_json(other)])
        pack_checked(archive_files(resigned(lambda files: files.update({"audit.jsonl": inserted}))))


@pytest.mark.parametrize(
    "name",
    [
        "../evil",
        "/etc/passwd",
        "a/../../b",
        "c:\\evil",
        "a\\b",
        "A.txt",
        "readme.TXT",
        "x/",
        "a//b",
        ".hidden",
        "é",
        "a" * 201,
    ],
)
def test_a_name_that_leads_out_of_the_folder_is_neither_written_nor_read(name: str) -> None:
    with pytest.raises(PackInvalid):
        Pack("t", "request", "1", AT, {name: b""})
    with pytest.raises(NotVerified, match="which no pack has"):
        archive_files(b"".join(archive([(name, b"")])))


def test_bombs_links_and_archives_of_other_tools_are_refused_unopened() -> None:
    bomb, link = io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as zipped:
        zipped.writestr("manifest.json", b"\0" * 50_000_000)
    with zipfile.ZipFile(link, "w") as zipped:
        info = zipfile.ZipInfo("manifest.json")
        info.external_attr = 0o120777 << 16
        zipped.writestr(info, "/etc/passwd")
    for file in (bomb, link):
        with pytest.raises(NotVerified, match=r"packed anew|not as the platform wrote it"):
            archive_files(file.getvalue())
    many = b"".join(archive((f"f{number}", b"") for number in range(2_100)))
    with pytest.raises(NotVerified, match="more than 2000 files"):
        archive_files(many)


@pytest.mark.parametrize("data", [b"", b"PK", b"PK\3\4", b"not a zip", b"\0" * 1000])
def test_what_is_no_archive_is_said_to_be_none(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "pack.zip").write_bytes(data)
    done = run("pack.zip", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.startswith("NOT VERIFIED. ")


def test_a_missing_file_or_key_is_a_sentence(tmp_path: Path) -> None:
    assert "cannot be read" in run("nothing.zip", cwd=tmp_path).stdout
    (tmp_path / "pack.zip").write_bytes(PACK)
    assert "cannot be read" in run("pack.zip", "--key", "nothing.pem", cwd=tmp_path).stdout
    (tmp_path / "bad.pem").write_text("no key")
    assert "holds no Ed25519 public key" in run("pack.zip", "--key", "bad.pem", cwd=tmp_path).stdout


def test_words_of_a_pack_cannot_steer_a_terminal(tmp_path: Path) -> None:
    pack = Pack("\x1b[2JVERIFIED\r\n", "request", "1", AT, {"readme.txt": b""})
    (tmp_path / "pack.zip").write_bytes(b"".join(pack_archive(pack, KEY)))
    done = run("pack.zip", cwd=tmp_path)
    assert done.returncode == 2
    assert "\x1b" not in done.stdout and "?[2JVERIFIED??" in done.stdout


def test_a_manifest_names_its_subject_time_and_filters() -> None:
    pack = Pack("A change", "request", "0d9c", AT, {"readme.txt": b""}, {"origin": "all"})
    files = dict(pack.sealed(KEY))
    assert json.loads(files["manifest.json"]) == {
        "format": "nofx-evidence-pack/1",
        "title": "A change",
        "subject": {"kind": "request", "id": "0d9c"},
        "as_of": "2026-11-30T12:00:00+00:00",
        "filters": {"origin": "all"},
        "files": [
            {
                "path": f"keys/{KEY.public.key_id}.pem",
                "sha256": sha256_hex(KEY.public.pem()),
                "size": len(KEY.public.pem()),
            },
            {"path": "readme.txt", "sha256": sha256_hex(b""), "size": 0},
        ],
    }
