"""The web process: pages and the API over HTTP, live progress over WebSocket."""

import os

from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.core.asgi import get_asgi_application

from apps.core.bodies import BodyBound

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "nofx.settings.base")
pages = get_asgi_application()

from apps.jobs.routing import websocket_urlpatterns  # noqa: E402  it needs the apps that were just loaded
from nofx.warming import warm_after_first_answer  # noqa: E402  it needs them, too

application = ProtocolTypeRouter(
    {
        "http": BodyBound(pages),
        "websocket": AllowedHostsOriginValidator(AuthMiddlewareStack(URLRouter(websocket_urlpatterns))),
    }
)
warm_after_first_answer()
