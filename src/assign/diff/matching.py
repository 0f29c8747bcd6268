"""
Two editions → which row of the one is which of the other.

A row is matched by what it is: its number, its headings, its name and its marks, never by where it stands. The surest likeness goes first, and
what is matched is out of the way of what is less sure. Where a likeness is that of several rows and their numbers differ, none is
matched by it: a row that is called deleted and added is seen by whoever reads, a wrong pair is not.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from difflib import SequenceMatcher
from functools import cache
from typing import Final, NamedTuple

from assign.catalog.model import Catalog, Task
from assign.catalog.parts import Channel, Division
from assign.words import normal, printed_number

# Other spellings of one word, as lists have them: whoever changes one has reworded the row, and not renamed it.
_SPELLINGS: Final = (
    ("事", "こと"),
    ("及び", "および"),
    ("並びに", "ならびに"),
    ("又は", "または"),
    ("等", "など"),
    ("為", "ため"),
)
_SIGNS: Final = re.compile(r"[、。，．,.・･「」『』()\[\]【】〔〕〈〉/\-‐－―ー~〜]")
ALIKE: Final = 0.6  # of two names, by the letters that they have in one order; judged
NEAR: Final = 0.5  # the same, where the number is one
MOST_TRIED: Final = 40_000  # pairs of names under one heading that are held against each other


class Pair(NamedTuple):
    """A row in both editions; one of the two is None where the other edition alone has it."""

    old: Task | None
    new: Task | None


def unspaced(text: str) -> str:
    """
    A text without its spaces, which the extraction makes: where this is the same, so is what is printed.

    >>> unspaced("国保（給 付）")
    '国保（給付）'
    """
    return "".join(text.split())


@cache
def folded(text: str) -> str:
    """
    A name as it is matched: width, case, signs and spellings of one word made one.

    >>> folded("寄附の申出に関する事") == folded("寄附の申出に関すること"), folded("届・申請") == folded("届、申請")
    (True, True)
    """
    found = _SIGNS.sub("", normal(text))
    for one, other in _SPELLINGS:
        found = found.replace(one, other)
    return found or unicodedata.normalize("NFKC", text)


def aligned(
    old: Mapping[str, Division] | Mapping[str, Channel], new: Mapping[str, Division] | Mapping[str, Channel]
) -> dict[str, str]:
    """The divisions or channels of both editions: by key, else by a name that they share. Old key → new key."""
    found = {key: key for key in old if key in new}
    words = {
        normal(word): key for key, each in new.items() if key not in found for word in (each.label["ja"], *each.names)
    }
    for key, each in old.items():
        if key not in found:
            named = next((words[word] for word in map(normal, (each.label["ja"], *each.names)) if word in words), None)
            if named is not None and named not in found.values():
                found[key] = named
    return found


def out_of_order(old: Catalog, pairs: Iterable[Pair]) -> int:
    """How many rows would have to be put elsewhere for those of both editions to stand in one order."""
    place = {task.id: at for at, task in enumerate(old.tasks)}
    longest: list[int] = []  # the last place of the best run of each length (patience sorting)
    kept = [place[pair.old.id] for pair in pairs if pair.old and pair.new]
    for at in kept:
        spot = bisect_left(longest, at)
        longest[spot : spot + 1] = [at]
    return len(kept) - len(longest)


class _Row(NamedTuple):
    """A row's likenesses. `division` is the old edition's key for it, `cells` what is printed."""

    task: Task
    division: str
    number: str
    headings: tuple[str, str]
    name: str
    cells: tuple[str, ...]


_Key = Callable[[_Row], Hashable | None]


# What rows are matched by, the surest first; True: several that are alike are matched in their order, whatever their number.
_LIKENESSES: Final[tuple[tuple[_Key, bool], ...]] = (
    (lambda row: (row.division, row.number, row.headings, row.name, row.cells), True),
    (lambda row: (row.division, row.number, row.headings, row.name), True),
    (lambda row: (row.division, row.number, row.name, row.cells), True),
    (lambda row: (row.division, row.number, row.name), True),
    (lambda row: (row.division, row.headings, row.name, row.cells), False),
    (lambda row: (row.division, row.number, row.headings, row.cells) if row.number else None, False),
    (lambda row: (row.division, row.number, row.cells) if row.number else None, False),
    (lambda row: (row.division, row.headings, row.name), False),
    (lambda row: (row.division, row.name), False),
    (lambda row: (row.headings, row.name, row.cells), False),
    (lambda row: (row.headings[1], row.name), False),
)  # fmt: skip


def match(old: Catalog, new: Catalog) -> list[Pair]:
    """Every row of both editions once, in the order of the new one; rows that are gone stand where they stood."""
    divisions = aligned(old.manifest.divisions, new.manifest.divisions)
    cells = _cells_in_common(old, new)
    back = {theirs: ours for ours, theirs in divisions.items()}
    left = [_row(task, task.division, [ours for ours, _ in cells]) for task in old.tasks]
    right = [
        _row(task, back.get(task.division, f"+{task.division}"), [theirs for _, theirs in cells]) for task in new.tasks
    ]
    found: dict[str, Task] = {}  # id in the new edition → the old row
    for key, in_order in _LIKENESSES:
        left, right = _matched(found, left, right, key, in_order=in_order)
    for near, place in ((NEAR, _numbered), (ALIKE, _placed)):
        left, right = _alike(found, left, right, place, near)
    return _in_order(old, new, found)


def _cells_in_common(old: Catalog, new: Catalog) -> list[tuple[str, str]]:
    """The names of the cells that both lists print: of a channel that has another key its own."""
    channels = aligned(old.manifest.channels, new.manifest.channels)
    named = [(name, channels.get(name, name)) for name in old.manifest.cells]
    return [(ours, theirs) for ours, theirs in named if theirs in new.manifest.cells]


def _row(task: Task, division: str, cells: Sequence[str]) -> _Row:
    number = printed_number(task.number) or ""
    headings = (folded(task.section), folded(task.group))
    return _Row(task, division, number, headings, folded(task.name), tuple(task.cells[name].strip() for name in cells))


def _matched(
    found: dict[str, Task], left: list[_Row], right: list[_Row], key: _Key, *, in_order: bool
) -> tuple[list[_Row], list[_Row]]:
    """Match what is alike, and give what is left."""
    if not left or not right:
        return left, right
    ours, theirs = _groups(left, key), _groups(right, key)
    taken: set[int] = set()
    for like, rows in ours.items():
        others = theirs.get(like, [])
        if not in_order and not len(rows) == len(others) == 1:
            continue
        for one, other in zip(rows, others, strict=False):
            found[other.task.id] = one.task
            taken |= {id(one), id(other)}
    return [row for row in left if id(row) not in taken], [row for row in right if id(row) not in taken]


def _groups(rows: Iterable[_Row], key: _Key) -> dict[Hashable, list[_Row]]:
    found: dict[Hashable, list[_Row]] = {}
    for row in rows:
        if (like := key(row)) is not None:
            found.setdefault(like, []).append(row)
    return found


def _numbered(row: _Row) -> Hashable | None:
    return (row.division, row.number) if row.number else None


def _placed(row: _Row) -> Hashable | None:
    return row.division, row.headings


def _alike(
    found: dict[str, Task], left: list[_Row], right: list[_Row], place: _Key, near: float
) -> tuple[list[_Row], list[_Row]]:
    """Match the rows of one place whose names are most alike, where each is the other's nearest and no third is as near."""
    theirs = _groups(right, place)
    taken: set[int] = set()
    for like, rows in _groups(left, place).items():
        others = theirs.get(like, [])
        if not others or len(rows) * len(others) > MOST_TRIED:
            continue
        tried = sorted(
            ((_likeness(one.name, other.name), i, k) for i, one in enumerate(rows) for k, other in enumerate(others)),
            key=lambda each: (-each[0], each[1], each[2]),
        )
        as_near = Counter(place for share, i, k in tried for place in ((share, "old", i), (share, "new", k)))
        for share, i, k in tried:
            if share < near:
                break
            if as_near[share, "old", i] == as_near[share, "new", k] == 1 and not {id(rows[i]), id(others[k])} & taken:
                found[others[k].task.id] = rows[i].task
                taken |= {id(rows[i]), id(others[k])}
    return [row for row in left if id(row) not in taken], [row for row in right if id(row) not in taken]


def _likeness(one: str, other: str) -> float:
    """How alike two names are, from 0 to 1. What they share at most is counted first: that is cheap, and most share little."""
    most = 2 * sum((Counter(one) & Counter(other)).values()) / max(1, len(one) + len(other))
    return SequenceMatcher(None, one, other, autojunk=False).ratio() if most >= NEAR else 0.0


def _in_order(old: Catalog, new: Catalog, found: Mapping[str, Task]) -> list[Pair]:
    """The new edition's rows; before each those that are gone, and that stood before the row that it was."""
    kept = {task.id for task in found.values()}
    place = {task.id: at for at, task in enumerate(old.tasks)}
    gone = [task for task in old.tasks if task.id not in kept]
    pairs: list[Pair] = []
    at = 0
    for task in new.tasks:
        before = found.get(task.id)
        while before and at < len(gone) and place[gone[at].id] < place[before.id]:
            pairs.append(Pair(gone[at], None))
            at += 1
        pairs.append(Pair(before, task))
    return [*pairs, *(Pair(task, None) for task in gone[at:])]
