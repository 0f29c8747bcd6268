"""
A folder of editions → the editions of one list in the order of their days: no day between two is left out, and none is in two.

A city's folder is the folder of one list (`manifest.yaml` in it), or holds the editions of one list side by side, each the folder
of a list. Of an edition the manifest alone is read here: the days decide which edition answers, and only that one is opened.
"""

from __future__ import annotations

import os
from bisect import bisect_right
from collections.abc import Sequence
from datetime import date, timedelta
from itertools import combinations, pairwise
from os import PathLike
from pathlib import Path
from typing import NamedTuple

from assign.errors import BadRequest, DataError, RuleFileError, listed, path_shown, shown, unreadable, visible
from assign.resources import name_folder
from assign.words import normal

from .manifest import FILE, Manifest
from .manifest_file import load
from .model import CATALOG

ONE_DAY = timedelta(days=1)


class EditionsError(DataError):
    """A folder of editions that cannot be used: a gap, an overlap, two of one name, a folder that is no list. Nothing of it is used."""

    code = "editions"


class NoEdition(BadRequest):
    """
    A day on which no edition of the list is in force. There is no answer: that of another edition would be a guess.

    Attributes:
        nearest: The nearest day that has an edition; the one candidate.
    """

    code = "no_edition"

    def __init__(self, on: date, near: Edition, *, after: bool) -> None:
        nearest = near.since if not after or near.until is None else near.until
        ja = f"最後の版 {near.title} は {nearest} まで" if after else f"最初の版 {near.title} は {nearest} から"
        en = f"the last, {near.title}, ends on {nearest}" if after else f"the first, {near.title}, begins on {nearest}"
        super().__init__(
            f"{shown(on.isoformat())} に効いている版はありません（{ja}）",
            f"no edition of the list is in force on {shown(on.isoformat())} ({en})",
            [nearest.isoformat()],
        )
        self.nearest: date = nearest


class OtherEdition(BadRequest):
    """A day of another edition, where one alone was asked: its answers are to be recorded, and a record names one edition."""

    code = "other_edition"

    def __init__(self, on: date, other: Edition, only: Edition) -> None:
        super().__init__(
            f"{shown(on.isoformat())} は版 {other.title} の日です（ここでは {only.title} だけが答えます。版ごとに分けてください）",
            f"{shown(on.isoformat())} is a day of {other.title} (here {only.title} alone answers; ask for each edition by itself)",
            [only.since.isoformat()],
        )


class Edition(NamedTuple):
    """
    An edition of a list, as its manifest has it.

    Attributes:
        folder: The folder of the list. name: `edition` of its manifest.
        since, until: Its first and last day. An edition that does not say its last day ends where the next begins; None: it is the
            last, and open.
    """

    folder: Path
    name: str
    since: date
    until: date | None

    @property
    def title(self) -> str:
        """What a message calls it: its folder, and its name."""
        return f"{shown(self.folder.name)} {visible(self.name)[:60]}"

    def covers(self, on: date) -> bool:
        """Whether it is in force on a day."""
        return self.since <= on and (self.until is None or on <= self.until)


def of_folder(path: str | PathLike[str]) -> tuple[Edition, ...]:
    """
    The editions in a folder, in the order of their days; none where it is the folder of one list, or no folder.

    Raises:
        EditionsError: They are not the editions of one list, day after day. RuleFileError: A manifest is wrong, with its line.
    """
    if not os.path.isdir(path) or any(os.path.exists(Path(path) / name) for name in (FILE, CATALOG)):
        return ()
    try:
        inside = sorted(each for each in Path(path).iterdir() if not each.name.startswith("."))
    except OSError as error:
        raise unreadable(path, error) from None
    folders = [each for each in inside if os.path.isdir(each)]
    if not any(os.path.exists(folder / FILE) for folder in folders):
        return ()
    found = sorted(map(_read, folders), key=lambda each: each[0].since)
    for (one, its), (other, others) in combinations(found, 2):
        _one_list(one, its, other, others)
    editions = [edition for edition, _ in found]
    return (*(_before(one, other) for one, other in pairwise(editions)), editions[-1])


def last_two(path: str) -> tuple[str, str]:
    """The folders of the last two editions, the older first. Raises BadRequest: There are no two."""
    match of_folder(path):
        case [*_, old, new]:
            return str(old.folder), str(new.folder)
    raise BadRequest(
        f"{path_shown(path)} に比べる2つの版がありません（NEW を指定するか、版を並べたフォルダを指定してください）",
        f"{path_shown(path)} does not hold two editions to compare (name NEW, or a folder of editions)",
    )


def in_force(editions: Sequence[Edition], on: date) -> int:
    """The place of the edition that is in force on a day. Raises NoEdition."""
    place = bisect_right(editions, on, key=lambda each: each.since) - 1
    if place < 0:
        raise NoEdition(on, editions[0], after=False)
    if not editions[place].covers(on):  # between two editions there is no such day
        raise NoEdition(on, editions[place], after=True)
    return place


def lost_beside(folder: Path) -> list[str]:
    """Folders of lists within the folder of one list, which never answer: whoever put them there takes them for editions."""
    if not os.path.exists(folder / FILE):
        return []
    found = {each.parent.name for each in folder.glob(f"*/{FILE}")}
    return sorted(found - {"template"})  # what `assign init` copies stands beside the list that ships


def _read(folder: Path) -> tuple[Edition, Manifest]:
    for name in (FILE, CATALOG):
        if not os.path.exists(folder / name):
            raise EditionsError(
                f"{path_shown(folder)} に {name} がありません（版のフォルダのとなりには、版のフォルダだけを置きます）",
                f"{path_shown(folder)} has no {name} (beside the folder of an edition stand folders of editions alone)",
            )
    try:
        manifest = load(folder / FILE)
    except RuleFileError as error:
        name_folder(error, folder)
        raise
    if (days := manifest.effective) is None:
        raise EditionsError(
            f"{path_shown(folder)} の {FILE} に effective（効き始める日）がありません",
            f"{FILE} of {path_shown(folder)} has no `effective` (its first day)",
        )
    return Edition(folder, manifest.edition, days.since, days.until), manifest


def _one_list(one: Edition, its: Manifest, other: Edition, others: Manifest) -> None:
    """Raises EditionsError where two cannot be editions of one list."""
    if normal(one.name) == normal(other.name):
        raise EditionsError(
            f"{one.title} と {other.title} の版の名前（edition）が同じです",
            f"{one.title} and {other.title} have the same name (`edition`)",
        )
    if not its.divisions.keys() & others.divisions.keys():
        raise EditionsError(
            f"{one.title} と {other.title} は同じ一覧の版ではありません（共通の区分がありません: "
            f"{listed(its.divisions)} と {listed(others.divisions)}）",
            f"{one.title} and {other.title} are not editions of one list (they have no division in common: "
            f"{listed(its.divisions)}; {listed(others.divisions)})",
        )


def _before(one: Edition, other: Edition) -> Edition:
    """The first of two neighbours, with its last day. Raises EditionsError where a day is in both, or in neither."""
    if one.since == other.since or (one.until is not None and one.until >= other.since):
        last = "" if one.until is None else one.until.isoformat()
        raise EditionsError(
            f"{one.title}（{one.since} から{last and f' {last} まで'}）と {other.title}（{other.since} から）の期間が重なっています",
            f"{one.title} (from {one.since}{last and f' to {last}'}) and {other.title} (from {other.since}) overlap",
        )
    last_day = other.since - ONE_DAY
    if one.until is not None and one.until < last_day:
        raise EditionsError(
            f"{one.title}（{one.until} まで）と {other.title}（{other.since} から）の間に、どの版もない日があります"
            f"（{one.until + ONE_DAY} から {last_day} まで）",
            f"between {one.title} (to {one.until}) and {other.title} (from {other.since}) there are days without an edition "
            f"({one.until + ONE_DAY} to {last_day})",
        )
    return one._replace(until=last_day)
