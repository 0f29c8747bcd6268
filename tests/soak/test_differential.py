"""`assign batch` against `Desk.decide`, request by request, in files of odd words, names, quotes, encodings and pipes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from assign import Desk

from . import faults
from .differential import Report, Runner, hunt
from .judge import Oracle, judged
from .odd_files import FORMATS, File, Maker

pytest.importorskip("polars")
SEED = int(os.environ.get("ASSIGN_FUZZ_SEED", "1"))
REQUESTS = int(os.environ.get("ASSIGN_FUZZ_REQUESTS", "200000"))


def told(report: Report) -> str:
    """Each failing file, and the counts."""
    return "\n".join([*map(str, report.failures), str(report)])


@pytest.mark.slow
def test_a_thousand_odd_requests_are_answered_as_the_desk_answers_them_or_refused(tmp_path: Path) -> None:
    """The short form: from every format to every format, a few files of each kind; a wrong answer is never exit 0."""
    report = hunt(SEED, 1_000, tmp_path, rows=50)
    assert not report.failures, told(report)
    assert report.rows.total() >= 1_000


@pytest.mark.soak
def test_200_000_odd_requests_are_answered_as_the_desk_answers_them_or_refused(tmp_path: Path) -> None:
    """No difference, no row lost, no traceback, no carried field changed; what is plain is never refused."""
    report = hunt(SEED, REQUESTS, tmp_path, rows=150)
    print(f"\n{told(report)}")
    assert not report.failures, told(report)


CONTROLS: dict[type[Runner], tuple[tuple[str, ...], tuple[str, ...]]] = {
    faults.DropsNearMiss: (("names_decorated", "names_japanese", "names_near"), ("answer", "silent")),
    faults.OpensTwice: (("pipe",), ("lost_rows",)),
    faults.TwoHeaderReaders: (("end_cr", "header_quote"), ("lost_rows",)),
    faults.LosesARow: (("plain",), ("lost_rows",)),
    faults.ChangesANumber: (("plain", "damaged"), ("carried",)),
    faults.AnswersOtherwise: (("plain",), ("answer", "form")),
    faults.LeavesACopy: (("plain",), ("left_behind",)),
}


@pytest.mark.slow
@pytest.mark.parametrize("fault", CONTROLS, ids=lambda fault: fault.__name__)
def test_each_fault_that_is_put_back_is_found(fault: type[Runner], tmp_path: Path, desk: Desk) -> None:
    """A fuzzer that finds nothing is worth nothing. The file that shows it is right without the fault, or may be refused."""
    kinds, expected = CONTROLS[fault]
    maker, oracle = Maker(desk), Oracle(desk)
    runner, sound = fault(tmp_path), Runner(tmp_path)
    for number in range(4_000):
        source, target = FORMATS[number % 9 // 3], FORMATS[number % 3]
        file = maker.file(f"control-{number}", source, target, 30)
        if file.form.kind not in kinds or not _touched(runner, file):
            continue
        found = judged(file, runner.run(file), oracle)
        if found and found.kind in expected and judged(file, sound.run(file), oracle) is None:
            return
    pytest.fail(f"{fault.__name__} was not found in 4,000 files")


def _touched(runner: Runner, file: File) -> bool:
    """Whether the fault can be seen in a file of this form at all."""
    if isinstance(runner, faults.DropsNearMiss):
        return bool(set(file.form.names) & {"act", "on", "section"})
    if isinstance(runner, faults.OpensTwice):
        return file.form.source != "parquet"
    if isinstance(runner, faults.ChangesANumber):
        return b"1.50" in file.data and file.form.target == "jsonl"
    return file.form.target != "parquet" or isinstance(runner, faults.TwoHeaderReaders)


def test_a_file_is_made_again_from_its_seed(desk: Desk) -> None:
    """So that what a night has found is there in the morning."""
    for source in FORMATS:
        one, two = (Maker(desk).file("7-1", source, "csv", 20) for _ in range(2))
        assert one.data == two.data
        assert one == two
