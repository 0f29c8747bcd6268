"""
Our tables as PostgreSQL's catalogue describes them: one query, and the answer that it must give.

An administrator can attach to a table what falsifies it: a rule or a trigger that drops an insert, a policy that hides rows, a child
table whose rows are read with it, a view or a table of the same name in a schema that is searched first.
"""

from __future__ import annotations

from typing import Final

from .schema import NAMES, Part

# Tables of our names on the path that the connection was given; `home` is the schema of the one that is read as `record`.
CATALOGUE: Final = r"""
WITH path AS (SELECT * FROM unnest(%s::text[]) WITH ORDINALITY AS each(name, place)),
home AS (SELECT relnamespace AS oid, nspname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
    WHERE c.oid = to_regclass('record')),
ours AS (SELECT c.*, n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relname = ANY(%s) AND n.nspname IN (SELECT name FROM path)),
kept AS (SELECT ours.* FROM ours JOIN home ON home.oid = ours.relnamespace)
SELECT CASE WHEN relkind IN ('v', 'm') THEN 'view' ELSE 'table' END,
    CASE WHEN nspname = (SELECT name FROM home) THEN relname::text ELSE nspname || '.' || relname END,
    concat_ws(' ', relkind, relpersistence, relrowsecurity, relforcerowsecurity, relispartition, reloftype)
FROM ours
UNION ALL SELECT 'column', relname || '.' || attname,
    concat_ws(' ', format_type(atttypid, atttypmod), attnotnull, nullif(attidentity, ''), nullif(attgenerated, ''),
        pg_get_expr(adbin, adrelid), CASE WHEN attcollation NOT IN (0, 100) THEN attcollation END)
FROM kept JOIN pg_attribute ON attrelid = kept.oid AND attnum > 0 AND NOT attisdropped
    LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
UNION ALL SELECT 'constraint', coalesce(nullif(conrelid, 0)::regclass::text || '.', '') || conname,
    contype::text || ' ' || pg_get_constraintdef(pg_constraint.oid) || CASE WHEN convalidated THEN '' ELSE ' not valid' END
FROM pg_constraint JOIN kept ON kept.oid IN (conrelid, confrelid) WHERE contype <> 'n'
UNION ALL SELECT 'index', index.relname,
    regexp_replace(replace(pg_get_indexdef(indexrelid), ' ' || quote_ident(kept.nspname) || '.', ' '), '\s+', ' ', 'g')
        || CASE WHEN indisvalid AND indisready AND indislive THEN '' ELSE ' not valid' END
FROM kept JOIN pg_index ON indrelid = kept.oid JOIN pg_class index ON index.oid = indexrelid
UNION ALL SELECT 'trigger', relname || '.' || tgname,
    concat_ws(' ', tgtype, tgenabled, tgnargs, tgattr, tgqual IS NULL, tgoldtable, tgnewtable, proname, pronamespace = home.oid)
FROM kept CROSS JOIN home JOIN pg_trigger ON tgrelid = kept.oid AND NOT tgisinternal JOIN pg_proc ON pg_proc.oid = tgfoid
UNION ALL SELECT 'rule', relname || '.' || rulename, pg_get_ruledef(pg_rewrite.oid)
FROM kept JOIN pg_rewrite ON ev_class = kept.oid WHERE relkind NOT IN ('v', 'm')
UNION ALL SELECT 'policy', relname || '.' || polname, 'a row-level policy'
FROM kept JOIN pg_policy ON polrelid = kept.oid
UNION ALL SELECT 'inheritance', inhrelid::regclass::text || ' of ' || inhparent::regclass::text, 'rows of one are read with the other'
FROM kept JOIN pg_inherits ON kept.oid IN (inhrelid, inhparent)
UNION ALL SELECT 'function', proname::text, concat_ws(' ', lanname, prosecdef, provolatile, pronargs, proconfig, prosrc)
FROM home JOIN pg_proc ON pronamespace = home.oid AND proname = 'assign_log_only_grows' JOIN pg_language l ON l.oid = prolang
UNION ALL SELECT 'schema', name::text, 'searched before that of the system'
FROM path WHERE name !~ '^pg_' AND place < (SELECT place FROM path WHERE name = 'pg_catalog')
"""
_BIG: Final = "bigint t"
_TEXT: Final = "text t"
_BYTES: Final = "bytea t"
_COLUMNS: Final = {
    "log": {"id": _BIG, "origin": _TEXT},
    "record": {"at": _BIG, "payload": _BYTES, "nodes": _BYTES, "key": "text f"},
    "publication": {"log": _BIG, "what": _TEXT, "value": _TEXT, "seq": _BIG},
    "edition": {"sha256": _TEXT, "data": _BYTES},
    "checkpoint": {"log": _BIG, "size": _BIG, "note": _TEXT},
}
_UNIQUE: Final = {
    ("log", "log_pkey"): ("p", "id"),
    ("log", "log_origin_key"): ("u", "origin"),
    ("record", "record_pkey"): ("p", "at"),
    ("edition", "edition_pkey"): ("p", "sha256"),
}
_WHAT: Final = {"p": "PRIMARY KEY", "u": "UNIQUE"}
_FOUND: Final = r""""position"(payload, '\x226b6579223a22'::bytea)"""
_KEY: Final = (
    f"CASE WHEN ({_FOUND} > 0) THEN encode(substr(payload, ({_FOUND} + 7), 36), 'escape'::text) ELSE NULL::text END"
)
OURS: Final = (
    *(Part("table", name, "r p f f f 0") for name in NAMES),
    *(Part("column", f"{name}.{column}", kind) for name in NAMES for column, kind in _COLUMNS[name].items()),
    *(
        Part("constraint", f"{table}.{name}", f"{how} {_WHAT[how]} ({of})")
        for (table, name), (how, of) in _UNIQUE.items()
    ),
    *(
        Part("index", name, f"CREATE UNIQUE INDEX {name} ON {table} USING btree ({of})")
        for (table, name), (_, of) in _UNIQUE.items()
    ),
    Part(
        "index",
        "record_key",
        f"CREATE UNIQUE INDEX record_key ON record USING btree (((at >> 40)), ( {_KEY})) WHERE ( {_KEY} IS NOT NULL)",
    ),
    # 58: before update, delete and truncate, once for each statement
    *(Part("trigger", f"{name}.{name}_only_grows", "58 O 0  t assign_log_only_grows t") for name in NAMES),
    Part(
        "function",
        "assign_log_only_grows",
        "plpgsql f v 0  BEGIN RAISE EXCEPTION 'a log is only ever added to'; END ",
    ),
)
