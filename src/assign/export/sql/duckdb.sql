BEGIN;
@into@
--
-- assign @version@: 判定表（DuckDB） / the decision table (DuckDB)
-- 読み込み / load: duckdb -bail DATABASE < FILE
@about@
--
-- DuckDB のマクロは文字の置き換えで、中の表の名前は呼ぶ人のスキーマ・ATTACH したデータベース・一時表から探されます。そこで
-- assign_decide は表を読まず、答えを自分の中に文字列で持ち、関数は system.main のものだけを使います。
-- A macro of DuckDB is text put into a query: a table named in it is looked for among the caller's schemas, attached databases and
-- temporary tables. So assign_decide reads no table: it holds its answers as text, and calls functions of system.main alone.
--
-- 再読み込み: 一つのトランザクションで行とマクロを入れ替えます。表は落としません。
-- Loading again replaces lines and macro in one transaction; no table is dropped.

-- 判定表（結合用） / the decision table, for joins. act: '' は行為を指定しない場合 / '' where no act is asked. since, until: inclusive
CREATE TABLE IF NOT EXISTS @in@assign_line (
  division text NOT NULL, item text NOT NULL, channel text NOT NULL, act text NOT NULL,
  since date NOT NULL, until date NOT NULL,
  assignee text NOT NULL, certainty text NOT NULL, rules text NOT NULL, row_ids text NOT NULL, caveats text NOT NULL,
  reason_ja text NOT NULL, reason_en text NOT NULL,
  error text NOT NULL, error_ja text NOT NULL, error_en text NOT NULL,
  PRIMARY KEY (division, item, channel, act, since),
  CHECK (since <= until),
  CHECK (assignee IN ('', 'contractor', 'city_staff', 'split', 'nobody')),
  CHECK ((assignee = '') = (error <> ''))
);
-- 表にない言葉への答え / what is said of words that are in no line
CREATE TABLE IF NOT EXISTS @in@assign_error (
  error text PRIMARY KEY, error_ja text NOT NULL, error_en text NOT NULL
);
-- どの台帳、規則、版、エンジンによる表か / which list, rules, version and engine the table is of
CREATE TABLE IF NOT EXISTS @in@assign_provenance (
  list text NOT NULL, edition text NOT NULL, catalog_sha256 text NOT NULL, rules_sha256 text NOT NULL,
  assign_version text NOT NULL, engine text NOT NULL, lines integer NOT NULL
);

DELETE FROM @in@assign_provenance;
DELETE FROM @in@assign_error;
DELETE FROM @in@assign_line;
@errors@

-- 一件を尋ねる表マクロ。必ず一行を返します。act を略すと業務全体、"on" を略すと日本の今日 / a lookup that always gives one row;
-- without act it is the work as a whole, without "on" it is today in Japan
--   FROM assign_decide('nenkin', '24', 'counter', act := 'receive', "on" := DATE '2026-11-25');
--   SELECT c.*, d.* FROM cases AS c CROSS JOIN LATERAL
--     assign_decide(c.division, c.item, c.channel, act := c.act, "on" := c.received_on) AS d;
-- What is wrong is looked for where no line is found, in the order in which the desk looks.
CREATE OR REPLACE MACRO @in@assign_decide(division, item, channel, act := NULL, "on" := NULL) AS TABLE
SELECT
  coalesce(l.assignee, '') AS assignee,
  coalesce(l.certainty, '') AS certainty,
  coalesce(l.rules, '') AS rules,
  coalesce(l.row_ids, '') AS row_ids,
  coalesce(l.caveats, '') AS caveats,
  coalesce(l.reason_@lang@, '') AS reason,
  coalesce(l.error, a.error) AS error,
  coalesce(l.error_@lang@, CASE a.error @said@ END) AS message
FROM (
  SELECT w.*, CASE
    WHEN w.division = '' OR w.item = '' THEN 'bad_request'
    WHEN w.division NOT IN (@divisions@) THEN 'unknown_division'
    WHEN CASE w.division
@items@
      END THEN 'unknown_item'
    WHEN w.channel NOT IN (@channels@) THEN 'unknown_channel'
    WHEN w.act NOT IN ('', @act_keys@) THEN 'unknown_act'
    ELSE 'bad_date' END AS error
  FROM (
    SELECT coalesce(CAST(division AS text), '') AS division, coalesce(CAST(item AS text), '') AS item,
      coalesce(CAST(channel AS text), '') AS channel, coalesce(CAST(act AS text), '') AS act, CASE
        WHEN coalesce(CAST("on" AS text), '') = ''
          THEN CAST(system.main.add(
            system.main.make_timestamp(system.main.epoch_us(system.main.now())), CAST('9 hours' AS interval)
          ) AS date)
        WHEN CAST(TRY_CAST(CAST("on" AS text) AS date) AS text) = CAST("on" AS text)
          THEN TRY_CAST(CAST("on" AS text) AS date)
        END AS day
  ) AS w
) AS a
LEFT JOIN (
@table@
) AS l ON l.division = a.division AND l.item = a.item AND l.channel = a.channel AND l.act = a.act
  AND a.day BETWEEN l.since AND l.until;

INSERT INTO @in@assign_line (
  division, item, channel, act, since, until, assignee, certainty, rules, row_ids, caveats, reason_ja, reason_en,
  error, error_ja, error_en
)
@table@;
COMMENT ON TABLE @in@assign_line IS '判定表 / the decision table (assign)';
COMMENT ON TABLE @in@assign_error IS '表にない言葉への答え / what is said of unknown words (assign)';
COMMENT ON TABLE @in@assign_provenance IS '判定表の出所 / where the decision table comes from (assign)';

-- どの行もマクロに尋ね直します。欠けていれば、また同じ名前の一時表があれば、ここで止まり、何も変わりません / each line is asked
-- of the macro again; if one is missing, or temporary tables of these names stood in the way, it stops here and nothing changes
INSERT INTO @in@assign_provenance
SELECT @provenance@, CASE
    WHEN @by_path@ AND EXISTS (
      SELECT 1 FROM system.main.duckdb_tables() WHERE temporary AND table_name IN ('assign_line', 'assign_error', 'assign_provenance')
    ) THEN system.main.error('assign_…: 一時表を DROP してください / drop the temporary tables of these names')
    WHEN count(*) = @count@ THEN @count@ END
FROM @in@assign_line AS t
CROSS JOIN LATERAL @in@assign_decide(t.division, t.item, t.channel, act := t.act, "on" := t.since) AS d
WHERE d.assignee = t.assignee AND d.certainty = t.certainty AND d.rules = t.rules AND d.row_ids = t.row_ids
  AND d.caveats = t.caveats AND d.reason = t.reason_@lang@ AND d.error = t.error
  AND (d.message = t.error_@lang@ OR t.error = '');
COMMIT;
