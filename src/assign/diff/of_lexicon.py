"""
Two lexicons → what differs in the words that people search by, in the life events, and in what the list does not have.

Topics are compared by their ids, in whatever file they stand, and of a field of many values only those are told that differ. Rows that both lists
have are one row; a row that one list lacks is told of as such, and not again by each topic that names it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, Final

from assign.search.lexicon import Lexicon, Topic
from assign.words import Bilingual

from .fields import Words
from .model import Change
from .of_lists import order

_KIND: Final = {
    "concept": "concept_changed",
    "event": "event_changed",
    "outside": "outside_changed",
    "question": "outside_changed",
}
_ALONE: Final = ("rows", "due", "belongs")  # what is told of a topic that one edition alone has
Row = Callable[[str], str]  # an id of one list → that of the new one, empty where the other list has no such row


def of_lexicons(
    old: Lexicon, new: Lexicon, ids: Mapping[str, str], added: Collection[str], words: tuple[Words, Words]
) -> Iterator[Change]:
    """
    Every topic that differs; each field is looked at (a test says so).

    Args:
        ids: The rows of both lists, old id → new id. added: Ids of the rows that the new list alone has.
        words: What keys stand for, over the rows of the old list and of the new one.
    """
    of = [{(_KIND[topic.kind], topic.id): topic for topic in lexicon.topics} for lexicon in (old, new)]
    labels = {topic.id: topic.label for lexicon in (old, new) for topic in lexicon.topics}
    gone = frozenset(added)
    rows: tuple[Row, Row] = (lambda row: ids.get(row, ""), lambda row: "" if row in gone else row)
    for key in dict.fromkeys([*of[0], *of[1]]):
        topics = before, after = of[0].get(key), of[1].get(key)
        name = {lang: f"{key[1]} {labels[key[1]][lang]}" for lang in ("ja", "en")}
        if before is None or after is None:
            told = [_alone(topic, each) for topic, each in zip(topics, words, strict=True)]
            yield Change(key[0], None, name, told[0], told[1])
            continue
        first, second = (fields(topic, row) for topic, row in zip((before, after), rows, strict=True))
        if differing := [field for field in first if first[field] != second[field]]:
            sides: tuple[dict[str, Any], dict[str, Any]] = ({}, {})
            for field in differing:
                for side, value in zip(sides, _apart(first[field], second[field]), strict=True):
                    side[field] = [labels[each] for each in value] if field == "not_here" else value
            yield Change(key[0], None, name, *(words[1].text(side, differing) for side in sides))
    events, others = ([topic.id for topic in lexicon.topics if topic.kind == "event"] for lexicon in (old, new))
    yield from order("event_changed", events, others, labels)  # people are shown them in this order


def fields(topic: Topic, row: Row) -> dict[str, Any]:
    """A topic's fields, comparable, with the ids that its rows have in the new list."""
    return {
        "label": topic.label,
        "about": topic.kind,
        "patterns": sorted((each.origin, each.text, each.division) for each in topic.patterns),
        "rows": {row(key): weight for key, weight in topic.rows.items() if row(key)},
        "due": [(row(each.row), each.when) for each in topic.due if row(each.row)],
        "not_here": list(topic.not_here),
        "belongs": topic.belongs,
        "near": [row(key) for key in topic.near if row(key)],
        "over": topic.over,
        "because": topic.because,
    }


def _alone(topic: Topic | None, words: Words) -> Bilingual | None:
    if topic is None:
        return None
    found = fields(topic, str)
    return words.text(found, [name for name in _ALONE if found[name]])


def _apart(before: Any, after: Any) -> tuple[Any, Any]:
    """Of many values those that one side alone has; both as they are where they differ in their order."""
    if isinstance(before, list):
        found = [each for each in before if each not in after], [each for each in after if each not in before]
        return found if any(found) else (before, after)
    if isinstance(before, dict) and isinstance(after, dict) and "ja" not in before:
        old = {key: each for key, each in before.items() if after.get(key) != each}
        new = {key: each for key, each in after.items() if before.get(key) != each}
        return old, new
    return before, after
