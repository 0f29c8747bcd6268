"""
`assign search`: people's words → the rows that may be meant, a table to choose from. It decides nothing by itself.
"""

# No `from __future__ import annotations` here: typer would evaluate each annotation again from its text.

import sys
from typing import Annotated, Any

import typer

from assign.commands import command
from assign.desk.desk import Desk
from assign.errors import BadOption, shown
from assign.explanation.short_answer import short_blocks
from assign.words import ASSIGNEE_TEXT, Assignee, Certainty

from . import terminal
from .common import (
    AsJson,
    EditionOn,
    Lang,
    List,
    Out,
    Quiet,
    Rules,
    Word,
    as_options,
    block,
    open_desk,
    print_json,
    wrapped,
)

_WAITS = "※"  # beside who handles it: a ruling is needed


def search(
    text: Annotated[list[str], typer.Argument(help="探す言葉。何語でも / the words to look for", metavar="TEXT...")],
    division: Annotated[
        Word,
        typer.Option(
            "--division", "-d", help="窓口の区分。先に出る / the counter's division; it leads", metavar="DIVISION"
        ),
    ] = None,
    channel: Annotated[Word, typer.Option("--channel", "-c", help="業務の場 / the channel", metavar="CHANNEL")] = None,
    limit: Annotated[
        Word, typer.Option("--limit", "-n", help="候補の数（10） / how many candidates (10)", metavar="N")
    ] = None,
    on: EditionOn = None,
    as_json: AsJson = False,
    lang: Lang = "ja",
    out: Out = None,
    rules: Rules = None,
    list_: List = None,
    quiet: Quiet = False,
) -> None:
    """言葉から行を探します / Find rows by people's words."""
    desk = open_desk(rules, list_, "table", on=on)
    with as_options():
        found = desk.found(" ".join(text), division=division, channel=channel, limit=_number(limit), on=on)
    if as_json:
        print_json(found["rows"], out)
        if not found["rows"]:
            terminal.complain("\n".join(_nothing(found, lang)))
        return
    if quiet:
        terminal.write("\n".join(row["id"] for row in found["rows"]), out)
        return
    rows = found["rows"] if found["event"] or division else _by_division(found["rows"])
    lines = _table(desk, rows, found, lang, out) if rows else _nothing(found, lang)
    terminal.write("\n".join(line for text in lines for line in wrapped(text, out)), out)
    if rows and terminal.in_terminal(out) and sys.stdin.isatty():
        _pick(desk, rows, channel, on, lang)


def _number(given: str | None) -> int:
    if given is None:
        return 10
    if not (given.isascii() and given.isdigit() and len(given) < 4):
        raise BadOption(f"`--limit` {shown(given)} は数ではありません", f"`--limit` {shown(given)} is no number")
    return int(given)


def _by_division(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The division with the best candidate first; within each the best first."""
    order = list(dict.fromkeys(row["division"] for row in rows))
    return sorted(rows, key=lambda row: order.index(row["division"]))


def _table(desk: Desk, rows: list[dict[str, Any]], found: dict[str, Any], lang: str, out: str | None) -> list[str]:
    ja = lang == "ja"
    manifest = desk.catalog.manifest
    event = found["event"]
    here = {key for row in rows for key in desk.catalog.channels_of(desk.catalog.by_id[row["id"]])}
    channels = [channel.label[lang] for key, channel in manifest.channels.items() if key in here]
    heads = [*(("", "区分", "番号と業務") if ja else ("", "division", "number and work")), *channels]
    body = []
    above = None
    for at, row in enumerate(rows, start=1):
        division = manifest.divisions[row["division"]]
        name = (division.names or (division.label["ja"],))[0]
        work = f"{row['number']} {_named(row)}".strip()
        if row["when"]:
            work += f"（{row['when']['ja']}）" if ja else f" ({row['when']['en']})"
        body.append(
            [
                f"{'□ ' if event else ''}{at}",
                "" if name == above else name,
                work,
                *(_who(each, lang) for each in row["handled"] if each["channel"] in here),
            ]
        )
        above = name
    lines = []
    if event:
        lines.append(
            f"「{event['label']['ja']}」のときに、あるかもしれない手続き（本システムの判断）:"
            if ja
            else f"What may be due after {event['label']['en']} (our judgement):"
        )
    lines += terminal.listing(heads, body, 2, out)
    if any(
        each["certainty"] == Certainty.NEEDS_RULING
        for row in rows
        for each in row["handled"]
        if each["channel"] in here
    ):
        lines.append(
            f"{_WAITS} 回答待ち（まだ決まっていません）" if ja else f"{_WAITS} a ruling is needed: not settled yet"
        )
    if event and event["not_here"]:
        away = "、".join(f"{each['what']['ja']}（{each['belongs']['ja']}）" for each in event["not_here"])
        there = "; ".join(f"{each['what']['en']} ({each['belongs']['en']})" for each in event["not_here"])
        lines.append(f"この一覧にないもの: {away}" if ja else f"Not in this list: {there}")
    typed = command("plan", "--event", event["key"]) if event else command("decide", "--row", rows[0]["id"])
    first, en = ("1 の答え", "the answer of 1")
    if event:
        due = {each.row for one in desk.events() if one.key == event["key"] for each in one.due}
        left = len(due - {row["id"] for row in rows})
        first, en = ("一覧表", "checklist")
        if left:
            first, en = f"一覧表（ほかに{left}行）", f"checklist (with {left} more)"
    lines.append(f"{first}: `{typed}`" if ja else f"{en}: `{typed}`")
    return lines


def _named(row: dict[str, Any]) -> str:
    """A name that says nothing alone (相談、請求の受付) is headed by its group."""
    return row["name"] if row["group"] in (row["name"], "") else f"{row['group']}: {row['name']}"


def _who(handled: dict[str, Any], lang: str) -> str:
    waits = _WAITS if handled["certainty"] == Certainty.NEEDS_RULING else ""
    return {"ja": ASSIGNEE_TEXT[Assignee(handled["assignee"])]["ja"], "en": _SHORT[handled["assignee"]]}[lang] + waits


_SHORT = {"contractor": "contractor", "city_staff": "city", "split": "both", "nobody": "nobody"}


def _nothing(found: dict[str, Any], lang: str) -> list[str]:
    """What is said where there is no candidate: what it is and where it belongs, or the desk to ask."""
    ja = lang == "ja"
    there = found["elsewhere"]
    desks = ("、" if ja else "; ").join(each["desk"][lang] for each in found["ask"])
    if there is None:
        return [
            "見つかりません。別の言葉か、紙の名前でお試しください。"
            if ja
            else "Nothing found. Try other words, or the name on the paper.",
            f"聞くところ: {desks}" if ja else f"Ask: {desks}",
        ]
    task = there["kind"] == "question"
    said = (
        ("手続きではなく、金額や理由の質問です" if task else "この一覧にはありません")
        if ja
        else ("this asks for an amount or a reason, and for no task" if task else "not in this list")
    )
    joint = "。ふつうは: " if ja else ". Usually: "
    lines = [f"{there['what'][lang]}: {said}{joint}{there['belongs'][lang]}"]
    if there["near"]:
        near = ("、" if ja else ", ").join(f"{row['name']} ({row['id']})" for row in there["near"])
        lines.append(f"これのことなら: {near}" if ja else f"If you mean one of these: {near}")
    return lines


def _pick(desk: Desk, rows: list[dict[str, Any]], channel: str | None, on: str | None, lang: str) -> None:
    """Ask which one, and show its short answer."""
    terminal.flush()
    sys.stderr.write(f"番号（1-{len(rows)}、Enter で終わり）/ number: ")
    sys.stderr.flush()
    given = sys.stdin.readline().strip()
    if given.isascii() and given.isdigit() and 1 <= int(given[:4]) <= len(rows):
        answers = desk.answers(
            row=rows[int(given) - 1]["id"], channel=channel, on=on, provenance=desk.beside is not None
        )
        blocks = ["\n".join(block(pairs, plain=False)) for pairs in short_blocks(answers, lang, "--why")]
        terminal.write("\n\n".join(blocks), None)
