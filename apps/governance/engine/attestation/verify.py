#!/usr/bin/env python3
"""
Verify an evidence pack of the NOFX Control Plane: offline, with Python's standard library and nothing else.

    python3 -I verify.py PACK.zip [--key FILE_OR_FINGERPRINT]

PACK is the archive as it was downloaded, or the folder it was unpacked into. The exit code is 0 when everything holds
and 1 when anything does not. Without --key the pack is held against the key inside it, which a forger brings along: the
code is 2 then. Name the fingerprint that the platform shows under Governance, Keys.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import hashlib
import json
import re
import struct
import sys
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

MANIFEST, SIGNATURE, ATTESTATION = "manifest.json", "manifest.dsse.json", "attestation.dsse.json"
AUDIT, ANCHOR = "audit.jsonl", "anchor.json"
FORMAT = "nofx-evidence-pack/1"
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PAYLOAD_TYPE = "application/vnd.in-toto+json"
PACK_TYPE = "urn:x-nofx:evidence-pack:v1"
MAX_BYTES, MAX_FILES = 256 << 20, 2_000


class NotVerified(Exception):
    """Something does not hold; the message is a sentence for people."""


# --- Ed25519 (RFC 8032, section 5.1.7), verification only -------------------------------------------------------------

_P = 2**255 - 19
_L = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, _P - 2, _P) % _P
_ROOT = pow(2, (_P - 1) // 4, _P)
_Point = tuple[int, int, int, int]


def _point(y: int, sign: int) -> _Point | None:
    """Return the point with ordinate *y* whose abscissa has the lowest bit *sign*; None where there is none."""
    if y >= _P:
        return None
    square = (y * y - 1) * pow(_D * y * y + 1, _P - 2, _P) % _P
    x = pow(square, (_P + 3) // 8, _P)
    if (x * x - square) % _P:
        x = x * _ROOT % _P
    if (x * x - square) % _P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = _P - x
    return x, y, 1, x * y % _P


def _add(p: _Point, q: _Point) -> _Point:
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % _P, (p[1] + p[0]) * (q[1] + q[0]) % _P
    c, d = 2 * p[3] * q[3] * _D % _P, 2 * p[2] * q[2] % _P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % _P, g * h % _P, f * g % _P, e * h % _P


def _encoded(p: _Point) -> bytes:
    inverse = pow(p[2], _P - 2, _P)
    x, y = p[0] * inverse % _P, p[1] * inverse % _P
    return (y | (x & 1) << 255).to_bytes(32, "little")


_BASE = _point(4 * pow(5, _P - 2, _P) % _P, 0) or (0, 1, 1, 0)


def ed25519_verifies(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Return whether *signature* (64 bytes) over *message* is by the owner of *public_key* (32 bytes)."""
    if len(public_key) != 32 or len(signature) != 64:
        return False
    y = int.from_bytes(public_key, "little")
    key = _point(y & (1 << 255) - 1, y >> 255)
    s = int.from_bytes(signature[32:], "little")
    if key is None or s >= _L:
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + public_key + message).digest(), "little") % _L
    minus = (_P - key[0], key[1], 1, _P - key[3])
    both, total = _add(_BASE, minus), (0, 1, 1, 0)
    for bit in range(255, -1, -1):  # s * base - h * key, both at once
        total = _add(total, total)
        choice = (s >> bit & 1) | (h >> bit & 1) << 1
        if choice:
            total = _add(total, (_BASE, minus, both)[choice - 1])
    return _encoded(total) == signature[:32]


# --- What is signed ---------------------------------------------------------------------------------------------------


def pae(payload_type: str, payload: bytes) -> bytes:
    """Return DSSE's pre-authentication encoding, https://github.com/secure-systems-lab/dsse/blob/master/protocol.md."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def canonical(value: object) -> bytes:
    """Return *value* as UTF-8 JSON with sorted keys and no spaces."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def sha256(data: bytes) -> str:
    """Return the SHA-256 of *data* in hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


_PEM = re.compile(rb"-----BEGIN PUBLIC KEY-----\s+([A-Za-z0-9+/=\s]+)-----END PUBLIC KEY-----\s*")
_DER = bytes.fromhex("302a300506032b6570032100")


def public_key_of(pem: bytes, name: str) -> bytes:
    """Return the 32 bytes of the Ed25519 public key in *pem*."""
    found = _PEM.fullmatch(pem)
    der = b"" if found is None else base64.b64decode(b"".join(found[1].split()))
    if len(der) != 44 or not der.startswith(_DER):
        raise NotVerified(f"{name} holds no Ed25519 public key.")
    return der[12:]


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice")
    return found


def parsed(data: bytes, name: str) -> Any:
    """Return the JSON in *data*, in which no name stands twice."""
    try:
        return json.loads(data, object_pairs_hook=_unique)
    except (ValueError, RecursionError):
        raise NotVerified(f"{name} is not well-formed JSON.") from None


def envelope_opened(data: bytes, keys: Mapping[str, bytes], name: str) -> tuple[dict[str, Any], str]:
    """Return the statement in the envelope *data* and the id of the key among *keys* that signed it."""
    envelope = parsed(data, name)
    try:
        (signature,) = envelope["signatures"]
        key_id, kind = str(signature["keyid"]), str(envelope["payloadType"])
        payload = base64.b64decode(envelope["payload"], validate=True)
        signed = base64.b64decode(signature["sig"], validate=True)
        again = {"keyid": key_id, "sig": base64.b64encode(signed).decode()}
        plain = {"payload": base64.b64encode(payload).decode(), "payloadType": kind, "signatures": [again]}
        is_plain = canonical(plain) == data
    except (KeyError, TypeError, ValueError, binascii.Error):
        raise NotVerified(f"{name} is no envelope with one signature.") from None
    if not is_plain:
        raise NotVerified(f"{name} is not written as the platform writes it.")
    if key_id not in keys:
        raise NotVerified(f"{name} says that the key {key_id[:64]!r} signed it, which is not in the pack.")
    if kind != PAYLOAD_TYPE or not ed25519_verifies(keys[key_id], pae(kind, payload), signed):
        raise NotVerified(f"The signature in {name} is wrong: what it covers was changed, or another key made it.")
    statement = parsed(payload, name)
    if not isinstance(statement, dict) or statement.get("_type") != STATEMENT_TYPE:
        raise NotVerified(f"{name} holds no in-toto statement.")
    return statement, key_id


# --- The archive ------------------------------------------------------------------------------------------------------

_LOCAL, _CENTRAL, _END = "<4s5H3I2H", "<4s6H3I5H2I", "<4s4H2IH"
_FIXED = (20, 0x0800, 0, 0, 0x21)  # version, UTF-8 names, stored, midnight, 1 January 1980
_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]*(/[a-z0-9][a-z0-9_.-]*){0,3}|README\.txt")


def is_safe_name(name: str) -> bool:
    """Return whether a pack may hold *name*: lower case but README.txt, and nothing that leads out of a folder."""
    return len(name) <= 200 and _NAME.fullmatch(name) is not None and ".." not in name


def archive(files: Iterable[tuple[str, bytes]]) -> Iterator[bytes]:
    """
    Yield a zip archive of *files*: stored, in this order, without times, so that the same files are the same bytes.

    Everything in it follows from names and contents, so a verifier finds a change of any byte.
    """
    directory, offset, count = [], 0, 0
    for name, content in files:
        path, crc, size = name.encode(), zlib.crc32(content), len(content)
        header = struct.pack(_LOCAL, b"PK\3\4", *_FIXED, crc, size, size, len(path), 0) + path
        known = (b"PK\1\2", 3 << 8 | 20, *_FIXED, crc, size, size, len(path))
        directory.append(struct.pack(_CENTRAL, *known, 0, 0, 0, 0, 0o100644 << 16, offset) + path)
        yield header
        yield content
        offset, count = offset + len(header) + size, count + 1
    listing = b"".join(directory)
    yield listing
    yield struct.pack(_END, b"PK\5\6", 0, 0, count, count, len(listing), offset, 0)


def archive_files(data: bytes) -> dict[str, bytes]:
    """Return the files of a pack; nothing is unpacked to disk, and nothing but what ``archive`` writes is accepted."""
    found: dict[str, bytes] = {}
    place, size_of_header = 0, struct.calcsize(_LOCAL)
    while data[place : place + 4] == b"PK\3\4":
        if len(data) < place + size_of_header:
            raise NotVerified("The archive ends in the middle of a file.")
        _, *fixed, _, size, whole, length, extra = struct.unpack_from(_LOCAL, data, place)
        start = place + size_of_header + length
        name = data[start - length : start].decode("utf-8", "replace")
        if not is_safe_name(name):
            raise NotVerified(f"The archive holds a file called {shown(name)}, which no pack has. Do not unpack it.")
        if name in found:
            raise NotVerified(f"The archive holds {name} twice.")
        if tuple(fixed) != _FIXED or size != whole or extra or len(data) < start + size:
            raise NotVerified(f"{name} is not stored as the platform stores it: it was changed or packed anew.")
        found[name] = data[start : start + size]
        place = start + size
        if len(found) > MAX_FILES:
            raise NotVerified(f"The archive holds more than {MAX_FILES} files, which no pack does.")
    if not found or b"".join(archive(found.items())) != data:
        raise NotVerified("The archive is not as the platform wrote it: it was changed, cut, or packed anew.")
    return found


def folder_files(folder: Path) -> dict[str, bytes]:
    """Return the files in *folder*, in no order that means anything."""
    found: dict[str, bytes] = {}
    total = 0
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink() or not (path.is_dir() or path.is_file()) or not is_safe_name(name):
            raise NotVerified(f"The folder holds {shown(name)}, which no pack has.")
        if path.is_file():
            total += path.stat().st_size
            if total > MAX_BYTES or len(found) >= MAX_FILES:
                raise NotVerified("The folder holds more than any pack does.")
            found[name] = path.read_bytes()
    return found


# --- What has to hold -------------------------------------------------------------------------------------------------


def manifest_checked(files: Mapping[str, bytes], *, is_ordered: bool) -> dict[str, Any]:
    """Return the manifest of *files*, each of which is as it says."""
    if MANIFEST not in files or SIGNATURE not in files:
        raise NotVerified(f"There is no {MANIFEST if MANIFEST not in files else SIGNATURE}: this is no evidence pack.")
    manifest = parsed(files[MANIFEST], MANIFEST)
    try:
        listed = [(str(entry["path"]), str(entry["sha256"]), int(entry["size"])) for entry in manifest["files"]]
        is_known = manifest["format"] == FORMAT
    except (KeyError, TypeError, ValueError):
        raise NotVerified(f"{MANIFEST} does not list files.") from None
    if not is_known:
        raise NotVerified(f"The pack is of another format than {FORMAT}; verify it with the verifier it came with.")
    names = [name for name, _, _ in listed]
    missing, unlisted = sorted(set(names) - files.keys()), sorted(files.keys() - {*names, MANIFEST, SIGNATURE})
    if missing:
        raise NotVerified(f"{shown(missing[0])} is missing: the manifest lists it.")
    if unlisted:
        raise NotVerified(f"{unlisted[0]} is not in the manifest: it was added or renamed.")
    for name, digest, size in listed:
        if sha256(files[name]) != digest or len(files[name]) != size:
            raise NotVerified(f"{name} was changed: it is not what the manifest says.")
    if len(set(names)) != len(names) or (is_ordered and list(files) != [MANIFEST, SIGNATURE, *names]):
        raise NotVerified("The files are not in the order of the manifest.")
    return dict(manifest)


def audit_checked(lines: bytes) -> tuple[int, int]:
    """Return how many audit entries are in *lines*, each true to its hash, and how many follow the one before."""
    last, last_hash, count, adjacent = 0, "", 0, 0
    for line in lines.splitlines():
        entry = parsed(line, AUDIT)
        try:
            sequence, content = int(entry["sequence"]), dict(entry["content"])
            previous, own = str(entry["previous_hash"]), str(entry["hash"])
        except (KeyError, TypeError, ValueError):
            raise NotVerified(f"Line {count + 1} of {AUDIT} is no audit entry.") from None
        if sequence <= last:
            raise NotVerified(f"Audit entry {sequence} stands after entry {last}.")
        if sha256(previous.encode() + canonical({"sequence": sequence, **content})) != own:
            raise NotVerified(f"Audit entry {sequence} was changed: it is not what its hash says.")
        if sequence == last + 1 and last:
            if previous != last_hash:
                raise NotVerified(f"Audit entry {sequence} does not follow entry {last}.")
            adjacent += 1
        last, last_hash, count = sequence, own, count + 1
    return count, adjacent


def pack_checked(files: Mapping[str, bytes], *, is_ordered: bool = True, pinned: str = "") -> list[str]:
    """
    Return what holds of a pack, a sentence for each check.

    *pinned* is the id of the key that must have signed it.

    :raises NotVerified: something does not.
    """
    manifest = manifest_checked(files, is_ordered=is_ordered)
    given = (public_key_of(files[name], name) for name in files if name.startswith("keys/"))
    keys = {sha256(key): key for key in given}
    statement, key_id = envelope_opened(files[SIGNATURE], keys, SIGNATURE)
    subject = {"name": MANIFEST, "digest": {"sha256": sha256(files[MANIFEST])}}
    if statement.get("predicateType") != PACK_TYPE or statement.get("subject") != [subject]:
        raise NotVerified("The signed statement is about another manifest than the one in this pack.")
    if pinned and key_id != pinned:
        raise NotVerified(f"The pack is whole, but another key signed it: {key_id}. You expected {pinned}.")
    told = [
        f"Pack: {shown(str(manifest.get('title', '')))}",
        f"Its {len(files)} files are those of the manifest, each with its SHA-256 and size.",
        f"The manifest is signed (Ed25519, DSSE) by the key {key_id}.",
    ]
    if AUDIT in files:
        count, adjacent = audit_checked(files[AUDIT])
        told.append(f"Each of the {count} audit entries is what its hash says; {adjacent} follow the one before.")
    if ANCHOR in files:
        anchor = parsed(files[ANCHOR], ANCHOR)
        told.append(f"The platform's audit chain then ended with {shown(canonical(anchor).decode())}.")
    if ATTESTATION in files:
        told += _attested(files[ATTESTATION], keys, key_id)
    return told


def _attested(data: bytes, keys: Mapping[str, bytes], signer: str) -> list[str]:
    """Return what holds of the attestation; *signer* is the key of the pack, which may be a later one."""
    statement, key_id = envelope_opened(data, keys, ATTESTATION)
    try:
        digests = [f"{kind} {value}" for one in statement["subject"] for kind, value in sorted(one["digest"].items())]
    except (AttributeError, KeyError, TypeError):
        raise NotVerified(f"{ATTESTATION} does not say what it is about.") from None
    told = [f"The attestation of {shown(', '.join(digests))} is signed by the key {key_id}."]
    if key_id != signer:
        told.append("That is another key than the pack's. Look it up under Governance, Keys: keys change by rotation.")
    return told


def shown(text: str) -> str:
    """Return *text* as a terminal can show it."""
    return "".join(character if character.isprintable() else "?" for character in text)[:300]


def pinned_id(text: str) -> str:
    """Return the id of the key in the file *text*, or *text* itself where it is one."""
    plain = text.strip().lower().removeprefix("sha256:").replace(":", "")
    if re.fullmatch(r"[0-9a-f]{64}", plain):
        return plain
    try:
        return sha256(public_key_of(Path(text).read_bytes(), text))
    except OSError as error:
        raise NotVerified(f"The key {shown(text)} cannot be read: {error.strerror}.") from None


def verified(pack: Path, *, key: str = "") -> list[str]:
    """Return what holds of the pack at *pack*, a sentence for each check; raises as ``pack_checked``."""
    pinned = pinned_id(key) if key else ""
    try:
        if pack.is_dir():
            return pack_checked(folder_files(pack), is_ordered=False, pinned=pinned)
        if pack.stat().st_size > MAX_BYTES:
            raise NotVerified(f"The file is larger than {MAX_BYTES >> 20} MB, which no pack is.")
        return pack_checked(archive_files(pack.read_bytes()), pinned=pinned)
    except OSError as error:
        raise NotVerified(f"{shown(str(pack))} cannot be read: {error.strerror}.") from None


def report(pack: Path, *, key: str = "") -> int:
    """Print what holds of *pack*, or what does not; return the exit code."""
    try:
        told = verified(pack, key=key)
    except NotVerified as problem:
        print(f"NOT VERIFIED. {problem}")
        return 1
    print("\n".join(told))
    if key:
        print("VERIFIED. Nothing was changed since it was signed, and the key is the one you named.")
        return 0
    print("WHOLE, BUT NOT VERIFIED. Nothing was changed since it was signed; by whom, was not checked.")
    print("Name the fingerprint from Governance, Keys, with --key.")
    return 2


def main(argv: Sequence[str] | None = None) -> int:
    """Verify what the command line names."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").strip().splitlines()[0])
    parser.add_argument("pack", type=Path, help="the archive, or the folder it was unpacked into")
    parser.add_argument("--key", default="", help="a file with the public key, or its fingerprint")
    arguments = parser.parse_args(argv)
    return report(arguments.pack, key=arguments.key)


if __name__ == "__main__":
    # What a pack says is printed on any terminal, whatever letters that has.
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]  # a text file, as Python opens it
    sys.exit(main())
