"""Two editions of an invented list (tests/lists/d) as folders of lists, made from their truth; and copies of any folder that are edited."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from assign.catalog.csv_file import as_csv
from assign.catalog.manifest import load
from assign.catalog.model import Task, with_keys
from assign.words import Reading, sha256

from .test_lists import rules_for

D = Path(__file__).parent / "lists" / "d"
DIVISIONS = {"後期高齢者医療": "kouki", "児童手当・子ども医療": "jido"}
CHANNELS = {"窓口": "desk", "郵送": "post"}
DAYS = {"1": "2025-04-01", "2": "2026-04-01"}


def truth(edition: str) -> list[dict[str, Any]]:
    """The rows of an edition with their answers."""
    return [json.loads(line) for line in (D / f"truth_d{edition}.jsonl").read_text("utf-8").splitlines()]


def folder_of(edition: str, folder: Path) -> Path:
    """The folder of a list, with its document and with rules that have one kind of work for all rows."""
    (folder / "source").mkdir(parents=True)
    document = (D / f"list_d{edition}.txt").read_bytes()
    (folder / "source" / f"list_d{edition}.txt").write_bytes(document)
    (folder / "manifest.yaml").write_text(_manifest(edition, document), "utf-8")
    manifest = load(folder / "manifest.yaml")
    tasks = with_keys(map(_task, truth(edition)), f"list_d{edition}.txt")
    (folder / "catalog.csv").write_bytes(as_csv(tasks, manifest))
    retained_first = sorted(tasks, key=lambda task: task.cells["share"] != "直")  # an act's example is of the first row
    rules_for(folder / "rules", "kouki jido", [task.id for task in retained_first])
    return folder


def _task(row: dict[str, Any]) -> Task:
    marks = {answer["channel"]: answer["mark"] for answer in row["answers"]}
    share = next((c for mark in marks.values() for c in mark if c in "直託共協"), "")
    cells = {"share": share} | {key: marks[name].removeprefix(share) for name, key in CHANNELS.items()}
    settled = row["shape"] == "plain" and row["raw"].count("\n") == 0 and not row["anomalies"]
    reading = Reading.UNREADABLE if "?" in cells.values() else Reading.AS_PRINTED if settled else Reading.JUDGED
    words = [row[name] for name in ("section", "group", "number", "name", "remark")]
    raw = row["raw"].split("\n")[0]
    return Task(DIVISIONS[row["division"]], *words, cells, row["lines"][0], raw, reading, ())


def _manifest(edition: str, document: bytes) -> str:
    legend = json.loads((D / "legend.json").read_text("utf-8"))["marks"]
    lines = document.decode("utf-8").split("\n")

    def cited(mark: str) -> dict[str, Any]:
        text = f"{mark}：{legend[mark]['meaning']}"
        at = next(at for at, line in enumerate(lines, 1) if text in line)
        return {"document": f"list_d{edition}.txt", "line": at, "text": text}

    blank = {"ja": "空欄は市職員です", "en": "a blank is city staff's"}
    means = {"託": "consigned", "共": "part_divided", "協": "undefined"}
    meanings: list[dict[str, Any]] = [{"when": {"share": "直"}, "means": "retained", "legend": cited("直")}]
    for mark, meaning in means.items():
        meanings.append({"when": {"share": mark, "way": "○"}, "means": meaning, "legend": cited(mark)})
        meanings.append({"when": {"share": mark, "way": ""}, "means": "outside", "because": blank})
    kinds = {"desk": "counter", "post": "mail"}
    return json.dumps(
        {
            "title": {"ja": "窓口業務等の分担一覧", "en": "Who does what"},
            "edition": f"令和{6 + int(edition)}年度版",
            "effective": DAYS[edition],
            "documents": [{"file": f"list_d{edition}.txt", "sha256": sha256(document)}],
            "divisions": [{"key": key, "label": {"ja": name, "en": key}} for name, key in DIVISIONS.items()],
            "channels": [
                {"key": key, "label": {"ja": name, "en": key}, "kind": kinds[key]} for name, key in CHANNELS.items()
            ],
            "columns": [
                {"key": "share", "label": {"ja": "区分", "en": "share"}},
                {"key": "way", "label": {"ja": "方法", "en": "way"}, "per": "channel"},
            ],
            "meanings": meanings,
        },
        ensure_ascii=False,
        indent=1,
    )
