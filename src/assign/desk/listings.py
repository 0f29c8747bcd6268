"""
The acts and the kinds of work of a desk's rules, as plain data: what `--json` prints, and what the API gives.
"""

from __future__ import annotations

import json
from typing import Any

from assign.catalog.model import Task
from assign.decision.request import row as row_named
from assign.errors import UnknownRow
from assign.explanation.explainer import WITH_HOLDER
from assign.rules.entries import Act
from assign.rules.kinds import Kind, Step

from .desk import Desk
from .unknown import in_another_edition


def catalog(desk: Desk) -> dict[str, Any]:
    """Which list and rules answer: title, edition, documents, divisions, channels, hashes."""
    manifest = desk.catalog.manifest
    return {
        "title": dict(manifest.title),
        "edition": manifest.edition,
        "effective": manifest.effective and manifest.effective.plain(),
        "documents": [each.plain() for each in manifest.documents],
        "divisions": [{"key": each.key, "label": dict(each.label)} for each in manifest.divisions.values()],
        "channels": [{"key": each.key, "label": dict(each.label)} for each in manifest.channels.values()],
        "rows": len(desk.catalog.tasks),
        **desk.provenance,
    }


def as_json(value: object) -> str:
    """JSON as every surface writes it: the command line, the API and an assistant's tools give the same bytes. Without a line end."""
    return json.dumps(value, ensure_ascii=False, indent=2)


def acts(desk: Desk) -> list[dict[str, Any]]:
    """The acts that can be asked for."""
    return [{**_act(act), "also": list(act.also)} for act in desk.rules.acts.values()]


def row(desk: Desk, word: str) -> dict[str, Any]:
    """A row of the list. Raises UnknownRow."""
    task = _row_called(desk, word)
    return {**desk.explainer.row(task)}


def acts_of_row(desk: Desk, word: str) -> tuple[Kind | None, list[dict[str, Any]]]:
    """A row's kind of work, and the acts of it: those of every counter where it has one, then its chain. Raises UnknownRow."""
    task = _row_called(desk, word)
    kind = desk.rules.work.kind(task.id)
    counter = next((key for key, each in desk.catalog.manifest.channels.items() if each.kind == "counter"), "")
    common = desk.rules.work.at_counter if kind and desk.catalog.at_a_counter(task) else ()
    steps = [(Step(act, counter, optional=False, when=None, row=""), "counter") for act in common]
    steps += [(step, "chain") for step in (kind.steps if kind else ()) if step.act not in common]
    found = []
    for step, part in steps:
        act = desk.rules.acts[step.act]
        holder = desk.rules.holder(task.division, act.id, task.id).holder if act.act_class in WITH_HOLDER else None
        label = dict(desk.rules.holder_names[holder]) if holder else None
        found.append({**_act(act), **_step(step), "part": part, "holder": holder, "holder_label": label})
    return kind, found


def kinds(desk: Desk) -> list[dict[str, Any]]:
    """The kinds of work; `chains` are the cases, known by one name, that pass through one of a kind's rows."""
    return [_kind(desk, kind) for kind in desk.rules.work.kinds]


def _row_called(desk: Desk, word: str) -> Task:
    """Raises UnknownRow, with another edition that has the row."""
    try:
        return row_named(desk.catalog, word)
    except UnknownRow as error:
        raise in_another_edition(error, desk.beside, desk.place, lambda other: row_named(other.catalog, word)) from None


def _act(act: Act) -> dict[str, Any]:
    return {"key": act.id, "label": dict(act.title), "class": act.act_class.value}


def _step(step: Step) -> dict[str, Any]:
    when = None if step.when is None else dict(step.when)
    return {"channel": step.channel, "optional": step.optional, "when": when}


def _kind(desk: Desk, kind: Kind) -> dict[str, Any]:
    rows = set(kind.rows)
    chains = [chain for chain in desk.rules.work.chains if rows & {*chain.rows, *(step.row for step in chain.steps)}]
    return {
        "key": kind.id,
        "label": dict(kind.label),
        "because": dict(kind.because),
        "basis": kind.source.basis or "own",
        "steps": [{"act": step.act, **_step(step)} for step in kind.steps],
        "rows": list(kind.rows),
        "chains": [{"key": chain.id, "label": dict(chain.label)} for chain in chains],
    }
