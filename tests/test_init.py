"""`assign init`: a folder for another city's own list, checked and answered as it is; and the floor holds there, too."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from assign import Desk, resources
from assign.catalog import load as load_list
from assign.check import Finding, floor
from assign.check import proofs as checks
from assign.decision.fitting import rules_beside
from assign.errors import BadOption, CatalogDiffers, OutputError, RuleFileError
from assign.export import list_folder
from assign.files import folder_appearing
from assign.rules import elsewhere, loader
from assign.rules.model import FILES

from .test_cli import run, said

SHIPPED = floor.shipped()


@pytest.fixture
def city(tmp_path: Path) -> Path:
    """A new folder."""
    list_folder.write(str(tmp_path / "city"))
    return tmp_path / "city"


def edited(city: Path, file: str, before: str, after: str) -> None:
    path = city / file
    text = path.read_text("utf-8")
    assert before in text, before
    path.write_text(text.replace(before, after, 1), "utf-8")


def findings(city: Path) -> list[Finding]:
    return checks.check(checks.unproved(str(city), None, "table"), list_path=city).findings


# -- the folder --------------------------------------------------------------------------------------------------------


@pytest.mark.long
def test_what_a_city_gets(tmp_path: Path) -> None:
    """Manifest, catalog, document, rules, schemas, a README in Japanese; and what to do next, in two languages."""
    done = run("init", str(tmp_path / "our city"))
    assert done.returncode == 0
    found = {
        str(path.relative_to(tmp_path / "our city")) for path in (tmp_path / "our city").rglob("*") if path.is_file()
    }
    assert found == {
        "README.md", "manifest.yaml", "catalog.csv", "source/list.txt", *(f"rules/{name}" for name in FILES),
        *(f"schema/{path.name}" for path in (resources.data_folder() / "schema").iterdir()),
    }  # fmt: skip
    place = f"'{tmp_path}/our city'"
    following = [
        f"assign check --list {place}",
        f"assign decide --list {place} --division hoken --item 2 --channel counter",
    ]
    assert [line.strip() for line in said(done).splitlines() if line.strip().startswith("assign ")] == following
    assert "manifest.yaml" in said(done)
    english = run("init", str(tmp_path / "second"), "--lang", "en")
    assert "Make it your city's own, in this order" in said(english)
    assert not re.search(r"[ぁ-んァ-ヶ]", said(english))
    as_json = json.loads(said(run("init", str(tmp_path / "third"), "--json")))
    assert as_json["folder"] == str(tmp_path / "third")
    assert set(as_json["files"]) == found
    assert as_json["next"][0] == f"assign check --list {tmp_path}/third"
    assert said(run("init", str(tmp_path / "fourth"), "-q")) == ""
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_a_paper_that_the_city_has_not_named_is_no_rule_of_its(city: Path, tmp_path: Path) -> None:
    """What is to be filled in stands in no answer; `check` tells of it and does not fail; once it is named, it is cited."""
    words = ("decide", "-d", "hoken", "-i", "1", "-c", "counter", "-a", "decide")
    placeholder = "（市の文書の名前をここに）"
    for more in ((), ("--why",), ("--json",)):
        text = said(run(*words, *more, "--list", str(city))).replace("\n", "").replace(" ", "")
        assert placeholder not in text
        assert ("この市の規則で、根拠の文書の名前はまだ書かれていません" in text) is (more != ())
        assert (
            "委託から除かれます（この市の規則" not in text
        )  # that is the legend's; the city's own rule is whose authority it is
    done = run("check", "--list", str(city), "--json")
    report = json.loads(done.stdout)
    assert (done.returncode, report["ok"], [each["kind"] for each in report["notices"]]) == (0, True, ["unnamed"])
    assert "`HOLDER_HOKEN`" in report["notices"][0]["text"]["ja"]
    assert "まだ書かれていない規則が 3 件あります" in said(run("check", "--list", str(city))).replace("\n", "")
    named = shutil.copytree(city, tmp_path / "named")
    holders = named / "rules" / "holders.yaml"
    text = (
        holders.read_text("utf-8")
        .replace(placeholder, "事務分掌規則")
        .replace("（定めた人の役職をここに）", "総務課長")
    )
    holders.write_text(text, "utf-8")
    assert "この市の規則: 事務分掌規則、総務課長" in said(run(*words, "--list", str(named), "--json"))
    assert json.loads(run("check", "--list", str(named), "--json").stdout)["notices"] == []


@pytest.mark.long
def test_the_folder_passes_check_in_both_engines_and_answers(city: Path) -> None:
    """With the rules beside it, which nobody names; each finding would name the folder."""
    done = run("check", "--list", str(city), "--json")
    report = json.loads(done.stdout)
    assert (done.returncode, report["findings"]) == (0, [])
    assert report["counts"]["rows"] == 6
    assert report["counts"]["lines"] == 18
    assert report["cross_checked"] is (report["counts"]["engines"] == 2)
    answer = json.loads(said(run("decide", "--list", str(city), "-d", "国保", "-i", "1", "-c", "郵送", "--json")))
    assert (answer["assignee"], answer["certainty"]) == ("contractor", "settled")
    for words, who in (
        (("-d", "国保", "-i", "3", "-c", "窓口"), "市職員（確定）"),
        (("-d", "hoken", "-i", "2", "-c", "counter"), "両者（回答待ち）"),
        (("-d", "年金", "-i", "1", "-c", "郵送"), "市職員（確定）"),
        (("-d", "年金", "-i", "1", "-c", "窓口", "-a", "免除の決定"), "市職員（確定）"),
    ):
        assert said(run("decide", "--list", str(city), *words, "-q")).strip() == who
    for engine in ("auto", "table"):
        desk = Desk.open(list=city, engine=engine)
        assert desk.decide("hoken", "4", "counter").assignee == "contractor"


@pytest.mark.long
def test_the_commands_of_its_readme_run(city: Path) -> None:
    """As a clerk would copy them, in the folder."""
    text = (city / "README.md").read_text("utf-8")
    commands = [line for block in re.findall(r"```\n(.*?)```", text, re.DOTALL) for line in block.splitlines()]
    assert len(commands) == 4
    for command in commands:
        done = subprocess.run([sys.executable, "-m", *shlex.split(command)], cwd=city, capture_output=True, check=False)
        assert done.returncode == 0, (command, done.stderr.decode())
    for name in re.findall(r"`((?:rules/)?\w+\.(?:yaml|csv))`", text):
        assert (city / name).is_file()
    header = (city / "catalog.csv").read_text("utf-8-sig").split("\n", 1)[0].split(",")
    table = text.partition("## catalog.csv の列")[2].partition("##")[0]
    assert set(header) == set(
        re.findall(r"`(\w+)`", "".join(line.split("|")[1] for line in table.splitlines() if line.startswith("| `")))
    )


@pytest.mark.long
def test_the_commands_of_our_own_readme_run(tmp_path: Path) -> None:
    """Under 'Another city's list', the same in both."""
    root = Path(__file__).parents[1]
    chapters = [
        (root / name).read_text("utf-8").partition(f"### {title}\n")[2]
        for name, title in (("README.md", "Another city's list"), ("README.ja.md", "ほかの市の一覧"))
    ]
    en, ja = (
        re.findall(r"^assign .*$", re.findall(r"```\n(.*?)```", text, re.DOTALL)[0], re.MULTILINE) for text in chapters
    )
    assert en == ja
    assert len(en) == 3
    for command in en:
        words = [sys.executable, "-m", *shlex.split(command)]
        done = subprocess.run(words, cwd=tmp_path, capture_output=True, check=False)
        assert done.returncode == 0, (command, done.stderr.decode())


def test_nothing_in_it_speaks_of_another_citys_list(city: Path) -> None:
    """No line of our document, no row of ours, nothing that is true of our list alone."""
    catalog = load_list(resources.data_folder())
    ours = re.compile(
        rf"{re.escape(resources.DOCUMENT)}|\b(?:{'|'.join(set(catalog.manifest.divisions) - {'nenkin'})})-\d|「×」|marks? .*×|every such row"
    )
    for path in city.rglob("*"):
        if path.is_file() and path.parent.name != "schema":
            assert ours.search(path.read_text("utf-8")) is None, path
    acts = loader.load(city / "rules").acts
    assert set(acts) == set(SHIPPED.acts)
    for key, act in acts.items():
        assert act.source.line is None
        assert (act.act_class, act.title, act.also, act.fact) == (
            SHIPPED.acts[key].act_class, SHIPPED.acts[key].title, SHIPPED.acts[key].also, SHIPPED.acts[key].fact,
        )  # fmt: skip
        assert not re.search("一覧|the list", f"{act.because}"), key


def test_rules_beside_a_list_are_its_own(city: Path, tmp_path: Path) -> None:
    """Those that are named go first; a folder without rules, and a catalog alone, has the built-in ones."""
    assert rules_beside(city, None) == rules_beside(city / "catalog.csv", None) == city / "rules"
    assert rules_beside(city, tmp_path) == tmp_path
    assert rules_beside(None, None) == resources.rules_folder()
    (tmp_path / "rules").mkdir()
    shutil.copy(resources.catalog_file(), tmp_path)
    assert rules_beside(tmp_path / "catalog.csv", None) == resources.rules_folder()
    shutil.rmtree(city / "rules")
    assert rules_beside(city, None) == resources.rules_folder()


@pytest.mark.long
def test_a_shell_completes_from_the_lists_own_rules(city: Path) -> None:
    """Divisions, channels and acts of the list that is named."""
    edited(city, "rules/acts.yaml", "acts:\n", "acts:\n" + OWN_ACT)
    for asked, wanted in (
        ("--division ho", "hoken"),
        ("--channel ma", "mail"),
        ("--row nen", "nenkin-1"),
        ("--act sca", "scan"),
    ):
        line = f"assign decide --list {city} {asked}"
        env = {
            **os.environ,
            "_ASSIGN_COMPLETE": "complete_zsh",
            "_TYPER_COMPLETE_ARGS": line,
            "_ASSIGN_COMPLETE_ARGS": line,
        }
        done = subprocess.run([sys.executable, "-m", "assign"], env=env, capture_output=True, check=False)
        assert wanted in done.stdout.decode("utf-8"), (asked, done)


OWN_ACT = """\
  - id: scan
    title: {ja: 書類の電子化, en: scanning papers}
    source: {document: 市委託事務取扱要領3条, role: 保険年金課長}
    then: {class: factual}
    because: {ja: 書類を読み取る事実行為です。, en: It scans papers.}
    examples: [{given: {row: hoken-1, channel: counter}, assignee: city_staff}]
"""


# -- whole or not at all -----------------------------------------------------------------------------------------------


@pytest.mark.long
def test_what_is_there_is_never_written_over(tmp_path: Path) -> None:
    """An empty folder is taken; a file, a full folder and a link to one are refused with 2, and stay as they were."""
    (tmp_path / "empty").mkdir()
    assert run("init", str(tmp_path / "empty")).returncode == 0
    (tmp_path / "file").write_text("a")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "a").write_text("a")
    (tmp_path / "link").symlink_to("full")
    (tmp_path / "dangling").symlink_to("nowhere")
    for name in ("file", "full", "link", "empty"):
        done = run("init", str(tmp_path / name))
        assert (done.returncode, done.stdout) == (2, b"")
        assert "既に何かあります" in done.stderr.decode("utf-8")
    assert [path.name for path in (tmp_path / "full").iterdir()] == ["a"]
    done = run("init", str(tmp_path / "no" / "such"), "--lang", "en", "--json")
    assert done.returncode == 1
    assert json.loads(done.stderr)["error"]["code"] == "output"
    assert run("init").returncode == 2
    assert run("init", "-").returncode == 2
    assert run("init", str(tmp_path / "file" / "x")).returncode == 1
    assert not list(tmp_path.rglob(".assign-*"))


def test_a_disk_that_fails_leaves_nothing(tmp_path: Path) -> None:
    """Neither the folder nor a part of it."""
    with mock.patch.object(os, "fsync", side_effect=[None, None, OSError(28, "full")]), pytest.raises(OutputError):
        list_folder.write(str(tmp_path / "city"))
    assert list(tmp_path.iterdir()) == []


def test_what_comes_there_meanwhile_stays(tmp_path: Path) -> None:
    """Another program makes the folder while ours is written."""

    def together() -> None:
        with folder_appearing(str(tmp_path / "city")) as folder:
            (folder / "a").write_text("ours")
            (tmp_path / "city").mkdir()
            (tmp_path / "city" / "b").write_text("theirs")

    with pytest.raises(OSError, match=r"not empty|exists"):
        together()
    assert [path.name for path in tmp_path.rglob("*")] == ["city", "b"]
    with pytest.raises(BadOption):
        list_folder.write(str(tmp_path / "city"))


SLOWLY = """
import os, sys, time
from assign.__main__ import main
real = os.fsync
def slow(number):
    real(number)
    print("written", flush=True)
    time.sleep(30)
os.fsync = slow
sys.argv = ["assign", "init", sys.argv[1]]
main()
"""


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGKILL, -9)])
def test_killed_in_the_middle_there_is_no_folder(tmp_path: Path, number: signal.Signals, code: int) -> None:
    """Nothing at all is left by a signal that can be heard; by SIGKILL a hidden folder, and never the one that was named."""
    with subprocess.Popen([sys.executable, "-c", SLOWLY, str(tmp_path / "city")], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"written\n"
        time.sleep(0.05)
        process.send_signal(number)
        assert process.wait(20) == code
    left = [path.name for path in tmp_path.iterdir()]
    assert "city" not in left
    assert left == [] if number != signal.SIGKILL else all(name.startswith(".assign-") for name in left)
    assert run("init", str(tmp_path / "city")).returncode == 0


# -- what `check` finds in it ------------------------------------------------------------------------------------------

ROADS = {
    "decide becomes factual": ("rules/acts.yaml", "  - id: decide\n", "class: authority", "class: factual", "decide"),
    "refuse becomes barred": ("rules/acts.yaml", "  - id: refuse\n", "class: authority", "class: barred", "refuse"),
    "shared becomes factual": ("rules/acts.yaml", "  - id: refund\n", "class: shared}", "class: factual}", "refund"),
    "barred becomes factual": ("rules/acts.yaml", "  - id: seal\n", "class: barred", "class: factual", "seal"),
    "決定 moves": ("rules/acts.yaml", "  - id: decide\n", "also: [決定, ", "also: [", "decide"),
    "look-alike, selector": ("rules/acts.yaml", "  - id: receive\n", "also: [受領", "also: [決定\ufe0f, 受領", "receive"),
    "look-alike, Cyrillic": ("rules/acts.yaml", "  - id: receive\n", "also: [受領", "also: [dеcide, 受領", "receive"),
    "look-alike, radical": ("rules/acts.yaml", "  - id: receive\n", "also: [受領", "also: [决定, 受領", "receive"),
    "支給の決定": ("rules/acts.yaml", "  - id: receive\n", "also: [受領", "also: [支給の決定, 受領", "receive"),
    "another reason for a decision": ("rules/acts.yaml", "  - id: decide\n", "because: {ja: ", "because: {ja: 受託者が行えます。", "decide"),
    "an act in silence": ("rules/acts.yaml", "", "acts:\n", "acts:\n" + OWN_ACT.replace("{document: 市委託事務取扱要領3条, role: 保険年金課長}", "{basis: judged}"), "scan"),
    "the contractor as author": ("rules/acts.yaml", "", "acts:\n", "acts:\n" + OWN_ACT.replace("保険年金課長", "受託者の業務責任者"), "scan"),
    "an everyday word": ("rules/acts.yaml", "", "words:\n", "words:\n  - {word: けってい, acts: [receive, explain]}\n", "けってい"),
    "another reason in the table": ("rules/decision_table.yaml", "  - id: RETAINED\n", "市職員が行います。", "受託者が行います。", "RETAINED"),
    "a rule of another name": ("rules/decision_table.yaml", "", "id: RETAINED", "id: KEPT", "KEPT"),
    "the contractor holds authority": ("rules/holders.yaml", "", "{ja: 市, en: the city}", "{ja: 受託者, en: the city}", "city"),
    "another name of a holder": ("rules/holders.yaml", "", "{ja: 市, en: the city}", "{ja: 市など, en: the city}", "city"),
    "a holder in silence": ("rules/holders.yaml", "", "{document: （市の文書の名前をここに）, role: （定めた人の役職をここに）}", "{basis: judged}", "HOLDER_HOKEN"),
    "a kind in silence": ("rules/kinds.yaml", "  - id: change_notice\n", "{act: receive_notice, channel: counter}", "{act: receive_notice, channel: counter}, {act: refund, channel: counter}", "change_notice"),
    "the acts of every counter": ("rules/kinds.yaml", "", "counter: [guide, ", "counter: [receive, guide, ", "counter"),
    "a citation of our document": ("rules/acts.yaml", "  - id: seal\n", "source: {basis: judged}", f"source: {{document: {resources.DOCUMENT}, line: 308, text: 公印管理, basis: judged}}", "seal"),
}  # fmt: skip


@pytest.mark.long
@pytest.mark.parametrize("name", list(ROADS))
@pytest.mark.usefixtures("one_engine")
def test_the_floor_holds_for_another_citys_list(city: Path, name: str) -> None:
    """Each road past it is found, or the file is refused."""
    file, entry, before, after, who = ROADS[name]
    text = (city / file).read_text("utf-8")
    head, _, tail = text.partition(entry) if entry else ("", "", text)
    assert before in tail
    (city / file).write_text(head + entry + tail.replace(before, after, 1), "utf-8")
    if name == "shared becomes factual":
        edited(city, file, re.search(r"    parts: .*refund or set off.*\n", (city / file).read_text("utf-8"))[0], "")  # type: ignore[index]
    told = [each.text["en"] for each in findings(city)]
    assert any(f"`{who}`" in text for text in told), told
    if name == "decide becomes factual":  # what is found is told by the exit code, whatever it is
        assert run("check", "--list", str(city)).returncode == 6


@pytest.mark.long
@pytest.mark.usefixtures("one_engine")
def test_a_kind_that_ships_keeps_its_acts_of_authority(city: Path) -> None:
    """Also with a paper of the city's: what is reserved in a row is shown with every answer."""
    path = city / "rules" / "kinds.yaml"
    head, entry, tail = path.read_text("utf-8").partition("  - id: benefit_claim\n")
    tail = tail.replace("basis: judged", "source: {document: 要領, role: 課長}", 1)
    path.write_text(head + entry + tail, "utf-8")
    assert findings(city) == []
    path.write_text(head + entry + tail.replace("{act: decide, channel: backyard}, ", "", 1), "utf-8")
    assert ["has lost `decide`" in each.text["en"] for each in findings(city)] == [True]


def test_two_acts_of_one_name_and_hidden_characters_are_refused(city: Path) -> None:
    """Before anything is proved."""
    edited(city, "rules/acts.yaml", "also: [受領", "also: [決定, 受領")
    with pytest.raises(RuleFileError, match="names `"):
        Desk.open(list=city)
    edited(city, "rules/acts.yaml", "also: [決定, 受領", "also: [決定\u200b, 受領")
    with pytest.raises(RuleFileError, match=r"U\+200B"):
        Desk.open(list=city)


@pytest.mark.long
@pytest.mark.usefixtures("one_engine")
def test_what_a_city_may_do(city: Path) -> None:
    """Other keys for channels, an act of its own with an example, a ruling: nothing is found."""
    edited(city, "rules/acts.yaml", "acts:\n", "acts:\n" + OWN_ACT)
    edited(
        city, "rules/rulings.yaml", "\nrulings: []",
        "\nrulings:\n  - {id: R-1, title: {ja: あ, en: a}, source: {document: 回答第1号, role: 契約担当課長}, then: {assignee: contractor},\n"
        "     when: {rows: [hoken-2], channel: window, act: receive, since: 2026-04-01}, because: {ja: あ, en: a},\n"
        "     examples: [{given: {row: hoken-2, channel: window, act: receive, on: 2026-04-01}, holds: true}]}",
    )  # fmt: skip
    for file in ("manifest.yaml", "catalog.csv", "rules/kinds.yaml", "rules/acts.yaml"):
        path = city / file
        text = path.read_text("utf-8")
        text = re.sub(r"(channel: |key: |,)counter\b", r"\1window", text)
        path.write_text(text, "utf-8")
    assert findings(city) == []
    assert Desk.open(list=city).decide("国保", "2", "窓口", "receive", on="2026-04-01").assignee == "contractor"
    edited(
        city,
        "rules/acts.yaml",
        "    examples: [{given: {row: hoken-1, channel: window}, assignee: city_staff}]\n",
        "    examples: []\n",
    )
    assert ["`scan` has no example" in each.text["en"] for each in findings(city)] == [True]


@pytest.mark.long
@pytest.mark.usefixtures("one_engine")
@pytest.mark.slow
def test_the_document_of_another_form_is_compared_line_by_line(city: Path) -> None:
    """A row, a digest and a legend that are not the document's; and one that is not at hand is said to be so."""
    edited(city, "catalog.csv", "葬祭費の支給申請\t一部\t●\t●\t", "葬祭費の支給申請\t\t●\t●\t")
    assert ["`raw` of `hoken-2`" in each.text["en"] for each in findings(city)] == [True]
    edited(city, "catalog.csv", "葬祭費の支給申請\t\t●\t●\t", "葬祭費の支給申請\t一部\t●\t●\t")
    edited(city, "source/list.txt", "（ひな形）", "")
    assert ["the SHA-256 of list.txt" in each.text["en"] for each in findings(city)] == [True]
    digest = re.search(r"it is ([0-9a-f]{64})", findings(city)[0].text["en"])
    assert digest is not None
    written = re.search(r"sha256: ([0-9a-f]{64})", (city / "manifest.yaml").read_text("utf-8"))
    assert written is not None
    edited(city, "manifest.yaml", written[1], digest[1])
    assert findings(city) == []
    edited(city, "manifest.yaml", "line: 17", "line: 16")
    assert ["cites line 16" in each.text["en"] for each in findings(city)] == [True]
    edited(city, "manifest.yaml", "line: 16, text: 一部", "line: 17, text: 一部")
    (city / "source" / "list.txt").unlink()
    report = checks.check(checks.unproved(str(city), None, "table"), list_path=city)
    assert (report.findings, report.declared["document_not_at_hand"]) == ([], 1)


@pytest.mark.long
def test_a_row_without_a_kind_is_named(city: Path) -> None:
    """What is forgotten first when a row is added."""
    edited(city, "rules/kinds.yaml", "rows: [hoken-4]", "rows: []")
    assert any("hoken-4 has no kind of work" in each.text["en"] for each in findings(city))


def test_the_acts_elsewhere_are_those_of_the_file(city: Path) -> None:
    """What the floor compares with is what `init` writes."""
    of_file = loader.load(city / "rules").acts
    of_floor = elsewhere.acts_elsewhere(SHIPPED.files["acts.yaml"])
    as_said: Any = floor._said
    assert {key: as_said(act) for key, act in of_file.items()} == {key: as_said(act) for key, act in of_floor.items()}


@pytest.mark.long
def test_a_mark_that_is_not_in_its_line_is_found(city: Path) -> None:
    """Without its 一部 the row would be the contractor's, settled; a row read by judgement says so."""
    edited(city, "catalog.csv", "葬祭費の支給申請,,一部,", "葬祭費の支給申請,,,")
    found = findings(city)
    assert [
        "the marks of `hoken-2` are `● ●`, but in its raw text `一部 ● ●`" in each.text["en"] for each in found
    ] == [True]
    with pytest.raises(CatalogDiffers, match="hoken-2"):
        Desk.open(list=city)
    edited(city, "catalog.csv", ",●,●,,as_printed,,list.txt,6,", ",●,●,,judged,,list.txt,6,")
    assert findings(city) == []


@pytest.mark.long
def test_a_ruling_for_which_the_list_leaves_no_room_is_found(city: Path) -> None:
    """Whoever wrote it believes that the contractor may; the answer stays the city's."""
    edited(
        city,
        "rules/rulings.yaml",
        "\nrulings: []",
        """
rulings:
  - id: R-1
    title: {ja: 受領, en: receiving}
    source: {document: 回答1号, role: 課長}
    when: {rows: [hoken-3], channel: counter, act: receive, since: 2026-04-01}
    then: {assignee: contractor}
    because: {ja: 受領は委託に入る。, en: Receiving is within it.}
    examples: [{given: {row: hoken-3, channel: counter, act: receive, on: 2026-04-01}, holds: true}]""",
    )
    assert ["no room for `R-1` (it is city staff)" in each.text["en"] for each in findings(city)] == [True]
