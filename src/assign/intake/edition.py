"""
A file, read by its mapping → the files of a list's folder: manifest, catalog, document, rules.

The rules are those that `assign init` writes. The kinds of work are for the city to say: until then every row is of the kind `not_said`,
of which no act but those that the list itself answers for is ever the contractor's as settled.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from assign import resources
from assign.catalog import manifest as manifests
from assign.catalog.against_document import other_marks
from assign.catalog.csv_file import as_csv
from assign.catalog.manifest import FILE, UNREAD, Manifest
from assign.catalog.model import CATALOG, Catalog, Task, with_keys
from assign.catalog.printed import parse
from assign.check.list_floor import shipped as shipped_manifest
from assign.check.lookalike import says
from assign.export import list_folder
from assign.rules import elsewhere, loader
from assign.rules.kinds import NOT_SAID
from assign.words import CONSIGNING, ActClass, Meaning, Reading

from . import rows as reader
from .designations import designated
from .document import Document
from .fitting import fitted
from .mapping import Edition
from .mapping import Mapping as TheMapping
from .marks import read as read_mark
from .meanings import Columns, columns_of, meanings_of
from .named_acts import NamedActs
from .notes import Notes
from .scope import scope_of
from .sheets import Source
from .yaml_text import entries, flow

_JUDGED: Final = {"heading_displaced", "cells_shifted", "past_last_column", "name_from_heading", "line_break", "undefined_mark"}  # fmt: skip
_HEAD: Final = f"""\
{list_folder.EDITOR}schema/manifest.schema.json
# 一覧の説明書き: assign import がマッピングから作りました。直すときはマッピングを直して、取り込み直してください。
# Made by `assign import` from a mapping. Change the mapping, and import again.
"""


class Made(NamedTuple):
    """An edition before it is written: its folder's files, and what the report says of it."""

    edition: Edition
    catalog: Catalog
    printed: list[reader.Printed]
    columns: Columns
    files: Mapping[str, bytes]
    mapping: TheMapping  # as it holds of this edition


def make(source: Source, document: Document, mapping: TheMapping, edition: Edition, notes: Notes) -> Made:
    """
    An edition of a list.

    Raises:
        RuleFileError: The mapping does not fit the file. SourceError: A list of the printed form cannot be read.
    """
    scope = scope_of(source, document, mapping, edition)
    mapping = fitted(mapping, edition, document, scope, notes)
    columns = columns_of(mapping)
    inside = document._replace(order=(scope.own, scope.shared))
    if mapping.cells == "printed_form":
        manifest = _manifest(mapping, edition, document, columns, meanings_of(mapping, columns, inside, [], []), [])
        tasks = with_keys(parse("\n".join(document.lines) + "\n", manifest), document.file)
        printed: list[reader.Printed] = []
    else:
        printed = reader.read(source, document, mapping, edition, notes)
        cells_of = [{name: row.marks.get(at, "") for at, name in columns.cells.items()} for row in printed]
        keyed = with_keys(map(_task, printed, cells_of), document.file)
        keys = [task.id for task in keyed]
        table = meanings_of(mapping, columns, inside, printed, keys)
        since = edition.effective if isinstance(edition.effective, str) else (edition.effective or {}).get("since", "")
        papers = list(designated(mapping, document, scope, list(zip(keys, printed, strict=True)), since, notes))
        manifest = _manifest(mapping, edition, document, columns, table, papers)
        if kept := list(_never_given(Catalog(_in_order(keyed, manifest), manifest, b""), printed, mapping, notes)):
            manifest = _manifest(mapping, edition, document, columns, [*table, *kept], papers)
        tasks = _with_readings(Catalog(_in_order(keyed, manifest), manifest, b""), printed, mapping, notes)
    rows = as_csv(tasks, manifest)
    catalog = Catalog(tasks, manifest, rows)
    return Made(edition, catalog, printed, columns, _files(mapping, document, catalog), mapping)


def _task(row: reader.Printed, cells: Mapping[str, str]) -> Task:
    return Task(
        division=row.division, section=row.section, group=row.group, number=row.number, name=row.name, remark=row.remark,
        cells=cells, line=row.line, raw=row.raw, reading=Reading.AS_PRINTED, repairs=row.repairs,
    )  # fmt: skip


def _in_order(tasks: tuple[Task, ...], manifest: Manifest) -> tuple[Task, ...]:
    """Cells in the order of the catalog's columns."""
    return tuple(task._replace(cells={name: task.cells[name] for name in manifest.cells}) for task in tasks)


def _with_readings(
    catalog: Catalog, printed: list[reader.Printed], mapping: TheMapping, notes: Notes
) -> tuple[Task, ...]:
    """How sure each row is: what was read by judgement says so, and what cannot be read."""
    columns, signs = mapping.of_marks, [note.sign for note in mapping.footnotes]
    elsewhere_too = {task.id for task, _, _ in other_marks(catalog)}
    found = []
    for task, row in zip(catalog.tasks, printed, strict=True):
        repairs = list(task.repairs)
        said = {catalog.says(task, channel).meaning for channel in catalog.manifest.channels}
        strange = [
            text
            for at, text in row.marks.items()
            if text != UNREAD and columns[at].marks and read_mark(text, columns[at], signs) is None
        ]
        if any(strange) and said & {Meaning.UNDEFINED, Meaning.PART_DIVIDED}:
            repairs.append("undefined_mark")
        for text in strange:
            notes.doubtful(
                row.cell, "undefined_mark", f"印 {text!r} の意味がマッピングにありません（市職員・回答待ちになります）",
                f"the mapping does not say what {text!r} means (city staff, needs a ruling)",
            )  # fmt: skip
        if row.broken:
            repairs.append("line_break")
        odd = bool(said & {Meaning.UNDEFINED, Meaning.CONSIGNED_DOUBTFUL})
        judged = odd or task.id in elsewhere_too or _JUDGED & set(repairs)
        reading = (
            Reading.UNREADABLE if UNREAD in task.cells.values() else Reading.JUDGED if judged else Reading.AS_PRINTED
        )
        found.append(task._replace(reading=reading, repairs=tuple(dict.fromkeys(repairs))))
    return tuple(found)


def _never_given(
    catalog: Catalog, printed: list[reader.Printed], mapping: TheMapping, notes: Notes
) -> Iterator[dict[str, Any]]:
    """
    Lines of the table for rows that are themselves an act of authority, or another that cannot be consigned, and that the list
    gives to the contractor: the city keeps them, and a ruling has to say what is meant.
    """
    named = NamedActs(loader.load(resources.rules_folder()).acts)
    by_act = any(column.acts for column in mapping.of_marks)  # there a name is the work, and the columns are its acts
    for task, row in zip(catalog.tasks, printed, strict=True):
        said = {channel: catalog.says(task, channel) for channel in catalog.manifest.channels}
        act = named.of(task.name)
        # Of an act that both share, a mark that divides the work says already whose part is what.
        whole = (Meaning.CONSIGNED, Meaning.CONSIGNED_DOUBTFUL) if act and act.act_class is ActClass.SHARED else CONSIGNING
        given = [channel for channel, each in said.items() if each.meaning in whole]
        if not given:
            continue
