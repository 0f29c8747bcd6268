"""
Who handles a piece of consigned work: the contractor or city staff, and why.

Data walks one way; each wing imports only wings before it, and CI holds that.

    the list ─ catalog ─▶ Catalog ┐
                                  ├─ decision ─▶ Outcome ─ explanation ─▶ answer
    rule files ─ rules ─▶ RuleSet ┘
    desk    the whole line in one call: decide, record, and every answer as a lookup table
    batch   files and Spark    export  databases    check  the proofs over it    cli  the command line

    answer ─ log ─▶ records, a Merkle tree over them, signed checkpoints, stores ─ audit ─▶ verified, replayed, proved, exported
    errors, words, dates, columns, resources, files   everybody's

    from assign import Desk
    Desk.open().decide(division="nenkin", item="24", channel="counter").assignee
"""

TYPE_CHECKING = False  # as type checkers know it; until `main` runs nothing is imported that Ctrl-C could interrupt
if TYPE_CHECKING:
    from typing import Any

    from .desk.desk import Desk
    from .errors import AssignError
    from .explanation.model import Decision, Row
    from .resources import VERSION as __version__  # noqa: N811 - the name that Python asks for
    from .words import ActClass, Assignee, Certainty, Channel, Division, Listed, Mark

_HOME = {
    "Desk": "desk.desk",
    "Decision": "explanation.model",
    "Row": "explanation.model",
    "AssignError": "errors",
    "ActClass": "words",
    "Assignee": "words",
    "Certainty": "words",
    "Channel": "words",
    "Division": "words",
    "Listed": "words",
    "Mark": "words",
    "__version__": "resources",
}
__all__ = [
    "ActClass", "AssignError", "Assignee", "Certainty", "Channel", "Decision", "Desk", "Division", "Listed", "Mark",
    "Row", "__version__",
]  # fmt: skip


def __getattr__(name: str) -> "Any":
    """Public names are imported when they are asked for, so that each surface pays for what it uses."""
    if name in _HOME:
        from importlib import import_module

        value = getattr(import_module(f".{_HOME[name]}", __name__), "VERSION" if name == "__version__" else name)
        globals()[name] = value
        return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
