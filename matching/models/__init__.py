"""Tables of the review: suggestions, decisions, the outbox, alerts, models, rooms and the copies of hotel rows."""

from matching.models.alert import Alert
from matching.models.audit import AuditAction, AuditEntry, record_audit
from matching.models.decision import AppendOnly, BulkPlan, Decision
from matching.models.further_guest import FurtherGuest
from matching.models.hotel import Order, Stay
from matching.models.model_version import ModelVersion, Origin
from matching.models.review_session import CardLease, KeyPreference
from matching.models.rooms import (
    AliasOrigin,
    DirectoryVersion,
    OrderRoom,
    ReanalysisRequest,
    Room,
    RoomAlias,
    RoomKind,
    UnreadSpelling,
)
from matching.models.suggestion import BAND_RANGE, MatchSuggestion, SuggestionQuerySet, columns_not_listed
from matching.models.writeback import WriteBack

__all__ = [
    "BAND_RANGE",
    "Alert",
    "AliasOrigin",
    "AppendOnly",
    "AuditAction",
    "AuditEntry",
    "BulkPlan",
    "CardLease",
    "Decision",
    "DirectoryVersion",
    "FurtherGuest",
    "KeyPreference",
    "MatchSuggestion",
    "ModelVersion",
    "Order",
    "OrderRoom",
    "Origin",
    "ReanalysisRequest",
    "Room",
    "RoomAlias",
    "RoomKind",
    "Stay",
    "SuggestionQuerySet",
    "UnreadSpelling",
    "WriteBack",
    "columns_not_listed",
    "record_audit",
]
