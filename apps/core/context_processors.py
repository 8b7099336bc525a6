"""What the frame around every page needs."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from apps.core.keymap import COOKIE, keymap_read
from apps.core.navigation import rail_links

THEMES = ("system", "light", "dark")
RAILS = ("wide", "narrow")
DENSITIES = ("comfortable", "compact")
SWITCHES = ("on", "off")
# Kept in cookies that scripts may read, so that a page comes out right before any script runs.
PREFERENCES: dict[str, tuple[str, ...]] = {"theme": THEMES, "rail": RAILS, "density": DENSITIES, "keys": SWITCHES}
CHOICES = {
    "theme_choices": (("system", "System"), ("light", "Light"), ("dark", "Dark")),
    "density_choices": (("comfortable", "Roomy"), ("compact", "Compact")),
    "keys_choices": (("on", "Keys on"), ("off", "Keys off")),
}


def preference(request: HttpRequest, name: str) -> str:
    """Return what this browser chose for ``name``, or the default when it chose nothing known."""
    allowed = PREFERENCES[name]
    value = request.COOKIES.get(f"nofx_{name}", allowed[0])
    return value if value in allowed else allowed[0]


def _is_staff(request: HttpRequest) -> bool:
    # An error page may come before anybody is known.
    return bool(getattr(getattr(request, "user", None), "is_staff", False))


def shell(request: HttpRequest) -> dict[str, Any]:
    """Add the rail, this browser's keys and preferences, the environment, the demo banner and the script nonce."""
    return {
        "rail": SimpleLazyObject(lambda: rail_links(request.path, is_staff=_is_staff(request))),
        "keymap": keymap_read(request.COOKIES.get(COOKIE, "")),
        "preferences": {name: preference(request, name) for name in PREFERENCES},
        "environment_name": getattr(settings, "NOFX_ENVIRONMENT", ""),
        "demo_banner": getattr(settings, "NOFX_DEMO_BANNER", ""),
        "csp_nonce": getattr(request, "csp_nonce", ""),
        **CHOICES,
    }
