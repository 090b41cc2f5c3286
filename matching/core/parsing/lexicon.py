"""Word lists of hotel Portuguese, with English and Spanish beside it; folded (no accents, lower case).

The long ones stand in `words/*.txt`. Names come from the most frequent of the Brazilian census and of the neighbours
who travel here; roles, places and requests from the trade's own vocabulary. None is exhaustive: a word that is in no
list counts as half a name.
"""

from matching.core.parsing.phrases import (
    PhraseBook,
    read_groups,
    read_phrases,
    read_sections,
    read_words,
    underscored,
    word_set,
)

# --- names -------------------------------------------------------------------------------------------
GIVEN_M = read_words("given_m")
GIVEN_F = read_words("given_f")
SURNAMES = read_words("surnames")
GIVEN = GIVEN_M | GIVEN_F
NAMES = GIVEN | SURNAMES
NICKNAMES = {
    short: tuple(names.split("/")) for short, _, names in (entry.partition("=") for entry in read_words("nicknames"))
}

PARTICLES = word_set("da de do das dos e di del della der den van von la las los el y du des zu ter mc d")
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

HONORIFICS_M = word_set(
    "sr senhor seu sir mr mister mstr doutor dr prof professor don herr monsieur mons signor gospodin"
)
HONORIFICS_F = word_set(
    "sra senhora srta senhorita dona dn dna mrs ms miss doutora dra profa professora frau madame mme mlle signora"
)
HONORIFICS = HONORIFICS_M | HONORIFICS_F | word_set("srs sras senhores familia fam casal sr(a)")
AFTER_NAME = read_words("after_name")
# Titles that booking systems hang on the end of a name.
TITLES_M = word_set("mr mstr")
TITLES_F = word_set("mrs ms miss")
TITLES = TITLES_M | TITLES_F | word_set("dr dra sr sra chd inf cnn adt") | AFTER_NAME

NO_NAME = word_set("""acompanhante acompanhantes acomp acompte pax guest hospede hospedes tba tbd definir a nome adulto
    adult crianca child chd inf sem convidado accompanying nn xx xxx""")

# --- what an order says beside rooms and names -------------------------------------------------------
# Short forms of quick typing -> the word: `hj` is hoje, `tava` is estava. Read in phrases only.
SHORT_FORMS = {short: word for word, forms in read_groups("short_forms").items() for short in forms}
_CUES = read_phrases("cues")
CUES = PhraseBook(_CUES)


def _single(*codes: str) -> frozenset[str]:
    return frozenset(phrase[0] for code in codes for phrase in _CUES[code] if len(phrase) == 1)


CORRECTIONS = _single("correct")
GUEST_WORDS = read_words("guest_words")
LOST_FOUND = _single("lost")
GONE = _single("gone")
ASKS = _single("asks")
ARRIVAL = _single("arrival")
PREVENTIVE = _single("preventive")

# --- rooms and other numbers -------------------------------------------------------------------------
ROOM_WORDS = read_words("room_words") | {
    word
    for words in read_groups("room_kinds").values()
    for word in words[: words.index(":") if ":" in words else len(words)]
}
PLURAL_ROOM_WORDS = frozenset(word for word in ROOM_WORDS if word.endswith("s") and word not in ("aps", "ks"))
_NOT_ROOM = read_sections("not_a_room")
FLIGHT = word_set(_NOT_ROOM["flight"])
# What is counted by the dozen where nobody sleeps, and words before a count: `conferir 808 taças`.
BULK = word_set(_NOT_ROOM["bulk"])
COUNTED = word_set(_NOT_ROOM["counted"])
MONEY = word_set(_NOT_ROOM["money"])
NOT_A_ROOM_BEFORE = FLIGHT | word_set(_NOT_ROOM["before"])
NOT_A_ROOM_AFTER = word_set(_NOT_ROOM["after"])
# Airlines: a number after one is a flight, also where nobody says so.
AIRLINES = word_set("la g jj ad tam gol azul latam tp g3 iberia tap avianca copa emirates")
TRANSPORT = FLIGHT | word_set("transfer aeroporto airport aeropuerto embarque chega pousa decola portao")
DAY_WORDS = word_set("dia dias day data")

# --- who is no guest ---------------------------------------------------------------------------------
STAFF = read_words("staff")
THIRD_PARTY = read_words("third_party")
PLACES = read_words("places")
SERVICE = read_words("service")
# Everyday words: no part of a name unless a guest of the listing bears it.
COMMON = read_words("common")
# Firms whose names are everyday words as well: they count after "da" or "do" only.
FIRMS = word_set("claro vivo tim oi net sky atlas gas light")
ROLES = STAFF | THIRD_PARTY
# Word pairs in which the second is no role.
NO_ROLES = {("nota", "fiscal"), ("notas", "fiscal"), ("cupom", "fiscal")}
# The desk and the departments: whoever types the order, not whom it is about.
DEPARTMENTS = word_set("""recepcao manutencao governanca cozinha lavanderia portaria rouparia almoxarifado copa reservas
    receptivo spa ti eventos restaurante bar aeb sistema app gerencia auditoria hospede hotel telefonista ramal""")
# After "da" they make of a name one of the house's people: João da manutenção.
CREWS = word_set("""manutencao governanca recepcao cozinha limpeza seguranca portaria lavanderia rouparia copa ti rh
    obra comercial financeiro almoxarifado jardinagem recreacao empresa locadora restaurante bar reservas eventos spa
    housekeeping maintenance frontdesk reception mantenimiento limpieza recepcion dedetizacao elevadores""")

# --- persons without a name --------------------------------------------------------------------------
_KIN = read_sections("kin")
KIN_SEX = {word: code.removeprefix("child_").upper() for code, words in _KIN.items() for word in words.split()}
KIN_CHILD = frozenset(word for code, words in _KIN.items() if code.startswith("child") for word in words.split())
# Words of kin that are suffixes of names, too: they are no name before "do", "da", "de".
KIN = word_set("filho filha neto neta sobrinho sobrinha")
_NOUNS = read_sections("person_nouns")
PERSON_NOUNS = {word: code.upper() for code, words in _NOUNS.items() for word in words.split()}
_COUNTRIES = underscored(read_groups("countries"))
COUNTRIES = PhraseBook(_COUNTRIES)
NATIONALITIES = frozenset(phrase[0] for phrases in _COUNTRIES.values() for phrase in phrases if len(phrase) == 1)
OBJECTS = read_words("objects")
_ATTRIBUTE_WORDS = underscored(read_groups("attributes"))
ATTRIBUTES = PhraseBook(_ATTRIBUTE_WORDS)
CHANNELS = PhraseBook(underscored(read_groups("channels")))

# Before a name they say that it is one.
NAME_CUES = GUEST_WORDS | word_set("nome para chamado chamada guia aqui name named called llamado llamada nombre")
# Never part of a guest's name, whatever the listing holds.
NO_NAME_WORDS = (
    SERVICE
    | PLACES
    | LOST_FOUND
    | ARRIVAL
    | GONE
    | ASKS
    | ROOM_WORDS
    | GUEST_WORDS
    | NOT_A_ROOM_BEFORE
    | _single("staff_only", "preventive", "vacant", "departing", "next_guest")
    | (CORRECTIONS - NAMES)
    | frozenset(PERSON_NOUNS)
    | (frozenset(KIN_SEX) - KIN)
)
