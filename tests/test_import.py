"""A list of another shape is read by a mapping that a person wrote, without Python: every answer is that of its own truth."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from assign import Desk
from assign.catalog.loader import load
from assign.check.proofs import check, unproved
from assign.errors import BadOption, RuleFileError
from assign.intake import importing


LISTS = Path(__file__).parent / "lists"


def made(folder: Path, file: Path, mapping: Path) -> Path:
    """The folder that `assign import` makes."""
    report = importing.report_on(file, mapping)
    assert report.fit, [note.text["en"] for note in report.notes.of("refused")]
    importing.write(report, str(folder))
    return folder


def truth(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def other_answers(folder: Path, wanted: list[dict[str, Any]], channels: dict[str, str], acts: dict[str, str]) -> list[Any]:
    """The answers that are not those of the truth, row by row."""
    desk = Desk.open(list=folder, engine="table")
    rows = {task.line: task for task in desk.catalog.tasks}
    wrong: list[Any] = []
    for row in wanted:
        task = rows.pop(row.get("line") or row["lines"][0])
        names = (row["number"], row["name"].replace(" ", ""))
        if (task.number, task.name.replace(" ", "")) != names:
            wrong.append((names, task))
        for answer in row["answers"]:
            for channel in channels.values() if answer["channel"] == "*" else [channels[answer["channel"]]]:
                act = None if answer["act"] == "*" else acts[answer["act"]]
                found = desk.decide(row=task.id, channel=channel, act=act, on=row.get("on", "2025-11-01"))
                if (found.assignee, found.certainty) != (answer["assignee"], answer["certainty"]):
                    wrong.append((task.id, channel, act, found.assignee, found.certainty, answer))
                texts = " ".join(exception.text for exception in found.exceptions)
                lost = [each["when"] for each in answer.get("exceptions", ()) if each["when"] not in texts]
                lost += [text for text in answer.get("conditions", ()) if text not in texts]
                wrong += [(task.id, "lost", text) for text in lost]
                if "changes" in answer and not found.exceptions:
                    wrong.append((task.id, "change lost", answer["changes"]))
    return wrong + list(rows)


@pytest.mark.parametrize(
    ("name", "file", "wanted", "channels"),
    [
        ("b", "list_b.csv", "truth.jsonl", {"*": "desk"}),
        ("d", "list_d1.txt", "truth_d1.jsonl", {"窓口": "desk", "郵送": "post"}),
        ("d", "list_d2.txt", "truth_d2.jsonl", {"窓口": "desk", "郵送": "post"}),
    ],
)
def test_every_answer_is_right_from_the_raw_file(
    tmp_path: Path, name: str, file: str, wanted: str, channels: dict[str, str]
) -> None:
    """From the file as the city has it, by a mapping, with every condition shown."""
    folder = made(tmp_path / "list", LISTS / name / file, LISTS / name / "mapping.yaml")
    assert other_answers(folder, truth(LISTS / name / wanted), channels, {}) == []
    assert check(unproved(str(folder), None, "table"), list_path=folder).findings == []
