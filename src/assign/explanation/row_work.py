"""
The work behind rows, as an answer tells of it: which acts are part of it, and of which rows an act is.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from assign.catalog.model import Catalog
from assign.decision.decider import Decider
from assign.rules.entries import Act
from assign.words import Division

from .shared import Shared


class RowWork:
    """Which acts are part of the work of rows, and of which rows an act is."""

    def __init__(self, catalog: Catalog, decider: Decider) -> None:
        self._catalog = catalog
        self._decider = decider
        self._rules = decider.rules
        self.acts: Callable[[tuple[str, ...]], list[tuple[Act, str]]] = lru_cache(maxsize=None)(self._acts_of)
        self.owners: Callable[[Division, str], list[Shared]] = lru_cache(maxsize=None)(self._owners)

    def _acts_of(self, rows: tuple[str, ...]) -> list[tuple[Act, str]]:
        """The acts of these rows' work in the order of the table of acts, each with the first row that has it."""
        found = []
        for act in self._rules.acts.values():
            row = next((row for row in rows if self._decider.own(self._catalog.by_id[row], act.id)), None)
            if row is not None:
                found.append((act, row))
        return found

    def _owners(self, division: Division, act: str) -> list[Shared]:
        """The rows of a division whose work an act is."""
        return [
            Shared(row=task.id, division=division.value, item=task.item, name=task.name or task.group)
            for row in self._rules.work.rows_with(act)
            if (task := self._catalog.by_id[row]).division is division
        ]
