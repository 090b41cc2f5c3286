"""Write-back of decided links to the hotel's tables: outbox, settlement and mirror."""

from matching.writeback.mirror import mirror
from matching.writeback.outbox import Delivered, deliver, deliver_open, send_now

__all__ = ["Delivered", "deliver", "deliver_open", "mirror", "send_now"]
