"""A seeded sample hotel: days pass, guests come and go, staff type orders, and the truth about each order is known.

Everybody in it is invented; documents have right check digits and belong to nobody. Same seed, same hotel.
"""

from sistema_os.local.hotel.hotel import Hotel
from sistema_os.local.hotel.load import load

__all__ = ["Hotel", "load"]
