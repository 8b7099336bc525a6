"""Settings of every process. Secure with an empty environment; the environment is described in ``nofx/env.py``."""

from __future__ import annotations

import secrets
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from nofx import env
from nofx.settings import sign_in
from nofx.settings.databases import application_role, connection, database_url
from nofx.settings.mail import mail_settings

PACKAGE_DIR = Path(__file__).resolve().parent.parent
# In a wheel the pages lie inside the package; in a checkout they lie beside it.
BASE_DIR = PACKAGE_DIR / "pages" if (PACKAGE_DIR / "pages").is_dir() else PACKAGE_DIR.parent
ENVIRONMENT = env.load()
NOFX_HOME = ENVIRONMENT.home
NOFX_HOME.mkdir(mode=0o700, parents=True, exist_ok=True)
NOFX_AUDIT_ANCHORS = Path(ENVIRONMENT["NOFX_AUDIT_ANCHORS"] or NOFX_HOME / "anchors").absolute()
NOFX_BACKUPS = Path(ENVIRONMENT["NOFX_BACKUPS"] or NOFX_HOME / "backups").absolute()
IS_EMBEDDED = not ENVIRONMENT["DATABASE_URL"]


def secret_key() -> str:
    """Return the signing key: from the environment, or one made once on a single machine."""
    if ENVIRONMENT["NOFX_SECRET_KEY"]:
        return ENVIRONMENT["NOFX_SECRET_KEY"]
    if not IS_EMBEDDED:
        raise ImproperlyConfigured("Set NOFX_SECRET_KEY: processes that share a database must share the signing key.")
    path = NOFX_HOME / "secret_key"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(64))
    return path.read_text()


def signing_key() -> str:
    """Return the private key of statements, as PEM; empty where one is made once on a single machine."""
    if not ENVIRONMENT["NOFX_SIGNING_KEY"] and not IS_EMBEDDED:
        raise ImproperlyConfigured(
            "Set NOFX_SIGNING_KEY: processes that share a database sign with one key. `nofx keys new` prints one."
        )
    return ENVIRONMENT["NOFX_SIGNING_KEY"]


SECRET_KEY = secret_key()
NOFX_SIGNING_KEY = signing_key()
DEBUG = ENVIRONMENT.flag("NOFX_DEBUG")
ALLOWED_HOSTS = ENVIRONMENT.names("NOFX_ALLOWED_HOSTS")
IS_HTTPS = ENVIRONMENT.flag("NOFX_HTTPS")
NOFX_ENVIRONMENT = ENVIRONMENT["NOFX_ENVIRONMENT"]
NOFX_DEMO_BANNER = "This is a demo: its people and its repository came with the installation." if IS_EMBEDDED else ""

INSTALLED_APPS = [
    "apps.core",
    "apps.governance",
    "apps.jobs",
    "apps.repositories",
    "apps.providers",
    "apps.sandbox",
    "apps.checks",
    "apps.knowledge",
    "apps.generation",
    "apps.quality",
    "apps.evolution",
    "apps.docs",
    "apps.console",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.staticfiles",
    "channels",
    "django_htmx",
    "django_filters",
    "rest_framework",
    "django_q",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.socialaccount.providers.github",
    "allauth.usersessions",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "nofx.api.boundary.request_ids",
    "apps.governance.origin.origins",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "nofx.api.boundary.api_boundary",
    "apps.core.bodies.BodyLimit",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "apps.core.middleware.page_headers",
    "apps.governance.middleware.ProblemPages",
    "apps.governance.closed_accounts.ClosedAccounts",
    "apps.governance.sessions.SessionActivity",
    "apps.governance.middleware.OwnPasswordGate",
    "apps.governance.middleware.SecondFactorGate",
]

ROOT_URLCONF = "nofx.urls"
ASGI_APPLICATION = "nofx.asgi.application"
AUTH_USER_MODEL = "governance.User"
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "login"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "apps.core.context_processors.shell",
                "apps.governance.context_processors.session",
                "apps.governance.context_processors.suspensions",
                "apps.governance.context_processors.records",
                "apps.jobs.context_processors.inbox",
            ],
        },
    },
]

DATABASES = {"default": connection(database_url(ENVIRONMENT, NOFX_HOME))}
NOFX_APPLICATION_ROLE = application_role(ENVIRONMENT)
REDIS_URL = ENVIRONMENT["NOFX_REDIS_URL"]
# The layer waits up to 5 s for a message, which is also when redis-py by default gives a connection up.
REDIS_CHANNEL_LAYER = {
    "BACKEND": "channels_redis.core.RedisChannelLayer",
    "CONFIG": {"hosts": [{"address": REDIS_URL, "socket_timeout": 30}]},
}
CHANNEL_LAYERS = {
    "default": REDIS_CHANNEL_LAYER if REDIS_URL else {"BACKEND": "channels.layers.InMemoryChannelLayer"},
}

# Every task claims its own row in the job ledger; these settings keep django-q2 from handing a task out twice.
# The ledger remembers what ran, so successes are not saved here, and its own sweep takes the scheduler's place.
Q_CLUSTER = {
    "name": "nofx",
    "workers": int(ENVIRONMENT["NOFX_WORKERS"]),
    "timeout": 3600,
    "retry": 4200,
    "queue_limit": 1,
    "bulk": 1,
    "poll": 0.1,
    "max_attempts": 3,
    "ack_failures": True,
    "catch_up": False,
    "save_limit": -1,
    "scheduler": False,
    "label": "Queue",
    **({"redis": REDIS_URL} if REDIS_URL else {"orm": "default"}),
}

NOFX_PUBLIC_URL = ENVIRONMENT["NOFX_PUBLIC_URL"]
NOFX_MAIL_FROM = ENVIRONMENT["NOFX_MAIL_FROM"] if ENVIRONMENT["NOFX_MAIL_URL"] else ""
NOFX_DIGEST_HOUR = ENVIRONMENT.hour("NOFX_DIGEST_HOUR")
NOFX_WEBHOOK_HOSTS = ENVIRONMENT.names("NOFX_WEBHOOK_HOSTS")
_mail = mail_settings(ENVIRONMENT["NOFX_MAIL_URL"], ENVIRONMENT["NOFX_MAIL_FROM"])
EMAIL_BACKEND = _mail.backend
EMAIL_HOST, EMAIL_PORT = _mail.host, _mail.port
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _mail.user, _mail.password
EMAIL_USE_TLS, EMAIL_USE_SSL = _mail.is_starttls, _mail.is_tls
EMAIL_TIMEOUT = 20

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

# allauth does the sign-in; its pages, its counting of failures and its mails are ours or not used at all.
NOFX_PROXIES = sign_in.whole_number(ENVIRONMENT, "NOFX_PROXIES", at_least=0)
NOFX_REQUIRE_TOTP = sign_in.totp_requirement(ENVIRONMENT, is_embedded=IS_EMBEDDED)
ACCOUNT_ADAPTER = "apps.governance.accounts.AccountAdapter"
ACCOUNT_FORMS = {"login": "apps.governance.forms_sign_in.SignInForm"}
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_ENABLED = False
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_UNIQUE_EMAIL = False
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_RATE_LIMITS = False
SOCIALACCOUNT_ADAPTER = "apps.governance.accounts.SingleSignOnAdapter"
SOCIALACCOUNT_PROVIDERS = sign_in.providers(ENVIRONMENT)
SOCIALACCOUNT_QUERY_EMAIL = True
MFA_ADAPTER = "apps.governance.accounts.SecondFactorAdapter"
MFA_FORMS = {"authenticate": "apps.governance.forms_sign_in.CodeForm"}
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_RATE_LIMITS = False

LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = NOFX_HOME / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "apps.core.finders.PackageFilesFinder",
]
WHITENOISE_USE_FINDERS = True

# The largest body, and the largest where builds send their reports (MAX_UPLOAD in apps/quality/types.py).
DATA_UPLOAD_MAX_MEMORY_SIZE = 1 << 20
NOFX_UPLOADS = dict.fromkeys(("/api/quality/coverage/upload", "/api/quality/tests/upload"), 10 << 20)

# Whatever saves the session moves its end; `SessionActivity` does so for a request that a person made.
SESSION_COOKIE_AGE = 60 * sign_in.whole_number(ENVIRONMENT, "NOFX_SESSION_MINUTES", at_least=5)
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "apps.console.views.errors.csrf_failure"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = IS_HTTPS
SECURE_SSL_REDIRECT = IS_HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if IS_HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = IS_HTTPS
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

REST_FRAMEWORK = {
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "EXCEPTION_HANDLER": "nofx.api.resources.problem_response",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"request_ids": {"()": "apps.core.logs.RequestIds"}},
    "formatters": {"line": {"format": "{asctime} {levelname} {name}{request_id} {message}", "style": "{"}},
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["request_ids"]},
    },
    "root": {"handlers": ["console"], "level": "INFO"},
    # Tells each table of each font that is embedded.
    "loggers": {"fontTools": {"level": "WARNING"}},
}
