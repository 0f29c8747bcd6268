"""
The command line: parse, ask the desk, print, and say how it went. No logic in it. The one room that knows typer.

Exit codes, the same for every command: 0 answered, 1 failed, 2 mistyped, 3 unknown word, 4 ambiguous item,
5 needs a ruling (`--strict`), 6 a check found something.
"""

# No `from __future__ import annotations` here: typer would evaluate each annotation again from its text.

import io
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from shlex import quote
from time import perf_counter
from typing import Annotated, Any, NoReturn, Optional, TextIO

import typer
from typer.core import TyperCommand, TyperGroup

from . import __version__, terminal
from .desk import Desk
from .errors import AmbiguousItem, AssignError, BadOption, OutputError, listed, shown
from .explanation import CLASS_TEXT, Answer, paragraphs
from .words import (
    ASSIGNEE_TEXT,
    CERTAINTY_TEXT,
    CHANNEL_TEXT,
    DIVISION_TEXT,
    Assignee,
    Certainty,
    Channel,
    Division,
    date_of_case,
)


class _Text:
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
        raise BadOption(
            f"`{name}` がありません。使い方は `assign {ctx.info_name} --help`",
            f"`{name}` is missing (see `assign {ctx.info_name} --help`)",
        )
    return param.callback(ctx, param, value) if param.callback else value


class _Command(_Text, TyperCommand):
    pass


class _Group(_Text, TyperGroup):
    pass


app = typer.Typer(
    name="assign",
    cls=_Group,
    help="委託業務一覧にもとづき、受託者と市職員のどちらが行う業務かを、根拠とともに答えます。\n\n"
    "Says, from the list of consigned work, whether the contractor or city staff handle it, and why.",
    rich_markup_mode=None,  # plain text: it costs no import, and a cp932 console can show it
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


# -- completion ------------------------------------------------------------------------------------------------------


def _divisions(incomplete: str) -> list[tuple[str, str]]:
    return [(key.value, DIVISION_TEXT[key]["ja"]) for key in Division if key.value.startswith(incomplete)]


def _channels(incomplete: str) -> list[tuple[str, str]]:
    return [(key.value, CHANNEL_TEXT[key]["ja"]) for key in Channel if key.value.startswith(incomplete)]


def _items(ctx: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    try:
        tasks = Desk.open(engine="table").rows(ctx.params.get("division"))
    except AssignError:
        return []
    found = [(task["id"].partition("-")[2], task["name"]) for task in tasks]
    return [(item, name) for item, name in found if item.startswith(incomplete)]


def _acts(incomplete: str) -> list[tuple[str, str]]:
    acts = Desk.open(engine="table").rules.acts.values()
    return [(act.id, act.title["ja"]) for act in acts if act.id.startswith(incomplete)]


def _langs(incomplete: str) -> list[str]:
    return [lang for lang in ("ja", "en") if lang.startswith(incomplete)]


# -- options that every command has ----------------------------------------------------------------------------------

AsJson = Annotated[bool, typer.Option("--json", help="JSON で出力 / print JSON")]
Lang = Annotated[str, typer.Option("--lang", help="ja か en / ja or en", autocompletion=_langs, metavar="ja|en")]
Out = Annotated[
    str | None,
    typer.Option("--out", help="このファイルに書く / write to this file, whole or not at all", metavar="FILE"),
]
Rules = Annotated[Optional[str], typer.Option("--rules", help="規則のフォルダ / a folder of rules", metavar="DIR")]  # noqa: UP045
Catalog = Annotated[Optional[str], typer.Option("--catalog", help="台帳のファイル / a catalog file", metavar="FILE")]  # noqa: UP045
Engine = Annotated[str, typer.Option("--engine", help="auto, durable-rules, table", metavar="NAME")]
Word = Optional[str]  # noqa: UP045


@app.callback(invoke_without_command=True)
def _root(
    ctx: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="版を表示 / print the version")] = False,
) -> None:
    if version:
        terminal.write(f"assign {__version__}", None)
        raise typer.Exit(0)
    if ctx.invoked_subcommand is None:
        terminal.write(ctx.get_help(), None)


@app.command(cls=_Command)
def decide(
    division: Annotated[
        Word, typer.Option("--division", "-d", help="区分 / division", autocompletion=_divisions, metavar="DIVISION")
    ] = None,
    item: Annotated[
        Word,
        typer.Option(
            "--item",
            "-i",
            help="番号、または 22-3 のような行 / number, or a row such as 22-3",
            autocompletion=_items,
            metavar="ITEM",
        ),
    ] = None,
    channel: Annotated[
        Word,
        typer.Option(
            "--channel",
            "-c",
            help="counter（窓口）か backyard（バックヤード）。なければ両方 / both if absent",
            autocompletion=_channels,
            metavar="CHANNEL",
        ),
    ] = None,
    act: Annotated[
        Word,
        typer.Option(
            "--act",
            "-a",
            help="行為。一覧は assign acts / a step of the work, listed by assign acts",
            autocompletion=_acts,
            metavar="ACT",
        ),
    ] = None,
    on: Annotated[
        Word,
        typer.Option("--on", help="案件の日付。なければ今日 / date of the case, today if absent", metavar="YYYY-MM-DD"),
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
    strict: Annotated[
        bool, typer.Option("--strict", help="要照会なら終了コード 5 / exit 5 where a ruling is needed")
    ] = False,
    as_json: AsJson = False,
    lang: Lang = "ja",
    out: Out = None,
    rules: Rules = None,
    catalog: Catalog = None,
    engine: Engine = "auto",
) -> None:
    """どちらが行う業務か、なぜかを答えます / Say who handles a piece of work, and why."""
    desk = _open(rules, catalog, engine)
    answers = desk.answers(
        division=division, item=item, channel=channel, act=act, on=on, section=section, row=row, provenance=as_json
    )
    if as_json:
        _print_json(answers if channel is None else answers[0], out)
    else:
        blocks = ["\n".join(_shown(answer, lang, out)) for answer in answers]
        terminal.write("\n\n".join(blocks), out)
    if strict and any(answer["certainty"] == Certainty.NEEDS_RULING for answer in answers):
        raise typer.Exit(5)


@app.command(cls=_Command)
def tasks(
    division: Annotated[
        Word, typer.Option("--division", "-d", help="区分 / division", autocompletion=_divisions, metavar="DIVISION")
    ] = None,
    as_json: AsJson = False,
    lang: Lang = "ja",
    out: Out = None,
    rules: Rules = None,
    catalog: Catalog = None,
) -> None:
    """一覧の全行を文書の順に示します / Show every row of the list, in document order."""
    rows = _open(rules, catalog, "table").rows(division)
    if as_json:
        _print_json(rows, out)
        return
    ja = lang == "ja"
    cell = {"yes": "○", "no": "-", "unreadable": "?"}
    head = (
        ["行", "id", "業務", "印", "窓口", "バックヤード"]
        if ja
        else ["line", "id", "work", "mark", "counter", "back yard"]
    )
    body = [
        [str(r["source"]["line"]), r["id"], _name(r), r["glyph"], cell[r["counter"]], cell[r["backyard"]]] for r in rows
    ]
    foot = (
        f"{len(rows)} 件。印: ×委託しない、△一部を委託、空欄は公権力の行使を除いて委託、○は凡例に定義なし。"
        "窓口・バックヤード: ○委託、- 空欄、? どちらの欄の○か未確定。"
        if ja
        else f"{len(rows)} rows. mark: × not consigned, △ in part, blank consigned except public authority, "
        "○ not defined by the legend. counter, back yard: ○ consigned, - blank, ? open which cell the ○ is in."
    )
    lines = [*terminal.table([head, *body], (4, 13, 34, 4, 7, 12)), *terminal.wrap(foot, terminal.WIDTH)]
    terminal.write("\n".join(lines), out)


@app.command(cls=_Command)
def acts(
    as_json: AsJson = False,
    lang: Lang = "ja",
    out: Out = None,
    rules: Rules = None,
) -> None:
    """尋ねられる行為の一覧を示します / Show the acts that can be asked for."""
    found = _open(rules, None, "table").rules.acts.values()
    if as_json:
        _print_json(
            [{"key": a.id, "label": dict(a.title), "class": a.act_class.value, "also": list(a.also)} for a in found],
            out,
        )
        return
    body = [[a.id, a.title[lang], CLASS_TEXT[a.act_class][lang]] for a in found]
    terminal.write("\n".join(terminal.table(body, (16, 32, 28))), out)


@app.command(cls=_Command)
def check(
    as_json: AsJson = False,
    lang: Lang = "ja",
    out: Out = None,
    rules: Rules = None,
    catalog: Catalog = None,
    engine: Engine = "auto",
) -> None:
    """規則の抜け・重なり、エンジンの一致、文書との一致を全件調べます / Prove rules, engines and list over every case."""
    from . import check as proofs

    named = (("--rules", rules), ("--catalog", catalog))
    options = " ".join(f"{name} {quote(value)}" for name, value in named if value)
    report = proofs.check(
        _open(rules, catalog, engine), catalog_path=Path(catalog) if catalog else None, options=options
    )
    if as_json:
        _print_json(report.as_json(), out)
    else:
        columns = terminal.columns_of(sys.stdout)
        terminal.write("\n".join(line for text in proofs.lines(report, lang) for line in _wrapped(text, columns)), out)
    if report.findings:
        raise typer.Exit(6)


@app.command(cls=_Command)
def batch(
    source: Annotated[str, typer.Argument(metavar="IN", help="依頼のファイル、- は標準入力 / requests; - is stdin")],
    target: Annotated[str, typer.Argument(metavar="OUT", help="答えのファイル、- は標準出力 / answers; - is stdout")],
    format_: Annotated[
        Word, typer.Option("--format", help="csv, jsonl, parquet。名前で分からないとき / where a name does not say")
    ] = None,
    encoding: Annotated[
        str, typer.Option("--encoding", help="CSV の文字コード auto, utf-8, cp932 / of a CSV file")
    ] = "auto",
    guard: Annotated[
        bool, typer.Option("--guard/--no-guard", help="CSV の数式を無効にする / neutralise formulas in CSV")
    ] = True,
    on: Annotated[
        Word, typer.Option("--on", help="日付のない案件の日付。なければ今日 / of cases that name no date")
    ] = None,
    as_json: AsJson = False,
    lang: Lang = "ja",
    rules: Rules = None,
    catalog: Catalog = None,
    engine: Annotated[str, typer.Option("--engine", help="polars, spark")] = "polars",
    master: Annotated[str, typer.Option("--master", help="Spark のマスター / of Spark", metavar="URL")] = "local[*]",
) -> None:
    """ファイルの全行に答えを付けます / Answer every row of a file."""
    from . import batch as files

    options = files.Options(
        lang=lang,
        today=date_of_case(on),
        in_format=files.format_of(source, format_ if source == "-" or files.ending(source) is None else None),
        out_format=files.format_of(target, format_ if target == "-" or files.ending(target) is None else None),
        encoding=files.encoding_of(encoding),
        guard=guard,
    )
    desk = _open(rules, catalog, "auto")
    files.need(engine)
    if engine == "spark":
        from . import spark

        done = spark.run(desk, source, target, master, lang, options.today, options.in_format, options.out_format)
        counts = files.Counts(done.rows, done.rows, {"answered": done.rows - done.errors, "error": done.errors})
    else:
        with _progress(sys.stderr) as listener:
            counts = files.run(desk, source, target, options, listener)
    stream = sys.stderr if target == "-" else sys.stdout
    if as_json:
        terminal.say(json.dumps(counts.as_json(), ensure_ascii=False), stream)
    else:
        terminal.say("\n".join(_tally(counts.as_json(), lang)), stream)


def _tally(counts: dict[str, Any], lang: str) -> Iterator[str]:
    ja = lang == "ja"
    rows = (counts["rows_in"], counts["rows_out"])
    yield f"入力 {rows[0]:,} 行、出力 {rows[1]:,} 行" if ja else f"{rows[0]:,} rows in, {rows[1]:,} rows out"
    for outcome, number in counts["outcomes"].items():
        who, _, sure = outcome.partition("/")
        if who == "error":
            yield f"  誤り {sure}: {number:,}" if ja else f"  error {sure}: {number:,}"
        elif who == "answered":  # Spark counts no finer: another pass over the answers
            yield f"  答えあり: {number:,}" if ja else f"  answered: {number:,}"
        else:
            names = f"{ASSIGNEE_TEXT[Assignee(who)][lang]}（{CERTAINTY_TEXT[Certainty(sure)][lang]}）"
            yield f"  {names}: {number:,}" if ja else f"  {who}, {sure}: {number:,}"


@contextmanager
def _progress(stream: TextIO) -> Iterator[Callable[[int, int], None] | None]:
    """A bar with rows a second and time left on a terminal; silence in a pipe."""
    if not stream.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (BarColumn(), TextColumn("{task.description}"), TimeRemainingColumn())
    with Progress(*columns, console=Console(file=stream), transient=True) as bar:
        task = bar.add_task("", total=None)
        last, first, since = 0, 0, perf_counter()

        def listener(done: int, total: int) -> None:
            nonlocal last, first, since
            if not last or done < last:  # another stage: the words that are none of the table's, the file once more
                first, since = done, perf_counter()
            last = done
            rate = (done - first) / max(perf_counter() - since, 0.001)
            bar.update(task, completed=done, total=total, description=f"{done:,} / {total:,}  {rate:,.0f}/s")

        yield listener


@app.command(cls=_Command)
def export(
    format_: Annotated[str, typer.Argument(metavar="FORMAT", help="sql")],
    dialect: Annotated[str, typer.Option("--dialect", help="postgresql, duckdb, sqlite")] = "postgresql",
    lang: Lang = "ja",
    out: Out = None,
    rules: Rules = None,
    catalog: Catalog = None,
) -> None:
    """判定表を市のデータベース用に書き出します / Write the decision table for the city's own database."""
    from . import sql

    if format_ != "sql":
        raise BadOption(
            f"形式 {shown(format_)} はありません（`sql`）",
            f"there is no format {shown(format_)} (choose: `sql`)",
            ["sql"],
        )
    terminal.write(sql.script(_open(rules, catalog, "auto"), dialect, lang), out, data=True)


def _open(rules: str | None, catalog: str | None, engine: str) -> Desk:
    return Desk.open(rules=rules, catalog=catalog, engine=engine)


def _shown(answer: Answer, lang: str, out: str | None) -> list[str]:
    stream = sys.stdout
    pairs = list(paragraphs(answer, lang))
    first = terminal.labelled(pairs[:1], terminal.columns_of(stream), beside=pairs)
    lines = terminal.labelled(pairs[1:], terminal.columns_of(stream), beside=pairs)
    return [*(first if out else [terminal.bold(line, stream) for line in first]), *lines]


def _name(row: dict[str, Any]) -> str:
    group = "" if row["group"] == row["name"] else f"（{row['group']}）"
    return f"{row['name']}{row['remark']}{group}"


def _wrapped(text: str, columns: int) -> list[str]:
    """A command that is to be copied stays on one line."""
    return [text] if text.startswith("    ") else terminal.wrap(text, columns)


def _print_json(value: object, out: str | None) -> None:
    terminal.write(json.dumps(value, ensure_ascii=False, indent=2), out, data=True)


def main(args: Sequence[str] | None = None) -> NoReturn:
    """The `assign` command. Every way out of it is one of the exit codes above; no stack trace reaches a user."""
    words = list(sys.argv[1:] if args is None else args)
    lang = _lang(words)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # help, too, on a console that lacks a character
    try:
        if lang not in ("ja", "en"):
            raise BadOption("`--lang` は ja か en です", "`--lang` is ja or en", ("ja", "en"))
        code = typer.main.get_command(app).main(words, prog_name="assign", standalone_mode=False)
        terminal.flush()
        sys.exit(code if isinstance(code, int) else 0)
    except AssignError as error:
        _complain(error, words, lang)
    except typer.TyperException as error:
        _complain(_mistyped(error), words, lang)
    except (typer.Abort, KeyboardInterrupt):
        sys.exit(130)
    except OSError as error:  # typer's own output: help, completion
        name = error.strerror or type(error).__name__
        _complain(OutputError(f"書けません（{name}）", f"cannot write ({name})"), words, lang)
    except MemoryError:
        _complain(AssignError("メモリが足りません", "out of memory"), words, lang)
    except Exception as error:  # noqa: BLE001 - the last line of defence: a person never sees a stack trace
        kind = type(error).__name__
        _complain(AssignError(f"内部の誤りです（{kind}）", f"internal error ({kind})"), words, lang)


def _mistyped(error: typer.TyperException) -> BadOption:
    """Typer's message, which is English, in our words."""
    en = " ".join(error.format_message().split())
    option, near = getattr(error, "option_name", None), getattr(error, "possibilities", None)
    ja = f"コマンドの書き方が違います（{en}）"
    if option is not None and hasattr(error, "possibilities"):
        close = f"（近いもの: {listed(sorted(near))}）" if near else ""
        ja = f"オプション {shown(option)} はありません{close}"
    elif option is not None and "requires an argument" in en:
        ja = f"オプション {shown(option)} に値がありません"
    return BadOption(f"{ja}。使い方は `assign --help`", f"{en} (see `assign --help`)", sorted(near or ()))


def _complain(error: AssignError, words: Sequence[str], lang: str) -> NoReturn:
    lang = lang if lang in ("ja", "en") else "ja"
    if "--json" in words:
        text = json.dumps(error.as_json(lang), ensure_ascii=False)
        terminal.complain_bytes((text + "\n").encode("utf-8", "backslashreplace"))
    else:
        terminal.complain(error.message(lang))
        if isinstance(error, AmbiguousItem):
            for line in error.rows:
                terminal.complain(f"  {line}")
    sys.exit(error.exit_code)


def _lang(words: Sequence[str]) -> str:
    """The language asked for, known before the words are parsed, so that a mistyped command is answered in it."""
    found = "ja"
    for i, word in enumerate(words):
        if word == "--lang" and i + 1 < len(words):
            found = words[i + 1]
        elif word.startswith("--lang="):
            found = word.removeprefix("--lang=")
    return found
