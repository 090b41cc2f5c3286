"""Pages over several apps: management, audit, handover, guests, rooms, search (read only), room directory, import."""

from collections.abc import Callable
from typing import Any

from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, register_converter
from django.urls.converters import IntConverter

from pipeline.data_subjects import pages as data_requests
from pipeline.imports import pages as imports
from pipeline.imports import sources_page as sources
from sistema_os.pages import audit, find, guests, handover, manager, room_directory, rooms

View = Callable[..., HttpResponse]


class StayConverter(IntConverter):
    """A key of the hotel's guest list. Longer numbers fit into no column."""

    regex = "[0-9]{1,18}"


register_converter(StayConverter, "stay")


def urls(site: AdminSite) -> list[URLPattern]:
    """To be placed before the site's own URLs. Each view checks its permission."""
    return [
        path("manager/", _of(site, manager.page), name="manager"),
        path("handover/", _of(site, handover.page), name="handover"),
        path("audit/", _of(site, audit.page), name="audit"),
        path("find/", _of(site, find.page), name="find"),
        path("rooms/", _of(site, rooms.page), name="rooms"),
        path("rooms/directory/", _of(site, room_directory.page), name="room_directory"),
        path("guests/<stay:stay>/", _of(site, guests.page), name="guest"),
        path("import/", _of(site, imports.files), name="import"),
        path("import/<uuid:key>/", _of(site, imports.check), name="import_check"),
        path("import/<uuid:key>/preview/", _of(site, imports.preview), name="import_preview"),
        path("import/<uuid:key>/progress/", _of(site, imports.progress), name="import_progress"),
        path("data-requests/", _of(site, data_requests.requests_page), name="data_requests"),
        path("data-requests/<stay:key>/", _of(site, data_requests.request_page), name="data_request"),
        path("sources/", _of(site, sources.page), name="sources"),
        path("sources/recipes/<int:key>/", _of(site, sources.recipe), name="sources_recipe"),
    ]


def _of(site: AdminSite, view: View) -> Callable[..., HttpResponse]:
    def with_site(request: HttpRequest, **arguments: Any) -> HttpResponse:
        return view(request, site, **arguments)

    return site.admin_view(with_site)
