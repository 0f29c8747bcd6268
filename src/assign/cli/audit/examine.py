"""
Commands that show what is in a log: a record with its answer, lists, counts, what stands out, and exports.
"""

# No `from __future__ import annotations` here: typer would evaluate each annotation again from its text.

import json
import sys
from typing import Annotated, Any

import typer

from assign import audit as auditing
from assign.audit import Filter, Text, report
from assign.audit.names import Names
from assign.audit.text import LEAF
from assign.cli import terminal
from assign.cli.common import AsJson, Audit, Command, Lang, Origin, Out, Word, briefly
from assign.columns import labelled
from assign.commands import command
from assign.errors import BadOption
from assign.explanation.plain_text import paragraphs
from assign.log.kinds import EDITION_TEXT, ROLE_TEXT, Kind, Role
from assign.log.reading import clock
from assign.words import ASSIGNEE_TEXT, CERTAINTY_TEXT, Assignee, Certainty, nearest

from .options import (
    KIND_TEXT,
    InDivision,
    OfCase,
    OfKind,
    OneRecord,
    Since,
    Unread,
    Until,
    WithAssignee,
    WithCertainty,
    app,
    chosen_by,
    say,
    say_json,
    snapshot,
    whole_number,
)


@app.command(cls=Command)
def show(
    n: OneRecord = None,
    since: Since = None,
    until: Until = None,
    division_: InDivision = None,
    assignee: WithAssignee = None,
    certainty: WithCertainty = None,
    kind: OfKind = None,
    case: OfCase = None,
    audit: Audit = None,
    origin: Origin = None,
    as_json: AsJson = False,
    lang: Lang = "ja",
    out: Out = None,
) -> None:
    """記録を、答えの文とともに示します。番号か絞り込みで選びます / Show one record by number, or those the filters select, with its answer in words."""
    filters = (since, until, division_, assignee, certainty, kind, case)
    if (n is None) is all(each is None for each in filters):
        raise BadOption(
            "番号 `N` か絞り込み（`--case` など）のどちらか一方を指定してください",
            "give either a number `N` or what to look for (`--case` and the like)",
        )
    unread = Unread()
    with snapshot(audit, origin, unread) as log:
        names = Names(log)
        chosen = chosen_by(names, *filters)
        if n is not None:
            found = [auditing.shown_record(log, whole_number(n), unread)]
        else:
            seqs = [record["seq"] for record in auditing.records(log, chosen, unread=unread)]
            found = [auditing.shown_record(log, seq, lambda _: None) for seq in seqs]  # told already
    if as_json:
        say_json(found if n is None else found[0], out)
    else:
        texts = ["\n".join(_whole(each, names, lang)) for each in found]
        if n is None and not briefly():
            texts.append(f"{len(found)} 件" if lang == "ja" else f"{len(found)} records")
        say(["\n\n".join(texts)], out)
    unread.told(lang, as_json=as_json)


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
    unread = Unread()
    with snapshot(audit, origin, unread) as log:
        names = Names(log)
        chosen = chosen_by(names, since, until, division_, assignee, certainty, kind, case)
        found = list(auditing.records(log, chosen, unread=unread))
        behind = list(auditing.unproved(log, chosen, unread.found))
    if limit is not None:
        found = found[-whole_number(limit, "--limit") :] if whole_number(limit, "--limit") else []
    if as_json:
        apart = [{"kind": auditing.BEHIND, "seq": record["seq"], "record": record} for record in behind]
        say_json([*found, *apart], out)
    else:
        mark = "証明なし（前の番号の記録がない）:" if lang == "ja" else "not proved (records before it are missing):"
        lines = [_line(record, names, lang) for record in found]
        lines += [f"{mark} {_line(record, names, lang)}" for record in behind]
        say(lines, out, [f"{len(found)} 件" if lang == "ja" else f"{len(found)} records"])
    unread.told(lang, as_json=as_json)


@app.command(cls=Command)
def stats(
    since: Since = None,
    until: Until = None,
    division_: InDivision = None,
    assignee: WithAssignee = None,
    certainty: WithCertainty = None,
    kind: OfKind = None,
    case: OfCase = None,
    audit: Audit = None,
    origin: Origin = None,
    as_json: AsJson = False,
    lang: Lang = "ja",
    out: Out = None,
) -> None:
    """件数を示します / Count records."""
    unread = Unread()
    with snapshot(audit, origin, unread) as log:
        names = Names(log)
        chosen = chosen_by(names, since, until, division_, assignee, certainty, kind, case)
        found = auditing.stats(log, chosen, unread)
    if as_json:
        say_json(found, out)
    else:
        say(_counted(found, names, lang), out)
    unread.told(lang, as_json=as_json)


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
    since: Since = None,
    until: Until = None,
    division_: InDivision = None,
    assignee: WithAssignee = None,
    certainty: WithCertainty = None,
    kind: OfKind = None,
    case: OfCase = None,
    audit: Audit = None,
    origin: Origin = None,
    as_json: AsJson = False,
    lang: Lang = "ja",
    out: Out = None,
) -> None:
    """見ておくべき記録を挙げます（遡り、遅れ、時計、見直し期限切れ） / List the records that an auditor should look at."""
    unread = Unread()
    with snapshot(audit, origin, unread) as log:
        names = Names(log)
        chosen = chosen_by(names, since, until, division_, assignee, certainty, kind, case)
        found = list(auditing.exceptions(log, whole_number(late, "--late"), chosen, unread))
    if as_json:
        say_json([{"code": each.code, "seq": each.seq, "text": each.text._asdict()} for each in found], out)
    else:
        lines = [
            f"番号 {each.seq} {_ODD_TEXT[each.code].ja}: {each.text.ja}"
            if lang == "ja"
            else f"record {each.seq} {_ODD_TEXT[each.code].en}: {each.text.en}"
            for each in found
        ]
        say(lines, out, [f"{len(found)} 件" if lang == "ja" else f"{len(found)} exceptions"])
    unread.told(lang, as_json=as_json)


@app.command(cls=Command)
def export(
    n: OneRecord = None,
    format_: Annotated[
        str,
        typer.Option(
            "--format",
            help="jsonl, csv, html（説明書）。csv の見出しと値は記号（英語） / jsonl, csv, or html, a sheet to print",
        ),
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
    """記録を書き出します。番号か絞り込みで選び、なければ全部です / Export the record of a number, those the filters select, or all: JSON Lines, CSV, or a sheet to read and print."""
    filters = (since, until, division_, assignee, certainty, kind, case)
    if n is not None and any(each is not None for each in filters):
        raise BadOption(
            "番号 `N` と絞り込み（`--case` など）は一緒に使えません",
            "a number `N` does not go with what to look for (`--case` and the like)",
        )
    if format_ not in report.FORMATS:
        near = nearest(format_, report.FORMATS) or list(report.FORMATS)
        raise BadOption("形式は jsonl, csv, html のどれかです", "the format is jsonl, csv or html", near)
    unread = Unread()
    with snapshot(audit, origin, unread) as log:
        names = Names(log)
        chosen = chosen_by(names, *filters) if n is None else Filter(seq=whole_number(n))
        terminal.pour(report.export(log, format_, chosen, lang, unread), out)
    unread.told(lang)


_STATS_TEXT = {
    "kind": Text("種類", "kind"),
    "division": Text("区分", "division"),
    "channel": Text("業務の場", "channel"),
    "assignee": Text("担当", "assignee"),
    "certainty": Text("確かさ", "certainty"),
    "role": Text("尋ねた人の役割", "role"),
    "month": Text("案件の月", "month of the case"),
}


_ODD_TEXT = {
    "backdated": Text("遡り", "backdated"),
    "late": Text("遅れ", "late"),
    "ahead": Text("先の日付", "dated ahead"),
    "clock": Text("時計", "clock turned back"),
    "review_due": Text("見直し期限切れ", "review overdue"),
    "correction": Text("訂正", "correction"),
    "ruling_backdated": Text("回答の遡り", "backdated ruling"),
    "ruling_changed": Text("回答の差し替え", "ruling changed under its id"),
    "ruling_withdrawn": Text("回答の取り下げ", "ruling withdrawn"),
    "edition_missing": Text("版がない", "edition missing"),
    "edition_altered": Text("版の書き換え", "edition altered"),
    "edition_unread": Text("読めない版", "edition not readable"),
    "key_unendorsed": Text("署名のない鍵の交替", "change of key without a signature"),
}


def _whole(found: dict[str, Any], names: Names, lang: str) -> list[str]:
    """A record, its answer in words or why there is none, and what corrects it."""
    ja = lang == "ja"
    lines = [_line(found["record"], names, lang), ""]
    if found["answer"] is not None:
        pairs = list(paragraphs(found["answer"], lang))
        lines += labelled(pairs, terminal.columns_of(sys.stdout), beside=pairs)
    elif found["record"]["kind"] == Kind.DECISION:
        why = found["detail"][lang]
        lines.append(
            f"答えの文は作り直せません（{why}）。記録:"
            if ja
            else f"The answer cannot be put into words again ({why}). The record:"
        )
    elif found["record"]["kind"] == Kind.BATCH:
        lines.append(
            f"行数・件数・ハッシュは記録のままで、ファイルとは照らしていません（`{command('audit replay', '--batch', 'N', '--file', 'IN')}` が照らします）。記録:"
            if ja
            else f"Rows, counts and digests are as recorded, and not checked against the files (`{command('audit replay', '--batch', 'N', '--file', 'IN')}` does). "
            "The record:"
        )
    if found["answer"] is None:
        lines.append(json.dumps(found["record"], ensure_ascii=False, indent=2))
    for later in found["corrected_by"]:
        lines.append(f"訂正あり: 番号 {later}" if ja else f"corrected by record {later}")
    lines.append(f"{LEAF.say(lang)}: {found['leaf_hash']}")
    return lines


def _counted(found: dict[str, Any], names: Names, lang: str) -> list[str]:
    ja = lang == "ja"
    lines = [
        f"{found['origin']}: {found['records']:,} 件" if ja else f"{found['origin']}: {found['records']:,} records"
    ]
    if found["records"]:
        first, last = clock(found["first"]), clock(found["last"])
        lines.append(f"{first} から {last}" if ja else f"{first} to {last}")
    for name, head in _STATS_TEXT.items():
        lines += [f"{head.say(lang)}:"] if found[name] else []
        lines += [f"  {_word(name, value, names, lang)}: {number:,}" for value, number in found[name].items()]
    return lines


def _line(record: dict[str, Any], names: Names, lang: str) -> str:
    """A record on one line."""
    kind = record["kind"]
    head = f"{record['seq']:>6}  {clock(record['recorded'])}  {KIND_TEXT[kind][lang]}  "
    if kind == Kind.DECISION:
        request, decision = record["request"], record["decision"]
        words = [
            names.division(request["division"], lang),
            request["item"],
            names.channel(request["channel"], lang),
            request["act"] or "",
            record["on"],
            f"{ASSIGNEE_TEXT[Assignee(decision['assignee'])][lang]}（{CERTAINTY_TEXT[Certainty(decision['certainty'])][lang]}）"
            if lang == "ja"
            else f"→ {ASSIGNEE_TEXT[Assignee(decision['assignee'])][lang]}, {CERTAINTY_TEXT[Certainty(decision['certainty'])][lang]}",
        ]
        fix = record["corrects"]
        tail = "" if fix is None else f" 訂正: 番号 {fix}" if lang == "ja" else f" corrects {fix}"
        return f"{head}{' '.join(word for word in words if word)}{tail}"
    if kind == Kind.BATCH:
        return (
            f"{head}{record['rows']:,} 行（記録のまま）"
            if lang == "ja"
            else f"{head}{record['rows']:,} rows (as recorded)"
        )
    if kind == Kind.PUBLICATION:
        return f"{head}{EDITION_TEXT[record['what']][lang]} {record['sha256'][:16]}…"
    number = record["signer"].split("+")[1]  # the whole key is in `audit key`, and too long for a line
    return f"{head}鍵の番号 {number}" if lang == "ja" else f"{head}key number {number}"


def _word(name: str, value: str, names: Names, lang: str) -> str:
    if name == "division":
        return names.division(value, lang)
    if name == "channel":
        return names.channel(value, lang)
    if name == "assignee":
        return ASSIGNEE_TEXT[Assignee(value)][lang]
    if name == "certainty":
        return CERTAINTY_TEXT[Certainty(value)][lang]
    if name == "role":
        return ROLE_TEXT[Role(value)][lang]
    return KIND_TEXT[value][lang] if name == "kind" else value
