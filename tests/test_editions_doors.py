"""Editions through every door: the commands, a file of requests, the log, the web, an assistant, a database."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from assign import Desk
from assign.export import sql
from assign.log import record
from assign.mcp.tools import answered, tools
from assign.web.access import RESOURCE, SUBJECT
from assign.web.app import inner
from assign.web.keys import Keys
from assign.web.measures import Measures
from assign.web.settings import Settings

from .command_line import inside
from .test_editions import effective, two_editions

OLD, NEW, NONE = "2025-05-01", "2026-05-01", "2024-05-01"
DAYS = ((OLD, "r7", "contractor"), (NEW, "r8", "split"))  # of 後期 7, 窓口


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return two_editions(tmp_path_factory.mktemp("city") / "list")


@pytest.fixture
def own(city: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(city, tmp_path / "own"))


Run = Any


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """A command of this process: exit code, stdout, stderr."""
    return lambda *words: inside(capsys, *map(str, words))


# -- the commands ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("on", "folder", "who"), DAYS)
def test_decide_answers_by_the_edition_of_the_day(run: Run, city: Path, on: str, folder: str, who: str) -> None:
    """The answer is that of the edition's own folder but for `provenance.in_force`; the text says the edition on a line of its own."""
    asked = ("decide", "--row", "kouki-7", "-c", "counter", "--on", on)
    code, out, _ = run(*asked, "--list", city, "--json")
    found, alone = json.loads(out), json.loads(run(*asked, "--list", city / folder, "--json")[1])
    assert (code, found["assignee"]) == (0, who)
    assert found["provenance"].pop("in_force")["since"] == ("2025-04-01" if folder == "r7" else "2026-04-01")
    assert found == alone
    lines = run(*asked, "--list", city)[1].splitlines()
    assert len(lines) <= 8
    assert sum(line.startswith("版    令和") for line in lines) == 1


@pytest.mark.parametrize(
    ("asked", "on", "has"),
    [
        ("decide -d kouki -i 9の2", OLD, "r8"),
        ("decide --row kouki-9の2 -c counter", OLD, "r8"),
        ("decide -d jido -i 17", NEW, "r7"),
        ("plan -d kouki -i 9の2", OLD, "r8"),
        ("acts --row kouki-9の2", OLD, "r8"),
        ("decide -d kouki -i 99", OLD, None),
        ("decide -d jido -i 17 -a ない行為", NEW, None),
    ],
)
def test_a_number_that_another_edition_has_is_said_so(
    run: Run, city: Path, asked: str, on: str, has: str | None
) -> None:
    """Whoever dates a case wrongly, or reads it off the other paper, was told only that there is no such number."""
    for lang, says in (("ja", "にはあります"), ("en", "has it")):
        code, _, err = run(*asked.split(), "--on", on, "--list", city, "--lang", lang)
        assert code == 3
        assert (f"`{has}`" in err) is (has is not None)
        assert (says in err) is (has is not None)


def test_a_row_of_a_file_says_which_edition_has_its_number(run: Run, city: Path, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text(
        f"区分,番号,業務の場,日付\nkouki,9の2,窓口,{OLD}\nkouki,9の2,窓口,{NEW}\n", "utf-8"
    )
    run("batch", tmp_path / "in.csv", tmp_path / "out.csv", "--list", city, "--on", NEW, "-q")
    old, new = (tmp_path / "out.csv").read_text("utf-8").splitlines()[1:]
    assert "版 `r8`" in old
    assert "（2026-04-01 から）にはあります" in old
    assert "unknown" not in new


@pytest.mark.parametrize(
    "command",
    [
        "decide --row kouki-7",
        "plan --row kouki-7",
        "tasks",
        "acts",
        "kinds",
        "search 届",
        "questions",
        "rule list",
        "export sql",
    ],
)
def test_a_day_of_no_edition_ends_every_command(run: Run, city: Path, command: str) -> None:
    """Exit 2, one line, the nearest edition; as JSON the code and the day that has an answer."""
    code, out, said = run(*command.split(), "--list", city, "--on", NONE, "--json")
    error = json.loads(said)["error"]
    assert (code, out, error["code"], error["candidates"]) == (2, "", "no_edition", ["2025-04-01"])


@pytest.mark.parametrize(
    "command", ["tasks", "acts --row kouki-7", "kinds", "search 届", "plan --row kouki-7", "questions"]
)
@pytest.mark.parametrize(("on", "folder", "_who"), DAYS)
def test_every_command_shows_the_edition_of_the_day(
    run: Run, city: Path, command: str, on: str, folder: str, _who: str
) -> None:
    """What it says of the folder of editions is what it says of that edition's own folder."""
    both = [
        json.loads(run(*command.split(), "--list", where, "--on", on, "--json")[1]) for where in (city, city / folder)
    ]
    if command.startswith("plan"):
        assert both[0]["provenance"].pop("in_force")["since"] <= on
        assert "\n版: 令和" in run(*command.split(), "--list", city, "--on", on)[1]
    assert both[0] == both[1]


@pytest.mark.slow
def test_check_proves_every_edition_and_finds_a_gap(run: Run, own: Path) -> None:
    """Exit 6 and one sentence with both names and the days; what is wrong in an edition is said under its name."""
    code, out, _ = run("check", "--list", own, "--engine", "table", "--json")
    told = json.loads(out)
    assert (code, told["ok"], [each["folder"] for each in told["editions"]]) == (0, True, ["r7", "r8"])
    assert [each["counts"]["rows"] for each in told["editions"]] == [51, 51]
    rulings = own / "r7" / "rules" / "rulings.yaml"
    rulings.write_text(rulings.read_text("utf-8").replace("holds: true", "holds: false", 1), "utf-8")
    code, out, _ = run("check", "--list", own, "--engine", "table", "--json")
    assert code == 6
    assert [bool(each["findings"]) for each in json.loads(out)["editions"]] == [True, False]
    effective(own / "r7", {"since": "2025-04-01", "until": "2026-03-01"})
    code, out, _ = run("check", "--list", own, "--lang", "en")
    assert code == 6
    assert "[editions] between `r7` 令和7年度版 (to 2026-03-01) and `r8` 令和8年度版 (from 2026-04-01)" in " ".join(
        out.split()
    )
    code, _, said = run("decide", "--row", "kouki-7", "--list", own, "--json")
    assert (code, json.loads(said)["error"]["code"]) == (1, "editions")


def test_check_due_lists_what_falls_due(run: Run, city: Path) -> None:
    """Exit 6 with something due, 0 with nothing; JSON has the printed sentence and both languages."""
    due = ("check", "--list", city, "--due", "R8.3.31", "--on", OLD)
    code, out, _ = run(*due, "--json")
    told = json.loads(out)
    assert (code, told["ok"], told["by"]) == (6, False, "2026-03-31")
    assert [(each["day"], each["kind"], each["rows"]) for each in told["due"]] == [
        ("2026-03-31", "ruling", ["kouki-8"]),
        ("2026-03-31", "edition", []),
    ]
    assert {*told["due"][0]["text"]} == {"ja", "en"}
    text = run(*due)[1]
    assert "2026-03-31  回答 R-2 の終わり" in text
    assert "2026-03-31 までに見直すもの: 2 件" in text
    assert run("check", "--list", city, "--due", "2026-03-30", "--on", OLD)[0] == 0
    assert run("check", "--on", OLD)[0] == 2
    assert run("check", "--due", "soon")[0] == 2


def test_diff_of_a_folder_compares_its_last_two_editions(run: Run, city: Path) -> None:
    """As `diff` of both folders does; a folder of one list has no two."""
    assert run("diff", city, "--json") == run("diff", city / "r7", city / "r8", "--json")
    code, _, said = run("diff", city / "r7", "--lang", "en")
    assert code == 2
    assert "two editions" in said


def test_a_ruling_goes_into_the_register_of_the_edition_of_its_first_day(run: Run, own: Path) -> None:
    """And answers cases of that edition alone."""
    words = (
        "--row",
        "kouki-8",
        "--act",
        "receive",
        "-c",
        "counter",
        "--assignee",
        "contractor",
        "--list",
        own,
        "--json",
    )
    about = (
        "--document",
        "回答 第9号",
        "--role",
        "国保年金課長",
        "--reason",
        "委託に入ります",
        "--reason-en",
        "It is consigned",
    )
    files = {each: own / each / "rules" / "rulings.yaml" for each in ("r7", "r8")}
    for folder, days in (("r7", ("--since", "2025-04-01", "--until", "2025-05-31")), ("r8", ("--since", "2026-04-01"))):
        before = {each: path.read_bytes() for each, path in files.items()}
        code, out, said = run("rule", "add", *words, *about, *days)
        assert code == 0, said
        assert json.loads(out)["files"] == [str(files[folder])]
        assert [each for each, path in files.items() if path.read_bytes() != before[each]] == [folder]
    code, _, said = run("rule", "add", *words, *about, "--since", "2026-04-01", "--on", OLD, "--dry-run")
    assert code == 6
    assert "2026-03-31" in said
    code, out, _ = run("rule", "check", "--list", own, "--json")
    assert (code, json.loads(out)["rulings"]) == (0, 6)
    for on, number in (("2025-04-01", 1), ("2025-06-01", 2), ("2026-04-01", 2)):
        assert len(json.loads(run("rule", "list", "--list", own, "--on", on, "--json")[1])) == number, on


# -- a file of requests ------------------------------------------------------------------------------------------------

ROWS = [
    ("kouki", "7", OLD),
    ("kouki", "7", NEW),
    ("kouki", "7", NONE),
    ("kouki", "7", "R7.5.1"),
    ("kouki", "9の2", OLD),
    ("kouki", "9の2", NEW),
    ("jido", "17", OLD),
    ("jido", "17", NEW),
    ("kouki", "7", ""),
]
TOLD = [
    "contractor",
    "split",
    "no_edition",
    "contractor",
    "unknown_item",
    "split",
    "city_staff",
    "unknown_item",
    "contractor",
]


def written(folder: Path, form: str) -> Path:
    path = folder / f"in.{form}"
    rows = [dict(zip(("division", "item", "channel", "on"), (d, i, "counter", on), strict=True)) for d, i, on in ROWS]
    if form == "jsonl":
        path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
    elif form == "csv":
        out = io.StringIO()
        table = csv.DictWriter(out, rows[0], lineterminator="\n")
        table.writeheader()
        table.writerows(rows)
        path.write_text(out.getvalue(), "utf-8")
    else:
        import polars as pl

        pl.DataFrame(rows).write_parquet(path)
    return path


def read_back(path: Path) -> list[str]:
    if path.suffix == ".jsonl":
        rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    elif path.suffix == ".csv":
        rows = [*csv.DictReader(io.StringIO(path.read_text("utf-8-sig")))]
    else:
        import polars as pl

        rows = pl.read_parquet(path).to_dicts()
    return [row["assignee"] or row["error"].partition(":")[0] for row in rows]


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
def test_each_row_of_a_file_is_answered_by_the_edition_of_its_own_date(
    run: Run, city: Path, tmp_path: Path, form: str
) -> None:
    """A row without a date is of the day of the run; a day without an edition is an error of its row alone."""
    out = tmp_path / f"out.{form}"
    run("batch", written(tmp_path, form), out, "--list", city, "--on", OLD, "-q")
    assert read_back(out) == TOLD


def test_a_file_of_old_cases_is_answered_when_no_edition_is_in_force_today(run: Run, own: Path, tmp_path: Path) -> None:
    """The contract has ended; its cases still have their answers."""
    effective(own / "r8", {"since": "2026-04-01", "until": "2026-06-30"})
    run("batch", written(tmp_path, "csv"), tmp_path / "out.csv", "--list", own, "--on", "2026-08-01", "-q")
    assert read_back(tmp_path / "out.csv") == [*TOLD[:-1], "no_edition"]


def test_a_recorded_batch_is_of_one_edition(run: Run, city: Path, tmp_path: Path) -> None:
    """Rows of another edition's days are refused, each by itself; the record names the edition that answered."""
    log = f"sqlite:///{tmp_path}/log.db"
    run(
        "batch",
        written(tmp_path, "csv"),
        tmp_path / "out.csv",
        "--list",
        city,
        "--on",
        OLD,
        "--record",
        "--audit",
        log,
        "-q",
    )
    other = "other_edition"
    assert read_back(tmp_path / "out.csv") == [
        "contractor",
        other,
        *TOLD[2:5],
        other,
        "city_staff",
        other,
        "contractor",
    ]
    code, out, _ = run("audit", "list", "--audit", log, "--json")
    assert code == 0, out
    assert run("audit", "verify", "--audit", log)[0] == 0


# -- the log -----------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_decision_of_an_old_edition_is_made_again_byte_for_byte(run: Run, own: Path, tmp_path: Path) -> None:
    """
    From the log and from the folder, when another edition has come: only what names the neighbours (`provenance.in_force`) is new,
    which is no part of the decision that a log keeps the digest of.
    """
    log = f"sqlite:///{tmp_path}/log.db"
    later = shutil.move(own / "r8", tmp_path / "r8")
    asked = ("decide", "--row", "kouki-7", "-c", "counter", "--on", OLD, "--list", own, "--json")
    first = json.loads(run(*asked, "--record", "--audit", log)[1])
    assert first["provenance"]["in_force"] == {"since": "2025-04-01", "until": None, "before": None, "after": None}
    shutil.move(later, own / "r8")
    assert run("audit", "publish", "--list", own, "--audit", log)[0] == 0
    assert (
        run("decide", "--row", "kouki-7", "-c", "counter", "--on", NEW, "--list", own, "--record", "--audit", log)[0]
        == 0
    )
    code, out, _ = run("audit", "replay", "--audit", log, "--json")
    assert code == 0, out
    again = json.loads(run(*asked)[1])
    assert again["provenance"].pop("in_force")["after"]["edition"] == "令和8年度版"
    assert first["provenance"].pop("in_force") != {}
    assert json.dumps(again, ensure_ascii=False) == json.dumps(first, ensure_ascii=False)
    assert record.digest(again) == record.digest(first)
    assert run("audit", "verify", "--audit", log)[0] == 0


def test_a_new_log_of_a_folder_begins_with_all_its_editions(own: Path, tmp_path: Path) -> None:
    """So that a case of last year can be recorded, too; both ways of making one publish the same."""
    with Desk.open(list=own, audit=f"sqlite:///{tmp_path}/one.db") as desk:
        kept = [desk.record(row="kouki-7", channel="counter", on=on)[0].kept for on in (OLD, NEW, OLD)]
        lists = [each.record["editions"]["list"] for each in kept]
        assert lists[0] == lists[2] != lists[1]
        assert [each.record["decision"]["assignee"] for each in kept] == ["contractor", "split", "contractor"]


@pytest.mark.slow
def test_audit_init_and_publish_put_every_edition_into_use(run: Run, own: Path, tmp_path: Path) -> None:
    """After `init` nothing is left to publish; an edition that comes later is published by `publish`, and by nothing else."""
    log = ("--audit", f"sqlite:///{tmp_path}/log.db")
    assert run("audit", "init", "--list", own, *log)[0] == 0
    assert "新しい版はありません" in "".join(run("audit", "publish", "--list", own, *log)[1:])
    shutil.copytree(own / "r8", own / "r9")
    manifest = (own / "r9" / "manifest.yaml").read_text("utf-8")
    (own / "r9" / "manifest.yaml").write_text(
        manifest.replace("令和8年度版", "令和9年度版").replace("2026-04-01", "2026-06-01"), "utf-8"
    )
    asked = (
        "decide",
        "--row",
        "kouki-7",
        "-c",
        "counter",
        "--list",
        own,
        "--record",
        *log,
        "--json",
        "--on",
        "2026-07-01",
    )
    code, out, said = run(*asked)
    assert (code, out, json.loads(said.splitlines()[-1])["error"]["code"]) == (1, "", "not_published")
    assert run("audit", "publish", "--list", own, *log)[0] == 0
    assert run(*asked)[0] == 0


def test_who_records_is_not_shown_the_day_that_was_read(own: Path, tmp_path: Path) -> None:
    """A clerk may have typed a person's birthday for the date."""
    from assign.catalog.editions import NoEdition

    with Desk.open(list=own, audit=f"sqlite:///{tmp_path}/log.db") as desk:
        size = desk.audit.size if desk.audit else 0
        with pytest.raises(NoEdition) as error:
            desk.record(row="kouki-7", channel="counter", on="S50.1.2")
        assert "1975" not in error.value.ja + error.value.en
        assert desk.audit is not None
        assert desk.audit.size == size


# -- the web, an assistant, a database ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def web(city: Path) -> Iterator[TestClient]:
    with Desk.open(list=city, engine="table") as desk:
        yield TestClient(inner(desk, Settings(), Keys(None), Measures()), raise_server_exceptions=False)


@pytest.mark.parametrize(("on", "folder", "who"), DAYS)
def test_the_web_answers_by_the_edition_of_the_day(web: TestClient, city: Path, on: str, folder: str, who: str) -> None:
    """Decisions, lists of rows, acts and kinds, the plan, a batch and the page; each edition has an ETag of its own."""
    alone = Desk.open(list=city / folder, engine="table")
    asked = {"row": "kouki-7", "channel": "counter", "on": on}
    found = web.post("/v1/decisions", json=asked)
    assert (found.status_code, found.json()["assignee"]) == (200, who)
    assert web.post("/v1/decisions/batch", json=[asked, asked]).json() == [found.json()] * 2
    rows = web.get("/v1/tasks", params={"on": on})
    assert rows.json() == alone.rows()
    assert web.get("/v1/catalog", params={"on": on}).json()["edition"] == alone.provenance["edition"]
    assert rows.headers["etag"] == web.get("/v1/acts", params={"on": on}).headers["etag"]
    page = web.get("/row/kouki-7", params={"channel": "counter", "on": on}, headers={"accept": "text/html"})
    assert page.status_code == 200
    assert f"{alone.provenance['edition']}（" in page.text
    may = web.post(
        "/access/v1/evaluation",
        json={
            "subject": {"type": SUBJECT, "id": "contractor"},
            "action": {"name": "handle"},
            "resource": {"type": RESOURCE, "id": "kouki-7", "properties": {"channel": "counter"}},
            "context": {"on": on},
        },
    )
    assert may.json()["decision"] is (who == "contractor")


def test_the_web_keeps_the_editions_apart(web: TestClient) -> None:
    """What a client has of one edition is no 304 for another; without `on` it is today's; a day of none is the client's mistake."""
    tags = {on: web.get("/v1/tasks", params={"on": on}).headers["etag"] for on in (OLD, NEW)}
    assert len({*tags.values()}) == 2
    assert web.get("/v1/tasks", params={"on": OLD}, headers={"if-none-match": tags[OLD]}).status_code == 304
    assert web.get("/v1/tasks", params={"on": NEW}, headers={"if-none-match": tags[OLD]}).status_code == 200
    assert web.get("/v1/tasks").headers["etag"] == tags[NEW]
    for path in ("/v1/tasks", "/v1/catalog", "/v1/plan?row=kouki-7&", "/row/kouki-7"):
        refused = web.get(f"{path}{'' if path.endswith('&') else '?'}on={NONE}")
        assert refused.status_code == 400, path
    assert web.get("/v1/tasks", params={"on": NONE}).json()["code"] == "no_edition"
    assert web.get("/readyz").status_code == 200


def test_an_assistant_asks_the_edition_of_the_day(city: Path) -> None:
    """Every tool takes `on` where there are editions; without them a list has no day."""
    desk = Desk.open(list=city, engine="table")
    known = {tool.name: tool for tool in tools(desk)}
    for on, folder, who in DAYS:
        alone = Desk.open(list=city / folder, engine="table")
        asked = {"row": "kouki-7", "channel": "counter", "on": on}
        assert json.loads(answered(known["decide"], desk, asked).text)["assignee"] == who
        rows = answered(known["list"], desk, {"what": "rows", "division": "jido", "on": on})
        assert json.loads(rows.text) == alone.rows("jido")
        found = answered(known["search"], desk, {"text": "高額療養費の口座の届", "on": on}).data
        assert found is not None
        assert {row["id"]: row["handled"][0]["assignee"] for row in found["rows"]}["kouki-7"] == who
    assert all("on" in tool.takes["properties"] for tool in known.values())
    one = {tool.name: tool for tool in tools(Desk.open(engine="table"))}
    assert "on" not in one["list"].takes["properties"]


def test_a_database_gets_one_edition_for_its_own_days(city: Path) -> None:
    """On a day of another edition the table has no line, and the error says whose days it has."""
    duckdb = pytest.importorskip("duckdb")
    for on, other, who in ((OLD, NEW, "contractor"), (NEW, OLD, "split")):
        base = duckdb.connect()
        base.execute(sql.script(Desk.open(list=city, engine="table", on=on), "duckdb"))

        def said(day: str, base: Any = base) -> Any:
            query = "SELECT assignee, error, message FROM assign_decide('kouki', '7', 'counter', \"on\" := ?)"
            return base.execute(query, [day]).fetchone()

        assert said(on)[:2] == (who, "")
        assert said(other)[:2] == ("", "bad_date")
        assert ("2025-04-01 から 2026-03-31 まで" if on == OLD else "2026-04-01 から") in said(other)[2]
