"""
The proofs over the whole domain of facts and over every row; and what no rule set may do, by any road.
"""

from .findings import Finding, Report
from .proofs import check, lines, unproved

__all__ = ["Finding", "Report", "check", "lines", "unproved"]
