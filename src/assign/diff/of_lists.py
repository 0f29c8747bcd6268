"""
Two lists → what differs in them: in each row, and in what the manifest says of all rows.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import Any, Final

from assign.catalog.manifest import UNREAD, Manifest
from assign.catalog.model import Catalog, Task
from assign.catalog.parts import Designation, Effective, Line
from assign.explanation.wording import MEANING_TEXT, cell_name, printed, with_remark
from assign.rules.entries import Act
from assign.rules.kinds import Work
from assign.words import CONSIGNING, Bilingual, Meaning

from .fields import FIELDS, Words
from .matching import Pair, aligned, folded, unspaced
from .model import NO_CHANGES, Change

OF_A_ROW: Final = tuple(field for field in NO_CHANGES if field != "order")  # which is of all rows together
_NOT_THERE: Final = (Meaning.OUTSIDE, Meaning.NO_STEP)  # the list has no such work on the channel


def both(text: str) -> Bilingual:
    """What is printed is the same in both languages."""
    return {"ja": text, "en": text}


def row_name(task: Task, manifest: Manifest) -> Bilingual:
    """A row as people call it: its division, then number, heading and name as printed."""
    name = printed(task.number, task.group, with_remark(task.name, task.remark))
    return {lang: f"{manifest.divisions[task.division].label[lang]} {name}" for lang in ("ja", "en")}


class OfRows:
    """What differs in rows that are matched, one pair at a time."""

    def __init__(self, old: Catalog, new: Catalog, works: tuple[Work, Work], acts: Mapping[str, Act]) -> None:
        self._old, self._new, self._titles = old, new, acts
        self._works = works
        self._divisions = aligned(old.manifest.divisions, new.manifest.divisions)
        self._channels = aligned(old.manifest.channels, new.manifest.channels)
        self._acts = sorted({*old.manifest.printed_acts} & {*new.manifest.printed_acts})
        self.no_changes: Counter[str] = Counter()
        self.unchanged: int = 0

    def changes(self, pair: Pair) -> Iterator[Change]:
        """Every change of a row; what is no change is counted."""
        old, new = pair
        if new is None:
            assert old is not None  # noqa: S101 - INVARIANT: a pair has a row
            yield Change("row_deleted", pair, row_name(old, self._old.manifest), self._cells(old, self._old), None)
            return
        name = row_name(new, self._new.manifest)
        if old is None:
            yield Change("row_added", pair, name, None, self._cells(new, self._new))
            return
        found = [Change(kind, pair, name, before, after) for kind, before, after in self._differences(old, new)]
        yield from found
        self.unchanged += not found
        for field in OF_A_ROW:
            self.no_changes[field] += self._differs(field, old, new)

    def _differs(self, field: str, old: Task, new: Task) -> bool:
        if field == "spaces":
            parts = ("section", "group", "name", "remark")
            return any(
                getattr(old, part) != getattr(new, part)
                and unspaced(getattr(old, part)) == unspaced(getattr(new, part))
                for part in parts
            )
        name = "line" if field == "lines" else field
        return bool(getattr(old, name) != getattr(new, name))

    def _differences(self, old: Task, new: Task) -> Iterator[tuple[str, Bilingual, Bilingual]]:
        marks = list(self._marks(old, new))
        yield from marks
        if not marks:
            yield from self._meanings(old, new)
        if (before := _conditions(old)) != (after := _conditions(new)):
            yield "condition_changed", both(before or "-"), both(after or "-")
        elif unspaced(old.remark) != unspaced(new.remark):
            yield "remark_changed", both(old.remark or "-"), both(new.remark or "-")
        yield from self._names(old, new)
        none: dict[str, Any] = {"key": "", "label": {"ja": "なし", "en": "none"}}
        kinds = [work.name(task.id) or none for work, task in zip(self._works, (old, new), strict=True)]
        if kinds[0]["key"] != kinds[1]["key"]:
            yield "kind_changed", kinds[0]["label"], kinds[1]["label"]

    def _names(self, old: Task, new: Task) -> Iterator[tuple[str, Bilingual, Bilingual]]:
        places = [
            tuple(unspaced(text) for text in (self._label(task, catalog), task.section, task.group))
            for task, catalog in ((old, self._old), (new, self._new))
        ]
        same_division = self._divisions.get(old.division) == new.division
        if not same_division or places[0][1:] != places[1][1:]:
            alike = same_division and [*map(folded, places[0][1:])] == [*map(folded, places[1][1:])]
            before, after = (both(" / ".join(filter(None, place))) for place in places)
            yield "reworded" if alike else "moved", before, after
        if unspaced(old.number) != unspaced(new.number):
            yield "renumbered", both(old.number or "-"), both(new.number or "-")
        elif same_division and old.number and old.item != new.item:  # without a number it is only the line
            yield "id_changed", both(old.id), both(new.id)
        if unspaced(old.name) != unspaced(new.name):
            yield "reworded" if folded(old.name) == folded(new.name) else "renamed", both(old.name), both(new.name)

    def _label(self, task: Task, catalog: Catalog) -> str:
        return catalog.manifest.divisions[task.division].label["ja"]

    def _marks(self, old: Task, new: Task) -> Iterator[tuple[str, Bilingual, Bilingual]]:
        """The cells that both lists print and in which something else stands."""
        ours, theirs = self._old.manifest, self._new.manifest
        for cell, glyph in old.cells.items():
            other, before = self._channels.get(cell, cell), glyph.strip()
            if other not in new.cells or before == (after := new.cells[other].strip()):
                continue
            kind = self._kind(old, new, cell, other) if cell in ours.channels else "mark_changed"
            yield kind, self._cell(cell, before, ours), self._cell(other, after, theirs)

    def _kind(self, old: Task, new: Task, channel: str, other: str) -> str:
        """
        Of a channel's cell: whether the contractor's work there begins, ends, or is marked otherwise.

        What the cells mean decides, and not whether one is blank: in a list where city staff have a mark of their own, a blank that
        becomes theirs is a mark, and no more work that is consigned.
        """
        before, after = self._old.says(old, channel).meaning, self._new.says(new, other).meaning
        if before in _NOT_THERE and after in CONSIGNING:
            return "channel_added"
        return "channel_removed" if before in CONSIGNING and after in _NOT_THERE else "mark_changed"

    def _cell(self, name: str, glyph: str, manifest: Manifest) -> Bilingual:
        label, blank = cell_name(name, manifest, self._titles)
        unread = {"ja": "未確定", "en": "open"}
        return {lang: f"{label[lang]} {unread[lang] if glyph == UNREAD else glyph or blank[lang]}" for lang in label}

    def _cells(self, task: Task, catalog: Catalog) -> Bilingual:
        cells = [self._cell(name, glyph.strip(), catalog.manifest) for name, glyph in task.cells.items()]
        return {lang: "／".join(cell[lang] for cell in cells) for lang in ("ja", "en")}

    def _meanings(self, old: Task, new: Task) -> Iterator[tuple[str, Bilingual, Bilingual]]:
        """What is printed is the same, and the list makes something else of it."""
        for channel, other in self._channels.items():
            for act in (None, *self._acts):
                before = self._old.says(old, channel, act).meaning
                after = self._new.says(new, other, act).meaning
                if before is not after:
                    label = self._new.manifest.channels[other].label
                    was, is_now = (
                        {lang: f"{label[lang]}: {MEANING_TEXT[each][lang]}" for lang in label}
                        for each in (before, after)
                    )
                    yield "meaning_changed", was, is_now
                    break


def _conditions(task: Task) -> str:
    return " ".join(unspaced(text) for text in task.conditions)


# -- what the manifest says of all rows --------------------------------------------------------------------------------


def of_manifests(old: Manifest, new: Manifest, ids: Mapping[str, str], words: Words) -> Iterator[Change]:
    """
    What an edition is called and its days; divisions, channels, columns, what the cells mean, and who is designated for public money.

    Args:
        ids: The rows of both editions, old id → new id: a line on one row follows it. words: What keys stand for.
    """
    yield from _edition(old, new)
    for kind, part in (("division_changed", "divisions"), ("list_channel_changed", "channels")):
        ours, theirs = getattr(old, part), getattr(new, part)
        same = aligned(ours, theirs)
        yield from _entries(
            kind,
            {same.get(key, f"-{key}"): each for key, each in ours.items()},
            dict(theirs),
            lambda each: each._asdict(),
            lambda each: each.label,
            words,
        )
        yield from order(
            kind, [same.get(key, "") for key in ours], list(theirs), {key: each.label for key, each in theirs.items()}
        )
    one, other = ({each.key: each for each in manifest.columns} for manifest in (old, new))
    yield from _entries("column_changed", one, other, lambda each: each._asdict(), lambda each: each.label, words)
    yield from order("column_changed", list(one), list(other), {key: each.label for key, each in other.items()})
    before = {_when(line, ids): line for line in old.meanings}
    after = {_when(line, {}): line for line in new.meanings}
    yield from _entries("legend_changed", before, after, _said, lambda line: words.cells(line.when), words)
    yield from order(
        "legend_changed", list(before), list(after), {when: words.cells(line.when) for when, line in after.items()}
    )
    yield from _entries(
        "legend_changed",
        _papers(old, ids),
        _papers(new, {}),
        lambda each: {"legend": (unspaced(each.legend.text), each.legend.en)},
        lambda each: words.text({"act": each.act, "rows": each.rows}, ["act", "rows"] if each.rows else ["act"]),
        words,
    )


def days(effective: Effective | None) -> Bilingual:
    """The days of an edition, as people say them."""
    if effective is None:
        return {"ja": "始まりの日の記載なし", "en": "no first day given"}
    since, until = effective.since, effective.until
    return {
        "ja": f"{since}から{f'{until}まで' if until else ''}",
        "en": f"from {since}{f' to {until}' if until else ''}",
    }


def _edition(old: Manifest, new: Manifest) -> Iterator[Change]:
    for field, before, after in (
        ("edition", both(old.edition), both(new.edition)),
        ("title", old.title, new.title),
        ("effective", days(old.effective), days(new.effective)),
    ):
        if before != after:
            yield Change("edition_changed", None, FIELDS[field], before, after)


def _papers(manifest: Manifest, ids: Mapping[str, str]) -> dict[tuple[str, str], Designation]:
    """Who is designated for public money: by the act and by the row whose own words they are, if they are a row's."""
    return {(each.act, ids.get(row, row)): each for each in manifest.designations for row in each.rows or ("",)}


def order(kind: str, old: Sequence[Any], new: Sequence[Any], labels: Mapping[Any, Bilingual]) -> Iterator[Change]:
    """Entries of both editions that stand in another order, as lists of them and answers show: the first place that differs."""
    common = {*old} & {*new}
    places = zip((key for key in old if key in common), (key for key in new if key in common), strict=True)
    if (found := next((place for place in places if place[0] != place[1]), None)) is not None:
        yield Change(
            kind,
            None,
            {"ja": "並び順（最初に違うところ）", "en": "order (the first that differs)"},
            labels[found[0]],
            labels[found[1]],
        )


def _when(line: Line, ids: Mapping[str, str]) -> Hashable:
    return tuple(sorted((name, ids.get(cell, cell) if name == "row" else cell) for name, cell in line.when.items()))


def _said(line: Line) -> dict[str, Any]:
    """What a line says, without where it stands in the document."""
    legend = line.legend and (unspaced(line.legend.text), line.legend.en)
    return {"means": MEANING_TEXT[line.means], "legend": legend, "because": line.because and dict(line.because)}


def _entries(
    kind: str, old: Mapping[Any, Any], new: Mapping[Any, Any], fields: Any, label: Any, words: Words
) -> Iterator[Change]:
    """Entries of one sort that are added, gone or otherwise."""
    for key in dict.fromkeys([*old, *new]):
        ours, theirs = old.get(key), new.get(key)
        if ours is None or theirs is None:
            name = label(ours if theirs is None else theirs)
            there = {"ja": "あり", "en": "there"}
            yield Change(kind, None, name, None if ours is None else there, None if theirs is None else there)
            continue
        before, after = fields(ours), fields(theirs)
        differing = [name for name in before if _plain(before[name]) != _plain(after[name])]
        if differing:
            yield Change(kind, None, label(theirs), words.text(before, differing), words.text(after, differing))


def _plain(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)
