"""Word lists of Brazilian hotel Portuguese, folded (no accents, lower case).

The long ones stand in `words/*.txt`. Names come from the most frequent of the Brazilian census and of the
neighbours who travel here; roles, places and requests from the trade's own vocabulary. None is exhaustive:
a word that stands nowhere counts as half a name.
"""

import re
from pathlib import Path

_WORDS = Path(__file__).with_name("words")


def _load(name: str) -> frozenset[str]:
    lines = (_WORDS / f"{name}.txt").read_text("utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


GIVEN_M = _load("given_m")
GIVEN_F = _load("given_f")
SURNAMES = _load("surnames")
GIVEN = GIVEN_M | GIVEN_F
NAMES = GIVEN | SURNAMES
NICKNAMES = {short: tuple(names.split("/")) for short, _, names in (e.partition("=") for e in _load("nicknames"))}

PARTICLES = _set("da de do das dos e di del della der den van von la las los el y du des zu ter mc d")
_SUFFIX_FORMS = {
    "filho": "filho filha fo",
    "neto": "neto neta",
    "junior": "junior jr jnr",
    "sobrinho": "sobrinho sobrinha",
    "bisneto": "bisneto bisneta",
    "segundo": "ii",
    "terceiro": "iii",
}
SUFFIXES = {form: suffix for suffix, forms in _SUFFIX_FORMS.items() for form in forms.split()}

HONORIFICS_M = _set("sr senhor seu sir mr mister mstr doutor dr prof professor don herr monsieur")
HONORIFICS_F = _set("sra senhora srta senhorita dona dn dna mrs ms miss doutora dra profa professora frau madame")
HONORIFICS = HONORIFICS_M | HONORIFICS_F | _set("srs sras senhores familia fam casal")
# Titles that booking systems hang on the end of a name.
TITLES_M = _set("mr mstr")
TITLES_F = _set("mrs ms miss")
TITLES = TITLES_M | TITLES_F | _set("dr dra sr sra chd inf cnn adt")

NO_NAME = _set("""acompanhante acompanhantes acomp acompte pax guest hospede tba tbd definir a nome adulto adult
    crianca child chd inf sem convidado accompanying nn xx xxx""")
GUEST_WORDS = _load("guest_words")
ROOM_WORDS = _load("room_words")
FLIGHT = _set("voo flight vuelo vol")
NOT_A_ROOM_BEFORE = FLIGHT | _set("""rs r nf nota os pedido loja cod codigo placa bloco res rsv resv loc booking
    localizador voucher mesa cep versao senha valor""")
# Airlines: a number after one is a flight, also where nobody says so.
AIRLINES = _set("la g jj ad tam gol azul latam tp")
NOT_A_ROOM_AFTER = _set("""h hs hrs horas hora min minutos pax pessoas reais andar dias dia noites noite pecas
    unidades graus anos kg km m cm ml litros w v btu btus x""")

STAFF = _load("staff")
THIRD_PARTY = _load("third_party")
PREVENTIVE = _set("preventiva preventivo preventivas preventivos pmoc cronograma periodica periodico")
PLACES = _load("places")
LOST_FOUND = _load("lost_found")
SERVICE = _load("service")
GONE = _set("anterior saiu sairam ex partiu embora desocupou")
# "Fez check-out", however it is spelt.
LEFT_PHRASE = re.compile(r"\b(?:fez|fizeram|deu|deram|apos|depois do|feito o?) ?(?:o )?check ?-? ?out\b")
ASKS = _set("""pede pediu pedem pediram solicita solicitou quer queria reclama reclamou reclamando precisa deseja
    gostaria
    aguarda aguardando liga""")
ARRIVAL = _set("chegada chegar chegando chega chegam chegara futura futuro vespera antecipado prechegada arrival")
ARRIVAL_PHRASES = ("transfer in", "check in", "early check", "pre chegada", "lua de mel", "pre reserva")
# Firms whose names are everyday words as well: they count after "da" or "do" only.
FIRMS = _set("claro vivo tim oi net sky atlas gas light")
ROLES = STAFF | THIRD_PARTY
# Word pairs in which the second is no role.
NO_ROLES = {("nota", "fiscal"), ("notas", "fiscal"), ("cupom", "fiscal")}
# The desk and the departments: whoever types the order, not whom it is about.
DEPARTMENTS = _set("""recepcao manutencao governanca cozinha lavanderia portaria rouparia almoxarifado copa reservas
    receptivo spa ti eventos restaurante bar aeb sistema app gerencia auditoria hospede hotel telefonista ramal""")
# After "da" they make of a name one of the house's people: João da manutenção.
CREWS = _set("""manutencao governanca recepcao cozinha limpeza seguranca portaria lavanderia rouparia copa ti rh obra
    comercial financeiro almoxarifado jardinagem recreacao empresa locadora""")
# Words of kin that stand before the name of a guest who is another one: they are no name themselves.
KIN = _set("filho filha neto neta sobrinho sobrinha")
# Before a name they say that it is one.
NAME_CUES = GUEST_WORDS | _set("nome para chamado chamada guia aqui")
# Never part of a guest's name, whatever the listing holds.
NO_NAME_WORDS = SERVICE | PLACES | LOST_FOUND | ARRIVAL | GONE | ROOM_WORDS | GUEST_WORDS | NOT_A_ROOM_BEFORE
