"""What an edition is called, its days and its words are compared, too: as much of it as who does the work."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from assign import Desk
from assign.diff import compare
from assign.diff.fields import FIELDS
from assign.diff.of_lexicon import fields
from assign.diff.said import summary
from assign.explanation.wording import printed
from assign.search.lexicon import Topic

from .command_line import run as assign
from .editions import folder_of

CONCEPTS = """\
concepts:
  - {id: cards, label: {ja: 証, en: cards}, rows: {kouki-4: 3, kouki-5: 2}, spoken: [保険証, 資格/確認書], kana: [ほけんしょう]}
  - {id: relief, label: {ja: 減免, en: relief}, rows: {kouki-7: 3}, spoken: [まけて]}
"""
DEATH = """\
  - id: death
    label: {ja: 死亡, en: a death}
    words: [亡くな]
    due:
      - {row: kouki-4, when: {ja: 後期の人, en: of late-stage care}}
      - {row: kouki-5}
    not_here: [register]
    basis: judged
    because: {ja: よくある, en: usual}
"""
BIRTH = """\
  - {id: birth, label: {ja: 出生, en: a birth}, words: [生まれ], due: [{row: kouki-8}], basis: judged, because: {ja: よくある, en: usual}}
"""
OUTSIDE = """\
outside:
  - {id: register, what: {ja: 戸籍, en: registers}, belongs: {ja: 市民課, en: citizens' desk}, words: [戸籍], near: [kouki-4]}
questions:
  - {id: amount, what: {ja: 金額, en: amounts}, belongs: {ja: 担当, en: the desk}, words: [いくら], unless: [申請]}
"""
FILES = {"words.yaml": CONCEPTS, "events.yaml": f"events:\n{DEATH}{BIRTH}", "outside.yaml": OUTSIDE}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return folder_of("1", tmp_path_factory.mktemp("edition") / "d1")


def opened(folder: Path) -> Desk:
    return Desk.open(list=folder, engine="table")


def with_words(folder: Path, made: Path, file: str = "", old: str = "", new: str = "") -> Path:
    """A copy of an edition with a lexicon, of which a file says something else."""
    copied = Path(shutil.copytree(folder, made))
    (copied / "lexicon").mkdir()
    for each, text in FILES.items():
        assert each != file or old in text
        (copied / "lexicon" / each).write_text(text.replace(old, new, 1) if each == file else text, "utf-8")
    return copied


@pytest.mark.parametrize(
    ("said", "told", "equal"),
    [
        ({"effective": "2025-04-02"}, ["days"], False),  # one edition twice, and it answers on other days
        ({"title": {"ja": "別の題名", "en": "another"}}, ["title"], False),
        ({"edition": "r9"}, ["name of the edition"], True),
        ({"edition": "r9", "effective": "2029-04-01"}, ["name of the edition", "days"], True),
    ],
)
def test_name_title_and_days_are_told_and_count_where_the_edition_is_the_same(
    folder: Path, tmp_path: Path, said: dict[str, Any], told: list[str], equal: bool
) -> None:
    """No two editions of a folder have one name, or a day in common: if that counted, they could never be equal."""
    edited = Path(shutil.copytree(folder, tmp_path / "edited"))
    manifest = json.loads((edited / "manifest.yaml").read_text("utf-8"))
    (edited / "manifest.yaml").write_text(json.dumps({**manifest, **said}, ensure_ascii=False), "utf-8")
    found = compare(opened(folder), opened(edited))
    assert [(change.kind, change.name["en"]) for change in found.changes] == [
        ("edition_changed", each) for each in told
    ]
    assert found.equal is equal
    assert not found.moves
    first = list(summary(found, "en"))[3]
    assert first.startswith("The editions are equal but for name, title and days: all") is equal
    assert assign("diff", str(folder), str(edited), "--exit-code").returncode == (0 if equal else 6)


@pytest.mark.parametrize(
    ("file", "old", "new", "kind", "before", "after"),
    [
        ("words.yaml", "[保険証, ", "[", "concept_changed", "ことば: 保険証", "ことば: なし"),
        ("words.yaml", "[まけて]", "[まけて, 安く]", "concept_changed", "ことば: なし", "ことば: 安く"),
        ("words.yaml", "[ほけんしょう]", "[ほけんしよう]", "concept_changed", "ことば: ほけんしょう（読み）", "ことば: ほけんしよう（読み）"),
        ("words.yaml", "kouki-5: 2", "kouki-5: 1", "concept_changed", "行: {kouki-5}=2", "行: {kouki-5}=1"),
        ("words.yaml", "ja: 減免", "ja: 免除", "concept_changed", "名前: 減免", "名前: 免除"),
        ("events.yaml", "      - {row: kouki-5}\n", "", "event_changed", "要る手続き: {kouki-5}", "要る手続き: なし"),
        ("events.yaml", "ja: 後期の人", "ja: 後期", "event_changed", "要る手続き: {kouki-4}（後期の人）", "要る手続き: {kouki-4}（後期）"),
        ("events.yaml", "    not_here: [register]\n", "", "event_changed", "一覧にない用件: 戸籍", "一覧にない用件: なし"),
        ("events.yaml", "ja: よくある", "ja: まれ", "event_changed", "理由: よくある", "理由: まれ"),
        ("outside.yaml", "ja: 市民課", "ja: 戸籍課", "outside_changed", "扱う所: 市民課", "扱う所: 戸籍課"),
        ("outside.yaml", "near: [kouki-4]", "near: [kouki-5]", "outside_changed", "近い行: {kouki-4}", "近い行: {kouki-5}"),
        ("outside.yaml", ", unless: [申請]", "", "outside_changed", "ことば: 申請（あれば別の話題）、行より先に答える: はい", "ことば: なし、行より先に答える: いいえ"),
    ],
)  # fmt: skip
def test_words_and_events_that_differ_are_told_and_the_editions_are_not_equal(
    folder: Path, tmp_path: Path, file: str, old: str, new: str, kind: str, before: str, after: str
) -> None:
    """No decision moves by them; and yet another row is found, and another paper is forgotten after a death."""
    one = opened(with_words(folder, tmp_path / "one"))
    found = compare(one, opened(with_words(folder, tmp_path / "other", file, old, new)))
    (change,) = found.changes
    rows = {
        key: f"後期高齢者医療 {printed(task.number, task.group, task.name)}" for key, task in one.catalog.by_id.items()
    }
    assert change.before
    assert change.after
    assert (change.kind, change.before["ja"], change.after["ja"]) == (
        kind,
        before.format_map(rows),
        after.format_map(rows),
    )
    assert not found.equal
    assert not found.moves


def test_a_topic_of_one_edition_alone_is_told(folder: Path, tmp_path: Path) -> None:
    """All words of a list that has none any more."""
    found = compare(opened(with_words(folder, tmp_path / "one")), opened(folder))
    assert [(change.kind, change.name["ja"], change.after) for change in found.changes] == [
        ("concept_changed", "cards 証", None),
        ("concept_changed", "relief 減免", None),
        ("event_changed", "death 死亡", None),
        ("event_changed", "birth 出生", None),
        ("outside_changed", "register 戸籍", None),
        ("outside_changed", "amount 金額", None),
    ]


def test_words_in_another_order_or_file_are_the_same_and_events_are_not(folder: Path, tmp_path: Path) -> None:
    """People are shown the events in their order."""
    one, other = (with_words(folder, tmp_path / name) for name in ("one", "other"))
    (other / "lexicon" / "words.yaml").unlink()
    turned = CONCEPTS.replace("[保険証, 資格/確認書]", "[資格/確認書, 保険証]")
    (other / "lexicon" / "a.yaml").write_text(turned, "utf-8")
    first = opened(one)
    assert compare(first, opened(other)).equal
    (other / "lexicon" / "events.yaml").write_text(f"events:\n{BIRTH}{DEATH}", "utf-8")
    (change,) = compare(first, opened(other)).changes
    assert (change.kind, change.before, change.after) == (
        "event_changed",
        {"ja": "死亡", "en": "a death"},
        {"ja": "出生", "en": "a birth"},
    )


def test_a_row_under_another_id_is_the_same_in_the_words(folder: Path, tmp_path: Path) -> None:
    """The lexicon of the new edition follows the new number, and that is told as the row's change alone."""
    one, other = (with_words(folder, tmp_path / name) for name in ("one", "other"))
    for file in ("catalog.csv", *(f"rules/{name}.yaml" for name in ("kinds", "notes")), "lexicon/words.yaml"):
        text = (other / file).read_text("utf-8").replace("kouki-7,", "kouki-70,").replace("kouki-7:", "kouki-70:")
        text = text.replace("kouki-7]", "kouki-70]")
        lines = [line.replace(",7,", ",70,", 1) if "kouki-70," in line else line for line in text.split("\n")]
        (other / file).write_text("\n".join(lines), "utf-8", newline="")
    found = compare(opened(one), Desk(opened_as_it_is(other).catalog, opened_as_it_is(other).rules, words=other))
    assert {change.kind for change in found.changes} == {"renumbered"}


def opened_as_it_is(folder: Path) -> Any:
    """The raw text of the row still has its old number."""
    from assign.check.proofs import unproved

    return unproved(str(folder), None, "table")


def test_a_wrong_lexicon_is_no_edition_to_compare(folder: Path, tmp_path: Path) -> None:
    """As a search and a plan say it, with its file."""
    wrong = with_words(folder, tmp_path / "one", "words.yaml", "kouki-7", "kouki-77")
    done = assign("diff", str(folder), str(wrong))
    assert done.returncode == 1
    assert f"{wrong}/lexicon/words.yaml の 3 行目: `kouki-77`" in done.stderr


def test_no_field_of_a_topic_is_left_out() -> None:
    """Whoever adds one must say whether the comparison looks at it, and what people call it."""
    found = fields(Topic("event", "death", {"ja": "死亡", "en": "a death"}, ()), str)
    assert {"about" if name == "kind" else name for name in Topic._fields} - {"id"} == {*found}
    assert {*found} <= FIELDS.keys()
