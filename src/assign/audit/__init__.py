"""
A log → an auditor's questions about it: is it complete, does every answer follow, what proves one record, what stands out.

    verify   every record hashed again, and all derived data compared; what decides is a checkpoint kept outside the building,
             the copies beside the log prove nothing
    replay   every record decided again by the editions that the log keeps       batches   one record for a file of answers
    prove    a bundle that another machine checks without `assign`, by `verifier.py` alone
    chosen   which records are asked for, and which cannot be read               review    what stands out, and counts
    copies   backups, and derived tables made again from the records             report    JSON Lines, CSV, a sheet, a QR code
"""

from __future__ import annotations

from .chosen import BEHIND, Filter, missing, records, unproved
from .copies import Copied, NotWhole, back_up, copy, rebuild, require_alone, restore
from .prove import prove, prove_consistency
from .replay import OUTCOMES, ROWS_ELSEWHERE, Desks, Replay, decided_anew, desks, replay
from .review import LATE, ReviewItem, exceptions, shown_record, stats
from .text import Text
from .verify import MOST, Finding, VerificationReport, verify

__all__ = [
    "BEHIND", "LATE", "MOST", "OUTCOMES", "ROWS_ELSEWHERE", "Copied", "Desks", "Filter", "Finding", "NotWhole", "Replay",
    "ReviewItem", "Text", "VerificationReport", "back_up", "copy", "decided_anew", "desks", "exceptions", "missing", "prove", "prove_consistency",
    "rebuild", "records", "replay", "require_alone", "restore", "shown_record", "stats", "unproved",
    "verify",
]  # fmt: skip
