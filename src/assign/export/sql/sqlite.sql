BEGIN IMMEDIATE;
--
-- assign @version@: 判定表（SQLite、データベースの文字コードは UTF-8） / the decision table (SQLite)
-- 読み込み / load: sqlite3 -bail DATABASE < FILE
@about@
--
-- 表には必ずデータベース名を付け、ビューの中だけは付けません。SQLite はビューの中の名前を、ビュー自身のデータベースで探します
-- （同じ名前の一時表も、ATTACH した他のデータベースも見ません）。
-- Every name carries its database, but for those inside the view: SQLite looks for them in the view's own database alone,
-- never among temporary tables or in another attached one, and whatever name the file is attached by.
--
-- 再読み込み: 一つのトランザクションで行だけを入れ替えます。表と assign_case の案件は残ります。Python で途中で失敗した
-- ときは rollback() してください。
-- Loading again replaces the lines in one transaction; the tables, and the cases in assign_case, stay. If it fails in Python,
-- call rollback().

-- 判定表 / the decision table. act: '' は行為を指定しない場合 / '' where no act is asked. since, until: その日を含む / inclusive
CREATE TABLE IF NOT EXISTS @in@assign_line (
  division text NOT NULL, item text NOT NULL, channel text NOT NULL, act text NOT NULL,
  since text NOT NULL, until text NOT NULL,
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

-- 同じ答えになる行為をまとめて運びます / acts that get one answer travel together
CREATE TABLE @in@assign_load_answer (
  answer integer PRIMARY KEY, assignee text, certainty text, rules text, row_ids text, caveats text,
  reason_ja text, reason_en text, error text, error_ja text, error_en text
);
CREATE TABLE @in@assign_load_act (acts integer, act text);
CREATE TABLE @in@assign_load_line (
  division text, item text, channel text, since text, until text, answer integer, acts integer
);
@answers@
@acts@
@lines@

INSERT INTO @in@assign_line (
  division, item, channel, act, since, until, assignee, certainty, rules, row_ids, caveats, reason_ja, reason_en,
  error, error_ja, error_en
)
SELECT l.division, l.item, l.channel, a.act, l.since, l.until, w.assignee, w.certainty, w.rules, w.row_ids, w.caveats,
  w.reason_ja, w.reason_en, w.error, w.error_ja, w.error_en
FROM @in@assign_load_line AS l
JOIN @in@assign_load_act AS a ON a.acts = l.acts
JOIN @in@assign_load_answer AS w ON w.answer = l.answer;
DROP TABLE @in@assign_load_line;
DROP TABLE @in@assign_load_act;
DROP TABLE @in@assign_load_answer;

-- SQLite に関数はありません。案件を assign_case に入れる（または assign_case を市の案件表のビューに置き換える）と、
-- assign_decided が案件ごとに必ず一行で答えます。act が空なら業務全体、"on" が空なら日本の今日。
-- SQLite has no functions. Put cases into assign_case (or make assign_case a view of your own cases in its place), and
-- assign_decided answers each with one row. Without act it is the work as a whole, without "on" it is today in Japan.
--   DROP TABLE assign_case;
--   CREATE VIEW assign_case AS
--     SELECT id AS case_id, division, item, channel, act, received_on AS "on" FROM cases;
--   SELECT c.*, d.* FROM cases AS c JOIN assign_decided AS d ON d.case_id = c.id;
CREATE TABLE IF NOT EXISTS @in@assign_case (
  case_id, division text, item text, channel text, act text, "on" text
);
-- What is wrong is looked for where no line is found, in the order in which the desk looks.
-- date() alone takes 30 February; with a sum it becomes 2 March, which is not what was written.
DROP VIEW IF EXISTS @in@assign_decided;
CREATE VIEW @in@assign_decided AS
SELECT
  a.case_id AS case_id,
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
    SELECT case_id, coalesce(CAST(division AS text), '') AS division, coalesce(CAST(item AS text), '') AS item,
      coalesce(CAST(channel AS text), '') AS channel, coalesce(CAST(act AS text), '') AS act, CASE
        WHEN coalesce("on", '') = '' THEN date('now', '+9 hours')
        WHEN date("on", '+0 days') = "on" THEN "on"
        END AS day
    FROM assign_case
  ) AS w
) AS a
LEFT JOIN assign_line AS l ON l.division = a.division AND l.item = a.item AND l.channel = a.channel AND l.act = a.act
  AND a.day BETWEEN l.since AND l.until;

-- 行が欠けていれば NOT NULL がここで止め、何も変わりません / if a line is missing NOT NULL stops it here, and nothing changes
-- OR ROLLBACK: a shell that goes on after an error would commit what there is.
INSERT OR ROLLBACK INTO @in@assign_provenance
SELECT @provenance@, CASE WHEN count(*) = @count@ THEN @count@ END FROM @in@assign_line;
COMMIT;
