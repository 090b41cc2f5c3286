class LocalStackError(Exception):
    """One sentence for the person who started the local stack; it never holds a key."""
