"""
`assign check`: the proofs over every case, of every edition; and what must be looked at again by a day.
"""

# No `from __future__ import annotations` here: typer would evaluate each annotation again from its text.

from pathlib import Path
from typing import Annotated, Any

import typer

from assign.errors import BadOption, CatalogDiffers
from assign.words import date_of_case

from . import terminal
from .common import AsJson, Engine, Lang, List, Out, Quiet, Rules, Word, open_desk, print_json, wrapped


def check(
    due: Annotated[
        Word,
        typer.Option(
            "--due",
            help="この日までに見直すもの（備考の日付、制度の変更、回答と版の終わり）だけを示す / show only what falls due by this day: "
            "dates in remarks, changes of law, the end of rulings and editions",
            metavar="DATE",
        ),
    ] = None,
    on: Annotated[
        Word,
        typer.Option(
            "--on",
            help="`--due` を数え始める日。なければ今日 / the day that `--due` looks from, today if absent",
            metavar="DATE",
        ),
    ] = None,
    as_json: AsJson = False,
    lang: Lang = "ja",
    out: Out = None,
    rules: Rules = None,
    list_: List = None,
    engine: Engine = "auto",
    quiet: Quiet = False,
) -> None:
    """規則の抜け・重なり、エンジンの一致、文書との一致を全件調べます / Prove rules, engines and list over every case."""
    from assign.check import of_editions, proofs

    if due is None and on is not None:
        raise BadOption(
            "`--on` は `--due` と使います（点検は全部の版を見ます）",
            "`--on` goes with `--due` (every edition is checked)",
            ["--due"],
        )
    found: list[Any]
    if due is not None:
        from assign.check import due as reviews

        by = date_of_case(due)
        found = reviews.due(list_, rules, by, date_of_case(on))
        plain = {"ok": not found, "by": by.isoformat(), "due": [each.as_json() for each in found]}
        lines = reviews.lines(found, by, lang)
    else:
        editions, found = of_editions.between(list_)
        if editions or found:
            each = of_editions.check_each(editions, rules, engine)
            plain, lines = of_editions.as_json(each, found), of_editions.all_lines(each, found, lang)
            found = [*found, *(one for of in each for one in of.report.findings)]
        else:
            report = _report(rules, list_, engine)
            plain, lines, found = report.as_json(), proofs.lines(report, lang), report.findings
    if as_json:
        print_json(plain, out)
    elif found or not quiet:
        terminal.write("\n".join(line for text in lines for line in wrapped(text, out)), out)
    if found:
        raise typer.Exit(6)


def _report(rules: str | None, list_: str | None, engine: str) -> Any:
    """Of one list."""
    from assign.check import proofs

    try:
        subject: proofs.Provable = open_desk(rules, list_, engine)
    except CatalogDiffers:
        subject = proofs.unproved(list_, rules, engine)
    return proofs.check(subject, list_path=Path(list_) if list_ else None)
