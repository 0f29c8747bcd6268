"""The SQL scripts say, inside each real database, what the desk says."""

from __future__ import annotations

import random
import re
from collections import Counter
from contextlib import closing
from datetime import date, timedelta
from importlib import import_module
from itertools import product
from pathlib import Path

import pytest

from assign import Desk
from assign.desk.lookup import answered, decision_table
from assign.errors import BadOption
from assign.export.sql import DIALECTS, script
from assign.words import date_of_case

from .databases import ASKED, Case, Database, Opened, opened, ruled, server, written  # noqa: F401 - fixtures among them
from .servers import Server
from .test_rules import RULING

pytestmark = pytest.mark.slow
TODAY = date(2026, 11, 25)
DAYS = (date(2020, 1, 1), TODAY)
DOCS = Path(__file__).parents[1] / "docs" / "sql.md"


@pytest.fixture(scope="module", params=DIALECTS)
def loaded(request: pytest.FixtureRequest, opened: Opened, desk: Desk) -> Database:
    """A database of each dialect with the script loaded twice."""
    database = opened(request.param)
    text = written(desk, request.param)
    database.load(text)
    database.load(text)
    return database


@pytest.fixture(params=DIALECTS)
def empty(request: pytest.FixtureRequest, opened: Opened) -> Database:
    """A database of each dialect that a test may spoil."""
    return opened(request.param)


def said(desk: Desk, case: Case, lang: str = "ja") -> tuple[str, ...]:
    """What the desk says of a case, in a lookup's columns; the message only of an error that is a line of the table."""
    words = [day.isoformat() if isinstance(day, date) else day for day in case]
    answer = answered(desk, dict(zip(("division", "item", "channel", "act", "on"), words, strict=True)), TODAY, lang)
    code, _, message = (answer.error or "").partition(": ")
    return (*(part or "" for part in answer[:-1]), code, message if code == "ambiguous_item" else "")


def shortened(row: tuple[str, ...]) -> tuple[str, ...]:
    """Without the message of an unknown word, which says less than the desk's."""
    return row if row[6] in ("", "ambiguous_item") else (*row[:7], "")


@pytest.fixture(scope="module")
def every_case(desk: Desk) -> list[Case]:
    """215 rows and every number that stands on several, 2 channels, 64 acts and none, before and after the notes begin."""
    tasks = desk.catalog.tasks
    items = dict.fromkeys((task.division, item) for task in tasks for item in (task.item, task.number))
    acts = (None, *desk.rules.acts)
    return [(*item, channel, act, on) for item, channel, act, on in product(items, ("counter", "backyard"), acts, DAYS)]


def examples(heading: str) -> list[str]:
    """The SQL that the documentation shows under a heading."""
    section = DOCS.read_text("utf-8").split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return re.findall(r"```sql\n(.*?)```", section, re.DOTALL)


def test_every_line_of_the_table_is_in_the_database(loaded: Database, desk: Desk) -> None:
    """And none besides, after loading twice; days are days where the database has them."""
    lines = loaded.rows(
        "SELECT division, item, channel, act, since, until, assignee, certainty, rules, row_ids, caveats, "
        "reason_ja, reason_en, error, error_ja, error_en FROM assign_line"
    )
    kind = str if loaded.dialect == "sqlite" else date
    assert all(type(day) is kind for line in lines for day in line[4:6])
    found = [(*line[:4], *(str(day) for day in line[4:6]), *line[6:]) for line in lines]
    assert sorted(found) == sorted(tuple(line) for line in decision_table(desk))


def test_the_database_says_where_its_table_comes_from(loaded: Database, desk: Desk) -> None:
    """One row: the desk's provenance, and how many lines there are."""
    [row] = loaded.rows("SELECT * FROM assign_provenance")
    assert row == (*desk.provenance.values(), len(decision_table(desk)))


def test_every_lookup_answers_as_the_desk(loaded: Database, desk: Desk, every_case: list[Case]) -> None:
    """All rows, channels and acts on two dates, in one join."""
    assert len(every_case) > 215 * 2 * 65 * 2
    found = loaded.ask(every_case)
    assert [row for row in zip(every_case, found, strict=True) if row[1] != said(desk, row[0])] == []
    assert {row[6] for row in found} == {"", "ambiguous_item"}


def test_the_lookup_speaks_english_where_asked(empty: Database, desk: Desk) -> None:
    """Reason and message; the words of the answer are the same."""
    empty.load(script(desk, empty.dialect, "en"))
    cases: list[Case] = [
        ("nenkin", "24", "counter", None, TODAY),
        ("kouki", "51", "counter", None, TODAY),
        ("nenkin", "99", "counter", None, TODAY),
    ]
    known, ambiguous, unknown = empty.ask(cases)
    assert known == said(desk, cases[0], "en")
    assert ambiguous == said(desk, cases[1], "en")
    assert unknown[6:] == (
        "unknown_item",
        "the division has no such item (SQL reads numbers as the list prints them alone, `24` or `22-3`)",
    )


UNKNOWN: list[Case] = [
    ("nenkn", "24", "counter", None, TODAY),
    ("nenkin", "99", "counter", None, TODAY),
    ("nenkin", "", "counter", None, TODAY),
    ("nenkin", None, "counter", None, TODAY),
    (None, "24", "counter", None, TODAY),
    ("", "24", "counter", None, TODAY),
    ("nenkin", "24", "desk", None, TODAY),
    ("nenkin", "24", None, None, TODAY),
    ("nenkin", "24", "", "receive", TODAY),
    ("nenkin", "24", "counter", "eat", TODAY),
    ("nenkin", "22-99", "counter", "receive", TODAY),
    ("x", None, "y", "z", None),
    ("x", "99", "y", "z", None),
    ("nenkin", "99", "y", "z", None),
    ("nenkin", "24", "y", "z", None),
    ("nenkin", "'; DROP TABLE assign_line; --", "counter", None, None),
    ("kouki", "51", "counter", None, None),
]


def test_what_is_not_understood_is_a_row_with_the_desks_error(loaded: Database, desk: Desk) -> None:
    """Never no row, never a NULL; the code is the desk's, also where several words are wrong."""
    found = loaded.ask(UNKNOWN)
    assert [shortened(row) for row in found] == [said(desk, case) for case in UNKNOWN]
    assert all(row[:6] == ("",) * 6 and row[6] and row[7] for row in found)


def test_other_spellings_are_errors_and_not_answers(loaded: Database) -> None:
    """The desk reads them; SQL reads keys and printed numbers alone, and says so."""
    cases: list[Case] = [
        ("国民年金", "24", "counter", None, TODAY),
        ("NENKIN", "24", "counter", None, TODAY),
        ("nenkin", "２４", "counter", None, TODAY),
        ("nenkin", " 24", "counter", None, TODAY),
        ("nenkin", "24.0", "counter", None, TODAY),
        ("nenkin", "nenkin-24", "counter", None, TODAY),
        ("nenkin", "24", "窓口", None, TODAY),
        ("nenkin", "24", "counter", "申請書の受領", TODAY),
    ]
    codes = [row[6] for row in loaded.ask(cases)]
    assert codes == ["unknown_division"] * 2 + ["unknown_item"] * 4 + ["unknown_channel", "unknown_act"]


def test_no_act_is_the_work_as_a_whole(loaded: Database, desk: Desk) -> None:
    """NULL and blank alike."""
    cases: list[Case] = [("nenkin", "23", "counter", act, TODAY) for act in (None, "")]
    assert loaded.ask(cases) == [said(desk, cases[0])] * 2
    assert loaded.ask(cases)[0][2] == "CONSIGNED"


def test_a_day_outside_the_calendar_is_an_error(loaded: Database) -> None:
    """The first and last days that there are have answers."""
    outside = {
        "postgresql": ["DATE 'infinity'", "DATE '-infinity'", "DATE '0001-12-31 BC'", "DATE '10000-01-01'"],
        "duckdb": [
            *("DATE 'infinity'", "DATE '10000-01-01'", "DATE '0001-12-31 (BC)'", "'2026-02-30'", "'yesterday'"),
            *("TIMESTAMP '2026-11-25 10:00:00'", "'2026-11-25 10:00'", "20261125"),
        ],
        "sqlite": ["'2026-02-30'", "'2026-13-01'", "'now'", "'2026-1-1'", "'2026-11-25 10:00'", "2460000.5", "'0000-12-31'"],
    }[loaded.dialect]  # fmt: skip
    within = ["'0001-01-01'", "'9999-12-31'"]
    for day, code in [(day, "bad_date") for day in outside] + [(day, "") for day in within]:
        if loaded.dialect == "sqlite":
            loaded.cases_are(
                "SELECT 1 AS case_id, 'nenkin' AS division, 24 AS item, 'counter' AS channel, "
                f'NULL AS act, {day} AS "on"'
            )
            found = loaded.rows("SELECT error FROM assign_decided")
        else:
            named = "=>" if loaded.dialect == "postgresql" else ":="
            asked = f"assign_decide('nenkin', '24', 'counter', \"on\" {named} {day})"
            found = loaded.rows(f"SELECT error FROM {asked}")  # noqa: S608  # words of this file
        assert found == [(code,)], day


def test_without_a_date_it_is_today_in_japan(empty: Database, tmp_path: Path) -> None:
    """Also where the server's zone is another: a ruling of today alone is in force."""
    today = date_of_case(None)
    dated = RULING.replace("2026-04-01, until: 2027-03-31", f"{today}, until: {today}").replace(
        "on: 2026-04-01", f"on: {today}"
    )
    empty.load(script(ruled(tmp_path / "rules", "rulings: []", dated), empty.dialect))
    days: list[date | None] = [None, today, today - timedelta(days=1), today + timedelta(days=1)]
    cases: list[Case] = [("kokuho", "25", "counter", "receive", day) for day in days]
    found = [row[0] for row in empty.ask(cases)]
    if today == date_of_case(None):  # midnight did not pass
        assert found == ["contractor", "contractor", "city_staff", "city_staff"]


def test_the_report_of_the_documentation_counts_as_the_desk(empty: Database, desk: Desk) -> None:
    """Every example runs; the last of each dialect counts 1,000 cases, some of them not understood."""
    empty.load(written(desk, empty.dialect))
    draw = random.Random(1)
    tasks = desk.catalog.tasks
    cases: list[Case] = []
    for _ in range(1000):
        task = draw.choice(tasks)
        cases.append(
            (
                draw.choice([task.division] * 30 + ["国民年金"]),
                draw.choice([task.item] * 20 + [task.number, "99"]),
                draw.choice(["counter", "backyard"]),
                draw.choice([None, "", "eat", *desk.rules.acts]),
                date(2020, 1, 1) + timedelta(days=draw.randrange(2500)),
            )
        )
    empty.ask(cases)
    if empty.dialect == "postgresql":
        exists = empty.rows("SELECT 1 FROM pg_roles WHERE rolname = 'report_reader'")
        empty.rows("SELECT 1" if exists else "CREATE ROLE report_reader LOGIN")
    if empty.dialect == "sqlite":  # as it is after loading
        empty.rows("DROP VIEW assign_case")
        empty.rows("CREATE TABLE assign_case (case_id)")
    heading = {"postgresql": "PostgreSQL", "duckdb": "DuckDB", "sqlite": "SQLite"}[empty.dialect]
    *others, report = examples(heading)
    assert others
    for example in others:
        for statement in example.strip().removesuffix(";").split(";\n"):
            empty.rows(statement)
    # What SQL does not read, the desk may: here only the division's Japanese name.
    counted: Counter[tuple[str, str]] = Counter()
    for case in cases:
        row = ("",) * 6 + ("unknown_division",) if case[0] == "国民年金" else said(desk, case)
        counted[row[0] or row[6], row[1]] += 1
    assert {(name, certainty): count for name, certainty, count in empty.rows(report)} == counted
    assert {"contractor", "city_staff", "split", "unknown_item", "unknown_act", "unknown_division"} <= {
        name for name, _ in counted
    }
    [join] = examples("結合だけで / A plain join")
    joined = Counter(row[1:] for row in empty.rows(join))
    assert sum(joined.values()) == 1000
    assert joined["contractor", ""] == sum(count for (name, _), count in counted.items() if name == "contractor")


def test_the_callers_names_are_no_matter(loaded: Database) -> None:
    """A macro is text put into a query: the names inside it must not catch the caller's."""
    cases: list[Case] = [("nenkin", "24", "counter", None, TODAY), ("kouki", "51", "counter", None, TODAY)]
    expected = [(row[0], row[6]) for row in loaded.ask(cases)]
    assert expected == [("city_staff", ""), ("", "ambiguous_item")]
    if loaded.dialect in ASKED:
        for alias in ("a", "l", "w", "k", "e"):
            asked = ASKED[loaded.dialect].replace("c.", f"{alias}.")
            joined = f"cases AS {alias} CROSS JOIN LATERAL {asked} AS d ORDER BY {alias}.id"
            found = loaded.rows(f"SELECT d.assignee, d.error FROM {joined}")  # noqa: S608  # words of this file
            assert found == expected


def test_text_of_a_rule_arrives_as_it_was_written(empty: Database, tmp_path: Path) -> None:
    """Quotes, backslashes, semicolons, comments, dollars and line breaks are text."""
    text = r"受付'; DROP TABLE assign_line; -- \' \\ $$ $lang ${x} :x %s /* " + "\U0001f600"
    title = "{ja: 委託しない業務, en: Work that is not consigned}"
    quoted = text.replace("'", "''")
    odd = ruled(tmp_path / "rules", title, f"{{ja: '{quoted}', en: '{quoted}'}}", file="decision_table.yaml")
    if empty.dialect == "postgresql":  # where a backslash was told to escape, and one batch is read before it is run
        empty.rows("SET standard_conforming_strings = off")
    empty.load(script(odd, empty.dialect))
    case: Case = ("nenkin", "24", "counter", None, TODAY)
    [found] = empty.ask([case])
    assert found == said(odd, case)
    assert text in found[5]


def test_a_script_that_lacks_a_line_changes_nothing(empty: Database, desk: Desk) -> None:
    """The count at its end stops it before COMMIT."""
    text = written(desk, empty.dialect)
    empty.load(text)
    line = r"\nkokuho\t1\tcounter\t[^\n]+" if empty.dialect == "duckdb" else r"\n\('kokuho','1','counter'[^\n]+"
    broken = re.sub(line, "", text, count=1)  # DuckDB: from the lookup alone, not from the table
    assert broken != text
    with pytest.raises(Exception, match=r"(?i)not.null"):
        empty.load(broken)
    if empty.dialect == "sqlite":  # whose shell would go on, and commit
        assert not empty.connection.in_transaction
    else:
        empty.rows("ROLLBACK")
    assert empty.rows("SELECT count(*) FROM assign_line") == [(len(decision_table(desk)),)]
    assert empty.rows("SELECT count(*) FROM assign_provenance") == [(1,)]


def test_new_rules_replace_the_old_answers(empty: Database, desk: Desk, tmp_path: Path) -> None:
    """And a view of the city's own over the table, which stays, gives the new ones."""
    empty.load(written(desk, empty.dialect))
    empty.rows(
        "CREATE VIEW of_the_city AS SELECT assignee FROM assign_line WHERE division = 'kokuho' AND item = '25' "
        "AND channel = 'counter' AND act = 'receive' AND '2026-11-25' BETWEEN since AND until"
    )
    assert empty.rows("SELECT * FROM of_the_city") == [("city_staff",)]
    new = ruled(tmp_path / "rules", "rulings: []", RULING)
    empty.load(script(new, empty.dialect))
    assert empty.rows("SELECT * FROM of_the_city") == [("contractor",)]
    assert empty.rows("SELECT rules_sha256 FROM assign_provenance") == [(new.rules.sha256,)]
    left = (
        "SELECT name FROM sqlite_master"
        if empty.dialect == "sqlite"
        else "SELECT table_name FROM information_schema.tables"
    )
    assert not [name for (name,) in empty.rows(left) if "assign_load" in name]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_equal_desks_give_equal_scripts(dialect: str, desk: Desk) -> None:
    """So that a script can be kept under version control, and a difference is a difference."""
    text = written(desk, dialect)
    assert text == script(Desk.open(), dialect)
    assert text.endswith("COMMIT;")
    assert len(text.encode()) < (1_700_000 if dialect == "duckdb" else 1_100_000)  # of 35,426 lines
    assert text[: text.index("\n--")].isascii()


def test_an_unknown_dialect_or_language_is_named(desk: Desk) -> None:
    """With what there is to choose from."""
    with pytest.raises(BadOption, match=r"no dialect `oracle` .*`postgresql`, `duckdb`, `sqlite`"):
        script(desk, "oracle")
    with pytest.raises(BadOption, match=r"ja or en"):
        script(desk, "sqlite", "fr")


# -- PostgreSQL alone ------------------------------------------------------------------------------------------------


@pytest.fixture
def file(tmp_path: Path, desk: Desk) -> Path:
    """The script for PostgreSQL as a file."""
    path = tmp_path / "assign.sql"
    path.write_text(written(desk, "postgresql") + "\n", "utf-8", newline="")
    return path


@pytest.mark.parametrize(
    ("encoding", "client", "strings"),
    [("UTF8", "UTF8", "on"), ("UTF8", "SJIS", "off"), ("EUC_JP", "SJIS", "on"), ("EUC_JP", "EUC_JP", "off")],
)
def test_psql_loads_it_into_a_database_of_any_japanese_encoding(
    server: Server, file: Path, encoding: str, client: str, strings: str
) -> None:
    """Whatever psql's own encoding is, and whatever a backslash meant there before; twice."""
    name = f"psql_{encoding}_{client}_{strings}".lower()
    server.database(name, encoding)
    for _ in range(2):
        done = server.psql(name, file, PGCLIENTENCODING=client, PGOPTIONS=f"-c standard_conforming_strings={strings}")
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    with closing(server.connect(name)) as connection:
        [[reason]] = connection.execute("SELECT reason FROM assign_decide('nenkin', '24', 'counter')").fetchall()
    assert reason == "一覧259行目: 委託しない業務"


def test_a_role_that_may_only_select_can_use_it(server: Server, file: Path) -> None:
    """From another schema, with a search path of its own; and it can change nothing. The grant outlasts loading again."""
    server.database("roles")
    with closing(server.connect("roles")) as owner:
        owner.execute("CREATE SCHEMA city")
        owner.execute("CREATE ROLE only_reads LOGIN")
        owner.execute("GRANT USAGE ON SCHEMA city TO only_reads")
        in_city = "SET search_path = city"
        assert server.psql("roles", file, "-c", in_city).returncode == 0
        owner.execute("GRANT SELECT ON city.assign_line, city.assign_error TO only_reads")
        assert server.psql("roles", file, "-c", in_city).returncode == 0
    psycopg = import_module("psycopg")
    with closing(server.connect("roles", "only_reads")) as reader:
        asked = "SELECT assignee, error FROM city.assign_decide('nenkin', %s, 'counter')"
        assert reader.execute(asked, ["24"]).fetchall() == [("city_staff", "")]
        assert reader.execute(asked, ["99"]).fetchall() == [("", "unknown_item")]
        for forbidden in ("DELETE FROM city.assign_line", "UPDATE city.assign_line SET assignee = 'split'"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                reader.execute(forbidden)


def test_the_lookup_is_stable_and_runs_with_the_callers_rights(server: Server, file: Path) -> None:
    """And it is inlined: a report is a join over the index, and no call for each case."""
    server.database("stable")
    assert server.psql("stable", file).returncode == 0
    with closing(server.connect("stable")) as connection:
        about = "SELECT provolatile, prosecdef, proparallel FROM pg_proc WHERE proname = 'assign_decide'"
        assert connection.execute(about).fetchall() == [("s", False, "s")]
        connection.execute("CREATE TABLE cases AS SELECT division, item FROM assign_line LIMIT 100")
        plan = connection.execute(
            "EXPLAIN SELECT * FROM cases AS c CROSS JOIN LATERAL assign_decide(c.division, c.item, 'counter') AS d"
        )
        text = "\n".join(line for (line,) in plan.fetchall())
    assert "Function Scan" not in text
    assert "Index Scan using assign_line_pkey on assign_line l" in text


def test_what_depends_on_the_table_is_never_dropped(server: Server, file: Path) -> None:
    """A view over the lookup outlasts loading again, and PostgreSQL refuses to drop what it stands on."""
    server.database("depends")
    assert server.psql("depends", file).returncode == 0
    psycopg = import_module("psycopg")
    with closing(server.connect("depends")) as connection:
        connection.execute("CREATE VIEW of_the_city AS SELECT assignee FROM assign_decide('nenkin', '24', 'counter')")
        assert server.psql("depends", file).returncode == 0
        assert connection.execute("SELECT * FROM of_the_city").fetchall() == [("city_staff",)]
        with pytest.raises(psycopg.errors.DependentObjectsStillExist):
            connection.execute("DROP TABLE assign_line")


def test_a_reader_sees_the_old_table_until_the_new_one_is_whole(server: Server, file: Path) -> None:
    """Who reads within one transaction never meets an empty table."""
    server.database("reader")
    assert server.psql("reader", file).returncode == 0
    with closing(server.connect("reader")) as connection:
        count = "SELECT count(*), (SELECT error FROM assign_decide('nenkin', '24', 'counter')) FROM assign_line"
        connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        before = connection.execute(count).fetchall()
        done = server.psql("reader", file)
        assert done.returncode == 0, done.stderr
        assert connection.execute(count).fetchall() == before
        connection.execute("COMMIT")
        assert connection.execute(count).fetchall() == before


def test_a_table_of_another_shape_stops_the_loading(server: Server, file: Path) -> None:
    """With the missing column's name; what was there is still there."""
    server.database("shape")
    with closing(server.connect("shape")) as connection:
        connection.execute("CREATE TABLE assign_line (division text)")
        connection.execute("INSERT INTO assign_line VALUES ('kept')")
        done = server.psql("shape", file)
        assert done.returncode == 3
        assert 'column "item" of relation "assign_line" does not exist' in done.stderr
        assert connection.execute("SELECT * FROM assign_line").fetchall() == [("kept",)]
