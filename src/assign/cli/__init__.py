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
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from pathlib import Path
from shlex import quote
from time import perf_counter
from typing import Annotated, Any, NoReturn, TextIO

import typer

from assign import __version__, terminal
from assign.errors import AmbiguousItem, AssignError, BadOption, OutputError, listed, shown
from assign.explanation import CLASS_TEXT, Answer, paragraphs
from assign.words import (
    ASSIGNEE_TEXT,
    CERTAINTY_TEXT,
    Assignee,
    Certainty,
    date_of_case,
)

from .common import (
    AsJson,
    Audit,
    Catalog,
    Command,
    Engine,
    Group,
    Key,
    Lang,
    Origin,
    Out,
    Role,
    Rules,
    Word,
    audit_url,
    channels,
    divisions,
    items,
    open_desk,
    origin_name,
    print_json,
)
from .common import (
    acts as known_acts,
)

app = typer.Typer(
    name="assign",
    cls=Group,
    help="委託業務一覧にもとづき、受託者と市職員のどちらが行う業務かを、根拠とともに答えます。\n\n"
    "Says, from the list of consigned work, whether the contractor or city staff handle it, and why.",
    rich_markup_mode=None,  # plain text: it costs no import, and a cp932 console can show it
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


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


@app.command(cls=Command)
def decide(
    division: Annotated[
        Word, typer.Option("--division", "-d", help="区分 / division", autocompletion=divisions, metavar="DIVISION")
    ] = None,
    item: Annotated[
        Word,
        typer.Option(
            "--item",
            "-i",
            help="番号、または 22-3 のような行 / number, or a row such as 22-3",
            autocompletion=items,
            metavar="ITEM",
        ),
    ] = None,
    channel: Annotated[
        Word,
        typer.Option(
            "--channel",
            "-c",
            help="counter（窓口）か backyard（バックヤード）。なければ両方 / both if absent",
            autocompletion=channels,
            metavar="CHANNEL",
        ),
    ] = None,
    act: Annotated[
        Word,
        typer.Option(
            "--act",
            "-a",
            help="行為。一覧は assign acts / a step of the work, listed by assign acts",
            autocompletion=known_acts,
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
    record: Annotated[
        bool, typer.Option("--record", help="記録してから答える / write it into the decision log first")
    ] = False,
    role: Role = None,
    case: Annotated[
        Word, typer.Option("--case", help="案件の乱数 UUID / a random UUID of the case", metavar="UUID")
    ] = None,
    key: Key = None,
    corrects: Annotated[
        Word, typer.Option("--corrects", help="訂正する記録の番号 / the record that this one corrects", metavar="N")
    ] = None,
    audit: Audit = None,
    origin: Origin = None,
    as_json: AsJson = False,
    lang: Lang = "ja",
    out: Out = None,
    rules: Rules = None,
    catalog: Catalog = None,
    engine: Engine = "auto",
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
    words = {"role": role or os.environ.get("ASSIGN_ROLE"), "case": case, "key": key, "corrects": corrects}
    kept: list[Any] = []
    if record:
        with open_desk(rules, catalog, engine, audit_url(audit), origin_name(origin)) as desk:
            _begun(desk, as_json=as_json, lang=lang)
            kept = desk.record(**asked, **{**words, "corrects": _number(corrects)})
        answers = [each.answer for each in kept]
    else:
        unused = {"role": role, "case": case, "key": key, "corrects": corrects, "audit": audit, "origin": origin}
        for name, word in unused.items():  # whoever names a log believes that the answer goes there
            if word is not None:
                raise BadOption(
                    f"`--{name}` は `--record` と使います", f"`--{name}` goes with `--record`", ["--record"]
                )
        answers = open_desk(rules, catalog, engine).answers(**asked, provenance=as_json)
    if as_json:
        print_json(answers if channel is None else answers[0], out)
    else:
        blocks = ["\n".join(_shown(answer, lang, out)) for answer in answers]
        terminal.write("\n\n".join(blocks), out)
    if kept:
        _kept(kept, as_json=as_json, lang=lang)
    if strict and any(answer["certainty"] == Certainty.NEEDS_RULING for answer in answers):
        raise typer.Exit(5)


@app.command(cls=Command)
def tasks(
    division: Annotated[
        Word, typer.Option("--division", "-d", help="区分 / division", autocompletion=divisions, metavar="DIVISION")
    ] = None,
    as_json: AsJson = False,
    lang: Lang = "ja",
    out: Out = None,
    rules: Rules = None,
    catalog: Catalog = None,
) -> None:
    """一覧の全行を文書の順に示します / Show every row of the list, in document order."""
    rows = open_desk(rules, catalog, "table").rows(division)
    if as_json:
        print_json(rows, out)
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


@app.command(cls=Command)
def acts(
    as_json: AsJson = False,
    lang: Lang = "ja",
    out: Out = None,
    rules: Rules = None,
) -> None:
    """尋ねられる行為の一覧を示します / Show the acts that can be asked for."""
    found = open_desk(rules, None, "table").rules.acts.values()
    if as_json:
        print_json(
            [{"key": a.id, "label": dict(a.title), "class": a.act_class.value, "also": list(a.also)} for a in found],
            out,
        )
        return
    body = [[a.id, a.title[lang], CLASS_TEXT[a.act_class][lang]] for a in found]
    terminal.write("\n".join(terminal.table(body, (16, 32, 28))), out)


@app.command(cls=Command)
def check(
    as_json: AsJson = False,
    lang: Lang = "ja",
    out: Out = None,
    rules: Rules = None,
    catalog: Catalog = None,
    engine: Engine = "auto",
) -> None:
    """規則の抜け・重なり、エンジンの一致、文書との一致を全件調べます / Prove rules, engines and list over every case."""
    from assign import check as proofs

    named = (("--rules", rules), ("--catalog", catalog))
    options = " ".join(f"{name} {quote(value)}" for name, value in named if value)
    report = proofs.check(
        open_desk(rules, catalog, engine), catalog_path=Path(catalog) if catalog else None, options=options
    )
    if as_json:
        print_json(report.as_json(), out)
    else:
        columns = terminal.columns_of(sys.stdout)
        terminal.write("\n".join(line for text in proofs.lines(report, lang) for line in _wrapped(text, columns)), out)
    if report.findings:
        raise typer.Exit(6)


@app.command(cls=Command)
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
    record: Annotated[
        bool, typer.Option("--record", help="全体を 1 件の記録にしてから書く / one record for the whole file, first")
    ] = False,
    role: Role = None,
    key: Key = None,
    audit: Audit = None,
    origin: Origin = None,
    as_json: AsJson = False,
    lang: Lang = "ja",
    rules: Rules = None,
    catalog: Catalog = None,
    engine: Annotated[str, typer.Option("--engine", help="polars, spark")] = "polars",
    master: Annotated[str, typer.Option("--master", help="Spark のマスター / of Spark", metavar="URL")] = "local[*]",
) -> None:
    """ファイルの全行に答えを付けます / Answer every row of a file."""
    from assign import batch as files

    options = files.Options(
        lang=lang,
        today=date_of_case(on),
        in_format=files.format_of(source, format_ if source == "-" or files.ending(source) is None else None),
        out_format=files.format_of(target, format_ if target == "-" or files.ending(target) is None else None),
        encoding=files.encoding_of(encoding),
        guard=guard,
    )
    files.need(engine)
    if record and engine == "spark":
        raise BadOption("`--record` は polars エンジンで使えます", "`--record` goes with the engine polars", ["polars"])
    if not record and not (key is role is audit is origin is None):
        raise BadOption(
            "`--role` `--key` `--audit` `--origin` は `--record` と使います",
            "`--role`, `--key`, `--audit` and `--origin` go with `--record`",
            ["--record"],
        )
    desk = open_desk(rules, catalog, "auto", *((audit_url(audit), origin_name(origin)) if record else ()))
    _begun(desk, as_json=as_json, lang=lang)
    kept: list[Any] = []
    if engine == "spark":
        from assign import spark

        counts = spark.run(desk, source, target, master, lang, options.today, options.in_format, options.out_format)
    else:
        with desk, _progress(sys.stderr) as listener:
            if record:
                from assign import batchrecord

                role = role or os.environ.get("ASSIGN_ROLE")
                counts, one = batchrecord.run(desk, source, target, options, listener, role=role, key=key)
                kept.append((None, one))
            else:
                counts = files.run(desk, source, target, options, listener)
    stream = sys.stderr if target == "-" else sys.stdout
    if as_json:
        terminal.say(json.dumps(counts.as_json(), ensure_ascii=False), stream)
    else:
        terminal.say("\n".join(_tally(counts.as_json(), lang)), stream)
    _kept(kept, as_json=as_json, lang=lang)


def _tally(counts: dict[str, Any], lang: str) -> Iterator[str]:
    ja = lang == "ja"
    rows = (counts["rows_in"], counts["rows_out"])
    yield f"入力 {rows[0]:,} 行、出力 {rows[1]:,} 行" if ja else f"{rows[0]:,} rows in, {rows[1]:,} rows out"
    for outcome, number in counts["outcomes"].items():
        who, _, sure = outcome.partition("/")
        if who == "error":
            yield f"  誤り {sure}: {number:,}" if ja else f"  error {sure}: {number:,}"
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


@app.command(cls=Command)
def export(
    format_: Annotated[str, typer.Argument(metavar="FORMAT", help="sql")],
    dialect: Annotated[str, typer.Option("--dialect", help="postgresql, duckdb, sqlite")] = "postgresql",
    lang: Lang = "ja",
    out: Out = None,
    rules: Rules = None,
    catalog: Catalog = None,
) -> None:
    """判定表を市のデータベース用に書き出します / Write the decision table for the city's own database."""
    from assign import sql

    if format_ != "sql":
        raise BadOption(
            f"形式 {shown(format_)} はありません（`sql`）",
            f"there is no format {shown(format_)} (choose: `sql`)",
            ["sql"],
        )
    terminal.write(sql.script(open_desk(rules, catalog, "auto"), dialect, lang), out, data=True)


def _begun(desk: Any, *, as_json: bool, lang: str) -> None:
    """A log that was not there is begun with the first answer; whoever mistyped its place is to see it."""
    if desk.audit is None or not desk.audit.store.made:
        return
    where = desk.audit.store.shown
    if as_json:
        text = json.dumps({"new_log": {"at": where.strip("`"), "origin": desk.audit.origin}}, ensure_ascii=False)
        terminal.complain_bytes((text + "\n").encode())
    else:
        terminal.complain(
            f"新しい記録ファイルを作りました: {where}" if lang == "ja" else f"a new log was made: {where}"
        )


def _kept(kept: list[Any], *, as_json: bool, lang: str) -> None:
    """What was recorded, on stderr: the answer itself holds no number and no clock."""
    for _, each in kept:
        record = each.record
        if as_json:
            receipt = {name: record[name] for name in ("origin", "seq", "recorded", "case", "key") if name in record}
            text = json.dumps({"record": {**receipt, "fresh": each.fresh}}, ensure_ascii=False)
            terminal.complain_bytes((text + "\n").encode())
            continue
        from assign.reading import clock  # with a log alone

        ja = lang == "ja"
        done = (
            ("記録しました" if ja else "recorded")
            if each.fresh
            else ("前の記録のままです" if ja else "recorded before")
        )
        where = f"{record['origin']} 番号 {record['seq']}" if ja else f"{record['origin']} number {record['seq']}"
        case = (f"、案件 {record['case']}" if ja else f", case {record['case']}") if "case" in record else ""
        terminal.complain(
            f"{done}: {where}（{clock(record['recorded'])}{case}）"
            if ja
            else f"{done}: {where} ({clock(record['recorded'])}{case})"
        )


def _number(given: str | None) -> int | None:
    if given is None:
        return None
    if not (given.isascii() and given.isdigit() and len(given) < 13):
        raise BadOption("`--corrects` は記録の番号です", "`--corrects` is a record's number")
    return int(given)


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


def _asked_for(words: Sequence[str]) -> typer.Typer:
    """The application with the one command that is asked for: a cold start makes no other. Whoever lists commands sees all."""
    one = [command for command in app.registered_commands if words and command.callback.__name__ == words[0]]  # type: ignore[union-attr]  # each of ours has one
    if one:
        alone = copy(app)
        alone.registered_commands = one
        return alone
    from . import audit

    audit.join(app)
    return app


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
        code = typer.main.get_command(_asked_for(words)).main(words, prog_name="assign", standalone_mode=False)
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
