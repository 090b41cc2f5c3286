class LocalStackError(Exception):
    """One sentence for the user of the local stack, without keys."""
