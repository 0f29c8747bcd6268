"""
A folder of editions → the report on each, and what is wrong between them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from os import PathLike
from typing import Any, NamedTuple

from assign.catalog.editions import Edition, EditionsError, of_folder

from .findings import Finding, Report, finding
from .proofs import check, lines, unproved


class OfEdition(NamedTuple):
    """An edition and the report on it."""

    edition: Edition
    report: Report


def between(path: str | PathLike[str] | None) -> tuple[tuple[Edition, ...], list[Finding]]:
    """The editions in a folder, none where it is the folder of one list; and why it cannot be used, as a finding."""
    if path is None:
        return (), []
    try:
        return of_folder(path), []
    except EditionsError as error:
        return (), [finding("editions", error.ja, error.en)]


def check_each(editions: Sequence[Edition], rules: str | None, engine: str) -> list[OfEdition]:
    """Prove every edition: each has its own rules, document and words."""
    found = []
    for edition in editions:
        options = [*(["--rules", rules] if rules else []), "--list", str(edition.folder)]
        subject = unproved(str(edition.folder), rules, engine)
        found.append(OfEdition(edition, check(subject, list_path=edition.folder, options=options)))
    return found


def as_json(found: Sequence[OfEdition], findings: Sequence[Finding]) -> dict[str, Any]:
    """`{ok, findings, editions: [{edition, folder, since, until, …}]}`, each edition with its report."""
    return {
        "ok": not findings and not any(each.report.findings for each in found),
        "findings": [each.as_json() for each in findings],
        "editions": [
            {
                "edition": edition.name,
                "folder": edition.folder.name,
                "since": edition.since.isoformat(),
                "until": edition.until and edition.until.isoformat(),
                **report.as_json(),
            }
            for edition, report in found
        ],
    }


def all_lines(found: Sequence[OfEdition], findings: Sequence[Finding], lang: str) -> Iterator[str]:
    """As a person reads it: what is wrong between the editions, then each with its days."""
    ja = lang == "ja"
    for each in findings:
        yield f"× [{each.kind}] {each.text[lang]}" if ja else f"x [{each.kind}] {each.text[lang]}"
    for edition, report in found:
        last = (f" {edition.until} まで" if ja else f" to {edition.until}") if edition.until else ""
        yield (
            f"版 {edition.title}: {edition.since} から{last}"
            if ja
            else f"Edition {edition.title}: from {edition.since}{last}"
        )
        yield from (f"  {line}" for line in lines(report, lang))
