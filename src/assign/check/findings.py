"""
What `assign check` finds, and the report that it stands in.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

Bilingual = dict[str, str]
# The kinds that a list has against the law, and that no answer follows: the work stays with the city, and waits for a ruling.
LEFT_TO_THE_CITY: Final = ("reserved",)


@dataclass(frozen=True)
class Finding:
    """Something wrong: what, and a command that shows it where one can."""

    kind: str
    text: Bilingual
    reproduce: str | None = None

    def as_json(self) -> dict[str, Any]:
        """`{kind, text, reproduce}`."""
        return {"kind": self.kind, "text": self.text, "reproduce": self.reproduce}


@dataclass
class Report:
    """What was looked at, how many cases, and what was found."""

    engine: str
    cross_checked: bool
    counts: dict[str, int] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    notices: list[Finding] = field(default_factory=list)  # what is to be filled in some day, and is nothing wrong
    declared: dict[str, int] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """`{ok, engine, cross_checked, counts, declared, findings: [{kind, text, reproduce}], notices}`; of notices `ok` takes none."""
        return {
            "ok": not self.findings,
            "engine": self.engine,
            "cross_checked": self.cross_checked,
            "counts": self.counts,
            "declared": self.declared,
            "findings": [each.as_json() for each in self.findings],
            "notices": [each.as_json() for each in self.notices],
        }


def finding(kind: str, ja: str, en: str, reproduce: str | None = None) -> Finding:
    """A finding in two languages."""
    return Finding(kind, {"ja": ja, "en": en}, reproduce)
