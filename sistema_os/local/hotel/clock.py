from datetime import date, datetime, time
from zoneinfo import ZoneInfo

SAO_PAULO = ZoneInfo("America/Sao_Paulo")


def export_time(day: date) -> datetime:
    """The time of the daily PMS export, which has the state of the night before."""
    return datetime.combine(day, time(6), SAO_PAULO)
