"""
The whole line in one call: open a list and rules, decide, record.
"""

from .desk import Desk, DeskClosed
from .recording import EditionMissing, Recordable, Recorded

__all__ = ["Desk", "DeskClosed", "EditionMissing", "Recordable", "Recorded"]
