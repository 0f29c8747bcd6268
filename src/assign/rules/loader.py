"""
Rule files → a `RuleSet` over the facts that a decision may look at.

A rule is data: who may change it is not who writes Python. A folder is read once, whole, and either every rule in it
is usable, or the first that is not is named with file, line and the nearest valid name. Nothing is decided here.

    decision_table.yaml    the rules over what the list says (hit policy UNIQUE)
    acts.yaml      the acts with their classes and reasons
    holders.yaml   whose authority, by division
    notes.yaml     dated notes: they warn, and never change who is assigned
    kinds.yaml     the kinds of work, their chains of acts, and the rows that are of each
    rulings.yaml   the city's register of rulings
"""

from __future__ import annotations

import os
import stat
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from itertools import product
from pathlib import Path
from typing import Any, Final

from assign.errors import DataError, RuleFileError, path_shown, shown, unreadable
from assign.resources import joined
from assign.words import ActClass, Assignee, Bilingual, Certainty, Meaning, is_code, nearest, normal
from assign.yaml_nodes import Node, parse, read

from .entries import DOMAIN, LEGEND, Act, Entry, Holder, Note, Rule, Ruling, Source
from .kinds import read_work
from .model import FILES, RuleSet, _split
from .precompiled import kept_rules, kept_trees, kept_work

BASES: Final = ("seen", "reported", "analogy", "judged")


WITHOUT_TEXT: Final = ("reported", "judged")  # they may stand alone: who says that a text says so, names it


CAVEATS: Final = ("review_due", "renamed", "ended", "changed")  # the kinds of note


# More than these no list of a city has; a file that goes beyond is refused with the limit, and what is below is linear.
MOST: Final = {
    "rules": 648,  # the combinations of facts
    "acts": 500,
    "words": 1_000,
    "holders": 500,
    "notes": 5_000,
    "rulings": 5_000,
}  # entries of a list


MOST_NAMES: Final = 5_000  # of all acts together


MOST_ON_A_ROW: Final = 50  # notes: every answer of the row shows them all


MOST_EXAMPLES: Final = 500  # of one entry


def load(folder: Path, *, kept: bool = True) -> RuleSet:
    """
    Read a folder of rules.

    Args:
        folder: It holds the files of `FILES`.
        kept: Whether the parsed form that is kept for the built-in files may be used.

    Returns:
        The rule set. Ids are unique over all files; references between files hold.

    Raises:
        RuleFileError: With file, line and the nearest valid name of the first mistake.
    """
    try:
        there = stat.S_ISDIR(folder.stat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        there = False
    except (OSError, ValueError) as error:
        raise unreadable(folder, error) from None
    if not there and os.path.exists(folder):
        raise DataError(
            f"{path_shown(folder)} は規則のフォルダではありません（フォルダを指定してください）",
            f"{path_shown(folder)} is no folder of rules (name the folder)",
        )
    if not there:
        raise DataError(
            f"規則のフォルダ {path_shown(folder)} がありません", f"there is no folder of rules {path_shown(folder)}"
        )
    files = {name: read(folder / name) for name in FILES}
    if kept and (found := kept_rules(data := joined(files))) is not None:
        return RuleSet(**found, data=data)
    rules = _loaded(files, kept_trees() if kept else None)
    for entry in rules.entries:
        if not is_code(entry.id):
            raise _clash(
                entry,
                f"id {shown(entry.id)} は記録に書けません（英字で始まる英数字と _ . - で64字まで、数字は続けて6字まで）",
                f"the id {shown(entry.id)} cannot stand in a record (a letter, then letters, digits and _ . -, "
                "64 at most, no seven digits together)",
            )
    return rules


def from_edition(data: bytes) -> RuleSet:
    """
    A rule set from its one text, as `RuleSet.data` is and a decision log keeps it. An id that no record may have is let through:
    what an earlier program has published is replayed as it was.

    Raises:
        RuleFileError: It is none, or a file in it has a mistake.
    """
    return _loaded(_split(data), None)


def _loaded(files: Mapping[str, bytes], trees: Mapping[str, Any] | None) -> RuleSet:
    root: dict[str, Mapping[str, Node]] = {}
    top = {"decision_table.yaml": ("rules",), "holders.yaml": ("holders", "rules")}
    optional = {"acts.yaml": ("words", "read"), "holders.yaml": ("read",)}
    for name in FILES:
        if name == "kinds.yaml":
            continue
        node = parse(name, files[name], trees)
        root[name] = node.fields(top.get(name, (name.removesuffix(".yaml"),)), optional.get(name, ()))
    acts = _acts(root["acts.yaml"]["acts"])
    names: dict[str, Bilingual] = {}
    for node in _list(root["holders.yaml"]["holders"], "holders"):
        key, label = _holder_name(node)
        if key in names:
            raise node.fail(f"{shown(key)} が2度あります", f"{shown(key)} stands twice")
        names[key] = label
    found = RuleSet(
        rules=tuple(map(_rule, _list(root["decision_table.yaml"]["rules"], "rules"))),
        acts=acts,
        words=_words(root["acts.yaml"].get("words"), acts, _names(acts)),
        holder_names=names,
        holders=tuple(_holder(node, acts, names) for node in _list(root["holders.yaml"]["rules"], "holders")),
        notes=tuple(map(_note, _list(root["notes.yaml"]["notes"], "notes", empty=True))),
        work=(trees and kept_work(trees, files["kinds.yaml"], acts))
        or read_work(parse("kinds.yaml", files["kinds.yaml"]), acts),
        rulings=tuple(_ruling(node, acts) for node in _list(root["rulings.yaml"]["rulings"], "rulings", empty=True)),
        data=joined(files),
        read=min((file["read"].day() for file in root.values() if "read" in file), default=None),
    )
    _unique(found)
    return found


def acts_of(root: Node) -> dict[str, Act]:
    """The acts of an `acts.yaml` alone, by their keys. Raises RuleFileError."""
    return _acts(root.fields(("acts",), ("words",))["acts"])


def _acts(node: Node) -> dict[str, Act]:
    acts: dict[str, Act] = {}
    for act in map(_act, _list(node, "acts")):
        if (first := acts.setdefault(act.id, act)) is not act:
            raise _clash(
                act,
                f"行為 `{act.id}` は {first.line} 行目にもあります",
                f"the act `{act.id}` stands at line {first.line} too",
            )
    return acts


def _list(node: Node, what: str = "", *, empty: bool = False) -> list[Node]:
    if not isinstance(node.value, list) or not (node.value or empty):
        raise node.fail("一覧（- で始まる項目）が要ります", "a list is needed here")
    most = MOST.get(what, MOST_EXAMPLES)
    if len(node.value) > most:
        raise node.value[most].fail(f"{most:,} 件までです", f"more than {most:,} entries")
    return node.value


def _entry(
    node: Node, then: str, *, when: bool, optional: Sequence[str] = ()
) -> tuple[dict[str, object], Mapping[str, Node]]:
    """The fields that every entry has, and all nodes of the entry."""
    needed = ("id", "title", "source", *(("when",) if when else ()), then, "because", "examples")
    fields = node.fields(needed, optional)
    examples = []
    for example in _list(fields["examples"], empty=True):
        given = example.fields(("given",), ("holds", "assignee"))
        flat = {name: value.text() for name, value in given["given"].fields((), EXAMPLE).items()}
        flat |= {f"→{name}": value.text() for name, value in given.items() if name != "given"}
        if "holds" in given:
            given["holds"].truth()
        if set(given) != {"given", "assignee" if then == "then" and not when else "holds"}:
            raise example.fail("例の形が違います", "the example is not of the right form")
        examples.append(flat)
    common: dict[str, object] = {
        "id": fields["id"].text(),
        "title": fields["title"].bilingual(),
        "source": _source(fields["source"]),
        "because": fields["because"].bilingual(),
        "file": node.file,
        "line": node.line,
        "examples": tuple(examples),
    }
    return common, fields


EXAMPLE: Final = (*DOMAIN, "row", "channel", "on", "division")  # what an example may give


def _source(node: Node) -> Source:
    """A law or a paper, a line of the document with its text, the list's legend, or the basis alone where there is no text."""
    if isinstance(node.value, dict) and set(node.value) == {"legend"}:
        return Source("", None, node.value["legend"].choice(Meaning, "意味", "meaning"), LEGEND)
    if isinstance(node.value, dict) and ("law" in node.value or set(node.value) == {"basis"}):
        fields = node.fields(("basis",), ("law",))
        basis = fields["basis"].choice(BASES, "根拠の確かさ", "basis")
        if "law" not in fields and basis not in WITHOUT_TEXT:
            raise node.fail(f"`{basis}` には `law` が要ります", f"`{basis}` needs `law`")
        return Source(fields["law"].text() if "law" in fields else "", None, "", basis)
    if isinstance(node.value, dict) and "role" in node.value:
        fields = node.fields(("document", "role"))
        return Source(fields["document"].text(), None, fields["role"].text(), "")
    fields = node.fields(("document", "line", "text"), ("basis",))
    basis = fields["basis"].choice(BASES, "根拠の確かさ", "basis") if "basis" in fields else ""
    return Source(fields["document"].text(), fields["line"].number(), fields["text"].text(), basis)


def _rule(node: Node) -> Rule:
    common, fields = _entry(node, "then", when=True, optional=("question",))
    when = {
        name: values.choices(DOMAIN[name], f"`{name}` の値", f"value of `{name}`")
        for name, values in _facts(fields["when"]).items()
    }
    then = fields["then"].fields(("assignee", "certainty"))
    rule = Rule(
        **common,  # type: ignore[arg-type]  # what every entry has, built in one place
        when=when,
        assignee=Assignee(then["assignee"].choice(Assignee, "担当", "assignee")),
        certainty=Certainty(then["certainty"].choice(Certainty, "確かさ", "certainty")),
        question=fields["question"].bilingual() if "question" in fields else None,
    )
    if (rule.question is not None) != (rule.certainty is Certainty.NEEDS_RULING):
        raise node.fail(
            "`question` は needs_ruling の規則にだけ、必ず要ります",
            "`question` is needed where the certainty is needs_ruling, and nowhere else",
        )
    for example, written in zip(rule.examples, fields["examples"].items(), strict=True):
        given = {name: value for name, value in example.items() if name in DOMAIN}
        if len(given) != len(DOMAIN) or set(example) != {*DOMAIN, "→holds"}:
            raise written.fail(
                f"例には {', '.join(DOMAIN)} と holds が要ります",
                f"an example needs {', '.join(DOMAIN)} and holds",
            )
        for name, value in given.items():
            if value not in DOMAIN[name]:
                raise written.fail(
                    f"{shown(value)} という `{name}` の値はありません",
                    f"there is no value of `{name}` {shown(value)}",
                    nearest(value, DOMAIN[name]) or DOMAIN[name],
                )
    return rule


def _facts(node: Node) -> Mapping[str, Node]:
    """Conditions: facts alone. A rule without any would hold for everything."""
    if not isinstance(node.value, dict) or not node.value:
        raise node.fail("`when` には1つ以上の事実が要ります", "`when` needs at least one fact")
    for name, value in node.value.items():
        if name not in DOMAIN:
            raise value.fail(
                f"{shown(name)} という事実はありません",
                f"there is no fact {shown(name)}",
                nearest(name, DOMAIN) or DOMAIN,
            )
    return node.value


def _act(node: Node) -> Act:
    common, fields = _entry(node, "then", when=False, optional=("also", "parts", "condition"))
    kind = ActClass(
        fields["then"]
        .fields(("class",))["class"]
        .choice([c for c in ActClass if c is not ActClass.NONE], "行為の種類", "class of act")
    )
    parts = fields["parts"].fields(("city", "contractor")) if "parts" in fields else None
    if (parts is not None) != (kind is ActClass.SHARED):
        raise node.fail(
            "`parts` は shared の行為にだけ、必ず要ります", "`parts` is needed for a shared act, and for no other"
        )
    condition = fields["condition"].fields(("ja", "en"), ("rows",)) if "condition" in fields else {}
    return Act(
        **common,  # type: ignore[arg-type]  # what every entry has, built in one place
        also=tuple(word.text() for word in fields["also"].items()) if "also" in fields else (),
        act_class=kind,
        city=parts["city"].bilingual() if parts else None,
        contractor=parts["contractor"].bilingual() if parts else None,
        condition={lang: condition[lang].text() for lang in ("ja", "en")} if condition else None,
        condition_rows=_row_ids(condition["rows"]) if "rows" in condition else (),
    )


# In which order the acts that a word may be are named: what the contractor may do comes first.
_CONSIGNABLE_FIRST: Final = (
    ActClass.FACTUAL, ActClass.SHARED, ActClass.BARRED, ActClass.AUTHORITY, ActClass.UNDETERMINED,
)  # fmt: skip


def _names(acts: Mapping[str, Act]) -> dict[str, Act]:
    """Every name of an act, normalised; no two acts share one."""
    names: dict[str, Act] = {}
    for act in acts.values():
        for word in {normal(word) for word in (act.id, *act.title.values(), *act.also)}:
            if (other := names.setdefault(word, act)) is not act:
                raise _clash(act, f"`{word}` は `{other.id}` の名前でもあります", f"`{word}` names `{other.id}` too")
        if len(names) > MOST_NAMES:
            raise _clash(
                act,
                f"行為の名前が全部で {MOST_NAMES:,} を超えています",
                f"more than {MOST_NAMES:,} names of acts in all",
            )
    return names


def _words(node: Node | None, acts: Mapping[str, Act], names: Mapping[str, Act]) -> dict[str, tuple[str, ...]]:
    """Everyday words that may be several acts; none of them is a name of one act."""
    found: dict[str, tuple[str, ...]] = {}
    for entry in _list(node, "words") if node is not None else ():
        fields = entry.fields(("word", "acts"))
        written = fields["word"].text()
        word = normal(written)
        if word in names:
            raise entry.fail(
                f"{shown(written)} は `{names[word].id}` の名前でもあります",
                f"{shown(written)} names `{names[word].id}` too",
            )
        if word in found:
            raise entry.fail(f"{shown(written)} が2度あります", f"{shown(written)} stands twice")
        keys = fields["acts"].choices(acts, "行為", "act")
        if len(keys) == 1:
            raise entry.fail(
                f"行為が1つの語は `{keys[0]}` の `also` に書いてください",
                f"a word for one act belongs into `also` of `{keys[0]}`",
            )
        found[word] = tuple(sorted(keys, key=lambda key: _CONSIGNABLE_FIRST.index(acts[key].act_class)))
    return found


def _holder_name(node: Node) -> tuple[str, Bilingual]:
    fields = node.fields(("key", "label"))
    return fields["key"].text(), fields["label"].bilingual()


def _holder(node: Node, acts: Mapping[str, Act], names: Mapping[str, Bilingual]) -> Holder:
    common, fields = _entry(node, "then", when=True)
    when = fields["when"].fields(("division",), ("act", "rows"))
    if "rows" in when and "act" not in when:
        raise when["rows"].fail("`rows` には `act` も要ります", "`rows` needs `act` too")
    return Holder(
        **common,  # type: ignore[arg-type]  # what every entry has, built in one place
        divisions=_keys(when["division"]),
        acts=when["act"].choices(acts, "行為", "act") if "act" in when else (),
        rows=_row_ids(when["rows"]) if "rows" in when else (),
        holder=fields["then"].fields(("holder",))["holder"].choice(names, "権限の主体", "holder"),
    )


def _note(node: Node) -> Note:
    common, fields = _entry(node, "then", when=True, optional=("read",))
    when = fields["when"].fields(("rows",), ("since",))
    return Note(
        **common,  # type: ignore[arg-type]  # what every entry has, built in one place
        rows=_row_ids(when["rows"]),
        since=when["since"].day() if "since" in when else date.min,
        read=fields["read"].day() if "read" in fields else None,
        caveat=fields["then"].fields(("caveat",))["caveat"].choice(CAVEATS, "注意の種類", "caveat"),
    )


# Who a ruling may say handles an act, by its class. That one stays with the city it may confirm, where only our judgement keeps it there.
MAY_RULE: Final[Mapping[ActClass, tuple[Assignee, ...]]] = {
    ActClass.FACTUAL: (Assignee.CONTRACTOR, Assignee.CITY_STAFF, Assignee.SPLIT),
    ActClass.SHARED: (Assignee.CITY_STAFF, Assignee.SPLIT),
    ActClass.AUTHORITY: (Assignee.CITY_STAFF,),
    ActClass.BARRED: (Assignee.CITY_STAFF,),
}


def _ruling(node: Node, acts: Mapping[str, Act]) -> Ruling:
    common, fields = _entry(node, "then", when=True)
    when = fields["when"].fields(("rows", "channel", "act", "since"), ("until",))
    act = when["act"].choice(acts, "行為", "act")
    then = fields["then"].fields(("assignee",))
    assignee = Assignee(
        then["assignee"].choice([each for each in Assignee if each is not Assignee.NOBODY], "担当", "assignee")
    )
    kind = acts[act].act_class
    if assignee not in MAY_RULE.get(kind, ()):
        raise then["assignee"].fail(
            f"`{act}`（{kind}）は疑義照会への回答で `{assignee}` にできません",
            f"a ruling cannot give `{act}` ({kind}) to `{assignee}`",
        )
    source = common["source"]
    if not isinstance(source, Source) or source.line is not None or not source.text:
        raise fields["source"].fail(
            "疑義照会への回答には document と role が要ります", "a ruling needs document and role"
        )
    since, until = when["since"].day(), when["until"].day() if "until" in when else None
    if until is not None and until < since:
        raise when["until"].fail("終わりが始まりより前です", "`until` is before `since`")
    return Ruling(
        **common,  # type: ignore[arg-type]  # what every entry has, built in one place
        rows=_row_ids(when["rows"]),
        channels=_keys(when["channel"]),
        act=act,
        since=since,
        until=until,
        assignee=assignee,
        role=source.text,
    )


def _keys(node: Node) -> tuple[str, ...]:
    """Divisions or channels; that the list has them is looked at where list and rules meet."""
    found = tuple(key.text() for key in node.items())
    if not found or len(set(found)) != len(found):
        raise node.fail("区分や業務の場が空か、重なっています", "an empty or repeated division or channel")
    return found


def _row_ids(node: Node) -> tuple[str, ...]:
    rows = tuple(row.text() for row in node.items())
    if not rows:
        raise node.fail("行が要ります", "rows are needed here")
    if len(set(rows)) != len(rows):
        twice = next(row for row, times in Counter(rows).items() if times > 1)
        raise node.fail(f"行 {shown(twice)} が2度あります", f"the row {shown(twice)} stands twice")
    return rows


def _unique(rules: RuleSet) -> None:
    """Ids stand once; holders and rulings do not contradict each other."""
    entries: list[Entry] = [*rules.rules, *rules.holders, *rules.notes, *rules.rulings]
    seen: dict[str, Entry] = {}
    for entry in entries:
        if (first := seen.setdefault(entry.id, entry)) is not entry:
            raise _clash(
                entry,
                f"id `{entry.id}` は {first.file} の {first.line} 行目にもあります",
                f"the id `{entry.id}` stands at {first.file}, line {first.line} too",
            )
    on_a_row: Counter[str] = Counter()
    for note in rules.notes:
        on_a_row.update(note.rows)
        if (most := max(note.rows, key=on_a_row.__getitem__)) and on_a_row[most] > MOST_ON_A_ROW:
            raise _clash(
                note,
                f"行 `{most}` への注記が {MOST_ON_A_ROW} 件を超えています",
                f"more than {MOST_ON_A_ROW} notes on the row `{most}`",
            )
    table: dict[tuple[str, str], Holder] = {}
    for holder in rules.holders:
        for place, name in product(holder.rows or holder.divisions, holder.acts or ("",)):
            if (first_holder := table.setdefault((place, name), holder)) is not holder:
                raise _clash(
                    holder,
                    f"`{place}` の `{name or '既定'}` は `{first_holder.id}` が定めています",
                    f"`{first_holder.id}` already settles `{name or 'the default'}` of `{place}`",
                )
    for row, rulings in rules.rulings_by_row.items():
        if (pair := rulings.clash()) is not None:
            later, earlier = pair
            raise _clash(
                later,
                f"`{earlier.id}` と `{row}` で期間が重なります",
                f"it overlaps with `{earlier.id}` on `{row}`",
            )


def _clash(entry: Entry, ja: str, en: str) -> RuleFileError:
    return RuleFileError(entry.file, entry.line, ja, en)
