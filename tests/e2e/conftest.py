"""
A real Chromium against the real ASGI application: pages, static files and WebSockets on one port.

The server runs in a thread of the test process and sees the test's database, so every test here is transactional.
Playwright keeps an event loop in its thread; it is started for each module and stopped after it, so that
asynchronous tests elsewhere keep theirs.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from asgiref.typing import ASGIApplication
from axe_playwright_python.sync_playwright import Axe
from daphne.endpoints import build_endpoint_description_strings
from daphne.server import twisted_loop
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, ViewportSize, sync_playwright
from twisted.internet import reactor

from apps.governance.models import User
from nofx.asgi import application
from nofx.serving import BoundedServer
from tests.kept import kept
from tests.shop import (
    code,
    engineer,
    home,
    in_review,
    owner,
    person,
    provider,
    repository,
    reviewer,
    scope,
    server,
    submit,
)

__all__ = [
    "code",
    "engineer",
    "home",
    "in_review",
    "kept",
    "owner",
    "person",
    "provider",
    "repository",
    "reviewer",
    "scope",
    "server",
    "submit",
]

CHROMIUM_FLAGS = (
    "--no-sandbox",  # the tests may run as root
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
WIDE: ViewportSize = {"width": 1440, "height": 900}
NARROWEST: ViewportSize = {"width": 320, "height": 800}
START_S = 20

SignIn = Callable[[User], None]
AxeCheck = Callable[..., None]
Shoot = Callable[[str], None]


# --- Server ---------------------------------------------------------------------------------------------------------


class _LiveServer:
    """Daphne on a free port, in a thread. A process can start its reactor once, so there is one for the whole run."""

    def __init__(self, asgi: ASGIApplication) -> None:
        self._ready = threading.Event()
        self._server = BoundedServer(
            application=asgi,
            endpoints=build_endpoint_description_strings(host="127.0.0.1", port=0),
            signal_handlers=False,
            ready_callable=self._ready.set,
            verbosity=0,
        )
        self._thread = threading.Thread(target=self._run, name="live-server", daemon=True)
        self._thread.start()
        if not self._ready.wait(START_S):
            raise RuntimeError("The live server did not start.")
        self.url = f"http://127.0.0.1:{self._server.listening_addresses[0][1]}"

    def _run(self) -> None:
        asyncio.set_event_loop(twisted_loop)
        self._server.run()

    def stop(self) -> None:
        reactor.callFromThread(reactor.stop)  # type: ignore[misc]  # zope interfaces declare no self
        self._thread.join(START_S)


@pytest.fixture(scope="session")
def _server(django_db_setup: None) -> Iterator[_LiveServer]:
    server = _LiveServer(application)
    yield server
    server.stop()


@pytest.fixture
def live_url(_server: _LiveServer, transactional_db: None) -> str:
    """The address of the running platform; its database is the test's."""
    return _server.url


# --- Browser --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def browser(chromium_path: str) -> Iterator[Browser]:
    """A Chromium with a new, empty profile."""
    # Playwright's loop runs in this thread, where tests also talk to the database.
    allowed = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=chromium_path, args=list(CHROMIUM_FLAGS))
        yield chromium
        chromium.close()
    if allowed is None:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def context(browser: Browser, live_url: str) -> Iterator[BrowserContext]:
    """One person's browser, 1440 by 900 and light; ``page.set_viewport_size`` and ``emulate_media`` change that."""
    context = browser.new_context(base_url=live_url, viewport=WIDE, color_scheme="light", reduced_motion="reduce")
    context.set_default_timeout(10_000)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A page that fails its test when a script fails or the security policy refuses something."""
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda message: problems.append(message.text) if _is_problem(message) else None)
    yield page
    assert problems == []


def _is_problem(message: ConsoleMessage) -> bool:
    # A refused request is the business of the test that provokes it; it can look at the answer.
    return message.type == "error" and not message.text.startswith("Failed to load resource")


@pytest.fixture
def sign_in(context: BrowserContext, live_url: str) -> SignIn:
    """Sign a person in without the form: ``sign_in(user)``."""

    def give_session(user: User) -> None:
        client = Client()
        client.force_login(user)
        value = client.cookies[settings.SESSION_COOKIE_NAME].value
        context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": value, "url": live_url}])

    return give_session


@pytest.fixture
def axe() -> AxeCheck:
    """``axe(page)`` asserts that axe finds nothing; it names the rule and the element otherwise."""

    def check(page: Page) -> None:
        violations = Axe().run(page).response["violations"]
        found = [f"{item['id']}: {node['html'][:160]}" for item in violations for node in item["nodes"]]
        assert found == [], "\n".join(found)

    return check


@pytest.fixture(params=["light", pytest.param("dark", marks=pytest.mark.slow)])
def both_themes(request: pytest.FixtureRequest, page: Page) -> str:
    """Run the test in the light and in the dark theme, as the browser prefers; the value is the theme's name."""
    theme: str = request.param
    page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
    return theme


@pytest.fixture
def screenshot(page: Page) -> Shoot:
    """``screenshot("home")`` writes ``$NOFX_SCREENSHOTS/home.png``; does nothing when the variable is not set."""

    def shoot(name: str) -> None:
        folder = os.environ.get("NOFX_SCREENSHOTS")
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            page.screenshot(path=Path(folder) / f"{name}.png")

    return shoot


@pytest.fixture
def overflow(page: Page) -> Callable[[], int]:
    """``overflow()``: by how many pixels the page is wider than a window of 320, the narrowest that must work."""

    def measure() -> int:
        page.set_viewport_size(NARROWEST)
        return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))

    return measure
