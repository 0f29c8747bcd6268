"""
A row → the acts of its work in the order in which they are done: those that open a visit, the chain of its kind, and the course of the
case over other rows.

Nothing is decided here; kinds and chains say what the work consists of, never who does it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from assign.catalog.model import Catalog, Task
from assign.rules.kinds import Step, Work
from assign.words import Bilingual

_SOMEBODY_COMES: Final[Bilingual] = {"ja": "窓口に来たとき", "en": "when somebody comes to the counter"}


def course(catalog: Catalog, work: Work, task: Task) -> list[Step]:
    """
    The steps of a row's work, each with the row that it is done on; none where nobody has said what kind of work it is.

    A chain may say only where the case goes on: what the row's kind has besides is put in its order.
    """
    kind = work.kind(task.id)
    if kind is None:
        return []
    own = _opened(catalog, kind.steps, list(_opening(catalog, work, task)))
    chain = work.course(task.id)
    return _woven(task.id, _placed(own, task.id), _placed(chain.steps, task.id)) if chain else _placed(own, task.id)


def on_channel(catalog: Catalog, steps: Sequence[Step], channel: str, opening: Sequence[str]) -> list[Step]:
    """The same work, all of it done on one channel: a case that comes by post has nobody to be guided."""
    counter = catalog.manifest.channels[channel].kind == "counter"
    return [step._replace(channel=channel) for step in steps if counter or step.act not in opening]


def from_the_visit(catalog: Catalog, steps: Sequence[Step], row: str) -> list[Step]:
    """The course of a case for somebody who stands at the counter: what other rows do behind it before has been done."""
    first = next((i for i, step in enumerate(steps) if step.row == row), 0)
    counter = {key for key, each in catalog.manifest.channels.items() if each.kind == "counter"}
    return [*(step for step in steps[:first] if step.channel in counter), *steps[first:]]


def _opening(catalog: Catalog, work: Work, task: Task) -> Iterator[Step]:
    """What a visit opens with, on a row with work at the counter; what comes up there at any time, such as a call, among it."""
    counter = next((key for key, each in catalog.manifest.channels.items() if each.kind == "counter"), None)
    for act in work.at_counter if counter is not None and catalog.at_a_counter(task) else ():
        if act not in work.acts(task.id):
            when = work.condition(act)
            yield Step(act, str(counter), when is not None, when, "")


def _opened(catalog: Catalog, steps: Sequence[Step], opening: Sequence[Step]) -> list[Step]:
    """
    A kind's steps with what a visit opens with, where the first visit is: a card that is sent for is made before anybody comes. Where
    nothing need be done at the counter, it is done if somebody comes.
    """
    counter = {key for key, each in catalog.manifest.channels.items() if each.kind == "counter"}
    visits = [i for i, step in enumerate(steps) if step.channel in counter]
    if all(steps[i].optional for i in visits):
        opening = [each if each.optional else each._replace(optional=True, when=_SOMEBODY_COMES) for each in opening]
    at = visits[0] if visits else 0
    return [*steps[:at], *opening, *steps[at:]]


def _placed(steps: Sequence[Step], row: str) -> list[Step]:
    """Steps that say on which row they are done; of one that does not, it is this row."""
    return [step if step.row else step._replace(row=row) for step in steps]


def _woven(row: str, own: Sequence[Step], chain: Sequence[Step]) -> list[Step]:
    """
    The course of a case with what its own row's kind has besides: before the next step of the row that the chain has, and what follows the
    last behind it. A chain that has none says how the case goes on after its own row.
    """
    steps = list(chain)
    at = 0
    waiting: list[Step] = []
    for step in own:
        found = next((i for i, each in enumerate(steps) if (each.row, each.act) == (row, step.act)), None)
        if found is None:
            waiting.append(step)
            continue
        steps[found:found] = waiting
        at, waiting = found + len(waiting) + 1, []
    steps[at:at] = waiting
    return steps
