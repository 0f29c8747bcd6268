"""
The records of a log that are asked for; each that cannot be read is reported, never skipped in silence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date
from typing import Final, NamedTuple

from assign.log.kinds import Record
from assign.log.reading import Unreadable, in_japan

from .door import Place, reading
from .door import missing as missing  # noqa: PLC0414 - whoever copies a log says the same of a gap


class Filter(NamedTuple):
    """
    Which records: by date of the case (both ends included), by words of the decision, by case id, or the one of a number. None: any.

    A record without a case has the day on which it was written, in Japan.
    """

    since: date | None = None
    until: date | None = None
    division: str | None = None
    assignee: str | None = None
    certainty: str | None = None
    kind: str | None = None
    case: str | None = None
    seq: int | None = None

    def lets(self, record: Record) -> bool:
        """Whether the record is asked for."""
        on = record.get("on") or in_japan(record["recorded"]).date().isoformat()
        decision, request = record.get("decision", {}), record.get("request", {})
        return (
            (self.since is None or on >= self.since.isoformat())
            and (self.until is None or on <= self.until.isoformat())
            and (self.division is None or request.get("division") == self.division)
            and (self.assignee is None or decision.get("assignee") == self.assignee)
            and (self.certainty is None or decision.get("certainty") == self.certainty)
            and (self.kind is None or record["kind"] == self.kind)
            and (self.case is None or record.get("case") == self.case)
            and (self.seq is None or record["seq"] == self.seq)
        )


EVERY: Final = Filter()
Unread = Callable[[Unreadable], None]


def records(place: Place, chosen: Filter = EVERY, start: int = 0, unread: Unread | None = None) -> Iterator[Record]:
    """
    The records asked for, in order.

    Args:
        unread: Called for each record that cannot be read or is missing, whatever is asked for; the others still follow.

    Raises:
        Unreadable: At the first such one, where there is no `unread`; of one by its number, which may also be an UnknownRecord.
    """
    with reading(place) as log:
        # One that is asked for by its number is held against the hashes above it; the others are nobody's question.
        for each in log.records(start) if chosen.seq is None else [log.record(chosen.seq)]:
            if isinstance(each, Unreadable):
                _tell(each, unread)
            elif chosen.lets(each):
                yield each


BEHIND: Final = "behind_a_gap"  # the kind under which a program is given what `unproved` gives


def unproved(place: Place, chosen: Filter, unread: Iterable[Unreadable]) -> Iterator[Record]:
    """
    What stands behind a gap of the log (`Snapshot.unproved`), of what is asked for. It is shown apart from the records, and marked.

    Args:
        unread: What was told of the log; where no gap was, there is nothing behind one.
    """
    if any(each.why == "behind" for each in unread):
        with reading(place) as log:
            yield from filter(chosen.lets, log.unproved())


def _tell(error: Unreadable, unread: Unread | None) -> None:
    if unread is None:
        raise error
    unread(error)
