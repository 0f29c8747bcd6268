"""
Of one of several editions: what a reader is told of its days and of those beside it.
"""

from __future__ import annotations

from .wording import Answer


def edition_line(answer: Answer, lang: str) -> str:
    """The edition that answers, its days and its neighbours', in one line; empty where the list has one edition."""
    made = answer.get("provenance") or {}
    if (days := made.get("in_force")) is None:
        return ""
    before, after = days["before"], days["after"]
    until = days["until"]
    if lang == "ja":
        said = [f"{days['since']} から" + (f" {until} まで" if until else "")]
        said += [f"前の版は {before['until']} まで"] if before else []
        said += [f"次の版は {after['since']} から"] if after else []
        return f"{made['edition']}（{'。'.join(said)}）"
    said = [f"from {days['since']}" + (f" to {until}" if until else "")]
    said += [f"the one before ends on {before['until']}"] if before else []
    said += [f"the next begins on {after['since']}"] if after else []
    return f"{made['edition']} ({'; '.join(said)})"
