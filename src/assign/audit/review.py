"""
A log → one record with its answer, the records that stand out, and counts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, Final, NamedTuple

from assign.errors import AssignError
from assign.log.canonical import canonical
from assign.log.kinds import EDITION_TEXT, Kind, Record
from assign.log.reading import clock, in_japan
from assign.rules import loader
from assign.rules.entries import Ruling
from assign.words import ASSIGNEE_TEXT, sha256

from .chosen import EVERY, Filter, Unread, records
from .door import Place, Snapshot, reading
from .replay import decided_anew, desks
from .text import Text
from .tree import leaf_hash

LATE: Final = 7  # days from the date of the case to its record, after which it counts as late


def shown_record(place: Place, seq: int, unread: Unread | None = None) -> dict[str, Any]:
    """
    A record and its hash, the answer in its words where it still follows, and the later records that correct it.

    Args:
        unread: Called for each later record that cannot be read, since it might correct this one.

    Raises:
        Unreadable: This one cannot be read. UnknownRecord: There is none of that number.
    """
    with reading(place) as log:
        record = log.record(seq)
        answer: dict[str, Any] | None = None
        outcome, detail = "cannot", Text("", "")
        if record["kind"] == Kind.DECISION:
            outcome, detail, answer = decided_anew(record, desks(log))
        later = records(log, Filter(kind=Kind.DECISION.value), seq + 1, unread)
        corrected = [each["seq"] for each in later if each["corrects"] == seq]
    return {
        "record": record,
        "leaf_hash": leaf_hash(canonical(record)).hex(),
        "replay": outcome,
        "detail": detail._asdict(),
        "answer": answer,
        "corrected_by": corrected,
    }


class ReviewItem(NamedTuple):
    """A record that an auditor should look at. It is no proof of anything wrong."""

    code: str
    seq: int
    text: Text


def exceptions(
    place: Place, late: int = LATE, chosen: Filter = EVERY, unread: Unread | None = None
) -> Iterator[ReviewItem]:
    """
    Records that stand out, in order, of those asked for; `unread` as in `records`.

    `backdated`: the case's date lies before the edition that decided it was published here. `late`: recorded more than
    `late` days after the case's date. `ahead`: the case's date lies after the day of the record. `clock`: recorded at an
    earlier time than the record before. `review_due`: the answer carries the caveat that a review of the row is overdue.
    `correction`: it corrects an earlier record. `ruling_backdated`: a ruling comes into use after the day from which it
    applies. `ruling_changed`: one that was published says something else now, under the same id. `ruling_withdrawn`: the new
    rules no longer have it. `edition_missing`, `edition_altered`: the text that a publication names is not there, or is another;
    nothing is read from it. `edition_unread`: this program cannot read these rules, so that their rulings were not compared.
    `key_unendorsed`: the key was changed without the old one's signature. Days are Japan's.
    """
    published: dict[tuple[str, str], date] = {}
    rulings: dict[str, dict[str, Any]] = {}  # id → what it says, by the newest rules that could be read
    before = ""
    with reading(place) as log:
        for record in records(log, unread=unread):
            when = record["recorded"]
            # Every record is looked at: its publications and its time count for those after it, even where it is not asked for.
            found = list(_odd(log, record, before, published, rulings, late))
            if chosen.lets(record):
                yield from found
            before = when


def _odd(
    log: Snapshot,
    record: Record,
    before: str,
    published: dict[tuple[str, str], date],
    rulings: dict[str, dict[str, Any]],
    late: int,
) -> Iterator[ReviewItem]:
    seq, when = record["seq"], record["recorded"]
    day = in_japan(when).date()
    if when < before:
        yield ReviewItem(
            "clock",
            seq,
            Text(
                f"時計が戻っています（前の記録は {clock(before)}、この記録は {clock(when)}）",
                f"the clock stepped back (from {clock(before)} to {clock(when)})",
            ),
        )
    if record["kind"] == Kind.PUBLICATION:
        published.setdefault((record["what"], record["sha256"]), day)
        yield from _odd_edition(log, record, day, rulings)
    elif record["kind"] == Kind.KEY and record.get("endorsed") is None:
        yield ReviewItem(
            "key_unendorsed",
            seq,
            Text(
                "鍵の交替に前の鍵の署名がありません（新しい公開鍵を、別の道で確かめてください）",
                "the old key did not sign the new one (make sure of the new public key another way)",
            ),
        )
    elif record["kind"] in (Kind.DECISION, Kind.BATCH):
        yield from _odd_dates(record, day, published, late)


def _odd_dates(record: Record, day: date, published: Mapping[tuple[str, str], date], late: int) -> Iterator[ReviewItem]:
    seq, on = record["seq"], date.fromisoformat(record["on"])
    begun = max((published.get(each, day) for each in record["editions"].items()), default=day)
    if on < begun:
        yield ReviewItem(
            "backdated",
            seq,
            Text(
                f"案件の日付 {on} は、引いた版の使用開始（{begun}）より前です",
                f"the case is of {on}, before the edition it cites was published ({begun})",
            ),
        )
    if (days := (day - on).days) > late:
        yield ReviewItem(
            "late",
            seq,
            Text(f"案件の日付から {days} 日後の記録です", f"recorded {days} days after the date of the case"),
        )
    if on > day:
        yield ReviewItem(
            "ahead",
            seq,
            Text(
                f"案件の日付 {on} は記録の日（{day}）より後です",
                f"the case is of {on}, after the day of the record ({day})",
            ),
        )
    if "review_due" in record.get("decision", {}).get("caveats", ()):
        yield ReviewItem(
            "review_due",
            seq,
            Text("見直しの時期を過ぎた行による答えです", "the answer rests on a row whose review is overdue"),
        )
    if record.get("corrects") is not None:
        yield ReviewItem(
            "correction",
            seq,
            Text(f"番号 {record['corrects']} を訂正しています", f"it corrects record {record['corrects']}"),
        )


def _odd_edition(log: Snapshot, record: Record, day: date, seen: dict[str, dict[str, Any]]) -> Iterator[ReviewItem]:
    """What stands out in an edition that comes into use. It is read only where its text has the digest that was recorded."""
    seq, what, digest = record["seq"], record["what"], record["sha256"]
    data, name = log.kept_under(digest), EDITION_TEXT[what]
    if data is None:
        yield ReviewItem(
            "edition_missing",
            seq,
            Text(
                f"使用開始と記録した{name['ja']}の版 {digest[:16]}… がありません",
                f"the edition {digest[:16]}… of the {name['en']} that it published is missing",
            ),
        )
    elif sha256(data) != digest:
        yield ReviewItem(
            "edition_altered",
            seq,
            Text(
                f"使用開始と記録した{name['ja']}の版 {digest[:16]}… が書き換えられています（中は見ていません）",
                f"the edition {digest[:16]}… of the {name['en']} that it published was altered (nothing was read from it)",
            ),
        )
    elif what == "rules":
        try:
            found = loader.from_edition(data).rulings
        except AssignError as error:
            yield ReviewItem(
                "edition_unread",
                seq,
                Text(
                    f"使用開始と記録した規則を、今のプログラムは読めません。回答を比べていません（{error.ja}）",
                    f"this program cannot read the rules that it published; their rulings were not compared ({error.en})",
                ),
            )
        else:
            yield from _odd_rulings(seq, {each.id: _content(each) for each in found}, day, seen)


def _content(ruling: Ruling) -> dict[str, Any]:
    """What a ruling says, wherever in its file it stands."""
    return {name: value for name, value in ruling._asdict().items() if name not in ("file", "line")}


def _odd_rulings(
    seq: int, found: Mapping[str, dict[str, Any]], day: date, seen: dict[str, dict[str, Any]]
) -> Iterator[ReviewItem]:
    """Compare the rulings that come into use with those before, by what they say: an id alone says nothing."""
    for name, says in found.items():
        before = seen.get(name)
        if before is None and says["since"] < day:
            yield ReviewItem(
                "ruling_backdated",
                seq,
                Text(
                    f"回答 {name} は {says['since']} から適用され、使用開始は {day} です",
                    f"the ruling {name} applies from {says['since']} and was published on {day}",
                ),
            )
        elif before is not None and before != says:
            parts = [part for part in says if before[part] != says[part]]
            ja, en = (
                ", ".join(_changed(part, before[part], says[part], lang) for part in parts) for lang in ("ja", "en")
            )
            yield ReviewItem(
                "ruling_changed",
                seq,
                Text(
                    f"回答 {name} が、同じ番号のまま変わりました（{ja}。使用開始は {day}）",
                    f"the ruling {name} says something else under the same id ({en}; published on {day})",
                ),
            )
    for name in sorted(seen.keys() - found.keys()):
        yield ReviewItem(
            "ruling_withdrawn",
            seq,
            Text(
                f"前の版の回答 {name} が、この版にありません",
                f"the ruling {name} of the edition before is not in this one",
            ),
        )
    seen.clear()
    seen.update(found)


_PARTS: Final = {
    "title": Text("見出し", "title"),
    "source": Text("もとの文書", "document"),
    "because": Text("理由", "reason"),
    "examples": Text("例", "examples"),
    "rows": Text("行", "rows"),
    "channels": Text("業務の場", "channels"),
    "act": Text("行為", "act"),
    "since": Text("適用の初日", "first day"),
    "until": Text("適用の末日", "last day"),
    "assignee": Text("担当", "assignee"),
    "role": Text("役職", "office"),
}


def _changed(part: str, before: Any, after: Any, lang: str) -> str:
    """A part of a ruling that changed; days and the answer in full, the rest by its name alone."""
    name, none = _PARTS[part].say(lang), Text("なし", "none").say(lang)
    if part == "assignee":
        return f"{name} {ASSIGNEE_TEXT[before][lang]} → {ASSIGNEE_TEXT[after][lang]}"
    return f"{name} {before or none} → {after or none}" if part in ("since", "until") else name


def stats(place: Place, chosen: Filter = EVERY, unread: Unread | None = None) -> dict[str, Any]:
    """Of the records asked for: counts by kind, and of decisions by division, channel, assignee, certainty, role and month of the case."""
    counts: dict[str, Counter[str]] = {
        name: Counter() for name in ("kind", "division", "channel", "assignee", "certainty", "role", "month")
    }
    size, first, last = 0, None, None
    for record in records(place, chosen, unread=unread):
        size += 1
        first, last = first or record["recorded"], record["recorded"]
        counts["kind"][record["kind"]] += 1
        if record["kind"] != Kind.DECISION:
            continue
        for name, value in (
            ("division", record["request"]["division"]),
            ("channel", record["request"]["channel"]),
            ("assignee", record["decision"]["assignee"]),
            ("certainty", record["decision"]["certainty"]),
            ("role", record["role"]),
            ("month", record["on"][:7]),
        ):
            counts[name][value] += 1
    return {
        "origin": place.origin,
        "records": size,
        "first": first,
        "last": last,
        **{name: dict(sorted(counter.items())) for name, counter in counts.items()},
    }
