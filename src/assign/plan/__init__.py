"""
Rows or a life event → the plan of the work: its acts in order, who handles each and why, and where the case crosses the contract's line.
"""

from .planner import Planner

__all__ = ["Planner"]
