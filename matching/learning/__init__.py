"""Training from decisions, and the registry of model versions. Nothing here changes a suggestion."""
