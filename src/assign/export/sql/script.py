"""
The desk → a script that puts the lookup table, and a function that asks it, inside a city's own database.

One script for each dialect, loaded in one transaction and as often as needed: the tables are kept and their rows replaced, so that
grants and the city's own views stay valid. Every answer is a row of a table; the database decides nothing. No column is ever NULL: a
request without an answer has an `error`, so that no comparison can take it for an answer.

    postgresql.sql   assign_decide(…), a function, bound to its own schema's tables when it is created
    duckdb.sql       assign_decide(…), a table macro that contains its answers, since a macro's tables cannot be bound
    sqlite.sql       assign_case → assign_decided: a table for cases, a view of answers (SQLite has no functions)

The templates are beside this file, to be read by a DBA; here is only what replaces each `@name@`. Two editions in
two schemas, or in two attached databases, each answer from their own, whatever the caller's path, temporary tables,
functions and operators are. INVARIANT: no name inside a lookup is resolved in the caller's session.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from assign.commands import command
from assign.desk.desk import Desk
from assign.desk.lookup import decision_table, table_of_edition
from assign.errors import BadOption, hidden, listed, listed_with, shown
from assign.rules.changes import FIRST, LAST

DIALECTS: Final = ("postgresql", "duckdb", "sqlite")
LONGEST_NAME: Final = 63  # bytes; PostgreSQL cuts a longer name in silence, and two could become one
_NOT_OURS: Final = ("temp", "system", "information_schema")  # schemas that are the database's own, or the session's
_BLOCK: Final = 500  # rows of one INSERT

_Cell = str | int
_Row = tuple[_Cell, ...]


def script(desk: Desk, dialect: str, lang: str = "ja", schema: str | None = None) -> str:
    """
    The whole script, about half a megabyte (DuckDB: one); equal desks give equal text.

    Args:
        desk: Whose answers.
        dialect: One of `DIALECTS`.
        lang: Of the columns `reason` and `message` of a lookup, `ja` or `en`; the table holds both.
        schema: Where the tables and the lookup are to be, made if it is not there (SQLite: the name of an attached
            database). None: the first schema of the loader's path; SQLite: `main`.

    Raises:
        BadOption: Of the dialect, the language or the schema.
    """
    if dialect not in DIALECTS:
        raise BadOption(
            f"方言 {shown(dialect)} はありません（選べるもの: {listed(DIALECTS)}）",
            f"there is no dialect {shown(dialect)} (choose: {listed(DIALECTS)})",
            DIALECTS,
        )
    if lang not in ("ja", "en"):
        raise BadOption("`--lang` は ja か en です", "`--lang` is ja or en", ("ja", "en"))
    if schema is not None:
        _must_be_a_name(schema)
    words = _words(desk, dialect, lang, schema)
    words["about"] = _filled("about", words)
    return _filled(dialect, words)


_PROVENANCE: Final = ("list", "edition", "catalog_sha256", "rules_sha256", "assign_version", "engine")


def _must_be_a_name(schema: str) -> None:
    own = schema.casefold()
    if (
        not schema.strip()
        or hidden(schema) is not None
        or len(schema.encode()) > LONGEST_NAME
        or own in _NOT_OURS
        or own.startswith("pg_")
    ):
        raise BadOption(
            f"スキーマ名 {shown(schema)} は使えません（{LONGEST_NAME} バイトまでの、市が決めた名前を指定してください）",
            f"{shown(schema)} cannot be the schema (give a name of your own, at most {LONGEST_NAME} bytes)",
        )


def _words(desk: Desk, dialect: str, lang: str, schema: str | None) -> dict[str, str]:
    """The text for each `@name@` of a template."""
    answers, acts, lines, count = _packed(desk)
    errors = _errors(desk)
    words = {
        "lang": lang,
        "count": str(count),
        "provenance": _literals((desk.provenance[name] for name in _PROVENANCE), dialect),
        **{f"{name}_sha256": desk.provenance[f"{name}_sha256"] for name in ("catalog", "rules")},
        "version": desk.provenance["assign_version"],
        "divisions": _literals(desk.catalog.manifest.divisions, dialect),
        "channels": _literals(desk.catalog.manifest.channels, dialect),
        "act_keys": _literals(desk.rules.acts, dialect),
        "into": _into(dialect, schema),
        "by_path": "true" if schema in (None, "main") else "false",  # where temporary tables shadow the schema's own
        "in": f"{_name(schema or 'main')}." if schema or dialect == "sqlite" else "",
    }
    where = words["in"]
    words["errors"] = _inserted(f"{where}assign_error", errors, dialect)
    if dialect == "duckdb":
        words["said"] = " ".join(
            f"WHEN {_literal(code, dialect)} THEN {_literal(en if lang == 'en' else ja, dialect)}"
            for code, ja, en in errors
        )
        words["items"] = "\n".join(_known_items(desk))
        words["table"] = _held(answers, acts, lines)
    else:
        for name, rows in (("answer", answers), ("act", acts), ("line", lines)):
            words[f"{name}s"] = _inserted(f"{where}assign_load_{name}", rows, dialect)
    return words


def _into(dialect: str, schema: str | None) -> str:
    """The statements that come before any name is used."""
    if dialect == "duckdb":
        return f"CREATE SCHEMA IF NOT EXISTS {_name(schema)};" if schema else ""
    if dialect == "sqlite":
        return ""
    # INVARIANT: every name and operator in here carries its schema; the path is still the loader's own.
    if schema is None:
        path = "pg_catalog.format('%I, pg_temp', pg_catalog.current_schema())"
        return f"DO $$BEGIN PERFORM pg_catalog.set_config('search_path', {path}, true); END$$;"
    there = f"SELECT FROM pg_catalog.pg_namespace WHERE nspname OPERATOR(pg_catalog.=) {_literal(schema, dialect)}::pg_catalog.name"
    made = f"BEGIN IF NOT EXISTS ({there}) THEN CREATE SCHEMA {_name(schema)}; END IF; END"
    return f"DO {_literal(made, dialect)};\nSET LOCAL search_path = {_name(schema)}, pg_temp;"


def _known_items(desk: Desk) -> Iterator[str]:
    """Whether an item is none of its division's, as the branches of a CASE."""
    items: dict[str, dict[str, None]] = {}
    for task in desk.catalog.tasks:
        items.setdefault(task.division, {}).update({task.number: None, task.item: None})
    for division, known in items.items():
        yield f"      WHEN {_literal(division, 'duckdb')} THEN w.item NOT IN ({_literals(known, 'duckdb')})"
    yield "      ELSE true"


_HELD: Final = {
    "l": "division item channel since until answer acts",
    "a": "acts act",
    "w": "answer assignee certainty rules row_ids caveats reason_ja reason_en error error_ja error_en",
}


def _held(answers: Sequence[_Row], acts: Sequence[_Row], lines: Sequence[_Row]) -> str:
    """The table as a query over three literals, each of lines with cells between tabs."""
    line, act, answer = (
        _split(rows, names.split()) for rows, names in zip((lines, acts, answers), _HELD.values(), strict=True)
    )
    return f"""\
SELECT l.division, l.item, l.channel, a.act, CAST(l.since AS date) AS since, CAST(l.until AS date) AS until,
  w.assignee, w.certainty, w.rules, w.row_ids, w.caveats, w.reason_ja, w.reason_en, w.error, w.error_ja, w.error_en
FROM ({line}) AS l
JOIN ({act}) AS a ON a.acts = l.acts
JOIN ({answer}) AS w ON w.answer = l.answer"""  # noqa: S608 - literals made here


def _split(rows: Sequence[_Row], names: Sequence[str]) -> str:
    text = _literal("\n".join("\t".join(map(str, row)) for row in rows), "duckdb")
    cells = ", ".join(f"system.main.array_extract(r, {at}) AS {name}" for at, name in enumerate(names, start=1))
    split = "system.main.string_split"
    return f"SELECT {cells} FROM (SELECT {split}(system.main.unnest({split}({text}, E'\\n')), E'\\t') AS r)"  # noqa: S608 - as above


def _packed(desk: Desk) -> tuple[list[_Row], list[_Row], list[_Row], int]:
    """
    The table without its repetitions: answers, sets of acts, lines that name one of each, and how many lines it had.

    Most acts of a row get one and the same answer: 25,000 lines are 2,700 of these, and a reader sees which acts go together.
    """
    answers: dict[_Row, int] = {}
    grouped: dict[_Row, list[str]] = {}
    count = 0
    for line in decision_table(desk) if desk.beside is None else table_of_edition(desk):
        answer = answers.setdefault(line[6:], len(answers) + 1)
        grouped.setdefault((*line[:3], *line[4:6], answer), []).append(line.act)
        count += 1
    sets: dict[tuple[str, ...], int] = {}
    lines = [(*key, sets.setdefault(tuple(acts), len(sets) + 1)) for key, acts in grouped.items()]
    members: list[_Row] = [(number, act) for acts, number in sets.items() for act in acts]
    return [(number, *answer) for answer, number in answers.items()], members, lines, count


def _errors(desk: Desk) -> list[tuple[str, str, str]]:
    """The errors of words that the table does not know; the desk's are better, since it knows what is near."""
    first, last, ja, en = FIRST, LAST, "", ""
    if desk.beside is not None:
        first, last = desk.beside.days(desk.place)
        ja, en = "。この表は一覧のその間の版のもの", "; the table is of the edition of those days"
    of = desk.catalog.manifest.divisions, desk.catalog.manifest.channels
    (divisions, channels), (divisions_ja, channels_ja) = (
        map(listed, of),
        (listed_with({key: each.label["ja"] for key, each in part.items()}) for part in of),
    )
    return [
        ("bad_request", "区分と番号を指定してください", "give a division and an item"),
        (
            "unknown_division",
            f"この区分はありません（{divisions_ja}）",
            f"there is no such division ({divisions})",
        ),
        (
            "unknown_item",
            "この区分にこの番号はありません（SQL で読めるのは `24` や `22-3` のような一覧の番号だけです）",
            "the division has no such item (SQL reads numbers as the list prints them alone, `24` or `22-3`)",
        ),
        (
            "unknown_channel",
            f"業務の場の指定が分かりません（{channels_ja}）",
            f"there is no such channel ({channels})",
        ),
        (
            "unknown_act",
            f"この行為は行為表にありません（行為表は `{command('acts')}`。表にない行為は `undetermined` で尋ねられます）",
            f"there is no such act (`{command('acts')}` lists them; an act that is not listed is asked for as `undetermined`)",
        ),
        (
            "bad_date",
            f"日付として読めません（{first} から {last} までの暦にある日を YYYY-MM-DD の形で{ja}）",
            f"not a date (a day of the calendar from {first} to {last}, as YYYY-MM-DD{en})",
        ),
    ]


def _inserted(table: str, rows: Sequence[_Row], dialect: str) -> str:
    return "\n".join(
        f"INSERT INTO {table} VALUES\n" + ",\n".join(_tuple(row, dialect) for row in rows[start : start + _BLOCK]) + ";"
        for start in range(0, len(rows), _BLOCK)
    )


def _tuple(row: Iterable[_Cell], dialect: str) -> str:
    return f"({','.join(str(cell) if isinstance(cell, int) else _literal(cell, dialect) for cell in row)})"


def _literal(text: str, dialect: str) -> str:
    """A string literal. A backslash is a backslash, also in PostgreSQL with `standard_conforming_strings` off."""
    quoted = "'" + text.replace("'", "''") + "'"
    return "E" + quoted.replace("\\", "\\\\") if dialect == "postgresql" and "\\" in text else quoted


def _literals(texts: Iterable[str], dialect: str) -> str:
    return ", ".join(_literal(text, dialect) for text in texts)


def _name(text: str) -> str:
    """A quoted identifier, the same in all three."""
    return '"' + text.replace('"', '""') + '"'


def _filled(template: str, words: Mapping[str, str]) -> str:
    """A template of this folder with each `@name@` replaced once; replacements are not expanded again."""
    text = (Path(__file__).parent / f"{template}.sql").read_text("utf-8").removesuffix("\n")
    return re.sub(r"@(\w+)@", lambda found: words[found[1]], text)
