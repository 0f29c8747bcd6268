"""
The whole line in one call: open a list and rules, decide, record.
"""

from .asked import DeskClosed
from .desk import Desk
from .recording import EditionMissing, Recordable, Recorded

__all__ = ["Desk", "DeskClosed", "EditionMissing", "Recordable", "Recorded"]
