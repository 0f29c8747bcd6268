"""
`assign audit …`: the decision log, for the contract's manager and for an auditor.
"""

# No `from __future__ import annotations` here: typer would evaluate each annotation again from its text.

import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from assign import audit as auditing
from assign import sheet, terminal
from assign.audit import Filter, Text
from assign.errors import AssignError, BadOption, OutputError, path_shown
from assign.explanation import paragraphs
from assign.log import Log
from assign.note import LARGEST, NoteError, SecretKey, held_key, new_key, opened, public_key, write_key
from assign.record import EDITION_TEXT, ROLE_TEXT, Kind, Role, random_id
from assign.store import open_store
from assign.words import (
    ASSIGNEE_TEXT,
    CERTAINTY_TEXT,
    CHANNEL_TEXT,
    DIVISION_TEXT,
    Assignee,
    Certainty,
    Channel,
    Division,
    date_of_case,
    division,
    nearest,
)

from .common import (
    AsJson,
    Audit,
    Catalog,
    Command,
    Group,
    Lang,
    Origin,
    Out,
    Rules,
    Word,
    audit_url,
    open_desk,
    origin_name,
    print_json,
)

app: typer.Typer = typer.Typer(
    name="audit",
    cls=Group,
    help="判定の記録を調べます / The decision log: verify, replay, prove.",
    rich_markup_mode=None,
    no_args_is_help=True,
)
Number = Annotated[str, typer.Argument(metavar="N", help="記録の番号 / a record's number")]
Since = Annotated[
    Word, typer.Option("--from", help="案件の日付がこの日以後 / cases of this day or later", metavar="YYYY-MM-DD")
]
Until = Annotated[
    Word, typer.Option("--to", help="案件の日付がこの日以前 / cases of this day or earlier", metavar="YYYY-MM-DD")
]
InDivision = Annotated[Word, typer.Option("--division", "-d", help="区分 / division", metavar="DIVISION")]
WithAssignee = Annotated[Word, typer.Option("--assignee", help="contractor, city_staff, split", metavar="ASSIGNEE")]
WithCertainty = Annotated[Word, typer.Option("--certainty", help="settled, needs_ruling", metavar="CERTAINTY")]
ToFile = Annotated[
    Word, typer.Option("--to", help="このファイルに。なければ標準出力 / to this file, or stdout", metavar="FILE")
]
OfCase = Annotated[
    Word, typer.Option("--case", help="この案件の記録（乱数の UUID）/ records of this case", metavar="UUID")
]
OfKind = Annotated[Word, typer.Option("--kind", help="decision, batch, publication, key, log", metavar="KIND")]


def join(root: typer.Typer) -> None:
    """Put these commands beside the others."""
    if not root.registered_groups:
        root.add_typer(app)


@app.command(cls=Command)
def init(
    grant: Annotated[
        Word,
        typer.Option(
            "--grant", help="この役割に SELECT と INSERT を許す / let this PostgreSQL role use it", metavar="ROLE"
        ),
    ] = None,
    audit: Audit = None,
    origin: Origin = None,
    lang: Lang = "ja",
    rules: Rules = None,
    catalog: Catalog = None,
) -> None:
    """記録を作ります（鍵、最初の記録、今の版） / Make a log: its key, its first records, the editions in use."""
    log = Log.make(audit_url(audit), origin_name(origin), open_desk(rules, catalog, "table").editions)
    if grant is not None:
        log.store.grant(grant)
    key = log.keys()[-1]
    ja = f"記録 {log.origin} は {log.size} 件です。公開鍵（監査の担当に渡してください）:\n{key}"
    en = f"The log {log.origin} has {log.size} records. Its public key, for the auditor:\n{key}"
    terminal.write(ja if lang == "ja" else en, None)


@app.command(cls=Command)
def publish(
    audit: Audit = None, origin: Origin = None, lang: Lang = "ja", rules: Rules = None, catalog: Catalog = None
) -> None:
    """今の一覧・規則・回答の版を公示します / Put the present list, rules and rulings into use."""
    desk = open_desk(rules, catalog, "table")
    with _log(audit, origin) as log:
        kept = log.publish(desk.editions)
    lines = []
    for each in kept:
        record = each.record
        what = EDITION_TEXT[record["what"]][lang]
        head = f"番号 {each.seq}: {what}" if lang == "ja" else f"record {each.seq}: the {what}"
        lines.append(f"{head} {record['sha256']}")
    terminal.write("\n".join(lines) or ("新しい版はありません" if lang == "ja" else "nothing new to publish"), None)


@app.command(cls=Command)
def show(
    n: Number, audit: Audit = None, origin: Origin = None, as_json: AsJson = False, lang: Lang = "ja", out: Out = None
) -> None:
    """記録 1 件を、答えの文とともに示します / Show a record, with the answer in its words."""
    with _log(audit, origin) as log:
        found = auditing.shown_record(log, _seq(n))
    if as_json:
        print_json(found, out)
        return
    ja = lang == "ja"
    lines = [*_line(found["record"], lang), ""]
    if found["answer"] is not None:
        pairs = list(paragraphs(found["answer"], lang))
        lines += terminal.labelled(pairs, terminal.columns_of(sys.stdout), beside=pairs)
    elif found["record"]["kind"] == Kind.DECISION:
        why = found["detail"][lang]
        lines.append(
            f"答えの文は作り直せません（{why}）。記録:"
            if ja
            else f"The answer cannot be put into words again ({why}). The record:"
        )
    if found["answer"] is None:
        lines.append(json.dumps(found["record"], ensure_ascii=False, indent=2))
    for later in found["corrected_by"]:
        lines.append(f"訂正あり: 番号 {later}" if ja else f"corrected by record {later}")
    terminal.write("\n".join(lines), out)


@app.command("list", cls=Command)
def list_(
    since: Since = None,
    until: Until = None,
    division_: InDivision = None,
    assignee: WithAssignee = None,
    certainty: WithCertainty = None,
    kind: OfKind = None,
    case: OfCase = None,
    limit: Annotated[Word, typer.Option("--limit", help="最後の N 件 / the last N", metavar="N")] = None,
    audit: Audit = None,
    origin: Origin = None,
    as_json: AsJson = False,
    lang: Lang = "ja",
    out: Out = None,
) -> None:
    """記録の一覧を示します / List records."""
    chosen = _chosen(since, until, division_, assignee, certainty, kind, case)
    with _log(audit, origin) as log:
        found = list(auditing.records(log, chosen))
    if limit is not None:
        found = found[-_seq(limit, "--limit") :] if _seq(limit, "--limit") else []
    if as_json:
        print_json(found, out)
        return
    lines = [line for record in found for line in _line(record, lang)]
    terminal.write("\n".join([*lines, f"{len(found)} 件" if lang == "ja" else f"{len(found)} records"]), out)


@app.command(cls=Command)
def verify(
    against: Annotated[
        list[str] | None,
        typer.Option("--against", help="外に置いたチェックポイント / a checkpoint kept outside", metavar="FILE"),
    ] = None,
    key: Annotated[
        list[str] | None,
        typer.Option("--key", help="信じる公開鍵（ファイルか値） / a public key that you trust", metavar="KEY"),
    ] = None,
    audit: Audit = None,
    origin: Origin = None,
    as_json: AsJson = False,
    lang: Lang = "ja",
    out: Out = None,
) -> None:
    """全件のハッシュを計算し直し、チェックポイントと照らします / Hash every record again, against checkpoints."""
    notes = [_read(name) for name in against or ()]
    keys = [public_key(_read(each) if Path(each).is_file() else each) for each in key or ()]
    with _log(audit, origin) as log:
        found = auditing.verify(log, notes, keys)
    if as_json:
        print_json(found.as_json(), out)
    else:
        terminal.write("\n".join(_verified(found, lang)), out)
    if found.findings:
        raise typer.Exit(6)


@app.command(cls=Command)
def replay(
    first: Annotated[Word, typer.Option("--first", help="この番号から / from this number", metavar="N")] = None,
    last: Annotated[Word, typer.Option("--last", help="この番号まで / up to this number", metavar="N")] = None,
    batch: Annotated[
        Word, typer.Option("--batch", help="一括処理のこの記録を / this record, of a batch", metavar="N")
    ] = None,
    file: Annotated[
        Word, typer.Option("--file", help="その入力ファイルから / from its input file", metavar="IN")
    ] = None,
    format_: Annotated[Word, typer.Option("--format", help="その形式 csv, jsonl, parquet / its format")] = None,
    encoding: Annotated[
        str, typer.Option("--encoding", help="その文字コード auto, utf-8, cp932 / its encoding")
    ] = "auto",
    audit: Audit = None,
    origin: Origin = None,
    as_json: AsJson = False,
    lang: Lang = "ja",
    out: Out = None,
) -> None:
    """記録と保存した版だけから全件を判定し直し、比べます / Decide every record anew from the log alone, and compare."""
    start, stop = _seq(first or "0", "--first"), None if last is None else _seq(last, "--last") + 1
    if (batch is None) is not (file is None):
        raise BadOption("`--batch` と `--file` は一緒に使います", "`--batch` and `--file` go together")
    counts = dict.fromkeys(auditing.OUTCOMES, 0)
    batches, odd = 0, []
    with _log(audit, origin) as log:
        anew = auditing.replay(log, start, stop)
        if batch is not None and file is not None:
            anew = iter([_batch_anew(log, _seq(batch, "--batch"), file, format_, encoding)])
        for each in anew:
            if each.detail is auditing.ROWS_ELSEWHERE:
                batches += 1
                continue
            counts[each.outcome] += 1
            if each.outcome != "same":
                odd.append(each)
    if as_json:
        told = [{"seq": each.seq, "outcome": each.outcome, "detail": each.detail._asdict()} for each in odd]
        print_json({"records": sum(counts.values()), "outcomes": counts, "batches": batches, "not_the_same": told}, out)
    else:
        names = _OUTCOME_TEXT
        lines = [f"{names[name].say(lang)}: {number:,}" for name, number in counts.items()]
        if batches:
            lines.append(
                f"一括処理（1 件ずつ入力ファイルから: --batch N --file IN）: {batches:,}"
                if lang == "ja"
                else f"batches (one by one from their input file: --batch N --file IN): {batches:,}"
            )
        for each in odd[: auditing.MOST]:
            head = f"番号 {each.seq}" if lang == "ja" else f"record {each.seq}"
            lines.append(
                f"  {head}: {names[each.outcome].say(lang)}。{each.detail.ja}"
                if lang == "ja"
                else f"  {head}: {names[each.outcome].en}; {each.detail.en}"
            )
        if len(odd) > auditing.MOST:
            lines.append("  …")
        terminal.write("\n".join(lines), out)
    if counts["different"] or counts["reason"] or counts["cannot"]:
        raise typer.Exit(6)


@app.command(cls=Command)
def checkpoint(
    to: Annotated[
        str,
        typer.Option(
            "--to",
            help="このファイルに。建物の外へ出してください / to this file, which is to leave the building",
            metavar="FILE",
        ),
    ],
    qr: Annotated[
        Word, typer.Option("--qr", help="QR コードも（.svg か .png）/ as a QR code, too", metavar="FILE")
    ] = None,
    every: Annotated[
        Word,
        typer.Option(
            "--every",
            help="この秒数ごとに新しいファイルへ（止めるまで） / again every so many seconds",
            metavar="SECONDS",
        ),
    ] = None,
    audit: Audit = None,
    origin: Origin = None,
    lang: Lang = "ja",
) -> None:
    """署名したチェックポイントを書きます / Write a signed checkpoint."""
    seconds = None if every is None else _seq(every, "--every")
    if seconds == 0:
        raise BadOption("`--every` は 1 秒以上です", "`--every` is at least one second")

    def once() -> None:
        with _log(audit, origin) as log:
            note = log.checkpoint(held_key(log.origin))
            name = to if seconds is None else _stamped(to)
            _whole(name, note.encode())
            keys = log.keys()
            _whole(f"{name}.pub", f"{keys[-1]}\n".encode())
            if qr is not None:
                _whole(qr, sheet.qr(note, qr))
            size = opened(note, keys)[0].size
            terminal.write(f"{name}: {size} 件" if lang == "ja" else f"{name}: {size} records", None)

    once()
    while seconds is not None:
        time.sleep(seconds)  # the schedule that `--every` asks for
        try:
            once()
        except AssignError as error:  # a server that is away now may be back at the next turn; whoever watches is told
            terminal.complain(error.message(lang))


@app.command(cls=Command)
def prove(
    n: Number,
    to: ToFile = None,
    row: Annotated[
        Word,
        typer.Option("--row", help="一括処理の記録で、この行（1 から） / of a batch: this row, from 1", metavar="ROW"),
    ] = None,
    file: Annotated[Word, typer.Option("--file", help="その出力ファイル / its output file", metavar="OUT")] = None,
    checkpoint_: Annotated[
        Word,
        typer.Option(
            "--checkpoint",
            help="これについて証明する。なければ新しく署名 / for this one; a new one if absent",
            metavar="FILE",
        ),
    ] = None,
    audit: Audit = None,
    origin: Origin = None,
    lang: Lang = "ja",
) -> None:
    """記録 1 件の証明を書きます（assign なしで検証できます） / Write a proof that is checked without assign."""
    if (row is None) is not (file is None):
        raise BadOption("`--row` と `--file` は一緒に使います", "`--row` and `--file` go together")
    with _log(audit, origin) as log:
        note = _read(checkpoint_) if checkpoint_ is not None else log.checkpoint(held_key(log.origin))
        if row is not None and file is not None:
            from assign import batch, batchrecord

            form = batch.format_of(file, None)
            options = batch.Options(lang, date_of_case(None), form, form)
            bundle = batchrecord.prove_row(log, _seq(n), Path(file), _seq(row, "--row"), options, note)
        else:
            bundle = auditing.prove(log, _seq(n), note)
    ja = f"{to} を書きました。検証: `assign audit verifier --out verify.py` を渡し、`python verify.py {to}`"
    en = f"wrote {to}; to check it elsewhere, hand over `assign audit verifier --out verify.py` and run `python verify.py {to}`"
    _bundled(bundle, to, ja if lang == "ja" else en)


@app.command(cls=Command)
def growth(
    old: Annotated[str, typer.Argument(metavar="OLD", help="前のチェックポイント / the earlier checkpoint")],
    new: Annotated[str, typer.Argument(metavar="NEW", help="後のチェックポイント / the later one")],
    to: ToFile = None,
    audit: Audit = None,
    origin: Origin = None,
    lang: Lang = "ja",
) -> None:
    """前のチェックポイントの記録が後にすべて残る証明を書きます / Prove that one checkpoint's log begins another's."""
    with _log(audit, origin) as log:
        bundle = auditing.prove_growth(log, _read(old), _read(new))
    _bundled(bundle, to, f"{to} を書きました" if lang == "ja" else f"wrote {to}")


@app.command(cls=Command)
def verifier(out: Out = None) -> None:
    """証明を検証する独立のプログラム（1 ファイル）を書きます / Write the stand-alone verifier, one file."""
    terminal.write((Path(auditing.__file__).with_name("standalone.py")).read_text("utf-8").rstrip("\n"), out, data=True)


@app.command(cls=Command)
def export(
    format_: Annotated[
        str, typer.Option("--format", help="jsonl, csv, html（説明書） / html: a sheet to print")
    ] = "jsonl",
    since: Since = None,
    until: Until = None,
    division_: InDivision = None,
    assignee: WithAssignee = None,
    certainty: WithCertainty = None,
    kind: OfKind = None,
    case: OfCase = None,
    audit: Audit = None,
    origin: Origin = None,
    lang: Lang = "ja",
    out: Out = None,
) -> None:
    """記録を書き出します / Export records: JSON Lines, CSV, or a sheet to read and print."""
    if format_ not in sheet.FORMATS:
        near = nearest(format_, sheet.FORMATS) or list(sheet.FORMATS)
        raise BadOption("形式は jsonl, csv, html のどれかです", "the format is jsonl, csv or html", near)
    chosen = _chosen(since, until, division_, assignee, certainty, kind, case)
    with _log(audit, origin) as log:
        terminal.pour(sheet.export(log, format_, chosen, lang), out)


@app.command(cls=Command)
def backup(
    to: Annotated[str, typer.Argument(metavar="FILE", help="控え（SQLite のファイル） / the copy, a SQLite file")],
    audit: Audit = None,
    origin: Origin = None,
    lang: Lang = "ja",
) -> None:
    """記録の控えを 1 つのファイルに取ります / Copy the log into one file."""
    if Path(to).exists():
        raise BadOption(f"{path_shown(to)} がもうあります", f"{path_shown(to)} is there already")
    temporary = Path(to).absolute().parent / f".assign-{os.getpid()}-{Path(to).name}"
    try:
        with _log(audit, origin) as log:
            store = open_store(f"sqlite:///{temporary}", create=True)
            try:
                size = auditing.copy(log, store)
                bad = auditing.verify(Log(store, log.origin, store.origins()[log.origin])).findings
            finally:
                store.close()
            if bad:
                terminal.complain(
                    "記録に誤りがあり、控えを取りません:"
                    if lang == "ja"
                    else "the log is not whole, no backup is made:"
                )
                raise typer.Exit(_refuse(bad, lang))
        temporary.replace(to)
        _synced(Path(to).absolute().parent)
    finally:
        for each in (temporary, Path(f"{temporary}-wal"), Path(f"{temporary}-shm")):
            each.unlink(missing_ok=True)
    terminal.write(f"{to}: {size} 件" if lang == "ja" else f"{to}: {size} records", None)


@app.command(cls=Command)
def restore(
    source: Annotated[str, typer.Argument(metavar="FILE", help="控え / the copy")],
    against: Annotated[
        Word, typer.Option("--against", help="外に置いたチェックポイント / a checkpoint kept outside", metavar="FILE")
    ] = None,
    audit: Audit = None,
    origin: Origin = None,
    lang: Lang = "ja",
) -> None:
    """控えから記録を戻します（空のところへ） / Bring a copy back, into an empty place."""
    log = Log.open(f"sqlite:///{source}", origin_name(origin))
    notes = [] if against is None else [_read(against)]
    try:
        bad = auditing.verify(log, notes).findings
        if bad:
            raise typer.Exit(_refuse(bad, lang))
        store = open_store(audit_url(audit), create=True)
        try:
            size = auditing.copy(log, store)
        finally:
            store.close()
    finally:
        log.close()
    terminal.write(f"{size} 件を戻しました" if lang == "ja" else f"{size} records are back", None)


@app.command(cls=Command)
def rebuild(audit: Audit = None, origin: Origin = None, lang: Lang = "ja") -> None:
    """記録から作れるもの（索引、公示の一覧）を作り直します / Make anew what is derived from the records."""
    with _log(audit, origin) as log:
        missing = auditing.rebuild(log)
    ja = f"索引を作り直しました。公示の一覧に足したもの: {missing} 件"
    en = f"The index is made anew; publications put back into their list: {missing}"
    terminal.write(ja if lang == "ja" else en, None)


@app.command(cls=Command)
def stats(
    audit: Audit = None, origin: Origin = None, as_json: AsJson = False, lang: Lang = "ja", out: Out = None
) -> None:
    """件数を示します / Count records."""
    with _log(audit, origin) as log:
        found = auditing.stats(log)
    if as_json:
        print_json(found, out)
        return
    ja = lang == "ja"
    lines = [
        f"{found['origin']}: {found['records']:,} 件" if ja else f"{found['origin']}: {found['records']:,} records",
        f"{found['first']} から {found['last']}" if ja else f"{found['first']} to {found['last']}",
    ]
    for name, head in _STATS_TEXT.items():
        lines += [f"{head.say(lang)}:"] if found[name] else []
        lines += [f"  {_word(name, value, lang)}: {number:,}" for value, number in found[name].items()]
    terminal.write("\n".join(lines), out)


@app.command(cls=Command)
def exceptions(
    late: Annotated[
        str,
        typer.Option(
            "--late",
            help="案件の日付から何日を過ぎたら遅れとするか / days after which a record is late",
            metavar="DAYS",
        ),
    ] = str(auditing.LATE),
    audit: Audit = None,
    origin: Origin = None,
    as_json: AsJson = False,
    lang: Lang = "ja",
    out: Out = None,
) -> None:
    """見ておくべき記録を挙げます（遡り、遅れ、時計、見直し期限切れ） / Records that an auditor should look at."""
    with _log(audit, origin) as log:
        found = list(auditing.exceptions(log, _seq(late, "--late")))
    if as_json:
        print_json([{"code": each.code, "seq": each.seq, "text": each.text._asdict()} for each in found], out)
        return
    lines = [
        f"番号 {each.seq} {each.code}: {each.text.ja}"
        if lang == "ja"
        else f"record {each.seq} {each.code}: {each.text.en}"
        for each in found
    ]
    terminal.write("\n".join([*lines, f"{len(found)} 件" if lang == "ja" else f"{len(found)} exceptions"]), out)


@app.command(cls=Command)
def key(
    rotate: Annotated[
        Word,
        typer.Option(
            "--rotate",
            help="新しい秘密鍵をこのファイルに作り、替える / make a new secret key in this file",
            metavar="FILE",
        ),
    ] = None,
    audit: Audit = None,
    origin: Origin = None,
    lang: Lang = "ja",
) -> None:
    """公開鍵を示し、鍵を替えます / Show the public keys, and change the key."""
    with _log(audit, origin) as log:
        if rotate is not None:
            fresh = new_key(log.origin)
            present = _present_key(log)
            try:
                write_key(Path(rotate), fresh)
            except OSError as error:
                raise OutputError(
                    f"{path_shown(rotate)} を作れません（{error.strerror}）",
                    f"cannot make {path_shown(rotate)} ({error.strerror})",
                ) from None
            log.rotate(fresh, present)
        keys = log.keys()
    now = "今の鍵" if lang == "ja" else "now"
    lines = [f"{each}{f'  （{now}）' if each == keys[-1] else ''}" for each in keys]
    if rotate is not None and present is None:
        lines.append(
            "前の鍵がないため、交替に前の鍵の署名はありません。新しい公開鍵を監査の担当へ直接渡してください"
            if lang == "ja"
            else "the old key is not here and has not signed this change: hand the new public key to the auditor yourself"
        )
    if rotate is not None:
        lines.append(
            f"これからは ASSIGN_KEY_FILE={rotate}" if lang == "ja" else f"from now on ASSIGN_KEY_FILE={rotate}"
        )
    terminal.write("\n".join(lines), None)


# -- helpers ---------------------------------------------------------------------------------------------------------

_OUTCOME_TEXT = {
    "same": Text("同じ（1 バイトも違わない）", "the same to the byte"),
    "wording": Text("同じ判定・同じ規則、文だけが違う", "the same decision by the same rules, other sentences"),
    "reason": Text("同じ答え、別の理由", "the same answer for another reason"),
    "different": Text("違う", "different"),
    "cannot": Text("判定し直せない", "cannot be decided anew"),
}
_STATS_TEXT = {
    "kind": Text("種類", "kind"),
    "division": Text("区分", "division"),
    "channel": Text("業務の場", "channel"),
    "assignee": Text("担当", "assignee"),
    "certainty": Text("確かさ", "certainty"),
    "role": Text("尋ねた人の役割", "role"),
    "month": Text("案件の月", "month of the case"),
}
_KIND_TEXT = {
    "log": Text("記録の始まり", "log begun"),
    "publication": Text("公示", "publication"),
    "key": Text("鍵の交替", "key changed"),
    "decision": Text("判定", "decision"),
    "batch": Text("一括処理", "batch"),
}


def _batch_anew(log: Log, seq: int, file: str, format_: str | None, encoding: str) -> auditing.Replay:
    from assign import batch, batchrecord

    batch.need("polars")
    form = batch.format_of(file, format_ if batch.ending(file) is None else None)
    out = form if form == "jsonl" else "parquet"
    options = batch.Options("ja", date_of_case(None), form, out, batch.encoding_of(encoding))
    return batchrecord.replay(log, seq, Path(file), options)


def _present_key(log: Log) -> SecretKey | None:
    """The key that signs now, if it is here and the right one: a lost key does not block a new one."""
    try:
        found = held_key(log.origin)
    except NoteError:
        return None
    return found if str(found.public()) == str(log.keys()[-1]) else None


@contextmanager
def _log(url: str | None, origin: str | None) -> Iterator[Log]:
    log = Log.open(audit_url(url), origin_name(origin))
    try:
        yield log
    finally:
        log.close()


def _seq(given: str, name: str = "N") -> int:
    if not (given.isascii() and given.isdigit() and len(given) < 13):
        raise BadOption(f"`{name}` は 0 以上の整数です", f"`{name}` is a whole number")
    return int(given)


def _read(name: str) -> str:
    try:
        with Path(name).open("rb") as file:
            # As it was written, whatever an editor, a mail or a scanned QR code has made of its line ends.
            return file.read(LARGEST).decode("utf-8-sig").replace("\r\n", "\n").rstrip("\n") + "\n"
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8"
        raise NoteError(
            f"{path_shown(name)} を読めません（{reason}）", f"cannot read {path_shown(name)} ({reason})"
        ) from None


def _whole(name: str, data: bytes) -> None:
    try:
        terminal.whole_or_not(name, data)
    except OSError as error:
        raise terminal.unwritable(path_shown(name), error) from None


def _bundled(bundle: dict[str, Any], to: str | None, written: str) -> None:
    """A proof, to its file, which is said, or to the next program."""
    text = json.dumps(bundle, ensure_ascii=False, indent=1)
    if to is None:
        terminal.write(text, None, data=True)
    else:
        _whole(to, (text + "\n").encode())
        terminal.write(written, None)


def _synced(folder: Path) -> None:
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _stamped(name: str) -> str:
    path = Path(name)
    return str(path.with_name(f"{path.stem}-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}{path.suffix}"))


def _refuse(findings: list[auditing.Finding], lang: str) -> int:
    for each in findings[: auditing.MOST]:
        terminal.complain(each.text.say(lang))
    return 6


def _one_of(given: str | None, known: list[str], name: str) -> str | None:
    if given is not None and given not in known:
        raise BadOption(
            f"`{name}` は {', '.join(known)} のどれかです",
            f"`{name}` is one of {', '.join(known)}",
            nearest(given, known) or known,
        )
    return given


def _chosen(
    since: str | None,
    until: str | None,
    division_: str | None,
    assignee: str | None,
    certainty: str | None,
    kind: str | None,
    case: str | None,
) -> Filter:
    return Filter(
        None if since is None else date_of_case(since),
        None if until is None else date_of_case(until),
        None if division_ is None else division(division_).value,
        _one_of(assignee, list(Assignee), "--assignee"),
        _one_of(certainty, list(Certainty), "--certainty"),
        _one_of(kind, list(Kind), "--kind"),
        None if case is None else random_id(case, "--case"),
    )


def _line(record: dict[str, Any], lang: str) -> list[str]:
    """A record on one line, or, where it is longer than a terminal is wide, its words below."""
    head, words = _said(record, lang)
    whole = f"{head}  {words}"
    if terminal.width(whole) <= terminal.WIDTH:
        return [whole]
    return [head, *(f"{'':8}{line}" for line in terminal.wrap(words, terminal.WIDTH - 8))]


def _said(record: dict[str, Any], lang: str) -> tuple[str, str]:
    kind = record["kind"]
    head = f"{record['seq']:>6}  {record['recorded'][:19]}Z  {_KIND_TEXT[kind].say(lang)}"
    if kind == Kind.DECISION:
        request, decision = record["request"], record["decision"]
        words = [
            DIVISION_TEXT[Division(request["division"])][lang],
            request["item"],
            CHANNEL_TEXT[Channel(request["channel"])][lang],
            request["act"] or "",
            record["on"],
            f"{ASSIGNEE_TEXT[Assignee(decision['assignee'])][lang]}（{CERTAINTY_TEXT[Certainty(decision['certainty'])][lang]}）"
            if lang == "ja"
            else f"→ {decision['assignee']}, {decision['certainty']}",
        ]
        fix = record["corrects"]
        tail = "" if fix is None else f" 訂正: 番号 {fix}" if lang == "ja" else f" corrects {fix}"
        return head, f"{' '.join(word for word in words if word)}{tail}"
    if kind == Kind.BATCH:
        return head, f"{record['rows']:,} 行" if lang == "ja" else f"{record['rows']:,} rows"
    if kind == Kind.PUBLICATION:
        return head, f"{record['what']} {record['sha256'][:16]}…"
    return head, record["signer"]


def _word(name: str, value: str, lang: str) -> str:
    if name == "division":
        return DIVISION_TEXT[Division(value)][lang]
    if name == "channel":
        return CHANNEL_TEXT[Channel(value)][lang]
    if name == "assignee":
        return ASSIGNEE_TEXT[Assignee(value)][lang]
    if name == "certainty":
        return CERTAINTY_TEXT[Certainty(value)][lang]
    if name == "role":
        return ROLE_TEXT[Role(value)][lang]
    return _KIND_TEXT[value].say(lang) if name == "kind" else value


def _verified(found: auditing.Verified, lang: str) -> list[str]:
    ja = lang == "ja"
    root = found.as_json()["root"]
    lines = [
        f"{found.origin}: {found.size:,} 件のハッシュを計算し直しました。根 {root}"
        if ja
        else f"{found.origin}: {found.size:,} records hashed again; root {root}"
    ]
    if found.findings:
        lines.append(
            f"誤りが {len(found.findings)} 件あります。最初の番号: {found.first_bad}"
            if ja
            else f"{len(found.findings)} findings; the first bad record: {found.first_bad}"
        )
        lines += [f"  {each.text.say(lang)}" for each in found.findings[: auditing.MOST]]
        return lines
    if found.notes_outside and found.covered:
        rest = found.size - found.covered
        lines.append(
            f"外のチェックポイントと合います: 最初の {found.covered:,} 件は、署名の時から変わらず、欠けもありません。"
            if ja
            else f"It fits the checkpoint from outside: the first {found.covered:,} records are unchanged and complete since it was signed."
        )
        if rest:
            lines.append(
                f"後の {rest:,} 件は、まだ外のチェックポイントがありません。"
                if ja
                else f"The {rest:,} records after it are not covered by one yet."
            )
    else:
        lines.append(
            "記録の中に矛盾はありません。ただし外に置いたチェックポイントなしでは、全体の差し替えや末尾の削除は分かりません（--against）。"
            if ja
            else "The log is consistent in itself. Without a checkpoint from outside, a replaced log or a deleted tail cannot be seen (--against)."
        )
    return lines
