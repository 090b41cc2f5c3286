"""Pages over several apps: management, audit, shift handover, rooms, search (read only), and the room directory."""

from collections.abc import Callable

from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path

from sistema_os.pages import audit, find, handover, manager, room_directory, rooms

View = Callable[[HttpRequest, AdminSite], HttpResponse]


def urls(site: AdminSite) -> list[URLPattern]:
    """To be placed before the site's own URLs. Each view checks its permission."""
    return [
        path("manager/", _of(site, manager.page), name="manager"),
        path("handover/", _of(site, handover.page), name="handover"),
        path("audit/", _of(site, audit.page), name="audit"),
        path("find/", _of(site, find.page), name="find"),
        path("rooms/", _of(site, rooms.page), name="rooms"),
        path("rooms/directory/", _of(site, room_directory.page), name="room_directory"),
    ]


def _of(site: AdminSite, view: View) -> Callable[..., HttpResponse]:
    def with_site(request: HttpRequest) -> HttpResponse:
        return view(request, site)

    return site.admin_view(with_site)
