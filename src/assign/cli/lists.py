"""
The lists: the rows (`tasks`), the acts (`acts`), the kinds of work with their chains (`kinds`).

Each is a table on the screen, or CSV, TSV or JSON. What stands behind a row is our judgement or the city's own: the legend of a
table and `basis` in JSON say which.
"""

# No `from __future__ import annotations` here: typer would evaluate each annotation again from its text.

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from assign.desk import listings
from assign.desk.desk import Desk
from assign.errors import BadOption, listed, shown
from assign.explanation.wording import CLASS_TEXT, cell_name
from assign.rules.kinds import Kind

from . import terminal
from .common import AsJson, EditionOn, Lang, List, Out, Quiet, Rules, Word, as_options, open_desk, print_json, wrapped

LIST_FORMATS = ("table", "csv", "tsv", "json")

ListFormat = Annotated[
    Word,
    typer.Option(
        "--format",
        help="table, csv（Excel で開ける）, tsv, json。csv と tsv の見出しと値は記号（英語） / "
        "table, csv (opens in Excel), tsv, json; csv and tsv have keys as headings and values",
        metavar="FORMAT",
    ),
]


def list_format(given: str | None, *, as_json: bool) -> str:
    """The form of a list. Raises BadOption."""
    if given is None or (as_json and given == "json"):
        return "json" if as_json else "table"
    if as_json or given not in LIST_FORMATS:
        known = listed(LIST_FORMATS)
        raise BadOption(
            f"`--format` に {shown(given)} は使えません（選べるもの: {known}。`--json` は `--format json` と同じです）",
            f"`--format` cannot be {shown(given)} (choose: {known}; `--json` is `--format json`)",
            LIST_FORMATS,
        )
    return given


def _separated(form: str, names: Sequence[str], body: Sequence[Sequence[str]], out: str | None, *, quiet: bool) -> None:
    terminal.write(terminal.separated([*([] if quiet else [names]), *body], form), out, data=True)


def _table(
    heads: Sequence[str], body: Sequence[Sequence[str]], grows: int, foot: str, out: str | None, *, quiet: bool
) -> None:
    """A table; what its words mean stands below on a terminal alone, since in a pipe `wc -l` counts rows."""
    lines = terminal.listing(list(heads), [list(row) for row in body], grows, out, quiet=quiet)
    if foot and not quiet and terminal.in_terminal(out):
        lines += wrapped(foot, out)
    terminal.write("\n".join(lines), out)


# -- rows --------------------------------------------------------------------------------------------------------------


def tasks(
    division: Annotated[Word, typer.Option("--division", "-d", help="区分 / division", metavar="DIVISION")] = None,
    format_: ListFormat = None,
    on: EditionOn = None,
    as_json: AsJson = False,
    lang: Lang = "ja",
    out: Out = None,
    rules: Rules = None,
    list_: List = None,
    quiet: Quiet = False,
) -> None:
    """一覧の全行を文書の順に示します / Show every row of the list, in document order."""
    form = list_format(format_, as_json=as_json)
    desk = open_desk(rules, list_, "table", on=on)
    rows = desk.rows(division)
    manifest = desk.catalog.manifest
    if form == "json":
        print_json(rows, out)
        return
    if form != "table":
        names = ["id", "division", "section", "group", "number", "name", "remark", *manifest.cells]
        body = [[*(str(row[name]) for name in names), str(row["source"]["line"])] for row in rows]
        _separated(form, [*names, "line"], body, out, quiet=quiet)
        return
    ja = lang == "ja"
    names = [cell_name(cell, manifest, desk.rules.acts)[0][lang].partition(" (")[0] for cell in manifest.cells]
    head = [*(("行", "id", "業務") if ja else ("line", "id", "work")), *names]
    body = [[str(r["source"]["line"]), r["id"], _name(r), *(r[cell] or "-" for cell in manifest.cells)] for r in rows]
    legends = dict.fromkeys(line.legend for line in manifest.meanings if line.legend)
    legend = ("、" if ja else "; ").join(each.text.strip("「」") if ja else each.en for each in legends)
    foot = (
        f"{len(rows)} 件。凡例: {legend}。- は空欄、? は文字データから決められない欄。"
        if ja
        else f"{len(rows)} rows. Legend: {legend}. - is blank, ? cannot be told from the text."
    )
    _table(head, body, 2, foot, out, quiet=quiet)


def _name(row: dict[str, Any]) -> str:
    group = "" if row["group"] in ("", row["name"]) else f"（{row['group']}）"
    return " ".join(filter(None, (row["name"], row["remark"]))) + group


# -- acts --------------------------------------------------------------------------------------------------------------


def acts(
    row: Annotated[
        Word,
        typer.Option(
            "--row",
            help="この行の業務にある行為を、行う順に / the acts of this row's work, in the order in which they are done",
            metavar="ID",
        ),
    ] = None,
    format_: ListFormat = None,
    on: EditionOn = None,
    as_json: AsJson = False,
    lang: Lang = "ja",
    out: Out = None,
    rules: Rules = None,
    list_: List = None,
    quiet: Quiet = False,
) -> None:
    """尋ねられる行為の一覧を示します / Show the acts that can be asked for."""
    form = list_format(format_, as_json=as_json)
    desk = open_desk(rules, list_, "table", on=on)
    if row is not None:
        with as_options():
            _acts_of_a_row(desk, row, form, lang, out, quiet=quiet)
        return
    found = desk.rules.acts.values()
    if form == "json":
        print_json(listings.acts(desk), out)
        return
    if form != "table":
        body = [[a.id, a.title["ja"], a.title["en"], a.act_class.value, " ".join(a.also)] for a in found]
        _separated(form, ["key", "label_ja", "label_en", "class", "also"], body, out, quiet=quiet)
        return
    heads = {"ja": ["記号", "行為", "種類"], "en": ["key", "act", "class"]}
    body = [[a.id, a.title[lang], CLASS_TEXT[a.act_class][lang]] for a in found]
    _table(heads[lang], body, 1, "", out, quiet=quiet)


def _acts_of_a_row(desk: Desk, word: str, form: str, lang: str, out: str | None, *, quiet: bool) -> None:
    """The acts of a row's work: those of every counter where it has one, then its chain."""
    kind, found = listings.acts_of_row(desk, word)
    if form == "json":
        print_json(found, out)
        return
    if form != "table":
        names = ["key", "label_ja", "label_en", "class", "channel", "optional", "when_ja", "when_en", "part", "holder"]
        body = [
            [
                *(a["key"], *a["label"].values(), a["class"], a["channel"], str(a["optional"]).lower()),
                *(a["when"] or {"ja": "", "en": ""}).values(),
                *(a["part"], a["holder"] or ""),
            ]
            for a in found
        ]
        _separated(form, names, body, out, quiet=quiet)
        return
    ja = lang == "ja"
    heads = (
        ["記号", "行為", "種類", "場", "行うとき", "主体"]
        if ja
        else ["key", "act", "class", "channel", "when", "whose"]
    )
    body = [
        [
            *(a["key"], a["label"][lang], CLASS_TEXT[desk.rules.acts[a["key"]].act_class][lang]),
            *(desk.catalog.manifest.channels[a["channel"]].label[lang], _when(a, lang)),
            a["holder_label"][lang] if a["holder_label"] else "-",
        ]
        for a in found
    ]
    basis = (
        _basis(kind, lang) if kind else ("業務の種類が定められていません" if ja else "nobody has said its kind of work")
    )
    named = f"{kind.label[lang]}: " if kind else ""
    _table(heads, body, 1, f"{named}{basis}{'。' if ja else '.'}", out, quiet=quiet)


def _when(step: dict[str, Any], lang: str) -> str:
    if not step["optional"]:
        return "-"
    return str(step["when"][lang]) if step["when"] else ("場合による" if lang == "ja" else "in some cases")


def _basis(kind: Kind, lang: str) -> str:
    """Whose word a kind's chain is."""
    if kind.source.own:
        paper = kind.source
        return (
            f"業務の流れはこの市の規則（{paper.document}、{paper.text}）"
            if lang == "ja"
            else f"the steps are this city's own rule ({paper.document}, {paper.text})"
        )
    return "業務の流れは本システムの判断" if lang == "ja" else "the steps are our judgement"


# -- kinds -------------------------------------------------------------------------------------------------------------


def kinds(
    format_: ListFormat = None,
    on: EditionOn = None,
    as_json: AsJson = False,
    lang: Lang = "ja",
    out: Out = None,
    rules: Rules = None,
    list_: List = None,
    quiet: Quiet = False,
) -> None:
    """業務の種類と、それぞれの行為の流れを示します / Show the kinds of work, each with its acts in order."""
    form = list_format(format_, as_json=as_json)
    desk = open_desk(rules, list_, "table", on=on)
    work = desk.rules.work
    if form == "json":
        print_json(listings.kinds(desk), out)
        return
    acts_of = {kind.id: [step.act for step in kind.steps] for kind in work.kinds}
    if form != "table":
        names = ["key", "label_ja", "label_en", "basis", "rows", "acts"]
        body = [
            [
                *(kind.id, kind.label["ja"], kind.label["en"], kind.source.basis or "own"),
                *(" ".join(kind.rows), " ".join(acts_of[kind.id])),
            ]
            for kind in work.kinds
        ]
        _separated(form, names, body, out, quiet=quiet)
        return
    ja = lang == "ja"
    heads = ["記号", "業務の種類", "行数", "行為（行う順）"] if ja else ["key", "kind of work", "rows", "acts in order"]
    titles = {act.id: act.title[lang] for act in desk.rules.acts.values()}
    joint = "、" if ja else ", "
    body = [
        [kind.id, kind.label[lang], str(len(kind.rows)), joint.join(titles[act] for act in acts_of[kind.id])]
        for kind in work.kinds
    ]
    common = joint.join(titles[act] for act in work.at_counter)
    own = sum(kind.source.own for kind in work.kinds)
    foot = (
        f"{len(body)} 種。一覧に行為の欄はなく、種類と流れは{f'本システムの判断（{own} 種はこの市の規則）' if own else '本システムの判断'}です。"
        f"窓口で行う行には、ほかに {common} もあります。"
        if ja
        else f"{len(body)} kinds. The list has no column for acts: kinds and steps are our judgement"
        f"{f' ({own} of them are this city’s own rule)' if own else ''}. Rows done at a counter also have {common}."
    )
    _table(heads, body, 3, foot, out, quiet=quiet)
