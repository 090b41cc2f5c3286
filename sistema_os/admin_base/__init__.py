"""Base classes of admin lists: read only, bounded in size, with typed filters."""
