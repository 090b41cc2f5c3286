"""How the tests open a page and press a button."""

from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from matching.models import MatchSuggestion

LIST = "/admin/matching/matchsuggestion/"
QUEUE = f"{LIST}review/"
DECISIONS = "/admin/matching/decision/"


def signed_in(user: User, *, csrf: bool = False) -> Client:
    client = Client(enforce_csrf_checks=csrf)
    client.force_login(user)
    return client


def page(user: User, url: str) -> str:
    response = signed_in(user).get(url)
    assert response.status_code == 200
    return response.content.decode()


def url_of(suggestion: MatchSuggestion) -> str:
    return reverse("admin:matching_matchsuggestion_change", args=[suggestion.pk])


def seen(suggestion: MatchSuggestion) -> str:
    return f"{suggestion.pk}:{suggestion.version}"
