"""
Record a log of the present format, once: `make golden`. It stays as it is for ever; a later format gets a file of its own.

    log-2.jsonl       the records' bytes, one a line         log-2.checkpoint, log-2.pub    signed over all of them
    log-2.list.txt, log-2.rules.txt, log-2.rulings.yaml      the editions that they cite

log-1 was recorded before a list had a manifest and the rules had kinds of work: it is verified, shown and proved, and not
decided anew.

Clock, ids and key are fixed, so that whoever records it anew from the same list and rules gets the same file.
"""

from __future__ import annotations

import tempfile
import uuid
from contextlib import closing
from pathlib import Path
from unittest.mock import patch

from assign import Desk
from assign.log.keys import SecretKey

FOLDER = Path(__file__).parent / "golden"
NAME = "log-2"
ORIGIN = "example.city/golden"
KEY = SecretKey(ORIGIN, b"golden: everybody knows this key")
ENDINGS = {"list": "list.txt", "rules": "rules.txt", "rulings": "rulings.yaml"}
ASKED = (
    {"division": "nenkin", "item": "24", "channel": "counter", "role": "contractor_clerk"},
    {"division": "国民年金", "item": "２３", "channel": "窓口", "act": "申請書の受領"},
    {"division": "nenkin", "item": 23, "channel": "counter", "act": "decide", "corrects": 5, "role": "city_clerk"},
    {"division": "kokuho", "item": "22-3", "channel": "backyard", "on": "2026-11-01"},
    {"division": "kokuho", "item": "25", "channel": "counter", "act": "data_entry"},
    {"row": "kouki-51-2", "channel": "counter", "key": "0b0cf1c2-6b5f-4b62-9d1f-6e5a0c1d2e3f"},
    {"division": "shomu", "item": "9"},
    {"division": "center", "item": "1-1", "channel": "backyard", "act": "undetermined", "role": "system"},
)


def written() -> dict[str, bytes]:
    """Name → content of every file."""
    with (
        tempfile.TemporaryDirectory() as folder,
        patch("assign.log.keys.held_key", return_value=KEY),
        patch.dict("os.environ", ASSIGN_KEY_STATE=f"{folder}/signed"),
    ):
        ids = (str(uuid.UUID(int=0x3F1C8F0E8D3B4A53B2A40F6A7C9BE1D2 + n * 0x1234567, version=4)) for n in range(100))
        times = (f"2026-11-25T00:00:{n:02}.000Z" for n in range(60))
        with (
            patch("assign.log.record.new_id", lambda: next(ids)),
            patch("assign.log.group_commit.moment", lambda: next(times)),
        ):
            desk = Desk.open(audit=f"sqlite:///{folder}/audit.db", origin=ORIGIN, engine="table")
            log = desk.audit
            assert log is not None
            for asked in ASKED:
                desk.record(**{"on": "2026-11-25", **asked})
        with closing(log):
            found = {f"{NAME}.{ENDINGS[what]}": data for what, data in desk.editions.items()}
            found[f"{NAME}.jsonl"] = b"".join(row.payload + b"\n" for row in log.rows())
            found[f"{NAME}.checkpoint"] = log.checkpoint(KEY).encode()
            found[f"{NAME}.pub"] = f"{KEY.public()}\n".encode()
    return found


def record_once() -> None:
    """Written where there is none of this format yet."""
    if not (FOLDER / f"{NAME}.jsonl").exists():
        for name, data in written().items():
            (FOLDER / name).write_bytes(data)
