"""The review by people: queue, card, decisions one by one and in bulk."""
