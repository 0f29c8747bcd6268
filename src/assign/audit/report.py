"""
Records → exports: JSON Lines, a table for a spreadsheet, a sheet that a council member can read and print; a checkpoint → a QR code.

JSON Lines are the records' own bytes, so that they can be hashed again. The sheet has each answer in the words that the clerk read,
made again by the editions in the log and compared with the record's digest.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from html import escape
from typing import Any, Final

from assign.errors import BadOption, visible
from assign.explanation.plain_text import paragraphs
from assign.log import merkle
from assign.log.canonical import canonical
from assign.log.kinds import EDITION_TEXT, EDITIONS, ROLE_TEXT, Kind, Record, Role
from assign.log.log import Log
from assign.log.reading import Unreadable, clock, in_japan
from assign.words import ASSIGNEE_TEXT, CERTAINTY_TEXT, Assignee, Certainty

from . import Filter, decided_anew, desks, records
from .names import Names

FORMATS: Final = ("jsonl", "csv", "html")
COLUMNS: Final = (
    "seq", "recorded", "kind", "on", "division", "item", "channel", "act", "assignee", "certainty", "rows", "rules", "caveats",
    "role", "case", "key", "corrects", "list_sha256", "rules_sha256", "rulings_sha256", "engine", "version", "answer_sha256",
    "leaf_hash",
)  # fmt: skip


Unread = Callable[[Unreadable], None]


def export(log: Log, format_: str, chosen: Filter, lang: str, unread: Unread) -> Iterator[str]:
    """
    The records asked for, line by line.

    Args:
        format_: `jsonl` (the records' own bytes), `csv` (UTF-8 with a byte order mark; times are Japan's), `html`.
        unread: Called for each record that cannot be read. A table and a sheet show it in its place, too.
    """
    if format_ == "jsonl":
        return (canonical(record).decode("utf-8") for record in records(log, chosen, unread=unread))
    return _csv(log, chosen, unread) if format_ == "csv" else _html(log, chosen, lang, unread)


def qr(note: str, name: str) -> bytes:
    """
    A checkpoint as a QR code, to be printed and kept: SVG or PNG by the file's name.

    Raises:
        BadOption: Another ending.
    """
    import segno

    kind = name.rpartition(".")[2].lower()
    if kind not in ("svg", "png"):
        raise BadOption("QR コードのファイルは .svg か .png です", "a QR code's file is .svg or .png", [".svg", ".png"])
    out = io.BytesIO()
    segno.make_qr(note, error="m").save(out, kind=kind, scale=4, border=4)
    return out.getvalue()


def _with_unread(log: Log, chosen: Filter, unread: Unread) -> Iterator[Record | Unreadable]:
    """Records in order, and in their places those that cannot be read."""
    waiting: list[Unreadable] = []
    for record in records(log, chosen, unread=waiting.append):
        yield from _told(waiting, unread)
        yield record
    yield from _told(waiting, unread)


def _told(waiting: list[Unreadable], unread: Unread) -> Iterator[Unreadable]:
    for each in waiting:
        unread(each)
        yield each
    waiting.clear()


def _csv(log: Log, chosen: Filter, unread: Unread) -> Iterator[str]:
    yield "\ufeff" + ",".join(COLUMNS)
    for record in _with_unread(log, chosen, unread):
        line = io.StringIO(newline="")
        cells = _no_cells(record) if isinstance(record, Unreadable) else _cells(record)
        csv.writer(line, lineterminator="").writerow(
            [visible(each) if isinstance(each, str) else each for each in cells]
        )
        yield line.getvalue()


def _no_cells(error: Unreadable) -> list[object]:
    """A row of the table for a record that cannot be read: its number, and the error's code as its kind."""
    return [{"seq": error.seq, "kind": error.code}.get(name, "") for name in COLUMNS]


def _cells(record: Record) -> list[object]:
    request, decision = record.get("request", {}), record.get("decision", {})
    editions = record.get("editions", {})
    found: dict[str, Any] = {
        **{name: record.get(name) for name in COLUMNS},
        "recorded": in_japan(record["recorded"]).isoformat(timespec="milliseconds"),
        **{name: request.get(name) for name in ("division", "item", "channel", "act")},
        **{name: decision.get(name) for name in ("assignee", "certainty")},
        **{name: " ".join(decision.get(name, ())) for name in ("rows", "rules", "caveats")},
        **{f"{name}_sha256": editions.get(name) for name in EDITIONS},
        "answer_sha256": record.get("answer"),
        "leaf_hash": merkle.leaf_hash(canonical(record)).hex(),
    }
    return ["" if found[name] is None else found[name] for name in COLUMNS]


_STYLE: Final = """
:root { color-scheme: light }
body { font: 16px/1.7 "Hiragino Sans", "Noto Sans CJK JP", "Yu Gothic", "Meiryo", sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; color: #1a1a1a; background: #fff }
h1 { font-size: 1.5rem; border-bottom: 2px solid #1a1a1a } h2 { font-size: 1.2rem; margin-top: 2.5rem }
dl { display: grid; grid-template-columns: 8.5rem 1fr; gap: .35rem 1rem } dt { color: #444 } dd { margin: 0 }
.answer { font-size: 1.25rem; font-weight: 700; border: 2px solid #1a1a1a; padding: .5rem 1rem; margin: 1rem 0 }
.open { border-style: dashed }
.proof, footer { font-size: .8rem; color: #444; overflow-wrap: anywhere } code { font-family: ui-monospace, monospace }
table { border-collapse: collapse; width: 100%; font-size: .85rem } th, td { border: 1px solid #999; padding: .2rem .5rem; text-align: left }
@media print { body { margin: 0; max-width: none; font-size: 11pt } section + section { break-before: page } dl, .answer, tr { break-inside: avoid } }
"""
_SAYS: Final = {
    "title": {"ja": "委託業務の判定 説明書", "en": "Decisions on consigned work"},
    "lead": {
        "ja": "業務を受託者と市職員のどちらが行うかについて、記録された答えとその理由です。",
        "en": "Recorded answers to who handles work at the counter and in the back yard, the contractor or city staff, and why.",
    },
    "privacy": {
        "ja": "記録に住民の氏名や番号は含まれません。",
        "en": "The log holds no names or numbers of residents.",
    },
    "record": {"ja": "記録", "en": "Record"},
    "number": {"ja": "番号", "en": "number"},
    "case": {"ja": "案件", "en": "case"},
    "asked": {"ja": "尋ねたこと", "en": "Asked"},
    "day": {"ja": "案件の日付", "en": "Date of the case"},
    "when": {"ja": "記録した時刻", "en": "Recorded at"},
    "who": {"ja": "尋ねた人の役割", "en": "Asked by"},
    "rules": {"ja": "決めた規則", "en": "Rules that decided"},
    "editions": {"ja": "使った版", "en": "Editions used"},
    "japan": {"ja": "日本時間", "en": "Japan time"},
    "leaf": {"ja": "記録のハッシュ", "en": "Hash of the record"},
    "lost": {
        "ja": "この答えの文は、今のプログラムでは作り直せません。記録そのものは上のとおりです。",
        "en": "The sentences of this answer cannot be made again by this program. The record itself is as above.",
    },
    "none": {"ja": "該当する記録はありません。", "en": "There is no such record."},
    "corrects": {"ja": "訂正する記録", "en": "Corrects record"},
    "foot": {
        "ja": "この紙の内容が記録のとおりであることは、`assign audit prove 番号` の証明と、建物の外に置いたチェックポイントで確かめられます。",
        "en": "That this sheet says what was recorded can be checked with `assign audit prove NUMBER` and a checkpoint kept outside the building.",
    },
}


def _safe(text: str) -> str:
    """Text in HTML: escaped, with invisible characters made visible."""
    return escape(visible(text))


def _html(log: Log, chosen: Filter, lang: str, unread: Unread) -> Iterator[str]:
    def say(name: str) -> str:
        return _safe(_SAYS[name][lang])

    desk, names = desks(log), Names(log)
    yield f'<!DOCTYPE html>\n<html lang="{lang}">\n<head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    yield f"<title>{say('title')}</title><style>{_STYLE}</style></head>\n<body>"
    yield f"<h1>{say('title')}</h1>\n<p>{say('lead')}{say('privacy')}</p>\n<p>{say('record')}: <code>{_safe(log.origin)}</code></p>"
    told = 0
    for record in _with_unread(log, chosen._replace(kind=Kind.DECISION.value), unread):
        told += 1
        if isinstance(record, Unreadable):
            yield f"<section><h2>{say('number')} {record.seq}</h2><p>{_safe(record.message(lang))}</p></section>"
            continue
        yield from _section(record, decided_anew(record, desk)[2], names, lang)
    if not told:
        yield f"<p>{say('none')}</p>"
    yield f"<footer><p>{say('foot')}</p></footer>\n</body></html>"


def _section(record: Record, answer: dict[str, Any] | None, names: Names, lang: str) -> Iterator[str]:
    def say(name: str) -> str:
        return _safe(_SAYS[name][lang])

    decision, request = record["decision"], record["request"]
    who = ASSIGNEE_TEXT[Assignee(decision["assignee"])][lang]
    sure = CERTAINTY_TEXT[Certainty(decision["certainty"])][lang]
    place = f"{names.division(request['division'], lang)} {request['item']}"
    where = names.channel(request["channel"], lang)
    act = f" / {request['act']}" if request["act"] else ""
    dashed = "" if decision["certainty"] == Certainty.SETTLED else " open"
    title = "" if answer is None or len(answer["rows"]) != 1 else f" {answer['rows'][0]['name']}"
    yield f"<section><h2>{say('number')} {record['seq']}: {_safe(place + title)}（{_safe(where)}）</h2>"
    yield f'<p class="answer{dashed}">{_safe(who)}（{_safe(sure)}）</p><dl>'
    pairs = [] if answer is None else list(paragraphs(answer, lang))[1:]
    if answer is None:
        pairs = [(_SAYS["asked"][lang], f"{place} {where}{act}")]
    for label, text in pairs:
        yield f"<dt>{_safe(label)}</dt><dd>{_safe(text)}</dd>"
    yield f"<dt>{say('day')}</dt><dd>{_safe(record['on'])}</dd>"
    if record["corrects"] is not None:
        yield f"<dt>{say('corrects')}</dt><dd>{say('number')} {record['corrects']}</dd>"
    yield "</dl>"
    if answer is None:
        yield f"<p>{say('lost')}</p>"
    role = ROLE_TEXT[Role(record["role"])][lang]
    editions = " / ".join(f"{EDITION_TEXT[what][lang]} {value[:16]}…" for what, value in record["editions"].items())
    when = clock(record["recorded"])[:19]
    yield (
        f'<p class="proof">{say("when")}: {when}（{say("japan")}）　{say("who")}: {_safe(role)}<br>'
        f"{say('case')}: <code>{_safe(record['case'])}</code>　{say('rules')}: <code>{_safe(' '.join(decision['rules']))}</code><br>"
        f"{say('editions')}: <code>{_safe(editions)}</code><br>"
        f"{say('leaf')}: <code>{merkle.leaf_hash(canonical(record)).hex()}</code></p></section>"
    )
