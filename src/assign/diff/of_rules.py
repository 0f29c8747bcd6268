"""
Two rule sets → what differs in their entries, each compared by its id and field by field.

Where an entry stands in its file is no change. Rows that both lists have are one row, whatever their ids; a row that one list lacks is told of
as such, and not again by each entry that names it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import date
from typing import Any, Final

from assign.explanation.wording import BASIS_TEXT, CLASS_TEXT
from assign.rules.entries import Act, Entry, Source
from assign.rules.model import RuleSet
from assign.words import ASSIGNEE_TEXT, CERTAINTY_TEXT, ActClass, Assignee, Bilingual, Certainty

from .fields import Words
from .model import Change
from .of_lists import both, order

_NOWHERE: Final = ("file", "line")  # where it stands
_OF_ROWS: Final = ("rows", "condition_rows")
_THERE: Final[Bilingual] = {"ja": "あり", "en": "there"}
Fields = dict[str, Any]


class OfRules:
    """
    Compares two rule sets over rows that are matched.

    Args:
        ids: The rows of both lists, old id → new id. added: Ids of the rows that the new list alone has.
        words: What keys stand for, over the rows of the old list and of the new one.
    """

    def __init__(
        self, old: RuleSet, new: RuleSet, ids: Mapping[str, str], added: Collection[str], words: tuple[Words, Words]
    ) -> None:
        self._old, self._new = old, new
        self._words = words
        self._ids, self._added = ids, frozenset(added)

    def changes(self) -> Iterator[Change]:
        """Every entry that differs; each field of a rule set is looked at (a test says so)."""
        old, new = self._old, self._new
        for kind, ours, theirs in (
            ("rule_changed", old.rules, new.rules),
            ("holder_changed", old.holders, new.holders),
            ("note_changed", old.notes, new.notes),
            ("ruling_changed", old.rulings, new.rulings),
        ):
            yield from self._entries(lambda *_, kind=kind: kind, ours, theirs)
        yield from self._entries(_of_act, old.acts.values(), new.acts.values())
        yield from _named("words_changed", _words(old), _words(new), both, self._words[1].acts_named)
        names = {**old.holder_names, **new.holder_names}
        yield from _named("holder_changed", dict(old.holder_names), dict(new.holder_names), names.__getitem__, dict)
        if old.read != new.read:
            name = {"ja": "条文を読んだ日", "en": "day on which statutes were read"}
            yield Change("words_changed", None, name, _day(old.read), _day(new.read))
        yield from self._work()

    def _entries(self, kind: Callable[..., str], old: Iterable[Entry], new: Iterable[Entry]) -> Iterator[Change]:
        ours, theirs = ({each.id: each for each in entries} for entries in (old, new))
        for key in dict.fromkeys([*ours, *theirs]):
            before, after = ours.get(key), theirs.get(key)
            entry = after or before
            assert entry is not None  # noqa: S101 - INVARIANT: the key is from one of them
            name = {lang: f"{key} {entry.title[lang]}" for lang in ("ja", "en")}
            if before is None or after is None:
                told = [self._alone(each, words) for each, words in zip((before, after), self._words, strict=True)]
                yield Change(kind(before, after), None, name, told[0], told[1])
                continue
            first, second = self._fields(before, self._ids), self._fields(after, {})
            differing = [field for field in first if first[field] != second[field]]
            if differing:
                text = self._words[1].text  # of the rows of both lists the new ids were compared
                yield Change(kind(before, after), None, name, text(first, differing), text(second, differing))

        yield from order(kind(None, None), list(ours), list(theirs), {key: each.title for key, each in theirs.items()})

    def _alone(self, entry: Entry | None, words: Words) -> Bilingual | None:
        """What is told of an entry that one edition alone has: all of its rows, also those that the other edition lacks."""
        if entry is None:
            return None
        fields = self._fields(entry, {}) | {name: of for name, of in entry._asdict().items() if name in _OF_ROWS}
        return words.text(fields, _core(fields))

    def _fields(self, entry: Entry, ids: Mapping[str, str]) -> Fields:
        """An entry's fields, comparable; of the old edition with the ids that its rows have in the new one."""
        found: Fields = {}
        for name, value in entry._asdict().items():
            if name in _NOWHERE:
                continue
            if name in _OF_ROWS:
                found[name] = self._rows(value, ids)
            elif name == "examples":
                found[name] = [
                    {key: ids.get(each, each) if key == "row" else each for key, each in one.items()} for one in value
                ]
            elif isinstance(value, Source):
                document = (
                    "" if value.line is not None else value.document
                )  # a document's file has another name each year
                found[name] = (document, value.text, BASIS_TEXT.get(value.basis, value.basis))
            elif isinstance(value, Assignee):
                found[name] = ASSIGNEE_TEXT[value]
            elif isinstance(value, Certainty):
                found[name] = CERTAINTY_TEXT[value]
            elif isinstance(value, ActClass):
                found[name] = CLASS_TEXT[value]
            else:
                found[name] = value
        return found

    def _rows(self, rows: Iterable[str], ids: Mapping[str, str]) -> list[str]:
        """Rows of both lists, by their new ids."""
        mapped = [ids.get(row, "") if ids else row for row in rows]
        return sorted(row for row in mapped if row and row not in self._added)

    def _work(self) -> Iterator[Change]:
        old, new = self._old.work.plain(), self._new.work.plain()
        for name, label in (
            ("counter", {"ja": "どの窓口にもある行為", "en": "acts of every counter"}),
            ("once_a_visit", {"ja": "来庁1回に1度の行為", "en": "acts that one visit needs once"}),
            ("conditions", {"ja": "行為を行うとき", "en": "when acts are done"}),
        ):
            if (before := old.get(name)) != (after := new.get(name)):
                text = self._words[1].text
                yield Change("work_changed", None, label, *(text({name: each}, [name]) for each in (before, after)))
        for part in ("kinds", "chains"):
            ours, theirs = (
                {each["id"]: self._chain(each, ids, part) for each in plain[part]}
                for plain, ids in ((old, self._ids), (new, {}))
            )
            labels = {each["id"]: each["label"] for plain in (old, new) for each in plain[part]}
            yield from order("work_changed", list(ours), list(theirs), labels)
            yield from self._chains(ours, theirs, labels)

    def _chains(
        self, old: Mapping[str, Fields], new: Mapping[str, Fields], labels: Mapping[str, Bilingual]
    ) -> Iterator[Change]:
        """Kinds and chains that are added, gone or otherwise."""
        for key in dict.fromkeys([*old, *new]):
            before, after = old.get(key), new.get(key)
            if before is None or after is None:
                told = [None if each is None else _THERE for each in (before, after)]
                yield Change("work_changed", None, labels[key], told[0], told[1])
            elif names := [name for name in before if before[name] != after.get(name)]:
                text = self._words[1].text
                yield Change("work_changed", None, labels[key], text(before, names), text(after, names))

    def _chain(self, plain: Mapping[str, Any], ids: Mapping[str, str], part: str) -> Fields:
        """A kind or a chain, comparable. Which rows are of a kind is told of row by row."""
        found = {name: value for name, value in plain.items() if name not in ("line", "rows", "reasons")}
        found["steps"] = [
            [act, channel, optional, when, ids.get(row, row)] for act, channel, optional, when, row in plain["steps"]
        ]
        if part == "chains":
            found["rows"] = self._rows(plain["rows"], ids)
        reasons = {ids.get(row, "" if ids else row): text for row, text in plain.get("reasons", {}).items()}
        found["reasons"] = {row: text for row, text in reasons.items() if row and row not in self._added}
        return found


def _core(fields: Fields) -> list[str]:
    """What is told of an entry that one edition alone has."""
    names = (
        "act",
        "acts",
        "assignee",
        "certainty",
        "act_class",
        "holder",
        "caveat",
        "since",
        "until",
        "rows",
        "channels",
    )
    return [name for name in names if name in fields] or ["title"]


def _of_act(before: Act | None, after: Act | None) -> str:
    return "act_class_changed" if before and after and before.fact is not after.fact else "act_changed"


def _words(rules: RuleSet) -> dict[str, Any]:
    return {word: list(acts) for word, acts in rules.words.items()}


def _named(
    kind: str,
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    label: Callable[[str], Bilingual],
    text: Callable[[Any], Bilingual],
) -> Iterator[Change]:
    """Values by name that are added, gone or otherwise."""
    for key in dict.fromkeys([*old, *new]):
        before, after = old.get(key), new.get(key)
        if before != after:
            told = [None if each is None else text(each) for each in (before, after)]
            yield Change(kind, None, label(key), told[0], told[1])


def _day(day: date | None) -> Bilingual:
    return both(day.isoformat() if day else "-")
