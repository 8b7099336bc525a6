"""The entries of the left rail and of the command box, in order."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import NoReverseMatch, reverse


@dataclass(frozen=True)
class Entry:
    """One place to go. ``key`` is the second key of the `g …` shortcut; ``prefixes`` are the paths it stands for."""

    label: str
    url_name: str
    icon: str
    key: str
    prefixes: tuple[str, ...] = ()
    is_for_staff: bool = False


@dataclass(frozen=True)
class Link:
    """An entry whose URL exists."""

    label: str
    url: str
    icon: str
    key: str
    is_current: bool


RAIL = (
    Entry("Home", "console:home", "home", "h"),
    Entry("Specs", "generation:spec-list", "spec", "s"),
    Entry("Requests", "generation:request-list", "review", "r"),
    Entry("Quality", "quality:index", "quality", "q", ("/repos/",)),
    Entry("Architecture", "evolution:index", "architecture", "a"),
    Entry("Docs", "docs:index", "docs", "d"),
    Entry("Knowledge", "knowledge:index", "knowledge", "k"),
    Entry("Metrics", "console:metrics", "chart", "e"),
    Entry("Governance", "governance:index", "governance", "g"),
    Entry("Admin", "admin:index", "admin", "m", is_for_staff=True),
)


def url_or_none(name: str, *args: object, **kwargs: object) -> str | None:
    """Return the URL of ``name``, or None where no such URL is registered."""
    try:
        url: str = reverse(name, args=args or None, kwargs=kwargs or None)
    except NoReverseMatch:
        return None
    return url


def rail_links(path: str, *, is_staff: bool) -> list[Link]:
    """
    Return the rail for a page at ``path``.

    Entries without a URL, and those that would turn this person away, are left out; the longest match is current.
    """
    shown = [entry for entry in RAIL if is_staff or not entry.is_for_staff]
    urls = [(entry, url) for entry in shown if (url := url_or_none(entry.url_name)) is not None]
    lengths = {entry: _match_length(path, url, entry.prefixes) for entry, url in urls}
    longest = max(lengths.values(), default=0)
    return [
        Link(entry.label, url, entry.icon, entry.key, is_current=longest > 0 and lengths[entry] == longest)
        for entry, url in urls
    ]


def _match_length(path: str, url: str, prefixes: tuple[str, ...]) -> int:
    if path == url:
        return len(url) + 1
    candidates = [prefix for prefix in (url, *prefixes) if prefix != "/" and path.startswith(prefix)]
    return max((len(prefix) for prefix in candidates), default=0)
