"""Settings of the tests: the owner's connection to a server of their own, cheap passwords, no queue process."""

import os
from pathlib import Path

os.environ["NOFX_HOME"] = os.environ.get("NOFX_TEST_HOME") or str(
    Path(__file__).resolve().parents[2] / ".nofx" / "test"
)
for _name in (
    "DATABASE_URL",
    "NOFX_REDIS_URL",
    "NOFX_HTTPS",
    "NOFX_DEBUG",
    "NOFX_SIGNING_KEY",
    "OPENAI_API_KEY",
    "NOFX_LOCAL_MODELS",
):
    os.environ.pop(_name, None)
os.environ["NOFX_DATABASE_ROLE"] = "owner"

from nofx.settings.base import *  # noqa: E402, F403  the environment has to be set before the settings are read
from nofx.settings.base import Q_CLUSTER  # noqa: E402  as above

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
Q_CLUSTER = {**Q_CLUSTER, "sync": False}
# Each client of a test builds the middleware anew; reading every static file for each was 6 % of the time of pages.
WHITENOISE_AUTOREFRESH = True
