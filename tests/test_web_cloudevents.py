"""CloudEvents 1.0: the same bytes from the API and the command line, no clock in an answer, and 406 for what we cannot give."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from assign import Desk
from assign.web.app import inner
from assign.web.direct import Direct
from assign.web.guard import Guard
from assign.web.keys import Keys
from assign.web.measures import Measures
from assign.web.media import CLOUD, CLOUD_BATCH, JSON, chosen
from assign.web.problems import Problem
from assign.web.settings import Settings

from .command_line import inside

ASKED = {"division": "nenkin", "item": "24", "channel": "counter"}


def client(desk: Desk) -> TestClient:
    return TestClient(Guard(Direct(inner(desk, Settings(), Keys(None), Measures())), 10), raise_server_exceptions=False)


@pytest.fixture(scope="module")
def api(desk: Desk) -> TestClient:
    return client(desk)


def is_event(found: dict[str, Any]) -> bool:
    """Whether it has what CloudEvents 1.0 asks of an event in JSON, and each name is one."""
    needed = all(isinstance(found[name], str) and found[name] for name in ("id", "source", "specversion", "type"))
    return needed and all(name.isascii() and name.isalnum() and name.islower() for name in found)


def test_an_event_is_the_answer_and_the_bytes_of_the_command_line(
    api: TestClient, capsys: pytest.CaptureFixture[str]
) -> None:
    done = api.post("/v1/decisions", json=ASKED, headers={"accept": CLOUD})
    assert (done.status_code, done.headers["content-type"]) == (200, CLOUD)
    words = [word for name, value in ASKED.items() for word in (f"--{name}", value)]
    assert (0, done.text, "") == inside(capsys, "decide", *words, "--cloudevent")
    event = done.json()
    assert is_event(event)
    assert event["data"] == api.post("/v1/decisions", json=ASKED).json()
    assert (event["specversion"], event["subject"]) == ("1.0", "nenkin-24/counter")
    assert "time" not in event


def test_the_same_answer_is_the_same_event_and_another_is_another(api: TestClient) -> None:
    def asked(**more: str) -> dict[str, Any]:
        found: dict[str, Any] = api.post("/v1/decisions", json={**ASKED, **more}, headers={"accept": CLOUD}).json()
        return found

    assert asked() == asked()
    ids = [asked(**each)["id"] for each in ({}, {"item": "23"}, {"channel": "backyard"}, {"act": "receive"})]
    assert len({*ids}) == len(ids)


def test_without_a_channel_events_come_as_a_batch(api: TestClient, capsys: pytest.CaptureFixture[str]) -> None:
    asked = {"division": "nenkin", "item": "24"}
    done = api.post("/v1/decisions", json=asked, headers={"accept": CLOUD_BATCH})
    assert (done.status_code, done.headers["content-type"]) == (200, CLOUD_BATCH)
    assert done.text == inside(capsys, "decide", "-d", "nenkin", "-i", "24", "--cloudevent")[1]
    assert all(map(is_event, done.json()))
    refused = api.post("/v1/decisions", json=asked, headers={"accept": CLOUD})
    assert (refused.status_code, refused.json()["candidates"]) == (406, [JSON, CLOUD_BATCH])


def test_a_recorded_event_is_its_record_and_a_refused_format_writes_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = f"sqlite:///{tmp_path}/log.db"
    with Desk.open(audit=url) as desk:
        api = client(desk)
        assert desk.audit is not None
        size = desk.audit.size
        assert api.post("/v1/decisions", json=ASKED, headers={"accept": "text/html"}).status_code == 406
        assert desk.audit.size == size
        key = {"accept": CLOUD, "idempotency-key": "0b6a3c0e-6d3a-4d3c-9a56-3f1d7a1d4b11"}
        first = api.post("/v1/decisions", json=ASKED, headers=key)
        assert first.text == api.post("/v1/decisions", json=ASKED, headers=key).text
        other = api.post("/v1/decisions", json=ASKED, headers={"accept": CLOUD}).json()
        event = first.json()
        assert event["data"] == other["data"]
        assert event["id"] != other["id"]
        assert event["id"].startswith(first.headers["assign-record"] + "-")
        assert datetime.fromisoformat(event["time"]).tzinfo is not None
        assert event["source"] == "urn:assign:log:" + desk.audit.origin.replace("/", "%2F")
    words = ["decide", "-d", "nenkin", "-i", "24", "-c", "counter", "--record", "--audit", url, "--cloudevent"]
    code, out, err = inside(capsys, *words)
    recorded, receipt = json.loads(out), json.loads(err)["record"]
    assert (code, recorded["time"], recorded["source"]) == (0, receipt["recorded"], event["source"])


def test_an_error_beside_an_event_is_json_too(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = inside(capsys, "decide", "-d", "nenkin", "-i", "99", "--cloudevent")
    assert (code, out) == (3, "")
    assert json.loads(err)["error"]["code"] == "unknown_item"


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        ("", JSON),
        ("*/*", JSON),
        ("application/*", JSON),
        (CLOUD, CLOUD),
        ("application/CloudEvents+JSON; q=1", CLOUD),
        (f"{JSON};q=0.5, {CLOUD}", CLOUD),
        (f"{CLOUD};q=0.5, {JSON}", JSON),
        (f"{CLOUD}, {JSON}", JSON),
        (f"text/html, {CLOUD};q=0.1", CLOUD),
        (f"{JSON};q=0, */*", CLOUD),
        ("text/html, */*;q=0.1", JSON),
        ("text/html", None),
        (f"{JSON};q=0", None),
        ("*/*;q=0", None),
        (f"{JSON};q=nan", None),
        (f"{CLOUD};q=-1", None),
        ("application/xml;q=9e9", None),
        (",;,=", None),
    ],
)
def test_what_a_client_takes_is_what_it_gets(accept: str, media: str | None) -> None:
    if media is None:
        with pytest.raises(Problem) as refused:
            chosen(accept, (JSON, CLOUD))
        assert refused.value.status == 406
    else:
        assert chosen(accept, (JSON, CLOUD)) == media
