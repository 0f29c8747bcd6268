"""
The built-in rules as they were read when the package was built: a cold start reads no YAML, and checks nothing twice.

Two files beside the code. `rules.json` holds the rule set for the very bytes that ship; `trees.json`, read only where those bytes are
others, each file's nodes: of a city's own folder the files that are as shipped need no parsing. `assign check` compares both with what
the files say.

Both are used by the very code that wrote them alone: each carries a digest of it, and other code reads the YAML.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from assign import resources
from assign.words import ActClass, Assignee, Certainty, sha256

from .entries import Act, Holder, Note, Rule, Ruling, Source
from .kinds import KINDS, Work

if TYPE_CHECKING:
    from .model import RuleSet

_Kind = TypeVar("_Kind", Rule, Act, Holder, Note, Ruling)
LISTS = ("rules", "holders", "notes", "rulings")


def kept_rules(data: bytes) -> dict[str, Any] | None:
    """The fields of the rule set that is kept of these bytes (`RuleSet.data`); none where they are others."""
    kept = resources.kept("rules.json")
    if kept.get("sha256") != sha256(data):
        return None
    day, tuples = _day, dict.fromkeys(("rows", "also", "acts", "condition_rows", "divisions", "channels"), tuple)
    return {
        "rules": tuple(
            _entry(Rule, each, when=_values, assignee=Assignee, certainty=Certainty) for each in kept["rules"]
        ),
        "acts": {each[0]: _entry(Act, each, act_class=ActClass, **tuples) for each in kept["acts"]},
        "words": _values(kept["words"]),
        "holder_names": kept["holder_names"],
        "holders": tuple(_entry(Holder, each, **tuples) for each in kept["holders"]),
        "notes": tuple(_entry(Note, each, since=day, read=day, **tuples) for each in kept["notes"]),
        "work": Work(kept["work"]),
        "rulings": tuple(
            _entry(Ruling, each, since=day, until=day, assignee=Assignee, **tuples) for each in kept["rulings"]
        ),
        "read": _day(kept["read"]),
    }


def _entry(kind: type[_Kind], plain: list[Any], **made_by: Callable[[Any], Any]) -> _Kind:
    """An entry from the list of its fields. made_by: What makes a field of what stands there, where that is not the field itself."""
    made_by |= {"source": _source, "examples": tuple}
    return kind._make(
        [made_by[name](value) if name in made_by else value for name, value in zip(kind._fields, plain, strict=True)]
    )


def _source(plain: list[Any]) -> Source:
    return Source(*plain)


def _values(plain: dict[str, list[str]]) -> dict[str, tuple[str, ...]]:
    return {name: tuple(values) for name, values in plain.items()}


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def plain(rules: RuleSet) -> dict[str, Any]:
    """A rule set as `rules.json` has it: an entry is the list of its fields."""
    found: dict[str, Any] = {name: getattr(rules, name) for name in LISTS}
    found |= {
        "sha256": rules.sha256,
        "acts": list(rules.acts.values()),
        "words": dict(rules.words),
        "holder_names": dict(rules.holder_names),
        "work": rules.work.plain(),
        "read": rules.read,
    }
    return json.loads(json.dumps(found, default=date.isoformat))  # type: ignore[no-any-return]


def kept_trees() -> Mapping[str, Any]:
    """The nodes that are kept: `{file: {text, tree}}`, and of `kinds.yaml` `{sha256, work}`; empty where nothing is."""
    return resources.kept("trees.json")


def trees_file() -> Path:
    """Where they are."""
    return resources.kept_file().with_name("trees.json")


def kept_work(trees: Mapping[str, Any], data: bytes, acts: Collection[str]) -> Work | None:
    """The work that is kept of these bytes of `kinds.yaml`; none where they are others, or where an act is no longer there."""
    known = trees.get(KINDS)
    if known is None or known["sha256"] != sha256(data):
        return None
    work = Work(known["work"])
    return work if work.every_act <= frozenset(acts) else None
