"""
What to be careful about: conditions of an act, how the text is read, what has changed since, whose work an act is, rulings.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from assign.catalog.model import DISPLACED, Task
from assign.catalog.parts import Said
from assign.decision.decider import Decider
from assign.decision.request import Request
from assign.rules.entries import Act, Note
from assign.rules.kinds import KINDS, NOT_SAID
from assign.words import ASSIGNEE_TEXT, ActFact, Bilingual, Meaning, Reading

from .citations import _cite, _entry_cite, _row_cite, _ruling_cite
from .row_work import RowWork
from .shared import Memory, Shared
from .wording import (
    MOST_OWNERS,
    Answer,
    _about,
    _basis,
    _both,
    _concerns,
    _rows,
    _titles,
    cell_said,
    grounded,
    list_sentence,
)


class Caveats:
    """What to be careful about. None of it changes who is assigned."""

    def __init__(self, decider: Decider, work: RowWork) -> None:
        self._decider = decider
        self._rules = decider.rules
        self._work = work
        self._of_rows: Memory[list[Shared]] = Memory()

    def of_act(self, request: Request, act: Act | None, strange: Sequence[Task]) -> Iterator[Answer]:
        """Of the act that is asked for, which is no part of the work of the `strange` rows."""
        if act is None:
            return
        if act.condition and self.conditional(act, request.tasks):
            cites = [_entry_cite("act", act)]
            yield {"code": "condition", "text": dict(act.condition), "cites": cites}
        if strange:
            yield from self._other_row(request, act, strange)

    def conditional(self, act: Act, tasks: Sequence[Task]) -> bool:
        """Whether the act is this act on these rows only where a condition is met."""
        return act.condition is not None and _concerns(act.condition_rows, tasks)

    def of_rows(self, request: Request) -> list[Answer]:
        """Of the rows and the day, whichever act is asked for; of rulings where none is."""
        rows = tuple([task.id for task in request.tasks])
        key = (rows, request.channel, self._work.between(rows, request.on))
        shared = self._of_rows.get(key, lambda: [Shared(caveat) for caveat in self._noted(request)])
        return [*shared, *self._waiting(request), *self._ruled_acts(request)]

    def _noted(self, request: Request) -> Iterator[Answer]:
        effective = self._decider.catalog.manifest.effective
        if effective is not None and not effective.since <= request.on <= (effective.until or request.on):
            until = {"ja": f"、{effective.until} まで", "en": f" until {effective.until}"} if effective.until else {}
            yield {
                "code": "not_in_force",
                "text": {
                    "ja": f"この一覧が効いているのは {effective.since} から{until.get('ja', '')}で、この案件の日はその外です。その日の一覧で確かめてください。",
                    "en": f"This list is in force from {effective.since}{until.get('en', '')}, and the case is of another day: see the list of that day.",
                },
                "cites": [],
            }
        undefined = [(task, said) for task in request.tasks if (said := self._doubtful(task, request.channel))]
        if undefined:
            sentence = list_sentence(undefined[0][1].line)
            where = self._cell_of_act(undefined[0][0], request.channel)
            yield {
                "code": "undefined_mark",
                "text": {"ja": f"{where['ja']}{sentence['ja']}", "en": f"{where['en']}{sentence['en']}"},
                "cites": [_row_cite(task) for task, _ in undefined],
            }
        unread = [
            task
            for task in request.tasks
            if "cell_unread" in task.repairs
            and self._decider.catalog.says(task, request.channel).meaning is Meaning.UNREADABLE
        ]
        if unread:  # the column is clear, and what the cell means is not
            yield {
                "code": "uncertain_reading",
                "text": {
                    "ja": "この行には、色・取消線・式などのために読めない印があります。原本で確かめる必要があります。",
                    "en": "A mark of this row cannot be read for its colour, a line through it, a formula or the like. Only the original can tell.",
                },
                "cites": [_row_cite(task) for task in unread],
            }
        unreadable = [
            task for task in request.tasks if task.reading is Reading.UNREADABLE and "cell_unread" not in task.repairs
        ]
        if unreadable:
            yield {
                "code": "uncertain_reading",
                "text": {
                    "ja": "この行の印がどの欄のものか、文字データからは決められません。原本で確かめる必要があります。",
                    "en": "The text cannot tell under which cell this row's mark stands. Only the original can.",
                },
                "cites": [_row_cite(task) for task in unreadable],
            }
        judged = [
            task
            for task in request.tasks
            if task.reading is Reading.JUDGED
            and DISPLACED & set(task.repairs)
            and not self._doubtful(task, request.channel)
        ]
        if judged:
            yield {
                "code": "judged_reading",
                "text": _about(
                    judged,
                    request,
                    {
                        "ja": "欄のずれや欠けを、並び順と記号から読んでいます（本システムの判断）。",
                        "en": "Displaced or missing cells are read by order and glyph (our judgement).",
                    },
                ),
                "cites": [_row_cite(task) for task in judged],
            }
        notes: dict[str, Note] = {}
        for task in request.tasks:
            for note in self._rules.notes_by_row.get(task.id, ()):
                if note.since <= request.on:
                    notes[note.id] = note
        for note in notes.values():
            touched = [task for task in request.tasks if task.id in note.rows]
            source = note.source
            yield {
                "code": note.caveat,
                "text": _about(
                    touched,
                    request,
                    {lang: grounded(note.because[lang], _basis(source, lang, note.read)) for lang in ("ja", "en")},
                ),
                "cites": [_row_cite(task) for task in touched]
                + [
                    _cite("note", source.document, source.line, source.text)
                    if source.line
                    else _entry_cite("note", note)
                ],
            }

    def _doubtful(self, task: Task, channel: str) -> Said | None:
        """
        What the list says of a row whose mark its legend does not define: a mark of the whole row, or one of this channel. What is
        printed for another channel alone is nothing to be careful about on this one.
        """
        catalog = self._decider.catalog
        table = catalog.manifest.of_table(task.cells)
        of_row = any(task.cells[column.key] for column in table if column.per == "row" and not column.channel)
        said = (catalog.says(task, each) for each in (catalog.channels_of(task) if of_row else (channel,)))
        return next((one for one in said if one.meaning in (Meaning.CONSIGNED_DOUBTFUL, Meaning.UNDEFINED)), None)

    def _cell_of_act(self, task: Task, channel: str) -> Bilingual:
        """Of a list that answers by acts alone, the first cell whose mark the legend does not define, to begin a sentence with."""
        catalog = self._decider.catalog
        for act in catalog.manifest.by_acts(channel, task.cells):
            said = catalog.says(task, channel, act)
            if said.meaning is Meaning.UNDEFINED:
                cell = cell_said(*said.cells[0], catalog.manifest, self._rules.acts)
                return {"ja": f"{cell['ja']}です。", "en": f"{cell['en']}. "}
        return {"ja": "", "en": ""}

    def strange(self, request: Request) -> list[Task]:
        """The rows of whose work the act asked for is no part."""
        facts = (self._decider.facts(task, request.channel, request.act, request.on) for task in request.tasks)
        return [task for task, fact in zip(request.tasks, facts, strict=True) if fact.act is ActFact.OTHER_ROW]

    def _other_row(self, request: Request, act: Act, strange: Sequence[Task]) -> Iterator[Answer]:
        """Where the act is no part of the work of some of these rows: of which rows it is."""
        owners = self._work.owners(request.division, act.id)
        names = [f"{owner['item']} {owner['name']}" for owner in owners[:MOST_OWNERS]]
        rest = len(owners) - len(names)
        where = (
            {
                "ja": f"この行為のある行: {'、'.join(names)}{f'、ほか{rest}行' if rest else ''}。",
                "en": f"It is part of {'; '.join(names)}{f' and {_rows(rest)} more' if rest else ''}.",
            }
            if owners
            else {"ja": "この区分に、この行為のある行はありません。", "en": "No row of this division has it."}
        )
        every = [kind for task in strange if (kind := self._rules.work.kind(task.id))]
        kinds = {kind.id: kind for kind in every if kind.id != NOT_SAID}
        own = [kind.source for kind in kinds.values() if kind.source.own]
        text = {
            "ja": f"「{act.title['ja']}」は、この行の業務の中の行為ではありません{_basis(own[0], 'ja') if own else '（本システムの判断）'}。",
            "en": f"The act '{act.title['en']}' is no part of this row's work{_basis(own[0], 'en') if own else ' (our judgement)'}.",
        }
        if not kinds:
            text = {
                "ja": f"この行の業務の種類が規則になく、「{act.title['ja']}」がこの行の業務の中の行為かは決まっていません。",
                "en": f"The rules name no kind of work for this row, so whether '{act.title['en']}' is part of it is open.",
            }
            if every and not owners:
                where = {
                    "ja": f"業務の種類を {KINDS} に書くと決まります。",
                    "en": f"It is settled once its kind of work is written in {KINDS}.",
                }
        yield {
            "code": "other_row",
            "text": _about(strange, request, _both(text, where)),
            "cites": [_row_cite(task) for task in strange]
            + [_cite("chain", KINDS, kind.line, kind.label["ja"]) for kind in kinds.values()],
        }

    def _waiting(self, request: Request) -> Iterator[Answer]:
        """Where no act is asked of work that the list answers for by acts alone: which of them need a ruling."""
        if request.act is not None:
            return
        waiting = {
            task.id: found
            for task in request.tasks
            if (found := [p for p in self._decider.parts(task, request.channel, request.on) if p.waits])
        }
        if waiting:
            parts = list({part.act: part for found in waiting.values() for part in found}.values())
            names = {lang: _titles(parts, self._rules.acts, lang) for lang in ("ja", "en")}
            yield {
                "code": "waiting_acts",
                "text": {
                    "ja": f"回答が出るまで受託者が行わない行為: {names['ja']}。",
                    "en": f"Until there is a ruling the contractor does not do: {names['en']}.",
                },
                "cites": [_row_cite(task) for task in request.tasks if task.id in waiting],
            }

    def _ruled_acts(self, request: Request) -> Iterator[Answer]:
        """Where no act is asked: which acts of these rows a ruling has settled."""
        if request.act is not None:
            return
        rulings = {
            ruling.id: ruling
            for task in request.tasks
            if (found := self._rules.rulings_by_row.get(task.id))
            for ruling in found.in_force(request.channel, request.on)
        }
        if rulings:
            acts = {ruling.act: ruling.assignee for ruling in rulings.values()}
            yield {
                "code": "ruled_acts",
                "text": {
                    lang: head
                    + sep.join(
                        f"{self._rules.acts[act].title[lang]}{arrow}{ASSIGNEE_TEXT[who][lang]}"
                        for act, who in acts.items()
                    )
                    + end
                    for lang, head, sep, arrow, end in (
                        ("ja", "行為ごとに市の回答があります: ", "、", "は", "。"),
                        ("en", "There are rulings on single acts: ", "; ", " - ", "."),
                    )
                },
                "cites": [_ruling_cite(ruling) for ruling in rulings.values()],
            }
