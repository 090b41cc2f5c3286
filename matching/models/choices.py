"""Codes that are stored: of the hotel's tables and of our own, each with the label that pages show."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy as _p

STRONG_FROM = 0.90
DOUBT_FROM = 0.50

# `model_version` of a candidate that a person chose and no model scored.
MANUAL = "manual"


class OrderStatus(TextChoices):
    """`ordens_servico.status`, as the hotel stores it."""

    OPEN = "aberta"
    IN_PROGRESS = "em_andamento"
    ON_HOLD = "aguardando"
    DONE = "concluida"
    CANCELLED = "cancelada"


CLOSED_ORDER = (OrderStatus.DONE, OrderStatus.CANCELLED)


class StayStatus(TextChoices):
    """`listagem_hospedes.status`, as the hotel stores it."""

    UNCONFIRMED = "a_confirmar"
    CONFIRMED = "confirmada"
    IN_HOUSE = "na_casa"
    LEFT = "saida"
    CANCELLED = "cancelada"
    NO_SHOW = "no_show"


UNAVAILABLE_STAY = (StayStatus.CANCELLED, StayStatus.NO_SHOW)


class Department(TextChoices):
    """`ordens_servico.setor`. The names are the hotel's own, in every language."""

    MAINTENANCE = "manutencao", "Manutenção"
    HOUSEKEEPING = "governanca", "Governança"
    RECEPTION = "recepcao", "Recepção"
    TRANSFERS = "receptivo", "Receptivo"
    FOOD_AND_BEVERAGES = "aeb", "A&B"
    SPA = "spa", "Spa"
    LOST_AND_FOUND = "achados", "Achados e perdidos"
    IT = "ti", "TI"


class State(TextChoices):
    PENDING = "pending", _p("suggestion", "pending")
    ACCEPTED = "accepted", _p("suggestion", "accepted")
    REJECTED = "rejected", _p("suggestion", "rejected")
    EXPIRED = "expired", _p("suggestion", "expired")
    SUPERSEDED = "superseded", _p("suggestion", "superseded")


ALIVE = (State.PENDING, State.ACCEPTED)


class Band(TextChoices):
    STRONG = "strong", _p("band", "strong")
    DOUBT = "doubt", _p("band", "doubt")
    WEAK = "weak", _p("band", "weak")

    @classmethod
    def of(cls, probability: float) -> "Band":
        if probability >= STRONG_FROM:
            return cls.STRONG
        return cls.DOUBT if probability >= DOUBT_FROM else cls.WEAK


class EndReason(TextChoices):
    """Why a suggestion ended without a decision on it."""

    TEXT_CHANGED = "text_changed", _("the order's text changed")
    OUTRANKED = "outranked", _("better candidates appeared")
    ANOTHER_ACCEPTED = "another_accepted", _("another candidate was accepted")
    STAY_CANCELLED = "stay_cancelled", _("the stay was cancelled")
    NO_SHOW = "no_show", _("the guest did not show up")
    STAY_VANISHED = "stay_vanished", _("the stay left the guest list")
    HIDDEN_GUEST = "hidden_guest", _("this guest is never suggested")
    ORDER_CLOSED = "order_closed", _("the order was closed more than 7 days ago")
    ORDER_GONE = "order_gone", _("the order no longer exists at the hotel")
    LINKED_ELSEWHERE = "linked_elsewhere", _("the order was linked outside this system")


class Verb(TextChoices):
    ACCEPT = "accept", _p("decision", "Accepted")
    REJECT = "reject", _p("decision", "Rejected")
    NO_GUEST = "no_guest", _p("decision", "No guest")
    UNDO = "undo", _p("decision", "Undone")


class RejectReason(TextChoices):
    """The optional reason of a rejection; keys 1 to 5 in this order."""

    OTHER_GUEST = "other_guest", _("another guest of the room")
    NAMESAKE = "namesake", _("namesake or relative")
    NOT_IN_HOUSE = "not_in_house", _("had left or had not arrived")
    NOBODY = "nobody", _("the order is not about a guest")
    OTHER = "other", _("another reason")


class WriteKind(TextChoices):
    LINK = "link", _p("write-back", "link")
    UNLINK = "unlink", _p("write-back", "unlink")
    FURTHER = "further", _p("write-back", "link of a further guest")
    UNFURTHER = "unfurther", _p("write-back", "unlink of a further guest")


class WriteState(TextChoices):
    OPEN = "open", _p("write-back", "to confirm")
    DONE = "done", _p("write-back", "written")
    CONFLICT = "conflict", _p("write-back", "conflict")
    WITHDRAWN = "withdrawn", _p("write-back", "withdrawn before it was written")


class LateConflict(TextChoices):
    """Why Supabase refused a link after the decision; shown on the card that returned to the queue."""

    TEXT_CHANGED = "text_changed", _("The order's text changed at the hotel before the link was written.")
    LINKED_ELSEWHERE = "linked_elsewhere", _("Somebody had already linked this order to another guest.")
    STAY_UNAVAILABLE = "stay_unavailable", _("The stay had been cancelled or had left the guest list.")


class AlertKind(TextChoices):
    LINKED_STAY_CANCELLED = "linked_stay_cancelled", _("Linked stay cancelled")
    EARLY_DEPARTURE = "early_departure", _("Early departure with an open order")
    DEPARTURE = "departure", _("Departure with an open order")
    ROOM_MOVED = "room_moved", _("Room move with an open order")
    DOCUMENT_CHANGED = "document_changed", _("Different document on the same row")
    UNLINK_CONFLICT = "unlink_conflict", _("Undo not written")


class Severity(TextChoices):
    HIGH = "high", _p("severity", "high")
    MEDIUM = "medium", _p("severity", "medium")
    LOW = "low", _p("severity", "low")
