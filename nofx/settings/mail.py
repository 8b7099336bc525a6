"""How e-mail leaves, from one address: ``smtp``, ``smtp+tls`` (STARTTLS) or ``smtps``."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

PORTS = {"smtp": 25, "smtp+tls": 587, "smtps": 465}
SMTP = "django.core.mail.backends.smtp.EmailBackend"
NOTHING = "django.core.mail.backends.dummy.EmailBackend"


@dataclass(frozen=True)
class MailServer:
    """A server, or with its defaults none: then nothing is ever sent."""

    backend: str = NOTHING
    host: str = ""
    port: int = PORTS["smtp"]
    user: str = ""
    password: str = field(default="", repr=False)
    is_starttls: bool = False
    is_tls: bool = False


def mail_settings(url: str, sender: str) -> MailServer:
    """
    Return what *url* says about the server, which is none when it is empty.

    :raises ImproperlyConfigured: *url* cannot be read, or nobody is named as the sender.
    """
    if not url:
        return MailServer()
    # The words of these errors never hold the address: a password may be in it.
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ImproperlyConfigured("NOFX_MAIL_URL cannot be read.") from error
    if parts.scheme not in PORTS or not parts.hostname:
        raise ImproperlyConfigured(f"NOFX_MAIL_URL begins with {'://, '.join(PORTS)}:// and names a server.")
    if not sender:
        raise ImproperlyConfigured("NOFX_MAIL_URL needs NOFX_MAIL_FROM: whom e-mails are from.")
    return MailServer(
        backend=SMTP,
        host=parts.hostname,
        port=port or PORTS[parts.scheme],
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        is_starttls=parts.scheme == "smtp+tls",
        is_tls=parts.scheme == "smtps",
    )
