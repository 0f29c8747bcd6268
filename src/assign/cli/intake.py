"""
`assign import FILE`: a list in text, CSV, Excel or PDF → a report, then a folder that answers.
"""

# No `from __future__ import annotations` here: typer would evaluate each annotation again from its text.

import re
from pathlib import Path
from typing import Annotated

import typer

from assign.commands import command
from assign.errors import BadOption, shown

from . import terminal
from .common import AsJson, Lang, Quiet, Word, print_json, wrapped


def import_(
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="一覧のファイル（テキスト、CSV、Excel、PDF） / the list's file")
    ],
    mapping: Annotated[
        Word, typer.Option("--mapping", help="読み方を書いたマッピング / how it is to be read", metavar="FILE")
    ] = None,
    write_mapping: Annotated[
        Word,
        typer.Option(
            "--write-mapping", help="マッピングの案を書く / write the mapping that is offered", metavar="FILE"
        ),
    ] = None,
    out: Annotated[
        Word,
        typer.Option("--out", "-o", help="作る一覧のフォルダ / the folder of the list to be made", metavar="DIR"),
    ] = None,
    seconds: Annotated[
        Word,
        typer.Option(
            "--seconds",
            help="Excel・PDF を読むのにかけてよい秒数。大きな PDF のとき / how long reading may take, for a large PDF",
            metavar="N",
        ),
    ] = None,
    as_json: AsJson = False,
    lang: Lang = "ja",
    quiet: Quiet = False,
) -> None:
    """市の一覧のファイルを読み、報告し、答えられる一覧にします / Read a city's list: a report, then a list that answers."""
    from assign.intake import importing, report
    from assign.intake.reader import USUAL, Limits

    if mapping is not None and write_mapping is not None:
        raise BadOption(
            "--mapping と --write-mapping は一方だけを使ってください", "use --mapping or --write-mapping, not both"
        )
    if out is not None and mapping is None:
        raise BadOption(
            "--out には --mapping が要ります（先に --write-mapping で案を作ってください）",
            "--out needs --mapping (make one with --write-mapping first)",
        )
    limits = USUAL if seconds is None else Limits(seconds=_seconds(seconds))
    if write_mapping is not None:
        found = importing.offer(Path(file), write_mapping, limits)
    else:
        found = importing.report_on(Path(file), Path(mapping) if mapping is not None else None, limits)
    made = out is not None and found.fit
    if out is not None and (made or (found.mapping is not None and not found.mapping.confirmed)):
        importing.write(found, out)
    if as_json:
        print_json(report.as_json(found), None)
    elif not quiet:
        text = [
            *report.lines(found, lang),
            "",
            *_next(file, mapping, write_mapping, out if made else None, lang, fit=found.fit),
        ]
        terminal.write("\n".join(line for each in text for line in wrapped(each, None)), None)
    if mapping is not None and not found.fit:
        raise typer.Exit(6)


def _seconds(said: str) -> int:
    """From 1 to 600."""
    if not re.fullmatch("[1-9][0-9]{0,2}", said) or int(said) > 600:
        raise BadOption(
            f"--seconds は 1 から 600 までの秒数です（{shown(said)} は使えません）",
            f"--seconds is a number from 1 to 600, and not {shown(said)}",
        )
    return int(said)


def _next(
    file: str, mapping: str | None, written: str | None, folder: str | None, lang: str, *, fit: bool
) -> list[str]:
    """What to type next."""
    ja = lang == "ja"
    if folder is not None:
        return [
            f"{folder} に一覧を作りました。次のコマンド:" if ja else f"The list is in {folder}. Next:",
            f"    {command('check', '--list', folder)}",
            f"    {command('tasks', '--list', folder)}",
        ]
    if written is not None:
        return [
            f"{written} に案を書きました。1行ずつ確かめて直し、次を実行してください:"
            if ja
            else f"The mapping is in {written}. Look at each line, mend it, and run:",
            f"    {command('import', file, '--mapping', written)}",
        ]
    if mapping is None:
        return [f"    {command('import', file, '--write-mapping', 'mapping.yaml')}"]
    if not fit:
        return ["直してから、もう一度実行してください。" if ja else "Mend it, and run this again."]
    return [
        "正しければ confirmed: true にして、次を実行してください:"
        if ja
        else "If it is right, set confirmed: true and run:",
        f"    {command('import', file, '--mapping', mapping, '--out', 'our-list')}",
    ]
