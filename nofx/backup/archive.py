"""
The file: a tar whose first member is a manifest with the SHA-256 of every other one.

Nothing in it is believed before its digest is right, and nothing leaves the folder it is unpacked to.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, cast

from nofx.backup.errors import BackupFailed, BackupUnreadable

FORMAT = 1
MANIFEST = "manifest.json"
_LARGEST_MANIFEST = 10_000_000
_CHUNK = 1 << 20


@dataclass(frozen=True)
class Member:
    """One file of the archive."""

    sha256: str
    size: int


@dataclass(frozen=True)
class Manifest:
    """
    What the archive holds and when it was made.

    ``entries`` and ``head`` are the length of the audit chain and its newest hash; ``repositories`` maps a member to
    the place of its repository in ``home``; ``left_out`` names what the platform needs and the archive does not have.
    """

    made_at: str
    home: str
    entries: int
    head: str
    migrations: int
    members: dict[str, Member] = field(default_factory=dict)
    repositories: dict[str, str] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()
    format: int = FORMAT


def digest_of(path: Path) -> Member:
    """Return SHA-256 and size of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return Member(digest.hexdigest(), path.stat().st_size)


def folder_pack(folder: Path, target: Path) -> None:
    """Write everything below *folder* to the tar *target*, readable by its owner only."""
    target.touch(mode=0o600, exist_ok=False)
    with target.open("wb") as file, tarfile.open(fileobj=file, mode="w") as tar:
        tar.add(folder, arcname=".")


def folder_unpack(source: Path, folder: Path) -> None:
    """
    Make *folder* what it was when *source* was packed.

    :raises BackupUnreadable: a member would leave the folder.
    """
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with tarfile.open(source) as tar:
            tar.extractall(folder, filter="data")
    except (tarfile.TarError, OSError) as error:
        raise BackupUnreadable(f"{source.name} cannot be unpacked: {error}") from error


def archive_write(file: Path, manifest: Manifest, members: Mapping[str, Path]) -> Manifest:
    """
    Write *members* behind the manifest to the new *file*, and return the manifest with their digests.

    :raises BackupFailed: the file exists, or cannot be written.
    """
    whole = Manifest(**{**vars(manifest), "members": {name: digest_of(path) for name, path in members.items()}})
    part = file.with_name(f".{file.name}.part")
    if file.exists():
        raise BackupFailed(f"{file} exists.", remedy="Name a file that does not exist yet.")
    try:
        part.touch(mode=0o600)
        with part.open("wb") as raw:
            with tarfile.open(fileobj=raw, mode="w") as tar:
                text = json.dumps(asdict(whole), indent=1).encode()
                head = tarfile.TarInfo(MANIFEST)
                head.size = len(text)
                tar.addfile(head, io.BytesIO(text))
                for name, path in members.items():
                    tar.add(path, arcname=name, recursive=False)
            raw.flush()
            os.fsync(raw.fileno())
        part.replace(file)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise BackupFailed(f"{file} cannot be written: {error.strerror}.", remedy="Name a place with room.") from error
    return whole


def archive_read(file: Path, folder: Path) -> Manifest:
    """
    Unpack *file* into *folder*, check every digest, and return its manifest.

    :raises BackupUnreadable: it is no backup, or a member is missing, changed or one too many.
    """
    with _opened(file) as (tar, manifest):
        for member in manifest.members:
            tar.extract(member, folder, filter="data")
    for name, expected in manifest.members.items():
        _compare(file, name, digest_of(folder / name), expected)
    return manifest


def archive_verify(file: Path) -> Manifest:
    """
    Read *file* back, check every digest without unpacking anything, and return its manifest.

    :raises BackupUnreadable: it is no backup, or a member is missing, changed or one too many.
    """
    with _opened(file) as (tar, manifest):
        for name, expected in manifest.members.items():
            digest, size = hashlib.sha256(), 0
            content = cast("io.BufferedReader", tar.extractfile(name))
            while chunk := content.read(_CHUNK):
                digest.update(chunk)
                size += len(chunk)
            _compare(file, name, Member(digest.hexdigest(), size), expected)
    return manifest


@contextmanager
def _opened(file: Path) -> Iterator[tuple[tarfile.TarFile, Manifest]]:
    """Open *file* and read its manifest; nothing else is read before its names are those of the manifest."""
    try:
        with tarfile.open(file) as tar:
            members = tar.getmembers()
            if not members or members[0].name != MANIFEST or members[0].size > _LARGEST_MANIFEST:
                raise BackupUnreadable(f"{file} is no backup: it does not begin with its manifest.")
            manifest = _manifest(cast("io.BufferedReader", tar.extractfile(members[0])).read())
            names = [member.name for member in members[1:]]
            if sorted(names) != sorted(manifest.members) or not all(member.isfile() for member in members):
                raise BackupUnreadable(f"{file} does not hold exactly what its manifest names.")
            yield tar, manifest
    except (tarfile.TarError, OSError, EOFError) as error:
        raise BackupUnreadable(f"{file} cannot be read: {error}", remedy="Take another backup.") from error


def _compare(file: Path, name: str, found: Member, expected: Member) -> None:
    if found != expected:
        raise BackupUnreadable(f"{name} in {file} was changed.", remedy="Take another backup.")


def _manifest(text: bytes) -> Manifest:
    try:
        found: dict[str, Any] = json.loads(text)
        members = {name: Member(**member) for name, member in found.pop("members").items()}
        left_out = tuple(found.pop("left_out"))
        manifest = Manifest(**found, members=members, left_out=left_out)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise BackupUnreadable("The manifest cannot be read.") from error
    if manifest.format != FORMAT:
        raise BackupUnreadable(
            f"The backup has the format {manifest.format}.", remedy="Restore it with the version that made it."
        )
    return manifest
