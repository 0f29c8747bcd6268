"""What a person or a spreadsheet does to an item, and what Python users type."""

from __future__ import annotations

import pickle
from datetime import date, datetime
from decimal import Decimal

import pytest

from assign import Desk
from assign.decision.request import _TURNED
from assign.errors import AssignError, BadRequest, UnknownChannel, UnknownItem, UnknownRow

from .built_in import CHANNELS


class Float:
    """A float of numpy, as far as we look at one."""

    def __float__(self) -> float:
        return 24.0


@pytest.mark.parametrize(
    "bent",
    [
        "24.0",
        "24.00",
        "24.",
        24.0,
        Decimal("24.0"),
        Float(),
        "024",
        "24番",
        "No.24",
        "№24",
        "No24",
        "(24)",
        "第24号",
        "24a",
        "２４．０",
    ],
)
def test_a_number_that_was_dressed_is_refused_and_named(desk: Desk, bent: object) -> None:
    """pandas makes floats of a column with a gap. A guess is no answer, but the next step is said."""
    with pytest.raises(UnknownItem) as caught:
        desk.decide("nenkin", bent, "counter")
    assert caught.value.candidates == ("24",)
    assert "番号だけを書いてください: `24`" in caught.value.ja


@pytest.mark.parametrize(
    "bent",
    [
        "3月22日", "22-Mar", "Mar-22", "2003/22", "22-03", "2022/3/1", "2022-03-01", "2022-03-01 00:00:00", "3/22", "2022年3月", "44621",
        44621, datetime(2022, 3, 1), date(2026, 3, 22), "令和4年3月1日", "March 22", "2022.3", "３月２２日", "令和4年3月",
    ],
)  # fmt: skip
def test_an_item_that_a_spreadsheet_made_a_date_is_refused_and_named(desk: Desk, bent: object) -> None:
    """Excel in Japan shows 3-22 as 3月22日, 22-3 as 2022年3月; what it was is offered where the list has such a row."""
    with pytest.raises(UnknownItem) as caught:
        desk.decide("kokuho", bent, "counter")
    assert caught.value.candidates[0] == "22-3"
    assert _TURNED[0] in caught.value.ja
    assert _TURNED[1] in caught.value.en


@pytest.mark.parametrize("bent", ["3月22日", "22-03", "2022-03", "22/3", "2022-03-01"])
def test_where_the_list_has_no_such_row_the_spreadsheet_is_named_alone(desk: Desk, bent: str) -> None:
    """nenkin 22 is one row."""
    with pytest.raises(UnknownItem) as caught:
        desk.decide("nenkin", bent, "counter")
    assert _TURNED[0] in caught.value.ja


@pytest.mark.parametrize(("bent", "first"), [("3-22", "22-3"), ("2-22", "22-2"), ("22③", "22-3"), ("22-99", "22-1")])
def test_a_row_that_is_none_may_be_another_turned_round(desk: Desk, bent: str, first: str) -> None:
    """`3-22` was answered with item 3 alone, and `22③` was read as 223."""
    with pytest.raises(UnknownItem) as caught:
        desk.decide("kokuho", bent, "counter")
    assert caught.value.candidates[0] == first


def test_a_row_of_another_division_is_said_to_be_one(desk: Desk) -> None:
    """kokuho 24 was offered for `nenkin-24`: other work."""
    with pytest.raises(UnknownRow, match="is of nenkin, not of kokuho") as caught:
        desk.decide("kokuho", "nenkin-24", "counter")
    assert caught.value.candidates == ()


def test_every_candidate_is_an_item(desk: Desk) -> None:
    """What is offered can be put in its place."""
    for division in ("kokuho", "kouki", "center"):
        for month in range(1, 13):
            for number in (1, 2, 3, 22, 29, 30):
                with pytest.raises(UnknownItem) as caught:
                    desk.decide(division, f"{month}月{number}日", "counter")
                for item in caught.value.candidates:
                    assert desk.answers(division=division, item=item, channel="counter")


def test_a_keyword_that_is_none_is_a_bad_request_with_the_nearest_name(desk: Desk) -> None:
    """A TypeError is no AssignError, and names nothing."""
    for call in (
        lambda: desk.decide(divison="nenkin", item="24", channel="counter"),
        lambda: desk.answers(divison="nenkin", item="24"),
        lambda: desk.tasks(divison="nenkin"),
        lambda: desk.brief(divison="nenkin"),
    ):
        with pytest.raises(BadRequest, match="near: `division`") as caught:
            call()
        assert "division" in caught.value.candidates
    with pytest.raises(BadRequest, match="`reqests`"):
        desk.decide_many([], reqests=[])
    [error] = desk.decide_many([{"divison": "nenkin"}])
    assert isinstance(error, BadRequest)
    with pytest.raises(BadRequest, match="`engin`"):
        desk.decide("nenkin", "24", "counter", engin="table")


@pytest.mark.parametrize("given", ["259", "２５９", " 259 ", "259行目", 259])
def test_a_line_of_the_document_in_place_of_a_row_id_names_its_row(desk: Desk, given: object) -> None:
    """`--row 259` offered kokuho-1, kokuho-2 and kokuho-3; every answer cites the line."""
    with pytest.raises(UnknownRow, match="line 259 of the document is `nenkin-24`") as caught:
        desk.decide(row=given, channel="counter")
    assert caught.value.candidates == ("nenkin-24",)
    assert "文書の 259 行目なら `nenkin-24`" in caught.value.ja
    with pytest.raises(UnknownRow, match="near: `kokuho-1`"):
        desk.decide(row="999", channel="counter")


def test_an_error_in_japanese_names_divisions_in_japanese(desk: Desk) -> None:
    """`kokuho に項目 `999` はありません`: no city clerk knows the key, and the printed word is 番号."""
    for asked, says in (
        ({"division": "国保", "item": "999"}, "国民健康保険に番号 `999` はありません（1 から 66 まで。近いもの:"),
        ({"division": "国法", "item": "1"}, "（国民健康保険）"),
        ({"division": "x" * 30, "item": "1"}, "`shomu`（庶務経理）"),
        ({"division": "国保", "item": "nenkin-24"}, "国民年金の行です。国民健康保険の行ではありません"),
        ({"division": "後期", "item": "51"}, "後期高齢者医療制度の 51 は"),
        ({"division": "年金", "item": "24", "section": "x"}, "番号 `24` に分類 `x` はありません"),
    ):
        with pytest.raises(AssignError) as caught:
            desk.decide(**asked, channel="counter")
        assert says in caught.value.ja


@pytest.mark.parametrize("empty", ["", "  ", "\u3000", "\u200b"])
def test_an_empty_channel_is_told_as_empty(desk: Desk, empty: str) -> None:
    """A row of a batch whose 窓口 is empty was told that `` is not understood."""
    [error] = desk.decide_many([{"division": "nenkin", "item": "24", "channel": empty}])
    assert isinstance(error, UnknownChannel)
    assert (
        error.ja
        == "業務の場の欄が空です（選べるもの: `counter`（窓口）、`backyard`（バックヤード）。どれもなら 1 行ずつ書きます）"
    )
    assert "the channel is empty" in error.en


def test_equal_decisions_have_equal_hashes(desk: Desk, table_desk: Desk) -> None:
    """And so have their parts; a decision can be a key of a dict and stand in a set."""
    for row in ("nenkin-24", "kokuho-34", "kouki-30-1"):
        for channel in CHANNELS:
            one = desk.decide(row=row, channel=channel, on="2026-04-01")
            other = Desk(desk.catalog, desk.rules, "auto").decide(row=row, channel=channel, on="R8.4.1")
            assert one == other
            assert hash(one) == hash(other) == hash(pickle.loads(pickle.dumps(one)))  # noqa: S301 - our own
            assert len({one, other}) == 1
            for part in (*one.why_not, *one.would_change, *one.reasons, *one.rows):
                assert isinstance(hash(part), int)
    assert hash(table_desk.decide("nenkin", "24", "counter").why_not[0].unmet) == hash(
        desk.decide("nenkin", "24", "counter").why_not[0].unmet
    )
