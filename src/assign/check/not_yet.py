"""
Rules → the days on which somebody read their sources, where such a day has not come yet.

A note is looked at again when its change came after its source was read: a `read` that is a typing error would keep that from being asked for
ever. Rules are loaded without a clock, so that it is found here.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from assign.rules.model import RuleSet
from assign.rules.precompiled import kept_trees
from assign.yaml_nodes import parse

from .findings import Finding, finding

_OF_WHOLE_FILES = ("acts.yaml", "holders.yaml")  # one `read` for all that stands in them


def not_yet(rules: RuleSet, today: date) -> Iterator[Finding]:
    """A finding for each `read` that is after today."""
    places = []
    for name in _OF_WHOLE_FILES:
        root = parse(name, rules.files[name], kept_trees()).value
        if isinstance(root, dict) and "read" in root:
            places.append((name, root["read"].line, "", root["read"].day()))
    places += [(note.file, note.line, f" `{note.id}`", note.read) for note in rules.notes if note.read is not None]
    for file, line, name, day in places:
        if day > today:
            yield finding(
                "read",
                f"{file} の {line} 行目{name}: 典拠を読んだ日（read）{day} が今日（{today}）より後です",
                f"{file}, line {line}{name and f',{name}'}: the day on which the source was read ({day}) is after today ({today})",
            )
