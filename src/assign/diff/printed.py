"""
A report as frozen models: what `assign diff --json` prints, and the JSON Schema of it (`assign schema diff`).
"""

from __future__ import annotations

from datetime import date

from assign.catalog.model import Task
from assign.explanation.model import Frozen, Text
from assign.rules.changes import FIRST, LAST
from assign.words import ActFact, Assignee, Bilingual, Certainty, Meaning

from . import model, said


class Days(Frozen):
    """The first day of an edition and its last; no last day where nothing is known to follow."""

    since: date
    until: date | None


class Edition(Frozen):
    """What an edition is called, and the bytes that it was read from."""

    title: Text
    edition: str
    effective: Days | None
    rows: int
    catalog_sha256: str
    rules_sha256: str
    lexicon_sha256: str


class Row(Frozen):
    """What names a row; `line` is 1-based in the edition's document."""

    id: str
    division: str
    number: str
    section: str
    group: str
    name: str
    line: int


class Change(Frozen):
    """
    One difference of the lists, their rules or words. kind: `row_added`, `mark_changed`, `legend_changed`, … old, new: the row, where it is one
    of a row. before, after: what was and is printed or ruled, None on the side that does not have it.
    """

    kind: str
    name: Text
    old: Row | None
    new: Row | None
    before: Text | None
    after: Text | None


class Answer(Frozen):
    """A decision, and what it rests on."""

    assignee: Assignee
    certainty: Certainty
    rule: str
    meaning: Meaning
    act: ActFact
    ruling: str | None
    holder: str | None


class Place(Frozen):
    """A row (its id in each edition) on a channel, and its cases a month, where they were given."""

    old: str | None
    new: str | None
    channel: str
    volume: int | None


class Move(Frozen):
    """
    Decisions that move in the same way: each of `acts` (None is the work as a whole) in each place of `where`, on every day from `since`
    to `until`, both included; None is without an end. `old`, `new`: None where the edition has no such row, channel or act.
    `part_of_the_work`: whether the acts belong to the work of the rows in one of the editions.
    """

    category: str
    old: Answer | None
    new: Answer | None
    acts: tuple[str | None, ...]
    part_of_the_work: bool
    since: date | None
    until: date | None
    decisions: int
    where: tuple[Place, ...]


class Category(Frozen):
    """Moves in terms of the contract: `contractor_to_city_staff`, `certainty_lost`, `added`, …"""

    category: str
    label: Text
    decisions: int
    rows: int
    volume: int | None


class Diff(Frozen):
    """
    All that differs between two editions.

    Attributes:
        equal: Nothing differs: every decision was compared, and every entry of list, rules and words. Of editions of two names
            their names, titles and days (`edition_changed`) do not count.
        compared: Decisions that both editions give, by row, channel, act and span of days; `moved` of them are another answer, or rest
            on another reason.
        rows_unchanged: Rows of both editions that differ in nothing but what `no_changes` counts.
        without_volume: Ids of rows that move and have no figure; None where no figures were given.
    """

    equal: bool
    old: Edition
    new: Edition
    compared: int
    moved: int
    rows_unchanged: int
    no_changes: dict[str, int]
    without_volume: tuple[str, ...] | None
    categories: tuple[Category, ...]
    changes: tuple[Change, ...]
    moves: tuple[Move, ...]


def printed(report: model.Report) -> Diff:
    """All of a report: each move with its acts and every row and channel that it is about."""
    grouped = report.by_category()
    return Diff(
        equal=report.equal,
        old=_edition(report.old),
        new=_edition(report.new),
        compared=report.compared,
        moved=report.moved,
        rows_unchanged=report.unchanged,
        no_changes=report.no_changes,
        without_volume=None if report.volumes is None else tuple(task.id for task in said.without_volume(report)),
        categories=tuple(_category(report, key, moves) for key, moves in grouped.items()),
        changes=tuple(_change(change) for change in report.changes),
        moves=tuple(_move(report, move) for moves in grouped.values() for move in moves),
    )


def _edition(of: model.Edition) -> Edition:
    return Edition(
        title=_text(of.title),
        edition=of.edition,
        effective=of.effective and Days(since=of.effective.since, until=of.effective.until),
        rows=of.rows,
        catalog_sha256=of.catalog_sha256,
        rules_sha256=of.rules_sha256,
        lexicon_sha256=of.lexicon_sha256,
    )


def _category(report: model.Report, key: str, moves: list[model.Move]) -> Category:
    pairs = said.pairs_of(moves)
    return Category(
        category=key,
        label=Text(ja=said.category(key, "ja"), en=said.category(key, "en")),
        decisions=sum(move.decisions for move in moves),
        rows=len(pairs),
        volume=said.weight(report, pairs),
    )


def _change(change: model.Change) -> Change:
    return Change(
        kind=change.kind,
        name=_text(change.name),
        old=change.pair and _row(change.pair.old),
        new=change.pair and _row(change.pair.new),
        before=None if change.before is None else _text(change.before),
        after=None if change.after is None else _text(change.after),
    )


def _row(task: Task | None) -> Row | None:
    return task and Row(**{name: getattr(task, name) for name in Row.model_fields})


def _move(report: model.Report, move: model.Move) -> Move:
    return Move(
        category=move.category,
        old=_answer(move.old),
        new=_answer(move.new),
        acts=move.acts,
        part_of_the_work=said.own(move),
        since=None if move.since == FIRST else move.since,
        until=None if move.until == LAST else move.until,
        decisions=move.decisions,
        where=tuple(
            Place(
                old=pair.old and pair.old.id,
                new=pair.new and pair.new.id,
                channel=channel,
                volume=report.volume(pair),
            )
            for pair, channel in move.places
        ),
    )


def _answer(answer: model.Answer | None) -> Answer | None:
    return answer and Answer(
        assignee=answer.assignee,
        certainty=answer.certainty,
        rule=answer.rule,
        meaning=answer.meaning,
        act=answer.seen,
        ruling=answer.ruling or None,
        holder=answer.holder or None,
    )


def _text(of: Bilingual) -> Text:
    return Text(ja=of["ja"], en=of["en"])
