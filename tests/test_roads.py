"""What no rule set may do, by any road: `assign check` names the entry, its file and its line, or the file is refused."""

from __future__ import annotations

import json
from pathlib import Path
from unittest import mock

import pytest

from assign import Desk, resources
from assign.catalog import load as load_list
from assign.check import Finding, floor, list_floor
from assign.check import proofs as checks
from assign.check.lookalike import folded, says
from assign.errors import RuleFileError
from assign.rules import loader, precompiled
from assign.words import ActClass

from .roads import REFUSED, ROADS, Road, act, added, anywhere, copied
from .test_cli import run, said

CATALOG = load_list(resources.catalog_file())
SHIPPED = floor.shipped()
pytestmark = pytest.mark.usefixtures("one_engine")  # that two agree is proved elsewhere


def findings(folder: Path) -> list[Finding]:
    return checks.check(Desk(CATALOG, loader.load(folder, kept=False), "table")).findings


def texts(folder: Path) -> list[dict[str, str]]:
    """What `check` says: its look at the floor first, which takes a tenth of the whole, and the rest where that finds nothing."""
    edited = loader.load(
        folder
    )  # files that were not edited as they are kept: `test_check.py` proves that this is the same
    return [road.text for road in floor.roads(edited, SHIPPED, resources.DOCUMENT)] or [
        finding.text for finding in checks.check(Desk(CATALOG, edited, "table")).findings
    ]


@pytest.mark.long
@pytest.mark.parametrize("road", ROADS, ids=lambda road: road.name)
def test_no_road_leads_past_the_floor(tmp_path: Path, road: Road) -> None:
    """The examples say what the edit says; the floor does not ask them."""
    folder = copied(tmp_path / "rules", *road.edits)
    if road.entry == REFUSED:
        with pytest.raises(RuleFileError) as caught:
            loader.load(folder, kept=False)
        assert caught.value.file == road.file
        assert caught.value.line > 1
        return
    written = (folder / road.file).read_text("utf-8").split("\n")
    lines = [at for at, line in enumerate(written, start=1) if line == f"  - id: {road.entry}"]
    of = list_floor.Road(road.entry, road.file, lines[0] if lines else 1, "", "").text
    told = texts(folder)
    for lang in ("ja", "en"):
        place = f"{road.file}, line {lines[0] if lines else 1}" if lang == "en" else f"{road.file} の"
        assert any(
            text[lang].startswith(of[lang]) or (text[lang].startswith(place) and f"`{road.entry}`" in text[lang])
            for text in told
        ), (of, told)


@pytest.mark.long
@pytest.mark.parametrize("kind", ["factual", "barred", "undetermined"])
def test_an_act_that_ships_as_authority_stays_one(tmp_path: Path, kind: str) -> None:
    """Also with a paper of the city's. All in one file: each is named, though the others are, too."""
    keys = {each.id for each in SHIPPED.acts.values() if each.act_class is ActClass.AUTHORITY}
    edits = [act(key, ("class: authority", f"class: {kind}")) for key in keys]
    told = floor.roads(loader.load(copied(tmp_path / "rules", *edits), kept=False), SHIPPED, resources.DOCUMENT)
    assert len(keys) == 13
    assert keys - {each.id for each in told} == set()


@pytest.mark.long
def test_what_a_terminal_sees(tmp_path: Path) -> None:
    """6 with the entry, its file and line; 1 for a file that is not read."""
    road = next(road for road in ROADS if road.name == "decide becomes factual")
    done = run("check", "--rules", str(copied(tmp_path / "a", *road.edits)), "--json")
    assert done.returncode == 6
    assert "acts.yaml の" in json.loads(done.stdout)["findings"][0]["text"]["ja"]
    road = next(road for road in ROADS if road.name == "a class named twice")
    done = run("check", "--rules", str(copied(tmp_path / "b", *road.edits)))
    assert (done.returncode, done.stdout) == (1, b"")
    assert "acts.yaml の 2" in done.stderr.decode("utf-8")


ALLOWED = (
    ("決定通知の発送", "mailing decisions"),
    ("決定書の印字", "printing the decision"),
    ("決定後の入力", "entry after a decision"),
    ("決定の準備", "papers for a decision"),
    ("処分通知の封入", "enclosing notices"),
    ("取消届の受領", "receiving notices of withdrawal"),
    ("認定申請書の受付", "taking in applications for recognition"),
    ("古紙の処分", "disposal of paper"),
    ("却下通知の写しの作成", "copies of refusals"),
    ("差押調書の運搬", "carrying records"),
)


@pytest.mark.long
@pytest.mark.parametrize(("title", "en"), ALLOWED)
def test_an_act_is_named_by_its_last_word(tmp_path: Path, title: str, en: str) -> None:
    """決定通知の発送 is a mailing: a city may add it, with its paper."""
    assert texts(copied(tmp_path / "rules", added("tidy", title, en))) == []


@pytest.mark.long
def test_a_city_refines_what_is_not_authority_and_every_answer_says_so(tmp_path: Path) -> None:
    """窓口収納 by designation, a factual act more, another name for a decision: each with a paper."""
    folder = copied(
        tmp_path / "rules",
        added("scan", "書類の電子化", "scanning papers"),
        act(
            "collect_cash",
            ("class: barred", "class: factual"),
            ("assignee: city_staff", "assignee: contractor"),
            ("row: kouki-60", "row: kokuho-8"),
        ),
        act("decide", ("also: [", "also: [市長決裁, ")),
    )
    assert findings(folder) == []
    desk = Desk.open(rules=folder)
    for name in ("scan", "collect_cash", "decide"):
        decision = desk.decide(row="kokuho-1", channel="counter", act=name)
        assert "この市の規則: 市委託事務取扱要領3条、国保年金課長" in decision.explain("ja", why=True)
        assert "this city's own rule: 市委託事務取扱要領3条, 国保年金課長" in decision.explain("en", why=True)
        assert "この市の規則" in decision.explain("ja")
        assert "this city's own rule" in decision.explain("en")
        cites = [cite for reason in decision.reasons for cite in reason.cites if cite.kind == "act"]
        assert "この市の規則" in cites[0].text
        assert cites[0].document == "acts.yaml"
    assert "この市の規則" not in desk.decide(row="nenkin-23", channel="counter", act="receive").explain("ja", why=True)
    assert "この市の規則 4 件" in said(run("check", "--rules", str(folder)))


def test_the_floor_is_what_ships() -> None:
    """`make floor` writes it; a change of the acts, or of the list, is read as a diff."""
    assert (resources.data_folder() / "floor.json").read_bytes() == floor.made(floor.shipped(), list_floor.shipped())


def test_the_built_in_acts_are_held_to_the_floor_too(tmp_path: Path) -> None:
    """Who edits the program's own rules is found, though then nothing differs from what ships."""
    road = next(road for road in ROADS if road.name == "decide becomes factual, the old source")
    edited = loader.load(copied(tmp_path / "rules", *road.edits))
    assert [each.id for each in floor.roads(edited, edited, resources.DOCUMENT)] == ["decide"]


@pytest.mark.long
def test_what_is_kept_parsed_never_stands_for_a_file(tmp_path: Path) -> None:
    """A cache made for a city's text, with another tree: the file is proved, and the cache is found."""
    folder = copied(tmp_path / "rules", anywhere("acts.yaml", "# The table", "# Our table"))
    kept = json.loads(precompiled.trees_file().read_bytes())
    kept["acts.yaml"]["text"] = (folder / "acts.yaml").read_text("utf-8")
    decide = next(each for each in kept["acts.yaml"]["tree"][1]["acts"][1] if each[1]["id"][1] == "decide")
    decide[1]["then"][1]["class"][1] = "factual"
    (tmp_path / "trees.json").write_text(json.dumps(kept), "utf-8")
    with mock.patch.object(resources, "kept_file", return_value=tmp_path / "rules.json"):
        assert loader.load(folder).acts["decide"].act_class is ActClass.FACTUAL  # what a cache of another's can do
        desk = checks.unproved(None, str(folder), "table")
        assert desk.rules.acts["decide"].act_class is ActClass.AUTHORITY
        assert [finding.kind for finding in checks.check(desk).findings] == ["kept"]


@pytest.mark.long
def test_what_is_kept_whole_never_stands_for_the_rules(tmp_path: Path) -> None:
    """The same of the rule set that is kept for the very bytes that ship."""
    kept = json.loads(resources.kept_file().read_bytes())
    next(act for act in kept["acts"] if act[0] == "decide")[8] = "factual"
    (tmp_path / "rules.json").write_text(json.dumps(kept), "utf-8")
    with mock.patch.object(resources, "kept_file", return_value=tmp_path / "rules.json"):
        assert loader.load(resources.rules_folder()).acts["decide"].act_class is ActClass.FACTUAL
        assert [finding.kind for finding in checks.check(checks.unproved(None, None, "table")).findings] == ["kept"]


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("決定", "決定\ufe0f"),
        ("decide", "dеcidе"),
        ("力", "カ"),
        ("ハ", "八"),
        ("DECIDE", "decide"),
        ("ﾊﾞ", "バ"),
        ("ᴅecide", "decide"),
        ("🅳🅴🅲🅸🅳🅴", "decide"),
        ("けつてい", "けってい"),
    ],
)
def test_look_alikes_fold_together(one: str, two: str) -> None:
    """By UTS #39, Unihan and NFKC."""
    assert folded(one) == folded(two)


@pytest.mark.parametrize(("one", "two"), [("決定", "決裁"), ("か", "が"), ("受領", "受理"), ("print", "proxy")])
def test_other_words_stay_apart(one: str, two: str) -> None:
    """A fold that takes too much would refuse a city's honest names."""
    assert folded(one) != folded(two)
    assert says("受領") == says("発送") == says("納付相談") == says("guide") == ""


def test_other_words_that_decide() -> None:
    """No list of them is whole; these were tried as titles of factual acts, and passed."""
    for name in (
        "資格の判定",
        "支給停止",
        "給付制限",
        "差し押え",
        "審決",
        "強制徴収",
        "determination of benefits",
        "denying claims",
    ):
        assert says(name), name
    assert says("判定結果の発送") == says("支給停止通知の封入") == says("mailing determinations") == ""
