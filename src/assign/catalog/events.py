"""
`lexicon/events.yaml` of a list's folder → its life events: which rows a death, a move or a birth may make due, in the order of a visit.

Read when an event is asked for, and by nothing else: a decision knows of no event. A folder without the file has no events.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from assign.errors import UnknownWord, listed_with, shown
from assign.words import Bilingual, Choices, normal
from assign.yaml_nodes import Node, parse, read

EVENTS: Final = "lexicon/events.yaml"
OUTSIDE: Final = "lexicon/outside.yaml"


class Due(NamedTuple):
    """A row that an event may make due, and for whom."""

    row: str
    when: Bilingual | None


class Elsewhere(NamedTuple):
    """What people also have to do and this list does not have, and where it usually belongs."""

    key: str
    what: Bilingual
    belongs: Bilingual


class Event(NamedTuple):
    """A life event."""

    key: str
    label: Bilingual
    words: tuple[str, ...]
    due: tuple[Due, ...]
    not_here: tuple[Elsewhere, ...]
    basis: str
    because: Bilingual


class UnknownEvent(UnknownWord):
    """The list names no such life event."""

    code = "unknown_event"

    def __init__(self, given: object, near: Sequence[Event], known: Sequence[Event]) -> None:
        names = {event.key: event.label["ja"] for event in near or known}
        if not names:
            super().__init__(
                f"出来事 {shown(given)} はありません（この一覧に出来事の表 `{EVENTS}` がありません）",
                f"there is no event {shown(given)} (this list has no table of events, `{EVENTS}`)",
            )
            return
        ja, en = ("近いもの", "near") if near else ("選べるもの", "choose")
        super().__init__(
            f"出来事 {shown(given)} はありません（{ja}: {listed_with(names)}）",
            f"there is no event {shown(given)} ({en}: {', '.join(f'`{key}`' for key in names)})",
            list(names),
        )


def load(folder: Path | None, rows: Collection[str]) -> tuple[Event, ...]:
    """
    The events of a list, in file order.

    Args:
        folder: The list's own; None where it has none. rows: The ids of its rows.

    Raises:
        RuleFileError: With file, line and the nearest valid name.
    """
    if folder is None or not os.path.isfile(folder / EVENTS):
        return ()
    outside = _outside(folder)
    found: dict[str, Event] = {}
    for node in _root(folder, EVENTS).fields(("events",))["events"].items():
        event = _event(node, rows, outside)
        if event.key in found:
            raise node.fail(f"{shown(event.key)} が2度あります", f"{shown(event.key)} stands twice")
        found[event.key] = event
    return tuple(found.values())


def named(events: Sequence[Event], given: object) -> Event:
    """An id, a label or a whole word of an event → the event. Raises UnknownEvent, with the nearest."""
    by_word = {normal(word): event for event in reversed(events) for word in event.words if not set(word) & set("+|")}
    by_word |= {normal(word): event for event in reversed(events) for word in (event.key, *event.label.values())}
    found = by_word.get(normal(given)) if isinstance(given, str) else None
    if found is None:
        near = {event.key: event for event in (by_word[word] for word in Choices(by_word).nearest(given))}
        raise UnknownEvent(given, list(near.values()), events)
    return found


def plain(event: Event) -> dict[str, Any]:
    """An event as a plan shows it."""
    return {
        "key": event.key,
        "label": dict(event.label),
        "due": [{"row": each.row, "when": each.when and dict(each.when)} for each in event.due],
        "not_here": [
            {"key": each.key, "what": dict(each.what), "belongs": dict(each.belongs)} for each in event.not_here
        ],
        "basis": event.basis,
        "because": dict(event.because),
    }


def _event(node: Node, rows: Collection[str], outside: dict[str, Elsewhere] | None) -> Event:
    fields = node.fields(("id", "label", "words", "due", "basis", "because"), ("kana", "not_here"))
    due: dict[str, Due] = {}
    for each in fields["due"].items():
        parts = each.fields(("row",), ("when",))
        row = parts["row"].choice(rows, "行", "row")
        if row in due:
            raise each.fail(f"行 {shown(row)} が2度あります", f"the row {shown(row)} stands twice")
        due[row] = Due(row, parts["when"].bilingual() if "when" in parts else None)
    if not due:
        raise fields["due"].fail("行が1つ以上要ります", "at least one row is needed")
    not_here: tuple[Elsewhere, ...] = ()
    if "not_here" in fields and outside is not None:  # without its table nothing is known of them
        keys = fields["not_here"].items()
        not_here = tuple(outside[key.choice(outside, "一覧にない用件", "matter outside the list")] for key in keys)
    return Event(
        key=fields["id"].text(),
        label=fields["label"].bilingual(),
        words=tuple(word.text() for word in fields["words"].items()),
        due=tuple(due.values()),
        not_here=not_here,
        basis=fields["basis"].choice(("judged",), "根拠の確かさ", "basis"),
        because=fields["because"].bilingual(),
    )


def _outside(folder: Path) -> dict[str, Elsewhere] | None:
    """
    What the list does not have, by its key; None where nobody has said. Of that file no more is read than a plan shows: its patterns
    are the search's.
    """
    if not os.path.isfile(folder / OUTSIDE):
        return None
    root = _root(folder, OUTSIDE)
    parts = root.value if isinstance(root.value, dict) else {}
    if "outside" not in parts:
        raise root.fail("`outside` がありません", "`outside` is missing")
    given = parts["places"].value if "places" in parts else {}
    places = {key: place.bilingual() for key, place in given.items()} if isinstance(given, dict) else {}
    found = {}
    for node in parts["outside"].items():
        fields = node.value if isinstance(node.value, dict) else {}
        for name in ("id", "what", "belongs"):
            if name not in fields:
                raise node.fail(f"`{name}` がありません", f"`{name}` is missing")
        belongs = fields["belongs"]
        place = (
            places[belongs.choice(places, "場所", "place")] if isinstance(belongs.value, str) else belongs.bilingual()
        )
        key = fields["id"].text()
        found[key] = Elsewhere(key, fields["what"].bilingual(), place)
    return found


def _root(folder: Path, name: str) -> Node:
    return parse(name, read(folder / name))
