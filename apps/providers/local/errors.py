"""What can go wrong before a local model serves."""

from __future__ import annotations

from apps.core.errors import NofxError


class DownloadFailed(NofxError):
    """No source gave the file; what is there already is kept for the next attempt."""

    code = "download_failed"
    status = 502


class DiskTooSmall(DownloadFailed):
    """There is not enough free space for the file."""

    code = "disk_too_small"
    status = 507


class ServingImpossible(NofxError):
    """What serves local models is not installed."""

    code = "serving_impossible"
    status = 501


class Stopped(Exception):
    """A person or the platform's end stopped the work; nothing is wrong."""
