"""
Every bench, one after the other, in one run → one table of ratios beside their limits, and the results page.

    decide.py, start.py, batch.py   with this Python (an environment from locks/bench.txt)
    spark.py                        with `--spark PYTHON` (one from locks/spark.txt, and Java)
    search.py, diff.py              with this Python: what is found, and how fast; what moves between two editions
    audit.py                        with `--audit PYTHON` (one from locks/dev.txt, and a PostgreSQL server)
    web.py                          with `--web PYTHON` (one from locks/dev.txt)

Nothing is measured here: each program measures, checks that all answers are right, and hands over its figures. What did
not run is said on the page, and so is how busy the machine was. Before a figure is believed, look there.

    python bench/all.py [--spark PYTHON] [--audit PYTHON] [--web PYTHON] [--page docs/results.md] [--json FILE] [--quick]
    python bench/all.py --from FILE --again audit …       one of them anew; the page says so
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from time import perf_counter
from typing import Any, Final, NamedTuple

HERE: Final = Path(__file__).parent
FULL: Final = {
    "decide": [],
    "start": [],
    "batch": ["--rows", "100000", "1000000", "10000000", "--memory", "10000000", "30000000", "--peers"],
    "spark": ["--rows", "20000000", "--rounds", "2", "--compare"],
    "audit": [],
    "search": [],
    "diff": [],
    "web": [],
}
QUICK: Final = {
    "decide": ["--rounds", "3"],
    "start": ["--rounds", "3"],
    "batch": ["--rows", "100000", "300000", "--rounds", "1", "--memory", "100000", "300000", "--peers"],
    "spark": ["--rows", "300000", "--rounds", "1", "--compare"],
    "audit": ["--rounds", "1", "--records", "10000"],
    "search": ["--worked"],
    "diff": ["--rows", "215"],
    "web": ["--rounds", "1", "--requests", "320", "--seconds", "6"],
}
NEVER: Final = {
    "ja": (
        "ネットワーク越しのクラスタ（YARN、Kubernetes、Databricks）、3台以上の Spark ワーカー、オブジェクトストレージ",
        "Windows と macOS、3コア以上の計算機、Python 3.11 以外での速さ（正しさは 3.12 と 3.13 でも試験している）",
        "他のエンジンを複数のスレッドやプロセスで動かしたときの速さ（1コアあたりで比べている）",
        "表にない書き方が多いファイルの Parquet / CSV での比（`bench/batch.py --odd 0.01` で測れる）、壊れた行の多いファイル、cp932、JSON Lines",
        "PostgreSQL・DuckDB・SQLite の中での結合の速さ",
    ),
    "en": (
        "clusters over a network (YARN, Kubernetes, Databricks), more than two Spark workers, object stores",
        "Windows and macOS, more than two cores, speed on Pythons other than this one (3.12 and 3.13 are tested for being right)",
        "the peers with several threads or processes (they are compared core by core)",
        "files with many other spellings (`bench/batch.py --odd 0.01` measures that), with many broken rows, in cp932, in JSON Lines",
        "the join inside PostgreSQL, DuckDB and SQLite",
    ),
}


class Line(NamedTuple):
    """One question: what ours took, what the other took, their ratio, and the limit that the ratio is to keep, if any."""

    ja: str
    en: str
    ours: str
    beside: str
    ratio: float | None
    limit: str = ""
    holds: bool | None = None


# -- figures → lines ---------------------------------------------------------------------------------------------------


def at_most(ratio: float, limit: float) -> tuple[float, str, bool]:
    return ratio, f"≤ {limit:g}", ratio <= limit


def at_least(ratio: float, limit: float) -> tuple[float, str, bool]:
    return ratio, f"≥ {limit:g}", ratio >= limit


def decide_lines(found: dict[str, Any]) -> Iterator[Line]:
    by_name = {one["name"]: one for one in found["contestants"]}
    warm = by_name["assign warm"]
    mine = f"{warm['us']:.2f} µs"
    for name, one in by_name.items():
        beside = f"{name} {one['version']}: {one['us']:.2f} µs"
        if name.startswith("dict"):
            yield Line("1件の判定 : 限界", "one decision : a limit", mine, beside, 1 / one["ratio_to_warm"])
        elif not name.startswith("assign"):
            yield Line(
                "1件の判定（記憶から、根拠つき）: 他のエンジンの答えだけ",
                "one decision (remembered, whole) : a peer's bare outcome",
                mine,
                beside,
                *at_least(one["ratio_to_warm"], 3),
            )
    for one in found["limits"]:
        us, limit = f"{one['us']:.1f} µs", f"{one['at_most']} µs"
        ja = {"remembered": "1件の判定（記憶から）: 上限", "new": "1件の判定（はじめての問い）: 上限"}[one["name"]]
        en = {"remembered": "one decision (remembered) : the limit", "new": "one decision (a new question) : the limit"}
        yield Line(ja, en[one["name"]], us, limit, *at_most(one["us"] / one["at_most"], 1))
    claims = {claim["name"]: claim for claim in found["claims"]}
    for name, ja, en in (
        ("assign bare outcome", "1件の答えだけ : 最も速い他のエンジン", "one bare outcome : the fastest peer"),
        (
            "assign first time",
            "1件の判定（初めて）: 最も速い他のエンジン",
            "one decision (built anew) : the fastest peer",
        ),
    ):
        claim = claims[name]
        beside = f"{claim['peer']}: {by_name[claim['peer']]['us']:.2f} µs"
        yield Line(ja, en, f"{by_name[name]['us']:.2f} µs", beside, claim["margin"])


def start_lines(found: dict[str, Any]) -> Iterator[Line]:
    by_name = {one["name"]: one for one in found["commands"]}
    batch = found["batch"]
    for name, one in by_name.items():
        if name.startswith("assign"):
            limit = batch["at_most"] if name == batch["name"] else found["claim"]["at_most"]
            unit = batch["unit"] if name == batch["name"] else "import typer, pydantic"
            ratio = at_most(one["ratio"], limit)
            beside = f"{unit}: {by_name[unit]['ms']:.0f} ms"
            yield Line(
                f"起動から終わりまで `{name}`", f"from start to end `{name}`", f"{one['ms']:.0f} ms", beside, *ratio
            )


def batch_lines(found: dict[str, Any]) -> Iterator[Line]:
    most = max(one["rows"] for one in found["files"])
    for one in found["files"]:
        mine = f"{one['assign_s']:.2f} s ({one['ns_per_row']:.0f} ns/row)"
        beside = f"Polars: {one['raw_join_s']:.2f} s"
        ratio = at_most(one["ratio"], one["at_most"]) if one["rows"] == most else (one["ratio"],)
        kind, rows = {"parquet": "Parquet", "csv": "CSV"}[one["format"]], f"{one['rows']:,}"
        yield Line(
            f"一括 {rows} 行 {kind} : 結合だけ", f"batch of {rows} rows, {kind} : the raw join", mine, beside, *ratio
        )
    mine, *peers = found["peers"]
    for one in peers:
        beside = f"{one['name']}: {one['rows_per_s']:,.0f} rows/s"
        ja, en = "一括 1コアの行/秒 : 他のエンジン", "batch, rows/s on one core : a peer"
        yield Line(ja, en, f"{mine['rows_per_s']:,.0f} rows/s", beside, *at_least(one["ratio"], one["at_least"]))
    for one in found["memory"]:
        kind, (few, many), (small, large) = one["format"], one["rows"], one["peak_mb"]
        limit = one["peak_at_most_mb"]
        yield Line(
            f"最大メモリ {few:,} 行 {kind} : 上限",
            f"peak memory at {few:,} rows, {kind} : the limit",
            f"{small:.0f} MB",
            f"{limit} MB",
            *at_most(small / limit, 1),
        )
        yield Line(
            f"最大メモリ {many:,} 行 : {few:,} 行（{kind}）",
            f"peak memory at {many:,} rows : at {few:,} ({kind})",
            f"{large:.0f} MB",
            f"{small:.0f} MB",
            *at_most(one["ratio"], one["at_most"]),
        )


def spark_lines(found: dict[str, Any]) -> Iterator[Line]:
    rows, claims = f"{found['rows']:,}", found["claims"]
    middle = {cores: found["medians"][cores] for cores in ("1", "2")}
    for cores in ("1", "2"):
        yield Line(
            f"Spark {rows} 行 {cores} コア : 手書きの結合",
            f"Spark, {rows} rows, {cores} core(s) : a join by hand",
            f"{middle[cores]['ours']:.1f} s",
            f"Spark {found['spark']}: {middle[cores]['by hand']:.1f} s",
            *at_most(claims[f"beside_hand_{cores}"], 1.3),
        )
    yield Line(
        f"Spark {rows} 行 1コア : 2コア",
        f"Spark, {rows} rows, 1 core : 2 cores",
        f"{middle['2']['ours']:.1f} s",
        f"{middle['1']['ours']:.1f} s",
        *at_least(claims["scale"], 1.6),
    )
    joins = found["cores"]["2"]["joins"]
    broadcast = all(join == "BroadcastHashJoin" for join in joins)
    said = ", ".join(joins)
    yield Line("Spark の計画の結合", "joins of Spark's plan", said, "", None, "BroadcastHashJoin", broadcast)
    same = found["cores"]["2"]["same"]
    yield Line("Spark : 手書きの結合、同じ行", "Spark : by hand, the same rows", f"{same}", "", None, "True", same)


def audit_lines(found: dict[str, Any]) -> Iterator[Line]:
    limits = found["limits"]
    for store in found["stores"]:
        alone, raw, many, turns, batches = store["records_per_second"].items()
        for (name, ours), (other, beside), ratio in (
            (alone, raw, at_least(store["of_raw"]["alone"], limits["of_raw"])),
            (many, turns, at_least(store["of_raw"]["64 callers"], limits["of_raw"])),
            (many, batches, (store["of_raw"]["batches"],)),
        ):
            who = name.partition(":")[0]
            yield Line(
                f"記録の追記、{store['store']}（{who}）: 同じバイトを書くだけ（{other}）",
                f"appends to the log, {store['store']} ({who}) : the bare database ({other})",
                f"{ours:,.0f}/s",
                f"{beside:,.0f}/s",
                *ratio,
            )
    for name, rate in found.get("crowds", {}).items():
        yield Line(f"追記、PostgreSQL（{name}）", f"appends, PostgreSQL ({name})", f"{rate:,.0f}/s", "", None)
    tree, verified = found["tree_us"], found["verify"]
    yield Line(
        "1件を木に加える手間 : 上限",
        "a record into the tree : the limit",
        f"{tree:.1f} µs",
        f"{limits['tree_us']:g} µs",
        *at_most(tree / limits["tree_us"], 1),
    )
    if cold := found["cold"]:
        times = f"{cold['record_ms']:.0f} ms", f"{cold['decide_ms']:.0f} ms"
        yield Line(
            "起動から `decide --record` : `decide`",
            "from start `decide --record` : `decide`",
            *times,
            *at_most(cold["ratio"], limits["cold"]),
        )
    took, most = verified["verify_s"], limits["million_s"] * verified["records"] / 1e6
    yield Line(
        f"{verified['records']:,} 件の検証 : 上限",
        f"verifying {verified['records']:,} records : the limit",
        f"{took:.1f} s",
        f"{most:g} s",
        *at_most(took / most, 1),
    )
    size = verified["path_bytes"]
    yield Line(
        "1件の証明の道 : 上限", "the proof of one record : the limit", f"{size} B", "1,024 B", *at_most(size / 1024, 1)
    )


def search_lines(found: dict[str, Any]) -> Iterator[Line]:
    whats = {
        "first": ("正しい行が最初", "a right row first"),
        "in three": ("正しい行が 3 番目まで", "a right row among three"),
        "abstained": ("一覧にないと答えた", "answered that the list has none"),
        "in ten": ("できごとの行が 10 番目まで", "rows of a life event among ten"),
    }
    for one in found["shares"]:
        if not one["at_least"]:
            continue
        ja, en = whats[one["what"]]
        how = ("区分あり", "with the division") if one["division"] else ("区分なし", "without")
        mine, least = f"{one['share']:.1%}", f"{one['at_least']:.0%}"
        yield Line(
            f"検索 {one['set']}（{how[0]}）: {ja}",
            f"search, {one['set']} ({how[1]}) : {en}",
            mine,
            "",
            None,
            f"≥ {least}",
            one["share"] >= one["at_least"],
        )
    times = f"{found['median_ms']:.2f} ms", f"SQLite FTS5: {found['bare_ms']:.3f} ms"
    yield Line("検索 1 件の CPU : 名前の全文検索だけ", "CPU of a search : bare full text over names", *times, None)
    for ja, en, taken, most in (
        ("検索 100 件中 95 件の CPU : 上限", "CPU of 95 of 100 searches : the limit", *found["of_100_ms"].values()),
        ("最も遅い悪意ある検索 : 上限", "the slowest hostile search : the limit", *found["slowest_ms"].values()),
    ):
        yield Line(ja, en, f"{taken:.1f} ms", f"{most:g} ms", *at_most(taken / most, 1))


def diff_lines(found: list[dict[str, Any]]) -> Iterator[Line]:
    for one in found:
        if not one["at_most"]:
            continue
        seconds, megabytes = one["at_most"]
        ja, en = (
            ("同じ 2 つの版", "two equal editions") if one["editions"] == "are equal" else ("2 つの版", "two editions")
        )
        for what, unit, taken, most in (
            ("時間 / time", "s", one["cpu"], seconds),
            ("メモリ / memory", "MB", one["megabytes"], megabytes),
        ):
            of_ja, of_en = what.split(" / ")
            yield Line(
                f"{ja}（{one['rows']:,} 行）の差: {of_ja} : 上限",
                f"what moves between {en} of {one['rows']:,} rows, {of_en} : the limit",
                f"{taken:.2f} {unit}",
                f"{most:g} {unit}",
                *at_most(taken / most, 1),
            )


def web_lines(found: dict[str, Any]) -> Iterator[Line]:
    mine = f"{found['ours_ms']:.3f} ms"
    yield Line(
        "HTTP の判定 1 件の CPU : 依頼を読むだけの同じ枠組み",
        "CPU of a decision over HTTP : a bare endpoint that reads its request",
        mine,
        f"FastAPI: {found['bare_ms']:.3f} ms",
        *at_most(found["ratio"], found["limit"]),
    )
    yield Line(
        "HTTP の判定 1 件の CPU : 依頼を読みもしない同じ枠組み",
        "CPU of a decision over HTTP : one that does not even read it",
        mine,
        f"FastAPI: {found['unread_ms']:.3f} ms",
        found["ratio_unread"],
    )
    asked, errors = f"{found['answers']:,}", found["errors"]
    yield Line(
        f"64 接続で {asked} 件: 誤り",
        f"64 connections, {asked} answers: errors",
        f"{errors}",
        "",
        None,
        "0",
        errors == 0,
    )
    grown, most = found["growth"] / 1024, found["growth_at_most"] / 1024
    yield Line(
        "その間のメモリの増え : 上限",
        "memory that it grew by : the limit",
        f"{grown:+.1f} MB",
        f"{most:g} MB",
        None,
        f"≤ {most:g} MB",
        grown <= most,
    )


LINES: Final = {
    "decide": decide_lines,
    "start": start_lines,
    "batch": batch_lines,
    "spark": spark_lines,
    "audit": audit_lines,
    "search": search_lines,
    "diff": diff_lines,
    "web": web_lines,
}


# -- the run -----------------------------------------------------------------------------------------------------------


def machine() -> dict[str, Any]:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    names = ("polars", "pydantic", "typer")
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "cores": len(os.sched_getaffinity(0)),
        "architecture": platform.machine(),
        "memory_gb": round(memory),
        "system": platform.system(),
        "versions": {
            "Python": platform.python_version(),
            "assign": version("itaku-assign"),
            **{name: version(name) for name in names},
        },
    }


def ran(name: str, python: str, words: list[str], folder: Path) -> dict[str, Any]:
    """One program's figures; what it prints goes to stderr as it comes."""
    target = folder / f"{name}.json"
    print(f"\n== {name}.py {' '.join(words)}", file=sys.stderr, flush=True)
    begin, load = perf_counter(), os.getloadavg()[0]
    subprocess.run([python, str(HERE / f"{name}.py"), *words, "--json", str(target)], stdout=sys.stderr, check=True)
    found: dict[str, Any] = json.loads(target.read_text("utf-8"))
    return {**found, "took_s": perf_counter() - begin, "load": [load, os.getloadavg()[0]]}


def said(line: Line, lang: str) -> list[str]:
    ratio = "" if line.ratio is None else f"{line.ratio:.3g}" if line.ratio < 100 else f"{line.ratio:.0f}"
    met = {"ja": {None: "", True: "はい", False: "**いいえ**"}, "en": {None: "", True: "yes", False: "**no**"}}[lang]
    return [line.ja if lang == "ja" else line.en, line.ours, line.beside, ratio, line.limit, met[line.holds]]


def as_table(lines: list[Line]) -> str:
    rows = [["question", "ours", "beside", "ratio", "limit", "met"], *(said(line, "en") for line in lines)]
    widths = [max(len(row[at]) for row in rows) for at in range(6)]
    return "\n".join(
        "  ".join(f"{cell:{size}}" for cell, size in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def page(about: dict[str, Any], lines: list[Line], found: dict[str, Any], left_out: dict[str, str]) -> str:
    versions = ", ".join(f"{name} {number}" for name, number in about["versions"].items())
    loads = ", ".join(
        f"{name} {one['load'][0]:.1f} → {one['load'][1]:.1f}" for name, one in found.items() if "load" in one
    )
    cores, memory = f"{about['cores']}", f"{about['memory_gb']} GB"
    where = {
        "ja": f"{cores} コア（{about['architecture']}）、メモリ {memory}、{about['system']}",
        "en": f"{cores} cores ({about['architecture']}), {memory}, {about['system']}",
    }
    minutes = sum(one["took_s"] for one in found.values()) / 60
    again = ", ".join(about.get("again", []))
    later = {
        "ja": f" {again} は、後の別の回で測り直した。" if again else "",
        "en": f" Measured anew in a later run: {again}." if again else "",
    }
    ja = [
        "# 実測の結果 / Results",
        "",
        "このページは `make bench`（`bench/all.py`）が書きます。手で直さないでください。",
        "",
        f"測った日: {about['date']}（UTC）。計算機: {where['ja']}。{versions}。所要 {minutes:.0f} 分。{later['ja']}",
        f"各プログラムの前後の負荷（load average、測定自身を含む）: {loads}。",
        "比はすべて、同じ回の中で交互に動かした二つの時間の比（各回の比の中央値）です。条件は各 `bench/*.py` の冒頭にあります。",
        "",
        "| 問い | assign | 比べる相手 | 比 | 限度 | 満たす |",
        "|---|---|---|---|---|---|",
    ]
    en = [
        "This page is written by `make bench` (`bench/all.py`). Do not edit it.",
        "",
        f"Date: {about['date']} (UTC). Machine: {where['en']}. {versions}. It took {minutes:.0f} minutes.{later['en']}",
        f"Load average before and after each program, its own work included: {loads}.",
        "Every ratio is of two times taken in turns in one run, the median over the rounds. Each `bench/*.py` opens with its terms.",
        "",
        "| question | assign | beside | ratio | limit | met |",
        "|---|---|---|---|---|---|",
    ]
    tables = {lang: ["| " + " | ".join(said(line, lang)) + " |" for line in lines] for lang in ("ja", "en")}
    missing = {
        "ja": [f"- {name}: 今回は動かしていない（{why}）" for name, why in left_out.items()],
        "en": [f"- {name}: did not run this time ({why})" for name, why in left_out.items()],
    }
    never = {lang: [f"- {each}" for each in NEVER[lang]] for lang in ("ja", "en")}
    parts = [*ja, *tables["ja"], "", "## 測っていないこと", "", *missing["ja"], *never["ja"], "", "## In English", ""]
    parts += [*en, *tables["en"], "", "## Not measured", "", *missing["en"], *never["en"]]
    return "\n".join(parts) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description="Every bench in one run: one table, and the results page")
    parser.add_argument("--spark", metavar="PYTHON", help="a Python that has pyspark; left out without it")
    parser.add_argument("--audit", metavar="PYTHON", help="a Python that has apsw and psycopg; left out without it")
    parser.add_argument("--web", metavar="PYTHON", help="a Python that has fastapi and granian; left out without it")
    parser.add_argument("--page", type=Path, metavar="FILE")
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument(
        "--from", dest="known", type=Path, metavar="FILE", help="render a --json of before; run nothing but --again"
    )
    parser.add_argument("--again", nargs="+", default=[], choices=list(FULL), help="what runs anew, with --from")
    parser.add_argument("--quick", action="store_true", help="small sizes, to see that it works; no figure counts")
    options = parser.parse_args()
    left_out: dict[str, str] = {}
    pythons = dict.fromkeys(("decide", "start", "batch", "search", "diff"), sys.executable)
    if options.known:
        whole = json.loads(options.known.read_text("utf-8"))
        about, found, left_out = whole["about"], whole["found"], whole["left_out"]
        about["again"] = sorted({*about.get("again", []), *options.again})
        pythons |= {"spark": options.spark, "audit": options.audit, "web": options.web}
        pythons = {name: pythons[name] for name in options.again}
    else:
        about, found = machine(), {}
        if not options.spark or not Path(options.spark).exists() or not shutil.which("java"):
            left_out["spark.py"] = "Spark / Java"
        else:
            pythons["spark"] = options.spark
        for each, python, needed in (
            ("audit", options.audit, "apsw / psycopg"),
            ("web", options.web, "fastapi / granian"),
        ):
            if python:
                pythons[each] = python
            else:
                left_out[f"{each}.py"] = needed
    with tempfile.TemporaryDirectory() as name:
        for each, python in pythons.items():
            found[each] = ran(each, python, (QUICK if options.quick else FULL)[each], Path(name))
    lines = [line for name, one in found.items() for line in LINES[name](one)]
    versions = ", ".join(f"{name} {number}" for name, number in about["versions"].items())
    where = f"{about['cores']} cores ({about['architecture']}), {about['memory_gb']} GB, {about['system']}"
    print(f"\n{about['date']}, {where}; {versions}{'; QUICK: no figure counts' if options.quick else ''}\n")
    print(as_table(lines))
    for name, why in left_out.items():
        print(f"not run: {name} ({why})")
    if options.json:
        whole = {"about": about, "found": found, "left_out": left_out}
        options.json.write_text(json.dumps(whole, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    if options.page:
        options.page.write_text(page(about, lines, found, left_out), encoding="utf-8")


if __name__ == "__main__":
    main()
