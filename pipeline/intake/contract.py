"""What a reading is bound to: its limits, and what it answers instead of lines: a question or a refusal."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pipeline.intake.survey import Survey

# A file asks at most this many optional questions; what stays open after that is left empty and reported as evidence.
MOST_QUESTIONS = 3


@dataclass(frozen=True)
class Limits:
    """Sizes in bytes, the rest are counts. The defaults hold a year of orders of a large hotel several times over."""

    file_bytes: int = 60_000_000
    unpacked_bytes: int = 250_000_000
    """What a workbook may hold once its ZIP members are unpacked."""
    zip_ratio: int = 150
    """Unpacked size over packed size, of a member of more than 10 MB. Honest sheets stay below 60."""
    rows: int = 100_000
    columns: int = 256
    cell_chars: int = 4_000
    pages: int = 400
    """Of a PDF."""


@dataclass(frozen=True)
class Question:
    name: str
    options: tuple[str, ...]
    sentence: str
    suggested: str = ""
    """The option that the file makes likely; empty where nothing in it does."""
    effects: Mapping[str, str] = field(default_factory=dict)
    """What an option would do to this file, in a few Portuguese words."""

    def as_json(self) -> dict[str, object]:
        return {"question": self.name, "options": list(self.options), "sentence": self.sentence}


class RefusedFile(Exception):
    """The file cannot be read. `str()` is one Portuguese sentence for the person who sent it."""


class Undecided(Exception):
    """The file does not decide `question`; reading goes on once it is answered. The rest is what was understood
    before the question; `survey` is None where not even the kind is known."""

    def __init__(self, question: Question) -> None:
        super().__init__(question.sentence)
        self.question = question
        self.survey: Survey | None = None
        self.evidence: list[tuple[str, str]] = []
        self.scope: str | None = None


@dataclass
class Answers:
    """What was answered so far, by the name of the question."""

    given: Mapping[str, str] = field(default_factory=dict)
    most: int = MOST_QUESTIONS
    """How many questions this file may ask."""

    def ask(self, question: Question) -> str:
        """The option chosen. Raises `Undecided` without an answer, `RefusedFile` for an answer that is no option."""
        if question.name not in self.given:
            raise Undecided(question)
        answer = self.given[question.name]
        if answer not in question.options:
            options = ", ".join(question.options)
            raise RefusedFile(f"A resposta “{answer}” não serve para “{question.name}”. Opções: {options}.")
        return answer

    def ask_optional(self, question: Question) -> str | None:
        """As `ask`, but None once the file has asked enough: the value then stays empty."""
        if question.name not in self.given and len(self.given) >= self.most:
            return None
        return self.ask(question)
