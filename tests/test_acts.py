"""
The table of acts in its second reading (domain.md, sections 3 and 6), written down here a second time, by hand.

What stands in `rules/` is compared with it word for word: an act's class, whose authority it is, what changed since when,
and where an everyday word leads.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from datetime import date
from itertools import product
from pathlib import Path

import pytest

from assign import Desk
from assign.decision.request import act
from assign.errors import AmbiguousAct, RuleFileError, UnknownAct
from assign.resources import rules_folder
from assign.rules.entries import Entry, Source
from assign.rules.loader import load
from assign.words import ActClass

from .built_in import DIVISIONS
from .test_rules import Edit, edit  # noqa: F401 - a fixture

RULES = load(rules_folder())
CONSIGNABLE = (ActClass.FACTUAL, ActClass.SHARED)

CLASSES = {
    "factual": """guide explain receive receive_notice identify proxy form_check ask_fix data_entry lookup calculate print mail
        hand_over direct_debit encourage phone carry
        number_check stamp copy_return hear slip reconcile bank pack old_card returned_mail""",
    "authority": """refuse substantive decide relief revoke benefit_stop enforce question disclose designate
        accept fix_order assets""",
    "barred": """collect_cash pay_cash seal serve_in_person field_visit inquiry_reply appeal payment_talk write_off leak_report
        special_advice pay_order forward""",
    "shared": "ex_officio public_notice reminder refund certify recover_third dunning request_info complaint",
    "undetermined": "undetermined",
}


def test_the_acts_and_their_classes_are_the_domain_s() -> None:
    """28 factual, 13 authority, 13 barred, 9 shared, and one for what the table does not know."""
    assert {key: each.act_class.value for key, each in RULES.acts.items()} == {
        key: kind for kind, keys in CLASSES.items() for key in keys.split()
    }


def test_a_shared_act_says_which_part_is_whose() -> None:
    """Both parts, in both languages, and only where an act is shared."""
    for each in RULES.acts.values():
        assert (each.city is not None) is (each.contractor is not None) is (each.act_class is ActClass.SHARED)


# -- what an entry rests on ------------------------------------------------------------------------------------------

ENTRIES: list[Entry] = [*RULES.acts.values(), *RULES.holders, *RULES.notes]
# Every text that acts, holders and notes cite, by how it was read. Whoever adds one reads it, and adds it here.
CITED = {
    "seen": {
        "行政手続法2条2号、国民健康保険法91条、高齢者の医療の確保に関する法律128条、国民年金法101条",
        "行政手続法7条", "行政手続法37条", "個人情報の保護に関する法律26条・68条", "個人情報の保護に関する法律82条",
        "地方自治法232条の4", "地方自治法243条・243条の2", "地方自治法243条の2",
        "地方自治法231条の3、国民健康保険法79条の2", "国民健康保険法79条の2、高齢者の医療の確保に関する法律113条",
        "地方自治法231条の3、国民健康保険法79条の2、高齢者の医療の確保に関する法律113条",
        "国民健康保険法9条", "国民健康保険法44条・77条", "国民健康保険法54条・57条の2・58条", "国民健康保険法54条の3",
        "国民健康保険法54条の3・63条の2", "国民健康保険法63条の2", "国民健康保険法64条", "国民健康保険法65条",
        "国民健康保険法91条", "国民健康保険法113条", "国民健康保険法113条の2", "国民健康保険法44条・77条、国民年金法90条",
        "国民健康保険法113条、高齢者の医療の確保に関する法律137条2項・138条3項",
        "国民健康保険法63条の2、高齢者の医療の確保に関する法律92条",
        "高齢者の医療の確保に関する法律48条", "高齢者の医療の確保に関する法律48条・104条",
        "高齢者の医療の確保に関する法律54条3項", "高齢者の医療の確保に関する法律82条3項",
        "高齢者の医療の確保に関する法律82条・92条", "高齢者の医療の確保に関する法律92条",
        "高齢者の医療の確保に関する法律104条・113条", "高齢者の医療の確保に関する法律128条",
        "高齢者の医療の確保に関する法律137条2項", "高齢者の医療の確保に関する法律138条3項",
        "国民年金法12条4項", "国民年金法12条4項、国民年金法施行令1条の2", "国民年金法16条・90条", "国民年金法95条",
        "地方税法20条の2（国民健康保険法78条、高齢者の医療の確保に関する法律112条が準用）",
        "国民年金法101条", "国民年金法3条・12条、国民年金法施行令1条の2",
    },
    "reported": {
        "東京法務局の取扱い（平成26年3月17日）", "法務省民一317号（平成25年3月28日）", "ある後期高齢者医療広域連合の案内", "複数の市の案内",
        "地方税法20条2項（国保法78条・高齢者医療確保法112条が準用）",
    },
    "analogy": {"競争の導入による公共サービスの改革に関する法律34条"},
    "judged": set(),
}  # fmt: skip


def test_a_text_is_cited_only_as_it_was_read() -> None:
    """What is our own judgement cites no statute; 公共サービス改革法34条 is an analogy, never the source."""
    found: dict[str, set[str]] = {basis: set() for basis in CITED}
    for entry in ENTRIES:
        if entry.source.line is None and entry.source.document:
            found[entry.source.basis].add(entry.source.document)
    assert found == CITED


def test_a_definition_is_no_source_for_what_it_does_not_say() -> None:
    """行政手続法2条2号 says what an administrative act is; it does not carry 'carrying mail is factual'."""
    assert [key for key, each in RULES.acts.items() if "行政手続法2条2号" in each.source.document] == ["decide"]


@pytest.mark.parametrize(
    ("key", "ja", "en"),
    [
        ("carry", "です（本システムの判断）。", "goods (our judgement)."),
        ("receive", "（競争の導入による公共サービスの改革に関する法律34条、別の事柄の法律からの類推）。", "34条; by analogy with a law on another matter)."),
        ("receive_notice", "（行政手続法37条、条文で確認）", "(行政手続法37条; read in the statute)"),
        ("returned_mail", "（一覧147行目「被保険者証等の不着分に関する事」を参考、本システムの判断）", "(see line 147 of the list, 被保険者証等の不着分に関する事; our judgement)"),
    ],
)  # fmt: skip
def test_an_answer_says_what_its_sentence_rests_on(key: str, ja: str, en: str, table_desk: Desk) -> None:
    """A statute, an analogy, a line of the list, or nothing but our judgement: in both languages."""
    decision = table_desk.decide(row="kouki-25", channel="counter", act=key)
    assert ja in decision.reasons[-1].text.ja
    assert en in decision.reasons[-1].text.en


def test_handing_over_a_premium_notice_is_service_in_person(table_desk: Desk) -> None:
    """Said on the two rows where it may be one, and nowhere else: a card is no notice."""
    said = []
    for task in table_desk.catalog.tasks:
        decision = table_desk.decide(row=task.id, channel="counter", act="hand_over")
        said += [task.id for caveat in decision.caveats if caveat.code == "condition" and "交付送達" in caveat.text.ja]
    assert said == ["kokuho-50", "kouki-57"]
    assert table_desk.decide(row="kouki-57", channel="counter", act="serve_in_person").assignee == "city_staff"


@pytest.mark.parametrize("basis", ["seen", "analogy"])
def test_who_says_that_a_text_says_so_names_it(edit: Edit, basis: str) -> None:  # noqa: F811
    """`seen` and `analogy` cannot stand alone."""
    with pytest.raises(RuleFileError, match=f"acts.yaml, line .*`{basis}` needs `law`"):
        load(edit("acts.yaml", "source: {basis: judged}", f"source: {{basis: {basis}}}"))


# -- whose authority -------------------------------------------------------------------------------------------------

KOUKI = "高齢者の医療の確保に関する法律"
HOLDERS = [
    ("kokuho-25", "decide", "city", "国民健康保険法54条・57条の2・58条"),
    ("kokuho-65", "reminder", "city", "地方自治法231条の3、国民健康保険法79条の2"),
    ("kokuho-52", "enforce", "city", "地方自治法231条の3、国民健康保険法79条の2"),
    ("kokuho-41", "question", "city", "国民健康保険法113条"),
    ("kokuho-42", "request_info", "city", "国民健康保険法113条の2"),
    ("kokuho-46", "relief", "city", "国民健康保険法44条・77条"),
    ("kokuho-30", "revoke", "city", "国民健康保険法65条"),
    ("kokuho-25", "appeal", "review_board", "国民健康保険法91条"),
    ("kokuho-34", "appeal", "city", ""),
    ("kouki-43", "decide", "wide_area_union", KOUKI + "48条・104条"),
    ("kouki-54", "relief", "wide_area_union", KOUKI + "48条・104条"),
    ("kouki-43", "substantive", "wide_area_union", ""),
    ("kouki-43", "receive", "city", KOUKI + "48条"),
    ("kouki-65-1", "reminder", "city", KOUKI + "104条・113条"),
    ("kouki-60", "assets", "city", KOUKI + "104条・113条"),
    ("kouki-43", "question", "wide_area_union", KOUKI + "137条2項"),
    ("kouki-51-2", "question", "wide_area_union", KOUKI + "137条2項"),
    ("kouki-60", "question", "city", KOUKI + "138条3項"),
    ("kouki-65-2", "question", "city", KOUKI + "138条3項"),
    ("kouki-43", "appeal", "review_board", KOUKI + "128条"),
    ("kokuho-51", "public_notice", "city", "地方税法20条の2（国民健康保険法78条、" + KOUKI + "112条が準用）"),
    ("kouki-58", "public_notice", "city", "地方税法20条の2（国民健康保険法78条、" + KOUKI + "112条が準用）"),
    ("nenkin-14", "decide", "minister", "国民年金法16条・90条"),
    ("nenkin-14", "relief", "minister", "国民年金法16条・90条"),
    ("nenkin-14", "substantive", "city", "国民年金法12条4項、国民年金法施行令1条の2"),
    ("nenkin-14", "accept", "city", "国民年金法12条4項、国民年金法施行令1条の2"),
    ("nenkin-36", "forward", "city", "国民年金法12条4項"),
    ("nenkin-23", "revoke", "minister", ""),
    ("nenkin-11", "collect_cash", "minister", ""),
    ("nenkin-11", "serve_in_person", "minister", "国民年金法95条"),
    ("nenkin-11", "public_notice", "minister", "国民年金法95条"),
    ("nenkin-23", "appeal", "insurance_examiner", "国民年金法101条"),
    ("center-1-1", "appeal", "review_board", "国民健康保険法91条"),
    ("center-5-1", "appeal", "review_board", "国民健康保険法91条"),
    ("center-1-2", "appeal", "city", ""),
    ("center-2-3", "appeal", "city", ""),
    ("shomu-9", "decide", "city", ""),
]


@pytest.mark.parametrize(("row", "key", "holder", "law"), HOLDERS)
def test_an_act_is_the_authority_of_whom_the_article_names(row: str, key: str, holder: str, law: str) -> None:
    """domain.md, 'Whose authority', and the second reading: per act, division and, where it differs, row."""
    found = RULES.holder(row.split("-", maxsplit=1)[0], key, row)
    assert (found.holder, found.source.document) == (holder, law)
    assert found.source.basis == ("seen" if law else "judged")


def test_every_act_has_a_holder_in_every_division() -> None:
    """And the decision is the city's, the union's or the Minister's."""
    for division, key in product(DIVISIONS, RULES.acts):
        assert RULES.holder(division, key).holder in RULES.holder_names


def test_rows_with_two_holders_are_told_apart(table_desk: Desk) -> None:
    """Center 1 stands on three rows: a benefit's appeal goes to the board, an objection about a subsidy to the city."""
    decision = table_desk.decide("center", "1", "backyard", "appeal")
    said = decision.reasons[-1].text
    assert "一覧327行目について: 権限は都道府県の審査会にあります。" in said.ja  # barred: nobody decides
    assert "一覧332・337行目について: 権限は市にあります。" in said.ja
    assert "Line 327: The authority is with the prefecture's review board." in said.en
    reserved = {each.act: each.holder for each in table_desk.decide(row="center-1-3", channel="backyard").reserved}
    assert reserved == {"refuse": "city", "decide": "city"}  # an appeal is no step of either row's chain
    for row, holder in (("center-1-3", "市"), ("center-1-1", "都道府県の審査会")):
        said = table_desk.decide(row=row, channel="backyard", act="appeal").reasons[-1].text
        assert f"権限は{holder}にあります。" in said.ja


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("act: appeal, rows: [kokuho-34, kouki-47]", "rows: [kokuho-34, kouki-47]", "`rows` needs `act` too"),
        ("rows: [kokuho-34, kouki-47]", "rows: [kokuho-34, kouki-470]", "no row `kouki-470`"),
        ("rows: [kokuho-34, kouki-47]", "rows: [kokuho-34, nenkin-3]", "`nenkin-3` is of none of the divisions"),
        ("rows: [center-1-1, ", "rows: [kokuho-34, center-1-1, ", "`HOLDER_SUBSIDY_APPEAL` already settles `appeal` of `kokuho-34`"),
    ],
)  # fmt: skip
def test_a_holder_of_rows_names_rows_of_its_divisions(edit: Edit, old: str, new: str, says: str) -> None:  # noqa: F811
    """It would be lost in silence."""
    with pytest.raises(RuleFileError, match=r"holders.yaml") as caught:
        Desk.open(rules=edit("holders.yaml", old, new))
    assert says in str(caught.value)


# -- what changed since the list was printed -------------------------------------------------------------------------

CARDS = "kouki-23 kouki-24 kouki-25 kouki-27 kouki-28 kouki-29-1 kouki-30-1"
NOTES = [
    ("kokuho-28", "2021-10-01", "review_due", "seen"),
    ("kokuho-10 kokuho-12 kokuho-13", "2024-12-02", "renamed", "seen"),
    (CARDS, "2024-12-02", "renamed", "seen"),
    (CARDS, "2026-08-01", "changed", "reported"),
    ("kokuho-11", "2024-12-02", "ended", "seen"),
    ("kouki-22 kouki-31", "2024-12-02", "ended", "seen"),
    ("kokuho-22-9", "2024-12-02", "changed", "seen"),
    ("kouki-42", "2024-12-02", "changed", "seen"),
    ("kokuho-18 kokuho-31", "2024-12-02", "changed", "reported"),
    ("kouki-33", "2024-12-02", "changed", "reported"),
    ("kouki-32 kouki-34 kouki-39 kouki-40 kouki-44", "2022-10-01", "changed", "reported"),
    ("kokuho-61 kokuho-63 kouki-63 kouki-68", "2024-04-01", "changed", "seen"),
    ("kokuho-39 kokuho-40 kokuho-49 kouki-52 kouki-53", "2026-04-01", "changed", "reported"),
    ("nenkin-10", "2022-04-01", "renamed", "reported"),
    ("nenkin-16", "2026-10-01", "changed", "reported"),
    ("kokuho-51 kokuho-59 kokuho-60 kouki-58 kouki-65-2", "0001-01-01", "changed", "reported"),
]


def test_the_notes_are_the_domain_s() -> None:
    """Section 6: rows, since when, with what effect, and how it was read. The last has no day: it always warns."""
    found = [(" ".join(note.rows), f"{note.since}", note.caveat, note.source.basis) for note in RULES.notes]
    assert sorted(found) == sorted(NOTES)


def test_every_note_says_on_which_day_its_source_was_read(table_desk: Desk) -> None:
    """A warning of today may be wrong next year."""
    assert {note.read for note in RULES.notes} == {date(2026, 11, 28)}
    decision = table_desk.decide(row="kokuho-11", channel="backyard", on="2026-11-28")
    warned = next(caveat for caveat in decision.caveats if caveat.code == "ended")
    assert warned.text.ja.startswith("この業務は終わっています。")
    assert warned.text.ja.endswith("（国民健康保険法54条の3・63条の2、条文で確認、2026-11-28 閲覧）。")
    assert warned.text.en.endswith("(国民健康保険法54条の3・63条の2; read in the statute, 2026-11-28).")


# -- everyday words --------------------------------------------------------------------------------------------------

# What clerks type: one act, or the acts that it may be, the consignable first.
WORDS = {
    "受付": "receive receive_notice direct_debit", "審査": "form_check substantive",
    "確認": "identify form_check lookup number_check", "相談": "explain phone payment_talk special_advice",
    "交付": "hand_over print mail decide", "通知": "print mail decide", "決裁": "decide", "認定": "decide", "却下": "decide",
    "支払": "refund pay_order pay_cash", "差押え": "enforce", "試算": "calculate", "発行": "print slip certify",
    "返金": "refund pay_cash", "申請": "receive explain form_check", "届出": "receive_notice explain encourage",
    "入力": "data_entry", "照会": "lookup request_info inquiry_reply", "郵送": "mail", "発送": "mail", "印刷": "print",
    "案内": "guide", "説明": "explain", "督促": "reminder", "催告": "dunning", "還付": "refund", "証明": "certify",
    "訂正": "ask_fix data_entry fix_order", "受理": "accept", "受領": "receive", "返戻": "returned_mail copy_return fix_order refuse",
    "引渡し": "hand_over", "本人確認": "identify", "マイナンバー": "number_check", "委任状": "proxy", "形式審査": "form_check",
    "補正": "ask_fix fix_order", "検索": "lookup", "突合": "lookup", "照合": "lookup identify reconcile", "計算": "calculate", "手続き": "receive receive_notice explain form_check", "処理": "data_entry lookup ex_officio decide",
    "対応": "guide explain phone complaint", "連絡": "phone mail inquiry_reply", "支出": "pay_order", "集金": "collect_cash",
    "作成": "print", "納付書": "slip", "口座振替": "direct_debit", "電話": "phone", "苦情": "complaint", "勧奨": "encourage",
    "減免": "explain receive relief", "免除": "explain receive relief", "猶予": "explain receive relief", "取消": "data_entry revoke",
    "返還": "old_card copy_return revoke", "開示": "receive explain disclose",
    "調査": "lookup request_info field_visit assets question", "訪問": "field_visit", "質問": "explain phone question",
    "回答": "explain phone inquiry_reply", "報告": "forward leak_report", "進達": "forward", "押印": "stamp seal", "公印": "seal",
    "納付": "slip direct_debit payment_talk collect_cash", "収納": "reconcile collect_cash", "分納": "payment_talk",
    "賦課": "calculate data_entry decide", "決定": "decide", "登録": "receive_notice data_entry direct_debit",
    "変更": "receive_notice data_entry decide", "財産調査": "assets", "再発行": "receive print slip certify",
}  # fmt: skip


@pytest.mark.parametrize("word", WORDS)
def test_an_everyday_word_leads_to_acts(word: str) -> None:
    """One act is taken; of several none is, and they are named, what the contractor may do first."""
    keys = WORDS[word].split()
    if len(keys) == 1:
        assert act(RULES, word) == act(RULES, f" {word} ") == keys[0]
        return
    with pytest.raises(UnknownAct) as caught:
        act(RULES, word)
    assert isinstance(caught.value, AmbiguousAct)
    assert (caught.value.exit_code, list(caught.value.candidates)) == (3, keys)
    for key in keys:
        assert f"`{key}`（{RULES.acts[key].title['ja']}）" in caught.value.ja
        assert f"`{key}` ({RULES.acts[key].title['en']})" in caught.value.en


def test_sixty_five_words_are_tried() -> None:
    """49 of 65 everyday words were unknown."""
    assert len(WORDS) >= 65


def test_the_consignable_acts_are_named_first_and_refusing_never() -> None:
    """A clerk who types 受付 is not offered 受付拒否."""
    for word, keys in RULES.words.items():
        consignable = [RULES.acts[key].act_class in CONSIGNABLE for key in keys]
        assert consignable == sorted(consignable, reverse=True), word
        assert keys[0] != "refuse"


@pytest.mark.parametrize(
    ("word", "never"),
    [
        ("受理", "receive"),
        ("届出の受理", "receive_notice"),
        ("返戻", "refuse"),
        ("減免", "relief"),
        ("質問", "question"),
    ],
)
def test_a_name_that_was_wrong_is_none_any_more(word: str, never: str) -> None:
    """受理 decides; 返戻 is mail that came back; a citizen's plain noun is no decision."""
    each = RULES.acts[never]
    assert not {word} & {each.id, *each.title.values(), *each.also}
    try:
        assert act(RULES, word) != never
    except AmbiguousAct as error:
        assert error.candidates[0] != never  # noqa: PT017 - either way out is fine


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_the_command_line_ends_with_3_and_names_the_candidates(lang: str) -> None:
    """`assign decide --act 受付`."""
    asked = [
        "decide",
        "--division",
        "kokuho",
        "--item",
        "1",
        "--channel",
        "counter",
        "--act",
        "受付",
        "--json",
        "--lang",
    ]
    done = subprocess.run([sys.executable, "-m", "assign", *asked, lang], capture_output=True, check=False)
    error = json.loads(done.stderr)["error"]
    assert (done.returncode, error["code"], done.stdout) == (3, "ambiguous_act", b"")
    assert error["candidates"] == ["receive", "receive_notice", "direct_debit"]


@pytest.mark.parametrize(
    ("new", "says"),
    [
        ("{word: 受領, acts: [receive, stamp]}", "`受領` names `receive` too"),
        ("{word: 審 査, acts: [receive, stamp]}", "stands twice"),
        ("{word: 受付印など, acts: [stamp]}", "belongs into `also` of `stamp`"),
        ("{word: 受付印など, acts: [stamp, stmap]}", "no act `stmap` (near: `stamp`"),
        ("{word: 受付印など, acts: [stamp, stamp]}", "repeated act"),
        ("{word: 受付印など}", "`acts` is missing"),
    ],
)
def test_a_mistake_among_the_words_is_refused(edit: Edit, new: str, says: str) -> None:  # noqa: F811
    """With its line and the nearest valid name."""
    old = "{word: 受付, acts: [receive, receive_notice, direct_debit]}"
    folder = edit("acts.yaml", old, new)
    line = (rules_folder() / "acts.yaml").read_text("utf-8").split(old)[0].count("\n") + 1
    with pytest.raises(RuleFileError) as caught:
        load(folder)
    assert says in str(caught.value)
    if "twice" not in says:  # the second of them is told
        assert str(caught.value).startswith(f"acts.yaml, line {line}: ")


def test_the_words_are_in_the_order_of_consigning_whoever_wrote_them(edit: Edit) -> None:  # noqa: F811
    """A city may write them as it likes."""
    folder = edit(
        "acts.yaml", "{word: 審査, acts: [form_check, substantive]}", "{word: 審査, acts: [substantive, form_check]}"
    )
    assert load(folder).words["審査"] == ("form_check", "substantive")


def test_a_city_needs_no_words(tmp_path: Path) -> None:
    """They are a help, not a must."""
    for path in rules_folder().glob("*.yaml"):
        text = path.read_text("utf-8")
        (tmp_path / path.name).write_text(re.split(r"\n# Everyday words", text)[0] + "\n", "utf-8")
    assert load(tmp_path).words == {}


def test_a_source_is_one_of_three_forms() -> None:
    """A law or paper, a line of the list with its text, or the basis alone."""
    for entry in ENTRIES:
        source: Source = entry.source
        assert (source.line is not None) is bool(source.text)
        assert source.document or source.basis in ("judged", "reported")


@pytest.mark.long
def test_no_reason_is_borrowed_from_a_row_of_another_division(desk: Desk) -> None:
    """A row is something to lean on where the work is the same division's; elsewhere the list may divide like work otherwise."""
    division_at = {task.line: task.division for task in desk.catalog.tasks}
    leaning = [each for each in desk.rules.acts.values() if each.source.line in division_at]
    told = set()
    for each, task in product(leaning, desk.catalog.tasks):
        [answer] = desk.answers(row=task.id, channel="counter", act=each.id)
        said = " ".join(reason["text"]["ja"] for reason in answer["reasons"])
        if f"一覧{each.source.line}行目「{each.source.text}」" in said:
            assert division_at[each.source.line or 0] == task.division
            told.add(each.id)
    assert {"forward", "seal"} <= told
