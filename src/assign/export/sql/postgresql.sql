BEGIN;
SET LOCAL client_encoding = 'UTF8';
SET LOCAL standard_conforming_strings = on;
SET LOCAL client_min_messages = warning;
@into@
--
-- assign @version@: 判定表（PostgreSQL 14 以上） / the decision table (PostgreSQL 14 or later)
-- 読み込み / load: psql -v ON_ERROR_STOP=1 -f FILE
@about@
--
-- 上の search_path はこのトランザクションだけのものです。pg_catalog が先、一時表が最後になるので、読み込む人の search_path に
-- 同じ名前の表・関数・演算子があっても、この関数は自分のスキーマの表と PostgreSQL の演算子に結び付きます（BEGIN ATOMIC）。
-- The search_path above is this transaction's alone: pg_catalog comes first and temporary tables last, so that no table, function or
-- operator of the same name in the loader's path is taken. The function is bound to its own schema's tables (BEGIN ATOMIC).
--
-- 再読み込み: 一つのトランザクションで行だけを入れ替えます。表も関数も落とさず、CASCADE は使いません。権限と、
-- 市が作ったビューはそのまま残り、新しい答えを返します。読んでいる人は COMMIT まで古い表を見ます。表の形が合わないときは
-- エラーで止まり、何も変わりません。
-- Loading again replaces the lines in one transaction. No table and no function of yours is dropped, never CASCADE: grants and
-- a city's own views stay, and give the new answers. Readers see the old table until COMMIT. If an older table has another
-- shape, loading stops with an error and nothing has changed.

-- 判定表 / the decision table. act: '' は行為を指定しない場合 / '' where no act is asked. since, until: その日を含む / inclusive
CREATE TABLE IF NOT EXISTS assign_line (
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
CREATE TABLE IF NOT EXISTS assign_error (
  error text PRIMARY KEY, error_ja text NOT NULL, error_en text NOT NULL
);
-- どの台帳、規則、版、エンジンによる表か / which list, rules, version and engine the table is of
CREATE TABLE IF NOT EXISTS assign_provenance (
  list text NOT NULL, edition text NOT NULL, catalog_sha256 text NOT NULL, rules_sha256 text NOT NULL,
  assign_version text NOT NULL, engine text NOT NULL, lines integer NOT NULL
);

LOCK TABLE assign_line IN SHARE ROW EXCLUSIVE MODE;  -- 一度に一人だけ / one loader at a time
-- DELETE and not TRUNCATE: TRUNCATE shows an empty table to whoever reads an older snapshot.
DELETE FROM assign_provenance;
DELETE FROM assign_error;
DELETE FROM assign_line;
@errors@

-- 同じ答えになる行為をまとめて運びます / acts that get one answer travel together
CREATE TABLE assign_load_answer (
  answer integer PRIMARY KEY, assignee text, certainty text, rules text, row_ids text, caveats text,
  reason_ja text, reason_en text, error text, error_ja text, error_en text
);
CREATE TABLE assign_load_act (acts integer, act text);
CREATE TABLE assign_load_line (
  division text, item text, channel text, since date, until date, answer integer, acts integer
);
@answers@
@acts@
@lines@

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
DROP TABLE assign_load_answer;

-- 一件を尋ねる関数。必ず一行を返します。act を略すと業務全体、"on" を略すと日本の今日 / a lookup that always gives one row;
-- without act it is the work as a whole, without "on" it is today in Japan
--   SELECT * FROM assign_decide('nenkin', '24', 'counter');
--   SELECT c.*, d.* FROM cases AS c CROSS JOIN LATERAL
--     assign_decide(c.division, c.item, c.channel, c.act, c.received_on) AS d;
-- What is wrong is looked for where no line is found, in the order in which the desk looks.
-- The city's day, wherever the server stands: nine hours before UTC's, and no summer time, so no list of zones is needed.
CREATE OR REPLACE FUNCTION assign_decide(
  division text, item text, channel text, act text DEFAULT NULL, "on" date DEFAULT NULL
) RETURNS TABLE (
  assignee text, certainty text, rules text, row_ids text, caveats text, reason text, error text, message text
) LANGUAGE sql STABLE PARALLEL SAFE ROWS 1
BEGIN ATOMIC
SELECT
  coalesce(l.assignee, '') AS assignee,
  coalesce(l.certainty, '') AS certainty,
  coalesce(l.rules, '') AS rules,
  coalesce(l.row_ids, '') AS row_ids,
  coalesce(l.caveats, '') AS caveats,
  coalesce(l.reason_@lang@, '') AS reason,
  coalesce(l.error, a.error) AS error,
  coalesce(l.error_@lang@, (SELECT e.error_@lang@ FROM assign_error AS e WHERE e.error = a.error)) AS message
FROM (
  SELECT w.*, CASE
    WHEN w.division = '' OR w.item = '' THEN 'bad_request'
    WHEN w.division NOT IN (@divisions@) THEN 'unknown_division'
    WHEN NOT EXISTS (SELECT 1 FROM assign_line AS k WHERE k.division = w.division AND k.item = w.item) THEN 'unknown_item'
    WHEN w.channel NOT IN (@channels@) THEN 'unknown_channel'
    WHEN w.act NOT IN ('', @act_keys@) THEN 'unknown_act'
    ELSE 'bad_date' END AS error
  FROM (
    SELECT coalesce(division, '') AS division, coalesce(item, '') AS item, coalesce(channel, '') AS channel,
      coalesce(act, '') AS act, coalesce("on", CAST(now() AT TIME ZONE INTERVAL '9 hours' AS date)) AS day
  ) AS w
) AS a
LEFT JOIN assign_line AS l ON l.division = a.division AND l.item = a.item AND l.channel = a.channel AND l.act = a.act
  AND a.day BETWEEN l.since AND l.until;
END;
COMMENT ON TABLE assign_line IS '判定表 / the decision table (assign)';
COMMENT ON TABLE assign_error IS '表にない言葉への答え / what is said of unknown words (assign)';
COMMENT ON TABLE assign_provenance IS '判定表の出所 / where the decision table comes from (assign)';
COMMENT ON FUNCTION assign_decide IS '受託者と市職員のどちらが行うか / who handles a piece of work (assign)';
ANALYZE assign_line;

-- 行が欠けていれば NOT NULL がここで止め、何も変わりません / if a line is missing NOT NULL stops it here, and nothing changes
INSERT INTO assign_provenance
SELECT @provenance@, CASE WHEN count(*) = @count@ THEN @count@ END FROM assign_line;
COMMIT;
