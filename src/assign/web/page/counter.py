"""
`/`: the counter's screen. What was typed → candidates by division, each with who handles it; it decides nothing.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import groupby
from typing import Any, Final

from starlette.responses import Response

from assign.desk import listings
from assign.desk.desk import Desk

from .shell import Page, Shell
from .shell import router as pages

SHOWN: Final = 12  # candidates; more are no help in ten seconds
EXAMPLES: Final = (
    "葬祭費",
    "保険証なくした",
    "転入",
)  # how people speak; of another list, what it has of these, or names of its own
router: Final = pages()


@router.get("/")
def counter(page: Page) -> Response:
    """The search box, and under it what it found."""
    return page.page("counter.html", examples=examples(page.desk), **found_for(page))


@lru_cache(maxsize=4)
def examples(desk: Desk) -> tuple[str, ...]:
    """Words to try: each of them finds something in the list in use."""
    known = tuple(word for word in EXAMPLES if desk.found(word, limit=1)["rows"])
    names = sorted((task.name for task in desk.catalog.tasks if task.name), key=len)
    return known or tuple(names[:2])


@router.get("/results")
def results(page: Page) -> Response:
    """What was found alone, for the script that puts it under the box."""
    return page.page("results.html", **found_for(page))


def found_for(page: Shell) -> dict[str, Any]:
    """Candidates by division, the counter's own first; a life event; where something belongs that the list does not have."""
    desk = page.desk
    division, channel = page.asked.get("division"), page.asked.get("channel")
    chosen = {
        "division": division,
        "channel": channel,
        "events": desk.events(),
    }
    text = page.asked.get("q", "").strip()
    if not text:
        return {**chosen, "found": None, "groups": [], "count": 0}
    found = desk.found(text, division=division, channel=channel, limit=SHOWN)
    if found["elsewhere"]:
        found["elsewhere"] = {
            **found["elsewhere"],
            "near": [listings.row(desk, each["id"]) for each in found["elsewhere"]["near"]],
        }
    order = {row["division"]: at for at, row in reversed(list(enumerate(found["rows"])))}
    rows = sorted(found["rows"], key=lambda row: order[row["division"]])
    groups = [(key, list(of)) for key, of in groupby(rows, key=lambda row: row["division"])]
    tables = {row["id"]: desk.catalog.channels_of(desk.catalog.by_id[row["id"]]) for row in rows}
    return {**chosen, "found": found, "groups": groups, "count": len(rows), "tables": tables}
