"""What happened to one guest's suggestions: proposals and decisions, newest first."""

from dataclasses import dataclass
from datetime import datetime

from matching.models import Decision, MatchSuggestion
from matching.models.choices import RejectReason, State, Verb

MAX_EVENTS = 30


@dataclass(frozen=True)
class StayEvent:
    """`decision` is None for a proposal of the engine."""

    at: datetime
    suggestion: MatchSuggestion
    decision: Decision | None

    @property
    def reason(self) -> str:
        """The label of the reason of a rejection; its text may name another person and is left out."""
        code = self.decision.reason if self.decision and self.decision.verb == Verb.REJECT else ""
        return str(RejectReason(code).label) if code in RejectReason.values else ""


def of_stay(stay: int, most: int = MAX_EVENTS) -> list[StayEvent]:
    """Proposals that still wait, and every decision on the stay's suggestions, in two queries."""
    of_guest = MatchSuggestion.objects.filter(stay=stay)
    shown = ("order", "probability", "state", "created_at", "order__number")
    waiting = of_guest.filter(state=State.PENDING).select_related("order").only(*shown).order_by("-created_at")[:most]
    # By primary key: with a join, PostgreSQL would read every decision.
    keys = list(of_guest.order_by("-updated_at").values_list("pk", flat=True)[: 4 * most])
    decided = Decision.objects.filter(suggestion__in=keys).select_related("user", "suggestion__order")
    events = [
        *(StayEvent(suggestion.created_at, suggestion, None) for suggestion in waiting),
        *(
            StayEvent(decision.at, decision.suggestion, decision)
            for decision in decided.defer("order_fingerprint", "stay_fingerprint").order_by("-pk")[:most]
        ),
    ]
    return sorted(events, key=lambda event: event.at, reverse=True)[:most]
