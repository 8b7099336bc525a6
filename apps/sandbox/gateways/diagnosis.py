"""Why this machine cannot isolate, and what a person can do about it."""

from __future__ import annotations

import platform
from pathlib import Path

MACHINE = "x86_64"

USER_NAMESPACES_OFF = "Allow user namespaces: sysctl -w kernel.unprivileged_userns_clone=1."
NO_USER_NAMESPACES_LEFT = "Allow user namespaces: sysctl -w user.max_user_namespaces=10000."
APPARMOR = (
    "AppArmor keeps ordinary users from user namespaces: give this interpreter a profile with the rule `userns,`, "
    "or sysctl -w kernel.apparmor_restrict_unprivileged_userns=0."
)
CONTAINER = (
    "This is a container whose own filter forbids namespaces: start it with "
    "--security-opt seccomp=unconfined --security-opt apparmor=unconfined --security-opt systempaths=unconfined."
)
ONE_USER = "Give the container a range of user ids (subuid and subgid), so that root inside is not the only one."
OLD_KERNEL = "Use Linux 5.12 or newer; Debian 12 has 6.1."
OTHER_MACHINE = f"Use an {MACHINE} machine: the list of allowed system calls is for that architecture."
LEAK = "Do not work around this: report it with the output of the probe, and run on another machine meanwhile."
UNKNOWN = "Run the probe as the same user on the host itself and compare; the threat model page lists what is needed."


def _setting(path: str) -> str:
    file = Path("/proc/sys") / path
    return file.read_text().strip() if file.exists() else ""


def machine_supported() -> bool:
    return platform.machine() == MACHINE


def remedy_for(step: str) -> str:
    """Return what to do about a step that failed ("unshare user namespace: Operation not permitted")."""
    if "Function not implemented" in step:
        return OLD_KERNEL
    if step.startswith("map a user other than root"):
        return ONE_USER
    if _setting("kernel/unprivileged_userns_clone") == "0":
        return USER_NAMESPACES_OFF
    if _setting("user/max_user_namespaces") == "0":
        return NO_USER_NAMESPACES_LEFT
    if _setting("kernel/apparmor_restrict_unprivileged_userns") == "1":
        return APPARMOR
    if Path("/.dockerenv").exists() or Path("/run/.containerenv").exists():
        return CONTAINER
    return UNKNOWN
