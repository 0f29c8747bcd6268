"""
Two editions of a list → what differs, and every decision that moves.
"""

from .compare import compare
from .model import Change, Move, Report

__all__ = ["Change", "Move", "Report", "compare"]
