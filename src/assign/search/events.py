"""
Events of life: what a death, a move or a birth may make due, in the order of a visit, and what people then do elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from assign.errors import UnknownWord, listed_with, shown
from assign.words import Bilingual, Choices, normal

TABLE: Final = "lexicon/events.yaml"


class Due(NamedTuple):
    """A row that an event may make due, and for whom, if not for all."""

    row: str
    when: Bilingual | None


class Elsewhere(NamedTuple):
    """What the list does not have, and where it usually belongs; a `question` asks for an amount or a reason, and for no task."""

    key: str
    kind: str
    what: Bilingual
    belongs: Bilingual
    near: tuple[str, ...]


class Event(NamedTuple):
    """An event of life: the rows it may make due in order, what it asks for elsewhere, and why these rows; our judgement."""

    key: str
    label: Bilingual
    due: tuple[Due, ...]
    not_here: tuple[Elsewhere, ...]
    because: Bilingual


class UnknownEvent(UnknownWord):
    """The list names no such life event."""

    code = "unknown_event"

    def __init__(self, given: object, near: Sequence[Event], known: Sequence[Event]) -> None:
        names = {event.key: event.label["ja"] for event in near or known}
        if not names:
            super().__init__(
                f"出来事 {shown(given)} はありません（この一覧に出来事の表 `{TABLE}` がありません）",
                f"there is no event {shown(given)} (this list has no table of events, `{TABLE}`)",
            )
            return
        ja, en = ("近いもの", "near") if near else ("選べるもの", "choose")
        super().__init__(
            f"出来事 {shown(given)} はありません（{ja}: {listed_with(names)}）",
            f"there is no event {shown(given)} ({en}: {', '.join(f'`{key}`' for key in names)})",
            list(names),
        )


def named(events: Sequence[Event], given: object) -> Event:
    """A key or a label of an event → the event. Raises UnknownEvent, with the nearest."""
    by_word = {normal(word): event for event in reversed(events) for word in (event.key, *event.label.values())}
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
        "basis": "judged",
        "because": dict(event.because),
    }
