"""A seeded sample hotel: a simulation of bookings, guests and service orders, with the right answer of each order.

All persons are invented; their documents have valid check digits. The same seed gives the same hotel.
"""

from sistema_os.local.hotel.exports import export
from sistema_os.local.hotel.hotel import Hotel
from sistema_os.local.hotel.load import complete, load, rows_as_read

__all__ = ["Hotel", "complete", "export", "load", "rows_as_read"]
