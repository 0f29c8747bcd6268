"""`assign check` proves the whole, and shows what is wrong with a command that reproduces it."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from assign import Desk
from assign.catalog.csv_file import columns
from assign.catalog.loader import load
from assign.check import Finding
from assign.check.proofs import check, lines, unproved
from assign.errors import DataError, RuleFileError
from assign.resources import catalog_file, data_folder, document_file, manifest_file, rules_folder

from .conftest import HAS_DURABLE
from .test_cli import ASSIGN, run, said

pytestmark = pytest.mark.long
COLUMNS = columns(load(data_folder()).manifest)


def changed(tmp_path: Path, *edits: tuple[str, str, str]) -> Path:
    """The built-in rules with passages replaced: (file, old, new)."""
    folder = tmp_path / "our rules"  # a command that is printed can be pasted
    shutil.copytree(rules_folder(), folder)
    for file, old, new in edits:
        text = (folder / file).read_text("utf-8")
        assert old in text
        (folder / file).write_text(text.replace(old, new, 1), "utf-8", newline="")
    return folder


def test_the_built_in_rules_hold_everywhere(desk: Desk) -> None:
    """With the counts of what was looked at."""
    report = check(desk)
    assert report.findings == []
    assert report.cross_checked is HAS_DURABLE
    assert report.counts["facts"] == 648
    assert report.counts["requests"] == 215 * 2 * 65
    assert report.counts["lines"] == 348
    assert report.counts["examples"] > 100
    assert report.counts["topics"] > 400
    assert report.declared == {"judged": 31, "unreadable": 1, "undefined_mark": 11}


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("benefits.yaml", "kokuho-18: 3", "kokuho-181: 3"),
        ("events.yaml", "{row: kokuho-2,", "{row: kokuho-2222,"),
        ("outside.yaml", "belongs: register\n", "belongs: regster\n"),
    ],
)
def test_a_lexicon_that_no_search_could_read_is_found(tmp_path: Path, file: str, old: str, new: str) -> None:
    """A search and a plan of the list would fail, and only then."""
    folder = Path(
        shutil.copytree(data_folder(), tmp_path / "list", ignore=shutil.ignore_patterns("template", "schema"))
    )
    path = folder / "lexicon" / file
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")
    report = check(Desk.open(list=folder, engine="table"), list_path=folder)
    assert [each.kind for each in report.findings] == ["lexicon"]
    with pytest.raises(RuleFileError) as caught:
        Desk.open(list=folder, engine="table").search("限度額")
    assert report.findings[0].text == {"ja": caught.value.ja, "en": caught.value.en}


DOCUMENT = document_file().name
AT = '{document: %s, line: %d, text: "「×：業務を委託しない」"}'
GAP = (
    "decision_table.yaml",
    "when: {meaning: consigned, act: factual}",
    "when: {meaning: outside, act: factual}",
)
OVERLAP = (
    "decision_table.yaml",
    "when: {meaning: consigned, act: none}",
    "when: {meaning: consigned, act: [none, shared]}",
)


@pytest.mark.parametrize(
    ("edit", "kind", "code"),
    [(GAP, "gap", 1), (OVERLAP, "overlap", 1)],
)
def test_a_gap_or_overlap_is_shown_with_a_command_that_reproduces_it(
    tmp_path: Path, edit: tuple[str, str, str], kind: str, code: int
) -> None:
    """The command, run, fails the same way."""
    folder = changed(tmp_path, edit)
    done = run("check", "--rules", str(folder))
    assert done.returncode == 6
    shown = said(done)
    assert f"[{kind}]" in shown
    command = next(line.strip() for line in shown.split("\n") if line.strip().startswith("assign decide"))
    again = subprocess.run([*ASSIGN, *shlex.split(command)[1:]], capture_output=True, check=False)
    assert again.returncode == code
    assert "規則" in again.stderr.decode("utf-8")
    assert again.stdout == b""


def test_a_gap_that_no_row_meets_says_so(tmp_path: Path) -> None:
    """Facts that need a ruling which nobody has given."""
    folder = changed(
        tmp_path,
        (
            "decision_table.yaml",
            "act: factual, ruling: contractor}\n    then",
            "act: factual, ruling: [contractor, split]}\n    then",
        ),
    )
    report = check(Desk.open(rules=folder))
    overlaps = [finding for finding in report.findings if finding.kind == "overlap"]
    assert overlaps
    assert all(finding.reproduce is None for finding in overlaps)
    assert "    （今の一覧と疑義照会への回答では起きない組合せです）" in list(lines(report))


@pytest.mark.parametrize(
    ("edit", "kind"),
    [
        (("decision_table.yaml", "when: {meaning: retained}\n    then: {assignee: city_staff", "when: {meaning: retained}\n    then: {assignee: contractor"), "law"),
        (("decision_table.yaml", "act: authority}\n    then: {assignee: city_staff", "act: authority}\n    then: {assignee: contractor"), "law"),
        (("decision_table.yaml", "undetermined]}\n    then: {assignee: city_staff, certainty: needs_ruling}", "undetermined]}\n    then: {assignee: contractor, certainty: needs_ruling}"), "law"),
        (("decision_table.yaml", "meaning: unreadable, act: [none, factual, shared, other_row, undetermined]}", "meaning: unreadable, act: [none, shared, other_row, undetermined]}"), "gap"),
        (("decision_table.yaml", "act: [authority, authority_judged, barred, barred_judged]}", "act: [authority, authority_judged, barred, barred_judged, factual]}"), "law"),
        (("decision_table.yaml", "act: factual, ruling: none}\n    then: {assignee: city_staff", "act: factual, ruling: none}\n    then: {assignee: split"), "law"),
        (("decision_table.yaml", "act: authority}\n", "act: [authority, authority_judged]}\n"), "law"),
        (("decision_table.yaml", "act: barred}\n", "act: [barred, barred_judged]}\n"), "law"),
        (("decision_table.yaml", "  - id: NOT_LISTED", "  - id: NEVER\n    title: {ja: あ, en: a}\n    source: {law: x, basis: judged}\n    when: {meaning: retained, act: factual}\n    then: {assignee: city_staff, certainty: settled}\n    because: {ja: あ, en: a}\n    examples: []\n\n  - id: NOT_LISTED"), "overlap"),
        (("decision_table.yaml", "act: factual, ruling: none}, holds: true}", "act: factual, ruling: none}, holds: false}"), "example"),
        (("acts.yaml", "channel: counter}, assignee: contractor}]", "channel: counter}, assignee: city_staff}]"), "example"),
        (("holders.yaml", "act: decide}, holds: true}", "act: decide}, holds: false}"), "example"),
        (("acts.yaml", "source: {basis: judged}", "source: {law: 行政手続法2条2号, basis: judged}"), "source"),
        (("acts.yaml", "line: 147, text: 被保険者証等の不着分", "line: 146, text: 被保険者証等の不着分"), "source"),
        (("notes.yaml", "on: 2021-10-01}, holds: true}", "on: 2021-10-01}, holds: false}"), "example"),
        (("decision_table.yaml", "source: {legend: retained}", "source: " + AT % (DOCUMENT, 42)), "source"),
        (("decision_table.yaml", "source: {legend: part_open}", "source: " + AT % (DOCUMENT, 44)), "source"),
        (("decision_table.yaml", "source: {legend: retained}", "source: " + AT % (DOCUMENT, 99999)), "source"),
        (("decision_table.yaml", "source: {legend: retained}", "source: " + AT % ("another.txt", 41)), "source"),
        (("notes.yaml", "read: 2026-11-28", "read: 2099-11-28"), "read"),
        (("acts.yaml", "read: 2026-11-28", "read: 2099-11-28"), "read"),
        (("holders.yaml", "read: 2026-11-28", "read: 2099-11-28"), "read"),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("one_engine")
def test_what_is_wrong_is_found(tmp_path: Path, edit: tuple[str, str, str], kind: str) -> None:
    """An unlawful answer, a doubled rule, an example or a citation that is not so."""
    report = check(Desk.open(rules=changed(tmp_path, edit)))
    assert kind in {finding.kind for finding in report.findings}


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ("line: 41,", "line: 42,", "cites line 42"),
        ("line: 43,", "line: 44,", "cites line 44"),
        ("line: 41,", "line: 99999,", "differs from what ships (legend)"),  # the legends are then in another order, too
        ("line: 45,", "line: 99999,", "cites line 99999"),
        ("{document: 000_c23591d651e7d7b6.txt, line: 41", "{document: another.txt, line: 41", "cites line 41 of another.txt"),
        ("text: 「無印：公権力の行使を除いて委託」", "text: 「無印：委託」", "line 45 of the document"),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("one_engine")
def test_a_legend_that_the_document_does_not_have_is_found(tmp_path: Path, before: str, after: str, says: str) -> None:
    """The meaning of a mark rests on a line of the document: of the manifest, and by the document itself beside the floor."""
    path = own_list(tmp_path / "list")
    text = manifest_file().read_text("utf-8")
    after_text = text.replace(before, after, 1).replace(
        before.replace("text: ", 'text: "'), after.replace("text: ", 'text: "'), 1
    )
    assert after_text != text
    (path.parent / "manifest.yaml").write_text(after_text, "utf-8")
    (path.parent / "source" / DOCUMENT).write_bytes(document_file().read_bytes())
    found = check(unproved(str(path.parent), None, "table"), list_path=path.parent).findings
    assert {finding.kind for finding in found} == {"floor", "source"}
    assert any(says in finding.text["en"] for finding in found), found


RULING = """rulings:
  - id: R1
    title: {ja: 回答, en: ruling}
    source: {document: 回答第1号, role: 契約担当課長}
    when: {rows: [kokuho-25, kokuho-53], channel: backyard, act: mail, since: 2026-04-01}
    then: {assignee: contractor}
    because: {ja: 委託の範囲に入る。, en: It is within the consigned part.}
    examples: [{given: {row: kokuho-25, channel: backyard, act: mail, on: 2026-04-01}, holds: true}]
"""


@pytest.mark.usefixtures("one_engine")
def test_a_ruling_on_an_act_that_is_no_part_of_the_row_s_work_is_found(tmp_path: Path) -> None:
    """It would change no answer. The command shows what the row's work has."""
    folder = changed(tmp_path, ("rulings.yaml", "rulings: []", RULING))
    [finding] = check(Desk.open(rules=folder), options=["--rules", str(folder)]).findings
    assert finding.kind == "work"
    assert "`R1`" in finding.text["en"]
    assert "kokuho-53" in finding.text["ja"]
    assert finding.reproduce
    shown = run(*shlex.split(finding.reproduce)[1:])
    assert shown.returncode == 0
    assert "reconcile" in said(shown)
    assert "mail" not in said(shown)


@pytest.mark.usefixtures("one_engine")
def test_a_row_without_a_kind_is_found(tmp_path: Path) -> None:
    """With the paper of the city's that took it out: any act would wait for a ruling."""
    paper = "source: {document: 市委託事務取扱要領3条, role: 国保年金課長}"
    text = "basis: judged\n    chain: [{act: carry, channel: backyard}, {act: mail, channel: backyard}]\n    rows: [shomu-8"
    folder = changed(
        tmp_path,
        ("kinds.yaml", "rows: [shomu-3, ", "rows: ["),
        ("kinds.yaml", text, text.replace("basis: judged", paper)),
    )
    found = check(Desk.open(rules=folder)).findings
    assert [(finding.kind, "shomu-3" in finding.text["ja"]) for finding in found if finding.kind == "work"] == [
        ("work", True)
    ]
    assert not any("mail_room" in finding.text["ja"] for finding in found)


def test_an_unreachable_rule_is_found(tmp_path: Path) -> None:
    """One that holds only where others hold is an overlap; one that never holds cannot be written, since facts are closed."""
    folder = changed(
        tmp_path,
        (
            "decision_table.yaml",
            "when: {meaning: retained}",
            "when: {meaning: retained, act: [none, factual, authority, authority_judged, barred, barred_judged, shared, other_row, undetermined]}",
        ),
    )
    assert check(Desk.open(rules=folder)).findings == []


def test_a_catalog_that_is_not_the_document_s_is_found(tmp_path: Path) -> None:
    """Its document beside it, one cell changed."""
    text = catalog_file().read_text("utf-8-sig").split("\n")
    cells = text[21].split(",")
    cells[COLUMNS.index("mark")] = ""
    text[21] = ",".join(cells)
    (tmp_path / "catalog.csv").write_text("\n".join(text), "utf-8")
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / document_file().name).write_bytes(document_file().read_bytes())
    done = run("check", "--list", str(tmp_path / "catalog.csv"), "--json")
    assert done.returncode == 6
    body = json.loads(done.stdout)
    assert [finding["kind"] for finding in body["findings"]] == ["source"]
    assert "29" in body["findings"][0]["text"]["ja"]


def test_without_the_document_it_says_that_it_did_not_compare(tmp_path: Path) -> None:
    """Never in silence."""
    (tmp_path / "catalog.csv").write_bytes(catalog_file().read_bytes())
    done = run("check", "--list", str(tmp_path / "catalog.csv"))
    assert done.returncode == 0
    assert "文書が手元になく" in said(done)


def test_check_says_which_engines_it_compared() -> None:
    """Both where durable-rules is installed, else the table alone."""
    body = json.loads(run("check", "--json").stdout)
    assert body["ok"] is True
    assert body["cross_checked"] is HAS_DURABLE
    assert body["engine"] == ("durable-rules 2.0.28" if HAS_DURABLE else "table")
    without = "import sys; sys.modules['durable_rules_engine'] = None; sys.argv = ['assign', 'check']; from assign.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", without], capture_output=True, check=False)
    assert done.returncode == 0
    assert "突合はしていません" in done.stdout.decode("utf-8").replace("\n", "")


def own_list(tmp_path: Path, document: str = document_file().name) -> Path:
    """A city's own folder: its list, and `source/` beside it."""
    (tmp_path / "source").mkdir(parents=True)
    text = catalog_file().read_text("utf-8-sig").replace(document_file().name, document)
    (tmp_path / "catalog.csv").write_text(text, "utf-8")
    return tmp_path / "catalog.csv"


def test_a_hand_edited_mark_is_a_finding_of_check_and_never_an_answer(tmp_path: Path) -> None:
    """No document at hand: the line's own raw text says △."""
    path = own_list(tmp_path / "list")
    text = path.read_text("utf-8")
    path.write_text(text.replace(",△,○,○,", ",,○,○,", 1), "utf-8")
    done = run("check", "--list", str(path), "--json")
    assert done.returncode == 6
    assert [finding["kind"] for finding in json.loads(done.stdout)["findings"]] == ["source"]
    done = run("check", "--list", str(path))
    assert "手元になく" not in said(done)
    done = run("decide", "--row", "kokuho-25", "--channel", "counter", "--list", str(path))
    assert (done.returncode, done.stdout) == (1, b"")
    assert "raw からは `△` と読めます" in done.stderr.decode("utf-8")


@pytest.mark.parametrize("name", ["/etc/shadow", "../../secret.txt", "..", "a\\b"])
def test_a_document_elsewhere_is_one_line(tmp_path: Path, name: str) -> None:
    """It was an internal error, or read."""
    path = own_list(tmp_path / "list", name)
    done = run("check", "--list", str(path))
    assert (done.returncode, done.stdout) == (1, b"")
    message = done.stderr.decode("utf-8")
    assert "catalog.csv の 2 行目" in message
    assert "内部" not in message


@pytest.mark.slow
@pytest.mark.usefixtures("one_engine")
def test_what_stands_in_the_document_s_place_is_a_regular_file_of_the_folder(tmp_path: Path) -> None:
    """A link out of the folder, to itself or to nothing, a named pipe, a folder, a file without end."""
    outside = tmp_path / "outside.txt"
    outside.write_text("secret", "utf-8")
    list_folder = tmp_path / "list"
    path = own_list(list_folder, "ours.txt")
    place = list_folder / "source" / "ours.txt"
    desk = Desk.open(list=path, engine="table")

    def refused(says: str) -> None:
        with pytest.raises(DataError, match=says) as caught:
            check(desk, list_path=path)
        assert "\n" not in caught.value.ja + caught.value.en
        assert "secret" not in caught.value.ja + caught.value.en
        place.rmdir() if place.is_dir() and not place.is_symlink() else place.unlink()

    def of_the_document() -> list[Finding]:
        """Beside them, every rule that ships for our document is found, as it is not this one's."""
        found = check(desk, list_path=path).findings
        assert {finding.kind for finding in found} == {"floor", "source"}
        return [finding for finding in found if finding.kind == "source"]

    place.symlink_to(outside)
    refused("leads out of the list's folder")
    place.symlink_to("/dev/zero")
    refused("leads out of the list's folder")
    place.symlink_to(place)
    refused("cannot read")
    place.symlink_to("nothing.txt")
    refused("cannot read")
    os.mkfifo(place)
    refused("cannot read")
    place.mkdir()
    refused("cannot read")
    with place.open("wb") as file:
        file.truncate(10_000_000_000)
    assert [finding.text["en"] for finding in of_the_document()] == [
        "line 1 of the document does not fit: larger than 4000000 bytes"
    ]
    for data, says in (
        (b"\xff\xfe", "UTF-16"),
        (b"\xff", "not UTF-8"),
        ("\u202e".encode(), r"hidden character U\+202E"),
        (b"a\x00b", r"U\+0000"),
    ):
        place.write_bytes(data)
        [finding] = of_the_document()
        assert re.search(says, finding.text["en"])
