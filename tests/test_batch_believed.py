"""A batch's record holds what was read and what was written; and no reader believes it without the files."""

from __future__ import annotations

import csv
import os
import threading
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from assign import Desk, batch
from assign.audit import batches
from assign.audit.batches import prove_row, run
from assign.audit.batches import replay as anew
from assign.batch import files, pipeline
from assign.errors import BadRequest, DataError
from assign.log.keys import held_key
from assign.words import sha256

from .trail import _home as _home  # noqa: PLC0414 - a fixture
from .trail import cli

pytestmark = pytest.mark.long

ORIGIN = "test.example/batch"
CSV = batch.Options("ja", date(2026, 11, 25), "csv", "csv")
ROWS = [["nenkin", "24", "counter", "a"], ["kokuho", "25", "counter", "b"], ["center", "1-1", "backyard", "c"]]


@pytest.fixture(name="desk")
def _desk(tmp_path: Path) -> Desk:
    return Desk.open(audit=f"sqlite:///{tmp_path / 'log.db'}", origin=ORIGIN, engine="table")


@pytest.fixture(name="source")
def _source(tmp_path: Path) -> Path:
    path = tmp_path / "in.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["division", "item", "channel", "note"], *ROWS])
    return path


def swapped(source: Path) -> None:
    """Another item, in as many bytes, at the same moment."""
    before = source.stat()
    source.write_bytes(source.read_bytes().replace(b"nenkin,24", b"nenkin,23"))
    os.utime(source, ns=(before.st_atime_ns, before.st_mtime_ns))


def replaced(source: Path) -> None:
    """The name leads to another file."""
    other = source.with_name("other.csv")
    other.write_bytes(source.read_bytes().replace(b"nenkin,24", b"nenkin,23"))
    source.unlink()
    source.symlink_to(other)


@pytest.mark.parametrize("how", [swapped, replaced, Path.unlink])
def test_what_is_hashed_is_what_was_answered(
    desk: Desk, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: Callable[[Path], None]
) -> None:
    """Whatever happens to the file after it was read: there is one reading."""
    real, read = pipeline.opened, source.read_bytes()

    def meanwhile(*words: Any) -> Any:
        how(source)
        return real(*words)

    monkeypatch.setattr(pipeline, "opened", meanwhile)
    out = tmp_path / "out.csv"
    _, kept = run(desk, str(source), str(out), CSV)
    assert kept.record["input"] == sha256(read)
    assert out.read_text("utf-8").splitlines()[1].startswith("nenkin,24,")


def test_a_file_that_is_written_while_it_is_read_is_refused(
    desk: Desk, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half of one content and half of another never stood in the file."""
    real = files._copied

    def meanwhile(*words: Any) -> Any:
        found = real(*words)
        os.truncate(source, 20)
        return found

    monkeypatch.setattr(files, "_copied", meanwhile)
    assert desk.audit is not None
    before = desk.audit.size
    with pytest.raises(DataError, match="changed while it was read"):
        run(desk, str(source), str(tmp_path / "out.csv"), CSV)
    assert desk.audit.size == before
    assert not (tmp_path / "out.csv").exists()


def test_a_pipe_is_read_once(desk: Desk, source: Path, tmp_path: Path) -> None:
    """What it brought is what is hashed."""
    pipe, data = tmp_path / "pipe.csv", source.read_bytes()
    os.mkfifo(pipe)
    writer = threading.Thread(target=lambda: pipe.write_bytes(data), daemon=True)
    writer.start()
    _, kept = run(desk, str(pipe), str(tmp_path / "out.csv"), CSV)
    writer.join()
    assert kept.record["input"] == sha256(data)


def test_an_output_that_changes_before_it_is_recorded_is_neither_recorded_nor_given(
    desk: Desk, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its rows and its digest are those of one file."""
    real = batches._leaves

    def meanwhile(answers: Path, *words: Any) -> Any:
        yield from real(answers, *words)
        answers.write_bytes(answers.read_bytes().replace(b",a,", b",A,"))

    monkeypatch.setattr(batches, "_leaves", meanwhile)
    assert desk.audit is not None
    before = desk.audit.size
    with pytest.raises(DataError, match="changed while it was read"):
        run(desk, str(source), str(tmp_path / "out.csv"), CSV)
    assert desk.audit.size == before
    assert not (tmp_path / "out.csv").exists()


def forged(desk: Desk, kept: Any, **other: object) -> int:
    """The same record with other words, as whoever writes the log can make it."""
    assert desk.audit is not None
    stamp = ("schema", "origin", "seq", "recorded", "version")
    draft = {name: value for name, value in kept.record.items() if name not in stamp}
    return desk.audit.append({**draft, "key": None, **other}).seq


def test_counts_in_a_record_are_counted_again(desk: Desk, source: Path, tmp_path: Path) -> None:
    """All rows the contractor's, says the record; its root says something else."""
    out = tmp_path / "out.csv"
    _, kept = run(desk, str(source), str(out), CSV)
    seq = forged(desk, kept, outcomes={"contractor/settled": 3})
    assert desk.audit is not None
    assert anew(desk.audit, kept.seq, source, CSV) == (kept.seq, "same", ("", ""))
    found = anew(desk.audit, seq, source, CSV)
    assert found.outcome == "different"
    assert "counts in the record" in found.detail.en
    note = desk.audit.checkpoint(held_key(ORIGIN))
    prove_row(desk.audit, kept.seq, out, 1, CSV, note)
    with pytest.raises(BadRequest, match="the record is not true"):
        prove_row(desk.audit, seq, out, 1, CSV, note)


def test_digests_in_a_record_are_compared_or_said_not_to_be(desk: Desk, source: Path, tmp_path: Path) -> None:
    """Of the output: in another format its bytes are others, and nobody says that they were compared."""
    out = tmp_path / "out.csv"
    _, kept = run(desk, str(source), str(out), CSV)
    seq = forged(desk, kept, output="0" * 64)
    assert desk.audit is not None
    found = anew(desk.audit, seq, source, CSV)
    assert (found.outcome, found.detail) == ("same", batches.OUTPUT_NOT_CHECKED)
    note = desk.audit.checkpoint(held_key(ORIGIN))
    with pytest.raises(BadRequest, match="not the output of record"):
        prove_row(desk.audit, seq, out, 1, CSV, note)
    with pytest.raises(BadRequest, match="not the input of record"):
        anew(desk.audit, forged(desk, kept, input="0" * 64), source, CSV)


def test_a_row_is_not_proved_from_a_file_whose_other_columns_were_changed(
    desk: Desk, source: Path, tmp_path: Path
) -> None:
    """Two people's rows change places: no leaf holds what was carried through, but the file's digest does."""
    out = tmp_path / "out.csv"
    _, kept = run(desk, str(source), str(out), CSV)
    assert desk.audit is not None
    note = desk.audit.checkpoint(held_key(ORIGIN))
    prove_row(desk.audit, kept.seq, out, 1, CSV, note)
    text = out.read_text("utf-8")
    out.write_text(text.replace(",a,", ",x,").replace(",b,", ",a,").replace(",x,", ",b,"), "utf-8")
    with pytest.raises(BadRequest, match="not the output of record"):
        prove_row(desk.audit, kept.seq, out, 1, CSV, note)


@pytest.mark.slow
def test_what_is_shown_of_a_batch_is_said_to_be_as_recorded(desk: Desk, source: Path, tmp_path: Path) -> None:
    """In the list, and of one record."""
    _, kept = run(desk, str(source), str(tmp_path / "out.csv"), CSV)
    url = f"sqlite:///{tmp_path / 'log.db'}"
    desk.close()
    assert "3 行（記録のまま）" in cli("audit", "list", "--audit", url).out
    assert "照らしていません" in cli("audit", "show", kept.seq, "--audit", url).out
    said = cli("audit", "show", kept.seq, "--audit", url, "--lang", "en").out
    assert "as recorded, and not checked" in said
    asked = ("audit", "replay", "--batch", kept.seq, "--file", source, "--audit", url)
    assert "照らしていません" in cli(*asked).out  # answered into another format
    assert cli(*asked).code == 0
    assert "as recorded, and not checked" in cli(*asked, "--lang", "en").out


def test_a_batch_is_not_written_over_the_log(desk: Desk, source: Path, tmp_path: Path) -> None:
    """By its name, by a hard link, and by a symbolic one."""
    desk.close()
    log, url = tmp_path / "log.db", f"sqlite:///{tmp_path / 'log.db'}"
    (tmp_path / "hard.csv").hardlink_to(log)
    (tmp_path / "soft.csv").symlink_to(log)
    before = log.read_bytes()
    for target in (log, tmp_path / "hard.csv", tmp_path / "soft.csv", Path(f"{log}-wal")):
        assert cli("batch", source, target, "--format", "csv", "--record", "--audit", url).code == 2
        assert log.read_bytes() == before
