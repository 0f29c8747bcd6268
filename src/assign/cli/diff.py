"""
`assign diff OLD NEW`: what differs between two editions of a list, and every decision that moves.
"""

# No `from __future__ import annotations` here: typer would evaluate each annotation again from its text.

from pathlib import Path
from typing import Annotated

import typer

from assign import files
from assign.errors import path_shown

from . import terminal
from .common import AsJson, Lang, Out, Quiet, Word, open_desk, print_json, wrapped


def diff(
    old: Annotated[
        str, typer.Argument(metavar="OLD", help="古い版の一覧のフォルダ / the folder of the list, old edition")
    ],
    new: Annotated[
        Word,
        typer.Argument(
            metavar="NEW",
            help="新しい版の一覧のフォルダ。なければ OLD は版を並べたフォルダで、最後の2つ / the folder of the list, new edition; without it "
            "OLD holds the editions, and the last two are compared",
        ),
    ] = None,
    old_rules: Annotated[
        Word,
        typer.Option(
            "--old-rules",
            help="古い版の規則のフォルダ。なければ OLD の rules / rules of the old edition; else rules in OLD",
            metavar="DIR",
        ),
    ] = None,
    new_rules: Annotated[
        Word,
        typer.Option(
            "--new-rules",
            help="新しい版の規則のフォルダ。なければ NEW の rules / rules of the new edition; else rules in NEW",
            metavar="DIR",
        ),
    ] = None,
    volumes: Annotated[
        Word,
        typer.Option(
            "--volumes",
            help="行ごとの月の件数の CSV（列 id と volume） / a CSV of cases a month by row (columns id and volume)",
            metavar="FILE",
        ),
    ] = None,
    html: Annotated[
        Word, typer.Option("--html", help="1つの HTML にも書く / write it as one file of HTML, too", metavar="FILE")
    ] = None,
    xlsx: Annotated[
        Word,
        typer.Option(
            "--xlsx", help="Excel にも書く（追加機能 import） / write an Excel file, too (extra import)", metavar="FILE"
        ),
    ] = None,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="違いがあれば終了コード 6 / exit 6 where anything differs")
    ] = False,
    as_json: AsJson = False,
    lang: Lang = "ja",
    out: Out = None,
    quiet: Quiet = False,
) -> None:
    """一覧の2つの版を比べ、変更と、動く判断をすべて示します / Compare two editions: what changed, and every decision that moves."""
    from assign.catalog.editions import last_two
    from assign.desk.volumes import read
    from assign.diff import compare, pages

    old, new = (old, new) if new is not None else last_two(old)
    before, after = (open_desk(rules, list_, "table") for rules, list_ in ((old_rules, old), (new_rules, new)))
    counts = read(Path(volumes), {*before.catalog.by_id, *after.catalog.by_id}) if volumes is not None else None
    report = compare(before, after, counts)
    if html is not None:
        _write(html, pages.html(report, lang).encode())
    if xlsx is not None:
        _write(xlsx, pages.workbook(report, lang))
    if as_json:
        from assign.diff.printed import printed

        print_json(printed(report).model_dump(mode="json"), out)
    elif not quiet or not report.equal:
        terminal.write("\n".join(line for text in pages.lines(report, lang) for line in wrapped(text, out)), out)
    if exit_code and not report.equal:
        raise typer.Exit(6)


def _write(name: str, data: bytes) -> None:
    try:
        files.whole_or_not(name, data)
    except (OSError, ValueError) as error:
        raise files.unwritable(path_shown(name), error) from None
