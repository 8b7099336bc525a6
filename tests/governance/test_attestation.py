"""Statements, envelopes and keys: published vectors, our verifier beside `cryptography`, and any change is found."""

from __future__ import annotations

import base64
import json

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.governance.engine.attestation import (
    EnvelopeInvalid,
    KeyInvalid,
    SigningKey,
    Statement,
    SubjectDigest,
    sign,
    statement_in,
)
from apps.governance.engine.attestation.verify import ed25519_verifies, pae, public_key_of

# RFC 8032, section 7.1: secret key, public key, message, signature.
RFC_8032 = (
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24"
        "655141438e7a100b",
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aee"
        "b00d291612bb0c00",
    ),
    (
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28d"
        "c027beceea1ec40a",
    ),
    (
        "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
        "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e"
        "2a9ac94fa54ca49f",
        "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17a"
        "d9bef1177331a704",
    ),
)
# The worked example of DSSE's protocol.md: an ECDSA key, x and y, and its signature.
DSSE_KEY = (
    46950820868899156662930047687818585632848591499744589407958293238635476079160,
    5640078356564379163099075877009565129882514886557779369047442380624545832820,
)
DSSE_SIGNATURE = "A3JqsQGtVsJ2O2xqrI5IcnXip5GToJ3F+FnZ+O88SjtR6rDAajabZKciJTfUiHqJPcIAriEGAHTVeCUjW2JIZA=="
STATEMENT = Statement((SubjectDigest("shop", {"gitCommit": "a" * 40}),), "urn:x-nofx:test:v1", {"rung": "pilot"})
L = 2**252 + 27742317777372353535851937790883648493


@pytest.fixture(scope="module")
def key() -> SigningKey:
    return SigningKey.generate()


@pytest.mark.parametrize(("secret", "public", "message", "signature"), RFC_8032)
def test_the_vectors_of_rfc_8032_are_verified_and_reproduced(
    secret: str, public: str, message: str, signature: str
) -> None:
    parts = [bytes.fromhex(text) for text in (public, message, signature)]
    assert ed25519_verifies(*parts)
    assert Ed25519PrivateKey.from_private_bytes(bytes.fromhex(secret)).sign(parts[1]) == parts[2]


def test_the_encoding_is_that_of_the_dsse_specification() -> None:
    # The example of its protocol.md.
    assert (
        pae("http://example.com/HelloWorld", b"hello world")
        == b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )
    assert pae("", b"") == b"DSSEv1 0  0 "
    assert pae("é", b"\x00\xff") == b"DSSEv1 2 \xc3\xa9 2 \x00\xff"


def test_the_signature_in_the_dsse_specification_holds_over_our_encoding() -> None:
    key = ec.EllipticCurvePublicNumbers(*DSSE_KEY, ec.SECP256R1()).public_key()
    raw = base64.b64decode(DSSE_SIGNATURE)
    signature = encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))
    key.verify(signature, pae("http://example.com/HelloWorld", b"hello world"), ec.ECDSA(hashes.SHA256()))


def test_type_and_payload_meet_at_one_place_only() -> None:
    assert pae("ab", b"c") != pae("a", b"bc")
    assert pae("a 1 b", b"") != pae("a", b"b 0 ")


def by_openssl(public: bytes, message: bytes, signature: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except InvalidSignature:
        return False
    return True


@pytest.mark.slow
@pytest.mark.laws
@settings(max_examples=20 * settings().max_examples, deadline=None)
@given(seed=st.binary(min_size=32, max_size=32), message=st.binary(max_size=200), data=st.data())
def test_the_verifier_says_what_openssl_says(seed: bytes, message: bytes, data: st.DataObject) -> None:
    private = Ed25519PrivateKey.from_private_bytes(seed)
    public, signature = private.public_key().public_bytes_raw(), private.sign(message)
    assert ed25519_verifies(public, message, signature)
    which = data.draw(st.sampled_from(["key", "message", "signature"]))
    parts = {"key": bytearray(public), "message": bytearray(message or b"\0"), "signature": bytearray(signature)}
    place = data.draw(st.integers(0, len(parts[which]) - 1))
    parts[which][place] ^= data.draw(st.integers(1, 255))
    changed = [bytes(parts[name]) for name in ("key", "message", "signature")]
    assert ed25519_verifies(*changed) == by_openssl(*changed)


def test_a_signature_has_one_form(key: SigningKey) -> None:
    public, signature = key.public.raw, key.sign(b"x")
    larger = (int.from_bytes(signature[32:], "little") + L).to_bytes(32, "little")
    assert ed25519_verifies(public, b"x", signature)
    assert not ed25519_verifies(public, b"x", signature[:32] + larger)
    assert not ed25519_verifies(public, b"x", signature[:-1])
    assert not ed25519_verifies(public[:-1], b"x", signature)
    assert not ed25519_verifies(b"\xff" * 32, b"x", signature)


def test_a_statement_comes_back_as_it_was_signed(key: SigningKey) -> None:
    found = statement_in(sign(STATEMENT, key).as_json(), key.public)
    assert found == {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": "shop", "digest": {"gitCommit": "a" * 40}}],
        "predicateType": "urn:x-nofx:test:v1",
        "predicate": {"rung": "pilot"},
    }


def test_the_same_statement_is_signed_with_the_same_bytes(key: SigningKey) -> None:
    assert sign(STATEMENT, key) == sign(STATEMENT, SigningKey.from_pem(key.pem()))


def test_a_change_of_any_byte_of_an_envelope_is_found(key: SigningKey) -> None:
    envelope = sign(STATEMENT, key).as_json()
    for place in range(len(envelope)):
        for flip in (1, 0x20, 0x80):
            changed = bytearray(envelope)
            changed[place] ^= flip
            with pytest.raises(EnvelopeInvalid):
                statement_in(bytes(changed), key.public)


@given(place=st.integers(0), extra=st.binary(min_size=1, max_size=4))
def test_nothing_can_be_put_into_an_envelope(place: int, extra: bytes) -> None:
    key = SigningKey.from_pem(SigningKey.generate().pem())
    envelope = sign(STATEMENT, key).as_json()
    at = place % (len(envelope) + 1)
    longer = envelope[:at] + extra + envelope[at:]
    if longer != envelope:
        with pytest.raises(EnvelopeInvalid):
            statement_in(longer, key.public)


def test_another_key_and_another_type_are_refused(key: SigningKey) -> None:
    other = SigningKey.generate()
    with pytest.raises(EnvelopeInvalid, match="not in the pack"):
        statement_in(sign(STATEMENT, other).as_json(), key.public)
    forged = json.loads(sign(STATEMENT, other).as_json())
    forged["signatures"][0]["keyid"] = key.public.key_id
    with pytest.raises(EnvelopeInvalid, match="signature"):
        statement_in(json.dumps(forged, sort_keys=True, separators=(",", ":")).encode(), key.public)


@pytest.mark.parametrize("text", [b"", b"[]", b"{", b"null", b"[" * 100_000, b'{"payload":1,"payload":2}', b"\xff"])
def test_what_is_no_envelope_is_said_to_be_none(text: bytes, key: SigningKey) -> None:
    with pytest.raises(EnvelopeInvalid):
        statement_in(text, key.public)


def test_a_statement_is_about_something() -> None:
    with pytest.raises(ValueError, match="at least one subject"):
        Statement((), "urn:x-nofx:test:v1", {})
    with pytest.raises(ValueError, match="at least one subject"):
        Statement((SubjectDigest("shop", {}),), "urn:x-nofx:test:v1", {})


def test_a_private_key_never_shows_itself(key: SigningKey) -> None:
    secret = "".join(key.pem().splitlines()[1:-1])
    assert secret not in f"{key!r} {key} {key.public!r}"
    assert public_key_of(key.public.pem().encode(), "key.pem") == key.public.raw


@pytest.mark.parametrize("text", ["", "secret words", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"])
def test_a_text_that_is_no_key_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(KeyInvalid) as refused:
        SigningKey.from_pem(text)
    assert "secret words" not in str(refused.value)


def test_a_key_may_be_written_in_one_line(key: SigningKey) -> None:
    assert SigningKey.from_pem(key.pem().replace("\n", "\\n")).public == key.public
