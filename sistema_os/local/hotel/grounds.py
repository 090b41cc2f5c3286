"""A larger house: two towers that share their room numbers, chalets, named suites and shared rooms; and how people type
such rooms and orders, in three languages.

Shares follow a hand-written log: of a hundred rooms about half are typed as the listing has them.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from random import Random

from sistema_os.local.hotel.bookings import IN_HOUSE, Guest
from sistema_os.local.hotel.scene import Draft, Scene

# Shares of the rooms: the rest are rooms of the two towers.
_CHALETS, _SUITES, _BEDS = 0.15, 0.07, 0.08
_SUITE_NAMES = (
    *("Girassol", "Orquídea", "Bromélia", "Jacarandá", "Araucária", "Manacá", "Hortênsia", "Begônia", "Azaleia"),
    *("Camélia", "Lavanda", "Jasmim", "Hibisco", "Magnólia", "Primavera", "Alecrim"),
)
_BEDS_A_ROOM, _DOORS_A_FLOOR = 4, 12
_DIGITS = ("zero", "um", "dois", "três", "quatro", "cinco", "seis", "sete", "oito", "nove")
_TENS = ("dez", "onze", "doze", "treze", "quatorze", "quinze", "dezesseis", "dezessete", "dezoito", "dezenove", "vinte")
_TYPED_BEFORE = r"(?:\b(?:apto |UH |ap |qto |apt\.)|#)?"
_IN_ANOTHER_LANGUAGE = 0.1
_SPEAKABLE = ("prim_uh", "so_uh", "nome_uh", "so_nome")
_ABROAD = {
    "es": (
        ("la {room} pide {request}", "{name}, habitación {room}, necesita {request}", "{name} ({room}): {request}"),
        ("dos toallas", "una manta", "agua caliente en la ducha", "una cuna", "más almohadas", "salida tardía"),
    ),
    "en": (
        ("room {room} needs {request}", "{name} in {room} asked for {request}", "{room} {name}: {request}"),
        ("two towels", "an extra blanket", "hot water in the shower", "a crib", "more pillows", "a late checkout"),
    ),
}
_DEMONYMS = {
    "AR": ("argentino", "argentina"),
    "CL": ("chileno", "chilena"),
    "US": ("americano", "americana"),
    "DE": ("alemão", "alemã"),
    "FR": ("francês", "francesa"),
    "IT": ("italiano", "italiana"),
    "ES": ("espanhol", "espanhola"),
    "PT": ("português", "portuguesa"),
}


def designators(count: int) -> list[str]:
    """Rooms as the listing writes them, the towers first."""
    chalets, suites, beds = (int(count * share) for share in (_CHALETS, _SUITES, _BEDS))
    doors = (count - chalets - suites - beds + 1) // 2
    numbers = [f"{n // _DOORS_A_FLOOR + 1}{n % _DOORS_A_FLOOR + 1:02d}" for n in range(doors)]
    towers = [f"{tower}-{number}" for number in numbers for tower in "AB"]
    shared = [f"Q{n // _BEDS_A_ROOM + 1} cama {n % _BEDS_A_ROOM + 1}" for n in range(beds)]
    named = [f"Suíte {name}" for name in _SUITE_NAMES[:suites]]
    single = [f"Chalé {n:02d}" for n in range(1, chalets + 1)]
    return [*towers, *single, *named, *shared][:count]


# --- rooms as typed ----------------------------------------------------------------------------------
def typed_room(random: Random, room: str) -> str:
    """One of the ways in which people type the room."""
    if random.random() < 0.5:
        return room
    tower, _, number = room.partition("-")
    if number:
        return _typed_in_tower(random, tower, number)
    if room.startswith("Chalé"):
        return _typed_chalet(random, int(room.split()[1]))
    if room.startswith("Q"):
        dorm, _, bed = room.partition(" cama ")
        return random.choice([f"cama {bed} do {dorm}", f"{dorm} leito {bed}", f"quarto {dorm[1:]} cama {bed}"])
    name = room.split()[1]
    return random.choice([name, f"ste {name}", f"suite {_slip(random, name)}", f"suíte {name.lower()}"])


def _typed_in_tower(random: Random, tower: str, number: str) -> str:
    spoken = " ".join(_DIGITS[int(digit)] for digit in number)
    forms = {
        f"{tower}{number}": 6,
        f"{number}-{tower}": 4,
        f"{number}{tower}": 3,
        f"torre {tower} {number}": 5,
        f"{number} da torre {tower}": 4,
        f"bloco {tower} apto {number}": 3,
        f"{tower}-0{number}": 2,
        f"{tower}-{number} LUXO": 1,
        f"{tower}-{number.replace('0', 'O')}": 1,
        f"{spoken} da torre {tower}": 2,
    }
    return random.choices(list(forms), list(forms.values()))[0]


def _typed_chalet(random: Random, number: int) -> str:
    word = (*_DIGITS, *_TENS)[number] if number < len(_DIGITS) + len(_TENS) else str(number)
    forms = {f"chale {number}": 5, f"CH {number:02d}": 4, f"ch{number}": 3, f"chalet {number}": 2, f"chalé {word}": 2}
    return random.choices(list(forms), list(forms.values()))[0]


def _slip(random: Random, name: str) -> str:
    at = random.randrange(1, len(name) - 2)
    return name[:at] + name[at + 1] + name[at] + name[at + 2 :]


# --- orders as typed ---------------------------------------------------------------------------------
def retyped(random: Random, draft: Draft, style: str) -> Draft:
    """The draft as typed in this house: its rooms in one of their spellings, or the whole in another language."""
    booking = draft.booking
    abroad = style in _SPEAKABLE and random.random() < _IN_ANOTHER_LANGUAGE
    if abroad and booking and booking.room and draft.guest:
        return _in_another_language(random, draft, draft.guest, booking.room)
    rooms = {booking.room for booking in (booking,) if booking} | {draft.room, *draft.rooms}
    text = draft.text
    for room in sorted(filter(None, rooms), key=lambda room: (-len(room), room)):
        text = _with_room_typed(random, text, room)
    return replace(draft, text=text, room=typed_room(random, draft.room) if draft.room else None)


def _with_room_typed(random: Random, text: str, room: str) -> str:
    """A room word that goes with a number alone is left out before a chalet, suite or bed."""
    before = _TYPED_BEFORE if room[0] not in "AB" else ""
    return re.sub(before + re.escape(room) + r"(?!\w)", lambda _: typed_room(random, room), text)


def _in_another_language(random: Random, draft: Draft, guest: Guest, room: str) -> Draft:
    templates, requests = random.choice(list(_ABROAD.values()))
    name = " ".join(guest.person.spoken.split()[:2])
    named = [template for template in templates if ("{name}" in template) != draft.anybody] or list(templates)
    text = random.choice(named).format(room=typed_room(random, room), name=name, request=random.choice(requests))
    return replace(draft, text=text, name="", room=draft.room and typed_room(random, draft.room))


# --- kinds of orders that a small house does not have -------------------------------------------------
def _corrected_room(scene: Scene) -> Draft:
    booking, other = scene.booking(), scene.booking()
    text = scene.random.choice(["{0}, digo, {1}: {2}", "não é {0}, é {1}: {2}", "{1} e não {0}: {2}"])
    text = text.format(other.room, booking.room, scene.request)
    return Draft(text, booking, scene.guest(booking), anybody=True, rooms=(str(other.room),))


def _other_guest_of_the_room(scene: Scene) -> Draft | None:
    """The wife or husband of the guest named."""
    couples = [b for b in scene.in_house if len(b.present) == 2 and _is_couple(b.present)]
    if not couples:
        return None
    booking = scene.random.choice(couples)
    named, meant = booking.main_guest, next(guest for guest in booking.present if not guest.main)
    word, title = ("esposa do", "Sr.") if named.person.sex == "M" else ("marido da", "Sra.")
    return Draft(f"{word} {title} {named.person.spoken}, {booking.room}: {scene.request}", booking, meant, booking.room)


def _is_couple(guests: list[Guest]) -> bool:
    sexes = {guest.person.sex for guest in guests}
    return len(sexes) == 2 and not any(guest.person.minor or guest.person.incognito for guest in guests)


def _nationality(scene: Scene) -> Draft | None:
    foreign = [b for b in scene.in_house if b.main_guest.person.country in _DEMONYMS]
    if not foreign:
        return None
    booking = scene.random.choice(foreign)
    guest = booking.main_guest
    man, woman = _DEMONYMS[guest.person.country]
    who = f"hóspede {man}" if guest.person.sex == "M" else f"hóspede {woman}"
    return Draft(f"{who} do {booking.room}: {scene.request}", booking, guest, booking.room, anybody=True)


def _beside_a_room(scene: Scene) -> Draft:
    room = scene.random.choice(scene.rooms)
    seen = scene.random.choice(["lâmpada queimada", "carpete molhado", "extintor vencido", "rodapé solto"])
    where = scene.random.choice(["corredor em frente ao", "hall ao lado do", "parede do corredor próximo ao"])
    return Draft(f"{where} {room}: {seen}", place="area_comum", about="nenhum", sector="manutencao", rooms=(room,))


def _shift(scene: Scene) -> Draft:
    text = scene.random.choice(
        [
            "turno da noite: faltaram 2 camareiras",
            "troca de turno: conferir 101 toalhas na rouparia",
            "motorista da van não é hóspede, quer usar o banheiro",
            "fornecedor entregou 12 caixas, R$ 504,00",
        ]
    )
    return Draft(text, place="area_comum", about="nenhum", requester="recepção")


def _expected_today(scene: Scene) -> Draft | None:
    """Who comes next to a room that somebody leaves."""
    coming = [b for b in scene.expected if b.room and (b.arrival - scene.today).days in (1, 2) and b.status != IN_HOUSE]
    if not coming:
        return None
    booking = scene.random.choice(coming)
    text = f"{booking.room}: deixar berço para o próximo hóspede, chega {booking.arrival:%d/%m}"
    return Draft(text, booking, booking.guests[0], booking.room, anybody=True, about="futuro", sector="governanca")


KINDS: dict[str, tuple[int, Callable[[Scene], Draft | None]]] = {
    "uh_corrigida": (4, _corrected_room),
    "parentesco": (4, _other_guest_of_the_room),
    "nacionalidade": (3, _nationality),
    "perto_da_uh": (3, _beside_a_room),
    "turno": (2, _shift),
    "proximo": (2, _expected_today),
}
