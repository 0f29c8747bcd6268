"""
A log → what an auditor asks of it: is it whole, does every answer follow, what proves one record, what stands out.

    verify   every record's bytes hashed again, and all that is derived from them compared; a checkpoint from outside the
             building decides, the copies beside the log prove nothing
    replay   every record decided anew from the editions that the log keeps
    prove    all that another machine needs to check one record without `assign` (`standalone.py`)
    chosen   which records are asked for, and which cannot be read        review   what stands out, and counts
    copies   backups, and what is made anew from the records
"""

from __future__ import annotations

from .chosen import Filter, missing, records
from .copies import copy, rebuild
from .prove import prove, prove_consistency
from .replay import OUTCOMES, ROWS_ELSEWHERE, Desks, Replay, decided_anew, desks, replay
from .review import LATE, ReviewItem, exceptions, shown_record, stats
from .text import Text
from .verify import MOST, Finding, VerificationReport, verify

__all__ = [
    "LATE",
    "MOST",
    "OUTCOMES",
    "ROWS_ELSEWHERE",
    "Desks",
    "Filter",
    "Finding",
    "Replay",
    "ReviewItem",
    "Text",
    "VerificationReport",
    "copy",
    "decided_anew",
    "desks",
    "exceptions",
    "missing",
    "prove",
    "prove_consistency",
    "rebuild",
    "records",
    "replay",
    "shown_record",
    "stats",
    "verify",
]  # fmt: skip
