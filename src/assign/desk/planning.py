"""
What a plan is asked for → the rows that it is of, and how: one row as its work goes, or several as one visit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from assign.catalog.events import Event, named, plain
from assign.catalog.model import Catalog, Task
from assign.errors import BadRequest
from assign.explanation.wording import Answer
from assign.plan import Planner
from assign.words import date_of_case


def planned(
    planner: Planner,
    catalog: Catalog,
    events: Callable[[], Sequence[Event]],
    understood: Callable[..., tuple[Task, ...]],
    asked: Mapping[str, object],
) -> Answer:
    """
    The plan, but for `provenance`, which the desk adds.

    Args:
        events: The life events of the list; read where one is asked for.
        understood: The rows of a division, item, channel, act, day, section and row, as a decision understands them.
        asked: As `Desk.plan` takes it.
    """
    when = date_of_case(asked.get("on"))
    channel = None if (word := asked.get("channel")) is None else catalog.manifest.channel(word)
    place = channel or next(iter(catalog.manifest.channels))
    words = [asked.get("division"), asked.get("item"), place, None, when, asked.get("section")]
    row, event = asked.get("row"), None
    if asked.get("event") is not None:
        if any(asked.get(name) is not None for name in ("division", "item", "section", "row")):
            raise BadRequest("`event` は単独で指定してください", "give `event` alone, without rows")
        event = plain(named(events(), asked["event"]))
        row = [each["row"] for each in event["due"]]
    if not isinstance(row, list | tuple):
        return planner.of_item(understood(*words, row), channel, when)
    if not row:
        raise BadRequest("`row` が空です", "`row` is empty")
    tasks = [task for each in row for task in understood(*words, each)]
    return planner.of_visit(tasks, channel, when, event)
