"""Two invented lists with their truth, a column for each party and text from a PDF in two editions: every row is answered as it says."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from assign import Desk
from assign.catalog import manifest_file

from .test_lists import LISTS, rules_for

Truth = dict[str, Any]


def truth(name: str) -> list[Truth]:
    return [json.loads(line) for line in (LISTS / name).read_text("utf-8").splitlines()]


def cells_of(row: Truth) -> dict[str, str]:
    """What is printed, cell by cell, from what the truth says is printed."""
    printed = [answer["mark"] for answer in row["answers"]]
    if isinstance(printed[0], dict):
        return {"contractor": printed[0]["受託者"], "city": printed[0]["市職員"]}
    cells = dict(zip(("desk", "post"), (mark[-1:] if mark[-1:] in ("○", "?") else "" for mark in printed), strict=True))
    return {"share": max(mark.rstrip("○?") for mark in printed), **cells}


def opened(folder: Path, name: str, rows: list[Truth], engine: str) -> Desk:
    """The list as a folder of its own, and the rules that ship without what they say of our rows."""
    target = folder / "list"
    target.mkdir()
    shutil.copy(LISTS / name / "manifest.yaml", target)
    said = manifest_file.load(target / "manifest.yaml")
    with (target / "catalog.csv").open("w", encoding="utf-8", newline="") as file:
        fields = ("id", "division", "section", "group", "number", "name", "remark", *said.cells)
        out = csv.DictWriter(file, (*fields, "reading", "repairs", "document", "line", "raw"), lineterminator="\n")
        out.writeheader()
        for row in rows:
            line = row.get("line") or row["lines"][0]
            key = said.division(row["division"])
            same = [each for each in rows if (each["division"], each["number"]) == (row["division"], row["number"])]
            row["id"] = f"{key}-L{line}"
            if row["number"]:
                row["id"] = f"{key}-{row['number']}{f'-{same.index(row) + 1}' if len(same) > 1 else ''}"
            own = {each: row[each] for each in ("id", "section", "group", "number", "name")}
            own |= {"division": key, "remark": row["remark"].replace("\n", " "), **cells_of(row)}
            reading = "unreadable" if "?" in cells_of(row).values() else "as_printed"
            out.writerow({**own, "reading": reading, "document": row["file"], "line": line})
    rules = rules_for(folder / "rules", " ".join(said.divisions), [row["id"] for row in rows])
    return Desk.open(list=target, rules=rules, engine=engine)


@pytest.mark.long
@pytest.mark.parametrize("engine", ["auto", "table"])
@pytest.mark.parametrize(
    ("name", "file", "answers"), [("b", "truth.jsonl", 32), ("d", "truth_d1.jsonl", 102), ("d", "truth_d2.jsonl", 102)]
)
def test_every_row_is_answered_as_its_own_legend_says(
    name: str, file: str, answers: int, engine: str, tmp_path: Path
) -> None:
    """No act is asked. A mark that no legend defines and a cell that cannot be read are the city's until there is a ruling."""
    rows = truth(f"{name}/{file}")
    desk = opened(tmp_path, name, rows, engine)
    asked = 0
    for row in rows:
        for channel, wanted in zip(desk.catalog.manifest.channels, row["answers"], strict=True):
            found = desk.decide(row=row["id"], channel=channel, on="2025-12-01")
            assert (found.assignee, found.certainty) == (wanted["assignee"], wanted["certainty"]), row["id"]
            asked += 1
            for exception in wanted.get("exceptions", ()):
                assert any(exception["when"] in each.text for each in found.exceptions)
                assert exception["when"] in found.explain("ja", why=True)
                assert exception["when"] in found.explain("ja")
    assert asked == answers
