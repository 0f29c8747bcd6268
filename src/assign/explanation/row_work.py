"""
The work behind rows, as an answer tells of it: which acts are part of it, and of which rows an act is.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Hashable, Sequence
from datetime import date
from functools import lru_cache

from assign.catalog.model import Catalog, Task
from assign.decision.decider import Decider
from assign.rules.changes import boundaries
from assign.rules.entries import Act
from assign.words import ActClass, Meaning

from .shared import Shared


class RowWork:
    """Which acts are part of the work of rows, and of which rows an act is."""

    def __init__(self, catalog: Catalog, decider: Decider) -> None:
        self._catalog = catalog
        self._decider = decider
        self._rules = decider.rules
        self.acts: Callable[[tuple[str, ...]], list[tuple[Act, str]]] = lru_cache(maxsize=None)(self._acts_of)
        self.choices: Callable[[tuple[str, ...]], dict[str | None, Hashable]] = lru_cache(maxsize=None)(
            self._choices_of
        )
        self._changes: Callable[[tuple[str, ...]], list[date]] = lru_cache(maxsize=None)(self._changes_of)
        self.owners: Callable[[str, str], list[Shared]] = lru_cache(maxsize=None)(self._owners)

    def _acts_of(self, rows: tuple[str, ...]) -> list[tuple[Act, str]]:
        """The acts of these rows' work in the order of the table of acts, each with the first row that has it."""
        found = []
        for act in self._rules.acts.values():
            row = next((row for row in rows if self._decider.own(self._catalog.by_id[row], act.id)), None)
            if row is not None:
                found.append((act, row))
        return found

    def kept(self, rows: tuple[str, ...]) -> list[tuple[Act, str]]:
        """
        Acts that the law or another reason keeps with the city, of these rows' work or printed on them by the list, each with the first
        row that has it. Public money that the list gives to whom the city has designated is not kept.
        """
        of_work = {act.id: row for act, row in self.acts(rows)}
        found = []
        for act in self._rules.acts.values():
            if act.act_class not in (ActClass.AUTHORITY, ActClass.BARRED):
                continue
            row = of_work.get(act.id) or next((row for row in rows if self._printed(row, act.id)), None)
            if row is not None:
                found.append((act, row))
        return found

    def _printed(self, row: str, act: str) -> bool:
        """Whether the list has a cell for an act on a row, which says that there is such a step; and nobody is designated for it."""
        task, manifest = self._catalog.by_id[row], self._catalog.manifest
        said = [
            self._catalog.says(task, channel, act)
            for channel in manifest.channels
            if act in manifest.by_acts(channel, task.cells)
        ]
        there = [one.meaning for one in said if one.meaning is not Meaning.NO_STEP]
        return bool(there) and not (manifest.designation(act, row) is not None and Meaning.CONSIGNED in there)

    def _choices_of(self, rows: tuple[str, ...]) -> dict[str | None, Hashable]:
        """No act, and the acts of these rows' work, each with what a decision sees of it."""
        tasks = [self._catalog.by_id[row] for row in rows]
        return {act: self.seen(tasks, act) for act in (None, *[act.id for act, _ in self.acts(rows)])}

    def between(self, rows: tuple[str, ...], on: date) -> int:
        """Which span between two changes of these rows' answers a day is in, whatever is asked."""
        return bisect_right(self._changes(rows), on)

    def _changes_of(self, rows: tuple[str, ...]) -> list[date]:
        return boundaries(self._rules, rows, self._catalog.manifest.channels, of_list=self._catalog.days(rows))

    def seen(self, tasks: Sequence[Task], act: str | None) -> Hashable:
        """
        What a decision on these rows sees of an act: acts of which it sees the same are decided alike, on any channel and day.
        An act that the list prints, that one channel answers, or that a ruling names on one of them, is like no other.
        """
        if act is not None:
            if act in self._catalog.manifest.printed_acts or self._catalog.manifest.has_its_place(act):
                return act
            for task in tasks:
                rulings = self._rules.rulings_by_row.get(task.id)
                if rulings is not None and act in rulings.acts:
                    return act
        return tuple([self._decider.seen(task, act) for task in tasks])

    def _owners(self, division: str, act: str) -> list[Shared]:
        """The rows of a division whose work an act is."""
        return [
            Shared(row=task.id, division=division, item=task.item, name=task.name or task.group)
            for row in self._rules.work.rows_with(act)
            if (task := self._catalog.by_id[row]).division == division
        ]
