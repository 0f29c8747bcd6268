"""
Editions → published only where the whole check finds nothing in their very bytes.

What ships was checked when the package was built: `built_in/checked.json` holds the digests of what was looked at, so that a first
`--record` need not wait for the proofs. Whatever differs from that by a byte is checked here and now.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from assign import resources
from assign.commands import command
from assign.errors import AssignError, BadRequest
from assign.words import sha256

if TYPE_CHECKING:
    from assign.check import Finding
    from assign.log.log import Log

    from .editions import OfAnEdition

FILE: Final = "checked.json"
_Place = str | PathLike[str] | None


class NotApproved(AssignError):
    """
    A list or rules in which the check finds something: they are not published, and nothing is recorded by them.

    Attributes:
        findings: All that it finds. options: What the command that shows them takes (`--rules`, `DIR`).
    """

    code = "not_approved"
    exit_code = 6

    def __init__(self, findings: list[Finding], options: Sequence[str] = ()) -> None:
        first, shows = findings[0].text, command("check", *options)
        super().__init__(
            f"点検で問題が {len(findings)} 件見つかったため、使用開始にしません（`{shows}` で全部分かります）。最初のもの: {first['ja']}",
            f"the check finds {len(findings)}, so nothing is published (`{shows}` shows all); the first: {first['en']}",
        )
        self.findings: list[Finding] = findings
        self.options: tuple[str, ...] = tuple(options)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.findings, self.options)


def opened_log(
    audit: str, origin: str | None, desk: OfAnEdition, list_: _Place, rules: _Place, *, beside: bool = False
) -> Log:
    """
    The log of a desk; one that is not there is made, and begins with the desk's editions: of a folder of editions with all of them,
    so that a case of earlier days can be recorded, too.

    Raises:
        What `Log.make` raises. NotApproved: A new log would begin with what the check finds something in.
    """
    from assign.log.log import Log

    first = desk if desk.beside is None else next(desk.beside.each())
    begun: list[OfAnEdition] = []

    def approved() -> None:
        for each in (desk,) if desk.beside is None else desk.beside.each():
            approve(each.editions, place_of(each, list_), rules)
            begun.append(each)

    log = Log.make(audit, origin, first.editions, beside=beside, approve=approved)
    for each in begun[1:]:
        log.publish(each.editions)
    if desk.beside is not None:
        desk.beside.recorded_in(log)
    return log


def place_of(desk: OfAnEdition, list_: _Place) -> _Place:
    """Where a desk's own list is: of an edition its folder in the folder of editions."""
    return list_ if desk.beside is None else desk.beside.found[desk.place].folder


def approve(editions: Mapping[str, bytes], list_: _Place = None, rules: _Place = None) -> None:
    """
    Let editions pass that may be published.

    Args:
        editions: The bytes that are to be published, as `Desk.editions` gives them.
        list_, rules: Where they were read from; None is the built-in one. The document of a list is looked for beside it, and a
            command that shows the findings names both.

    Raises:
        NotApproved: The check finds something else than a list that gives away what it cannot: its answers are the city's all the same.
        RuleFileError, CatalogError: They are no list or no rules.
        BadRequest: The rulings are not those of the rules.
    """
    if list_ is None and seen(editions) == resources.kept(FILE).get("seen"):
        return
    from assign.check import proofs  # what ships need not wait for it
    from assign.check.findings import LEFT_TO_THE_CITY

    subject = proofs.of_editions(editions)
    if subject.rules.rulings_data != editions["rulings"]:
        raise BadRequest("回答の版が、規則の中の回答と違います", "the rulings are not those of the rules")
    named = (("--rules", rules), ("--list", list_))
    options = [word for name, value in named if value is not None for word in (name, os.fspath(value))]
    list_path = None if list_ is None else Path(list_)
    every = proofs.check(subject, list_path=list_path, options=options).findings
    if found := [each for each in every if each.kind not in LEFT_TO_THE_CITY]:
        raise NotApproved(found, options)


def seen(editions: Mapping[str, bytes]) -> dict[str, str]:
    """The digests of all that a check of the built-in list looks at: both editions, the document, and the floor."""
    folder = resources.data_folder()
    beside = {path.name: path for path in (resources.document_file(), folder / "floor.json")}
    found = {what: sha256(editions[what]) for what in ("list", "rules", "rulings")}
    for name, path in beside.items():
        try:
            found[name] = sha256(path.read_bytes())
        except OSError:
            found[name] = ""
    return found


def write_kept() -> Path:
    """Keep the digests of what ships, if the check finds nothing in it; where. Part of setting up, like byte-compiling."""
    from assign.check import proofs

    subject = proofs.unproved(None, None, "table")
    file = resources.kept_file().with_name(FILE)
    file.unlink(missing_ok=True)
    if not proofs.check(subject).findings:
        resources.keep(FILE, {"seen": seen(subject.editions)})
    return file
