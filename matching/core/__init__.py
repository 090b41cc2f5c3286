"""The matching engine: plain rows in, explained probabilities out. Knows no framework and no database."""

from matching.core.engine import Candidate, Engine, Outcome, Skipped, match
from matching.core.evidence import Reason
from matching.core.model import Model

__all__ = ["Candidate", "Engine", "Model", "Outcome", "Reason", "Skipped", "match"]
