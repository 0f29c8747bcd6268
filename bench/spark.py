"""
How long does the batch take on a Spark cluster, with one core and with two, and beside a join written by hand?

In:   `--rows` requests in Parquet (id, division, item, channel, act, on): the keys of the decision table over and over,
      mixed; one in seven without an act, one in five without a date, the rest on days of 2020 to 2026.
Out:  Seconds to read, answer and write them as Parquet, ratios, cost per row, and the joins of the plan; with --json the
      same as a file.

The cluster is real: a master and two workers of one core each, separate processes on loopback. The driver is a process
of its own for each number of cores (`spark.cores.max`); the executors are warmed up with the same work on fewer rows.

    ours         spark.decide(frame).write: looks for words that are not in the table, then joins and writes
    by hand      the join that a Spark user writes when every word is known to be in the table: one broadcast join with
                 the days between; a null act and a null date filled in. It answers no other spelling and finds no error.
    ours, odd    as ours, over rows of which one in a hundred says it in other words (国民年金, ２４, 窓口, typing errors)

    python bench/spark.py [--rows 20000000] [--rounds 3] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path
from statistics import median
from typing import Any, Final, Self
from urllib.request import ProxyHandler, build_opener

TODAY: Final = date(2026, 4, 1)
LOOPBACK: Final = "127.0.0.1"
KINDS: Final = ("ours", "by hand", "ours, odd")
SCALES: Final = 1.6  # the claims
BESIDE_HAND: Final = 1.3


class Cluster:
    """
    A standalone Spark cluster on loopback: a master and workers of one core each, with ports and folders of their own.

    Each worker leads a process group, so that `kill` ends it and its executor at once, as when a machine loses power.
    """

    def __init__(self, work: Path, workers: int = 2, memory: str = "2g") -> None:
        import pyspark

        home = Path(pyspark.__file__).parent
        self._work = work
        self._launcher = home / "bin" / "spark-class"
        (work / "conf").mkdir(parents=True)
        self.environment = {
            **os.environ,
            "SPARK_HOME": str(home),
            "SPARK_CONF_DIR": str(work / "conf"),
            "SPARK_LOCAL_IP": LOOPBACK,
            "SPARK_PUBLIC_DNS": LOOPBACK,
            "SPARK_LOCAL_DIRS": str(work / "local"),
            "SPARK_DAEMON_MEMORY": "512m",
            "PYSPARK_PYTHON": "no-such-python",  # executors need none
        }
        port, page = _free_ports(2)
        self.master = f"spark://{LOOPBACK}:{port}"
        self._page = f"http://{LOOPBACK}:{page}/json/"
        self.workers: list[subprocess.Popen[bytes]] = []
        self._master = self._start("master.Master", "master", port, page)
        try:
            self._until(lambda: self.state()["status"] == "ALIVE")
            for number in range(workers):
                folder = str(work / f"worker{number}")
                sizes = ("--cores", "1", "--memory", memory, "--work-dir", folder, self.master)
                self.workers.append(self._start("worker.Worker", f"worker{number}", *_free_ports(2), *sizes))
            self._until(lambda: self.alive() == workers)
        except BaseException:
            self.stop()
            raise

    def state(self) -> dict[str, Any]:
        """What the master says of itself."""
        with build_opener(ProxyHandler({})).open(self._page, timeout=10) as page:
            return json.load(page)

    def alive(self) -> int:
        """Workers that the master counts on."""
        return sum(worker["state"] == "ALIVE" for worker in self.state()["workers"])

    def kill(self, number: int) -> None:
        """SIGKILL to a worker and its executor."""
        os.killpg(self.workers[number].pid, signal.SIGKILL)
        self.workers[number].wait(30)

    def stop(self) -> None:
        """End every process of the cluster."""
        for process in (*self.workers, self._master):
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(30)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _start(self, kind: str, name: str, port: int, page: int, *more: str) -> subprocess.Popen[bytes]:
        where = ("--host", LOOPBACK, "--port", str(port), "--webui-port", str(page))
        with (self._work / f"{name}.log").open("wb") as log:
            return subprocess.Popen(
                ["bash", str(self._launcher), f"org.apache.spark.deploy.{kind}", *where, *more],
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _until(self, ready: Any, seconds: float = 90) -> None:
        end = time.monotonic() + seconds
        while True:
            try:
                if ready():
                    return
            except OSError:  # not listening yet
                pass
            if time.monotonic() > end:
                logs = "\n".join(path.read_text("utf-8", "replace")[-2000:] for path in self._work.glob("*.log"))
                raise TimeoutError(f"the cluster did not start in {seconds:.0f} s\n{logs}")
            time.sleep(0.2)


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind((LOOPBACK, 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def session(master: str, **more: str) -> Any:
    """A session whose driver, too, listens on loopback alone."""
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.master(master).appName("assign").config("spark.ui.enabled", "false")
    for name in ("spark.driver.host", "spark.driver.bindAddress"):
        builder = builder.config(name, LOOPBACK)
    for name, value in {"spark.sql.shuffle.partitions": "8", "spark.ui.showConsoleProgress": "false", **more}.items():
        builder = builder.config(name, value)
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    return spark


# -- one driver --------------------------------------------------------------------------------------------------------


def make(spark: Any, table: Any, rows: int, folder: Path) -> None:
    """The requests, clean and with odd words."""
    from pyspark.sql import functions as f

    keys = table.select("division", "item", "channel", "act").distinct().collect()
    names = {"kokuho": "国民健康保険", "kouki": "後期", "nenkin": "国民年金", "shomu": "庶務", "center": "センター"}
    wide = str.maketrans("0123456789-", "０１２３４５６７８９－")
    arrays = {
        "division": [key.division for key in keys],
        "item": [key.item for key in keys],
        "channel": [key.channel for key in keys],
        "act": [key.act for key in keys],
        "odd_division": [names[key.division] for key in keys],
        "odd_item": [key.item.translate(wide) if n % 9 else "99x" for n, key in enumerate(keys)],
    }
    at = f.pmod(f.col("id") * 7919, f.lit(len(keys))).cast("int")
    (folder / "keys.json").write_text(json.dumps(arrays), "utf-8")
    held = spark.read.schema(", ".join(f"{name} array<string>" for name in arrays)).json(str(folder / "keys.json"))
    numbered = held.select(f.posexplode(f.arrays_zip(*arrays)).alias("at", "key")).select("at", "key.*")
    frame = spark.range(rows, numPartitions=16).withColumn("at", at).join(f.broadcast(numbered), "at")
    act = f.when(f.col("id") % 7 > 0, f.nullif("act", f.lit("")))
    day = f.when(f.col("id") % 5 > 0, f.date_add(f.lit("2020-01-01"), (f.col("id") % 2400).cast("int")).cast("string"))
    clean = frame.select("id", "division", "item", "channel", act.alias("act"), day.alias("on"))
    clean.write.parquet(str(folder / "clean"))
    odd = f.col("id") % 100 == 0
    frame.select(
        "id",
        f.when(odd, f.col("odd_division")).otherwise(f.col("division")).alias("division"),
        f.when(odd, f.col("odd_item")).otherwise(f.col("item")).alias("item"),
        f.when(odd, f.when(f.col("channel") == "counter", "窓口").otherwise("ﾊﾞｯｸﾔｰﾄﾞ"))
        .otherwise(f.col("channel"))
        .alias("channel"),
        act.alias("act"),
        day.alias("on"),
    ).write.parquet(str(folder / "odd"))


def by_hand(frame: Any, table: Any) -> Any:
    """The join of a Spark user who knows that every word is in the table."""
    from pyspark.sql import functions as f

    asked = frame.alias("asked")
    lines = f.broadcast(table).alias("line")
    day = f.coalesce(f.col("asked.on"), f.lit(TODAY.isoformat()))
    condition = (
        (f.col("asked.division") == f.col("line.division"))
        & (f.col("asked.item") == f.col("line.item"))
        & (f.col("asked.channel") == f.col("line.channel"))
        & (f.coalesce(f.col("asked.act"), f.lit("")) == f.col("line.act"))
        & day.between(f.col("line.since"), f.col("line.until"))
    )
    answers = ("assignee", "certainty", "rules", "row", "caveats", "reason", "error")
    return asked.join(lines, condition, "left").select("asked.*", *(f"line.{name}" for name in answers))


def drive(options: argparse.Namespace) -> None:
    """Make the requests, or time the kinds over them in turns; the figures are the last line printed."""
    from assign import Desk
    from assign.batch import spark
    from assign.desk.lookup import ANSWERED, decision_table, of_line

    desk = Desk.open()
    folder = Path(options.folder)
    plain = folder / "table.json"
    names = ["division", "item", "channel", "act", "since", "until", *ANSWERED]
    if not plain.exists():
        lines = (dict(zip(names, (*line[:6], *of_line(line)), strict=True)) for line in decision_table(desk))
        plain.write_text("".join(f"{json.dumps(line)}\n" for line in lines), "utf-8")
    sized = {"spark.cores.max": str(options.cores), "spark.executor.cores": "1", "spark.executor.memory": "1500m"}
    running = session(options.master, **sized, **{"spark.sql.parquet.compression.codec": "snappy"})
    try:
        schema = ", ".join(f"`{name}` string" for name in names)
        table = running.read.schema(schema).json(str(plain))
        if options.drive == "make":
            make(running, table, options.rows, folder)
            return
        clean, odd = (running.read.parquet(str(folder / name)) for name in ("clean", "odd"))
        kinds = {
            "by hand": lambda part: by_hand(clean.where(part), table),
            "ours": lambda part: spark.decide(clean.where(part), desk=desk, today=TODAY),
            "ours, odd": lambda part: spark.decide(odd.where(part), desk=desk, today=TODAY),
        }
        if options.cores == 1:  # how odd words cost is asked once
            del kinds["ours, odd"]
        taken: dict[str, list[float]] = {name: [] for name in kinds}
        looked: list[float] = []
        for answer in kinds.values():
            _wrote(answer(f"id < {options.rows // 40}"), folder)
        for _ in range(options.rounds):
            for name, answer in kinds.items():
                begin = time.perf_counter()
                frame = answer("true")
                if name == "ours":
                    looked.append(time.perf_counter() - begin)
                _wrote(frame, folder)
                taken[name].append(time.perf_counter() - begin)
        plan = kinds["ours"]("id < 1000")._jdf.queryExecution().executedPlan().toString()  # noqa: SLF001  # the only way to a plan as text
        joins = [word for word in plan.replace("[", " ").split() if word.endswith("Join")]
        same = None
        if options.compare:
            ours, hand = kinds["ours"]("true"), kinds["by hand"]("true")
            same = ours.exceptAll(hand).count() == 0 and ours.count() == options.rows
        print(json.dumps({"seconds": taken, "looking": looked, "joins": joins, "same": same}))
    finally:
        running.stop()


def _wrote(frame: Any, folder: Path) -> None:
    frame.write.mode("overwrite").parquet(str(folder / "answers"))


# -- the contest -------------------------------------------------------------------------------------------------------


def driven(cluster: Cluster, options: argparse.Namespace, folder: Path, what: str, cores: int) -> str:
    """One driver, a process of its own → the last line that it printed."""
    command = [sys.executable, __file__, "--drive", what, "--master", cluster.master, "--cores", str(cores)]
    sizes = ["--rows", str(options.rows), "--rounds", str(options.rounds), "--folder", str(folder)]
    compare = ["--compare"] if options.compare and cores == 2 else []
    done = subprocess.run(
        [*command, *sizes, *compare], env=cluster.environment, stdout=subprocess.PIPE, text=True, check=True
    )
    return done.stdout.strip().rpartition("\n")[2]


def main() -> None:
    parser = argparse.ArgumentParser(
        description="The batch on a Spark cluster: one core, two, and beside a join by hand"
    )
    parser.add_argument("--rows", type=int, default=20_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--compare", action="store_true", help="also compare all answers with the join by hand")
    parser.add_argument("--json", type=Path, metavar="FILE")
    for name in ("--drive", "--master", "--folder"):
        parser.add_argument(name, help=argparse.SUPPRESS)
    parser.add_argument("--cores", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.drive:
        drive(options)
        return

    with tempfile.TemporaryDirectory() as name, Cluster(Path(name) / "cluster") as cluster:
        folder = Path(name)
        driven(cluster, options, folder, "make", 2)
        found = {cores: json.loads(driven(cluster, options, folder, "time", cores)) for cores in (1, 2)}

    one, two = (found[cores]["seconds"] for cores in (1, 2))
    print(f"{options.rows:,} rows, Parquet to Parquet, median of {options.rounds} (min..max), seconds")
    form = "{:<12} {:>24} {:>24} {:>8} {:>18}"
    print(form.format("", "1 core", "2 cores", "1 : 2", "us/row on one core"))
    for kind in KINDS:
        spreads = [
            f"{median(t[kind]):.1f} ({min(t[kind]):.1f}..{max(t[kind]):.1f})" if kind in t else "" for t in (one, two)
        ]
        scale = f"{median(one[kind]) / median(two[kind]):.2f}" if kind in one else ""
        cost = f"{median(one[kind]) / options.rows * 1e6:.2f}" if kind in one else ""
        print(form.format(kind, *spreads, scale, cost))
    for cores in (1, 2):
        print(f"of ours, looking for odd words, {cores} core(s): {median(found[cores]['looking']):.1f} s")
    if options.compare:
        print(f"ours and by hand give the same rows: {found[2]['same']}")
    speedup = median(one["ours"]) / median(two["ours"])
    print(f"2 cores are at least {SCALES}x of 1: {'yes' if speedup >= SCALES else 'no'} ({speedup:.2f})")
    claims: dict[str, float] = {"scale": speedup}
    for cores, taken in ((1, one), (2, two)):
        ratio = median(mine / theirs for mine, theirs in zip(taken["ours"], taken["by hand"], strict=True))
        claims[f"beside_hand_{cores}"] = ratio
        says = "yes" if ratio <= BESIDE_HAND else "no"
        print(f"at most {BESIDE_HAND}x of the join by hand, {cores} core(s): {says} ({ratio:.2f})")
    print(f"joins of the plan: {', '.join(found[2]['joins'])}")
    if options.json:
        import pyspark

        medians = {n: {kind: median(t) for kind, t in found[n]["seconds"].items()} for n in (1, 2)}
        about = {"rows": options.rows, "rounds": options.rounds, "spark": pyspark.__version__}
        whole = {**about, "claims": claims, "medians": medians, "cores": found}
        options.json.write_text(json.dumps(whole, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
