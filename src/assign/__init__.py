"""
Who handles a piece of consigned work: the contractor or city staff, and why.

Data flows one way; each wing imports only what stands before it, and CI holds that (docs/architecture.md).

    the list ─── catalog ─▶ Catalog ┐
                                    ├─ decision ─▶ Outcome ─ explanation ─▶ answer ─ plan ─▶ steps
    rule files ─ rules ───▶ RuleSet ┘
    people’s words ─ search ─▶ candidates: rows to decide on, never a decision
    list and rules ─ check ─▶ findings of the proofs: with one, nothing is published
    └─────────────── desk: the whole line in one call; it decides and records ───────────────┘
            │                                                 │
            ├─ batch    a file of requests, answered          └─ log ─▶ records, a Merkle tree, signed checkpoints
            ├─ export   every answer for a database                          │
            ├─ diff     two editions: every decision that moves            audit ─▶ verified, replayed, proved
            ├─ register the city’s rulings, and the letter that asks
            ├─ intake   a list in any shape → its cells, and by a mapping a list that answers
            ├─ web      the HTTP API and the page
            ├─ mcp      an assistant’s tools
            └─ cli      the command line (audit, too)
    under all of them: words, dates, columns, files, evidence, resources, yaml_nodes, errors, commands

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
    from .words import ActClass, Assignee, Certainty, Meaning

_HOME = {
    "Desk": "desk.desk",
    "Decision": "explanation.model",
    "Row": "explanation.model",
    "AssignError": "errors",
    "ActClass": "words",
    "Assignee": "words",
    "Certainty": "words",
    "Meaning": "words",
    "__version__": "resources",
}
__all__ = [
    "ActClass", "AssignError", "Assignee", "Certainty", "Decision", "Desk", "Meaning",
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
