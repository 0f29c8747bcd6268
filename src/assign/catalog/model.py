"""
Rows with their keys: `Task`, and the `Catalog` of frozen tasks that every decision looks things up in.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from operator import attrgetter

from assign.words import Channel, Choices, Division, Listed, once, sha256

from .printed import Row

_all_of = attrgetter(*Row.__slots__)


@dataclass(frozen=True, slots=True)
class Task(Row):
    """A row with its key: `id`, the `item` that names it alone (`24`, `22-3`), and the `document` it is from."""

    id: str
    item: str
    document: str

    def listed(self, channel: Channel) -> Listed:
        """What the cell of a channel says."""
        return self.counter if channel is Channel.COUNTER else self.backyard


@dataclass(frozen=True)
class Catalog:
    """All tasks in document order, and the bytes of the file they are from."""

    tasks: tuple[Task, ...]
    data: bytes = field(repr=False)

    @once
    def sha256(self) -> str:
        """The SHA-256 of the file, in hexadecimal."""
        return sha256(self.data)

    @once
    def by_id(self) -> dict[str, Task]:
        """The row of an id."""
        return {task.id: task for task in self.tasks}

    @once
    def by_number(self) -> dict[tuple[Division, str], tuple[Task, ...]]:
        """All rows that carry a number in a division, in document order."""
        found: dict[tuple[Division, str], list[Task]] = {}
        for task in self.tasks:
            found.setdefault((task.division, task.number), []).append(task)
        return {key: tuple(tasks) for key, tasks in found.items()}

    @once
    def numbers(self) -> dict[Division, Numbers]:
        """The numbers of each division that has a row."""
        found: dict[Division, list[Task]] = {}
        for task in self.tasks:
            found.setdefault(task.division, []).append(task)
        return {division: Numbers(tasks) for division, tasks in found.items()}


class Numbers:
    """
    A division's numbers and names, made ready to be asked for what is near a wrong one.

    Attributes:
        rows: Each number, and on how many rows it stands. first, last: The span of them.
    """

    def __init__(self, tasks: Sequence[Task]) -> None:
        self.rows: dict[str, int] = dict(Counter(task.number for task in tasks))
        self.first: str = tasks[0].number
        self.last: str = max(self.rows, key=int)
        self._choices = Choices(self.rows)
        self._items = {f"{task.name} {task.group} {task.section}": task.item for task in tasks}
        self._names = Choices(self._items)

    def near(self, number: str) -> list[str]:
        """The numbers near one that is none of them."""
        closest = min(self.rows, key=lambda known: abs(int(known) - int(number)))
        return list(dict.fromkeys([closest, *self._choices.nearest(number)]))[:3]

    def named(self, given: object) -> list[str]:
        """The items whose names are near a text."""
        return [self._items[name] for name in self._names.nearest(given)]


def with_keys(rows: Iterable[Row], document: str) -> tuple[Task, ...]:
    """Give every row its id: the number where it stands once in the division, else number and place."""
    rows = list(rows)
    often = Counter((row.division, row.number) for row in rows)
    seen: Counter[tuple[Division, str]] = Counter()
    tasks = []
    for row in rows:
        key = (row.division, row.number)
        seen[key] += 1
        item = row.number if often[key] == 1 else f"{row.number}-{seen[key]}"
        tasks.append(Task(*(*_all_of(row), f"{row.division}-{item}", item, document)))
    return tuple(tasks)
