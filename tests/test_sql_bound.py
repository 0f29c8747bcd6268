"""A lookup of exported SQL is bound when it is made: it answers from its own edition, whatever the caller's session holds."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from importlib import import_module
from pathlib import Path

import pytest

from assign import Desk
from assign.errors import BadOption
from assign.export.sql import script

from .databases import Opened, opened, ruled, server, written  # noqa: F401 - fixtures among them
from .servers import Server
from .test_rules import RULING

pytestmark = pytest.mark.slow

ONE = "SELECT assignee FROM {}assign_decide('kokuho', '25', 'counter', {} '2026-11-25')"
POSTGRESQL = ONE.format("{}", "'receive',")
DUCKDB = ONE.format("{}", "act := 'receive', \"on\" :=")
AWKWARD = 'y"; DROP TABLE x.assign_line; --'
quoted = '"{}"'.format(AWKWARD.replace('"', '""'))


@pytest.fixture(scope="module")
def ruling_desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """Another edition: kokuho 25, receiving, is the contractor's."""
    return ruled(tmp_path_factory.mktemp("ruling") / "rules", "rulings: []", RULING)


def test_each_schema_answers_from_its_own_edition_in_postgresql(
    opened: Opened, desk: Desk, ruling_desk: Desk, server: Server
) -> None:
    """Whatever the path of the loader and of the caller, temporary tables, and operators of the city's own are."""
    city = opened("postgresql")
    city.rows("CREATE SCHEMA evil")
    city.rows("CREATE FUNCTION evil.yes(text, text) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT false'")
    city.rows("CREATE OPERATOR evil.= (LEFTARG = text, RIGHTARG = text, PROCEDURE = evil.yes)")
    city.rows("CREATE FUNCTION evil.now() RETURNS timestamptz LANGUAGE sql STABLE AS $$SELECT timestamptz 'epoch'$$")
    city.rows("CREATE SCHEMA x")
    for shadow in ("assign_line", "assign_error", "assign_provenance", "assign_load_line"):
        city.rows(f"CREATE TEMPORARY TABLE {shadow} (division text)")
    city.rows("SET search_path = pg_temp, x, evil, pg_catalog")
    city.load(written(desk, "postgresql", "x"))
    city.load(written(ruling_desk, "postgresql", AWKWARD))
    city.rows(f"SET search_path = {quoted}, evil, pg_catalog")
    city.load(written(ruling_desk, "postgresql"))  # over itself, found by the path alone
    before = city.rows("SHOW search_path")
    for path in ("x, evil, pg_catalog", f"pg_temp, evil, {quoted}, x, pg_catalog", "evil, pg_catalog", "''"):
        city.rows(f"SET search_path = {path}")
        assert city.rows(POSTGRESQL.format("x.")) == [("city_staff",)], path
        assert city.rows(POSTGRESQL.format(f"{quoted}.")) == [("contractor",)], path
    assert before == [(f"{quoted}, evil, pg_catalog",)]
    # Another role, which may read one schema alone.
    city.rows("RESET search_path")
    city.rows("SELECT 1" if city.rows("SELECT 1 FROM pg_roles WHERE rolname = 'clerk'") else "CREATE ROLE clerk LOGIN")
    city.rows("GRANT USAGE ON SCHEMA x TO clerk; ")
    city.rows("GRANT SELECT ON x.assign_line, x.assign_error TO clerk")
    name = city.rows("SELECT current_database()")[0][0]
    with closing(server.connect(name, user="clerk")) as clerk:
        clerk.execute("CREATE TEMPORARY TABLE assign_line AS SELECT * FROM x.assign_line")
        clerk.execute("UPDATE assign_line SET assignee = 'contractor' WHERE error = ''")
        assert clerk.execute(POSTGRESQL.format("x.").encode()).fetchall() == [("city_staff",)]
        with pytest.raises(import_module("psycopg").errors.InsufficientPrivilege):
            clerk.execute(POSTGRESQL.format(f"{quoted}.").encode())
    with pytest.raises(import_module("psycopg").errors.Error):  # no schema to be found by an empty path
        city.load("SET search_path = ''; " + written(desk, "postgresql"))
    city.rows("ROLLBACK")


EVIL = ("now() AS 'evil'", "string_split(a, b) AS ['evil']", "epoch_us(a) AS 0", '"+"(a, b) AS NULL', '"="(a, b) AS true',
        "array_extract(a, b) AS 'evil'", "add(a, b) AS NULL", "make_timestamp(a) AS NULL", '"coalesce"(a, b) AS \'evil\'',
        "to_hours(a) AS NULL", "error(a) AS 1", "list_value(a) AS ['evil']")  # fmt: skip


@pytest.mark.parametrize("how", ["schema option", "path"])
def test_each_schema_answers_from_its_own_edition_in_duckdb(
    opened: Opened, desk: Desk, ruling_desk: Desk, tmp_path: Path, how: str
) -> None:
    """In one database and in attached ones of equal schemas, with temporary tables and macros of the caller's own."""
    city = opened("duckdb")
    for name, which in (("x", desk), (AWKWARD, ruling_desk)):
        schema = name.replace('"', '""')
        if how == "path":
            city.rows(f'CREATE SCHEMA "{schema}"')
            city.rows(f'USE "{schema}"')
            city.load(written(which, "duckdb"))
            city.rows("USE main")
        else:
            city.load(written(which, "duckdb", name))
            city.load(written(which, "duckdb", name))
    for place, which in (("one", desk), ("two", ruling_desk)):
        city.rows(f"ATTACH '{tmp_path / place}.db' AS {place}")
        for schema in ("main", "y"):
            city.rows(f"USE {place}.main")
            city.load(written(which, "duckdb", schema))
    city.rows("USE memory")

    def right() -> bool:
        asked = {
            "memory.x": "city_staff",
            f"memory.{quoted}": "contractor",
            "one.main": "city_staff",
            "one.y": "city_staff",
        }
        asked |= {"two.main": "contractor", "two.y": "contractor"}
        return all(city.rows(DUCKDB.format(f"{where}.")) == [(wanted,)] for where, wanted in asked.items())

    for used in ("memory.main", "memory.x", f"memory.{quoted}", "one.y", "two.main"):
        city.rows(f"USE {used}")
        assert right(), used
    city.rows("CREATE TEMPORARY TABLE assign_line AS SELECT * FROM two.y.assign_line")
    city.rows("CREATE TEMPORARY TABLE assign_error (error text)")
    for evil in EVIL:
        city.rows(f"CREATE MACRO two.main.{evil}")
    assert right()
    with_names = "WITH assign_line AS (SELECT 1), l AS (SELECT 1), a AS (SELECT 1), w AS (SELECT 1) "
    assert city.rows(with_names + DUCKDB.format("one.y.")) == [("city_staff",)]
    assert city.rows("SELECT assignee FROM one.y.assign_decide('kokuho', '25', 'counter')") == [("split",)]


def test_a_temporary_table_never_takes_the_lines_in_duckdb(opened: Opened, desk: Desk) -> None:
    """Loading by the path alone, DuckDB would write into it."""
    city = opened("duckdb")
    city.load(written(desk, "duckdb"))
    city.rows("CREATE TEMPORARY TABLE assign_line AS SELECT * FROM memory.main.assign_line")
    with pytest.raises(Exception, match="drop the temporary tables"):
        city.load(written(desk, "duckdb"))
    city.rows("ROLLBACK")
    city.load(written(desk, "duckdb", "y"))
    assert city.rows("SELECT count(*) FROM memory.y.assign_line") == city.rows("SELECT count(*) FROM assign_line")


def test_each_attached_database_answers_from_its_own_edition_in_sqlite(
    opened: Opened, desk: Desk, ruling_desk: Desk, tmp_path: Path
) -> None:
    """Whatever names they are attached by, and whatever stands among the temporary tables."""
    city = opened("sqlite")
    city.load(written(desk, "sqlite"))
    city.rows(f"ATTACH '{tmp_path / 'two.db'}' AS {quoted}")
    city.load(written(ruling_desk, "sqlite", AWKWARD))
    columns = 'case_id, division, item, channel, act, "on"'
    for where in ("main", quoted):
        city.rows(f"INSERT INTO {where}.assign_case VALUES (1, 'kokuho', '25', 'counter', 'receive', '2026-11-25')")  # noqa: S608 - words of this file
    city.rows("CREATE TEMPORARY TABLE assign_line AS SELECT * FROM main.assign_line")
    city.rows("UPDATE temp.assign_line SET assignee = 'split'")
    city.rows(f"CREATE TEMPORARY TABLE assign_case ({columns})")
    city.rows("CREATE TEMPORARY VIEW assign_load_line AS SELECT 1")
    city.load(written(ruling_desk, "sqlite", AWKWARD))  # again, over the old one, past the temporary tables
    assert city.rows("SELECT assignee FROM main.assign_decided") == [("city_staff",)]
    assert city.rows(f"SELECT assignee FROM {quoted}.assign_decided") == [("contractor",)]  # noqa: S608 - as above
    city.rows(f"DETACH {quoted}")
    city.rows(f"ATTACH '{tmp_path / 'two.db'}' AS renamed")
    assert city.rows("SELECT assignee FROM renamed.assign_decided") == [("contractor",)]
    with closing(sqlite3.connect(tmp_path / "two.db")) as alone:
        assert alone.execute("SELECT assignee FROM assign_decided").fetchall() == [("contractor",)]


@pytest.mark.parametrize(
    "schema", ["", " ", "temp", "TEMP", "pg_temp", "pg_catalog", "system", "a\nb", "あ" * 22, "a\u202e"]
)
def test_a_schema_that_is_not_a_citys_own_is_refused(desk: Desk, schema: str) -> None:
    """A name that a database would cut, or whose tables would be gone with the session."""
    with pytest.raises(BadOption, match=r"cannot be the schema"):
        script(desk, "postgresql", schema=schema)
