"""
Facts + `RuleSet` → the rules that hold. The one room that knows durable-rules.

Two engines with one face, each deciding from the rules alone:

    DurableEngine   durable-rules, by a recipe that is safe (below)
    TableEngine     plain Python; needs no compiled package, and answers alone where durable-rules cannot be installed

`assign check` proves them equal over the whole domain of facts, which is finite (648 combinations): so each
combination is evaluated once and remembered.

The recipe. A stock `Host` starts two endless timer threads: a minimal host is used. Rules are flat conjunctions of
equalities between strings (other operators are accepted and never fire). An event fires one of several matching
rules, a fact fires all: so a fact is asserted, its rules run, and it is retracted. Each fact has an id of its own that
every fired rule must hand back. An action's exception stays hidden in the state, so the state is looked at. Two
threads inside crash the process: one lock. A rule set is registered once per process, since each registration leaks.

Source: `durable.engine` of durable-rules 2.0.28.
"""

from __future__ import annotations

import copy
import os
import threading
from collections.abc import Callable
from itertools import count, product
from pathlib import Path
from typing import Any, Final

from assign.errors import EngineError, EngineMissing
from assign.rules.entries import DOMAIN, Facts, Rule
from assign.rules.model import RuleSet
from assign.words import importing


class DurableEngine:
    """The same rules in durable-rules. Raises EngineMissing where it is not installed."""

    def __init__(self, rules: RuleSet) -> None:
        self.name: str = f"durable-rules {_durable_version()}"  # raises EngineMissing
        self._rules = rules  # registered when the first fact is asked about: a registration is never given back
        self._order = {rule.id: place for place, rule in enumerate(rules.rules)}

    def holds(self, facts: Facts) -> tuple[str, ...]:
        """The ids of all rules that hold."""
        # Looked up anew: after a fork the child has a registration of its own.
        return tuple(sorted(_compiled(self._rules).fire(facts), key=self._order.__getitem__))


class _Host:
    """All that a Ruleset needs of a host. Ours starts no thread."""

    def get_action(self, name: str) -> None:
        raise EngineError(f"動作 `{name}` がありません", f"there is no action `{name}`")


class _Compiled:
    """One rule set inside durable-rules, and the lock around it."""

    def __init__(self, name: str, definition: dict[str, Any], ids: dict[str, str]) -> None:
        from durable.engine import Ruleset  # the import that a Python without durable-rules cannot do

        self._lock = threading.Lock()
        self._fired: list[tuple[str, str]] = []  # (rule id, id of the fact), filled by the actions
        self._ids = count()
        actions = {key: self._action(rule_id) for key, rule_id in ids.items()}
        # durable-rules changes the definition that it is given.
        whole = {key: {**copy.deepcopy(body), "run": actions[key]} for key, body in definition.items()}
        self._ruleset = Ruleset(name, _Host(), whole)

    def _action(self, rule_id: str) -> Callable[[Any], None]:
        def fired(context: Any) -> None:  # one parameter: with two it would be taken for asynchronous
            self._fired.append((rule_id, context.fact.id))

        return fired

    def fire(self, facts: Facts) -> set[str]:
        with self._lock:
            fact = {"sid": _SID, "id": f"{os.getpid()}-{next(self._ids)}", **_plain(facts)}
            self._fired.clear()
            try:
                handle = self._assert(fact)
                if handle is not None:  # there is a state now; to delete one that is not there crashes the process
                    try:
                        self._run(handle)
                        self._ruleset.retract_fact(dict(fact))
                    finally:
                        self._ruleset.delete_state(_SID)
            except EngineError:
                raise
            except Exception as error:  # whatever a C extension throws: no decision, one kind of error
                raise EngineError(
                    f"durable-rules が失敗しました（{error}）", f"durable-rules failed ({error})"
                ) from error
            fired = list(self._fired)
        if any(fact_id != fact["id"] for _, fact_id in fired):
            raise EngineError("durable-rules が別の事実の規則を返しました", "durable-rules answered for another fact")
        return {rule_id for rule_id, _ in fired}

    def _assert(self, fact: dict[str, str]) -> Any:
        """The handle to run actions with; None where no rule matches (which durable-rules calls an error)."""
        from durable.engine import MessageNotHandledException

        try:
            return self._ruleset.assert_fact(dict(fact))
        except MessageNotHandledException:
            return None

    def _run(self, handle: Any) -> None:
        problems: list[object] = []

        def complete(error: object, _state: object) -> None:
            if error is not None:
                problems.append(error)

        self._ruleset.do_actions(handle, complete)
        state = self._ruleset.get_state(_SID)
        if problems or "exception" in state:
            problem = problems[0] if problems else state["exception"]
            if isinstance(problem, KeyboardInterrupt) or "KeyboardInterrupt" in str(problem):
                raise KeyboardInterrupt  # durable-rules catches it like any error, and keeps its traceback as a text
            raise EngineError(
                f"durable-rules の動作が失敗しました（{problem}）", f"an action in durable-rules failed ({problem})"
            )


_SID: Final = "assign"


class _Register:
    """The rule sets of this process: one registration each, since every registration leaks."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.known: dict[bytes, _Compiled] = {}


_register = _Register()


def _compiled(rules: RuleSet) -> _Compiled:
    with _register.lock:
        if rules.data not in _register.known:
            definition: dict[str, Any] = {}
            ids: dict[str, str] = {}
            for rule in rules.rules:
                for place, conditions in enumerate(_flat(rule)):
                    key = f"{rule.id}~{place}"
                    definition[key] = {"all": [{"fact": {"$and": conditions}}]}
                    ids[key] = rule.id
            try:
                _register.known[rules.data] = _Compiled(f"assign-{len(_register.known)}", definition, ids)
            except Exception as error:  # the C extension's own: too many rules, say
                raise EngineError(
                    f"durable-rules が規則を受け付けません（{error}）", f"durable-rules refuses the rules ({error})"
                ) from error
        return _register.known[rules.data]


def _flat(rule: Rule) -> list[list[dict[str, str]]]:
    """Any-of conditions spread out: conjunctions of at least two equalities, all between strings."""
    when = {**rule.when}
    if len(when) == 1:  # `$and` wants two: add a fact that may have any value
        other = next(name for name in DOMAIN if name not in when)
        when[other] = DOMAIN[other]
    names = list(when)
    return [
        [{name: str(value)} for name, value in zip(names, values, strict=True)] for values in product(*when.values())
    ]


def _plain(facts: Facts) -> dict[str, str]:
    return {name: str(value) for name, value in zip(facts._fields, facts, strict=True)}


def _durable_version() -> str:
    """The installed version, read off the folder beside the package; importlib.metadata costs a cold start 10 ms."""
    try:
        with importing:
            import durable.engine
    except ImportError:  # it is not there, or not for this Python
        raise EngineMissing(
            "この Python には durable-rules が入っていません（`--engine table` なら同じ答えが出ます）",
            "this Python does not have durable-rules (`--engine table` gives the same answers)",
            ["auto", "table"],
        ) from None
    place = Path(str(durable.__file__)).parents[1]
    for found in place.glob("durable_rules-*.dist-info"):
        return found.name.removesuffix(".dist-info").partition("-")[2]
    from importlib.metadata import version

    return version("durable-rules")


# A child forked while another thread was inside must not wait for that thread, nor use what it left half done.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_register.__init__)  # type: ignore[misc]  # made anew in place
