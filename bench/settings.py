"""The platform's settings with the benchmark's own job kinds; for processes that ``bench.core`` starts."""

from nofx.settings.base import *  # noqa: F403  everything, unchanged
from nofx.settings.base import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "bench"]
