"""
Records → exports: JSON Lines, a table for a spreadsheet, a sheet that a council member can read and print; a checkpoint → a QR code.

JSON Lines are the records' own bytes, so that they can be hashed again; only a character that nobody sees is written as JSON's escape. The sheet has each answer in the words that the clerk read,
made again by the editions in the log and compared with the record's digest.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping
from html import escape
from typing import Final

from assign.commands import command
from assign.desk.desk import Desk
from assign.errors import AssignError, BadOption, visible
from assign.explanation.plain_text import paragraphs
from assign.explanation.short_answer import printed_name, summary
from assign.explanation.wording import Answer
from assign.log.canonical import canonical
from assign.log.kinds import EDITION_TEXT, EDITIONS, ROLE_TEXT, Kind, Record, Role
from assign.log.reading import Unreadable, clock, in_japan
from assign.words import Certainty

from .chosen import BEHIND, Filter, records, unproved
from .door import Place, reading
from .names import Names
from .replay import Desks, decided_anew, desks
from .text import LEAF, cell, plain_json
from .tree import leaf_hash

FORMATS: Final = ("jsonl", "csv", "html")
COLUMNS: Final = (
    "seq", "recorded", "kind", "on", "division", "item", "channel", "act", "assignee", "certainty", "rows", "rules", "caveats",
    "role", "case", "key", "corrects", "list_sha256", "rules_sha256", "rulings_sha256", "engine", "version", "answer_sha256",
    "leaf_hash", "unproved",
)  # fmt: skip


Unread = Callable[[Unreadable], None]


def export(log: Place, format_: str, chosen: Filter, lang: str, unread: Unread) -> Iterator[str]:
    """
    The records asked for, line by line.

    Args:
        format_: `jsonl` (the records' own bytes, hidden characters escaped), `csv` (UTF-8 with a byte order mark; times are Japan's), `html`.
        unread: Called for each record that cannot be read. A table and a sheet show it in its place, too.

    What stands behind a gap comes last, and never in the form of a record: as an object of the kind `behind_a_gap`, in the column
    `unproved` of such a row, in a section of its own.

    Raises:
        BadOption: A sheet of one record that is no decision. UnknownRecord, Unreadable: of the one that is asked for by its number.
    """
    if (seq := chosen.seq) is not None:
        with reading(log) as there:
            kind = there.record(seq)["kind"]
        if format_ == "html" and kind != Kind.DECISION:
            raise BadOption(
                f"番号 {seq} は判定の記録ではありません。説明書は判定のものです（`{command('audit show', str(seq))}` で見られます）",
                f"record {seq} is no decision, and a sheet is of decisions (`{command('audit show', str(seq))}` shows it)",
            )
    if format_ == "jsonl":
        return _jsonl(log, chosen, unread)
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


class _Told(list[Unreadable]):
    """What cannot be read, told and remembered."""

    def __init__(self, unread: Unread) -> None:
        super().__init__()
        self._unread = unread

    def __call__(self, error: Unreadable) -> None:
        self._unread(error)
        self.append(error)


def _jsonl(log: Place, chosen: Filter, unread: Unread) -> Iterator[str]:
    told = _Told(unread)
    for record in records(log, chosen, unread=told):
        yield plain_json(canonical(record).decode("utf-8"))
    for record in unproved(log, chosen, told):
        yield plain_json(canonical({"kind": BEHIND, "seq": record["seq"], "record": record}).decode("utf-8"))


def _with_unread(log: Place, chosen: Filter, unread: Unread) -> Iterator[Record | Unreadable]:
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


def _csv(log: Place, chosen: Filter, unread: Unread) -> Iterator[str]:
    yield "\ufeff" + ",".join(COLUMNS)
    told = _Told(unread)
    for record in _with_unread(log, chosen, told):
        if isinstance(record, Unreadable):  # its number, and the error's code as its kind
            yield _line_of({"seq": record.seq, "kind": record.code})
        else:
            yield _line_of(_cells(record))
    for record in unproved(log, chosen, told):  # in one cell: whoever counts a column does not count it
        yield _line_of({"seq": record["seq"], "kind": BEHIND, "unproved": canonical(record).decode("utf-8")})


def _line_of(cells: Mapping[str, object]) -> str:
    line = io.StringIO(newline="")
    found = [cells.get(name) for name in COLUMNS]
    csv.writer(line, lineterminator="").writerow(["" if each is None else cell(each) for each in found])
    return line.getvalue()


def _cells(record: Record) -> dict[str, object]:
    request, decision = record.get("request", {}), record.get("decision", {})
    editions = record.get("editions", {})
    return {
        **{name: record.get(name) for name in COLUMNS},
        "recorded": in_japan(record["recorded"]).isoformat(timespec="milliseconds"),
        **{name: request.get(name) for name in ("division", "item", "channel", "act")},
        **{name: decision.get(name) for name in ("assignee", "certainty")},
        **{name: " ".join(decision.get(name, ())) for name in ("rows", "rules", "caveats")},
        **{f"{name}_sha256": editions.get(name) for name in EDITIONS},
        "answer_sha256": record.get("answer"),
        "leaf_hash": leaf_hash(canonical(record)).hex(),
    }


_STYLE: Final = """
:root { color-scheme: light }
body { font: 16px/1.7 "Hiragino Sans", "Noto Sans CJK JP", "Yu Gothic", "Meiryo", sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; color: #1a1a1a; background: #fff }
h1 { font-size: 1.5rem; border-bottom: 2px solid #1a1a1a } h2 { font-size: 1.2rem; margin-top: 2.5rem }
dl { display: grid; grid-template-columns: 8.5rem 1fr; gap: .35rem 1rem } dt { color: #444 } dd { margin: 0 }
.answer { font-size: 1.25rem; font-weight: 700; border: 2px solid #1a1a1a; padding: .5rem 1rem; margin: 1rem 0 }
.open { border-style: dashed }
.proof { grid-template-columns: 14rem 1fr } .proof dd { font-family: ui-monospace, monospace }
.proof, footer { font-size: .8rem; color: #444; overflow-wrap: anywhere } code { font-family: ui-monospace, monospace }
table { border-collapse: collapse; width: 100%; font-size: .85rem } th, td { border: 1px solid #999; padding: .2rem .5rem; text-align: left }
@media print { body { margin: 0; max-width: none; font-size: 11pt } section + section { break-before: page } dl, .answer, tr { break-inside: avoid } }
"""
_SAYS: Final = {
    "title": {"ja": "委託業務の判定 説明書", "en": "Decisions on consigned work"},
    "lead": {
        "ja": "市の業務を受託者と市職員のどちらが行うかについて、記録された答えとその理由です。",
        "en": "Recorded answers to who handles the city's work, the contractor or city staff, and why.",
    },
    "list": {"ja": "一覧", "en": "List"},
    "printing": {"ja": "版", "en": "edition"},
    "privacy": {
        "ja": "記録に住民の氏名や番号は含まれません。",
        "en": "The log holds no names or numbers of residents.",
    },
    "record": {"ja": "記録の名前", "en": "Name of the log"},
    "number": {"ja": "記録の番号", "en": "Record number"},
    "case": {"ja": "案件の番号（乱数）", "en": "Case (a random number)"},
    "asked": {"ja": "尋ねたこと", "en": "Asked"},
    "when": {"ja": "記録した時刻（日本時間）", "en": "Recorded at (Japan time)"},
    "who": {"ja": "尋ねた人の役割", "en": "Asked by"},
    "rules": {"ja": "決めた規則", "en": "Rules that decided"},
    "read": {"ja": "法令を読んだ日", "en": "Statutes read on"},
    "later": {"ja": "この日より後の改正は含みません", "en": "later changes of the law are not in it"},
    "unread": {"ja": "規則に書かれていません", "en": "the rules do not say"},
    "edition": {"ja": "使った版のハッシュ", "en": "Hash of the edition used"},
    "program": {"ja": "プログラムの版", "en": "Program"},
    "engine": {"ja": "判定エンジン", "en": "engine"},
    "lost": {
        "ja": "この答えの文は作り直せません。記録そのものは上のとおりです。理由:",
        "en": "The sentences of this answer cannot be made again. The record itself is as above. Why:",
    },
    "behind": {"ja": "証明のない行", "en": "Not proved"},
    "unproved": {
        "ja": "前の番号の記録がないところに書かれていた行です。前の記録が消されたか、あとから足されたもので、答えとして使えません。",
        "en": "These rows stand where the records before them are missing: those were deleted, or these were added. They are no answers.",
    },
    "none": {"ja": "該当する記録はありません。", "en": "There is no such record."},
    "corrects": {"ja": "訂正する記録", "en": "Corrects record"},
    "hash": {
        "ja": "ハッシュは内容から計算した値（SHA-256）で、内容が1文字でも違えば別の値になります。",
        "en": "A hash (SHA-256) is worked out from the content; where one character differs, so does the hash.",
    },
    "foot": {
        "ja": "確かめたかどうかは、この紙では分かりません。この紙の内容が記録のとおりであることは、`assign audit prove 記録の番号 --checkpoint チェックポイント` の証明と、"
        "建物の外に置いたそのチェックポイント（記録全体の署名つきの控え）で確かめられます。確かめた結果にも、この記録のハッシュが出ます。",
        "en": "This sheet does not say whether the log was verified. That it says what was recorded can be checked with `assign audit prove NUMBER "
        "--checkpoint FILE` and that checkpoint (a signed summary of the whole log), kept outside the building; the result names the hash of the record, too.",
    },
}


def _safe(text: str) -> str:
    """Text in HTML: escaped, with invisible characters made visible."""
    return escape(visible(text))


def _html(place: Place, chosen: Filter, lang: str, unread: Unread) -> Iterator[str]:
    with reading(place) as log:
        yield from _sheet(log, chosen, lang, unread)


def _sheet(log: Place, chosen: Filter, lang: str, unread: Unread) -> Iterator[str]:
    def say(name: str) -> str:
        return _safe(_SAYS[name][lang])

    desk, names, apart = desks(log), Names(log), "" if lang == "ja" else " "  # between sentences
    yield f'<!DOCTYPE html>\n<html lang="{lang}">\n<head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    yield f"<title>{say('title')}</title><style>{_STYLE}</style></head>\n<body>"
    yield f"<h1>{say('title')}</h1>\n<p>{say('lead')}{apart}{say('privacy')}</p>\n<p>{say('record')}: <code>{_safe(log.origin)}</code></p>"
    told, chosen, heard = 0, chosen._replace(kind=Kind.DECISION.value), _Told(unread)
    for record in _with_unread(log, chosen, heard):
        told += 1
        if isinstance(record, Unreadable):
            yield f"<section><h2>{say('number')} {record.seq}</h2><p>{_safe(record.message(lang))}</p></section>"
            continue
        _, why, answer = decided_anew(record, desk)
        yield from _section(record, answer, _desk_of(record, desk), names, lang, why.say(lang))
    if not told:
        yield f"<p>{say('none')}</p>"
    behind = [*unproved(log, chosen, heard)]
    if behind:
        yield f"<section><h2>{say('behind')}</h2><p>{say('unproved')}</p><ul>"
        for record in behind:
            asked = _asked(record, None, None, names, lang)
            said = f"{record['seq']}: {record['on']} {asked}: {summary(record['decision'], lang)}"
            yield f"<li>{say('behind')}: {_safe(said)}</li>"
        yield "</ul></section>"
    yield f"<footer><p>{say('hash')}{apart}{say('foot')}</p></footer>\n</body></html>"


def _desk_of(record: Record, desks_by_edition: Desks) -> Desk | None:
    """The desk of the list and rules that the record names, if they can still be read."""
    try:
        return desks_by_edition(record["editions"]["list"], record["editions"]["rules"])
    except AssignError:
        return None


def _section(
    record: Record, answer: Answer | None, desk: Desk | None, names: Names, lang: str, why: str
) -> Iterator[str]:
    def say(name: str) -> str:
        return _safe(_SAYS[name][lang])

    decision = record["decision"]
    asked = _asked(record, answer, desk, names, lang)
    dashed = "" if decision["certainty"] == Certainty.SETTLED else " open"
    yield f"<section><h2>{say('number')} {record['seq']}: {_safe(asked)}</h2>"
    yield f'<p class="answer{dashed}">{_safe(summary(decision, lang))}</p><dl>'
    pairs = list(paragraphs(answer, lang))[1:] if answer else [(_SAYS["asked"][lang], asked)]
    for label, text in pairs:
        yield f"<dt>{_safe(label)}</dt><dd>{_safe(text)}</dd>"
    if record["corrects"] is not None:
        yield f"<dt>{say('corrects')}</dt><dd>{say('number')} {record['corrects']}</dd>"
    yield "</dl>"
    if answer is None:
        yield f"<p>{say('lost')} {_safe(why)}</p>"
    yield '<dl class="proof">'
    for label, text in _proof(record, answer, desk, lang):
        yield f"<dt>{_safe(label)}</dt><dd>{_safe(text)}</dd>"
    yield "</dl></section>"


def _asked(record: Record, answer: Answer | None, desk: Desk | None, names: Names, lang: str) -> str:
    """The row as the paper prints it, the channel and the act; from the record alone where the answer cannot be made again."""
    request = record["request"]
    place = printed_name(answer) if answer else f"{names.division(request['division'], lang)} {request['item']}"
    act = request["act"]
    if act and desk and act in desk.rules.acts:
        act = desk.rules.acts[act].title[lang]
    where = names.channel(request["channel"], lang)
    if lang == "ja":
        return f"{place}【{where}】{f'の「{act}」' if act else ''}"
    return f"{place}, {where}{f': {act}' if act else ''}"


def _proof(record: Record, answer: Answer | None, desk: Desk | None, lang: str) -> Iterator[tuple[str, str]]:
    """When and by whom it was asked, by what it was decided, and every hash, whole; each code with what it means."""

    def say(name: str) -> str:
        return _SAYS[name][lang]

    rules = desk.rules if desk else None
    yield say("when"), clock(record["recorded"])[:19]
    yield say("who"), ROLE_TEXT[Role(record["role"])][lang]
    yield say("case"), record["case"]
    yield say("rules"), " ".join(_rule(each, desk, lang) for each in record["decision"]["rules"])
    if answer and desk:
        listed = desk.catalog.manifest
        first = (
            ""
            if listed.effective is None
            else f"（{listed.effective} から）"
            if lang == "ja"
            else f" (from {listed.effective})"
        )
        yield say("list"), f"{listed.title[lang]} {say('printing')} {listed.edition}{first}"
    read = str(rules.read) if rules and rules.read else ""
    day = f"{read}（{say('later')}）" if lang == "ja" else f"{read} ({say('later')})"
    yield say("read"), day if read else say("unread")
    for what, value in record["editions"].items():
        yield f"{say('edition')}: {EDITION_TEXT[what][lang]}", value
    yield LEAF.say(lang), leaf_hash(canonical(record)).hex()
    yield say("program"), f"assign {record['version']}, {say('engine')} {record['engine']}"


def _rule(code: str, desk: Desk | None, lang: str) -> str:
    known = desk.rules.by_id.get(code) if desk else None
    if known is None:
        return code
    return f"{code}（{known.title[lang]}）" if lang == "ja" else f"{code} ({known.title[lang]})"
