"""
A manifest ↔ the form in which the one that ships is kept, so that a start need not parse its YAML.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from assign.words import Meaning

from .manifest import Manifest
from .parts import Channel, Column, Designation, Division, Document, Effective, Legend, Line, SheetOf


def plain(manifest: Manifest) -> dict[str, Any]:
    """As JSON keeps it."""
    return {
        "title": manifest.title,
        "edition": manifest.edition,
        "effective": manifest.effective and manifest.effective.plain(),
        "documents": [each.plain() for each in manifest.documents],
        "divisions": list(manifest.divisions.values()),
        "channels": list(manifest.channels.values()),
        "columns": manifest.columns,
        "meanings": [
            [line.when, line.means, line.legend, line.because, line.third_party] for line in manifest.meanings
        ],
        "designations": manifest.designations,
    }


def manifest_of(kept: Mapping[str, Any], data: bytes) -> Manifest:
    """A manifest from what is kept of it, and its file's bytes."""
    return Manifest(
        title=kept["title"],
        edition=kept["edition"],
        effective=_effective_of(kept["effective"]) if kept["effective"] else None,
        documents=tuple(
            Document(
                each["file"],
                each["sha256"],
                tuple(SheetOf(**sheet) for sheet in each.get("sheets", ())),
                tuple(each.get("unread", ())),
            )
            for each in kept["documents"]
        ),
        divisions={each[0]: Division(*each) for each in kept["divisions"]},
        channels={each[0]: Channel(*each) for each in kept["channels"]},
        columns=tuple(Column(key, label, per, tuple(acts), *rest) for key, label, per, acts, *rest in kept["columns"]),
        meanings=tuple(
            Line(when, Meaning(means), legend and Legend(*legend), because, third_party)
            for when, means, legend, because, third_party in kept["meanings"]
        ),
        designations=tuple(
            Designation(act, Legend(*legend), tuple(rows)) for act, legend, rows in kept["designations"]
        ),
        data=data,
    )


def _effective_of(kept: Mapping[str, str | None]) -> Effective:
    return Effective(
        date.fromisoformat(str(kept["since"])), date.fromisoformat(kept["until"]) if kept["until"] else None
    )
