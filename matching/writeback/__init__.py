"""Write-back of accepted links to the hotel's tables: outbox, settlement and mirror."""

from matching.writeback.outbox import deliver, deliver_open

__all__ = ["deliver", "deliver_open"]
