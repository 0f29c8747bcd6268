"""
Record the golden decisions anew: `make golden`, then read the diff.

`decisions.csv` holds every row and channel with one act of each class; `*.txt` and `*.json` hold whole answers as a clerk
and a program read them. The engine's name is left out, so that any engine makes the same files.
"""

from __future__ import annotations

import csv
import io
import json
from itertools import product
from pathlib import Path

from assign import Desk

from .built_in import CHANNELS

FOLDER = Path(__file__).parent / "golden"
OTHERS = (
    "log-",
    "who_believes_what",
)  # logs of every format stay as they were written; the table of tampering has a program of its own
ON = "2026-11-25"
ACTS = [None, "receive", "decide", "seal", "refund", "undetermined"]
WHOLE = {
    "nenkin-24-counter": {"division": "nenkin", "item": "24", "channel": "counter"},
    "nenkin-23-counter": {"division": "nenkin", "item": "23", "channel": "counter"},
    "nenkin-23-counter-decide": {"division": "nenkin", "item": "23", "channel": "counter", "act": "decide"},
    "kokuho-22-counter": {"division": "kokuho", "item": "22", "channel": "counter"},
    "kokuho-25-counter-data_entry": {"division": "kokuho", "item": "25", "channel": "counter", "act": "data_entry"},
    "kokuho-28-backyard": {"division": "kokuho", "item": "28", "channel": "backyard"},
    "kokuho-34-counter": {"division": "kokuho", "item": "34", "channel": "counter"},
    "kouki-29-counter": {"division": "kouki", "item": "29", "channel": "counter"},
    "kouki-43-counter-collect_cash": {"division": "kouki", "item": "43", "channel": "counter", "act": "collect_cash"},
    "kouki-65-1-backyard-reminder": {"division": "kouki", "item": "65-1", "channel": "backyard", "act": "reminder"},
    "shomu-9-counter": {"division": "shomu", "item": "9", "channel": "counter"},
    "center-1-backyard": {"division": "center", "item": "1", "channel": "backyard"},
    "center-1-1-backyard-undetermined": {"row": "center-1-1", "channel": "backyard", "act": "undetermined"},
}


def decisions(desk: Desk) -> str:
    """The whole list, one line a request."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["row", "line", "channel", "act", "assignee", "certainty", "rule", "caveats"])
    for task, channel, act in product(desk.catalog.tasks, CHANNELS, ACTS):
        decision = desk.decide(row=task.id, channel=channel, act=act, on=ON)
        caveats = " ".join(caveat.code for caveat in decision.caveats)
        writer.writerow(
            [task.id, task.line, channel, act or "", decision.assignee, decision.certainty, *decision.rules, caveats]
        )
    return out.getvalue()


def files(desk: Desk) -> dict[str, str]:
    """Every golden file: name → text."""
    found = {"decisions.csv": decisions(desk)}
    for name, asked in WHOLE.items():
        decision = desk.decide(**asked, on=ON)
        answer = decision.model_dump(mode="json")
        del answer["provenance"]
        said = [decision.explain(lang, why=why) for lang in ("ja", "en") for why in (False, True)]
        found[f"{name}.txt"] = "\n\n".join(said) + "\n"
        found[f"{name}.json"] = json.dumps(answer, ensure_ascii=False, indent=1) + "\n"
    return found


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.*"):  # not the folder of the page, which needs a browser (`make golden-page`)
        if not old.name.startswith(OTHERS):
            old.unlink()
    for name, text in files(Desk.open()).items():
        (FOLDER / name).write_text(text, "utf-8", newline="")
