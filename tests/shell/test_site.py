"""The admin's shell: dashboard, menu by permission, language, refused models, error pages, headers."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.contrib.staticfiles import finders
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.formats import number_format
from django_q.models import Schedule
from pytest_django import DjangoAssertNumQueries

from matching.models import MatchSuggestion, Order
from matching.presentation import labels
from matching.review import queue
from pipeline.business_date import current_business_date
from sistema_os.admin_site.menu import MENU
from sistema_os.roles import DEMO_USERS
from snapshots.models import Snapshot, Source
from tests.markup import compact

SignIn = Callable[[str], Client]


@pytest.mark.parametrize("person", [person.username for person in DEMO_USERS])
def test_the_dashboard_greets_every_role_by_name(sign_in: SignIn, person: str) -> None:
    response = sign_in(person).get("/admin/")
    assert response.status_code == 200
    assert User.objects.get(username=person).first_name in response.content.decode()
    assert "data hoteleira" in response.content.decode()


def test_a_user_without_a_role_gets_a_dashboard_that_says_so(client: Client, db: None) -> None:
    client.force_login(User.objects.create_user("novo", is_staff=True))
    response = client.get("/admin/")
    assert response.status_code == 200
    assert "não tem função" in response.content.decode()
    assert 'class="card c' not in response.content.decode()


def test_every_page_of_the_menu_exists() -> None:
    assert all(reverse(entry.page) for section in MENU for entry in section.entries)


def _menu(client: Client) -> str:
    page = client.get("/admin/").content.decode()
    return page[page.index('class="nav-own"') : page.index('class="nav-more"')]


def test_the_menu_shows_only_what_the_person_may_open(sign_in: SignIn) -> None:
    assert "Sugestões" in _menu(sign_in("ana"))
    operation = _menu(sign_in("davi"))
    assert "Execuções" in operation
    assert "Sugestões" not in operation
    assert "Coletas" not in operation


@pytest.mark.parametrize("person", [person.username for person in DEMO_USERS])
def test_every_link_of_the_menu_opens_for_whoever_sees_it(sign_in: SignIn, person: str) -> None:
    client = sign_in(person)
    links = {
        entry.page for section in MENU for entry in section.entries if f'href="{reverse(entry.page)}' in _menu(client)
    }
    assert "admin:index" in links
    for page in links:
        assert client.get(reverse(page)).status_code == 200


def test_the_page_that_is_open_is_marked_in_the_menu(sign_in: SignIn) -> None:
    page = compact(sign_in("admin").get(reverse("admin:pipeline_jobrun_changelist")).content.decode())
    assert page.count('aria-current="page"><svg') == 2  # in the menu and in the phone's bar


def test_the_queues_own_models_are_out_of_reach(sign_in: SignIn) -> None:
    assert not [model for model in admin.site._registry if model._meta.app_label == "django_q"]
    client = sign_in("admin")
    assert client.get("/admin/django_q/").status_code == 404
    assert client.get("/admin/django_q/schedule/").status_code == 404
    admin.site.register(Schedule)
    assert not admin.site.is_registered(Schedule)


def test_a_list_is_named_after_what_it_holds_and_says_when_nothing_is_found(sign_in: SignIn) -> None:
    page = sign_in("admin").get("/admin/auth/user/?q=zzzz").content.decode()
    assert "<h1>Usuários</h1>" in page
    assert "Nenhum resultado com esses filtros" in page
    assert '<label for="searchbar">Buscar</label>' in page


def test_an_application_page_lists_its_models_and_no_dashboard(sign_in: SignIn) -> None:
    page = sign_in("admin").get("/admin/auth/").content.decode()
    assert "Usuários" in page
    assert "data hoteleira" not in page


def test_an_english_browser_still_gets_portuguese(client: Client, db: None) -> None:
    response = client.get("/admin/login/", headers={"accept-language": "en-US,en"})
    assert "Senha" in response.content.decode()
    assert response.headers["Content-Language"] == "pt-br"


def test_english_is_one_click_and_is_remembered(sign_in: SignIn) -> None:
    client = sign_in("ana")
    response = client.post("/language", {"language": "en", "next": "/admin/"}, follow=True)
    assert response.redirect_chain == [("/admin/", 302)]
    assert "Front desk" in client.get("/admin/").content.decode()
    client.post("/language", {"language": "pt-br", "next": "/admin/"})
    assert "Recepção" in client.get("/admin/").content.decode()


@pytest.mark.parametrize("cookie", ["xx", "../../etc", ""])
def test_a_language_that_is_not_offered_means_portuguese(client: Client, db: None, cookie: str) -> None:
    client.cookies["django_language"] = cookie
    assert "Senha" in client.get("/admin/login/").content.decode()


def test_choosing_a_language_never_leads_to_another_site(client: Client, db: None) -> None:
    response = client.post("/language", {"language": "en", "next": "https://evil.example/"})
    assert response.headers["Location"] == "/"


def test_every_answer_carries_the_security_headers(client: Client, db: None) -> None:
    for path in ("/admin/login/", "/healthz", "/nowhere"):
        headers = client.get(path).headers
        assert headers["Content-Security-Policy"].startswith("default-src 'self'")
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["X-Content-Type-Options"] == "nosniff"


def test_a_wrong_address_is_told_in_portuguese(client: Client, db: None) -> None:
    response = client.get("/nowhere")
    assert response.status_code == 404
    assert "Não há página neste endereço" in response.content.decode()


def test_a_forbidden_page_is_told_in_portuguese(sign_in: SignIn) -> None:
    response = sign_in("davi").get("/admin/auth/user/")
    assert response.status_code == 403
    assert "Você não pode abrir esta página" in response.content.decode()


def test_a_stale_form_is_told_in_portuguese_and_changes_nothing(db: None) -> None:
    client = Client(enforce_csrf_checks=True)
    response = client.post("/language", {"language": "en"})
    assert response.status_code == 403
    assert "aberta tempo demais" in response.content.decode()
    assert "django_language" not in response.cookies


def test_an_error_of_ours_is_told_in_portuguese_without_details(
    sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("guest 529.982.247-25")

    client = sign_in("ana")
    client.raise_request_exception = False
    monkeypatch.setattr("sistema_os.admin_site.site.menu_for", fail)
    response = client.get("/admin/")
    assert response.status_code == 500
    assert "Algo deu errado do nosso lado" in response.content.decode()
    assert "529" not in response.content.decode()


def test_the_root_leads_to_the_dashboard(client: Client) -> None:
    assert client.get("/").headers["Location"] == "/admin/"


def test_the_dashboard_asks_a_bounded_number_of_questions(
    sign_in: SignIn, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    client = sign_in("bruno")
    with django_assert_max_num_queries(24):
        client.get("/admin/")


def test_a_held_listing_stands_before_everything_else_and_the_ages_at_the_end(sign_in: SignIn) -> None:
    source = Source.objects.create(name="listagem_hospedes", key_column="id")
    Snapshot.objects.create(
        source=source, status=Snapshot.Status.HELD, business_date=current_business_date(), received=9
    )
    page = sign_in("bruno").get("/admin/").content.decode()
    places = [page.index(mark) for mark in ("note-hold", 'id="queue-h"', 'id="run-h"', 'id="alerts-h"', 'id="age-h"')]
    assert places == sorted(places)


def _queue(*probabilities: float) -> None:
    for number, probability in enumerate(probabilities, start=1):
        order = Order.objects.create(os_id=number, number=str(number), opened_at=timezone.now(), texto_versao=1)
        MatchSuggestion.objects.create(order=order, probability=probability, rank=1, texto_versao=1)


def test_badge_dashboard_and_queue_count_the_same_orders(sign_in: SignIn) -> None:
    client = sign_in("ana")
    assert 'class="count"' not in _menu(client)
    _queue(0.7, 0.6, 0.99, 0.2)
    assert 'class="count">4<' in _menu(client)
    assert 'class="huge">4<' in client.get("/admin/").content.decode()
    assert sum(count.waiting for count in queue.counts()) == 4


def test_a_badge_ends_its_count_at_a_thousand_and_says_so(sign_in: SignIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(labels, "MOST_COUNTED", 3)
    client = sign_in("ana")
    _queue(0.7, 0.6, 0.99)
    assert 'class="count">3<' in _menu(client)
    fourth = Order.objects.create(os_id=9, number="9", opened_at=timezone.now(), texto_versao=1)
    MatchSuggestion.objects.create(order=fourth, probability=0.7, rank=1, texto_versao=1)
    assert 'class="count">3+<' in _menu(client)
    with translation.override("pt-br"):
        assert number_format(1_000, force_grouping=True) == "1.000"


def test_the_tabs_of_a_phone_are_four_pages_of_the_role_and_the_menu(sign_in: SignIn) -> None:
    def tabs(person: str) -> list[str]:
        page = sign_in(person).get("/admin/").content.decode()
        bar = page[page.index('class="tabbar"') :]
        return re.findall(r"</svg>\s*([^<\s]+)", bar[: bar.index("</nav>")])

    assert tabs("ana") == ["Painel", "Revisar", "Quartos", "Passagem", "Menu"]
    assert tabs("davi") == ["Painel", "Execuções", "Menu"]


def test_the_whole_menu_has_every_page_of_the_person_without_a_script(sign_in: SignIn) -> None:
    page = sign_in("ana").get("/admin/").content.decode()
    sheet = page[page.index('id="menu"') :]
    for name in ("Sugestões", "Coletas", "Auditoria", "Alterar senha", "English", "Sair", "Fechar o menu"):
        assert name in sheet


def test_the_site_can_be_put_on_a_phones_home_screen(client: Client, db: None) -> None:
    page = client.get("/admin/login/").content.decode()
    (path,) = re.findall(r'<link rel="manifest" href="([^"]+)"', page)
    found = finders.find(path.removeprefix("/static/"))
    assert found is not None
    manifest = json.loads(Path(found).read_text())
    assert manifest["start_url"] == reverse("admin:index")
    for icon in manifest["icons"]:
        assert finders.find(f"sistema_os/{icon['src']}"), icon
