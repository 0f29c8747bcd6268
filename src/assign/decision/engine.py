"""
Facts + `RuleSet` → the rules that hold, by a table of them, or by durable-rules.
"""

from __future__ import annotations

from typing import Final, Protocol

from assign.errors import BadOption, EngineMissing, listed, shown
from assign.rules.entries import Facts
from assign.rules.model import RuleSet

from .durable import DurableEngine

ENGINES: Final = ("auto", "durable-rules", "table")


class Engine(Protocol):
    """What answers which rules hold."""

    @property
    def name(self) -> str:
        """For `provenance.engine`."""

    def holds(self, facts: Facts) -> tuple[str, ...]:
        """The ids of all rules that hold, in the rule set's order. Raises EngineError."""


class TableEngine:
    """The rules read as a table, row by row."""

    name = "table"

    def __init__(self, rules: RuleSet) -> None:
        self._rules = rules.rules

    def holds(self, facts: Facts) -> tuple[str, ...]:
        """The ids of all rules that hold."""
        return tuple(rule.id for rule in self._rules if rule.holds(facts))


def open_engine(rules: RuleSet, choice: str = "auto") -> Engine:
    """
    The engine of a rule set.

    Args:
        choice: `auto` (durable-rules where it is installed, else the table), `durable-rules` or `table`.

    Raises:
        BadOption: There is no such engine. EngineMissing: durable-rules was asked for by name and is not there.
    """
    if choice == "table":
        return TableEngine(rules)
    if choice not in ENGINES:
        known = listed(ENGINES)
        raise BadOption(
            f"エンジン {shown(choice)} はありません（選べるもの: {known}）",
            f"there is no engine {shown(choice)} (choose: {known})",
            ENGINES,
        )
    try:
        return DurableEngine(rules)
    except EngineMissing:
        if choice == "durable-rules":
            raise
        return TableEngine(rules)
