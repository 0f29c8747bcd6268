"""
`assign batch`: parse, answer the file, count, and say how it went.
"""

# No `from __future__ import annotations` here: typer would evaluate each annotation again from its text.

import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Annotated, Any, TextIO

import typer

from assign.desk.desk import Desk
from assign.errors import BadOption, listed, shown
from assign.words import ASSIGNEE_TEXT, CERTAINTY_TEXT, Assignee, Certainty, date_of_case

from . import terminal
from .common import (
    Audit,
    Key,
    Lang,
    List,
    NoColor,
    Origin,
    Quiet,
    Role,
    Rules,
    Word,
    as_options,
    audit_url,
    open_desk,
    origin_name,
    report_kept,
    report_new_log,
)

FAILURES = {"error": 6, "ruling": 5}  # what `--fail-on` names, and its exit code
STAGES = {
    "read": ("読み込み", "reading"),
    "words": ("表にない言葉の判定", "deciding words that the table lacks"),
    "write": ("書き出し", "writing"),
}


def batch(
    source: Annotated[
        str, typer.Argument(metavar="IN", help="依頼のファイル、- は標準入力 / file of requests; - is stdin")
    ],
    target: Annotated[
        str, typer.Argument(metavar="OUT", help="答えのファイル、- は標準出力 / file of answers; - is stdout")
    ],
    format_: Annotated[
        Word,
        typer.Option(
            "--format",
            help="csv, jsonl, parquet。ファイルの名前で分からないとき / "
            "csv, jsonl or parquet, where the file's name does not say",
        ),
    ] = None,
    encoding: Annotated[
        str,
        typer.Option(
            "--encoding", help="CSV の文字コード auto, utf-8, cp932 / encoding of the CSV: auto, utf-8, cp932"
        ),
    ] = "auto",
    guard: Annotated[
        bool, typer.Option("--guard/--no-guard", help="CSV の数式を無効にする / neutralise formulas in CSV")
    ] = True,
    on: Annotated[
        Word,
        typer.Option(
            "--on",
            help="日付のない案件の日付。なければ今日 / date of the cases that name none; today if absent",
            metavar="DATE",
        ),
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="--fail-on error,ruling と同じ / the same as --fail-on error,ruling")
    ] = False,
    fail_on: Annotated[
        Word,
        typer.Option(
            "--fail-on",
            help="書いたうえで、error（誤りの行）なら 6、ruling（回答待ち）なら 5 で終わる / "
            "write all rows, then exit 6 (error) or 5 (ruling needed)",
            metavar="error|ruling",
        ),
    ] = None,
    record: Annotated[
        bool,
        typer.Option(
            "--record", help="全体を 1 件の記録にしてから書く / first write one record of the whole file into the log"
        ),
    ] = False,
    role: Role = None,
    key: Key = None,
    audit: Audit = None,
    origin: Origin = None,
    as_json: Annotated[bool, typer.Option("--json", help="件数を JSON で出力 / print the counts as JSON")] = False,
    lang: Lang = "ja",
    rules: Rules = None,
    list_: List = None,
    engine: Annotated[str, typer.Option("--engine", help="polars, spark")] = "polars",
    master: Annotated[
        str, typer.Option("--master", help="Spark のマスターの URL / URL of the Spark master", metavar="URL")
    ] = "local[*]",
    quiet: Quiet = False,
    no_color: NoColor = False,
) -> None:
    """ファイルの全行に答えを付けます / Answer every row of a file."""
    from assign import batch as files

    failing = _failing(fail_on, strict=strict)
    files.need(engine)
    options = files.Options(
        lang=lang,
        today=date_of_case(on),
        in_format=files.format_of(source, format_ if source == "-" or files.ending(source) is None else None),
        out_format=files.format_of(target, format_ if target == "-" or files.ending(target) is None else None),
        encoding=files.encoding_of(encoding),
        guard=guard,
    )
    if format_ is not None and files.format_of("", format_) not in (options.in_format, options.out_format):
        raise BadOption(
            f"`--format` の {shown(format_)} は IN・OUT の名前と合いません（名前から分からない側の形式です。外してください）",
            f"`--format` {shown(format_)} is not what the names of IN and OUT say (it is of the one that does not tell; leave it out)",
            [options.in_format],
        )
    if engine != "spark" and master != "local[*]":
        raise BadOption(
            "`--master` は `--engine spark` と使います", "`--master` goes with `--engine spark`", ["--engine"]
        )
    if record and engine == "spark":
        raise BadOption("`--record` は polars エンジンで使えます", "`--record` goes with the engine polars", ["polars"])
    if not record and not (key is role is audit is origin is None):
        raise BadOption(
            "`--role` `--key` `--audit` `--origin` は `--record` と使います",
            "`--role`, `--key`, `--audit` and `--origin` go with `--record`",
            ["--record"],
        )
    desk = _opened(rules, list_, on, (audit_url(audit), origin_name(origin)) if record else None)
    report_new_log(desk, as_json=as_json, lang=lang)
    kept: list[Any] = []
    if engine == "spark":
        from assign.batch import spark

        named = (options.in_format, options.out_format, options.encoding)
        with _unwound_when_ended():
            counts = spark.run(desk, source, target, master, lang, options.today, *named, guard=guard)
    else:
        with desk, _clean_when_ended(), _progress(sys.stderr, lang, plain=no_color, quiet=quiet) as listener:
            if record:
                from assign.audit import batches

                role = role or os.environ.get("ASSIGN_ROLE") or None
                with as_options("key", "role"):  # `division` and the like are columns here
                    counts, one = batches.run(desk, source, target, options, listener, role=role, key=key)
                kept.append((None, one))
            else:
                counts = files.run(desk, source, target, options, listener)
    told = None  # the answer is the file
    if as_json:
        told = json.dumps(counts.as_json(), ensure_ascii=False)
    elif not quiet:
        told = "\n".join(_tally(counts.as_json(), lang))
    if told is not None and target == "-":
        terminal.complain(told)
    elif told is not None:
        terminal.write(told, None, data=as_json)
    if not quiet:
        report_kept(kept, as_json=as_json, lang=lang)
    if "error" in failing and counts.errors:
        raise typer.Exit(FAILURES["error"])
    if "ruling" in failing and any(name.endswith(f"/{Certainty.NEEDS_RULING.value}") for name in counts.outcomes):
        raise typer.Exit(FAILURES["ruling"])


def _opened(rules: str | None, list_: str | None, on: str | None, log: tuple[str, str | None] | None) -> Desk:
    """The desk; without a record it answers each row by the row's own date, so that today need not be a day of any edition."""
    if log is not None:
        return open_desk(rules, list_, "auto", *log, on=on)
    from assign.catalog.editions import NoEdition

    try:
        return open_desk(rules, list_, "auto", on=on)
    except NoEdition as error:
        return open_desk(rules, list_, "auto", on=error.nearest.isoformat())


def _failing(given: str | None, *, strict: bool) -> set[str]:
    """What rows make the command fail."""
    found = set(FAILURES) if strict else set()
    for word in [] if given is None else given.split(","):
        if word.strip() not in FAILURES:
            raise BadOption(
                f"`--fail-on` に {shown(word)} は指定できません（{listed(FAILURES)}）",
                f"`--fail-on` does not know {shown(word)} (choose: {listed(FAILURES)})",
                list(FAILURES),
            )
        found.add(word.strip())
    return found


def _tally(counts: dict[str, Any], lang: str) -> Iterator[str]:
    ja = lang == "ja"
    rows = (counts["rows_in"], counts["rows_out"])
    yield f"入力 {rows[0]:,} 行、出力 {rows[1]:,} 行" if ja else f"{rows[0]:,} rows in, {rows[1]:,} rows out"
    for outcome, number in counts["outcomes"].items():
        who, _, sure = outcome.partition("/")
        if who == "error":
            yield f"  誤り {sure}: {number:,}" if ja else f"  error {sure}: {number:,}"
        else:
            who, sure = ASSIGNEE_TEXT[Assignee(who)][lang], CERTAINTY_TEXT[Certainty(sure)][lang]
            names = f"{who}（{sure}）" if ja else f"{who}, {sure}"
            yield f"  {names}: {number:,}"


@contextmanager
def _clean_when_ended() -> Iterator[None]:
    """
    Until the end of this, a signal that ends the process first removes what it has not finished.

    The engine keeps the main thread, in which Python would handle a signal, for as long as a pass takes. So a thread waits
    for the signals instead; the others, the engine's among them, have them blocked, since they are made after this.
    """
    watched = {signal.SIGTERM, signal.SIGINT} | ({signal.SIGHUP} if hasattr(signal, "SIGHUP") else set())
    watched = {each for each in watched if signal.getsignal(each) is not signal.SIG_IGN}  # as `nohup` has it
    if (
        not watched
        or not hasattr(signal, "pthread_sigmask")
        or threading.current_thread() is not threading.main_thread()
    ):
        yield
        return
    from assign.batch import files

    before = signal.pthread_sigmask(signal.SIG_BLOCK, watched)
    over = threading.Event()

    def wait() -> None:
        while (caught := signal.sigwait(watched)) and not over.is_set():
            files.remove_all()
            if sys.stderr.isatty():
                terminal.complain("\x1b[?25h")  # the cursor, which a progress bar hides
            if caught == signal.SIGINT:
                os._exit(130)
            _end_by(caught)

    watcher = threading.Thread(target=wait, name="assign-signals", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        signal.pthread_kill(watcher.ident or 0, next(iter(watched)))
        watcher.join()
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _unwound_when_ended() -> Iterator[None]:
    """Until the end of this, SIGTERM and SIGHUP end the process as an exception does, so that what is unfinished is removed."""
    watched = [each for name in ("SIGTERM", "SIGHUP") if (each := getattr(signal, name, None)) is not None]
    watched = [each for each in watched if signal.getsignal(each) is not signal.SIG_IGN]  # as `nohup` has it
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {each: signal.signal(each, lambda caught, _: sys.exit(128 + caught)) for each in watched}
    try:
        yield
    finally:
        for each, was in before.items():
            signal.signal(each, was)


def _end_by(caught: int) -> None:
    """As whoever sent the signal expects it."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {caught})
    os.kill(os.getpid(), caught)
    os._exit(128 + caught)


@contextmanager
def _progress(
    stream: TextIO | None, lang: str, *, plain: bool = False, quiet: bool = False
) -> Iterator[Callable[[int, int, str], None] | None]:
    """A bar with rows a second and time left on a terminal; silence in a pipe."""
    if quiet or stream is None or stream.closed or not stream.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (BarColumn(), TextColumn("{task.description}"), TimeRemainingColumn())
    with Progress(*columns, console=Console(file=stream, no_color=plain or None), transient=True) as bar:
        task = bar.add_task("", total=None)
        stage, first, since = "", 0, perf_counter()

        def listener(done: int, total: int, now: str) -> None:
            nonlocal stage, first, since
            if now != stage:
                stage, first, since = now, done, perf_counter()
            rate = (done - first) / max(perf_counter() - since, 0.001)
            name = STAGES[stage][lang == "en"]
            bar.update(task, completed=done, total=total, description=f"{name} {done:,} / {total:,}  {rate:,.0f}/s")

        yield listener
