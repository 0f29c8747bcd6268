"""A Spark cluster answers what the desk answers: every row once, also where a machine dies on the way."""

from __future__ import annotations

import csv
import sys
import threading
import time
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from assign import Desk
from assign.batch import spark
from assign.desk.lookup import ANSWERED, answered, decision_table
from assign.errors import BadRequest
from assign.rules.changes import boundaries

from .built_in import CHANNELS
from .editions import folder_of
from .sessions import COLUMNS, ODD, TODAY, frame_of, needs_spark, plan_of, rows_of
from .sessions import _loopback as _loopback  # noqa: PLC0414 - a fixture
from .sessions import _session as _session  # noqa: PLC0414 - a fixture
from .sessions import _tools as _tools  # noqa: PLC0414 - a fixture

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


PARTS = 60  # of the frame in the cluster test; each is a task
ROWS = 900_000


def test_without_pyspark_the_error_says_what_to_install(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The module itself is imported without it."""
    monkeypatch.setitem(sys.modules, "pyspark", None)
    with pytest.raises(spark.SparkMissing, match=r"pip install 'itaku-assign\[spark\]'"):
        spark.decide(None, desk=desk)
    with pytest.raises(spark.SparkMissing):
        spark.run(desk, "in", "out")


@needs_spark
@pytest.mark.slow
@pytest.mark.parametrize("lang", ["ja", "en"])
def test_every_request_of_the_table_and_every_odd_word_is_answered_as_by_the_desk(
    session: SparkSession, desk: Desk, tmp_path: Path, lang: str
) -> None:
    """Row by row: all keys on the first day of each span, keys without a date, and words that are not the table's."""
    asked = [(*line[:4], line.since if n % 3 else None, None) for n, line in enumerate(decision_table(desk))]
    rows = [(str(n), *request) for n, request in enumerate([*asked, *ODD])]
    frame = spark.decide(frame_of(session, tmp_path, rows), desk=desk, lang=lang, today=TODAY)
    assert frame.columns == [*COLUMNS, *ANSWERED]
    found = rows_of(frame)
    wanted = [(*row, *answered(desk, dict(zip(COLUMNS, row, strict=True)), TODAY, lang)) for row in rows]
    assert len(found) == len(wanted)
    assert [pair for pair in zip(found, wanted, strict=True) if pair[0] != pair[1]] == []


@needs_spark
@pytest.mark.slow
def test_each_row_is_answered_by_the_edition_in_force_on_its_date(session: SparkSession, tmp_path: Path) -> None:
    """Of a folder of editions: as the desk answers, and on a day of none with the error that names that very day."""
    for edition, folder in (("1", "r7"), ("2", "r8")):
        folder_of(edition, tmp_path / "list" / folder)
    desk = Desk.open(list=tmp_path / "list", engine="table")
    days = ("2025-04-01", "2026-03-31", "2026-04-01", "2099-01-01", "2025-03-31", "2024-05-06", "R7.5.1", "", None)
    items = (("kouki", "7"), ("kouki", "9の2"), ("jido", "17"), ("児童", "17"))
    asked = [(division, item, "counter", None, on, None) for division, item in items for on in days]
    rows = [(str(n), *request) for n, request in enumerate(asked)]
    found = rows_of(spark.decide(frame_of(session, tmp_path, rows), desk=desk, today=TODAY))
    wanted = [(*row, *answered(desk, dict(zip(COLUMNS, row, strict=True)), TODAY)) for row in rows]
    assert found == wanted
    assert sum("2024-05-06" in str(row[-1]) for row in found) == len(items)


@needs_spark
@pytest.mark.slow
def test_columns_of_other_types_are_read_as_their_words_and_carried_as_they_are(
    session: SparkSession, desk: Desk
) -> None:
    """Ints as digits, dates as ISO, a collated string letter by letter; structs, duplicates and dotted names stay."""
    frame = session.sql(
        "SELECT named_struct('a', id) AS `a.b`, id AS n, id AS n, 'nenkin' AS Division, CAST(id AS INT) AS item, "
        "collate(IF(id = 3, 'COUNTER', 'counter'), 'UNICODE_CI') AS channel, "
        "IF(id = 24, NULL, date_add(DATE'2021-09-30', CAST(id % 2 AS INT))) AS on FROM range(1, 45)"
    )
    found = spark.decide(frame, desk=desk, today=TODAY)
    assert found.columns == [*frame.columns, *ANSWERED]
    assert found.schema.fields[: len(frame.columns)] == frame.schema.fields
    rows = sorted((tuple(row) for row in found.collect()), key=lambda row: int(row[1]))
    assert len(rows) == 44
    for nested, n, again, division, item, channel, on, *answer in rows:
        assert (tuple(nested), again, item) == ((n,), n, n)
        words = {"division": division, "item": str(item), "channel": channel, "on": on.isoformat() if on else None}
        assert tuple(answer) == answered(desk, words, TODAY)


@needs_spark
@pytest.mark.slow
@pytest.mark.parametrize("adaptive", ["true", "false"])
def test_the_table_is_joined_by_broadcast_and_no_python_runs(
    session: SparkSession, desk: Desk, tmp_path: Path, adaptive: str
) -> None:
    """In the plan as executed, whether or not Spark may change it on the way."""
    session.conf.set("spark.sql.adaptive.enabled", adaptive)
    try:
        rows = [("0", "nenkin", "24", "counter", None, None, None)]
        frame = spark.decide(frame_of(session, tmp_path, rows), desk=desk, today=TODAY)
        assert len(frame.collect()) == 1
        plan = plan_of(frame)
    finally:
        session.conf.unset("spark.sql.adaptive.enabled")
    assert "BroadcastHashJoin" in plan
    for other in ("SortMergeJoin", "ShuffledHashJoin", "NestedLoop", "Exchange hashpartitioning", "Python"):
        assert other not in plan


@needs_spark
@pytest.mark.slow
def test_a_frame_that_cannot_be_answered_is_refused_with_the_column(session: SparkSession, desk: Desk) -> None:
    """Before anything runs on the cluster."""
    good = "'nenkin' AS division, '24' AS item, 'counter' AS channel"
    for columns, named in (
        ("'nenkin' AS division, '24' AS item", "channel"),
        (f"{good}, 1 AS row", "row"),
        (f"{good}, 1 AS Reason", "Reason"),
        (f"{good}, 1 AS on, 2 AS On", "on"),
    ):
        with pytest.raises(BadRequest, match=f"`{named}`"):
            spark.decide(session.sql(f"SELECT {columns}"), desk=desk)
    stream = session.readStream.format("rate").load().selectExpr("*", *good.split(", "))
    with pytest.raises(BadRequest, match="foreachBatch"):
        spark.decide(stream, desk=desk)


@needs_spark
@pytest.mark.slow
def test_too_many_odd_words_are_counted_and_refused(
    session: SparkSession, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The driver never holds more than the limit and one."""
    monkeypatch.setattr(spark, "MOST_WORDS", 100)
    frame = session.sql("SELECT 'nenkin' AS division, concat('x', id) AS item, 'counter' AS channel FROM range(1234)")
    with pytest.raises(spark.TooManyWords, match="1,234 distinct"):
        spark.decide(frame, desk=desk)
    assert spark.decide(frame.limit(100), desk=desk).count() == 100


@needs_spark
@pytest.mark.slow
def test_days_between_the_same_changes_are_one_odd_request(
    session: SparkSession, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that says 国民年金 on every row of seven years is not thousands of odd requests."""
    changes = {
        day
        for day in boundaries(desk.rules, [task.id for task in desk.catalog.tasks], CHANNELS)
        if day > date(2020, 1, 1)
    }
    assert len(changes) < 20
    monkeypatch.setattr(spark, "MOST_WORDS", len(changes) + 1)
    frame = session.sql(
        "SELECT id, '国民年金' AS division, '24' AS item, 'counter' AS channel, "
        "CAST(date_add(DATE'2020-01-01', CAST(id AS INT)) AS STRING) AS on FROM range(2500)"
    )
    for row in spark.decide(frame, desk=desk, today=TODAY).collect():
        words = {name: row[name] for name in ("division", "item", "channel", "on")}
        assert tuple(row)[5:] == answered(desk, words, TODAY)


@needs_spark
@pytest.mark.slow
def test_an_input_that_changes_between_its_two_readings_is_an_error_not_an_empty_answer(
    session: SparkSession, desk: Desk, tmp_path: Path
) -> None:
    """A row whose words were not there when they were looked for."""
    from pyspark.errors import PySparkException

    frame = frame_of(session, tmp_path, [("0", "nenkin", "24", "counter", None, None, None)])
    found = spark.decide(frame, desk=desk, today=TODAY)
    frame_of(session, tmp_path, [("0", "nenkin", "9x", "counter", None, None, None)])
    session.catalog.clearCache()
    with pytest.raises(PySparkException, match="persist it first"):
        found.collect()


@needs_spark
@pytest.mark.slow
def test_a_cluster_that_loses_a_worker_in_mid_run_gives_every_row_once_and_right(
    tools: Any, loopback: None, desk: Desk, tmp_path: Path
) -> None:
    """
    A master and two workers, processes of their own; SIGKILL to one and its executor while both are at work.

    That the kill landed is asserted, too: the master counts one worker, and Spark counts tasks that failed.
    """
    from pyspark.sql import SparkSession

    del loopback
    if (before := SparkSession.getActiveSession()) is not None:
        before.stop()
    with tools.Cluster(tmp_path / "cluster", memory="1g") as cluster:
        running = tools.session(
            cluster.master,
            **{"spark.executor.cores": "1", "spark.executor.memory": "800m", "spark.cores.max": "2"},
            # The tracker tells of every event. By default it writes once in 100 ms, at the first event after that: while two
            # tasks go in step this is always an end, and it never tells of two at work.
            **{"spark.ui.liveUpdate.period": "0"},
        )
        try:
            _survives(running, cluster, desk, tmp_path)
        finally:
            running.stop()


def _survives(running: SparkSession, cluster: Any, desk: Desk, folder: Path) -> None:
    words = [line[:3] for line in decision_table(desk) if not line.act][::5] + [row[:3] for row in ODD[:2]] * 9
    words = [row for row in words if all(row)]
    arrays = [f"array({', '.join(repr(str(row[n]).strip()) for row in words)})" for n in range(3)]
    picked = (f"element_at({each}, CAST(id % {len(words)} AS INT) + 1)" for each in arrays)
    named = ", ".join(f"{each} AS {name}" for each, name in zip(picked, ("division", "item", "channel"), strict=True))
    # Each part waits a little at its first row, so that the job can't be over before the kill, however fast the machine.
    wait = f"CASE WHEN id % {ROWS // PARTS} = 0 THEN reflect('java.lang.Thread', 'sleep', CAST(200 AS BIGINT)) END"
    frame = running.sql(
        f"SELECT id, {named} FROM range(0, {ROWS}, 1, {PARTS}) WHERE coalesce({wait}, '') <> 'never'"  # noqa: S608
    )
    answers = spark.decide(frame, desk=desk, today=TODAY)
    failures: list[BaseException] = []

    def write() -> None:
        try:
            answers.write.csv(str(folder / "out"), emptyValue="")
        except BaseException as error:  # noqa: BLE001  # told by the test's own thread
            failures.append(error)

    job = threading.Thread(target=write)
    tracker = running.sparkContext.statusTracker()
    seen: dict[int, Any] = {}

    def writing() -> Any:
        """The stage that writes, as it stands."""
        for stage in tracker.getActiveStageIds():
            info = tracker.getStageInfo(stage)
            if info is not None and info.numTasks == PARTS:
                seen[stage] = info
                return info
        return None

    assert cluster.alive() == 2
    executors = running.sparkContext._jsc.sc().getExecutorMemoryStatus  # the driver is one of them
    until = time.monotonic() + 600
    while executors().size() < 3:
        assert time.monotonic() < until, "the second executor did not come"
        time.sleep(0.05)
    info = None
    job.start()
    while job.is_alive() and info is None:
        time.sleep(0.01)
        now = writing()
        if now is not None and now.numCompletedTasks >= 4 and now.numActiveTasks == 2:
            info = now
    assert info is not None, f"no moment was seen at which both worked: {failures}, {seen}"
    assert info.numCompletedTasks < PARTS - 10, "the job was nearly over before the kill"
    cluster.kill(1)
    job.join(240)
    assert not job.is_alive()
    assert failures == []
    last = tracker.getStageInfo(info.stageId)
    assert last is not None
    assert last.numFailedTasks >= 1, "no task was lost with the worker: the kill did not land in mid-run"
    assert cluster.alive() == 1
    assert [worker["state"] for worker in cluster.state()["workers"]].count("DEAD") == 1

    wanted = []
    for row in words:
        asked = tuple(str(word).strip() for word in row)
        answer = answered(desk, dict(zip(("division", "item", "channel"), asked, strict=True)), TODAY)
        wanted.append((*asked, *(word or "" for word in answer)))
    met = bytearray(ROWS)
    for part in sorted((folder / "out").glob("part-*.csv")):
        with part.open(encoding="utf-8", newline="") as file:
            for line in csv.reader(file, doublequote=False, escapechar="\\"):
                number = int(line[0])
                met[number] += 1
                assert tuple(line[1:]) == wanted[number % len(wanted)]
    assert met == b"\x01" * ROWS
