"""What can go wrong before a run starts."""

from __future__ import annotations

from apps.core.errors import NofxError


class SandboxUnavailable(NofxError):
    """This machine cannot isolate untrusted code, so none is run."""

    code = "sandbox_unavailable"
    status = 503


class NodeUnavailable(SandboxUnavailable):
    """This machine has no program that runs JavaScript."""

    code = "node_unavailable"


class SpecInvalid(NofxError):
    """The run is described in a way that cannot be meant."""

    code = "sandbox_spec_invalid"
    status = 422
