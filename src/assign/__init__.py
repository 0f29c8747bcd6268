"""
Who handles a piece of consigned work: the contractor or city staff, and why.

The corridor. Data walks one way; each room imports only rooms before it (`words`, `dates`, `places` and
`errors` are everybody's):

    document ─ source ─▶ rows ─ catalog ─▶ Catalog ┐
                                                   ├─ request ─▶ Request ┐
    rule files ─ yamlfile, rules ─▶ RuleSet ───────┤                     ├─ explanation ─▶ answer ─ model ─▶ Decision
                                                   └─ engine, decision ──┘
                                                      ▶ Outcome
    desk   the whole line in one call       floor, lookalike, check  the proofs over it       terminal, cli  the command line
    table  every answer, for engines that join     batch  files     sql  databases     spark  clusters

    answer ─ record ─▶ canonical bytes ─ log, store ─▶ kept for good ─ reading ─▶ records ─ audit ─▶ verified, replayed, proved
    canonical  one spelling     merkle, note  the tree, checkpoints     standalone  an auditor's own
    sheet      exports          batchrecord   a file's record

    from assign import Desk
    Desk.open().decide(division="nenkin", item="24", channel="counter").assignee
"""

TYPE_CHECKING = False  # as type checkers know it; until `main` runs nothing is imported that Ctrl-C could interrupt
if TYPE_CHECKING:
    from typing import Any

    from .desk import Desk
    from .errors import AssignError
    from .model import Decision, Row
    from .places import VERSION as __version__  # noqa: N811 - the name that Python asks for
    from .words import ActClass, Assignee, Certainty, Channel, Division, Listed, Mark

_HOME = {
    "Desk": "desk",
    "Decision": "model",
    "Row": "model",
    "AssignError": "errors",
    "ActClass": "words",
    "Assignee": "words",
    "Certainty": "words",
    "Channel": "words",
    "Division": "words",
    "Listed": "words",
    "Mark": "words",
    "__version__": "places",
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
