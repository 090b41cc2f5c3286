"""People of each role, and pages as they see them."""

from __future__ import annotations

import re

from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse


def person(*codenames: str) -> Client:
    user = User.objects.create_user(f"user{User.objects.count()}", is_staff=True)
    permissions = Permission.objects.filter(content_type__app_label="snapshots", codename__in=codenames)
    user.user_permissions.set(permissions)
    client = Client()
    client.force_login(user)
    return client


def page(client: Client, view: str, /, *args: object, **query: str) -> str:
    response = client.get(reverse(f"admin:{view}", args=args), query)
    assert response.status_code == 200
    return response.content.decode()


def words(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())
