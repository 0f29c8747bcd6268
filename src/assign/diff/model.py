"""
What differs between two editions, as data: changes of the list and its rules, and decisions that move.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final, NamedTuple

from assign.catalog.parts import Effective
from assign.rules.changes import FIRST, LAST
from assign.words import ActFact, Assignee, Bilingual, Certainty, Meaning, normal

from .matching import Pair

# The kinds of change of a row, in the order in which they are told.
OF_ROWS: Final[Mapping[str, Bilingual]] = {
    "row_added": {"ja": "行が増えた", "en": "row added"},
    "row_deleted": {"ja": "行がなくなった", "en": "row deleted"},
    "mark_changed": {"ja": "印が変わった", "en": "mark changed"},
    "channel_added": {"ja": "委託する業務の場が増えた", "en": "channel of consigned work added"},
    "channel_removed": {"ja": "委託する業務の場がなくなった", "en": "channel of consigned work removed"},
    "meaning_changed": {"ja": "印は同じで意味が変わった", "en": "same mark, another meaning"},
    "condition_changed": {"ja": "条件（ただし・除く・※）が変わった", "en": "condition changed"},
    "remark_changed": {"ja": "注記が変わった", "en": "remark changed"},
    "moved": {"ja": "見出しか区分が変わった", "en": "moved to another heading"},
    "renumbered": {"ja": "番号が変わった", "en": "renumbered"},
    "id_changed": {"ja": "行の id が変わった（番号は同じ）", "en": "another row id (same number)"},
    "renamed": {"ja": "名称が変わった", "en": "renamed"},
    "reworded": {"ja": "表記だけが変わった", "en": "reworded alone"},
    "kind_changed": {"ja": "業務の種類が変わった", "en": "another kind of work"},
}
OF_EDITION: Final[Mapping[str, Bilingual]] = {
    "edition_changed": {"ja": "版の名前・題名・期間", "en": "name, title and days of the edition"},
}
OF_LIST: Final[Mapping[str, Bilingual]] = {
    "division_changed": {"ja": "一覧の区分", "en": "divisions of the list"},
    "list_channel_changed": {"ja": "一覧の業務の場", "en": "channels of the list"},
    "column_changed": {"ja": "一覧の列", "en": "columns of the list"},
    "legend_changed": {"ja": "印の意味（凡例）", "en": "what a mark means (legend)"},
}
OF_RULES: Final[Mapping[str, Bilingual]] = {
    "rule_changed": {"ja": "決定表の規則", "en": "rules of the decision table"},
    "act_class_changed": {"ja": "行為の種類", "en": "class of an act"},
    "act_changed": {"ja": "行為", "en": "acts"},
    "holder_changed": {"ja": "権限の主体", "en": "whose authority it is"},
    "note_changed": {"ja": "法改正などの注記", "en": "notes on changes of law"},
    "ruling_changed": {"ja": "疑義照会への回答", "en": "rulings"},
    "work_changed": {"ja": "業務の種類と流れ", "en": "kinds of work and their chains"},
    "words_changed": {"ja": "ことば", "en": "words"},
}
OF_LEXICON: Final[Mapping[str, Bilingual]] = {
    "concept_changed": {"ja": "検索のことば", "en": "words that people search by"},
    "event_changed": {"ja": "出来事と、それで要る手続き", "en": "life events and what they make due"},
    "outside_changed": {"ja": "一覧にないことのことば", "en": "words for what the list does not have"},
}
KINDS: Final[Mapping[str, Bilingual]] = {**OF_ROWS, **OF_EDITION, **OF_LIST, **OF_RULES, **OF_LEXICON}

# What is no change of a row and is counted all the same: what the extraction or the paper does.
NO_CHANGES: Final[Mapping[str, Bilingual]] = {
    "order": {"ja": "並び順", "en": "order"},
    "lines": {"ja": "行番号", "en": "line number"},
    "raw": {"ja": "抽出された文字列（セルのずれ、改行）", "en": "text as extracted (shifts, line breaks)"},
    "spaces": {"ja": "語の中の空白", "en": "spaces inside words"},
    "reading": {"ja": "読み取りの確かさ", "en": "how sure the reading is"},
    "repairs": {"ja": "読み取りの修復", "en": "repairs of the reading"},
    "document": {"ja": "文書のファイル名", "en": "name of the document's file"},
}


class Change(NamedTuple):
    """
    One difference. kind: A key of `KINDS`. pair: The row, where it is one of a row. name: What it is about, as people call it.
    before, after: What it was and is; None on the side that does not have it.
    """

    kind: str
    pair: Pair | None
    name: Bilingual
    before: Bilingual | None
    after: Bilingual | None


class Answer(NamedTuple):
    """A decision, and what it rests on: two that are equal are the same answer for the same reason."""

    assignee: Assignee
    certainty: Certainty
    rule: str
    meaning: Meaning
    seen: ActFact
    ruling: str
    holder: str


class Place(NamedTuple):
    """A row on a channel: a key of the new list, or of the old one where the new one lacks it."""

    pair: Pair
    channel: str


class Move(NamedTuple):
    """
    Decisions that move in the same way: of each of `acts` (None is the work as a whole) in each of `places`, on every day from
    `since` to `until`. An answer is None where the edition has no such row, channel or act.
    """

    old: Answer | None
    new: Answer | None
    acts: tuple[str | None, ...]
    since: date
    until: date
    places: list[Place]

    @property
    def category(self) -> str:
        """In terms of the contract: `contractor_to_city_staff`, `certainty_lost`, …, `added`, `removed`."""
        if self.old is None or self.new is None:
            return "added" if self.old is None else "removed"
        if self.old.assignee is not self.new.assignee:
            return f"{self.old.assignee}_to_{self.new.assignee}"
        if self.old.certainty is not self.new.certainty:
            return "certainty_lost" if self.new.certainty is Certainty.NEEDS_RULING else "certainty_won"
        return "other_reason"

    @property
    def decisions(self) -> int:
        """How many they are."""
        return len(self.acts) * len(self.places)

    @property
    def always(self) -> bool:
        """Whether they move on every day."""
        return self.since == FIRST and self.until == LAST


@dataclass(frozen=True)
class Edition:
    """What an edition is called, and the bytes that it was read from."""

    title: Bilingual
    edition: str
    effective: Effective | None
    rows: int
    catalog_sha256: str
    rules_sha256: str
    lexicon_sha256: str


@dataclass
class Report:
    """
    All that differs, and how much was compared.

    Attributes:
        compared: Decisions that both editions give, by row, channel, act and span of days.
        unchanged: Rows of both editions of which nothing but what is in `no_changes` differs.
        no_changes: Rows that differ in what is no change, by key of `NO_CHANGES`.
        volumes: Cases a month by the id of a row; None where nobody gave any. act_labels, channel_labels, …: What they are called.
    """

    old: Edition
    new: Edition
    changes: list[Change] = field(default_factory=list)
    moves: list[Move] = field(default_factory=list)
    compared: int = 0
    unchanged: int = 0
    no_changes: dict[str, int] = field(default_factory=dict)
    volumes: dict[str, int] | None = None
    act_labels: dict[str, Bilingual] = field(default_factory=dict)
    channel_labels: dict[str, Bilingual] = field(default_factory=dict)
    division_labels: dict[str, Bilingual] = field(default_factory=dict)
    rule_labels: dict[str, Bilingual] = field(default_factory=dict)
    holder_labels: dict[str, Bilingual] = field(default_factory=dict)

    @property
    def successive(self) -> bool:
        """Whether these are two editions, and not one that is there twice: no two of a folder may have one name."""
        return normal(self.old.edition) != normal(self.new.edition)

    @property
    def equal(self) -> bool:
        """
        Whether nothing differs: then every decision was compared, and every entry of list, rules and words. Of two editions name, title
        and days are told and do not count, since each has its own; of one they do, since it answers on other days.
        """
        counted = [each for each in self.changes if not (self.successive and each.kind in OF_EDITION)]
        return not counted and not self.moves

    @property
    def moved(self) -> int:
        """Decisions of rows, channels and acts of both editions that are another answer, or the same for another reason."""
        return sum(move.decisions for move in self.moves if move.old is not None and move.new is not None)

    def volume(self, pair: Pair) -> int | None:
        """The cases a month of a row, by its id in the old edition, else in the new one."""
        if self.volumes is None:
            return None
        if pair.old is not None:
            return self.volumes.get(pair.old.id)
        return self.volumes.get(pair.new.id) if pair.new is not None else None

    def by_category(self) -> dict[str, list[Move]]:
        """The moves in terms of the contract, what the contractor loses first."""
        found: dict[str, list[Move]] = {}
        for move in sorted(self.moves, key=lambda each: _rank(each.category)):
            found.setdefault(move.category, []).append(move)
        return found


_FIRST: Final = ("contractor_to_city_staff", "contractor_to_split", "split_to_city_staff", "city_staff_to_contractor", "split_to_contractor", "city_staff_to_split")  # fmt: skip
_LAST: Final = ("certainty_lost", "certainty_won", "other_reason", "added", "removed")


def _rank(category: str) -> tuple[int, int, str]:
    if category in _FIRST:
        return 0, _FIRST.index(category), ""
    return (2, _LAST.index(category), "") if category in _LAST else (1, 0, category)
