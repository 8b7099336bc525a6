"""How messages are signed, when they are tried again, and where they never go."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from apps.jobs.engine.addresses import UrlRefused, address_refusal, target_of
from apps.jobs.engine.sealing import SealBroken, seal, unseal
from apps.jobs.engine.webhooks import (
    DISABLED_AFTER,
    RETRIES,
    hmac_sha256,
    is_given_up,
    retry_after,
    signature_header,
    signature_verify,
)

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
STAMP = int(NOW.timestamp())


def test_githubs_published_example_comes_out() -> None:
    signature = hmac_sha256("It's a Secret to Everybody", "Hello, World!")
    assert signature == "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"


@given(st.text(min_size=1), st.text())
def test_what_is_signed_is_verified_and_nothing_else_is(secret: str, body: str) -> None:
    header = signature_header([secret], timestamp=STAMP, body=body)
    check = {"secret": secret, "timestamp": STAMP, "body": body, "now": NOW}
    assert signature_verify(header, **check)
    assert not signature_verify(header, **{**check, "body": body + " "})
    assert not signature_verify(header, **{**check, "timestamp": STAMP + 1})
    assert not signature_verify(header, **{**check, "secret": secret + "x"})
    assert not signature_verify("", **check)


def test_while_two_secrets_live_either_verifies() -> None:
    header = signature_header(["new", "old"], timestamp=STAMP, body="{}")
    for secret, fits in (("new", True), ("old", True), ("older", False)):
        assert signature_verify(header, secret=secret, timestamp=STAMP, body="{}", now=NOW) is fits


@pytest.mark.parametrize(("seconds", "fits"), [(-301, False), (-300, True), (300, True), (301, False)])
def test_a_message_is_fresh_for_five_minutes(seconds: int, fits: bool) -> None:
    header = signature_header(["s"], timestamp=STAMP, body="{}")
    later = NOW + timedelta(seconds=seconds)
    assert signature_verify(header, secret="s", timestamp=STAMP, body="{}", now=later) is fits


def test_it_is_tried_ever_more_rarely_for_a_day() -> None:
    assert list(RETRIES) == sorted(RETRIES)
    assert timedelta(hours=23) < sum(RETRIES, timedelta()) <= timedelta(hours=24)
    assert retry_after(attempts=1, at=NOW).at == NOW + timedelta(seconds=10)
    assert retry_after(attempts=len(RETRIES), at=NOW).at is not None
    assert retry_after(attempts=len(RETRIES) + 1, at=NOW).at is None


def test_an_endpoint_that_only_fails_is_given_up_after_days() -> None:
    assert not is_given_up(failing_since=None, at=NOW)
    assert not is_given_up(failing_since=NOW - DISABLED_AFTER + timedelta(seconds=1), at=NOW)
    assert is_given_up(failing_since=NOW - DISABLED_AFTER, at=NOW)


INSIDE = [
    *("127.0.0.1", "127.9.9.9", "0.0.0.1", "10.0.0.1", "172.16.0.1"),
    *("172.31.255.255", "192.168.1.1", "169.254.169.254", "100.64.0.1", "192.0.0.192"),
    *("198.18.0.1", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255"),
    *("192.0.2.1", "203.0.113.7", "192.88.99.1", "::1", "::"),
    *("::127.0.0.1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::ffff:10.0.0.1", "fe80::1"),
    *("fe80::1%eth0", "fc00::1", "fd00:ec2::254", "fec0::1", "ff02::1"),
    *("64:ff9b::7f00:1", "64:ff9b:1::1", "2002:7f00:1::", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:db8::1"),
    *("100::1",),
]


@pytest.mark.parametrize("address", INSIDE)
def test_an_address_of_the_inside_is_refused_however_it_is_written(address: str) -> None:
    assert address in address_refusal(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "172.32.0.1", "2606:4700:4700::1111", "::ffff:8.8.8.8"])
def test_an_address_of_the_internet_is_not(address: str) -> None:
    assert address_refusal(address) == ""


@given(st.ip_addresses(v=4))
def test_an_address_is_judged_alike_when_it_is_mapped_into_the_other_family(address: object) -> None:
    assert bool(address_refusal(f"::ffff:{address}")) is bool(address_refusal(str(address)))


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/",
        "ftp://example.org/",
        "//example.org/",
        "https://",
        "https:///path",
        "https://user:password@example.org/",
        "https://example.org/#part",
        "https://example.org:0/",
        "https://example.org:99999/",
        "https://exa mple.org/",
        "https://example.org/\r\nX-Evil: 1",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://169.254.169.254/latest/meta-data",
        "https://" + "a" * 400 + ".org/",
        "https://" + "a" * 70 + ".org/",
        "javascript:alert(1)",
        "",
    ],
)
def test_an_address_that_cannot_or_may_not_be_used_is_refused_with_a_sentence(url: str) -> None:
    with pytest.raises(UrlRefused, match=r"\.$"):
        target_of(url)


def test_an_operator_names_internal_hosts_one_by_one() -> None:
    assert target_of("http://hooks.internal:8080/x", internal=["hooks.internal"]).is_internal
    assert target_of("http://HOOKS.internal:8080/x", internal=["hooks.internal:8080"]).port == 8080
    assert target_of("http://127.0.0.1:8080/x", internal=["127.0.0.1:8080"]).is_internal
    for url in ("http://hooks.internal:8081/", "http://other.internal:8080/", "http://127.0.0.1:8081/"):
        with pytest.raises(UrlRefused):
            target_of(url, internal=["hooks.internal:8080", "127.0.0.1:8080"])
    assert not target_of("https://example.org/", internal=["hooks.internal"]).is_internal


def test_names_in_other_alphabets_are_looked_up_as_they_are_registered() -> None:
    target = target_of("https://bücher.example/käse?q=ö")
    assert (target.host, target.path) == ("xn--bcher-kva.example", "/k%C3%A4se?q=%C3%B6")


@given(st.text(max_size=60))
@example("\u00a8")
def test_no_text_makes_the_reader_of_addresses_fail(text: str) -> None:
    for url in (text, f"https://{text}", f"https://example.org/{text}"):
        try:
            target = target_of(url)
        except UrlRefused:
            continue
        assert target.path.isascii()
        assert not set(target.path + target.host) & set(" \r\n\t")


def test_a_sealed_secret_opens_with_its_own_key_and_purpose_only() -> None:
    sealed = seal("secret", key="k" * 50, purpose="webhooks")
    assert "secret" not in sealed
    assert unseal(sealed, key="k" * 50, purpose="webhooks") == "secret"
    for key, purpose, text in (
        ("x" * 50, "webhooks", sealed),
        ("k" * 50, "other", sealed),
        ("k" * 50, "webhooks", sealed[:-4] + "AAAA"),
        ("k" * 50, "webhooks", "nonsense"),
    ):
        with pytest.raises(SealBroken):
            unseal(text, key=key, purpose=purpose)
