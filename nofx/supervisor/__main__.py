"""The detached supervisor process; ``nofx up`` starts it."""

from __future__ import annotations

import json
import sys

from nofx import env
from nofx.supervisor.children import children
from nofx.supervisor.home import Home
from nofx.supervisor.loop import Supervisor


def main(about: dict[str, object]) -> int:
    """Supervise until told to stop; returns 1 when there is a supervisor already."""
    environment = env.load()
    home = Home(environment.home)
    with home.supervising() as is_ours:
        if not is_ours:
            return 1
        supervisor = Supervisor(
            home=home,
            children=children(environment, int(str(about["port"]))),
            about=about,
            is_embedded=not environment["DATABASE_URL"],
        )
        supervisor.stop_on_signals()
        supervisor.start()
        supervisor.watch()
        supervisor.end()
    return 0


if __name__ == "__main__":
    sys.exit(main(json.loads(sys.argv[1])))
