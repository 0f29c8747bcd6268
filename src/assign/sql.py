"""
The desk → a script that puts the decision table, and a lookup, inside a city's own database.

One script for each dialect, loaded in one transaction and as often as one likes: the tables stay and their lines are
replaced, so that grants and the city's own views stay, too. Every answer is a line of `table`; the database decides
nothing. No column is ever NULL: what has no answer has an `error`, and no comparison can take it for an answer.

    assign_line, assign_error, assign_provenance   the table, what else can be wrong, and where it all comes from
    assign_decide(…)                               PostgreSQL: a function; DuckDB: a table macro
    assign_case → assign_decided                   SQLite, which has no functions: a place for cases, a view of answers
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from string import Template
from typing import Final

from .desk import Desk
from .errors import BadOption, listed, shown
from .table import decision_table
from .words import Channel, Division

DIALECTS: Final = ("postgresql", "duckdb", "sqlite")
_BLOCK: Final = 500  # rows of one INSERT

_Cell = str | int
_Row = tuple[_Cell, ...]


def script(desk: Desk, dialect: str, lang: str = "ja") -> str:
    """
    The whole script, about half a megabyte; equal desks give equal text.

    Args:
        desk: Whose answers.
        dialect: One of `DIALECTS`.
        lang: Of the columns `reason` and `message` of a lookup, `ja` or `en`; the table holds both.

    Raises:
        BadOption: Of the dialect or the language.
    """
    if dialect not in DIALECTS:
        raise BadOption(
            f"方言 {shown(dialect)} はありません（選べるもの: {listed(DIALECTS)}）",
            f"there is no dialect {shown(dialect)} (choose: {listed(DIALECTS)})",
            DIALECTS,
        )
    if lang not in ("ja", "en"):
        raise BadOption("`--lang` は ja か en です", "`--lang` is ja or en", ("ja", "en"))
    return "\n".join(_statements(desk, dialect, lang))


def _statements(desk: Desk, dialect: str, lang: str) -> Iterator[str]:
    answers, acts, lines, count = _packed(desk)
    words = {
        "lang": lang,
        "date": "text" if dialect == "sqlite" else "date",
        "count": str(count),
        # A script that goes on after an error would commit what there is; only SQLite lets it.
        "or_rollback": " OR ROLLBACK" if dialect == "sqlite" else "",
        "provenance": _literals(desk.provenance.values(), dialect),
        **{f"{name}_sha256": desk.provenance[f"{name}_sha256"] for name in ("catalog", "rules")},
        "version": desk.provenance["assign_version"],
        "divisions": _literals(Division, dialect),
        "channels": _literals(Channel, dialect),
        "acts": _literals(desk.rules.acts, dialect),
    }
    yield _filled(_OPEN[dialect], words)
    yield _filled(_ABOUT, words)
    yield _ABOUT_KEPT[dialect]
    yield _filled(_TABLES, words)
    yield _EMPTIED[dialect]
    yield from _inserted("assign_error", _errors(), dialect)
    yield _filled(_LOADING, words)
    yield from _inserted("assign_load_answer", answers, dialect)
    yield from _inserted("assign_load_act", acts, dialect)
    yield from _inserted("assign_load_line", lines, dialect)
    yield _filled(_UNPACKED, words)
    yield _filled(_LOOKUP[dialect], {"answer": _filled(_ANSWER, {**words, "asked": _ASKED[dialect]})})
    yield _filled(_WHOLE, words)
    yield "COMMIT;"


def _packed(desk: Desk) -> tuple[list[_Row], list[_Row], list[_Row], int]:
    """
    The table without its repetitions: answers, sets of acts, lines that name one of each, and how many lines it had.

    Most acts of a row get one and the same answer: 25,000 lines are 2,700 of these, and a reader sees which acts go together.
    """
    answers: dict[_Row, int] = {}
    grouped: dict[_Row, list[str]] = {}
    count = 0
    for line in decision_table(desk):
        answer = answers.setdefault(line[6:], len(answers) + 1)
        grouped.setdefault((*line[:3], *line[4:6], answer), []).append(line.act)
        count += 1
    sets: dict[tuple[str, ...], int] = {}
    lines = [(*key, sets.setdefault(tuple(acts), len(sets) + 1)) for key, acts in grouped.items()]
    members: list[_Row] = [(number, act) for acts, number in sets.items() for act in acts]
    return [(number, *answer) for answer, number in answers.items()], members, lines, count


def _errors() -> list[_Row]:
    """What a lookup says of words that are in no line; the desk says more, for it knows what is near."""
    divisions, channels = listed(Division), listed(Channel)
    return [
        ("bad_request", "区分と番号を指定してください", "give a division and an item"),
        ("unknown_division", f"この区分はありません（{divisions}）", f"there is no such division ({divisions})"),
        (
            "unknown_item",
            "この区分にこの項目はありません（SQL で読めるのは `24` や `22-3` のような一覧の番号だけです）",
            "the division has no such item (SQL reads numbers as the list prints them alone, `24` or `22-3`)",
        ),
        ("unknown_channel", f"この経路はありません（{channels}）", f"there is no such channel ({channels})"),
        (
            "unknown_act",
            "この行為は行為表にありません（行為表は `assign acts`。表にない行為は `undetermined` で尋ねられます）",
            "there is no such act (`assign acts` lists them; an act that is not listed is asked for as `undetermined`)",
        ),
        (
            "bad_date",
            "日付として読めません（0001-01-01 から 9999-12-31 までの暦にある日を YYYY-MM-DD の形で）",
            "not a date (a day of the calendar from 0001-01-01 to 9999-12-31, as YYYY-MM-DD)",
        ),
    ]


def _inserted(table: str, rows: Sequence[_Row], dialect: str) -> Iterator[str]:
    for start in range(0, len(rows), _BLOCK):
        yield f"INSERT INTO {table} VALUES"
        yield ",\n".join(_tuple(row, dialect) for row in rows[start : start + _BLOCK]) + ";"


def _tuple(row: Iterable[_Cell], dialect: str) -> str:
    return f"({','.join(str(cell) if isinstance(cell, int) else _literal(cell, dialect) for cell in row)})"


def _literal(text: str, dialect: str) -> str:
    """A text between quotes. A backslash is a backslash, also in a PostgreSQL that was told to read it otherwise."""
    quoted = "'" + text.replace("'", "''") + "'"
    return "E" + quoted.replace("\\", "\\\\") if dialect == "postgresql" and "\\" in text else quoted


def _literals(texts: Iterable[str], dialect: str) -> str:
    return ", ".join(_literal(text, dialect) for text in texts)


def _filled(template: str, words: Mapping[str, str]) -> str:
    return Template(template).substitute(words)


# -- the script, part by part ----------------------------------------------------------------------------------------

_OPEN: Final = {
    # INVARIANT: nothing but ASCII stands before the encoding is set; psql would read it in another one.
    "postgresql": """\
BEGIN;
SET LOCAL client_encoding = 'UTF8';
SET LOCAL standard_conforming_strings = on;
SET LOCAL client_min_messages = warning;
--
-- assign $version: 判定表（PostgreSQL 14 以上） / the decision table (PostgreSQL 14 or later)
-- 読み込み / load: psql -v ON_ERROR_STOP=1 -f FILE""",
    "duckdb": """\
BEGIN;
--
-- assign $version: 判定表（DuckDB） / the decision table (DuckDB)
-- 読み込み / load: duckdb -bail DATABASE < FILE""",
    "sqlite": """\
BEGIN IMMEDIATE;
--
-- assign $version: 判定表（SQLite、データベースの文字コードは UTF-8） / the decision table (SQLite)
-- 読み込み / load: sqlite3 -bail DATABASE < FILE""",
}

_ABOUT: Final = """\
-- 台帳 / catalog: $catalog_sha256
-- 規則 / rules:   $rules_sha256
--
-- `assign export sql` が作ったもの。手で直さず、作り直して読み込んでください。
-- Made by `assign export sql`. Do not edit it; make it anew and load it again.
--
-- 読めるのは契約のキー（nenkin、counter、receive …）と一覧に印字された番号（24、22-3）だけです。「国民年金」「２４」
-- 「窓口」のような書き方は SQL では読めず、答えの代わりに error（unknown_…）の行が返ります。
-- It reads the keys of the contract (nenkin, counter, receive, …) and the numbers as the list prints them (24, 22-3).
-- Other spellings (国民年金, ２４, 窓口) are not understood in SQL: they get a row with an error (unknown_…), never an answer.
--
-- NULL の列はありません。error が空なら答え、空でなければ assignee は空です。集計では両方を見てください。
-- No column is NULL. Where error is empty there is an answer; elsewhere assignee is empty. A report must look at both."""

_ABOUT_KEPT: Final = {
    "postgresql": """\
--
-- 再読み込み: 一つのトランザクションで行だけを入れ替えます。表も関数も落とさず、CASCADE は使いません。権限と、
-- 市が作ったビューはそのまま残り、新しい答えを返します。読んでいる人は COMMIT まで古い表を見ます。表の形が合わないときは
-- エラーで止まり、何も変わりません。
-- Loading again replaces the lines in one transaction. No table and no function of yours is dropped, never CASCADE: grants and
-- a city's own views stay, and give the new answers. Readers see the old table until COMMIT. If an older table has another
-- shape, loading stops with an error and nothing has changed.""",
    "duckdb": """\
--
-- 再読み込み: 一つのトランザクションで行だけを入れ替えます。表は落としません。
-- Loading again replaces the lines in one transaction; no table is dropped.""",
    "sqlite": """\
--
-- 再読み込み: 一つのトランザクションで行だけを入れ替えます。表と assign_case の案件は残ります。Python で途中で失敗した
-- ときは rollback() してください。
-- Loading again replaces the lines in one transaction; the tables, and the cases in assign_case, stay. If it fails in Python,
-- call rollback().""",
}

_TABLES: Final = """
-- 判定表 / the decision table. act: '' は行為を指定しない場合 / '' where no act is asked. since, until: その日を含む / inclusive
CREATE TABLE IF NOT EXISTS assign_line (
  division text NOT NULL, item text NOT NULL, channel text NOT NULL, act text NOT NULL,
  since $date NOT NULL, until $date NOT NULL,
  assignee text NOT NULL, certainty text NOT NULL, rules text NOT NULL, row_ids text NOT NULL, caveats text NOT NULL,
  reason_ja text NOT NULL, reason_en text NOT NULL,
  error text NOT NULL, error_ja text NOT NULL, error_en text NOT NULL,
  PRIMARY KEY (division, item, channel, act, since),
  CHECK (since <= until),
  CHECK (assignee IN ('', 'contractor', 'city_staff', 'split')),
  CHECK ((assignee = '') = (error <> ''))
);
-- 表にない言葉への答え / what is said of words that are in no line
CREATE TABLE IF NOT EXISTS assign_error (
  error text PRIMARY KEY, error_ja text NOT NULL, error_en text NOT NULL
);
-- どの台帳、規則、版、エンジンによる表か / which list, rules, version and engine the table is of
CREATE TABLE IF NOT EXISTS assign_provenance (
  catalog_sha256 text NOT NULL, rules_sha256 text NOT NULL, assign_version text NOT NULL, engine text NOT NULL,
  lines integer NOT NULL
);"""

_DELETED: Final = """\
DELETE FROM assign_provenance;
DELETE FROM assign_error;
DELETE FROM assign_line;"""
_EMPTIED: Final = {
    # DELETE and not TRUNCATE: TRUNCATE shows an empty table to whoever reads an older snapshot.
    "postgresql": f"LOCK TABLE assign_line IN SHARE ROW EXCLUSIVE MODE;  -- 一度に一人だけ / one loader at a time\n{_DELETED}",
    "duckdb": _DELETED,
    "sqlite": _DELETED,
}

_LOADING: Final = """
-- 同じ答えになる行為をまとめて運びます / acts that get one answer travel together
CREATE TABLE assign_load_answer (
  answer integer PRIMARY KEY, assignee text, certainty text, rules text, row_ids text, caveats text,
  reason_ja text, reason_en text, error text, error_ja text, error_en text
);
CREATE TABLE assign_load_act (acts integer, act text);
CREATE TABLE assign_load_line (
  division text, item text, channel text, since $date, until $date, answer integer, acts integer
);"""

_UNPACKED: Final = """
INSERT INTO assign_line (
  division, item, channel, act, since, until, assignee, certainty, rules, row_ids, caveats, reason_ja, reason_en,
  error, error_ja, error_en
)
SELECT l.division, l.item, l.channel, a.act, l.since, l.until, w.assignee, w.certainty, w.rules, w.row_ids, w.caveats,
  w.reason_ja, w.reason_en, w.error, w.error_ja, w.error_en
FROM assign_load_line AS l
JOIN assign_load_act AS a ON a.acts = l.acts
JOIN assign_load_answer AS w ON w.answer = l.answer;
DROP TABLE assign_load_line;
DROP TABLE assign_load_act;
DROP TABLE assign_load_answer;"""

_WHOLE: Final = """
-- 行が欠けていれば NOT NULL がここで止め、何も変わりません / if a line is missing NOT NULL stops it here, and nothing changes
INSERT$or_rollback INTO assign_provenance
SELECT $provenance, CASE WHEN count(*) = $count THEN $count END FROM assign_line;"""

# One row for each of `w`, whose columns are never NULL but for the day. What is wrong is looked for where no line is found,
# in the order in which the desk looks.
_ANSWER: Final = """\
  coalesce(l.assignee, '') AS assignee,
  coalesce(l.certainty, '') AS certainty,
  coalesce(l.rules, '') AS rules,
  coalesce(l.row_ids, '') AS row_ids,
  coalesce(l.caveats, '') AS caveats,
  coalesce(l.reason_$lang, '') AS reason,
  coalesce(l.error, a.error) AS error,
  coalesce(l.error_$lang, (SELECT e.error_$lang FROM assign_error AS e WHERE e.error = a.error)) AS message
FROM (
  SELECT w.*, CASE
    WHEN w.division = '' OR w.item = '' THEN 'bad_request'
    WHEN w.division NOT IN ($divisions) THEN 'unknown_division'
    WHEN NOT EXISTS (SELECT 1 FROM assign_line AS k WHERE k.division = w.division AND k.item = w.item) THEN 'unknown_item'
    WHEN w.channel NOT IN ($channels) THEN 'unknown_channel'
    WHEN w.act NOT IN ('', $acts) THEN 'unknown_act'
    ELSE 'bad_date' END AS error
  FROM (
$asked
  ) AS w
) AS a
LEFT JOIN assign_line AS l ON l.division = a.division AND l.item = a.item AND l.channel = a.channel AND l.act = a.act
  AND a.day BETWEEN l.since AND l.until"""

_ASKED: Final = {
    # The city's day, wherever the server stands: nine hours before UTC's, and no summer time, so no list of zones is needed.
    "postgresql": """\
    SELECT coalesce(division, '') AS division, coalesce(item, '') AS item, coalesce(channel, '') AS channel,
      coalesce(act, '') AS act, coalesce("on", CAST(now() AT TIME ZONE INTERVAL '9 hours' AS date)) AS day""",
    "duckdb": """\
    SELECT coalesce(CAST(division AS text), '') AS division, coalesce(CAST(item AS text), '') AS item,
      coalesce(CAST(channel AS text), '') AS channel, coalesce(CAST(act AS text), '') AS act, CASE
        WHEN coalesce(CAST("on" AS text), '') = ''
          THEN CAST(make_timestamp(epoch_us(now())) + INTERVAL 9 HOUR AS date)
        WHEN CAST(TRY_CAST(CAST("on" AS text) AS date) AS text) = CAST("on" AS text)
          THEN TRY_CAST(CAST("on" AS text) AS date)
        END AS day""",
    # date() alone takes 30 February; with a sum it becomes 2 March, which is not what was written.
    "sqlite": """\
    SELECT case_id, coalesce(CAST(division AS text), '') AS division, coalesce(CAST(item AS text), '') AS item,
      coalesce(CAST(channel AS text), '') AS channel, coalesce(CAST(act AS text), '') AS act, CASE
        WHEN coalesce("on", '') = '' THEN date('now', '+9 hours')
        WHEN date("on", '+0 days') = "on" THEN "on"
        END AS day
    FROM assign_case""",
}

_LOOKUP: Final = {
    "postgresql": """
-- 一件を尋ねる関数。必ず一行を返します。act を略すと業務全体、"on" を略すと日本の今日 / a lookup that always gives one row;
-- without act it is the work as a whole, without "on" it is today in Japan
--   SELECT * FROM assign_decide('nenkin', '24', 'counter');
--   SELECT c.*, d.* FROM cases AS c CROSS JOIN LATERAL
--     assign_decide(c.division, c.item, c.channel, c.act, c.received_on) AS d;
CREATE OR REPLACE FUNCTION assign_decide(
  division text, item text, channel text, act text DEFAULT NULL, "on" date DEFAULT NULL
) RETURNS TABLE (
  assignee text, certainty text, rules text, row_ids text, caveats text, reason text, error text, message text
) LANGUAGE sql STABLE PARALLEL SAFE ROWS 1
BEGIN ATOMIC
SELECT
$answer;
END;
COMMENT ON TABLE assign_line IS '判定表 / the decision table (assign)';
COMMENT ON TABLE assign_error IS '表にない言葉への答え / what is said of unknown words (assign)';
COMMENT ON TABLE assign_provenance IS '判定表の出所 / where the decision table comes from (assign)';
COMMENT ON FUNCTION assign_decide IS '受託者と市職員のどちらが行うか / who handles a piece of work (assign)';
ANALYZE assign_line;""",
    "duckdb": """
-- 一件を尋ねる表マクロ。必ず一行を返します。act を略すと業務全体、"on" を略すと日本の今日 / a lookup that always gives one row;
-- without act it is the work as a whole, without "on" it is today in Japan
--   FROM assign_decide('nenkin', '24', 'counter', act := 'receive', "on" := DATE '2026-11-25');
--   SELECT c.*, d.* FROM cases AS c CROSS JOIN LATERAL
--     assign_decide(c.division, c.item, c.channel, act := c.act, "on" := c.received_on) AS d;
CREATE OR REPLACE MACRO assign_decide(division, item, channel, act := NULL, "on" := NULL) AS TABLE
SELECT
$answer;
COMMENT ON TABLE assign_line IS '判定表 / the decision table (assign)';
COMMENT ON TABLE assign_error IS '表にない言葉への答え / what is said of unknown words (assign)';
COMMENT ON TABLE assign_provenance IS '判定表の出所 / where the decision table comes from (assign)';""",
    "sqlite": """
-- SQLite に関数はありません。案件を assign_case に入れる（または assign_case を市の案件表のビューに置き換える）と、
-- assign_decided が案件ごとに必ず一行で答えます。act が空なら業務全体、"on" が空なら日本の今日。
-- SQLite has no functions. Put cases into assign_case (or make assign_case a view of your own cases in its place), and
-- assign_decided answers each with one row. Without act it is the work as a whole, without "on" it is today in Japan.
--   DROP TABLE assign_case;
--   CREATE VIEW assign_case AS
--     SELECT id AS case_id, division, item, channel, act, received_on AS "on" FROM cases;
--   SELECT c.*, d.* FROM cases AS c JOIN assign_decided AS d ON d.case_id = c.id;
CREATE TABLE IF NOT EXISTS assign_case (
  case_id, division text, item text, channel text, act text, "on" text
);
DROP VIEW IF EXISTS assign_decided;
CREATE VIEW assign_decided AS
SELECT
  a.case_id AS case_id,
$answer;""",
}
