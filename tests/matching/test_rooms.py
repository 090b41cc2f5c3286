"""The stored room directory: filled from the guest list, edited by people, learned from decisions, used everywhere."""

from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from matching import rooms
from matching.core import Reason
from matching.models import (
    AliasOrigin,
    AuditAction,
    AuditEntry,
    MatchSuggestion,
    Order,
    OrderRoom,
    ReanalysisRequest,
    Room,
    RoomAlias,
    RoomKind,
    UnreadSpelling,
)
from matching.models.choices import State, Verb
from matching.reports import open_orders
from matching.review import bulk, decide
from matching.rooms.spellings import as_typed, spelling_key
from tests.matching.conftest import SUPERVISE, Candidate, Hotel, no_fence, person
from tests.matching.pages import page, signed_in, url_of

DIRECTORY = "/admin/rooms/directory/"
SUITE = "ar da suíte Jatobá não gela"
UNREAD = Reason("room", "unread", "suite jatoba", "", 0.0)


@pytest.fixture
def boss(db: None) -> User:
    return person("rui", *SUPERVISE, "edit_rooms")


@pytest.fixture
def hotel(hotel: Hotel, db: None) -> Hotel:
    """Rooms 801 and PRES are in the guest list, each with a guest."""
    hotel.stay("Beatriz Amaral", "801")
    hotel.stay("Mohammed Rashid", "PRES")
    rooms.fill(["801", "PRES"], no_fence)
    return hotel


def unread(hotel: Hotel, text: str = SUITE, **columns: Any) -> Order:
    """An order of that text, analysed from our copies."""
    order = hotel.order(text, **columns)
    stays = [row[0] for row in hotel.db.execute("select id from listagem_hospedes order by id").fetchall()]
    hotel.refresh([order], stays)
    rooms.reanalyse([order])
    return Order.objects.get(pk=order)


def head(order: Order) -> MatchSuggestion:
    return MatchSuggestion.objects.select_related("stay").get(order=order, queued_at__isnull=False)


# --- filling ---------------------------------------------------------------------------------------
def test_the_guest_list_fills_the_directory_once(db: None) -> None:
    listed = ["0412", " A104", "A204", "A304", "B104", "B204", "B304", "CH 03", "Suíte Girassol", "Q3 cama 2", ""]
    assert rooms.fill(listed, no_fence) == 10
    assert rooms.fill(listed, no_fence) == 0
    found = {room.shown: room for room in Room.objects.all()}
    assert (found["0412"].key, found["0412"].floor, found["0412"].block) == ("412", 4, "")
    assert (found["A104"].block, found["B104"].block) == ("A", "B")
    assert found["Q3 cama 2"].kind == RoomKind.BED


def test_what_a_person_edited_is_not_filled_over(boss: User) -> None:
    rooms.fill(["0412"], no_fence)
    rooms.save_room(boss, Room.objects.get(), shown="", kind=RoomKind.ROOM, block="Torre B", floor=9)
    rooms.fill(["0412"], no_fence)
    room = Room.objects.get()
    assert (room.block, room.floor, room.shown) == ("Torre B", 9, "0412")
    assert rooms.resolve("torre B 412") == ("412",)


def test_a_number_in_two_blocks_stays_ambiguous(db: None) -> None:
    rooms.fill([f"{block}{number}" for block in "AB" for number in (104, 204, 304)], no_fence)
    assert set(rooms.resolve("104")) == {"a104", "b104"}
    assert rooms.resolve("apto 104 B") == rooms.resolve("bloco b 104") == ("b104",)
    with pytest.raises(rooms.Refused, match="A104, B104"):
        rooms.one_room("104")


@pytest.mark.parametrize(
    ("typed", "key"), [("apto 412", "412"), ("0412", "412"), ("suíte girassol", "suíte girassol"), ("chalé 3", "ch 03")]
)
def test_a_typed_room_is_read_by_the_one_normaliser(db: None, typed: str, key: str) -> None:
    rooms.fill(["0412", "Suíte Girassol", "CH 03"], no_fence)
    assert rooms.resolve(typed) == (key,)


def test_the_version_changes_with_the_directory_and_is_kept_once(boss: User) -> None:
    rooms.fill(["801"], no_fence)
    first = rooms.stored()
    assert first.remember() == rooms.stored().remember()
    rooms.add_alias(boss, Room.objects.get(), "suíte jatobá")
    assert rooms.stored().version != first.version


# --- unread spellings ------------------------------------------------------------------------------
def test_an_unread_spelling_is_stored_as_it_was_typed(hotel: Hotel) -> None:
    order = unread(hotel)
    assert [(row.key, row.spelling) for row in UnreadSpelling.objects.filter(order=order)] == [
        ("suite jatoba", "suíte jatobá")
    ]
    assert as_typed("suite presid", ["na Suíte  Presid. agora"]) == "suíte  presid"


def test_a_lone_room_word_is_no_spelling(hotel: Hotel, boss: User) -> None:
    order = unread(hotel, "ar do quarto não gela")
    assert not UnreadSpelling.objects.filter(order=order).exists()
    with pytest.raises(rooms.Refused):
        rooms.add_alias(boss, Room.objects.get(key="801"), "quarto")


def test_a_lone_number_is_settled_for_one_order_and_never_for_all(hotel: Hotel, boss: User) -> None:
    order = unread(hotel, "ar do apto 810 não gela")
    assert [row.spelling for row in UnreadSpelling.objects.filter(order=order)] == ["apto 810"]
    assert rooms.open_spellings() == []
    with pytest.raises(rooms.Refused):
        rooms.add_alias(boss, Room.objects.get(key="801"), "apto 810")
    seen = page(boss, url_of(head(order)))
    assert ('name="room_here"' in seen, 'name="room_always"' in seen) == (True, False)
    rooms.name_in_order(boss, order, "apto 810", Room.objects.get(key="801"))
    assert str(head(order).stay) == "Beatriz Amaral"


def test_an_alias_analyses_the_orders_that_have_it_again(hotel: Hotel, boss: User) -> None:
    orders = [unread(hotel), unread(hotel, "tv da suite jatoba sem sinal")]
    assert {head(order).stay for order in orders} == {None}
    change = rooms.add_alias(boss, Room.objects.get(key="801"), "suíte jatobá")
    assert (change.orders.done, change.orders.later) == (2, 0)
    assert {str(head(order).stay) for order in orders} == {"Beatriz Amaral"}
    assert not UnreadSpelling.objects.exists()
    assert ReanalysisRequest.objects.count() == 2  # the next run matches them with the hotel's own rows


def test_an_undo_restores_what_was_unread(hotel: Hotel, boss: User) -> None:
    order = unread(hotel)
    change = rooms.add_alias(boss, Room.objects.get(key="801"), "suíte jatobá")
    assert rooms.undo(boss, change.entry).done == 1
    assert (head(order).stay, RoomAlias.objects.count(), UnreadSpelling.objects.count()) == (None, 0, 1)
    assert rooms.undo(boss, change.entry).done == 0


def test_an_alias_of_another_room_is_refused_with_its_name(hotel: Hotel, boss: User) -> None:
    rooms.add_alias(boss, Room.objects.get(key="801"), "suíte jatobá")
    for spelling, name in (("Suíte  JATOBÁ", "801"), ("apto 801", "801")):
        with pytest.raises(rooms.Refused, match=name):
            rooms.add_alias(boss, Room.objects.get(key="pres"), spelling)
    assert RoomAlias.objects.count() == 1


def test_an_alias_matches_across_marks_and_behind_room_words(hotel: Hotel, boss: User) -> None:
    rooms.add_alias(boss, Room.objects.get(key="801"), "8-0-1 lux")
    rooms.add_alias(boss, Room.objects.get(key="pres"), "lago azul")
    assert rooms.resolve("quarto 8-0-1 lux") == ("801",)
    assert rooms.resolve("bangalô do lago azul") == ("pres",)


def test_a_spelling_that_is_no_room_is_read_and_names_nobody(hotel: Hotel, boss: User) -> None:
    order = unread(hotel)
    change = rooms.add_place(boss, "suíte jatobá", RoomKind.AREA)
    assert change.orders.done == 1
    assert (head(order).stay, UnreadSpelling.objects.count()) == (None, 0)
    assert rooms.resolve("suíte jatobá") == ()
    rooms.undo(boss, change.entry)
    assert not Room.objects.filter(kind=RoomKind.AREA).exists()


def test_evidence_that_our_copies_lack_leaves_the_order_to_the_next_run(hotel: Hotel, boss: User) -> None:
    order = unread(hotel)
    row = head(order)
    row.reasons.append(Reason("phone", "same", "", "", 5.0)._asdict())
    row.save()
    change = rooms.add_alias(boss, Room.objects.get(key="801"), "suíte jatobá")
    assert (change.orders.done, change.orders.later) == (0, 1)
    assert head(order).pk == row.pk
    assert rooms.requested([order.pk]) == {order.pk}


def test_a_run_clears_only_requests_from_before_it_read_the_directory(hotel: Hotel) -> None:
    order = unread(hotel)
    before = timezone.now()
    rooms.reanalyse([order.pk])
    rooms.fulfil([order.pk], before)
    assert rooms.requested([order.pk])
    rooms.fulfil([order.pk], timezone.now())
    assert not rooms.requested([order.pk])


def test_only_in_this_order_holds_for_that_order(hotel: Hotel, ana: User) -> None:
    one, other = unread(hotel), unread(hotel, "tv da suíte jatobá sem sinal")
    rooms.name_in_order(ana, one, "suíte jatobá", Room.objects.get(key="801"))
    assert (str(head(one).stay), head(other).stay) == ("Beatriz Amaral", None)
    rooms.reanalyse([one.pk])  # and later runs keep it
    assert str(head(one).stay) == "Beatriz Amaral"


def test_a_reader_changes_nothing(hotel: Hotel, ana: User) -> None:
    room, order = Room.objects.get(key="801"), unread(hotel)
    with pytest.raises(PermissionDenied):
        rooms.add_alias(ana, room, "suíte jatobá")
    with pytest.raises(PermissionDenied):
        rooms.name_in_order(person("clara"), order, "suíte jatobá", room)
    assert not RoomAlias.objects.exists()
    assert not OrderRoom.objects.exists()


def test_a_room_of_open_stays_is_closed_and_not_deleted(hotel: Hotel, boss: User) -> None:
    unread(hotel)
    with pytest.raises(rooms.Refused, match="801"):
        rooms.delete_room(boss, Room.objects.get(key="801"))
    rooms.close_room(boss, Room.objects.get(key="801"), closed=True)
    assert Room.objects.get(key="801").closed
    rooms.delete_room(boss, rooms.save_room(boss, None, shown="999", kind=RoomKind.ROOM, block="", floor=None))
    assert not Room.objects.filter(key="999").exists()


# --- learning --------------------------------------------------------------------------------------
def accepted(hotel: Hotel, user: User, stay: int, text: str = SUITE) -> Order:
    order = hotel.order(text)
    hotel.suggest(Candidate(order, stay, 0.6), Candidate(order, None, 0.2, 2, (UNREAD,)))
    decide(user, MatchSuggestion.objects.get(order=order, stay=stay).pk, Verb.ACCEPT, None)
    return Order.objects.get(pk=order)


def test_two_decisions_that_agree_teach_an_alias_and_one_does_not(hotel: Hotel, ana: User) -> None:
    stay = hotel.stay("Beatriz Amaral", "801")
    accepted(hotel, ana, stay)
    assert rooms.learn(no_fence) == 0
    accepted(hotel, ana, stay)
    assert (rooms.learn(no_fence), rooms.learn(no_fence)) == (1, 0)
    alias = RoomAlias.objects.get()
    assert (alias.key, alias.room.key, alias.origin) == ("suite jatoba", "801", AliasOrigin.LEARNED)


def test_a_decision_against_it_prevents_and_ends_a_learned_alias(hotel: Hotel, ana: User) -> None:
    here, there = hotel.stay("Beatriz Amaral", "801"), hotel.stay("Mohammed Rashid", "PRES")
    accepted(hotel, ana, here)
    accepted(hotel, ana, here)
    rooms.learn(no_fence)
    accepted(hotel, ana, there)
    assert rooms.learn(no_fence) == 1
    assert not RoomAlias.objects.exists()
    assert rooms.learn(no_fence) == 0


def test_a_removed_alias_is_never_learned_again(hotel: Hotel, ana: User, boss: User) -> None:
    stay = hotel.stay("Beatriz Amaral", "801")
    accepted(hotel, ana, stay)
    accepted(hotel, ana, stay)
    rooms.learn(no_fence)
    rooms.drop_alias(boss, RoomAlias.objects.get())
    assert rooms.learn(no_fence) == 0
    assert rooms.stored().directory.aliases == {}
    rooms.add_alias(boss, Room.objects.get(key="801"), "suíte jatobá")  # a person may still type it
    assert RoomAlias.objects.get().origin == AliasOrigin.TYPED


# --- explicit rules --------------------------------------------------------------------------------
@pytest.mark.parametrize("reason", [UNREAD, Reason("name", "unmatched", "Fulano", "", 0.0)])
def test_bulk_acceptance_never_takes_a_no_guest_with_unread_words(hotel: Hotel, boss: User, reason: Reason) -> None:
    order, plain = hotel.order(SUITE), hotel.order("trocar lâmpada do corredor")
    hotel.suggest(Candidate(order, None, 0.99, 1, (reason,)), Candidate(plain, None, 0.99))
    taken = [item[0] for item in bulk.plan_above(boss, Decimal("0.9")).items]
    assert taken == [str(MatchSuggestion.objects.get(order=plain).pk)]
    every = MatchSuggestion.objects.all()
    assert [item[0] for item in bulk.plan_selected(boss, Verb.ACCEPT, every).items] == taken
    assert len(bulk.plan_selected(boss, Verb.REJECT, every).items) == 2


def test_the_card_shows_an_unread_room_and_names_it_once_or_always(hotel: Hotel, ana: User, boss: User) -> None:
    order = unread(hotel)
    seen = page(ana, url_of(head(order)))
    assert "não reconhecido" in seen
    assert "“suíte jatobá”" in seen
    assert 'name="room_here"' in seen
    assert 'name="room_always"' not in seen
    assert 'name="room_always"' in page(boss, url_of(head(order)))
    fields = {"spelling": "suíte jatobá", "room": "uh 801"}
    answer = signed_in(ana).post(url_of(head(order)), fields | {"room_here": order.pk}, follow=True)
    assert "1 OS analisada de novo" in answer.content.decode()
    assert str(head(order).stay) == "Beatriz Amaral"
    assert answer.redirect_chain[-1][0] == url_of(head(order))
    other = unread(hotel, "tv da suíte jatobá sem sinal")
    assert signed_in(ana).post(url_of(head(other)), fields | {"room_always": other.pk}).status_code == 403
    signed_in(boss).post(url_of(head(other)), fields | {"room_always": other.pk})
    assert str(head(other).stay) == "Beatriz Amaral"


def test_the_card_says_which_rooms_a_typed_number_may_be(hotel: Hotel, ana: User) -> None:
    rooms.fill([f"{block}{number}" for block in "AB" for number in (104, 204, 304)], no_fence)
    order = unread(hotel)
    fields = {"spelling": "suíte jatobá", "room": "104", "room_here": order.pk}
    answer = signed_in(ana).post(url_of(head(order)), fields, follow=True)
    assert "A104, B104" in answer.content.decode()
    assert not OrderRoom.objects.exists()


# --- the page --------------------------------------------------------------------------------------
def test_one_press_on_the_page_assigns_analyses_and_offers_the_undo(hotel: Hotel, boss: User) -> None:
    order = unread(hotel)
    client = signed_in(boss)
    assert "1 OS, a última em" in client.get(DIRECTORY).content.decode()
    spelling = UnreadSpelling.objects.get().spelling
    done = client.post(DIRECTORY, {"assign": "801", "spelling": spelling}, follow=True).content.decode()
    assert "1 OS analisada de novo" in done
    assert str(head(order).stay) == "Beatriz Amaral"
    entry = AuditEntry.objects.get(deed=AuditAction.ALIAS)
    assert f'name="undo" value="{entry.pk}"' in " ".join(done.split())
    client.post(DIRECTORY, {"undo": entry.pk})
    assert head(order).stay is None


def test_the_page_suggests_a_room_with_its_reason(hotel: Hotel, boss: User) -> None:
    rooms.add_alias(boss, Room.objects.get(key="pres"), "suíte presidencial")
    unread(hotel, "café na suíte presidncal")
    found = rooms.open_spellings()
    assert [(one.spelling, str(one.idea.room), one.idea.reason) for one in found] == [
        ("suíte presidncal", "PRES", "alike")
    ]
    seen = page(boss, DIRECTORY)
    assert "É PRES" in " ".join(seen.split())
    assert "Parece com “suíte presidencial”" in seen


def test_reception_sees_the_page_without_buttons(hotel: Hotel, ana: User) -> None:
    unread(hotel)
    seen = page(ana, DIRECTORY)
    assert "suíte jatobá" in seen
    assert 'name="place"' not in seen
    assert 'aria-label="Juntar' not in seen
    assert signed_in(ana).post(DIRECTORY, {"add": "801", "alias": "x y"}).status_code == 403
    assert signed_in(person("nina")).get(DIRECTORY).status_code == 403


def test_the_small_form_works_without_a_script(hotel: Hotel, boss: User) -> None:
    client = signed_in(boss)
    assert 'name="add" value="801"' in " ".join(client.get(f"{DIRECTORY}?room=801").content.decode().split())
    client.post(f"{DIRECTORY}?room=801", {"add": "801", "alias": "Casa da Bia"})
    alias = RoomAlias.objects.get()
    seen = client.get(DIRECTORY).content.decode()
    assert 'aria-label="Tirar a escrita Casa da Bia"' in seen
    refused = client.post(DIRECTORY, {"add": "pres", "alias": "casa da bia"}, follow=True).content.decode()
    assert "“casa da bia” já é a UH 801" in refused
    client.post(DIRECTORY, {"drop": alias.pk})
    assert not RoomAlias.objects.exists()


def test_the_small_form_opens_for_a_room_of_another_page_and_with_leading_zeros(hotel: Hotel, boss: User) -> None:
    rooms.fill([f"{number:04d}" for number in range(101, 190)], no_fence)
    seen = page(boss, f"{DIRECTORY}?room=0189")
    assert 'name="add" value="189"' in " ".join(seen.split())
    second = page(boss, f"{DIRECTORY}?page=2")
    assert "page=2&amp;room=189#r-189" in second


def test_an_order_that_names_the_room_by_an_alias_is_among_the_rooms_orders(hotel: Hotel, boss: User) -> None:
    order = unread(hotel, "ar não gela", uh_texto="Suíte Jatobá")
    assert open_orders.concerning([], ["801", *rooms.typed_forms("801")]) == []
    rooms.add_alias(boss, Room.objects.get(key="801"), "suíte jatobá")
    assert [one.order.pk for one in open_orders.concerning([], ["801", *rooms.typed_forms("801")])] == [order.pk]


def test_the_page_warns_of_a_number_in_two_blocks_and_finds_by_spelling(hotel: Hotel, boss: User) -> None:
    rooms.fill([f"{block}{number}" for block in "AB" for number in (104, 204, 304)], no_fence)
    seen = page(boss, DIRECTORY)
    assert "3 números existem em mais de um bloco" in seen
    assert "Quem escreve só “104” não diz qual" in seen
    rooms.add_alias(boss, Room.objects.get(key="pres"), "casa da bia")
    table = page(boss, f"{DIRECTORY}?q=da+bia").split("<tbody>")[1]
    assert ("PRES" in table, "A104" in table) == (True, False)


def test_every_change_is_a_line_of_the_audit(hotel: Hotel, boss: User) -> None:
    order = unread(hotel)
    change = rooms.add_alias(boss, Room.objects.get(key="801"), "suíte jatobá")
    rooms.undo(boss, change.entry)
    rooms.name_in_order(boss, order, "suíte jatobá", Room.objects.get(key="801"))
    rooms.close_room(boss, Room.objects.get(key="801"), closed=True)
    seen = page(boss, "/admin/audit/?kind=rooms")
    for words in ("Escrita de quarto juntada", "Escrita de quarto tirada", "Quarto de uma OS informado"):
        assert words in seen
    kept = str(list(AuditEntry.objects.values_list("params", flat=True)))
    assert "jatob" not in kept  # no typed text in a row that no erasure reaches


# --- search ----------------------------------------------------------------------------------------
def test_the_header_search_leads_to_the_room_that_a_spelling_names(hotel: Hotel, boss: User) -> None:
    client = signed_in(person("olga", *SUPERVISE, "edit_rooms", "view_snapshot"))
    rooms.add_alias(boss, Room.objects.get(key="801"), "suíte jatobá")
    for typed in ("suite jatobá", "apto 801"):
        assert client.get("/admin/find/", {"q": typed}).headers["Location"].startswith("/admin/rooms/?")
    assert "/rooms/" not in client.get("/admin/find/", {"q": "Beatriz Amaral"}).headers["Location"]


def test_spellings_compare_by_their_words() -> None:
    assert spelling_key("Suíte  Presid.") == spelling_key("suite-presid") == "suite presid"


def test_an_accepted_order_is_not_analysed_again(hotel: Hotel, ana: User, boss: User) -> None:
    order = accepted(hotel, ana, hotel.stay("Mohammed Rashid", "PRES"))
    rooms.add_alias(boss, Room.objects.get(key="801"), "suíte jatobá")
    assert MatchSuggestion.objects.get(order=order, state=State.ACCEPTED).stay is not None
