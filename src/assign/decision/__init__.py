"""
A request and the rules → one outcome. Start reading at `decider`.
"""

from .decider import Decider, Outcome
from .durable import DurableEngine
from .engine import ENGINES, Engine, TableEngine, open_engine
from .request import Request, understand

__all__ = [
    "ENGINES",
    "Decider",
    "DurableEngine",
    "Engine",
    "Outcome",
    "Request",
    "TableEngine",
    "open_engine",
    "understand",
]
