"""Tables of the review: suggestions, decisions, the outbox, alerts, model versions and the copies of hotel rows."""

from matching.models.alert import Alert
from matching.models.audit import AuditEntry, Deed, note_down
from matching.models.decision import AppendOnly, BulkPlan, Decision
from matching.models.hotel import Order, Stay
from matching.models.model_version import ModelVersion, Origin
from matching.models.review_session import CardLease, KeyPreference
from matching.models.suggestion import BAND_RANGE, MatchSuggestion, SuggestionQuerySet, unshown
from matching.models.writeback import WriteBack

__all__ = [
    "BAND_RANGE",
    "Alert",
    "AppendOnly",
    "AuditEntry",
    "BulkPlan",
    "CardLease",
    "Decision",
    "Deed",
    "KeyPreference",
    "MatchSuggestion",
    "ModelVersion",
    "Order",
    "Origin",
    "Stay",
    "SuggestionQuerySet",
    "WriteBack",
    "note_down",
    "unshown",
]
