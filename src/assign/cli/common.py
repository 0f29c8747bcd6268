"""
What every command has: options as typed, completion, and how JSON goes out.
"""

# No `from __future__ import annotations` here: typer would evaluate each annotation again from its text.

import json
import os
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from assign import terminal
from assign.desk import Desk
from assign.errors import AssignError, BadOption
from assign.words import CHANNEL_TEXT, DIVISION_TEXT, Channel, Division


class Text:
    """
    Options as the words that were typed; the desk says what they mean.

    typer (0.29) puts every value through a pydantic adapter of its own, which takes as long as the whole rest of a cold
    start. All our options are text or flags, which need no conversion.
    """

    def get_params(self, ctx: Any) -> list[Any]:
        """All options, `--help` and the like among them."""
        params: list[Any] = super().get_params(ctx)  # type: ignore[misc]  # mixed into typer's command classes
        for param in params:
            param.process_value = partial(_as_typed, param)
        return params


def _as_typed(param: Any, ctx: Any, value: Any) -> Any:
    if param.required and param.value_is_missing(value):
        name = param.metavar or param.name
        if param.param_type_name == "option":
            name = f"{param.opts[0]} {name}"
        words = " ".join(["assign", *ctx.command_path.split()[1:]])
        raise BadOption(
            f"`{name}` がありません。使い方は `{words} --help`",
            f"`{name}` is missing (see `{words} --help`)",
        )
    return param.callback(ctx, param, value) if param.callback else value


class Command(Text, TyperCommand):
    """A command of ours."""


class Group(Text, TyperGroup):
    """A group of ours."""


# -- completion ------------------------------------------------------------------------------------------------------


def divisions(incomplete: str) -> list[tuple[str, str]]:
    """Divisions for the shell."""
    return [(key.value, DIVISION_TEXT[key]["ja"]) for key in Division if key.value.startswith(incomplete)]


def channels(incomplete: str) -> list[tuple[str, str]]:
    """Channels for the shell."""
    return [(key.value, CHANNEL_TEXT[key]["ja"]) for key in Channel if key.value.startswith(incomplete)]


def items(ctx: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """Items of the division for the shell."""
    try:
        tasks = Desk.open(engine="table").rows(ctx.params.get("division"))
    except AssignError:
        return []
    found = [(task["id"].partition("-")[2], task["name"]) for task in tasks]
    return [(item, name) for item, name in found if item.startswith(incomplete)]


def acts(incomplete: str) -> list[tuple[str, str]]:
    """Acts for the shell."""
    acts = Desk.open(engine="table").rules.acts.values()
    return [(act.id, act.title["ja"]) for act in acts if act.id.startswith(incomplete)]


def langs(incomplete: str) -> list[str]:
    """Languages for the shell."""
    return [lang for lang in ("ja", "en") if lang.startswith(incomplete)]


# -- options that every command has ----------------------------------------------------------------------------------

AsJson = Annotated[bool, typer.Option("--json", help="JSON で出力 / print JSON")]
Lang = Annotated[str, typer.Option("--lang", help="ja か en / ja or en", autocompletion=langs, metavar="ja|en")]
Out = Annotated[
    str | None,
    typer.Option("--out", help="このファイルに書く / write to this file, whole or not at all", metavar="FILE"),
]
Rules = Annotated[str | None, typer.Option("--rules", help="規則のフォルダ / a folder of rules", metavar="DIR")]
Catalog = Annotated[str | None, typer.Option("--catalog", help="台帳のファイル / a catalog file", metavar="FILE")]
Engine = Annotated[str, typer.Option("--engine", help="auto, durable-rules, table", metavar="NAME")]
Word = str | None
Audit = Annotated[
    str | None,
    typer.Option("--audit", help="記録の場所。なければ ASSIGN_AUDIT / where the log is", metavar="URL"),
]
Role = Annotated[
    str | None,
    typer.Option(
        "--role", help="尋ねた人の役割（氏名ではなく） / the capacity of who asks, never a name", metavar="ROLE"
    ),
]
Key = Annotated[
    str | None,
    typer.Option("--key", help="再送で二重に記録しないための乱数 UUID / idempotency key", metavar="UUID"),
]
Origin = Annotated[
    str | None,
    typer.Option("--origin", help="記録の名前。なければ ASSIGN_ORIGIN / the log's name", metavar="NAME"),
]


def open_desk(
    rules: str | None, catalog: str | None, engine: str, audit: str | None = None, origin: str | None = None
) -> Desk:
    """The desk that a command asks; with `audit` it records what it answers."""
    return Desk.open(rules=rules, catalog=catalog, engine=engine, audit=audit, origin=origin)


def audit_url(given: str | None) -> str:
    """Where the log is: the option, ASSIGN_AUDIT, or a file in the user's data folder, as XDG has it."""
    if url := given or os.environ.get("ASSIGN_AUDIT"):
        return url
    base = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "assign"
    base.mkdir(parents=True, exist_ok=True)
    return f"sqlite:///{base / 'audit.db'}"


def origin_name(given: str | None) -> str | None:
    """The log's name: the option, or ASSIGN_ORIGIN."""
    return given or os.environ.get("ASSIGN_ORIGIN")


def print_json(value: object, out: str | None) -> None:
    """JSON, to the file or to stdout."""
    terminal.write(json.dumps(value, ensure_ascii=False, indent=2), out, data=True)


def report_kept(kept: list[Any], *, as_json: bool, lang: str) -> None:
    """What was recorded, on stderr: the answer itself holds no number and no clock."""
    for _, each in kept:
        record = each.record
        if as_json:
            receipt = {name: record[name] for name in ("origin", "seq", "recorded", "case", "key") if name in record}
            text = json.dumps({"record": {**receipt, "fresh": each.fresh}}, ensure_ascii=False)
            terminal.complain_bytes((text + "\n").encode())
            continue
        ja = lang == "ja"
        done = (
            ("記録しました" if ja else "recorded")
            if each.fresh
            else ("前の記録のままです" if ja else "recorded before")
        )
        where = f"{record['origin']} 番号 {record['seq']}" if ja else f"{record['origin']} number {record['seq']}"
        case = (f"、案件 {record['case']}" if ja else f", case {record['case']}") if "case" in record else ""
        terminal.complain(
            f"{done}: {where}（{record['recorded']}{case}）" if ja else f"{done}: {where} ({record['recorded']}{case})"
        )
