"""
A list and rules → what a decision log would refuse of their answers: then nobody would get that answer where answers are recorded.

Every id is looked at by itself. With ids that fit, an answer is refused only for its length: so where a number has more than a few rows,
or a row more than a few notes, each of its answers is put through the log's own allow-list, for every channel, every day on which
something changes, and every act that is told apart. (A test puts all answers of the whole list through it.)
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import Any, Final

from assign.catalog.model import CATALOG, Task
from assign.decision.decider import Decider
from assign.decision.request import Request
from assign.errors import AssignError, BadRequest, shown
from assign.explanation.explainer import Explainer
from assign.log import kinds, record
from assign.log.fields import FIELDS, GIVEN, RecordError
from assign.log.fields import check as allow
from assign.rules.changes import FIRST, boundaries
from assign.words import is_code

from .findings import Finding, finding

Command = Callable[[Task, str, str | None], str]  # row, channel, act → a command that asks for them
_ASKED: Final[dict[str, Any]] = FIELDS[kinds.Kind.DECISION]["request"]
FEW: Final = 5  # rows or notes; an answer of these is far from any limit of a record
_ANY_ID: Final = "12345678-9abc-4def-8123-456789abcdef"
_HASH: Final = "0" * 64


def unrecordable(decider: Decider, explainer: Explainer, command: Command) -> list[Finding]:
    """Each id that no record may have, with its place; and each answer that no record may hold, with a command that asks for it."""
    ids = list(_ids(decider))
    return ids or list(_answers(decider, explainer, command))  # with such an id the answers say the same again


def _ids(decider: Decider) -> Iterator[Finding]:
    catalog, rules = decider.catalog, decider.rules
    for entry in rules.entries:
        if not is_code(entry.id) or (entry.id in rules.acts and not GIVEN["act"](entry.id)):
            yield _refused(f"{entry.file} の {entry.line} 行目", f"{entry.file}, line {entry.line}", entry.id)
    for what, keys in (("divisions", catalog.manifest.divisions), ("channels", catalog.manifest.channels)):
        for key in keys:
            if not _ASKED[what.removesuffix("s")](key):
                yield _refused(f"manifest.yaml の `{what}`", f"`{what}` of manifest.yaml", key)
    for place, task in enumerate(catalog.tasks, 2):  # below the header
        if not (_ASKED["item"](task.item) and _ASKED["item"](task.number or task.item) and GIVEN["row"](task.id)):
            yield _refused(f"{CATALOG} の {place} 番目の行", f"row {place} of {CATALOG}", task.id)


def _refused(ja: str, en: str, name: str) -> Finding:
    return finding(
        "record",
        f"{ja} {shown(name)} は記録に書けない名前です（英数字で、数字は続けて5字まで）",
        f"{en}: {shown(name)} cannot stand in a record (plain letters and digits, no six digits together)",
    )


def _answers(decider: Decider, explainer: Explainer, command: Command) -> Iterator[Finding]:
    told: set[tuple[str, str]] = set()
    catalog = decider.catalog
    named = [(number, tasks) for (_, number), tasks in catalog.by_number.items()]
    named += [(tasks[0].item, tasks) for tasks in catalog.unnumbered.values()]
    for several, tasks in named:
        for item, rows in [(several, tasks), *((task.item, (task,)) for task in tasks if len(tasks) > 1)]:
            notes = sum(len(decider.rules.notes_by_row.get(task.id, ())) for task in rows)
            if max(len(rows), notes) <= FEW:
                continue
            for request in _asked(decider, explainer, item, rows):
                try:
                    answer = explainer.answer(request)
                except AssignError:  # ambiguous, a gap or an overlap: there is no answer to record
                    continue
                try:
                    allow(_record(request, answer))
                except (RecordError, BadRequest) as error:
                    task, field = rows[0], getattr(error, "field", "given")
                    if (field, task.id) not in told:
                        told.add((field, task.id))
                        yield finding(
                            "record",
                            f"{task.id} への答えは記録できません（{field}: 数が多すぎるか、記録に書けない値です）",
                            f"an answer on {task.id} cannot be recorded ({field}: too many, or of a form that no record has)",
                            command(task, request.channel, request.act),
                        )


def _asked(decider: Decider, explainer: Explainer, item: str, rows: Sequence[Task]) -> Iterator[Request]:
    """Every request on these rows, but of acts that are answered alike one, and of days between two changes the first."""
    ids = [task.id for task in rows]
    for channel in decider.catalog.manifest.channels:
        known: set[Hashable] = set()
        for act in (None, *decider.rules.acts):
            if (alike := explainer.alike(rows, act)) in known:
                continue
            known.add(alike)
            for day in {
                FIRST,
                *boundaries(decider.rules, ids, (channel,), act, of_list=decider.catalog.days(ids)),
            }:
                yield Request(rows[0].division, item, tuple(rows), channel, act, day)


def _record(request: Request, answer: dict[str, Any]) -> dict[str, Any]:
    """The record of an answer, as the desk hands it over and the log completes it; what is the same in all of them made up."""
    asked = record.understood(answer)
    words = {name: getattr(request, name) for name in ("division", "item", "channel", "act")}
    return {
        "schema": kinds.SCHEMA, "kind": kinds.Kind.DECISION.value, "origin": "a.b/c", "seq": 0,
        "recorded": "2026-01-01T00:00:00.000Z", "version": "0.1", "role": kinds.Role.UNSTATED.value, "key": None, "case": _ANY_ID,
        "corrects": None, "engine": "table", "editions": dict.fromkeys(kinds.EDITIONS, _HASH), "on": asked["on"],
        "given": record.given_words(words), "request": asked, "decision": record.decided(answer), "answer": _HASH,
    }  # fmt: skip
