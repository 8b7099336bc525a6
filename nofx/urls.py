"""Every address of the platform. Each app names its own pages; the API's two halves are mounted by ``nofx.api``."""

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.urls import include, path

from nofx.api.document import schema_view
from nofx.api.reference import reference_view
from nofx.api.resources import resource_urls
from nofx.api.root import api

# The admin site has no sign-in of its own, which would ask for no code.
admin.site.login = secure_admin_login(admin.site.login)

handler400 = "apps.console.views.errors.bad_request"
handler500 = "apps.console.views.errors.server_error"

urlpatterns = [
    path("", include("apps.console.urls")),
    path("", include("apps.generation.urls")),
    path("", include("apps.quality.urls")),
    path("", include("apps.evolution.urls")),
    path("", include("apps.docs.urls")),
    path("", include("apps.knowledge.urls")),
    path("", include("apps.providers.urls")),
    path("", include("apps.governance.urls")),
    path("", include("apps.jobs.urls")),
    path("", include("apps.governance.urls_sign_in")),
    path("admin/", admin.site.urls),
    path("api/schema", schema_view, name="api-schema"),
    path("api/reference", reference_view, name="api-reference"),
    path("api/v1/", include((resource_urls(), "resources"))),
    path("api/", api.urls),
]
