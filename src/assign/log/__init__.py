"""
The decision log, its write side: records, their one spelling, the tree over them, signed checkpoints, stores.
"""

from .errors import KeyReused, NotPublished
from .group_commit import Kept
from .log import Log

__all__ = ["Kept", "KeyReused", "Log", "NotPublished"]
