"""Persons: generated once, some of them return."""

from dataclasses import dataclass
from random import Random

from faker import Faker

from sistema_os.local.hotel.noise import plain
from sistema_os.local.hotel.vocabulary import (
    ABROAD,
    AREA_CODES,
    FIRST_NAMES,
    PARTICLES,
    SECOND_NAMES,
    SUFFIXES,
    SURNAMES,
)

_RETURNING = 0.10
_SOCIAL_NAME = 0.006
_INCOGNITO = 0.004


@dataclass(frozen=True)
class Person:
    id: int
    name: str
    sex: str
    family: str
    country: str
    document_kind: str
    document: str
    phone: str
    minor: bool
    incognito: bool
    social_name: str | None

    @property
    def spoken(self) -> str:
        """The name that staff use."""
        return self.social_name or self.name

    @property
    def email(self) -> str:
        return plain(f"{self.name.split()[0]}.{self.family}").lower().replace("'", "") + "@exemplo.com.br"


@dataclass(frozen=True)
class Origin:
    """The origin of foreign guests, the same for a whole booking."""

    locale: str
    country: str
    dialling: str


class People:
    def __init__(self, random: Random, seed: int) -> None:
        self._random = random
        self._known: list[Person] = []
        self._last_id = 900
        self._names = {locale: Faker(locale) for locale in ["pt_BR", *(row[0] for row in ABROAD)]}
        for names in self._names.values():
            names.seed_instance(seed)

    def origin(self) -> Origin:
        locale, country, _, dialling = self._random.choices(ABROAD, [row[2] for row in ABROAD])[0]
        return Origin(locale, country, dialling)

    def guest(self, origin: Origin | None = None, *, family: str | None = None, minor: bool = False) -> Person:
        """A person for a booking; one in ten is a returning guest."""
        if not (minor or family or origin) and self._known and self._random.random() < _RETURNING:
            return self._random.choice(self._known)
        person = self._from_abroad(origin, family, minor) if origin else self._from_brazil(family, minor)
        if not minor:
            self._known.append(person)
        return person

    def brazilian_name(self, family: str | None = None) -> tuple[str, str, str]:
        """Full name, sex, last family name."""
        random = self._random
        sex = random.choice("MF")
        given = [self._first_name(sex)]
        if random.random() < 0.38:
            given.append(random.choice([name for name in SECOND_NAMES[sex] if name != given[0]]))
        surnames = self._surnames(family)
        spelt = []
        for surname in surnames:
            if surname in PARTICLES and random.random() < 0.35:
                spelt.append(PARTICLES[surname])
            spelt.append(surname)
        if sex == "M" and random.random() < 0.07:
            spelt += random.choices(list(SUFFIXES), list(SUFFIXES.values()))
        return " ".join(given + spelt), sex, surnames[-1]

    def _first_name(self, sex: str) -> str:
        if self._random.random() < 0.8:
            names = FIRST_NAMES[sex]
            return self._random.choices(names, [1 / (rank + 2) for rank in range(len(names))])[0]
        faker = self._names["pt_BR"]
        return str(faker.first_name_male() if sex == "M" else faker.first_name_female())

    def _surnames(self, family: str | None) -> list[str]:
        wanted = self._random.choices([1, 2, 3], [0.35, 0.50, 0.15])[0]
        found = [family] if family else []
        by_rank = [1 / (rank + 2) for rank in range(len(SURNAMES))]
        while len(found) < wanted:
            surname = self._random.choices(SURNAMES, by_rank)[0]
            if surname not in found:
                found.insert(0, surname)
        return found

    def _from_brazil(self, family: str | None, minor: bool) -> Person:
        random = self._random
        name, sex, last = self.brazilian_name(family)
        area = random.choice(AREA_CODES)
        phone = f"({area}) 9{random.randrange(6, 10)}{random.randrange(1000):03d}-{random.randrange(10000):04d}"
        social = self.brazilian_name()[0] if not minor and random.random() < _SOCIAL_NAME else None
        return self._person(name, sex, last, "BR", "CPF", self._cpf(), phone, minor, social)

    def _from_abroad(self, origin: Origin, family: str | None, minor: bool) -> Person:
        random, faker = self._random, self._names[origin.locale]
        sex = random.choice("MF")
        first = faker.first_name_male() if sex == "M" else faker.first_name_female()
        name = f"{first} {family or faker.last_name()}"
        national = origin.country in ("AR", "CL") and random.random() >= 0.3
        number = "".join(random.choices("ABCDEFGHJKLMNPRSTUVWXYZ", k=2)) + f"{random.randrange(10**7):07d}"
        phone = f"{origin.dialling}{random.randrange(10**7):07d}"
        kind = "DNI" if national else "PASSAPORTE"
        return self._person(name, sex, name.split()[-1], origin.country, kind, number, phone, minor, None)

    def _person(
        self, name: str, sex: str, family: str, country: str, kind: str, number: str, phone: str, minor: bool,
        social: str | None,
    ) -> Person:  # fmt: skip
        self._last_id += 1
        incognito = not minor and self._random.random() < _INCOGNITO
        return Person(self._last_id, name, sex, family, country, kind, number, phone, minor, incognito, social)

    def _cpf(self) -> str:
        digits = [self._random.randrange(10) for _ in range(9)]
        for length in (10, 11):
            total = sum(digit * (length - index) for index, digit in enumerate(digits))
            digits.append(total * 10 % 11 % 10)
        return "".join(map(str, digits))
