"""The web process: pages and the API over HTTP, live progress over WebSocket."""

import os

from channels.routing import ProtocolTypeRouter
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "nofx.settings.base")

application = ProtocolTypeRouter({"http": get_asgi_application()})
