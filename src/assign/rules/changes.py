"""
A rule set → the days on which what it says of some rows changes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, timedelta
from itertools import chain
from typing import Final

from .model import RuleSet

FIRST: Final = date.min
LAST: Final = date.max


def boundaries(
    rules: RuleSet, rows: Iterable[str], channels: Collection[str], act: str | None = None, *, of_list: Iterable[date]
) -> list[date]:
    """
    Every day on which an answer on these rows changes: a note begins, a ruling begins, or one has ended; or the list itself does.

    Args:
        channels: Keys of those asked about.
        act: The act asked for; None where none is, and a ruling on any act is told of.
        of_list: The days on which the list begins and no longer is in force, as far as it says them.
    """
    days: set[date] = set(of_list)
    for row in rows:
        days.update(note.since for note in rules.notes_by_row.get(row, ()))
        if (rulings := rules.rulings_by_row.get(row)) is None:
            continue
        for ruling in chain.from_iterable(rulings.on(channel, act) for channel in channels):
            days.add(ruling.since)
            if ruling.until is not None and ruling.until < LAST:
                days.add(ruling.until + timedelta(days=1))
    return sorted(days)
