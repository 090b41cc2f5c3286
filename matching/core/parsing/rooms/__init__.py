"""Rooms: their canonical keys, the directory of a hotel, and mentions of rooms in typed text."""
