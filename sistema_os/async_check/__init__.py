"""Finds what would stop the event loop: blocking calls inside `async def`, also behind functions of ours.

It reads source text only (nothing is imported or run) and follows a call where names, imports and
annotations tell where it leads. What it cannot follow it does not accuse.
"""

from sistema_os.async_check.chains import Finding, Report, examine

__all__ = ["Finding", "Report", "examine"]
