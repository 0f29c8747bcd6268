"""
No personal data: fifty canaries through every input, option, name and error, and not a byte of one in anything that is kept.

What is searched: the database with its WAL and shared memory, exports, checkpoint, bundle, backup. How: as UTF-8, UTF-16 in both
orders, cp932, hexadecimal, and base64 at each of its three alignments. The search itself is tested on canaries put in by hand.
"""

from __future__ import annotations

import os
import shutil
from base64 import b64encode
from contextlib import suppress
from itertools import cycle
from pathlib import Path
from typing import Final

import apsw
import pytest

from assign import AssignError, Desk
from assign.resources import catalog_file, rules_folder

from .trail import ORIGIN, Said, cli
from .trail import _home as _home  # noqa: PLC0414 - a fixture

CANARIES: Final = (
    *("山田太郎之介", "髙橋﨑子", "佐藤　花子郎", "やまだたろうのすけ", "ヤマダタロウノスケ", "ﾔﾏﾀﾞﾀﾛｳﾉｽｹ", "Ｙａｍａｄａ　Ｔａｒｏ"),
    *("Yamada Tarosuke", "YAMADA TAROSUKE", "yamada.tarosuke", "yamada_tarosuke", "O'Yamada-Tarosuke", "渡邉 龍之𠮷"),
    *("東京都千代田区霞が関2-1-2", "東京都千代田区霞が関２－１－２", "大阪府大阪市北区中之島1丁目3番20号", "〒100-8918"),
    *("1-3-20 Nakanoshima, Osaka", "ﾁﾖﾀﾞｸｶｽﾐｶﾞｾｷ2-1-2", "北区中之島一丁目三番二十号"),
    *("090-1234-5678", "09012345678", "０９０－１２３４－５６７８", "０９０１２３４５６７８", "+81 90 1234 5678", "(06)6208-8181"),
    *("06-6208-8181", "〇九〇一二三四五六七八", "090 1234 5678", "tel:09012345678"),
    *("123456789018", "1234-5678-9018", "1234 5678 9018", "１２３４５６７８９０１８", "１２３４－５６７８－９０１８", "１２３４　５６７８　９０１８"),
    *("一二三四五六七八九〇一八", "00000000-0000-4000-8000-123456789018", "aaaaaaaa-aaaa-4aaa-8aaa-123456789018"),
    *("tarosuke@example.jp", "ｔａｒｏｓｕｋｅ＠ｅｘａｍｐｌｅ．ｊｐ", "TAROSUKE@EXAMPLE.JP", "mailto:tarosuke@example.jp"),
    *("4111111111111111", "4111-1111-1111-1111", "4111 1111 1111 1111", "４１１１１１１１１１１１１１１１", "JP-TK1234567"),
    *("記号12345 番号6789012", "昭和34年5月6日生まれの太郎之介"),
)  # fmt: skip
GOOD: Final = {"--division": "nenkin", "--item": "24", "--channel": "counter"}
FOR_A_RECORD: Final = ("--role", "--case", "--key", "--corrects", "--origin")
OPTIONS: Final = ("--division", "--item", "--channel", "--act", "--on", "--section", "--row", *FOR_A_RECORD)
COMMANDS: Final = (
    ("show", "{}"),
    ("list", "--from", "{}"),
    ("list", "--to", "{}"),
    ("list", "--division", "{}"),
    ("list", "--assignee", "{}"),
    ("list", "--certainty", "{}"),
    ("list", "--kind", "{}"),
    ("list", "--limit", "{}"),
    ("verify", "--against", "{}"),
    ("verify", "--key", "{}"),
    ("replay", "--first", "{}"),
    ("exceptions", "--late", "{}"),
    ("export", "--format", "{}"),
    ("export", "--division", "{}"),
    ("stats", "--origin", "{}"),
    ("init", "--grant", "{}"),
)


def forms(canary: str) -> set[bytes]:
    """Every way in which it could stand in a file."""
    plain = {canary.encode(code) for code in ("utf-8", "utf-16-le", "utf-16-be")}
    with suppress(UnicodeEncodeError):
        plain.add(canary.encode("cp932"))
    found = set(plain)
    for each in plain:
        found |= {each.hex().encode(), each.hex().upper().encode()}
        for shift in range(3):  # what stands before it moves base64's groups; its first and last group hold neighbours
            coded = b64encode(b"\0" * shift + each)
            start, stop = (0, 2, 3)[shift], len(coded.rstrip(b"=")) - (1 if coded.endswith(b"=") else 0)
            if stop - start > 6:
                found.add(coded[start:stop])
    return found


FORMS: Final = {canary: forms(canary) for canary in CANARIES}


def seen(folder: Path) -> list[tuple[str, str]]:
    """(file, canary) of each that is found in a file's bytes."""
    files = {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    return [
        (name, canary)
        for name, data in files.items()
        for canary, ways in FORMS.items()
        if any(way in data for way in ways)
    ]


def leave(folder: Path, url: str) -> None:
    """Everything that leaves the house, beside the database."""
    for format_ in ("jsonl", "csv", "html"):
        assert (
            cli("audit", "export", "--format", format_, "--audit", url, "--out", folder / f"export.{format_}").code == 0
        )
    assert (
        cli("audit", "checkpoint", "--to", folder / "checkpoint", "--qr", folder / "qr.svg", "--audit", url).code == 0
    )
    last = int(cli("audit", "stats", "--audit", url, "--json").out.split('"records": ')[1].split(",")[0]) - 1
    assert cli("audit", "prove", last, "--to", folder / "bundle.json", "--audit", url).code == 0
    assert cli("audit", "backup", folder / "backup.db", "--audit", url).code == 0


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """A folder with a log of one decision in it."""
    folder = tmp_path / "kept"
    folder.mkdir()
    done = record(folder)
    assert done.code == 0, done.err
    return folder


def url_of(folder: Path) -> str:
    """Its log."""
    return f"sqlite:///{folder / 'audit.db'}"


def record(folder: Path, **options: str) -> Said:
    """`decide --record` with one option of another value."""
    words = {**GOOD, **{f"--{name}": value for name, value in options.items()}}
    if "row" in options:
        words = {name: word for name, word in words.items() if name not in ("--division", "--item")}
    pairs = [part for pair in words.items() for part in pair]
    origin = () if "origin" in options else ("--origin", ORIGIN)
    return cli("decide", "--record", "--engine", "table", "--audit", url_of(folder), *origin, *pairs)


@pytest.mark.parametrize("way", ["utf-8", "utf-16-le", "utf-16-be", "cp932", "hex", "base64-0", "base64-1", "base64-2"])
def test_a_canary_put_in_by_hand_is_found(kept: Path, way: str) -> None:
    """The control: the search would see it."""
    canary = "山田太郎之介"
    if way.startswith("base64"):
        data = b64encode(b"x" * int(way[-1]) + canary.encode() + b"yz")
    else:
        data = canary.encode().hex().encode() if way == "hex" else canary.encode(way)
    assert seen(kept) == []
    db = apsw.Connection(str(kept / "audit.db"))
    db.execute("INSERT INTO record SELECT max(at) + 1, ?, x'00', NULL FROM record", (b"before" + data + b"after",))
    names = {name for name, found in seen(kept) if found == canary}
    assert names & {"audit.db", "audit.db-wal"}
    db.close()


def test_there_are_fifty_canaries_of_which_none_stands_in_the_list_or_the_rules(desk: Desk) -> None:
    """Else the search would find what nobody typed."""
    assert len(set(CANARIES)) == 50
    texts = b"".join(desk.editions.values())
    assert not [canary for canary, ways in FORMS.items() if any(way in texts for way in ways)]


@pytest.mark.slow
def test_no_option_of_decide_keeps_or_repeats_a_canary(kept: Path) -> None:
    """All fifty through each option. A slip in the log's name does not begin another log, either."""
    for option in OPTIONS:
        for canary in CANARIES:
            done = record(kept, **{option.removeprefix("--"): canary})
            assert done.code in (1, 2, 3), (option, canary, done)
            assert done.out == ""
            assert canary not in done.err, (option, done.err)
    assert cli("audit", "stats", "--audit", url_of(kept), "--json").out.count('"records": 5') == 1
    leave(kept, url_of(kept))
    assert seen(kept) == []


@pytest.mark.long
def test_no_canary_gets_in_through_the_python_interface(kept: Path) -> None:
    """Fifty canaries, every argument of `decide` and `record`, one list of requests."""
    desk = Desk.open(audit=url_of(kept), engine="table")
    assert desk.audit is not None
    size = desk.audit.size
    good = {"division": "nenkin", "item": "24", "channel": "counter"}
    for canary in CANARIES:
        for name in (
            "division",
            "item",
            "channel",
            "act",
            "on",
            "section",
            "row",
            "role",
            "case",
            "key",
            "corrects",
            canary,
        ):
            asked = {**({"channel": "counter"} if name == "row" else good), name: canary}
            with pytest.raises(AssignError) as caught:
                desk.record(**asked)
            said = (
                caught.value.ja,
                caught.value.en,
                str(caught.value),
                repr(caught.value),
                str(caught.value.as_json()),
            )
            assert not [text for text in said if canary in text], (name, said)
            assert isinstance(desk.decide_many([asked])[0], AssignError)
    assert desk.audit.size == size
    desk.audit.close()
    assert seen(kept) == []


@pytest.mark.slow
def test_no_name_of_a_file_or_folder_and_no_variable_gets_in(
    kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`--rules`, `--list`, `--out`, the database's own name, the environment of whoever records."""
    for turn, canary in enumerate(CANARIES):
        name = canary.replace("/", "_")
        monkeypatch.setenv("ASSIGN_CANARY", canary)
        monkeypatch.setenv("USER", canary)
        if turn % 5:
            continue
        place = tmp_path / f"{name} place"
        shutil.copytree(rules_folder(), place / name)
        shutil.copyfile(catalog_file(), place / f"{name}.csv")
        url = f"sqlite:///{kept}/{name}.db"
        options = (
            "--rules",
            place / name,
            "--list",
            place / f"{name}.csv",
            "--engine",
            "table",
            "--out",
            place / "out",
        )
        pairs = [part for pair in GOOD.items() for part in pair]
        assert cli("audit", "init", "--audit", url, "--origin", ORIGIN).code == 0
        done = cli("decide", "--record", "--audit", url, "--origin", ORIGIN, *options, *pairs)
        assert done.code == 0, done.err
        wrong = cli("decide", "--record", "--audit", url_of(kept), *pairs, "--rules", place / "no such")
        assert wrong.code == 1
        for variable in ("ASSIGN_ROLE", "ASSIGN_ORIGIN", "ASSIGN_KEY", "ASSIGN_KEY_COMMAND"):
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv(variable, canary)
                needs_key = variable.startswith("ASSIGN_KEY")
                where = place / f"{variable}.db" if needs_key else kept / "audit.db"
                failed = cli("decide", "--record", "--audit", f"sqlite:///{where}", *pairs)
                assert failed.code in (1, 2, 3), variable
                assert canary not in failed.out + failed.err, variable
    leave(kept, url_of(kept))
    assert seen(kept) == []


@pytest.mark.long
def test_no_command_of_the_log_keeps_a_canary(kept: Path) -> None:
    """Whatever is typed where a number, a day, a word or a file is expected."""
    turn = cycle(CANARIES)
    for words in COMMANDS:
        for canary in [next(turn) for _ in range(6)]:
            done = cli("audit", *(word.format(canary) for word in words), "--audit", url_of(kept))
            assert done.code in (1, 2, 3) or canary.isdecimal(), (words, done)
            assert "内部" not in done.err
            assert canary not in done.out
            if "--origin" in words:
                assert canary not in done.err
    leave(kept, url_of(kept))
    assert seen(kept) == []
    assert os.listdir(kept)  # noqa: PTH208 - something was searched
