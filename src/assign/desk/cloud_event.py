"""
An answer as an event of CloudEvents 1.0, in its JSON format: `decide --cloudevent`, `Accept: application/cloudevents+json`.

An event of an answer that nobody recorded holds no clock and no random number: the same answer is the same event, and whoever has got it
twice can tell by `source` and `id`. A recorded one is its record: its number, and the moment when it was written.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from assign.explanation.wording import Answer
from assign.words import sha256

TYPE: Final = "assign.decision"


def event(answer: Answer, record: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """
    Args:
        answer: With its provenance. record: The answer's record, where one was written.

    Returns:
        The event, as plain data.
    """
    digest = sha256(json.dumps(answer, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode())
    if record is None:
        about = {"id": digest, "source": f"urn:assign:list:{answer['provenance']['catalog_sha256']}"}
    else:
        about = {"id": f"{record['seq']}-{digest}", "source": f"urn:assign:log:{quote(record['origin'], safe='')}"}
    rows = ",".join(row["id"] for row in answer["rows"])
    return {
        "specversion": "1.0",
        **about,
        "type": TYPE,
        "subject": f"{rows}/{answer['channel']}",
        **({} if record is None else {"time": record["recorded"]}),
        "datacontenttype": "application/json",
        "data": answer,
    }
