"""``python -m apps.sandbox serve`` and ``python -m apps.sandbox probe [--json]``."""

from __future__ import annotations

import sys

from apps.sandbox import probe_cli, serve


def main(arguments: list[str]) -> int:
    if arguments == ["serve"]:
        return serve.main()
    if arguments[:1] == ["probe"]:
        return probe_cli.main(arguments[1:])
    print("Usage: python -m apps.sandbox serve | probe [--json]", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
