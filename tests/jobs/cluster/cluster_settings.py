"""The platform's own settings with one more app, whose jobs leave traces that a test can count."""

from nofx.settings.base import *  # noqa: F403  everything, unchanged
from nofx.settings.base import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "probe"]
