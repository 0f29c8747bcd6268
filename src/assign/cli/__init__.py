"""
The command line: parse, ask the desk, print, and say how it went. No logic in it. The one room that knows typer.

Exit codes, the same for every command: 0 answered, 1 failed, 2 mistyped, 3 unknown word, 4 ambiguous item,
5 needs a ruling (`--strict`), 6 a check found something.
"""

# No `from __future__ import annotations` here: typer would evaluate each annotation again from its text.

import io
import json
import os
import sys
from collections.abc import Sequence
from copy import copy
from itertools import pairwise
from typing import Annotated, Any, NoReturn

import typer

from assign import __version__
from assign.errors import AmbiguousItem, AssignError, BadOption, shown
from assign.explanation.plain_text import paragraphs
from assign.explanation.short_answer import short_blocks
from assign.explanation.wording import Answer
from assign.words import ASSIGNEE_TEXT, CERTAINTY_TEXT, Assignee, Certainty

from . import batch, check, diff, init, intake, lists, mcp, plan, rulings, schema, search, serve, terminal
from .common import (
    AsJson,
    Audit,
    Command,
    EditionOn,
    Engine,
    Group,
    Key,
    Lang,
    List,
    NoColor,
    Origin,
    Out,
    Quiet,
    Reader,
    Role,
    Rules,
    Word,
    as_options,
    audit_url,
    block,
    explained,
    language,
    mistyped,
    open_desk,
    origin_name,
    print_json,
    reader,
    report_kept,
    report_new_log,
)


class _Root(Group):
    """The group of all commands. `--install-completion` may be told a shell."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Without a name the shell in use is meant."""
        found: list[str] = []
        for i, word in enumerate(args):
            found.append(word)
            alone = i + 1 == len(args) or args[i + 1].startswith("-")
            if word in ("--install-completion", "--show-completion") and alone:
                found.append("auto")
        return super().parse_args(ctx, found)


app: typer.Typer = typer.Typer(
    name="assign",
    cls=_Root,
    add_completion=False,  # ours: cli/shells.py
    help="委託業務一覧にもとづき、受託者と市職員のどちらの業務かを根拠とともに答えます / "
    "Says, from the list of consigned work, whether the contractor or city staff handle a piece of work, and why.",
    rich_markup_mode=None,  # plain text: it costs no import, and a cp932 console can show it
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback(invoke_without_command=True)
def _root(
    ctx: typer.Context,
    version: Annotated[bool, typer.Option("--version", "-V", help="版を表示 / print the version")] = False,
    install_completion: Annotated[
        Word,
        typer.Option(
            "--install-completion",
            help="シェルの補完を入れる（bash, zsh, fish） / install completion for a shell: bash, zsh, fish",
            metavar="SHELL",
        ),
    ] = None,
    show_completion: Annotated[
        Word,
        typer.Option(
            "--show-completion", help="補完の定義を表示 / print the definition of completion", metavar="SHELL"
        ),
    ] = None,
) -> None:
    if version:
        terminal.write(f"assign {__version__}", None)
        raise typer.Exit(0)
    if install_completion or show_completion:
        from . import shells

        if show_completion:
            terminal.write(shells.script(show_completion).rstrip("\n"), None, data=True)
            raise typer.Exit(0)
        shell, path = shells.install(install_completion or "auto")
        done = (
            f"{shell} の補完を {path} に入れました。新しい端末から使えます"
            if reader(ctx).lang == "ja"
            else f"completion for {shell} is in {path}; it works from the next terminal on"
        )
        terminal.write(done, None)
        raise typer.Exit(0)
    if ctx.invoked_subcommand is None:
        terminal.write(ctx.get_help(), None)


@app.command(cls=Command)
def decide(
    division: Annotated[Word, typer.Option("--division", "-d", help="区分 / division", metavar="DIVISION")] = None,
    item: Annotated[
        Word,
        typer.Option(
            "--item",
            "-i",
            help="番号、または 22-3 のような行 / number, or a row such as 22-3",
            metavar="ITEM",
        ),
    ] = None,
    channel: Annotated[
        Word,
        typer.Option(
            "--channel",
            "-c",
            help="業務の場の記号か名前。なければすべて / key or name of a channel; all if absent",
            metavar="CHANNEL",
        ),
    ] = None,
    act: Annotated[
        Word,
        typer.Option(
            "--act",
            "-a",
            help="行為。一覧は assign acts / a step of the work, listed by assign acts",
            metavar="ACT",
        ),
    ] = None,
    on: Annotated[
        Word,
        typer.Option(
            "--on",
            help="案件の日付（2026-04-01、令和8年4月1日、R8.4.1 など）。なければ今日 / "
            "date of the case (2026-04-01, R8.4.1), today if absent",
            metavar="DATE",
        ),
    ] = None,
    section: Annotated[
        Word,
        typer.Option(
            "--section", help="大分類か中分類 / a heading, where a number stands under several", metavar="TEXT"
        ),
    ] = None,
    row: Annotated[
        Word,
        typer.Option("--row", help="区分と番号の代わりに行の id / a row id instead of division and item", metavar="ID"),
    ] = None,
    why: Annotated[
        bool, typer.Option("--why", help="根拠と理由をすべて表示 / show everything that the answer rests on")
    ] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="回答待ちなら終了コード 5 / exit 5 where a ruling is needed")
    ] = False,
    record: Annotated[
        bool, typer.Option("--record", help="記録してから答える / write it into the decision log first")
    ] = False,
    role: Role = None,
    case: Annotated[
        Word, typer.Option("--case", help="案件の乱数 UUID / a random UUID of the case", metavar="UUID")
    ] = None,
    key: Key = None,
    corrects: Annotated[
        Word,
        typer.Option(
            "--corrects", help="訂正する記録の番号 / number of the record that this one corrects", metavar="N"
        ),
    ] = None,
    audit: Audit = None,
    origin: Origin = None,
    as_json: AsJson = False,
    cloudevent: Annotated[
        bool, typer.Option("--cloudevent", help="CloudEvents 1.0 の JSON で出力 / print JSON of CloudEvents 1.0")
    ] = False,
    lang: Lang = "ja",
    out: Out = None,
    rules: Rules = None,
    list_: List = None,
    engine: Engine = "auto",
    quiet: Quiet = False,
    no_color: NoColor = False,
) -> None:
    """どちらが行う業務か、なぜかを答えます / Say who handles a piece of work, and why."""
    asked = {
        "division": division,
        "item": item,
        "channel": channel,
        "act": act,
        "on": on,
        "section": section,
        "row": row,
    }
    words = {"role": role or os.environ.get("ASSIGN_ROLE") or None, "case": case, "key": key, "corrects": corrects}
    kept: list[Any] = []
    as_json = as_json or cloudevent
    if record:
        with open_desk(rules, list_, engine, audit_url(audit), origin_name(origin), on=on) as desk, as_options():
            report_new_log(desk, as_json=as_json, lang=lang)
            kept = desk.record(**asked, **{**words, "corrects": _number(corrects)})
        answers = [each.answer for each in kept]
    else:
        unused = {"role": role, "case": case, "key": key, "corrects": corrects, "audit": audit, "origin": origin}
        for name, word in unused.items():  # whoever names a log believes that the answer goes there
            if word is not None:
                raise BadOption(
                    f"`--{name}` は `--record` と使います", f"`--{name}` goes with `--record`", ["--record"]
                )
        desk = open_desk(rules, list_, engine, on=on)
        with as_options():
            answers = desk.answers(**asked, provenance=as_json or desk.beside is not None)
    if cloudevent:
        from assign.desk.cloud_event import event

        records = [each.kept.record for each in kept] or [None] * len(answers)
        events = [event(answer, its) for answer, its in zip(answers, records, strict=True)]
        print_json(events if channel is None else events[0], out)
    elif as_json:
        print_json(answers if channel is None else answers[0], out)
    elif quiet:
        terminal.write("\n".join(_who(answer, lang, named=channel is None) for answer in answers), out)
    else:
        found = [list(paragraphs(answer, lang)) for answer in answers] if why else short_blocks(answers, lang, "--why")
        blocks = ["\n".join(block(pairs, plain=no_color or out is not None)) for pairs in found]
        terminal.write("\n\n".join(blocks), out)
    if kept and not quiet:
        report_kept(kept, as_json=as_json, lang=lang)
    if strict and any(answer["certainty"] == Certainty.NEEDS_RULING for answer in answers):
        raise typer.Exit(5)


app.command(cls=Command)(search.search)
app.command(cls=Command)(lists.tasks)
app.command(cls=Command)(lists.acts)
app.command(cls=Command)(lists.kinds)
app.command(cls=Command)(plan.plan)


app.command(cls=Command)(check.check)
app.command(cls=Command)(diff.diff)
app.command(cls=Command)(schema.schema)
app.command(cls=Command)(init.init)
app.command("import", cls=Command)(intake.import_)
app.command(cls=Command)(rulings.questions)
app.command(cls=Command)(batch.batch)
app.command(cls=Command)(serve.serve)
app.command(cls=Command)(mcp.mcp)


@app.command(cls=Command)
def export(
    format_: Annotated[str, typer.Argument(metavar="FORMAT", help="sql")],
    dialect: Annotated[str, typer.Option("--dialect", help="postgresql, duckdb, sqlite")] = "postgresql",
    schema: Annotated[
        Word,
        typer.Option(
            "--schema",
            help="表を置くスキーマ（SQLite では ATTACH した名前） / where the tables are to be",
            metavar="NAME",
        ),
    ] = None,
    on: EditionOn = None,
    as_json: AsJson = False,
    lang: Lang = "ja",
    out: Out = None,
    rules: Rules = None,
    list_: List = None,
) -> None:
    """判定表を市のデータベース用に書き出します / Write the decision table for the city's own database."""
    from assign.export import sql

    if format_ != "sql":
        raise BadOption(
            f"形式 {shown(format_)} はありません（`sql`）",
            f"there is no format {shown(format_)} (choose: `sql`)",
            ["sql"],
        )
    text = sql.script(open_desk(rules, list_, "auto", on=on), dialect, lang, schema)
    if as_json:
        print_json({"dialect": dialect, "schema": schema, "sql": text}, out)
    else:
        terminal.write(text, out, data=True)


app.command("help", cls=Command)(explained)


def _number(given: str | None) -> int | None:
    if given is None:
        return None
    if not (given.isascii() and given.isdigit() and len(given) < 13):
        raise BadOption("`--corrects` は記録の番号です", "`--corrects` is a record's number")
    return int(given)


def _who(answer: Answer, lang: str, *, named: bool) -> str:
    """The answer in a word, with the channel where there are two."""
    who, sure = ASSIGNEE_TEXT[Assignee(answer["assignee"])][lang], CERTAINTY_TEXT[Certainty(answer["certainty"])][lang]
    where = f"{answer['channel_label'][lang]}: " if named else ""
    return f"{where}{who}（{sure}）" if lang == "ja" else f"{where}{who} ({sure})"


def _asked_for(words: Sequence[str]) -> typer.Typer:
    """The application with the one command that is asked for: a cold start makes no other. Whoever lists commands sees all."""
    rest = iter(words)
    name = next(
        (word for word in rest if not word.startswith("-") or (word == "--lang" and next(rest, None) is None)), ""
    )
    one = [command for command in app.registered_commands if command.callback.__name__ == name]  # type: ignore[union-attr]  # each of ours has one
    if one:
        alone = copy(app)
        alone.registered_commands = one
        return alone
    _join_groups()
    return app


def _join_groups() -> None:
    """The commands that have commands of their own: a cold start of another makes none of them."""
    from . import audit

    audit.join(app)
    rulings.join(app)


def main(args: Sequence[str] | None = None) -> NoReturn:
    """The `assign` command. Every way out of it is one of the exit codes above; no stack trace reaches a user."""
    words = list(sys.argv[1:] if args is None else args)
    lang = "ja"
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # help, too, on a console that lacks a character
    try:
        if os.environ.get("_ASSIGN_COMPLETE"):
            _complete()
        lang = language(words)
        root = typer.main.get_command(_asked_for(words))
        code = root.main(words, prog_name="assign", standalone_mode=False, obj=Reader(lang))
        terminal.flush()
        sys.exit(code if isinstance(code, int) else 0)
    except AssignError as error:
        _complain(error, words, lang)
    except typer.TyperException as error:
        _complain(mistyped(error), words, lang)
    except (typer.Abort, KeyboardInterrupt):
        sys.exit(130)
    except MemoryError:
        _complain(AssignError("メモリが足りません", "out of memory"), words, lang)
    except (SystemExit, GeneratorExit):
        raise
    except BaseException as error:  # noqa: BLE001 - the last line of defence: a person never sees a stack trace; a panic of a library is no Exception
        if isinstance(error.__cause__ or error.__context__, KeyboardInterrupt):
            sys.exit(130)
        _complain(_internal(error), words, lang)


def _internal(error: BaseException) -> AssignError:
    """One line for what should not have been, with how to report it; the whole story under ASSIGN_DEBUG."""
    kind = type(error).__name__
    if os.environ.get("ASSIGN_DEBUG"):
        import traceback

        terminal.complain("".join(traceback.format_exception(error)).rstrip("\n"))
        return AssignError(
            f"内部の誤りです（{kind}）。上の記録を開発者へ", f"internal error ({kind}); report what stands above"
        )
    return AssignError(
        f"内部の誤りです（{kind}）。環境変数 ASSIGN_DEBUG=1 を付けて同じコマンドを実行し、表示を開発者へ知らせてください",
        f"internal error ({kind}); run the same command with ASSIGN_DEBUG=1 set, and report what it prints",
    )


def _complete() -> NoReturn:
    """What may stand at the cursor, for a shell. A shell shows no error: where there is one, nothing is offered."""
    from . import shells

    _join_groups()
    try:
        lines = shells.answer(typer.main.get_command(app), os.environ)
    except Exception:  # noqa: BLE001 - a half-typed line may be anything
        lines = []
    if lines:
        terminal.write("\n".join(lines), None, data=True)
    sys.exit(0)


def _complain(error: AssignError, words: Sequence[str], lang: str) -> NoReturn:
    if {"--json", "--cloudevent"} & {*words} or "--format=json" in words or ("--format", "json") in pairwise(words):
        text = json.dumps(error.as_json(lang), ensure_ascii=False)
        terminal.complain_bytes((text + "\n").encode("utf-8", "backslashreplace"))
    else:
        lines = [error.message(lang), *(f"  {row}" for row in (error.rows if isinstance(error, AmbiguousItem) else ()))]
        for line in lines:
            terminal.complain("\n".join(terminal.as_wide_as(sys.stderr, line)))
    sys.exit(error.exit_code)
