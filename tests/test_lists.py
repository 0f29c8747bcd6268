"""A list of another city is answered by the same engine: other divisions, channels, marks and numbers, and columns that are acts."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from assign import Desk
from assign.check.proofs import check
from assign.errors import AmbiguousItem, CatalogError, RuleFileError, UnknownChannel, UnknownDivision, UnknownItem
from assign.resources import rules_folder

LISTS = Path(__file__).parent / "lists"
KINDS = {"three": "garden pets", "acts": "money"}
CHANNEL = {"three": "desk", "acts": "anywhere"}  # where the steps of the work are done


def rules_for(folder: Path, divisions: str, rows: list[str], channel: str = "desk") -> Path:
    """The rules that ship, without what they say of our own rows."""
    folder.mkdir()
    for path in rules_folder().iterdir():
        shutil.copy(path, folder)
    acts = as_text(folder / "acts.yaml")
    for act in acts["acts"]:
        act.pop("condition", None)
        act["examples"] = [{"given": {"row": rows[0], "channel": channel}, "assignee": "city_staff"}]
    dump(folder / "acts.yaml", acts)
    holders = as_text(folder / "holders.yaml")
    first = holders["rules"][0]
    dump(
        folder / "holders.yaml",
        {**holders, "rules": [{**first, "when": {"division": divisions.split()}, "examples": []}]},
    )
    dump(folder / "notes.yaml", {"notes": []})
    kinds = as_text(folder / "kinds.yaml")
    steps = [{"act": act, "channel": channel} for act in ("receive", "substantive", "decide", "hand_over")]
    label = {"ja": "申請", "en": "application"}
    kind = {"id": "application", "label": label, "because": label, "basis": "judged", "chain": steps, "rows": rows}
    dump(folder / "kinds.yaml", {"counter": kinds["counter"], "kinds": [kind], "chains": []})
    return folder


def as_text(path: Path) -> Any:
    """Text alone; with libyaml, where the wheel has it, in a twentieth of the time."""
    return yaml.load(path.read_bytes(), getattr(yaml, "CBaseLoader", yaml.BaseLoader))  # noqa: S506


def dump(path: Path, data: Any) -> None:
    path.write_text(json.dumps(data, ensure_ascii=False), "utf-8")  # which is YAML, too


def opened(name: str, folder: Path, engine: str) -> Desk:
    rows = [line.split(",")[0] for line in (LISTS / name / "catalog.csv").read_text("utf-8").splitlines()[1:]]
    return Desk.open(
        list=LISTS / name, rules=rules_for(folder / f"rules of {name}", KINDS[name], rows, CHANNEL[name]), engine=engine
    )


# A desk is a value, so all tests of it share one; its rules take longer to read than all its answers.
@pytest.fixture(scope="module", params=["auto", "table"])
def three(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    return opened("three", tmp_path_factory.mktemp("three"), request.param)


@pytest.fixture(scope="module", params=["auto", "table"])
def acts(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    return opened("acts", tmp_path_factory.mktemp("acts"), request.param)


def said(desk: Desk, division: str, item: str, channel: str, act: str | None = None) -> tuple[str, str, str]:
    found = desk.decide(division=division, item=item, channel=channel, act=act, on="2026-04-01")
    return found.meaning.value, found.assignee.value, found.certainty.value


@pytest.mark.parametrize(
    ("division", "item", "channel", "act", "expected"),
    [
        ("みどり課", "木を切る許可の申請", "窓口", None, ("consigned", "contractor", "settled")),
        ("緑", "木を切る許可の申請", "郵便", "receive", ("consigned", "contractor", "settled")),
        ("garden", "L7", "desk", "decide", ("consigned", "city_staff", "settled")),
        ("garden", "L7", "phone", None, ("outside", "city_staff", "settled")),
        ("garden", "L8", "desk", None, ("part_divided", "split", "settled")),
        ("garden", "L8", "desk", "receive", ("consigned", "contractor", "settled")),
        ("garden", "L8", "desk", "decide", ("retained", "city_staff", "settled")),
        ("garden", "L8", "desk", "hand_over", ("part_open", "city_staff", "needs_ruling")),
        ("garden", "L9", "desk", None, ("retained", "city_staff", "settled")),
        ("犬", "L10", "desk", None, ("consigned", "contractor", "settled")),
        ("pets", "L10", "post", None, ("unreadable", "city_staff", "needs_ruling")),
        ("pets", "L10", "post", "decide", ("unreadable", "city_staff", "settled")),
        ("pets", "迷い犬の引渡し", "電話", None, ("part_open", "split", "needs_ruling")),
        ("pets", "L11", "phone", "hand_over", ("part_open", "city_staff", "needs_ruling")),
        ("pets", "L12", "desk", None, ("undefined", "city_staff", "needs_ruling")),
    ],
)
def test_a_list_with_three_channels_other_marks_and_no_numbers_is_answered(
    three: Desk, division: str, item: str, channel: str, act: str | None, expected: tuple[str, str, str]
) -> None:
    """By its own legend, and by nothing of ours."""
    assert said(three, division, item, channel, act) == expected


@pytest.mark.parametrize(
    ("item", "act", "expected"),
    [
        ("９の２", None, ("part_divided", "split", "settled")),
        ("9の2", "receive", ("consigned", "contractor", "settled")),
        ("9の2", "substantive", ("retained", "city_staff", "settled")),
        ("9の2", "decide", ("retained", "city_staff", "settled")),
        ("1-001", "decide", ("consigned", "city_staff", "needs_ruling")),  # the list gives away what it cannot
        ("1-001", "hand_over", ("no_step", "nobody", "settled")),
        ("ア", None, ("part_divided", "split", "needs_ruling")),  # as one of its acts is
        ("ア", "decide", ("no_step", "nobody", "settled")),
        ("イ", "receive", ("part_divided", "split", "settled")),
        (
            "イ",
            "substantive",
            ("undefined", "city_staff", "needs_ruling"),
        ),  # nobody knows what is printed for this very act
        ("イ", "hand_over", ("undefined", "city_staff", "needs_ruling")),
        ("イ", None, ("part_divided", "split", "needs_ruling")),
    ],
)
def test_a_list_whose_columns_are_acts_is_answered(
    acts: Desk, item: str, act: str | None, expected: tuple[str, str, str]
) -> None:
    """An answer for the act itself goes before one for the work, and never against public authority."""
    assert said(acts, "money", item, "anywhere", act) == expected


def test_a_mark_without_a_meaning_is_said_with_its_column(acts: Desk) -> None:
    """Of another act, too: the answer does not say of that act's own mark that nobody knows it."""
    found = acts.decide(division="money", item="イ", channel="anywhere", act="receive", on="2026-04-01")
    assert [caveat.text.ja for caveat in found.caveats if caveat.code == "undefined_mark"] == [
        "担当（実質審査）欄が空欄です。この印の意味は凡例にありません。"
    ]


def test_what_is_cited_is_the_list_s_own(three: Desk, acts: Desk) -> None:
    """Row, legend, division and desk; nothing of the list that ships."""
    found = three.decide(division="garden", item="L8", channel="desk", on="2026-04-01")
    text = found.explain("ja", why=True)
    assert "共：受付と入力は受託者、審査と決定は市職員が行う" in text
    assert "みどり課" in text
    assert "みどり課の係長" in text
    assert [exception.text for exception in found.exceptions] == ["ただし、祭りの日は市職員"]
    assert "ただし、祭りの日は市職員" in text
    assert {cite.document for reason in found.reasons for cite in reason.cites} == {"sample.txt"}
    assert (found.provenance.list, found.provenance.edition) == ("見本市 窓口業務の分担表", "令和8年度")
    for word in ("国保", "委託不可", "バックヤード", "△", "×"):
        for desk, division, channel in ((three, "garden", "desk"), (acts, "money", "anywhere")):
            for row in desk.tasks(division):
                assert word not in desk.decide(row=row.id, channel=channel, on="2026-04-01").explain("ja")


@pytest.mark.long
def test_words_of_another_list_are_refused_with_this_list_s_choices(three: Desk) -> None:
    """So that nobody is answered by a list that is not meant."""
    with pytest.raises(UnknownDivision, match="garden"):
        three.decide(division="nenkin", item="24", channel="desk")
    with pytest.raises(UnknownChannel, match="phone"):
        three.decide(division="garden", item="L7", channel="counter")


@pytest.mark.long
def test_the_proofs_hold_over_another_list_and_find_what_it_gives_away(acts: Desk) -> None:
    """The domain is the engine's; what the list says against public authority is a finding."""
    report = check(acts, list_path=LISTS / "acts")
    assert report.counts["facts"] == 648
    assert not [found for found in report.findings if found.kind in ("gap", "overlap", "law", "engines", "unreachable")]
    away = [found.text["en"] for found in report.findings if found.kind == "reserved"]
    given = [("1-001", "substantive"), ("1-001", "decide"), ("ア", "substantive")]
    assert [
        text.startswith(f"the list gives `{act}` of money-{item} to")
        for text, (item, act) in zip(away, given, strict=True)
    ]


def test_two_lines_of_one_rank_that_differ_are_refused(tmp_path: Path) -> None:
    """Which of them holds would be a guess."""
    folder = shutil.copytree(LISTS / "three", tmp_path / "list")
    text = (folder / "manifest.yaml").read_text("utf-8")
    more = "  - {when: {share: 託, way: ○}, means: outside, because: {ja: あ, en: a}}\n"
    (folder / "manifest.yaml").write_text(text + more, "utf-8")
    with pytest.raises(RuleFileError, match="of one rank"):
        Desk.open(list=folder)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("kind: mail", "kind: male", "no kind of channel `male` (near: `mail`"),
        ("means: retained", "means: retaind", "no meaning `retaind` (near: `retained`"),
        ("key: pets", "key: garden", "`garden` stands twice"),
        ("key: share", "key: post", "cannot be the key of a column"),
        ("{share: 直}", "{shere: 直}", "no field `shere` (near: `share`"),
        ("{share: 協, way: ○}", "{}", "at least one cell"),
        ("effective: 2026-04-01", "effective: 2026-02-30", "not a date"),
        ("names: [犬]", "names: [緑]", "names `garden` too"),
    ],
)
def test_a_mistake_in_a_manifest_is_refused_with_the_nearest_choice(
    tmp_path: Path, old: str, new: str, says: str
) -> None:
    """One line, with the file, in the folder as it was given, and where."""
    folder = shutil.copytree(LISTS / "three", tmp_path / "list")
    text = (folder / "manifest.yaml").read_text("utf-8")
    assert old in text
    (folder / "manifest.yaml").write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(RuleFileError) as caught:
        Desk.open(list=folder)
    assert says in str(caught.value)
    assert str(caught.value).startswith(f"{folder}/manifest.yaml, line ")


@pytest.mark.long
def test_no_name_of_a_division_a_channel_or_a_mark_is_left_in_the_code() -> None:
    """The engine never sees a glyph. Docstrings and examples of words may show one; code may not."""
    import ast

    import assign

    forbidden = (
        "kokuho",
        "kouki",
        "nenkin",
        "shomu",
        "center",
        "backyard",
        "△",
        "○",
        "バックヤード",
        "国民健康保険",
        "国民年金",
    )
    for path in Path(assign.__file__).parent.rglob("*.py"):
        if path.name == "help.py":  # examples of commands, which are for the list that ships
            continue
        tree = ast.parse(path.read_text("utf-8"))
        prose = {
            id(node.body[0].value)
            for node in ast.walk(tree)
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
            and node.body
            and isinstance(node.body[0], ast.Expr)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
                assert not any(word in node.value for word in forbidden), (path, node.lineno, node.value)


def test_a_catalog_of_another_list_is_not_read_with_this_manifest(tmp_path: Path) -> None:
    """Its columns are others."""
    folder = shutil.copytree(LISTS / "three", tmp_path / "list")
    shutil.copy(LISTS / "acts" / "catalog.csv", folder)
    with pytest.raises(CatalogError, match="expected `share`"):
        Desk.open(list=folder)


def test_rows_of_one_name_that_get_different_answers_are_told_apart(tmp_path: Path) -> None:
    """A name is no key where it stands twice."""
    folder = shutil.copytree(LISTS / "three", tmp_path / "list")
    text = (folder / "catalog.csv").read_text("utf-8")
    (folder / "catalog.csv").write_text(text.replace("木の伐採の命令", "木を切る許可の申請"), "utf-8")
    rows = [line.split(",")[0] for line in text.splitlines()[1:]]
    desk = Desk.open(list=folder, rules=rules_for(tmp_path / "rules", KINDS["three"], rows))
    with pytest.raises(AmbiguousItem):
        desk.decide(division="garden", item="木を切る許可の申請", channel="desk")


def test_a_mark_of_one_channel_is_no_warning_on_another(tmp_path: Path) -> None:
    """☆ on the desk says nothing of what comes by post, where the legend has the mark."""
    folder = shutil.copytree(LISTS / "three", tmp_path / "list")
    text = (
        (folder / "catalog.csv")
        .read_text("utf-8")
        .replace("犬の登録の届,,託,○,?,○,unreadable", "犬の登録の届,,託,☆,○,○,judged")
    )
    (folder / "catalog.csv").write_text(text.replace(",託,", ",,"), "utf-8")
    manifest = (folder / "manifest.yaml").read_text("utf-8").replace("{share: 託, way: ○}", "{way: ○}")
    (folder / "manifest.yaml").write_text(manifest.replace("{share: 託, way:", '{share: "", way:'), "utf-8")
    rows = [line.split(",")[0] for line in text.splitlines()[1:]]
    desk = Desk.open(list=folder, rules=rules_for(tmp_path / "rules", KINDS["three"], rows), engine="table")
    on_desk, by_post = (desk.decide(row="pets-L10", channel=channel) for channel in ("desk", "post"))
    assert (on_desk.meaning, "undefined_mark" in [each.code for each in on_desk.caveats]) == ("undefined", True)
    assert (by_post.meaning, "undefined_mark" in [each.code for each in by_post.caveats]) == ("consigned", False)


def test_what_is_said_of_another_list_reads_well(three: Desk, acts: Desk) -> None:
    """A legend without English, a remark that is a sentence, a division of rows without numbers, a step that there is not."""
    garden = three.decide(division="garden", item="L7", channel="desk")
    assert "The legend says 「託：" in garden.explain("en")
    assert "一覧の条件: ただし、祭りの日は市職員" in three.decide(division="garden", item="L8", channel="desk").explain(
        "ja"
    )
    with pytest.raises(UnknownItem, match="from L7 to L9"):
        three.decide(division="garden", item="99", channel="desk")
    none = acts.decide(division="money", item="1-001", channel="anywhere", act="hand_over")
    assert "Not the contractor's" not in none.explain("en")
