"""The matching engine: plain rows in, explained probabilities out. Knows no framework and no database."""

from matching.core.engine import Engine, Outcome, Skipped, match
from matching.core.model import Model
from matching.core.ranking import Candidate
from matching.core.reasons import Reason

__all__ = ["Candidate", "Engine", "Model", "Outcome", "Reason", "Skipped", "match"]
