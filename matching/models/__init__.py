"""Tables of the review: suggestions, decisions, the outbox, alerts, model versions and the copies of hotel rows."""

from matching.models.alert import Alert
from matching.models.audit import AuditAction, AuditEntry, record_audit
from matching.models.decision import AppendOnly, BulkPlan, Decision
from matching.models.further_guest import FurtherGuest
from matching.models.hotel import Order, Stay
from matching.models.model_version import ModelVersion, Origin
from matching.models.review_session import CardLease, KeyPreference
from matching.models.suggestion import BAND_RANGE, MatchSuggestion, SuggestionQuerySet, columns_not_listed
from matching.models.writeback import WriteBack

__all__ = [
    "BAND_RANGE",
    "Alert",
    "AppendOnly",
    "AuditAction",
    "AuditEntry",
    "BulkPlan",
    "CardLease",
    "Decision",
    "FurtherGuest",
    "KeyPreference",
    "MatchSuggestion",
    "ModelVersion",
    "Order",
    "Origin",
    "Stay",
    "SuggestionQuerySet",
    "WriteBack",
    "columns_not_listed",
    "record_audit",
]
