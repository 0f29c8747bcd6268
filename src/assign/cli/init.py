"""
A new folder for a city's own list (`init`).
"""

# No `from __future__ import annotations` here: typer would evaluate each annotation again from its text.

from typing import Annotated, Final

import typer

from assign.commands import command
from assign.errors import path_shown

from . import terminal
from .common import AsJson, Lang, Out, Quiet, print_json, wrapped

TO_EDIT: Final = (
    ("source/", "一覧の文書", "the document of the list"),
    ("manifest.yaml", "題名、区分、業務の場、印の意味", "title, divisions, channels, and what the marks mean"),
    ("catalog.csv", "業務の行", "the rows"),
    ("rules/kinds.yaml", "どの行がどの種類の業務か", "which row is which kind of work"),
    ("rules/holders.yaml", "だれの権限か", "whose authority it is"),
)


def init(
    folder: Annotated[
        str, typer.Argument(metavar="DIR", help="まだないフォルダの名前 / the name of a folder that is not there yet")
    ],
    as_json: AsJson = False,
    lang: Lang = "ja",
    out: Out = None,
    quiet: Quiet = False,
) -> None:
    """市の一覧のフォルダをひな形から作ります / Make a folder for a city's own list, from a template."""
    from assign.export import list_folder

    files = list_folder.write(folder)
    following = [
        command("check", "--list", folder),
        command("decide", "--list", folder, "--division", "hoken", "--item", "2", "--channel", "counter"),
    ]
    if as_json:
        print_json({"folder": folder, "files": files, "next": following}, out)
    elif not quiet:
        lines = _said(folder, following, ja=lang == "ja")
        terminal.write("\n".join(line for text in lines for line in wrapped(text, out)), out)


def _said(folder: str, following: list[str], *, ja: bool) -> list[str]:
    """What to edit first, and what to type next."""
    rows = [(name, in_japanese if ja else in_english) for name, in_japanese, in_english in TO_EDIT]
    return [
        f"{path_shown(folder)} に一覧のひな形を作りました（架空の小さな一覧で、このまま確かめて答えられます）。"
        if ja
        else f"A template of a list is in {path_shown(folder)} (a small invented one; it can be checked and asked as it is).",
        "次の順に、自分の市のものに書き換えてください（くわしくは README.md）:"
        if ja
        else "Make it your city's own, in this order (README.md says how, in Japanese):",
        *(f"    {line}" for line in terminal.table(rows, [24, 60])),
        "次のコマンド:" if ja else "Next:",
        *(f"    {command}" for command in following),
    ]
