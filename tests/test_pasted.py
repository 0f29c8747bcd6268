"""What a web page or an editor puts into a word and nobody sees makes no other word of it, whichever way it comes in."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from assign import Desk
from assign.audit import batches, replay
from assign.batch import Options, run
from assign.desk.lookup import ANSWERED, ASKED, answered
from assign.errors import AssignError

WORDS = ("kokuho", "22-3", "counter", "receive", "2026-04-01", "療養費")
DAY = date(2026, 4, 1)
NO_WIDTH = "\ufeff\u200b\u200c\u200d\u200e\u2060"
TURNING = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200f\u061c"


def asked(word: str, place: int) -> dict[str, str]:
    return {name: word if i == place else each for i, (name, each) in enumerate(zip(ASKED, WORDS, strict=True))}


def spoilt(mark: str) -> list[dict[str, str]]:
    """Each word with the character before, inside and after it."""
    return [
        asked(f"{word[:at]}{mark}{word[at:]}", place)
        for place, word in enumerate(WORDS)
        for at in (0, len(word) // 2, len(word))
    ]


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_a_character_of_no_width_changes_no_answer(desk: Desk, tmp_path: Path, kind: str) -> None:
    """A BOM before the first word of a cell was an unknown division, though such a column's name was read."""
    requests = [request for mark in NO_WIDTH for request in spoilt(mark)]
    plain = answered(desk, dict(zip(ASKED, WORDS, strict=True)), DAY)
    assert plain.error is None
    assert {answered(desk, request, DAY) for request in requests} == {plain}
    source, target = tmp_path / f"in.{kind}", tmp_path / "out.parquet"
    frame = pl.DataFrame(requests)
    frame.write_csv(source) if kind == "csv" else frame.write_ndjson(
        source
    ) if kind == "jsonl" else frame.write_parquet(source)
    run(desk, str(source), str(target), Options("ja", DAY, kind, "parquet"))
    out = pl.read_parquet(target)
    assert set(out.select(ANSWERED).iter_rows()) == {tuple(plain)}
    assert out.select(ASKED).equals(frame)  # and carried as it came


@pytest.mark.parametrize("mark", TURNING, ids=ascii)
def test_a_character_that_turns_the_order_of_writing_is_never_passed_over(desk: Desk, mark: str) -> None:
    """`42` after U+202E is seen as `24`: were it read, the answer would be another row's than the one that is seen."""
    for request in spoilt(mark):
        with pytest.raises(AssignError) as refused:
            desk.decide(**request)
        assert f"\\u{ord(mark):04x}" in str(refused.value)


def test_a_row_id_is_read_as_other_words_are(desk: Desk) -> None:
    """In its own option, and in place of a number."""
    assert desk.decide(row="\ufeffnenkin-24\u200b", channel="counter") == desk.decide(
        row="nenkin-24", channel="counter"
    )
    assert desk.decide(division="nenkin", item="\u200bnenkin-24", channel="counter").rows[0].id == "nenkin-24"


@pytest.mark.long
def test_json_lines_are_answered_with_such_words_as_they_came(desk: Desk, tmp_path: Path) -> None:
    """The line itself is not mended."""
    line = json.dumps(asked("\ufeffkokuho", 0), ensure_ascii=False)
    (tmp_path / "in").write_text(line + "\n", "utf-8")
    run(desk, str(tmp_path / "in"), str(tmp_path / "out"), Options("ja", DAY, "jsonl", "jsonl"))
    told = (tmp_path / "out").read_text("utf-8")
    assert told.startswith(line[:-1])
    assert json.loads(told)["error"] is None


@pytest.mark.long
def test_a_word_that_is_understood_is_recorded_as_it_was_typed(tmp_path: Path) -> None:
    """
    An act or a heading with such a character was answered by `decide`, and refused with `--record`; a batch took it.

    Division and channel are words of a list, and are recorded by key.
    """
    marks = ("\u200b", "\ufeff", " ", "\u3000")
    rows = [{name: f"{mark}{word}{mark}" for name, word in zip(ASKED, WORDS, strict=True)} for mark in marks]
    frame, roots = pl.DataFrame(rows), set()
    with Desk.open(audit=f"sqlite:///{tmp_path}/a.db") as desk:
        assert desk.audit is not None
        for mark, row in zip(marks, rows, strict=True):
            keys = {"division": "kokuho", "channel": "counter"}
            assert desk.record(**row)[0].kept.record["given"] == {**row, **keys}
            [by_id] = desk.record(row=f"{mark}nenkin-24{mark}", channel="counter")
            assert by_id.kept.record["given"]["row"] == f"{mark}nenkin-24{mark}"
        assert {each.outcome for each in replay(desk.audit)} == {"same"}
        for kind, write in (("csv", frame.write_csv), ("jsonl", frame.write_ndjson), ("parquet", frame.write_parquet)):
            write(tmp_path / "in")
            given = Options("ja", DAY, kind, kind)
            counts, kept = batches.run(desk, str(tmp_path / "in"), str(tmp_path / "out"), given, role="system")
            assert counts.errors == 0
            roots.add(kept.record["root"])
    assert len(roots) == 1
