"""
A rule set and the one that ships → what no rule set of a city may do, by whatever road.

A city may add acts, and refine those that are factual or barred, each with a source of its own (`{document, role}`). The floor
stays: an act that ships as an exercise of authority keeps its class, key, labels, names, reason and holder (it may get more
names), and no other act looks or reads like one; a shared act does not become factual; the decision table gives what the shipped one gives. And what differs from
what ships says whose it is, so that no answer passes for ours: a kind of work, too, since it says which acts a row's answer gives
to the contractor. The acts of every counter, which no entry owns, and the decision table stay as they ship.

All of that holds for the list of another city, too; what ships is then what it is without our own document and rows
(`assign.rules.elsewhere`), and holders, notes, chains and the rows of a kind are that city's.

`data/floor.json` holds the acts that decide, and what the manifest of the list that ships says (`list_floor`). It is made from
both (`make floor`) and kept apart from them: an edit of the built-in files themselves is found, too.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any, Final

from assign import resources
from assign.catalog.manifest import Manifest
from assign.errors import code_point, shown
from assign.rules import elsewhere, loader
from assign.rules.entries import Act, Entry, Facts, Rule, Source, every_fact
from assign.rules.kinds import KINDS, Chain, Kind
from assign.rules.model import RuleSet
from assign.words import ActClass, Bilingual

from . import list_floor
from .list_floor import Road, kept, names_contractor
from .lookalike import folded, says

KEPT: Final = (ActClass.AUTHORITY, ActClass.SHARED, ActClass.UNDETERMINED)  # classes whose acts `data/floor.json` holds
# What may differ between two entries that say the same.
_NO_MATTER: Final = frozenset({"file", "line", "examples", "when"})


def shipped() -> RuleSet:
    """The built-in rules, as their files say them."""
    return loader.load(resources.rules_folder(), kept=False)


def roads(rules: RuleSet, built_in: RuleSet, document: str) -> Iterator[Road]:
    """
    Every way in which a rule set goes past the floor.

    Args:
        rules: The rule set to look at; it can be the built-in one.
        built_in: What ships.
        document: The document of the list in use. Notes and lines of ours are for ours alone.
    """
    ours = document == resources.DOCUMENT
    floor = _floor()
    yield from _acts_kept(rules, floor)
    yield from _names(rules, floor)
    yield from _twins(rules, floor)
    yield from _table(rules, built_in)
    yield from _holder_names(rules, built_in)
    yield from _everyday(rules, built_in, floor)
    if ours:
        yield from _holders(rules, built_in)
        yield from _lost(rules, built_in)
    else:
        yield from _lost_of_kinds(rules, built_in)
    yield from _unowned(rules, built_in, ours=ours)
    yield from _work(rules, built_in, ours=ours)
    yield from _authors(rules)


# -- the acts that decide ---------------------------------------------------------------------------------------------


def _floor() -> dict[str, dict[str, list[str]]]:
    """
    `{authority: {key: [names]}, shared: {…}, undetermined: {…}, taking_in: {…}}`. The last are names that ship and sound like deciding, and are
    not: 届出の受理 takes a notification in.
    """
    found: dict[str, dict[str, list[str]]] = kept()
    return found


def made(rules: RuleSet, manifest: Manifest) -> bytes:
    """What `data/floor.json` holds for a rule set and a list."""
    acts = rules.acts.values()
    found: dict[str, Any] = {
        kind.value: {act.id: _words(act) for act in acts if act.act_class is kind} for kind in KEPT
    }
    sounding = {
        act.id: [name for name in _words(act) if says(name)]
        for act in acts
        if act.act_class in (ActClass.FACTUAL, ActClass.SHARED)
    }
    found["taking_in"] = {key: names for key, names in sounding.items() if names}
    found["list"] = list_floor.said(manifest)
    return (json.dumps(found, ensure_ascii=False, indent=1) + "\n").encode()


def write() -> Path:
    """Make `data/floor.json` anew from what ships (`make floor`); where it is."""
    target = resources.data_folder() / "floor.json"
    target.write_bytes(made(shipped(), list_floor.shipped()))
    return target


def _words(act: Act) -> list[str]:
    return [act.id, *act.title.values(), *act.also]


def _acts_kept(rules: RuleSet, floor: Mapping[str, Mapping[str, list[str]]]) -> Iterator[Road]:
    """
    What ships as authority stays that, with all its names; what ships as shared does not become factual; and an act that the
    table does not know stays unknown.
    """
    for kind in map(str, KEPT):
        for key, names in floor[kind].items():
            act = rules.acts.get(key)
            if act is None:
                yield Road(
                    key, "acts.yaml", 1,
                    f"行為 `{key}`（{_KIND[kind]['ja']}）がありません（消せません）",
                    f"`{key}`, {_KIND[kind]['en']}, is missing (it cannot be removed)",
                )  # fmt: skip
                continue
            if act.act_class != kind and not (kind == ActClass.SHARED and act.act_class in _STRICTER):
                yield _of(
                    act,
                    f"行為（{_KIND[kind]['ja']}）を `{act.act_class}` にしています（種類は変えられません）",
                    f"{_KIND[kind]['en']} is made `{act.act_class}` (its class cannot be changed)",
                )
            lost = [name for name in names if name not in _words(act)]
            if kind == ActClass.AUTHORITY and lost:
                yield _of(
                    act,
                    f"公権力の行使の行為から名前 {shown(lost[0])} がなくなっています",
                    f"an exercise of authority has lost its name {shown(lost[0])}",
                )


_KIND: Final[Mapping[str, Bilingual]] = {
    "authority": {"ja": "公権力の行使", "en": "an exercise of authority"},
    "shared": {"ja": "両者にまたがる", "en": "an act shared by both"},
    "undetermined": {"ja": "行為表にない", "en": "an act that the table does not know"},
}
_STRICTER: Final = (ActClass.AUTHORITY, ActClass.BARRED)


def _names(rules: RuleSet, floor: Mapping[str, Mapping[str, list[str]]]) -> Iterator[Road]:
    """No act of another class bears a name that is, looks like or means an act of authority."""
    authority = _looks(floor["authority"])
    others = {kind: _looks(floor[kind]) for kind in map(str, KEPT[1:])}
    for act in rules.acts.values():
        if act.act_class is ActClass.AUTHORITY or act.id in floor["authority"]:  # the latter is told by its class
            continue
        for name in _words(act):
            if owner := authority.get(folded(name)):
                yield _of(
                    act,
                    f"{shown(name)}{_odd(name, floor['authority'][owner])} は公権力の行使 `{owner}` の名前と同じか、そう見えます",
                    f"{shown(name)}{_odd(name, floor['authority'][owner])} is, or looks like, a name of `{owner}`, an exercise of authority",
                )
            elif act.act_class is ActClass.FACTUAL and (known := _other_owner(name, act, others)):
                kind, owner = known
                yield _of(
                    act,
                    f"{shown(name)} は{_KIND[kind]['ja']}行為 `{owner}` の名前と同じか、そう見えます",
                    f"{shown(name)} is, or looks like, a name of `{owner}`, {_KIND[kind]['en']}",
                )
            elif act.act_class in (ActClass.FACTUAL, ActClass.SHARED) and (word := _means(act, name, floor)):
                yield _of(
                    act,
                    f"{shown(name)} は「{word}」を表し、公権力の行使の名前です（行う作業の名前にしてください。例: 決定通知の発送）",
                    f"{shown(name)} means {shown(word)}, an exercise of authority (name the work that is done: mailing decisions)",
                )
        for part in (act.contractor or {}).values():
            if word := says(part):
                yield _of(
                    act,
                    f"受託者の部分 {shown(part)} は「{word}」を表し、公権力の行使です",
                    f"the contractor's part {shown(part)} means {shown(word)}, which is an exercise of authority",
                )


def _odd(name: str, names: Iterable[str]) -> str:
    """The characters that give a look-alike away, by their code points: a reader cannot tell them."""
    odd = dict.fromkeys(code_point(c) for c in name if c not in "".join(names))
    return f" ({', '.join(list(odd)[:4])})" if odd else ""


def _other_owner(name: str, act: Act, others: Mapping[str, Mapping[str, str]]) -> tuple[str, str] | None:
    """The class and key of another act that a name looks like."""
    for kind, looks in others.items():
        owner = looks.get(folded(name))
        if owner is not None and owner != act.id:
            return kind, owner
    return None


def _means(act: Act, name: str, floor: Mapping[str, Mapping[str, list[str]]]) -> str:
    return "" if name in floor["taking_in"].get(act.id, ()) else says(name)


def _looks(acts: Mapping[str, list[str]]) -> dict[str, str]:
    return {folded(name): key for key, names in acts.items() for name in names}


def _twins(rules: RuleSet, floor: Mapping[str, Mapping[str, list[str]]]) -> Iterator[Road]:
    """No two acts look alike; where one is of authority, that is told already."""
    first: dict[str, Act] = {}
    told = _looks(floor["authority"])
    for act in rules.acts.values():
        for name in _words(act):
            look = folded(name)
            if look not in told and (other := first.setdefault(look, act)) is not act:
                yield _of(
                    act,
                    f"{shown(name)} は `{other.id}`（{other.line} 行目）の名前に見えます",
                    f"{shown(name)} looks like a name of `{other.id}` (line {other.line})",
                )


# -- the decision table, and the names of holders ---------------------------------------------------------------------


def _table(rules: RuleSet, built_in: RuleSet) -> Iterator[Road]:
    """For every combination of facts, what is answered is what ships."""
    told: set[str] = set()
    for facts in every_fact():
        wanted = {(rule.assignee, rule.certainty) for rule in _holding(built_in, facts)}
        for rule in _holding(rules, facts):
            if (rule.assignee, rule.certainty) not in wanted and rule.id not in told:
                told.add(rule.id)
                said = ", ".join(f"{assignee}/{certainty}" for assignee, certainty in sorted(wanted))
                yield _of(
                    rule,
                    f"{facts} で `{rule.assignee}/{rule.certainty}` と答えます（決定表は `{said}` です）",
                    f"at {facts} it answers `{rule.assignee}/{rule.certainty}` (the decision table has `{said}`)",
                )


def _holding(rules: RuleSet, facts: Facts) -> list[Rule]:
    return [rule for rule in rules.rules if rule.holds(facts)]


def _holder_names(rules: RuleSet, built_in: RuleSet) -> Iterator[Road]:
    """The contractor is no holder of authority, nor called by a holder's name. Who holds what is an entry as any other."""
    for key, label in rules.holder_names.items():
        by = next((entry for entry in rules.holders if entry.holder == key), rules.holders[0])
        of = partial(Road, key, "holders.yaml", by.line)
        if any(map(names_contractor, (key, *label.values()))):
            yield of("受託者は権限の主体になりません", "the contractor holds no authority")
        elif key in built_in.holder_names and label != built_in.holder_names[key]:
            yield of("権限の主体の名前を変えられません", "the label of a holder cannot be changed")


def _holders(rules: RuleSet, built_in: RuleSet) -> Iterator[Road]:
    """Whose authority an act that decides is, a statute says; no paper of a city's moves it."""
    told: set[str] = set()
    rows = dict.fromkeys(row for of in (built_in, rules) for holder in of.holders for row in holder.rows)
    known = [key for holder in built_in.holders for key in holder.divisions]
    places_ = [(division, "") for division in known] + [
        (row.partition("-")[0], row) for row in rows if row.partition("-")[0] in known
    ]
    for (division, row), act in product(places_, built_in.acts.values()):
        if act.act_class is not ActClass.AUTHORITY or act.id not in rules.acts:
            continue
        wanted = built_in.holder(division, act.id, row)
        try:
            found = rules.holder(division, act.id, row)
        except KeyError:  # no entry answers for it
            if wanted.id not in told:
                told.add(wanted.id)
                yield Road(
                    wanted.id, "holders.yaml", 1,
                    f"`{row or division}` の `{act.id}` の権限の主体がなくなっています（`{wanted.holder}` にあります）",
                    f"nobody holds the authority for `{act.id}` of `{row or division}` any more (it is `{wanted.holder}`)",
                )  # fmt: skip
            continue
        if found.holder != wanted.holder and found.id not in told:
            told.add(found.id)
            yield _of(
                found,
                f"`{row or division}` の `{act.id}` の権限は `{wanted.holder}` にあります（`{found.holder}` ではありません）",
                f"the authority for `{act.id}` of `{row or division}` is `{wanted.holder}`, not `{found.holder}`",
            )


# -- everyday words, and the work behind a row ---------------------------------------------------------------------------


def _everyday(rules: RuleSet, built_in: RuleSet, floor: Mapping[str, Mapping[str, list[str]]]) -> Iterator[Road]:
    """
    An everyday word leads to the acts that ship, and to a city's own beside them. A new one that looks like a
    deciding act, or means one, leads to an act of authority, too.
    """
    authority = _looks(floor["authority"])
    for word, wanted in built_in.words.items():
        if not set(wanted) <= set(rules.words.get(word, ())):
            yield Road(
                word, "acts.yaml", 1,
                f"日常の言葉の指す行為が出荷時（{', '.join(wanted)}）から欠けています",
                f"an everyday word does not lead to all acts that ship ({', '.join(wanted)})",
            )  # fmt: skip
    for word, acts in rules.words.items():
        decides = folded(word) in authority or says(word)
        if word not in built_in.words and decides and not any(act in floor["authority"] for act in acts):
            yield Road(
                word, "acts.yaml", 1,
                "日常の言葉が公権力の行使に見えますが、公権力の行使の行為を指していません",
                "an everyday word looks like an exercise of authority and leads to none",
            )  # fmt: skip


def _lost(rules: RuleSet, built_in: RuleSet) -> Iterator[Road]:
    """No paper takes an act of authority out of a row's work: it would no longer be shown as reserved."""
    decide = {act.id for act in built_in.acts.values() if act.act_class is ActClass.AUTHORITY}
    told: set[str] = set()
    for row in built_in.work.rows:
        kind = rules.work.kind(row)
        lost = sorted((built_in.work.acts(row) & decide) - rules.work.acts(row))
        name = kind.id if kind else row
        if (kind is None or lost) and name not in told:
            told.add(name)
            acts = ", ".join(lost)
            yield Road(
                name, "kinds.yaml", kind.line if kind else 1,
                f"行 {row} の業務から、公権力の行使 `{acts}` が外れています（市の文書でも外せません）" if lost else "行に業務の種類がありません",
                f"the work of {row} has lost `{acts}`, an exercise of authority (no paper of a city's takes it out)" if lost else "the row has no kind of work",
            )  # fmt: skip


def _lost_of_kinds(rules: RuleSet, built_in: RuleSet) -> Iterator[Road]:
    """The same of another list: a kind of work that ships keeps its acts of authority, whatever rows are of it."""
    decide = {act.id for act in built_in.acts.values() if act.act_class is ActClass.AUTHORITY}
    shipped_kinds = {kind.id: kind for kind in (*built_in.work.kinds, elsewhere.not_said())}
    for kind in rules.work.kinds:
        before = shipped_kinds.get(kind.id)
        lost = sorted(_acts_in(before) & decide - _acts_in(kind)) if before is not None else []
        if lost:
            yield _of(
                kind,
                f"出荷時の業務の種類から公権力の行使 `{', '.join(lost)}` が外れています（市の文書でも外せません）",
                f"a kind of work that ships has lost `{', '.join(lost)}`, an exercise of authority (no paper of a city's takes it out)",
            )


def _acts_in(kind: Kind) -> set[str]:
    return {step.act for step in kind.steps}


# -- whose a rule is ------------------------------------------------------------------------------------------------------


def _unowned(rules: RuleSet, built_in: RuleSet, *, ours: bool) -> Iterator[Road]:
    """What is added, changed or gone without a paper of the city's own."""
    acts = _acts_of(built_in, ours=ours)
    for mine, theirs in (
        (rules.acts.values(), acts.values()),
        (rules.holders, built_in.holders if ours else ()),
        (rules.notes, built_in.notes if ours else ()),
    ):
        known: dict[str, Entry] = {entry.id: entry for entry in theirs}
        found = {entry.id for entry in mine}
        for entry in mine:
            before = known.get(entry.id)
            changed = _changed(entry, before) if before is not None else []
            if entry.id in built_in.acts and not _changed(entry, built_in.acts[entry.id]):
                continue  # in another list, too: that it cites a document of ours is found by itself
            if isinstance(before, Act) and before.act_class is ActClass.AUTHORITY:
                fixed = ", ".join(name for name in changed if name not in ("also", "source", "act_class"))
                if fixed:
                    yield _of(
                        entry,
                        f"公権力の行使の行為の {fixed} は、市の文書でも変えられません",
                        f"{fixed} of an exercise of authority cannot be changed, not even with a paper of the city's",
                    )
            if entry.source.own or (before is not None and not changed):
                continue
            if before is None:
                what = ("出荷時にない項目です", "it is not what ships")
            else:
                names = ", ".join(changed)
                what = (f"出荷時と違います（{names}）", f"it differs from what ships ({names})")
            yield _of(
                entry,
                f"{what[0]}。市の規則なら `source: {{document: 文書名, role: 定めた役職}}` を書いてください",
                f"{what[1]}; a rule of the city's own needs `source: {{document: …, role: …}}`",
            )
        for gone in known.values():
            decides = isinstance(gone, Act) and gone.act_class in KEPT  # already told
            if gone.id not in found and not decides:
                yield Road(
                    gone.id, gone.file, 1,
                    "出荷時の項目がありません（消さずに、市の文書を `source` に書いて改めてください）",
                    "an entry that ships is missing (change it, with a paper of the city's as its `source`)",
                )  # fmt: skip
    yield from _rules_said(rules, built_in)


def _acts_of(built_in: RuleSet, *, ours: bool) -> Mapping[str, Act]:
    """The acts that ship, as they are for the list in use."""
    return built_in.acts if ours else elsewhere.acts_elsewhere(built_in.files["acts.yaml"])


def as_it_ships(rules: RuleSet, built_in: RuleSet, document: str) -> frozenset[str]:
    """The acts of another city's list that say just what ships: what they decide is held by the floor, and needs no example."""
    if document == resources.DOCUMENT:
        return frozenset()
    shipped_acts = _acts_of(built_in, ours=False)
    return frozenset(
        act.id for act in rules.acts.values() if act.id in shipped_acts and not _changed(act, shipped_acts[act.id])
    )


def _work(rules: RuleSet, built_in: RuleSet, *, ours: bool) -> Iterator[Road]:
    """
    Kinds of work and chains that are added, changed or gone without a paper of the city's own. Which rows are of a kind is
    compared for our own list alone: another list has other rows, and its chains are its own.
    """
    mine, theirs = rules.work, built_in.work
    if set(mine.at_counter) != set(theirs.at_counter):
        yield Road(
            "counter", KINDS, 1,
            "窓口で行う行すべての行為（`counter`）が出荷時と違います（業務の種類の `chain` に、市の文書を `source` に書いて加えてください）",
            "the acts of every counter (`counter`) differ from what ships (add them to the `chain` of a kind, with a paper of the "
            "city's as its `source`)",
        )  # fmt: skip
    pairs: list[tuple[Iterable[Kind | Chain], Iterable[Kind | Chain]]] = [
        (mine.kinds, theirs.kinds if ours else (*theirs.kinds, elsewhere.not_said()))
    ]
    if ours:
        pairs.append((mine.chains, theirs.chains))
    for found, shipped_ones in pairs:
        known = {entry.id: entry for entry in shipped_ones}
        for entry in found:
            before = known.pop(entry.id, None)
            if entry.source.own or (
                before is not None and _steps_said(entry, ours=ours) == _steps_said(before, ours=ours)
            ):
                continue
            ja, en = (
                ("出荷時と違います", "it differs from what ships")
                if before is not None
                else ("出荷時にない項目です", "it is not what ships")
            )
            yield Road(
                entry.id, KINDS, entry.line,
                f"{ja}。市の規則なら `basis` の代わりに `source: {{document: 文書名, role: 定めた役職}}` を書いてください",
                f"{en}; a rule of the city's own needs `source: {{document: …, role: …}}` in the place of `basis`",
            )  # fmt: skip
        for gone in known.values() if ours else ():
            yield Road(
                gone.id, KINDS, 1,
                "出荷時の項目がありません（消さずに、市の文書を `source` に書いて改めてください）",
                "an entry that ships is missing (change it, with a paper of the city's as its `source`)",
            )  # fmt: skip


def _steps_said(entry: Kind | Chain, *, ours: bool) -> dict[str, Any]:
    """What a kind or a chain says, apart from where it stands; the order of rows is no matter, nor what another list calls a channel."""
    found = {name: value for name, value in entry._asdict().items() if name != "line"}
    found["steps"] = entry.steps if ours else [step._replace(channel="") for step in entry.steps]
    if isinstance(entry, Kind):
        found["rows"] = sorted(entry.rows) if ours else []
        found["reasons"] = dict(entry.reasons) if ours else {}
    return found


def _rules_said(rules: RuleSet, built_in: RuleSet) -> Iterator[Road]:
    """What the rules of the decision table say, and what they rest on; they speak of no list."""
    for rule in rules.rules:
        before = built_in.by_id.get(rule.id)
        if before is None:
            yield _of(rule, "出荷時にない決定表の規則です", "a rule of the decision table that does not ship")
        elif names := _changed(rule, before):
            changed = ", ".join(names)
            yield _of(
                rule,
                f"決定表の規則が出荷時と違います（{changed}）",
                f"a rule of the decision table differs from what ships ({changed})",
            )


def _changed(entry: Entry, before: Entry) -> list[str]:
    """The fields in which two entries differ."""
    theirs = _said(before)
    return [name for name, value in _said(entry).items() if value != theirs[name]]


def _said(entry: Entry) -> dict[str, Any]:
    """What an entry says, apart from where it stands; in what order it names rows or other names is no matter."""
    found = {}
    for name, value in entry._asdict().items():
        if name not in _NO_MATTER:
            plain = isinstance(value, tuple) and not isinstance(value, Source)
            found[name] = sorted(value) if plain else value
    return found


def _authors(rules: RuleSet) -> Iterator[Road]:
    """A rule of the city's has an author of the city's."""
    entries: list[Entry | Kind | Chain] = [*rules.acts.values(), *rules.holders, *rules.notes, *rules.rulings]
    entries += [*rules.work.kinds, *rules.work.chains]
    for entry in entries:
        if entry.source.own and names_contractor(entry.source.text):
            yield _of(
                entry,
                f"受託者（{shown(entry.source.text)}）は市の規則を定められません",
                f"the contractor ({shown(entry.source.text)}) makes no rule of the city's",
            )


def _of(entry: Entry | Kind | Chain, ja: str, en: str) -> Road:
    return Road(entry.id, getattr(entry, "file", KINDS), entry.line, ja, en)
