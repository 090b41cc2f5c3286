"""Figures and lists for the manager, the audit and the handover of a shift."""

from matching.reports import agreement, charts, handover, open_orders, periods, rejections, stay_events, throughput
from matching.reports.audit_log import AuditLine, AuditQuery, decision_lines, entry_lines
from matching.reports.charts import Measured, apart, measured
from matching.reports.expected_errors import Total, expected
from matching.reports.open_orders import OpenOrder
from matching.reports.periods import Period, midnight
from matching.reports.throughput import own_pace

__all__ = [
    "AuditLine",
    "AuditQuery",
    "Measured",
    "OpenOrder",
    "Period",
    "Total",
    "agreement",
    "apart",
    "charts",
    "decision_lines",
    "entry_lines",
    "expected",
    "handover",
    "measured",
    "midnight",
    "open_orders",
    "own_pace",
    "periods",
    "rejections",
    "stay_events",
    "throughput",
]
