"""
Where list and rules meet: what the rules name, the list must have; what the list prints, the rules must know.

A note, a ruling or a kind of work on a row that is not there would be lost in silence.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from os import PathLike
from pathlib import Path

from assign import resources
from assign.catalog.manifest import FILE
from assign.catalog.model import Catalog
from assign.errors import CatalogError, RuleFileError, path_shown, shown
from assign.rules.entries import Act, Entry, Holder, Note, Ruling
from assign.rules.kinds import KINDS
from assign.rules.model import FILES, RuleSet
from assign.words import nearest

RULES = "rules"  # of a list's own folder


def rules_beside(list_: str | PathLike[str] | None, rules: str | PathLike[str] | None) -> Path:
    """
    The folder of rules that goes with a list: the one that is named, else `rules/` in the list's own folder, else the built-in one.

    Args:
        list_: The folder of a list, or the catalog in it. A catalog alone, without a manifest beside it, has no folder of its own.
    """
    return _own_rules(list_, rules) or resources.rules_folder()


def _own_rules(list_: str | PathLike[str] | None, rules: str | PathLike[str] | None) -> Path | None:
    if rules is not None:
        return Path(rules)
    folder = None if list_ is None else list_folder(list_)
    return folder / RULES if folder and os.path.isdir(folder / RULES) else None


def list_folder(list_: str | PathLike[str] | None) -> Path | None:
    """The folder whose lexicon belongs to a list: the list's own; None for a catalog alone, which has no words but its names."""
    if list_ is None:
        return resources.data_folder()
    folder = Path(list_) if os.path.isdir(list_) else Path(list_).parent
    return folder if os.path.exists(folder / FILE) else None


@contextmanager
def named_as_given(list_: str | PathLike[str] | None, rules: str | PathLike[str] | None) -> Iterator[None]:
    """
    While a list and its rules are read: an error names the folder of the file, as it was given; of what ships, which nobody named, none.

    Where a list without rules of its own does not go with those that ship, it says that no others were there.
    """
    try:
        yield
    except CatalogError as error:
        if list_ is not None:
            resources.name_folder(error, list_ if os.path.isdir(list_) else Path(list_).parent)
        raise
    except RuleFileError as error:
        folder = None if list_ is None else Path(list_) if os.path.isdir(list_) else list_folder(list_)
        if error.file not in FILES:
            if folder is not None:
                resources.name_folder(error, folder)
        elif (own := _own_rules(list_, rules)) is not None:
            resources.name_folder(error, own)
        elif folder is not None:
            missing = path_shown(folder / RULES)
            error.ja = f"{missing} がないので付属の規則で読みましたが、この一覧に合いません: {error.ja}"
            error.en = f"there is no {missing}, and the rules that ship do not fit this list: {error.en}"
            error.args = (error.en,)
        raise


def fit(catalog: Catalog, rules: RuleSet) -> None:
    """
    Look whether rules are about this list.

    Raises:
        RuleFileError: With the place of the first name that the other side does not have, and the nearest that it has.
    """
    divisions, channels = catalog.manifest.divisions, catalog.manifest.channels
    entries: list[Entry] = [*rules.acts.values(), *rules.holders, *rules.notes, *rules.rulings]
    for entry in entries:
        for row in entry.condition_rows if isinstance(entry, Act) else _rows(entry):
            _known(entry.file, entry.line, row, catalog.by_id, "台帳に行", "the catalog has no row")
        if isinstance(entry, Holder):
            for key in entry.divisions:
                _known(entry.file, entry.line, key, divisions, "一覧に区分", "the list has no division")
            if strange := next((row for row in entry.rows if catalog.by_id[row].division not in entry.divisions), None):
                raise RuleFileError(
                    entry.file,
                    entry.line,
                    f"行 {shown(strange)} は `division` の区分の行ではありません",
                    f"the row {shown(strange)} is of none of the divisions in `division`",
                )
        elif isinstance(entry, Ruling):
            for key in entry.channels:
                _known(entry.file, entry.line, key, channels, "一覧に業務の場", "the list has no channel")
    for row in rules.work.rows:
        _known(KINDS, rules.work.line(row), row, catalog.by_id, "台帳に行", "the catalog has no row")
    for line, channel in rules.work.channels:
        _known(KINDS, line, channel, channels, "一覧に業務の場", "the list has no channel")
    for act in catalog.manifest.printed_acts:
        _known(FILE, 1, act, rules.acts, "行為の表に行為", "the table of acts has no act")
    defaults = {key for holder in rules.holders if not holder.acts and not holder.rows for key in holder.divisions}
    if missing := next((key for key in divisions if key not in defaults), None):
        first = rules.holders[0]
        raise RuleFileError(
            first.file, first.line, f"`{missing}` の既定の主体がありません", f"`{missing}` has no default holder"
        )


def _rows(entry: Entry) -> Iterator[str]:
    if isinstance(entry, Holder | Note | Ruling):
        yield from entry.rows


def _known(file: str, line: int, name: str, known: Collection[str], ja: str, en: str) -> None:
    if name not in known:
        raise RuleFileError(
            file,
            line,
            f"{ja} {shown(name)} はありません",
            f"{en} {shown(name)}",
            nearest(name, known) or list(known)[:8],
        )
