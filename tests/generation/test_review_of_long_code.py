"""Reviews of long candidates: five of two thousand lines open quickly, and only what is in view is drawn."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from apps.generation.models import CodeGenerationRequest
from apps.governance.models import User
from apps.providers.models import Provider
from tests.cpu import costs_less
from tests.fault_server import FaultServer
from tests.generation.test_pipeline import CLAMP, RIGHT
from tests.shop import work_off

pytestmark = pytest.mark.django_db(transaction=True)


def _long(number: int) -> str:
    """A right answer with some two thousand lines of helpers, different for each number."""
    helper = (
        '\n\ndef _step_{n}_{k}(value: int) -> int:\n    """Return the {k}th step."""\n    return value * {k} + {n}\n'
    )
    code = RIGHT.removeprefix("```python\n").removesuffix("```")
    return f"```python\n{code}{''.join(helper.format(n=number, k=k) for k in range(400))}```"


@pytest.mark.slow
@pytest.mark.bar(13)
def test_five_candidates_of_two_thousand_lines_open_within_two_seconds(
    submit: Callable[..., CodeGenerationRequest], provider: Provider, server: FaultServer, client: Client, owner: User
) -> None:
    provider.samples, provider.max_tokens = 5, 60_000
    provider.save()
    server.answers([_long(number) for number in range(5)])
    request = submit(CLAMP)
    work_off(request)
    client.force_login(owner)
    address = reverse("generation:review", args=[request.pk])
    client.get(address)
    assert costs_less(lambda: client.get(address), 2)
    page = client.get(address)
    assert page.content.decode().count('class="line line--') > 3 * 2000
