"""Every address, app by app."""

from django.contrib import admin
from django.templatetags.static import static
from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularAPIView, SpectacularRedocView, SpectacularSwaggerView

from fleetsync.core import views as core
from fleetsync.core.tiles import tiles

handler400 = "fleetsync.core.problems.bad_request"
handler404 = "fleetsync.core.problems.not_found"
handler500 = "fleetsync.core.problems.server_error"

api: list[URLPattern | URLResolver] = [
    path("clock", core.ClockView.as_view(), name="clock"),
    path("", include("accounts.urls")),
    path("", include("restaurants.urls")),
    path("", include("orders.urls")),
    path("", include("dispatch.urls")),
    path("", include("tracking.urls")),
]

urlpatterns = [
    path("livez", core.livez),
    path("readyz", core.readyz),
    path("metrics", core.metrics),
    path("favicon.ico", RedirectView.as_view(url=static("fleetsync/favicon.svg"))),
    path("tiles.pmtiles", tiles, name="tiles"),
    path("docs/problems", core.problem_page, name="problems"),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs/", SpectacularSwaggerView.as_view(url_name="schema"), name="docs"),
    path("api/redoc/script.js", core.redoc_script, name="redoc-script"),
    path("api/redoc/", SpectacularRedocView.as_view(url_name="schema"), name="redoc"),
    path("api/v1/", include((api, "v1"))),
    path("admin/", include("tracking.admin.urls")),
    path("admin/", admin.site.urls),
    path("", include("accounts.pages")),
    path("", include("tracking.pages")),
]
