"""Finds what would stop the event loop: blocking calls inside `async def`, also behind functions of ours.

The check reads source text only (nothing is imported or run) and follows a call where names, imports, annotations,
stored objects, decorators and callables tell where it leads. It does not report what it cannot follow:
`guard.guarded()` finds that at run time. The check also finds queries that are built and dropped.
"""

from sistema_os.async_check.chains import Finding, Report, examine

__all__ = ["Finding", "Report", "examine"]
