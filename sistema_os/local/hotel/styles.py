"""The nineteen styles in which staff type orders, with their shares.

A style returns a draft for a scene, or None if no guest of that day fits.
"""

from collections.abc import Callable

from sistema_os.local.hotel.bookings import Booking, Guest
from sistema_os.local.hotel.noise import misspelt, plain
from sistema_os.local.hotel.requests import (
    BY_THIRD_PARTIES,
    COMMON_AREAS,
    FOR_ARRIVAL,
    REQUESTS,
    SEEN_BY_STAFF,
    STAFF,
)
from sistema_os.local.hotel.scene import Draft, Scene
from sistema_os.local.hotel.vocabulary import NICKNAMES

Style = Callable[[Scene], Draft | None]


def _of_guest(scene: Scene) -> tuple[Booking, Guest, list[str]]:
    booking = scene.booking()
    guest = scene.guest(booking)
    return booking, guest, guest.person.spoken.split()


def _full_name_and_room(scene: Scene) -> Draft:
    booking, guest, words = _of_guest(scene)
    name = " ".join(words)
    return Draft(f"{name} {scene.at_room(booking.room)} - {scene.request}", booking, guest, booking.room, name)


def _upper_case_family_first(scene: Scene) -> Draft:
    booking, guest, words = _of_guest(scene)
    name = plain(f"{' '.join(words[1:])}, {words[0]}").upper()
    return Draft(f"{name} {booking.room} {scene.request.upper()}", booking, guest, booking.room, name)


def _first_name_and_room(scene: Scene) -> Draft:
    booking, guest, words = _of_guest(scene)
    text = scene.random.choice(
        [
            f"{scene.at_room(booking.room)} {words[0]}: {scene.request}",
            f"hóspede {words[0]} do {booking.room} pediu {scene.request}",
            f"{words[0].lower()} {booking.room} {scene.request}",
        ]
    )
    return Draft(text, booking, guest, booking.room)


def _nickname_and_room(scene: Scene) -> Draft:
    booking, guest, words = _of_guest(scene)
    nicknames = next((NICKNAMES[word] for word in words if word in NICKNAMES), [words[0]])
    title = "Seu" if guest.person.sex == "M" else "Dona"
    name = scene.random.choice(nicknames)
    return Draft(f"{title} {name} {scene.at_room(booking.room)} {scene.request}", booking, guest, booking.room)


def _only_room(scene: Scene) -> Draft:
    booking, guest, _ = _of_guest(scene)
    text = scene.random.choice(
        [
            f"hosp. do {booking.room} {scene.request}",
            f"{scene.at_room(booking.room)} - {scene.request}",
            f"hóspede {booking.room} reclama {scene.request}",
        ]
    )
    return Draft(text, booking, guest, booking.room, anybody=True)


def _title_and_family_name(scene: Scene) -> Draft:
    booking, guest, _ = _of_guest(scene)
    title = "Sr." if guest.person.sex == "M" else "Sra."
    room = booking.room if scene.random.random() < 0.45 else None
    at = f" {room}" if room else ""
    return Draft(f"{title} {guest.person.family}{at} solicita {scene.request}", booking, guest, room)


def _misspelt_name_and_room(scene: Scene) -> Draft:
    booking, guest, words = _of_guest(scene)
    name = misspelt(scene.random, " ".join(words))
    return Draft(f"{name} {scene.at_room(booking.room)} {scene.request}", booking, guest, booking.room, name)


def _only_name(scene: Scene) -> Draft:
    booking, guest, words = _of_guest(scene)
    name = " ".join(words) if scene.random.random() < 0.4 else f"{words[0]} {words[-1]}"
    return Draft(f"{name} ligou, {scene.request}", booking, guest, name=name)


def _digits_of_the_room_swapped(scene: Scene) -> Draft:
    booking, guest, words = _of_guest(scene)
    digits = list(booking.room or "")
    digits[-1], digits[-2] = digits[-2], digits[-1]
    room = "".join(digits)
    return Draft(f"{words[0]} {guest.person.family} apto {room} {scene.request}", booking, guest, room)


def _only_phone(scene: Scene) -> Draft:
    booking, guest, _ = _of_guest(scene)
    phone = guest.person.phone
    if scene.random.random() < 0.5:
        phone = "".join(c for c in phone if c.isdigit())
    return Draft(f"whats {phone} pede {scene.request}", booking, guest, phone=phone)


def _two_rooms(scene: Scene) -> Draft:
    booking, guest, words = _of_guest(scene)
    text = f"{words[0]} aptos {booking.room}/{scene.booking().room} {scene.request}"
    return Draft(text, booking, guest, booking.room)


def _room_before_the_move(scene: Scene) -> Draft | None:
    moved = [booking for booking in scene.in_house if booking.moves]
    if not moved:
        return None
    booking = scene.random.choice(moved)
    guest, room = booking.main_guest, booking.moves[-1].old
    return Draft(f"{guest.person.name.split()[0]} {room} {scene.request}", booking, guest, room)


def _departed_guest(scene: Scene) -> Draft | None:
    """A lost item in a room whose guest left at most three days ago."""
    room = scene.random.choice(scene.rooms)
    gone = [b for b in scene.departed.get(room, []) if b.ended and (scene.today - b.ended).days <= 3]
    if not gone or gone[-1].guests[0].person.incognito:
        return None
    guest = gone[-1].guests[0]
    found = scene.random.choice(REQUESTS["achados"][1])
    words = guest.person.name.split()
    text = scene.random.choice(
        [
            f"{found} no {room}, hóspede anterior",
            f"achado {room} ({words[0]} saiu ontem) {found}",
            f"{words[0]} {words[-1]} ligou: {found} no quarto {room}",
        ]
    )
    return Draft(text, gone[-1], guest, room, sector="achados", about="ex_hospede")


def _expected_guest(scene: Scene) -> Draft | None:
    coming = [booking for booking in scene.expected if 0 < (booking.arrival - scene.today).days <= 3]
    if not coming:
        return None
    booking = scene.random.choice(coming)
    guest = booking.guests[0]
    name = guest.person.name if scene.random.random() < 0.5 else guest.person.name.split()[0]
    text = f"{scene.random.choice(FOR_ARRIVAL)} {name} {booking.arrival:%d/%m}"
    sector = scene.random.choice(["receptivo", "governanca"])
    return Draft(text, booking, guest, sector=sector, about="futuro")


def _guide_of_a_group(scene: Scene) -> Draft | None:
    groups = [booking for booking in scene.in_house if booking.group]
    if not groups:
        return None
    booking = scene.random.choice(groups)
    guest = booking.main_guest
    text = f"grupo {booking.agency} - guia {guest.person.name.split()[0]}: {scene.request}"
    return Draft(text, booking, guest)


def _staff(scene: Scene) -> Draft:
    name = scene.random.choice(STAFF)
    requester = f"camareira {name}" if scene.random.random() < 0.7 else f"seg. {name}"
    room = scene.random.choice(scene.rooms) if scene.random.random() < 0.7 else None
    text = f"{name} gov. informa {room or 'corredor 3º'} {scene.random.choice(SEEN_BY_STAFF)}"
    return Draft(text, room=room, requester=requester, place="uh" if room else "area_comum", about="nenhum")


def _preventive(scene: Scene) -> Draft:
    room = scene.booking().room
    return Draft(f"preventiva ar {room}", room=room, requester="manutenção", sector="manutencao", about="nenhum")


def _third_party(scene: Scene) -> Draft:
    return Draft(scene.random.choice(BY_THIRD_PARTIES), place="externo", about="nenhum")


def _common_area(scene: Scene) -> Draft:
    return Draft(scene.random.choice(COMMON_AREAS), place="area_comum", about="nenhum")


# Name -> share in percent, function. INSTEAD: the style used if a style returns None.
STYLES: dict[str, tuple[int, Style]] = {
    "prim_uh": (19, _first_name_and_room),
    "so_uh": (17, _only_room),
    "nome_uh": (10, _full_name_and_room),
    "apelido_uh": (5, _nickname_and_room),
    "trat_sobrenome": (6, _title_and_family_name),
    "erro_uh": (5, _misspelt_name_and_room),
    "so_nome": (6, _only_name),
    "caixa_alta": (3, _upper_case_family_first),
    "fone": (2, _only_phone),
    "uh_trocada_dig": (2, _digits_of_the_room_swapped),
    "dois_quartos": (1, _two_rooms),
    "uh_antiga": (2, _room_before_the_move),
    "ex_hospede": (3, _departed_guest),
    "futuro": (4, _expected_guest),
    "grupo": (1, _guide_of_a_group),
    "colaborador": (6, _staff),
    "preventiva": (3, _preventive),
    "terceiro": (2, _third_party),
    "area": (3, _common_area),
}
INSTEAD = {"uh_antiga": "so_uh", "ex_hospede": "so_uh", "grupo": "prim_uh"}
