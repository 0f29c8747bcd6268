"""
`assign plan`: the work of a row step by step, on one screen; of several rows or a life event a checklist on one A4 page.
"""

# No `from __future__ import annotations` here: typer would evaluate each annotation again from its text.

import sys
from typing import Annotated

import typer

from assign.errors import BadOption, listed, shown

from . import terminal
from .common import AsJson, Lang, List, Out, Rules, Word, as_options, open_desk, print_json

FORMS = ("text", "html")


def plan(
    division: Annotated[Word, typer.Option("--division", "-d", help="区分 / division", metavar="DIVISION")] = None,
    item: Annotated[
        Word,
        typer.Option(
            "--item", "-i", help="番号、または 22-3 のような行 / number, or a row such as 22-3", metavar="ITEM"
        ),
    ] = None,
    row: Annotated[
        list[str] | None,
        typer.Option(
            "--row",
            help="区分と番号の代わりに行の id。くり返すと1回の来庁の計画 / a row id instead; given again, one plan for the visit",
            metavar="ID",
        ),
    ] = None,
    event: Annotated[
        Word,
        typer.Option(
            "--event", "-e", help="出来事（死亡、転入など） / a life event, as a death or a move", metavar="EVENT"
        ),
    ] = None,
    channel: Annotated[
        Word,
        typer.Option(
            "--channel",
            "-c",
            help="すべてをこの業務の場で行うとき / where all of it is done on one channel",
            metavar="CHANNEL",
        ),
    ] = None,
    on: Annotated[
        Word, typer.Option("--on", help="案件の日付。なければ今日 / date of the case, today if absent", metavar="DATE")
    ] = None,
    section: Annotated[
        Word,
        typer.Option(
            "--section", help="大分類か中分類 / a heading, where a number stands under several", metavar="TEXT"
        ),
    ] = None,
    format_: Annotated[
        Word,
        typer.Option(
            "--format",
            help="text か html（A4 1枚のチェックリスト） / text, or html (a checklist on one A4 page)",
            metavar="FORMAT",
        ),
    ] = None,
    as_json: AsJson = False,
    lang: Lang = "ja",
    out: Out = None,
    rules: Rules = None,
    list_: List = None,
) -> None:
    """業務の手順を順に、だれが行うかとともに示します / Show the steps of the work in order, and who does each."""
    if format_ is not None and (as_json or format_ not in FORMS):
        raise BadOption(
            f"`--format` に {shown(format_)} は使えません（選べるもの: {listed(FORMS)}。`--json` とは使えません）",
            f"`--format` cannot be {shown(format_)} (choose: {listed(FORMS)}; not with `--json`)",
            FORMS,
        )
    rows = row[0] if row and len(row) == 1 else row or None
    desk = open_desk(rules, list_, "auto", on=on)
    asked = {"division": division, "item": item, "channel": channel, "on": on, "section": section}
    with as_options("division", "item", "channel", "section", "row", "event"):
        found = desk.planned(**asked, row=rows, event=event)
    if as_json:
        print_json(found, out)
        return
    from assign.plan import page, sheet

    if format_ == "html":
        terminal.write(page.html(found, lang).rstrip("\n"), out, data=True)
        return
    columns = terminal.columns_of(sys.stdout) if out is None else sheet.COLUMNS
    if event is not None or (len(found["rows"]) > 1 and rows is not None):
        terminal.write("\n".join(page.text(found, lang, columns)), out)
    else:
        terminal.write("\n".join(sheet.shown(found, lang, columns)), out)
