"""A file of answers has one record, and each of its rows is provable against it."""

from __future__ import annotations

import csv
import json
import uuid
from base64 import b64decode
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from assign import Desk, batch
from assign.audit.batches import prove_row, run
from assign.audit.batches import replay as anew
from assign.batch import read_back
from assign.errors import AssignError, BadOption, BadRequest
from assign.log import merkle
from assign.log.canonical import canonical, read
from assign.log.checkpoint import open_verified
from assign.log.errors import KeyReused
from assign.log.keys import held_key
from assign.log.store import StoreError
from assign.resources import rules_folder

from .trail import cli

pytestmark = pytest.mark.long

ROWS = [
    ["nenkin", "24", "counter", "山田太郎"],
    ["kokuho", "２５", "窓口", "=1+1"],
    ["kokuho", "山田太郎 090-1234-5678", "counter", "b"],
    ["center", "1-1", "backyard", ""],
    ["nenkin", "24", "backyard", "c"],
]
TODAY = date(2026, 11, 25)
STAMP = ("schema", "origin", "seq", "recorded", "version")


@pytest.fixture
def logged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return Desk.open(audit=f"sqlite:///{tmp_path / 'log.db'}", origin="test.example/batch")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "in.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["division", "item", "channel", "note"], *ROWS])
    return path


def options(kind: str) -> batch.Options:
    return batch.Options("ja", TODAY, "csv", kind)


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_every_row_of_a_batch_is_provable_from_its_output_file(
    logged: Desk, source: Path, tmp_path: Path, kind: str
) -> None:
    """And from no other row, and at no other place."""
    assert logged.audit is not None
    out = tmp_path / f"out.{kind}"
    counts, kept = run(logged, str(source), str(out), options(kind), role="system")
    record = kept.record
    assert (record["kind"], record["rows"], record["role"]) == ("batch", 5, "system")
    assert counts.rows_out == 5
    assert sum(record["outcomes"].values()) == 5
    note = logged.audit.checkpoint(held_key("test.example/batch"))
    leaves = []
    for row in range(1, 6):
        bundle = prove_row(logged.audit, kept.seq, out, row, options(kind), note)
        shown = bundle["row"]
        leaf, path = merkle.leaf_hash(shown["leaf"].encode()), [b64decode(each) for each in shown["path"]]
        assert json.loads(shown["leaf"])["n"] == row == shown["index"] + 1
        assert merkle.included(row - 1, 5, leaf, path, bytes.fromhex(record["root"]))
        assert not merkle.included(row % 5, 5, leaf, path, bytes.fromhex(record["root"]))
        leaves.append(shown["leaf"])
    assert "city_staff" in leaves[0]
    assert json.loads(leaves[2]) == {"error": True, "n": 3}
    assert open_verified(note, logged.audit.keys())[0].size == logged.audit.size


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_a_leaf_is_the_canonical_form_of_what_its_row_says(
    logged: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """Whatever stands in it, and however many rows differ in their day alone; over several slices."""
    monkeypatch.setattr(read_back, "SLICE", 7)
    source, out = tmp_path / "in.csv", tmp_path / f"out.{kind}"
    days = [f"2026-{month:02d}-01" for month in range(1, 13)]
    rows = [[*row[:3], day, 'n":0,"', "審査"] for day in ("", *days, "yesterday") for row in ROWS]
    rows += [["nenkin", "24", "counter", "", "x", word] for word in ("", 'n":0', '"n":0', "\\", "decide")]
    with source.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["division", "item", "channel", "on", "note", "act"], *rows])
    leaves: list[bytes] = []
    hashed = merkle.leaf_hash

    def noted(leaf: bytes) -> bytes:
        leaves.append(leaf)
        return hashed(leaf)

    monkeypatch.setattr(merkle, "leaf_hash", noted)
    run(logged, str(source), str(out), options(kind))
    plain = tmp_path / "plain.jsonl"
    batch.run(logged, str(source), str(plain), options("jsonl"))
    names = ("division", "item", "channel", "act", "on", "section", "assignee", "certainty", "rules", "row", "caveats")
    wanted = []
    for number, line in enumerate(plain.read_text("utf-8").splitlines(), 1):
        said = json.loads(line)
        told = {"error": True} if said["error"] else {name: said[name] for name in names if said.get(name)}
        wanted.append(canonical({"n": number, **told}))
    assert leaves[: len(wanted)] == wanted


def test_what_the_file_says_of_persons_is_in_no_leaf_and_no_record(logged: Desk, source: Path, tmp_path: Path) -> None:
    """Carried columns and words that were not understood stay in the file."""
    out = tmp_path / "out.csv"
    _, kept = run(logged, str(source), str(out), options("csv"))
    assert "山田" in out.read_text("utf-8")
    assert "山田".encode() not in kept.payload
    assert logged.audit is not None
    note = logged.audit.checkpoint(held_key("test.example/batch"))
    for row in range(1, 6):
        text = json.dumps(prove_row(logged.audit, kept.seq, out, row, options("csv"), note)["row"], ensure_ascii=False)
        assert "山田" not in text
        assert "090" not in text


def test_a_changed_row_of_the_output_cannot_be_proved(logged: Desk, source: Path, tmp_path: Path) -> None:
    """The whole tree is made again from the file."""
    out = tmp_path / "out.csv"
    _, kept = run(logged, str(source), str(out), options("csv"))
    assert logged.audit is not None
    note = logged.audit.checkpoint(held_key("test.example/batch"))
    text = out.read_text("utf-8")
    assert "city_staff" in text
    out.write_text(text.replace("city_staff", "contractor", 1), "utf-8")
    with pytest.raises(BadRequest, match="not the output of record"):
        prove_row(logged.audit, kept.seq, out, 5, options("csv"), note)
    with pytest.raises(BadRequest, match="rows run from 1 to 5"):
        prove_row(logged.audit, kept.seq, out, 6, options("csv"), note)
    with pytest.raises(BadRequest, match="not of a batch"):
        prove_row(logged.audit, 0, out, 1, options("csv"), note)


def test_no_answers_appear_where_the_batch_cannot_be_recorded(
    logged: Desk, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No durable record, no answer: the file is not there, nor a half of it."""

    def full(_draft: object) -> None:
        raise StoreError("いっぱい", "full")

    assert logged.audit is not None
    monkeypatch.setattr(logged.audit, "append", full)
    with pytest.raises(StoreError):
        run(logged, str(source), str(tmp_path / "out.csv"), options("csv"))
    assert not list(tmp_path.glob("*out*"))
    with pytest.raises(BadOption):
        run(logged, str(source), "-", options("csv"))
    with pytest.raises(BadOption):
        run(Desk.open(), str(source), str(tmp_path / "out.csv"), options("csv"))


@pytest.mark.slow
def test_a_batch_sent_again_with_its_key_is_recorded_once(logged: Desk, source: Path, tmp_path: Path) -> None:
    """The same answers, or none."""
    key = str(uuid.uuid4())
    _, first = run(logged, str(source), str(tmp_path / "a.csv"), options("csv"), key=key)
    _, again = run(logged, str(source), str(tmp_path / "b.csv"), options("csv"), key=key)
    assert (first.seq, first.created, again.seq, again.created) == (again.seq, True, first.seq, False)
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()
    with pytest.raises(AssignError):  # the same key for other answers
        run(logged, str(source), str(tmp_path / "c.parquet"), options("parquet"), key=key)
    source.write_text("division,item,channel\nnenkin,1,counter\n", "utf-8")
    with pytest.raises(KeyReused):
        run(logged, str(source), str(tmp_path / "d.csv"), options("csv"), key=key)
    assert not (tmp_path / "c.parquet").exists()
    assert not (tmp_path / "d.csv").exists()


def test_a_batch_on_rules_that_are_not_published_is_refused(
    logged: Desk, source: Path, tmp_path: Path, edit_rules: Callable[[str], Path]
) -> None:
    """A record cites only what was published before it."""
    other = Desk.open(rules=edit_rules("委託しないもの"))
    other.audit = logged.audit
    with pytest.raises(AssignError, match="has not published"):
        run(other, str(source), str(tmp_path / "out.csv"), options("csv"))
    assert not (tmp_path / "out.csv").exists()
    assert logged.audit is not None
    logged.audit.publish(other.editions)
    _, kept = run(other, str(source), str(tmp_path / "out.csv"), options("csv"))
    assert read(kept.payload)["editions"]["rules"] == other.rules.sha256


@pytest.mark.slow
@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
def test_a_batch_is_answered_anew_from_its_input_and_the_log(
    logged: Desk, source: Path, tmp_path: Path, edit_rules: Callable[[str], Path], form: str
) -> None:
    """By the editions of its day, whatever was published since, on another day, and into another format."""
    log = logged.audit
    assert log is not None
    given = tmp_path / f"given.{form}"
    run(logged, str(source), str(given), options(form))
    asked = replace(options("csv"), in_format=form)
    if form == "csv":
        given = source
    else:  # as it comes from a city: without answers
        rows = [dict(zip(("division", "item", "channel", "note"), row, strict=True)) for row in ROWS]
        given.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
        if form == "parquet":
            pl.DataFrame(rows).write_parquet(given)
    _, kept = run(logged, str(given), str(tmp_path / "out.csv"), asked, role="system")
    log.publish(Desk.open(rules=edit_rules("委託しないもの")).editions)
    later = replace(asked, today=date(2031, 1, 1), out_format="jsonl" if form == "jsonl" else "parquet", lang="en")
    assert anew(log, kept.seq, given, later).outcome == "same"
    draft = {name: value for name, value in kept.record.items() if name not in STAMP}
    counts = {"contractor/settled": 4, "error/unknown_item": 1}
    other = log.append({**draft, "key": None, "root": "0" * 64, "outcomes": counts})
    found = anew(log, other.seq, given, later)
    assert found.outcome == "different"
    assert "contractor/settled 4 → " in found.detail.en


def test_a_batch_is_not_answered_anew_from_another_file_or_without_its_edition(
    logged: Desk, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each says what is missing."""
    log = logged.audit
    assert log is not None
    _, kept = run(logged, str(source), str(tmp_path / "out.csv"), options("csv"))
    for wrong, message in ((tmp_path / "out.csv", "not the input of record"), (tmp_path / "none", "cannot read")):
        with pytest.raises(AssignError, match=message):
            anew(log, kept.seq, wrong, options("csv"))
    with pytest.raises(BadRequest, match="not of a batch"):
        anew(log, 0, source, options("csv"))
    monkeypatch.setattr("assign.audit.door.Snapshot.edition", lambda *_: None)
    found = anew(log, kept.seq, source, options("csv"))
    assert (found.outcome, "does not hold" in found.detail.en) == ("cannot", True)


@pytest.mark.slow
def test_a_batch_is_answered_anew_on_the_command_line(
    logged: Desk, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`same` exits 0; half of the options is a mistake."""
    _, kept = run(logged, str(source), str(tmp_path / "out.csv"), options("csv"))
    monkeypatch.setenv("ASSIGN_AUDIT", f"sqlite:///{tmp_path / 'log.db'}")
    done = cli("audit", "replay", "--batch", kept.seq, "--file", source)
    assert (done.code, "同じ（1 バイトも違わない）: 1" in done.out) == (0, True), done
    told = json.loads(cli("audit", "replay", "--batch", kept.seq, "--file", source, "--json").out)
    assert (told["records"], told["outcomes"]["same"], told["batches"]) == (1, 1, 0)
    assert cli("audit", "replay", "--batch", kept.seq).code == 2
    assert cli("audit", "replay", "--batch", kept.seq, "--file", tmp_path / "out.csv").code == 2


@pytest.fixture
def edit_rules(tmp_path: Path) -> Callable[[str], Path]:
    def edited(title: str) -> Path:
        folder = tmp_path / "rules"
        folder.mkdir()
        for path in rules_folder().glob("*.yaml"):
            text = path.read_text("utf-8").replace("委託しない業務", title, 1)
            (folder / path.name).write_text(text, "utf-8", newline="")
        return folder

    return edited
