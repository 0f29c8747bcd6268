"""AuthZEN 1.0 beside the API: one subject for each act, nothing for the contractor that needs a ruling, the protocol to the letter."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from assign import Desk
from assign.web.access import HANDLE, SUBJECTS, permitted
from assign.web.app import inner
from assign.web.direct import Direct
from assign.web.guard import Guard
from assign.web.keys import Keys
from assign.web.measures import Measures
from assign.web.settings import Settings

WHO = {"type": "assignee", "id": "contractor"}
ROW = {"type": "row", "id": "kokuho-8", "properties": {"channel": "counter"}}
ASKED = {"subject": WHO, "action": {"name": "receive"}, "resource": ROW}


def client(desk: Desk, settings: Settings | None = None) -> TestClient:
    app = inner(desk, settings or Settings(), Keys(None), Measures())
    return TestClient(Guard(Direct(app), 10), raise_server_exceptions=False)


@pytest.fixture(scope="module")
def api(desk: Desk) -> TestClient:
    return client(desk)


@pytest.fixture
def logged(tmp_path: Path) -> Iterator[tuple[TestClient, Desk]]:
    with Desk.open(audit=f"sqlite:///{tmp_path}/log.db") as desk:
        yield client(desk), desk


def ask(api: TestClient, path: str, body: object) -> Any:
    done = api.post(f"/access/v1/{path}", json=body)
    assert (done.status_code, done.headers["content-type"]) == (200, "application/json"), done.text
    return done.json()


def without(name: str, of: dict[str, Any]) -> dict[str, Any]:
    """A request less one of its fields; `subject.id` is the id of its subject."""
    first, _, second = name.partition(".")
    if not second:
        return {key: value for key, value in of.items() if key != first}
    return {**of, first: without(second, of[first])}


# -- who may -----------------------------------------------------------------------------------------------------------


def test_over_all_rows_channels_and_acts_one_subject_may_and_never_the_contractor_without_a_ruling(desk: Desk) -> None:
    counted: Counter[str] = Counter()
    for task in desk.catalog.tasks:
        for channel in desk.catalog.manifest.channels:
            for act in (None, *desk.rules.acts):
                brief = desk.brief(row=task.id, channel=channel, act=act)
                subject = permitted(brief.assignee, brief.certainty)
                assert [each for each in SUBJECTS.values() if each == subject] == [subject]
                assert subject == "city_staff" or brief.certainty == "settled"
                assert subject == {"split": "both"}.get(brief.assignee, brief.assignee) or brief.certainty != "settled"
                counted[subject or ""] += 1
    assert set(counted) == set(SUBJECTS.values())
    assert counted.total() == 215 * 2 * (1 + len(desk.rules.acts))


def test_nobody_may_do_what_the_list_says_is_not_done() -> None:
    assert permitted("nobody", "settled") is None
    assert permitted("nobody", "needs_ruling") == "city_staff"


@pytest.mark.parametrize("row", ["nenkin-24", "kokuho-21", "center-1-1", "kokuho-25"])
@pytest.mark.parametrize("action", [HANDLE, "receive", "decide"])
def test_an_evaluation_says_what_decide_says(api: TestClient, desk: Desk, row: str, action: str) -> None:
    for channel in desk.catalog.manifest.channels:
        answer = desk.answers(row=row, channel=channel, act=None if action == HANDLE else action)[0]
        said = []
        for who in (*SUBJECTS.values(), "alice"):
            asked = {
                "subject": {"type": "assignee", "id": who},
                "action": {"name": action},
                "resource": {"type": "row", "id": row, "properties": {"channel": channel}},
            }
            found = ask(api, "evaluation", asked)
            assert found["context"]["answer"] == answer
            assert found["context"]["certainty"] == answer["certainty"]
            said += [who] if found["decision"] else []
        assert said == [permitted(answer["assignee"], answer["certainty"])]


@pytest.mark.parametrize("who", SUBJECTS.values())
@pytest.mark.parametrize("action", [HANDLE, "receive", "decide", "complaint"])
def test_every_row_that_a_search_finds_may_and_no_other(api: TestClient, desk: Desk, who: str, action: str) -> None:
    asked = {"subject": {"type": "assignee", "id": who}, "action": {"name": action}, "resource": {"type": "row"}}
    found = [(each["id"], each["properties"]["channel"]) for each in ask(api, "search/resource", asked)["results"]]
    expected = []
    for task in desk.catalog.tasks:
        for channel in desk.catalog.manifest.channels:
            brief = desk.brief(row=task.id, channel=channel, act=None if action == HANDLE else action)
            if permitted(brief.assignee, brief.certainty) == who:
                expected.append((task.id, channel))
    assert found == expected
    on_one = {**asked, "resource": {"type": "row", "id": "ignored", "properties": {"channel": "counter"}}}
    assert [each["id"] for each in ask(api, "search/resource", on_one)["results"]] == [
        row for row, channel in expected if channel == "counter"
    ]


@pytest.mark.parametrize("who", SUBJECTS.values())
def test_every_result_of_a_search_evaluates_true(api: TestClient, who: str) -> None:
    subject = {"type": "assignee", "id": who}
    rows = {"subject": subject, "action": {"name": "receive"}, "resource": {"type": "row"}}
    if who == "both":
        rows["action"] = {"name": HANDLE}
    evaluations = [{"resource": each} for each in ask(api, "search/resource", rows)["results"]]
    assert evaluations or who == "both"  # no act alone is shared by both sides' whole work
    if evaluations:
        done = ask(api, "evaluations", {**rows, "evaluations": evaluations})["evaluations"]
        assert [each["decision"] for each in done] == [True] * len(evaluations)
    found = ask(api, "search/action", {"subject": subject, "resource": ROW})["results"]
    if found:
        done = ask(
            api, "evaluations", {"subject": subject, "resource": ROW, "evaluations": [{"action": a} for a in found]}
        )
        assert [each["decision"] for each in done["evaluations"]] == [True] * len(found)
    whose = {"subject": {"type": "assignee", "id": "ignored"}, "action": rows["action"], "resource": ROW}
    (one,) = ask(api, "search/subject", whose)["results"]
    assert ask(api, "evaluation", {**whose, "subject": one})["decision"] is True


# -- the protocol ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "subject",
        "action",
        "resource",
        "subject.type",
        "subject.id",
        "action.name",
        "resource.type",
        "resource.id",
        "resource.properties",
    ],
)
def test_what_is_missing_is_400(api: TestClient, name: str) -> None:
    done = api.post("/access/v1/evaluation", json=without(name, ASKED))
    assert (done.status_code, done.headers["content-type"]) == (400, "application/problem+json")
    assert name.partition(".")[0] in done.json()["detail"]
    assert api.post("/access/v1/evaluations", json=without(name, ASKED)).status_code == 400


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("search/subject", "action"),
        ("search/subject", "resource.id"),
        ("search/subject", "subject.type"),
        ("search/resource", "subject"),
        ("search/resource", "subject.id"),
        ("search/resource", "resource.type"),
        ("search/action", "resource"),
        ("search/action", "subject.id"),
        ("search/action", "resource.id"),
    ],
)
def test_a_search_needs_all_but_what_it_looks_for(api: TestClient, path: str, name: str) -> None:
    assert api.post(f"/access/v1/{path}", json=without(name, ASKED)).status_code == 400
    assert api.post(f"/access/v1/{path}", json=ASKED).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        {**ASKED, "subject": "x"},
        {**ASKED, "action": {"name": 1}},
        {**ASKED, "action": None},
        {**ASKED, "resource": {**ROW, "id": 24}},
        {**ASKED, "resource": {**ROW, "properties": {"channel": 1}}},
        {**ASKED, "resource": {**ROW, "properties": []}},
        {**ASKED, "context": []},
        {**ASKED, "context": {"on": 1}},
        {**ASKED, "context": {"on": "きのう"}},
        [],
        None,
    ],
)
def test_what_is_of_another_type_is_400(api: TestClient, body: object) -> None:
    assert api.post("/access/v1/evaluation", json=body).status_code == 400


@pytest.mark.parametrize("body", [b"", b"{", b'{"subject":1,"subject":2}', b'{"subject":NaN}', b'"\xff"'])
def test_a_body_that_is_none_is_400_and_so_is_another_type(api: TestClient, body: bytes) -> None:
    for path in ("evaluation", "evaluations", "search/subject", "search/resource", "search/action"):
        done = api.post(f"/access/v1/{path}", content=body, headers={"content-type": "application/json"})
        assert done.status_code == 400
        assert api.post(f"/access/v1/{path}", content=b"{}", headers={"content-type": "text/plain"}).status_code == 400


def test_unknown_fields_are_ignored(api: TestClient) -> None:
    more = {"x": [1], "properties": {"department": "y"}}
    asked = {
        **ASKED,
        "x": 1,
        "subject": {**WHO, **more},
        "action": {"name": "receive", **more},
        "resource": {**ROW, "x": 2, "properties": {"channel": "counter", "library": {}}},
        "context": {"time": "2026-10-26T01:22-07:00"},
        "evaluations": [],
    }
    assert ask(api, "evaluation", asked) == ask(api, "evaluation", ASKED)
    assert ask(api, "evaluations", asked) == ask(api, "evaluation", ASKED)


@pytest.mark.parametrize(
    ("changed", "code", "candidate"),
    [
        ({"resource": {**ROW, "id": "kokuho-2555"}}, "unknown_item", None),
        ({"resource": {**ROW, "type": "document"}}, "unknown_type", "row"),
        ({"subject": {"type": "user", "id": "alice"}}, "unknown_type", "assignee"),
        ({"action": {"name": "receiv"}}, "unknown_act", "receive"),
        ({"resource": {**ROW, "properties": {"channel": "countr"}}}, "unknown_channel", "counter"),
    ],
)
def test_an_unknown_word_is_a_closed_decision_and_an_empty_search(
    api: TestClient, changed: dict[str, Any], code: str, candidate: str | None
) -> None:
    found = ask(api, "evaluation", {**ASKED, **changed})
    error = found["context"]["error"]
    assert (found["decision"], error["code"]) == (False, code)
    assert error["status"] in (404, 422)
    assert candidate is None or candidate in error["candidates"]
    searched = ask(api, "search/subject", {**ASKED, **changed})
    assert (searched["results"], searched["context"]["error"]["code"]) == ([], code)


def test_a_request_id_comes_back_whatever_becomes_of_the_request(api: TestClient) -> None:
    named = {"x-request-id": "bfe9eb29 / 1"}
    for body, status in ((ASKED, 200), ({}, 400), ({"x": "y" * 70_000}, 413)):
        done = api.post("/access/v1/evaluation", json=body, headers=named)
        assert (done.status_code, done.headers["x-request-id"]) == (status, "bfe9eb29 / 1")
    assert "x-request-id" not in api.post("/access/v1/evaluation", json=ASKED).headers


def test_evaluations_take_defaults_and_stop_where_they_are_told_to(api: TestClient) -> None:
    both = [{"action": {"name": "decide"}}, {"action": {"name": "receive"}}, {"resource": {"type": "row"}}]
    asked = {"subject": {"type": "assignee", "id": "city_staff"}, "resource": ROW, "action": {"name": "receive"}}

    def said(order: list[dict[str, Any]], semantic: str | None) -> list[bool]:
        options = {} if semantic is None else {"options": {"evaluations_semantic": semantic, "another": 1}}
        return [
            each["decision"]
            for each in ask(api, "evaluations", {**asked, "evaluations": order, **options})["evaluations"]
        ]

    assert said(both, None) == said(both, "execute_all") == [True, False, False]
    assert said(both, "deny_on_first_deny") == [True, False]
    assert said(both, "permit_on_first_permit") == [True]
    assert said(both[::-1], "permit_on_first_permit") == [False, False, True]
    wrong = ask(api, "evaluations", {**asked, "evaluations": both})["evaluations"][2]["context"]["error"]
    assert (wrong["status"], wrong["code"]) == (400, "bad_request")
    wrong_forms: list[dict[str, Any]] = [
        {"evaluations": "x"},
        {"evaluations": [1]},
        {"evaluations": [{}] * 1001},
        {"options": {"evaluations_semantic": "all"}},
    ]
    for bad in wrong_forms:
        assert api.post("/access/v1/evaluations", json={**asked, **bad}).status_code == 400


def test_pages_give_the_whole_search_and_a_token_no_other(api: TestClient) -> None:
    asked: dict[str, Any] = {"subject": WHO, "action": {"name": HANDLE}, "resource": {"type": "row"}}
    whole = ask(api, "search/resource", asked)
    assert list(whole) == ["page", "results"]
    assert whole["page"] == {"next_token": "", "count": len(whole["results"]), "total": len(whole["results"])}
    found, page = [], {"limit": 30}
    while True:
        done = ask(api, "search/resource", {**asked, "page": page})
        found += done["results"]
        assert done["page"]["count"] == len(done["results"]) <= 30
        assert done["page"]["total"] == len(whole["results"])
        if not done["page"]["next_token"]:
            break
        page = {"token": done["page"]["next_token"], **({"limit": 30} if len(found) < 60 else {})}
    assert found == whole["results"]
    token = ask(api, "search/resource", {**asked, "page": {"limit": 2}})["page"]["next_token"]
    for other in (
        {**asked, "page": {"token": token, "limit": 3}},
        {**asked, "action": {"name": "receive"}, "page": {"token": token}},
        {**asked, "page": {"token": token[:-6]}},
        {**asked, "page": {"token": "W10="}},
        {**asked, "page": {"token": "é"}},
        {**asked, "page": {"limit": -1}},
        {**asked, "page": {"limit": True}},
        {**asked, "page": []},
    ):
        assert api.post("/access/v1/search/resource", json=other).status_code == 400, other
    none = ask(api, "search/resource", {**asked, "page": {"limit": 0}})
    assert none["results"] == []
    assert none["page"] == {
        "next_token": "",
        "count": 0,
        "total": len(found),
    }  # a token that does not advance is followed for ever
    forged = json.loads(urlsafe_b64decode(token))
    standing = urlsafe_b64encode(json.dumps([forged[0], 0, forged[2]]).encode()).decode()
    assert api.post("/access/v1/search/resource", json={**asked, "page": {"token": standing}}).status_code == 400


def test_where_it_is_said_where_it_is(api: TestClient, desk: Desk) -> None:
    found = api.get("/.well-known/authzen-configuration").json()
    assert found["policy_decision_point"] == "http://testserver"
    known = set(api.get("/openapi.json").json()["paths"])
    for name, url in found.items():
        assert name == "policy_decision_point" or url.removeprefix("http://testserver") in known
    behind = client(desk, Settings(url="https://assign.city.example/desk/"))
    there = behind.get("/.well-known/authzen-configuration").json()
    assert there["access_evaluation_endpoint"] == "https://assign.city.example/desk/access/v1/evaluation"


# -- the log -----------------------------------------------------------------------------------------------------------


def test_with_a_log_each_decision_is_recorded_before_it_is_given(logged: tuple[TestClient, Desk]) -> None:
    api, desk = logged
    assert desk.audit is not None
    size = desk.audit.size
    ask(api, "evaluation", ASKED)
    ask(api, "evaluations", {**ASKED, "evaluations": [{}, {"action": {"name": "decide"}}]})
    ask(api, "search/subject", ASKED)
    assert desk.audit.size == size + 4


def test_without_a_durable_record_there_is_no_decision(
    logged: tuple[TestClient, Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    from assign.log.errors import not_recorded
    from assign.log.log import Log

    def fails(*_args: object, **_names: object) -> None:
        raise not_recorded("disk full")

    monkeypatch.setattr(Log, "append", fails)
    for path, body in (
        ("evaluation", ASKED),
        ("evaluations", {**ASKED, "evaluations": [{}]}),
        ("search/subject", ASKED),
    ):
        done = logged[0].post(f"/access/v1/{path}", json=body)
        assert (done.status_code, done.headers["retry-after"]) == (503, "5")
        assert "decision" not in done.json()
