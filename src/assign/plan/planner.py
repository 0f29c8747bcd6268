"""
Rows → their plan: each step with who handles it and why, exactly as `decide` answers that act; where the case crosses the contract's line.

Plain data in the contract's shape; Python wraps it (`model.Plan`), the terminal and a printed page show it (`sheet`). A plan decides
nothing and is never recorded.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Final

from assign.catalog.model import Catalog, Task
from assign.decision.request import Request, candidate_lines
from assign.errors import AmbiguousItem
from assign.explanation.explainer import WITH_HOLDER, Explainer
from assign.explanation.wording import Answer, printed, with_remark
from assign.rules.kinds import Kind, Step
from assign.rules.model import RuleSet
from assign.words import Bilingual, Meaning

from . import line
from .course import course, from_the_visit, on_channel
from .visit import merged

JUDGED: Final = "judged"
OWN: Final = "own"
_OF_THE_ACT: Final = ("condition", "other_row")  # caveats of one act; the others are the row's


class Planner:
    """Plans over one list and one rule set."""

    def __init__(self, catalog: Catalog, rules: RuleSet, explainer: Explainer) -> None:
        self._catalog = catalog
        self._rules = rules
        self._explainer = explainer

    def of_item(self, tasks: Sequence[Task], channel: str | None, on: date) -> Answer:
        """
        The plan of a row; of an item that names several rows the one plan that all of them have.

        Args:
            channel: Where all of it is done; if None each step where it is done as a rule.

        Raises:
            AmbiguousItem: The rows of the item have different plans.
        """
        plans = [self._of_row(task, channel, on) for task in tasks]
        if any(_alike(plan) != _alike(plans[0]) for plan in plans):
            raise AmbiguousItem(
                tasks[0].number,
                division=self._catalog.manifest.division_pair(tasks[0].division),
                candidates=[task.item for task in tasks],
                rows=candidate_lines(tuple(tasks)),
            )
        return plans[0] | {
            "rows": [self._explainer.row(task) for task in tasks],
            "sources": [
                *map(self._source, tasks),
                *(each for each in plans[0]["sources"] if each["row"] != tasks[0].id),
            ],
        }

    def of_visit(self, tasks: Sequence[Task], channel: str | None, on: date, event: Mapping[str, Any] | None) -> Answer:
        """One plan for several rows: each step once, the counter's first. event: The life event that makes them due."""
        plans = [self._of_row(task, channel, on, visit=True) for task in {each.id: each for each in tasks}.values()]
        counters = [key for key, each in self._catalog.manifest.channels.items() if each.kind == "counter"]
        return merged(plans, counters, self._rules.work.once_a_visit) | {"event": event}

    def _of_row(self, task: Task, channel: str | None, on: date, *, visit: bool = False) -> Answer:
        work = self._rules.work
        kind, chain = work.kind(task.id), work.course(task.id)
        steps = course(self._catalog, work, task)
        if visit:
            steps = from_the_visit(self._catalog, steps, task.id)
        if channel is not None:
            steps = on_channel(self._catalog, steps, channel, work.at_counter)
        answers = [self._answer(step, on) for step in steps]
        told = [self._told(step, answer) for step, answer in zip(steps, answers, strict=True)]
        crossings = list(line.crossings(task.id, told, [Meaning(answer["meaning"]) for answer in answers]))
        return {
            "rows": [self._explainer.row(task)],
            "kind": work.name(task.id),
            "steps": told,
            "crossings": crossings,
            "warnings": [
                *self._of_the_row(task, channel, on, kind),
                *line.warnings(task.id, told, crossings, self._rules.acts),
                *_of_acts(task.id, answers),
            ],
            "chain": chain and {"key": chain.id, "label": dict(chain.label), "because": dict(chain.because)},
            "part_of": [
                {"key": each.id, "label": dict(each.label), "row": each.rows[0]}
                for each in work.chains
                if task.id not in each.rows and any(step.row == task.id for step in each.steps)
            ],
            "basis": _basis([each.source.own for each in (kind, chain) if each]),
            "event": None,
            "sources": [
                self._source(self._catalog.by_id[row]) for row in dict.fromkeys([task.id, *(s.row for s in steps)])
            ],
            "on": on.isoformat(),
        }

    def _source(self, task: Task) -> Answer:
        """The row as the paper prints it, with its line of the text."""
        division = self._catalog.manifest.divisions[task.division].label
        name = printed(task.number, task.group, with_remark(task.name, task.remark))
        text = {
            "ja": f"{division['ja']} {name}（一覧{task.line}行目）",
            "en": f"{division['ja']} {name} (line {task.line})",
        }
        return {"row": task.id, "text": text, "item": dict.fromkeys(text, f"{division['ja']} {task.item}")}

    def _answer(self, step: Step, on: date) -> Answer:
        return self._explainer.answer(self._asked(self._catalog.by_id[step.row], step.channel, step.act, on))

    def _asked(self, task: Task, channel: str, act: str | None, on: date) -> Request:
        return Request(task.division, task.item, (task,), channel, act, on)

    def _told(self, step: Step, answer: Answer) -> Answer:
        act = self._rules.acts[step.act]
        division = self._catalog.by_id[step.row].division
        holder = self._rules.holder(division, act.id, step.row).holder if act.act_class in WITH_HOLDER else None
        return {
            "act": answer["act"],
            "row": step.row,
            "channel": step.channel,
            "optional": step.optional,
            "condition": step.when and dict(step.when),
            "assignee": answer["assignee"],
            "certainty": answer["certainty"],
            "holder": holder,
            "rule": answer["rules"][0],
            "reasons": answer["reasons"],
            "channel_label": answer["channel_label"],
            "holder_label": dict(self._rules.holder_names[holder]) if holder else None,
            "also": [],
        }

    def _of_the_row(self, task: Task, channel: str | None, on: date, kind: Kind | None) -> Iterator[Answer]:
        """What is to be careful about on the row whatever the step: that the work has ended first, then what the list excepts."""
        answer = self._explainer.answer(
            self._asked(task, channel or next(iter(self._catalog.manifest.channels)), None, on)
        )
        for caveat in sorted(answer["caveats"], key=lambda each: each["code"] not in ("ended", "renamed")):
            yield line.warning(caveat["code"], task.id, (), caveat["text"])
        for each in answer["exceptions"]:
            text = {"ja": f"一覧の条件: {each['text']}", "en": f"As printed: {each['text']}"}
            yield line.warning("printed_condition", task.id, (), text)
        if kind is None:
            yield line.warning("no_kind", task.id, (), _NO_KIND)


_NO_KIND: Final[Bilingual] = {
    "ja": "この行の業務の種類が規則になく、手順を示せません。業務全体の担当は、この行の判定で分かります。",
    "en": "The rules name no kind of work for this row, so its steps cannot be told. The decision on this row says who handles the work as a whole.",
}


def _of_acts(row: str, answers: Sequence[Answer]) -> Iterator[Answer]:
    """What must be so for a step to be what it is, as that an entry before the examination is a draft."""
    found: dict[tuple[str, str], tuple[Bilingual, list[int]]] = {}
    for number, answer in enumerate(answers, 1):
        for caveat in answer["caveats"]:
            if caveat["code"] in _OF_THE_ACT:
                found.setdefault((caveat["code"], caveat["text"]["ja"]), (caveat["text"], []))[1].append(number)
    for (code, _), (text, numbers) in found.items():
        yield line.warning(code, row, numbers, text)


def _basis(own: Sequence[bool]) -> str | None:
    """Whose word the steps are: a city's own only where all of it is."""
    return (OWN if all(own) else JUDGED) if own else None


def _alike(plan: Answer) -> list[tuple[Any, ...]]:
    """What two plans must share to be one: everything of a step but the row, which is its own for each."""
    own = plan["rows"][0]["id"]
    return [
        (None if step["row"] == own else step["row"], *(step[name] for name in step if name not in ("row", "reasons")))
        for step in plan["steps"]
    ]
