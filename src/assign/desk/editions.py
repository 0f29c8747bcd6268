"""
The editions of a list as desks: the day of a case → the desk that answers it.

Each edition has its own list, rules and words, and is opened when a case of its days comes. Between them they share a log.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import date
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from assign.catalog.editions import Edition, OtherEdition, in_force
from assign.catalog.parts import Effective
from assign.errors import AssignError

from .asked import DeskClosed

if TYPE_CHECKING:
    from assign.log.log import Log


class OfAnEdition(Protocol):
    """What is needed of a desk here; `desk.py` is above this module."""

    audit: Log | None
    beside: Editions[Any] | None
    place: int

    @property
    def editions(self) -> dict[str, bytes]:
        """The texts behind every answer."""

    def close(self) -> None:
        """It answers no more."""


_Desk = TypeVar("_Desk", bound=OfAnEdition)


class Editions(Generic[_Desk]):
    """
    Attributes:
        found: In the order of their days. audit: The decision log, if answers are recorded. closed: Whether none answers any more.
        only: The place of the one that answers, where the others are not to; None: each answers on its own days.
    """

    def __init__(self, found: Sequence[Edition], make: Callable[[Edition], _Desk], only: int | None = None) -> None:
        self.found: tuple[Edition, ...] = tuple(found)
        self.audit: Log | None = None
        self.closed: bool = False
        self.only: int | None = only
        self._make = make
        self._desks: dict[int, _Desk] = {}

    def at(self, on: date) -> _Desk:
        """The desk of the edition that is in force on a day. Raises NoEdition, OtherEdition."""
        place = in_force(self.found, on)
        if self.only not in (None, place):
            raise OtherEdition(on, self.found[place], self.found[self.only or 0])
        return self._desk(place)

    def each(self) -> Iterator[_Desk]:
        """The desk of every edition that answers, in the order of their days."""
        return map(self._desk, range(len(self.found)) if self.only is None else (self.only,))

    def alone(self, place: int) -> _Desk:
        """The desk of an edition that answers on its own days alone, and refuses those of the others."""
        found = Editions(self.found, self._make, place)
        found.audit = self.audit
        return found.at(self.found[place].since)

    def days(self, place: int) -> tuple[date, date]:
        """The first and the last day of an edition; the last of an open one is that of time."""
        return self.found[place].since, self.found[place].until or date.max

    def recorded_in(self, log: Log) -> None:
        """From here on all of them record in this log."""
        self.audit = log
        for desk in self._desks.values():
            desk.audit = log

    def knowing(self, place: int, knows: Callable[[_Desk], object]) -> list[Edition]:
        """The editions beside one whose desks do not raise at a question; one that cannot be opened is none of them."""
        found = []
        for at, edition in enumerate(self.found):
            with suppress(AssignError):
                if at != place:
                    knows(self._desk(at))
                    found.append(edition)
        return found

    def close(self) -> None:
        """None of them answers any more."""
        self.closed = True
        for desk in [*self._desks.values()]:
            desk.close()

    def around(self, place: int) -> dict[str, Any]:
        """The days of an edition and of its neighbours, as `provenance` gives them: None where there is no neighbour, no last day."""
        before, after = place - 1, place + 1
        return {
            **_days(self.found[place]),
            "before": _named(self.found[before]) if before >= 0 else None,
            "after": _named(self.found[after]) if after < len(self.found) else None,
        }

    def _desk(self, place: int) -> _Desk:
        if self.closed:
            raise DeskClosed
        if (known := self._desks.get(place)) is not None:
            return known
        made = self._make(self.found[place])
        made.audit, made.beside, made.place = self.audit, self, place
        return self._desks.setdefault(place, made)  # of two threads both may have made one


def _days(edition: Edition) -> dict[str, str | None]:
    return Effective(edition.since, edition.until).plain()


def _named(edition: Edition) -> dict[str, str | None]:
    return {"edition": edition.name, **_days(edition)}
