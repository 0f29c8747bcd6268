"""The verifier that an auditor takes along: what it takes, and all that it refuses without ever losing its composure."""

from __future__ import annotations

import ast
import io
import json
import os
import random
import shutil
import subprocess
import sys
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import rfc8785
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assign.audit import verifier
from assign.catalog import load
from assign.columns import width
from assign.log import merkle
from assign.log.checkpoint import Checkpoint, sign
from assign.log.keys import SecretKey
from assign.resources import data_folder, rules_folder
from assign.rules import loader

FILE = Path(verifier.__file__)
ORIGIN = "example.city/assign"
KEY = SecretKey(ORIGIN, bytes(range(32)))
STRANGER = SecretKey(ORIGIN, bytes(32))
SIZE, PLACE, BATCH = 40, 12, 13  # records; the decision; the batch
EDITIONS = {
    "list": load(data_folder()).data.decode("utf-8"),
    "rules": loader.load(rules_folder()).data.decode("utf-8"),
    "rulings": (rules_folder() / "rulings.yaml").read_bytes().decode("utf-8"),
}
CAUTION = verifier.CAUTION[0]
Json = dict[str, Any]


def canonical(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


class Tree:
    """A Merkle tree over texts, by the product's code."""

    def __init__(self, texts: list[str]) -> None:
        self.frontier, self.kept = merkle.Frontier(), {}
        for place, text in enumerate(texts):
            done = self.frontier.append(merkle.leaf_hash(text.encode()))
            for level in range(len(done) // 32):
                self.kept[level, place >> level] = done[32 * level : 32 * level + 32]

    def node(self, level: int, place: int) -> bytes:
        return self.kept[level, place]

    def root(self, size: int) -> bytes:
        return merkle.root(size, self.node)

    def path(self, index: int, size: int) -> list[str]:
        return [b64encode(each).decode() for each in merkle.inclusion(index, size, self.node)]

    def growth(self, first: int, second: int) -> list[str]:
        return [b64encode(each).decode() for each in merkle.consistency(first, second, self.node)]


ROWS = [canonical({"division": "nenkin", "item": str(number)}) for number in range(1000)]
ROWS_TREE = Tree(ROWS)
OURS = {what: digest(text) for what, text in EDITIONS.items()}


def record(kind: str, seq: int, **more: Any) -> Json:
    common = {"schema": 1, "kind": kind, "origin": ORIGIN, "seq": seq, "recorded": "2026-11-25T04:03:32.123Z"}
    return {**common, "version": "0.1.0", **more}


def decision(seq: int, **more: Any) -> Json:
    """As the log writes one."""
    whole: Json = {
        "on": "2026-11-25",
        "role": "city_clerk",
        "case": "6b0d4c3e-7f1a-4c58-9a6e-2f60b3a1d7c4",
        "key": None,
        "corrects": None,
        "given": {"division": "年金", "item": "２４", "channel": "窓口"},
        "request": {"division": "nenkin", "item": "24", "channel": "counter", "act": None, "on": "2026-11-25"},
        "decision": {
            "assignee": "city_staff",
            "certainty": "settled",
            "rows": ["nenkin-24"],
            "rules": ["RETAINED"],
            "cites": [["row", 259]],
            "caveats": [],
        },
        "answer": digest("answer"),
        "editions": OURS,
        "engine": "durable-rules 2.0.28",
    }
    return record("decision", seq, **{**whole, **more})


def records() -> list[Any]:
    """A small log: what it is, three publications, decisions, a batch."""
    batch = {"on": "2026-11-25", "rows": 1000, "root": ROWS_TREE.root(1000).hex(), "editions": OURS}
    publications = [
        record("publication", seq, what=what, sha256=OURS[what], bytes=len(text.encode()))
        for seq, (what, text) in enumerate(EDITIONS.items(), 1)
    ]
    start = [record("log", 0, signer=str(KEY.public())), *publications]
    log = [*start, *(decision(seq) for seq in range(4, SIZE))]
    log[BATCH] = record("batch", BATCH, **batch)
    return log


def texts(log: list[Any]) -> list[str]:
    return [each if isinstance(each, str) else canonical(each) for each in log]


def note(tree: Tree, size: int = SIZE, key: SecretKey = KEY, origin: str = ORIGIN) -> str:
    return sign(Checkpoint(origin, size, tree.root(size)), key)


def bundle(
    log: list[Any] | None = None, index: int = PLACE, editions: tuple[int, ...] = (1, 2, 3), **note_of: Any
) -> Json:
    """A bundle over a log; what is wrong with it, if anything, is what is wrong with the log."""
    payloads = texts(records() if log is None else log)
    tree = Tree(payloads)
    published = list(EDITIONS.values())
    return {
        "format": "assign.bundle/1",
        "record": payloads[index],
        "index": index,
        "size": SIZE,
        "path": tree.path(index, SIZE),
        "checkpoint": note(tree, **note_of),
        "keys": [str((note_of.get("key") or KEY).public())],
        "editions": [
            {"record": payloads[at], "index": at, "path": tree.path(at, SIZE), "text": published[place]}
            for place, at in enumerate(editions)
        ],
        "row": None,
    }


def of_batch() -> Json:
    """A bundle of a batch with one of its rows."""
    row = {"leaf": ROWS[3], "index": 3, "size": 1000, "path": ROWS_TREE.path(3, 1000)}
    return {**bundle(index=BATCH), "row": row}


def growth(first: int = 17, second: int = SIZE) -> Json:
    """A consistency bundle."""
    tree = Tree(texts(records()))
    return {
        "format": "assign.consistency/1",
        "from": note(tree, first),
        "to": note(tree, second),
        "path": tree.growth(first, second),
        "keys": [str(KEY.public())],
    }


class Said(NamedTuple):
    """What the verifier said."""

    code: int
    out: str
    err: str


Judge = Callable[..., Said]


@pytest.fixture(scope="module", autouse=True)
def quick() -> Iterator[None]:
    """The same signature is checked once: it takes 20 ms in Python, and these tests ask thousands of times."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(verifier, "signed", lru_cache(maxsize=None)(verifier.signed))
        yield


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Judge:
    """Ask it in this process, with files as a person would."""
    folder = tmp_path_factory.mktemp("auditor")

    def asked(given: Json | str | bytes, *more: str, checkpoint: str | bytes | None = None) -> Said:
        text = json.dumps(given) if isinstance(given, dict) else given
        (folder / "b.json").write_bytes(text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass"))
        arguments = [str(folder / "b.json"), *more]
        if checkpoint is not None:
            own = checkpoint if isinstance(checkpoint, bytes) else checkpoint.encode()
            (folder / "own.txt").write_bytes(own)
            arguments += ["--checkpoint", str(folder / "own.txt")]
        out, err = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            code = verifier.main(arguments)
        out.seek(0)
        return Said(code, out.read(), err.getvalue())

    return asked


def refused(said: Said) -> bool:
    """Exit 6, one line, nothing on standard output."""
    return said.code == 6 and said.out == "" and said.err.count("\n") == 1 and "Traceback" not in said.err


# -- the file itself -------------------------------------------------------------------------------------------------


def test_it_is_one_short_file_of_the_standard_library() -> None:
    """Under 300 lines, so that it can be read; no import of assign or of anything that must be installed."""
    source = FILE.read_text("utf-8")
    assert len(source.splitlines()) < 310
    tree = ast.parse(source, feature_version=(3, 9))
    imported = {
        name.split(".")[0]
        for each in ast.walk(tree)
        if isinstance(each, ast.Import | ast.ImportFrom)
        for name in ([each.module or "."] if isinstance(each, ast.ImportFrom) else [one.name for one in each.names])
    }
    assert imported == {
        "__future__", "base64", "csv", "datetime", "getopt", "hashlib", "io", "json", "os", "pathlib", "re", "sys", "typing",
    }  # fmt: skip
    assert imported <= sys.stdlib_module_names
    assert not [each for each in ast.walk(tree) if isinstance(each, ast.ImportFrom) and each.level]


@pytest.mark.long
def test_it_runs_alone_on_every_python_here(tmp_path: Path) -> None:
    """A copy of the file, isolated and without site-packages; also on older Pythons that stand on this machine."""
    program, file = tmp_path / "verify.py", tmp_path / "b.json"
    shutil.copy(FILE, program)
    file.write_text(json.dumps(bundle()), "utf-8")
    others = [shutil.which(f"python3.{minor}") for minor in range(9, 16)]
    ran = 0
    for python in [sys.executable, *filter(None, others)]:
        if subprocess.run([python, "-c", ""], capture_output=True, check=False).returncode:
            continue  # a name of a version that is not set up
        for arguments, code in (([str(file)], 0), ([str(file), "--lang", "en"], 0), ([str(program)], 6)):
            done = subprocess.run(
                [python, "-I", "-S", "-W", "error", program, *arguments], capture_output=True, check=False, cwd=tmp_path
            )
            assert done.returncode == code, (python, done)
            assert b"Traceback" not in done.stderr
            assert bool(done.stdout) == (code == 0)
        ran += 1
    assert ran


# -- what it takes ---------------------------------------------------------------------------------------------------


def test_a_good_bundle_is_verified_and_read_back_in_words(judge: Judge) -> None:
    """Log, record, dates, work, assignee, the cited line, the rule, the checkpoint, the key."""
    said = judge(bundle())
    assert (said.code, said.err) == (0, "")
    raw = next(row for row in EDITIONS["list"].split("\n") if row.startswith("nenkin-24,")).split(",")[-1]
    for part in (
        "検証できました", f"ログ: {ORIGIN}", "記録: 12 / 判定", "記録日時（日本時間）: 2026-11-25 13:03:32", "処理の日: 2026-11-25",
        "受付の書き方: 年金 / ２４ / 窓口", "業務: 国民年金 / 24 / 窓口", "担当: 市職員 / 確定", f"一覧 259 行目: {raw}",
        "規則: RETAINED", "チェックポイント: 40 / ", f"鍵の番号: {KEY.public().number.hex()}", CAUTION,
    ):  # fmt: skip
        assert part in said.out
    english = judge(bundle(), "--lang", "en")
    for part in ("verified", "assignee: city staff / settled", f"line 259 of the list: {raw}", verifier.CAUTION[1]):
        assert part in english.out


@pytest.mark.parametrize("index", [0, 1, 3, 4, BATCH, SIZE - 1])
def test_records_of_every_kind_are_verified(judge: Judge, index: int) -> None:
    """The first, a publication, the last; only decisions and batches need editions."""
    wanted = (1, 2, 3) if index > 3 else ()
    assert judge(bundle(index=index, editions=wanted)).code == 0


def test_a_row_of_a_batch_and_a_grown_log_are_verified(judge: Judge) -> None:
    """The row is printed; of a grown log, both sizes."""
    said = judge(of_batch())
    assert said.code == 0
    assert f"一括の行: 4 / {ROWS[3]}" in said.out  # people count from 1
    grown = judge(growth())
    assert grown.code == 0
    assert "初めの部分: 17 / " in grown.out
    assert "チェックポイント: 40 / " in grown.out
    assert judge(growth(16)).code == judge(growth(SIZE)).code == 0


def test_a_strangers_bundle_verifies_by_itself_and_the_caution_says_so(judge: Judge) -> None:
    """Anyone can make a log and sign it. What counts is a key that came another way: then it is refused."""
    forged = bundle(key=STRANGER)
    said = judge(forged)
    assert said.code == 0
    assert CAUTION in said.out
    assert refused(judge(forged, "--key", str(KEY.public())))
    right = judge(bundle(), "--key", str(KEY.public()))
    assert right.code == 0
    assert CAUTION not in right.out
    assert refused(judge({**forged, "keys": [*forged["keys"], str(KEY.public())]}, "--key", str(KEY.public())))


def test_after_a_change_of_keys_the_auditor_names_both(judge: Judge) -> None:
    """A checkpoint from before, signed with the old key, and a bundle from after, signed with the new one."""
    old, new = ("--key", str(KEY.public())), ("--key", str(STRANGER.public()))
    given, own = bundle(key=STRANGER), note(Tree(texts(records())))
    assert judge(given, *old, *new, checkpoint=own).code == 0
    assert refused(judge(given, *old, checkpoint=own))
    assert refused(judge(given, *new, checkpoint=own))


@pytest.mark.long
def test_a_bundle_cannot_keep_the_verifier_busy(judge: Judge) -> None:
    """The same key ten thousand times, a note of a megabyte: a signature takes 20 ms, so each is checked as often as needed."""
    good = bundle()
    assert judge({**good, "keys": good["keys"] * 10_000}).code == 0
    line = good["checkpoint"].split("\n\n")[1]
    assert judge({**good, "checkpoint": good["checkpoint"] + line * 3}).code == 0
    assert refused(judge({**good, "checkpoint": good["checkpoint"] + line * 10_000}))


def test_the_auditors_own_checkpoint_is_held_against_the_bundle(judge: Judge) -> None:
    """The same: fine. Another size: that nothing is shown is said. The same size and another root: a contradiction."""
    tree, other = Tree(texts(records())), Tree(texts([*records()[:-1], decision(SIZE - 1, on="2026-11-26")]))
    same = judge(bundle(), checkpoint=note(tree))
    assert same.code == 0
    assert "お手元のチェックポイントと一致" in same.out
    for size in (17, SIZE - 1):
        said = judge(bundle(), checkpoint=note(tree, size))
        assert refused(said)
        assert "整合性の証拠が要ります" in said.err
        assert f"{size} 件" in said.err
    assert "consistency bundle" in judge(bundle(), "--lang", "en", checkpoint=note(tree, 17)).err
    fork = judge(bundle(), checkpoint=note(other))
    assert refused(fork)
    assert "食い違います" in fork.err
    for wrong in (
        note(tree, key=STRANGER), note(tree, origin="other.city/assign"), note(tree).replace("40", "41"), "", "x",
        note(tree)[:-1], b"\xff\xfe", b"\0" * 100,
    ):  # fmt: skip
        assert refused(judge(bundle(), checkpoint=wrong))


def test_the_auditors_own_checkpoint_is_one_end_of_a_grown_log(judge: Judge) -> None:
    """Either end; any other size shows nothing; another root of an end's size contradicts."""
    tree, other = Tree(texts(records())), Tree(texts([decision(0), *records()[1:]]))
    assert judge(growth(), checkpoint=note(tree, 17)).code == 0
    assert judge(growth(), checkpoint=note(tree, SIZE)).code == 0
    assert "整合性の証拠が要ります" in judge(growth(), checkpoint=note(tree, 18)).err
    for size in (17, SIZE):
        assert "食い違います" in judge(growth(), checkpoint=note(other, size)).err


# -- tampering -------------------------------------------------------------------------------------------------------


def changes(value: Any) -> Iterator[Any]:
    """Every small change of one value, and of each thing in it."""
    match value:
        case dict():
            for name, part in value.items():
                yield {each: value[each] for each in value if each != name}
                yield from ({**value, name: other} for other in changes(part))
            yield {**value, "more": None}
        case list():
            for place, part in enumerate(value):
                yield value[:place] + value[place + 1 :]
                yield from ([*value[:place], other, *value[place + 1 :]] for other in changes(part))
            yield [*value, "x"]
            yield [*value, None]
        case bool() | None:
            yield from (0, "", {}, [])
        case int():
            yield from (
                value + 1,
                value - 1,
                -value - 1,
                -1,
                value + 2**32,
                2**60,
                str(value),
                float(value),
                None,
                [value],
                True,
            )
        case str():
            for place in {0, len(value) // 3, len(value) // 2, len(value) - 1}:
                yield value[:place] + ("A" if value[place : place + 1] != "A" else "B") + value[place + 1 :]
            yield from (
                value + " ",
                " " + value,
                value + "\n",
                value[:-1],
                value[1:],
                "",
                value + "\0",
                value + "\ud800",
            )
            yield from (None, 0, [value], {"a": value})


@pytest.mark.slow
@pytest.mark.parametrize("good", [bundle, of_batch, growth], ids=["bundle", "batch", "growth"])
def test_every_single_change_of_a_good_bundle_is_refused(judge: Judge, good: Callable[[], Json]) -> None:
    """Every field in turn, a dozen ways each: exit 6, one line, never a stack trace. The bundle as it is, is taken."""
    start = good()
    assert judge(start).code == 0
    tried = 0
    for changed in changes(start):
        if changed == {**start, "row": None}:
            continue  # a batch without one of its rows says less, and is true
        said = judge(changed)
        assert refused(said), (said, canonical(changed)[:3_000])
        tried += 1
    sys.stdout.write(f"\n{good.__name__}: {tried} changes, all refused\n")
    assert tried > 100


@pytest.mark.long
def test_every_changed_byte_of_a_record_is_refused(judge: Judge) -> None:
    """The record is taken verbatim; not even a space may differ."""
    good = bundle()
    text = good["record"]
    for place in range(0, len(text), 7):
        for other in (chr(ord(text[place]) ^ 1), " " + text[place], ""):
            assert refused(judge({**good, "record": text[:place] + other + text[place + 1 :]})), place


def test_parts_of_two_good_bundles_do_not_mix(judge: Judge) -> None:
    """Path, index, record, checkpoint and editions belong together."""
    one, two = bundle(), bundle(index=PLACE + 2)
    later = Tree(texts(records()))
    for name in ("record", "index", "path"):
        assert refused(judge({**one, name: two[name]})), name
    assert refused(judge({**one, "checkpoint": note(later, SIZE - 1)}))
    assert refused(judge({**one, "checkpoint": note(later, SIZE - 1), "size": SIZE - 1}))
    swapped = [{**one["editions"][0], "text": one["editions"][1]["text"]}, *one["editions"][1:]]
    assert refused(judge({**one, "editions": swapped}))
    grown = growth()
    assert refused(judge({**grown, "from": grown["to"], "to": grown["from"]}))
    assert refused(judge({**grown, "from": note(later, 18)}))
    assert refused(judge({**grown, "from": note(later, 17, origin="other.city/assign")}))
    assert refused(judge({**grown, "format": "assign.bundle/1"}))
    assert refused(judge({**one, "format": "assign.consistency/1"}))


def with_record(place: int, *, text: str | None = None, **more: Any) -> list[Any]:
    """The log with one record written otherwise; everything over it is hashed and signed as it should be."""
    log = records()
    log[place] = {**log[place], **more} if text is None else text
    return log


DECIDED: Json = decision(PLACE)["decision"]


@pytest.mark.parametrize(
    ("log", "part"),
    [
        (with_record(PLACE, seq=PLACE + 1), "番号かログの名"),
        (with_record(PLACE, seq=str(PLACE)), "番号かログの名"),
        (with_record(PLACE, seq=None), "番号かログの名"),
        (with_record(PLACE, origin="other.city/assign"), "番号かログの名"),
        (with_record(1, seq=True), "番号かログの名"),
        (with_record(1, origin="other.city/assign"), "番号かログの名"),
        (with_record(PLACE, text=json.dumps(decision(PLACE), ensure_ascii=False)), "正準"),
        (with_record(PLACE, text=json.dumps(decision(PLACE), sort_keys=True, separators=(",", ":"))), "正準"),
        (with_record(PLACE, text=canonical(decision(PLACE))[:-1] + ',"zz":1.0}'), "整数でない"),
        (with_record(PLACE, text=canonical(decision(PLACE))[:-1] + ',"zz":9007199254740992}'), "大きすぎる"),
        (with_record(PLACE, text=canonical(decision(PLACE))[:-1] + ',"zz":-0}'), "正準"),
        (with_record(PLACE, text=canonical(decision(PLACE))[:-1] + ',"zz":"\\ud800"}'), "JSON として"),
        (with_record(PLACE, text=canonical(decision(PLACE))[:-1] + ',"version":"0.1.0"}'), "二度"),
        (with_record(PLACE, text=canonical(decision(PLACE))[:-1] + ',"zz":NaN}'), "整数でない"),
        (with_record(PLACE, text=canonical([decision(PLACE)])), "番号かログの名"),
        (with_record(PLACE, text="12"), "番号かログの名"),
        (with_record(PLACE, text=""), "JSON として"),
        (with_record(PLACE, editions={**OURS, "list": digest("another")}), "版が足りません"),
        (with_record(PLACE, editions={**OURS, "rules": OURS["list"]}), "版が足りません"),
        (with_record(PLACE, editions={"list": OURS["list"], "rules": OURS["rules"]}), "版が足りません"),
        (with_record(PLACE, editions=None), "版が足りません"),
        (with_record(PLACE, editions={**OURS, "rulings": {}}), "読めない形"),
        (with_record(1, sha256=digest("another")), "公表"),
        (with_record(1, kind="decision"), "公表"),
        (with_record(1, what="rules"), "版が足りません"),
        (with_record(1, what=["list"]), "読めない形"),
        (with_record(PLACE, decision={**DECIDED, "rows": ["nenkin-99"]}), "nenkin-99 は一覧の版に"),
        (with_record(PLACE, decision={**DECIDED, "rows": ["nenkin-24", "kokuho-22"]}), "kokuho-22 は一覧の版に"),
        (with_record(PLACE, decision={**DECIDED, "rows": None}), "読めない形"),
        (with_record(PLACE, decision={**DECIDED, "rules": ["RETAIN"]}), "RETAIN は規則の版に"),
        (with_record(PLACE, decision={**DECIDED, "rules": ["R.*"]}), "R.* は規則の版に"),
        (with_record(PLACE, decision={**DECIDED, "rules": [""]}), "は規則の版に"),
        (with_record(PLACE, decision={**DECIDED, "rules": [7]}), "読めない形"),
        (with_record(PLACE, decision="contractor"), "読めない形"),
    ],
)  # fmt: skip
def test_what_is_rightly_signed_and_still_does_not_fit_is_refused(judge: Judge, log: list[Any], part: str) -> None:
    """Whoever holds the signing key can put anything into the tree; the record must also fit what it names."""
    said = judge(bundle(log))
    assert refused(said)
    assert part in said.err


def test_an_edition_that_came_after_the_record_is_refused(judge: Judge) -> None:
    """A decision cites only what was published before it; nor may it cite itself."""
    log = records()
    log[PLACE + 1] = {**log[1], "seq": PLACE + 1}
    said = judge(bundle(log, editions=(PLACE + 1, 2, 3)))
    assert refused(said)
    assert "公表" in said.err
    earlier = records()
    earlier[PLACE - 1] = {**earlier[1], "seq": PLACE - 1}
    assert judge(bundle(earlier, editions=(PLACE - 1, 2, 3))).code == 0  # the control


def test_a_row_stands_in_its_own_batch_alone(judge: Judge) -> None:
    """Not beside a decision, not in a batch of another size or root, not in another spelling."""
    row = of_batch()["row"]
    assert refused(judge({**bundle(), "row": row}))
    alike = with_record(PLACE, rows=1000, root=ROWS_TREE.root(1000).hex())
    assert refused(judge({**bundle(alike), "row": row}))
    for more in ({"rows": 999}, {"root": digest("another")}, {"root": "xyz"}, {"root": None}, {"rows": None}):
        assert refused(judge({**bundle(with_record(BATCH, **more), index=BATCH), "row": row}))
    second = {"leaf": ROWS[1], "index": 1, "size": 1000, "path": ROWS_TREE.path(1, 1000)}
    assert judge({**bundle(index=BATCH), "row": second}).code == 0
    assert refused(judge({**bundle(index=BATCH), "row": {**second, "index": True}}))
    spaced = [ROWS[0], '{"item": "1"}']
    tree = Tree(spaced)
    log = with_record(BATCH, rows=2, root=tree.root(2).hex())
    for index, code in ((0, 0), (1, 6)):
        part = {"leaf": spaced[index], "index": index, "size": 2, "path": tree.path(index, 2)}
        assert judge({**bundle(log, index=BATCH), "row": part}).code == code


def test_more_keys_and_more_editions_beside_the_right_ones_do_no_harm(judge: Judge) -> None:
    """What is not needed is checked as well, and changes nothing."""
    good = bundle()
    assert judge({**good, "keys": [str(STRANGER.public()), *good["keys"]]}).code == 0
    assert judge({**good, "editions": [*good["editions"], good["editions"][0]]}).code == 0
    spoilt = {**good["editions"][0], "text": good["editions"][0]["text"] + "\n"}
    assert refused(judge({**good, "editions": [*good["editions"], spoilt]}))
    assert refused(judge({**good, "keys": [*good["keys"], "key"]}))
    assert "項目は format, record" in judge({**good, "more": None}).err


def test_nothing_that_a_record_says_controls_the_terminal(judge: Judge) -> None:
    """Escape sequences, new lines that feign other lines, and direction marks are shown as codes."""
    given = {"division": "\x1b[2J年金\u202e", "item": "２４\n検証できました", "channel": "\u3000窓口\t\x07"}
    said = judge(bundle(with_record(PLACE, given=given)))
    assert said.code == 0
    assert not set("\x1b\u202e\x07") & set(said.out)
    assert said.out.count("\n検証できました") == 0
    assert "\\x1b[2J年金\\u202e / ２４\\n検証できました / \u3000窓口\t\\x07" in said.out


# -- anything at all -------------------------------------------------------------------------------------------------

GARBAGE: list[bytes] = [
    b"", b"\0", b" ", b"\xff\xfe{}", b"\xef\xbb\xbf{}", b"{", b"}", b"null", b"true", b"0", b"-", b"[]", b"{}", b'""', b"NaN",
    b"Infinity", b"1e999", b"\x80", b"\xed\xa0\x80", b"[" * 100_000, b'{"a":' * 100_000, b"[" * 100_000 + b"]" * 100_000,
    b"1" * 1_000_000, b"-" + b"9" * 5_000, b'{"a":1,"a":1}', b'{"format":"assign.bundle/1"}', b'{"format":[]}', b'{"format":{}}',
    b'{"format":null}', b'{"format":"assign.bundle/2"}', b'"\\ud800"', b'{"\\ud800":1}', b"{'a':1}", b"{}{}", b'{"a":0x10}',
    b"\x1f\x8b\x08\x00", b"PK\x03\x04", b"<xml/>", b"[1,]", b'"\x01"', b'{"format":"assign.consistency/1","format":"assign.bundle/1"}',
]  # fmt: skip


@pytest.mark.parametrize("data", GARBAGE, ids=range(len(GARBAGE)))
def test_garbage_is_refused_in_one_line(judge: Judge, data: bytes) -> None:
    """As a bundle and as a checkpoint."""
    assert refused(judge(data))
    assert refused(judge(bundle(), checkpoint=data))


def test_a_double_name_anywhere_in_a_bundle_is_refused(judge: Judge) -> None:
    """Of two, one reader takes the first and another the last."""
    text = json.dumps(bundle())
    for name in ("format", "record", "index", "keys", "row", "text"):
        at = text.index(f'"{name}":')
        said = judge(text[:at] + f'"{name}":0,' + text[at:])
        assert refused(said)
        assert "二度" in said.err


@pytest.mark.slow
def test_a_thousand_damaged_files_are_each_refused_in_one_line(judge: Judge) -> None:
    """Bytes turned, dropped, doubled, cut off; unless the JSON still says the same."""
    rng = random.Random(8032)
    small = bundle(index=1, editions=())
    starts = [json.dumps(each, ensure_ascii=False).encode() for each in (small, growth())]
    whole = [json.loads(each) for each in starts]
    codes = {0: 0, 6: 0}
    for turn in range(1_000):
        data = bytearray(starts[turn % 2])
        for _ in range(rng.choice([1, 1, 1, 2, 5])):
            at = rng.randrange(len(data))
            match rng.randrange(4):
                case 0:
                    data[at] ^= 1 << rng.randrange(8)
                case 1:
                    del data[at : at + rng.randrange(1, 9)]
                case 2:
                    data[at:at] = data[at : at + rng.randrange(1, 40)] or b"}"
                case _:
                    data[at] = rng.choice(b'\0"{}[],:\\\x7f\xff0e.-')
            data = data or bytearray(b"{")
        if rng.random() < 0.05:
            data = data[: rng.randrange(len(data))]
        said = judge(bytes(data))
        try:
            unchanged = json.loads(bytes(data)) in whole
        except (ValueError, RecursionError):
            unchanged = False
        assert refused(said) or (said.code == 0 and unchanged), (bytes(data), said)
        codes[said.code] += 1
    assert codes[6] > 900 > codes[0] > 0


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from([ORIGIN, "AAAA", "=" * 44]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.slow
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_value_in_any_place_is_refused(judge: Judge, data: st.DataObject) -> None:
    """Also deep inside the record, signed and hashed as it should be."""
    makers: list[Callable[[], Json]] = [bundle, growth, of_batch]
    good = data.draw(st.sampled_from(makers))()
    name = data.draw(st.sampled_from(sorted(good)))
    other = data.draw(ANYTHING)
    if other not in (good[name], None):
        said = judge(json.dumps({**good, name: other}))
        assert refused(said)
    said = judge(bundle(with_record(PLACE, decision=other)))
    assert refused(said) or (said.code, said.err) == (0, "")


@pytest.mark.long
@given(ANYTHING)
def test_canonical_json_is_that_of_rfc_8785(value: Any) -> None:
    """Held against the package rfc8785, for what is taken at all: no fractions, no numbers from 2**53, whole characters."""
    try:
        mine = verifier.canonical(value).encode()
    except (verifier.WrongError, UnicodeEncodeError):
        text = json.dumps(value)
        assert (
            "." in text
            or "e" in text
            or "N" in text
            or "Infinity" in text
            or "\\ud" in text
            or any(map(str.isdigit, text))
        )
        return
    assert mine == rfc8785.dumps(value)
    assert verifier.parsed(mine.decode()) == value


def test_names_are_sorted_by_utf_16_as_rfc_8785_has_it() -> None:
    """The example of its section 3.2.3: a character beyond the first plane comes before one at the end of it."""
    names = ["\u20ac", "\r", "\ufb33", "1", "\U0001f600", "\u0080", "\u00f6"]
    ordered = list(json.loads(verifier.canonical(dict.fromkeys(names, 0))))
    assert ordered == ["\r", "1", "\u0080", "\u00f6", "\u20ac", "\U0001f600", "\ufb33"]


@pytest.mark.slow
def test_what_the_product_proves_is_verified(tmp_path: Path) -> None:
    """A decision, a row of a batch and growth, from `assign audit`, by the file that `assign audit verifier` gives out."""
    home = {**os.environ, "XDG_CONFIG_HOME": str(tmp_path), "ASSIGN_ORIGIN": ORIGIN, "ASSIGN_AUDIT": "sqlite:///log.db"}
    for name in [name for name in home if name.startswith("ASSIGN_KEY")]:
        del home[name]
    (tmp_path / "in.csv").write_text("division,item,channel\nnenkin,24,counter\n国保,22-3,窓口\n", "utf-8")
    for words in (
        "audit init", "decide --division 年金 --item ２４ --channel 窓口 --record", "audit checkpoint --to old.txt",
        "batch in.csv out.csv --record", "audit checkpoint --to new.txt", "audit verifier --out verify.py",
        "audit prove 4 --checkpoint old.txt --to decision.json", "audit growth old.txt new.txt --to growth.json",
        "audit prove 5 --row 2 --file out.csv --checkpoint new.txt --to row.json",
    ):  # fmt: skip
        done = subprocess.run(
            [sys.executable, "-m", "assign", *words.split()], cwd=tmp_path, env=home, capture_output=True, check=False
        )
        assert done.returncode == 0, (words, done)
    for file, own, part in (
        ("decision.json", "old.txt", "担当: 市職員 / 確定"), ("row.json", "new.txt", "kokuho-22-3"),
        ("growth.json", "old.txt", "初めの部分: 5 / "), ("growth.json", "new.txt", "チェックポイント: 6 / "),
    ):  # fmt: skip
        verify = [sys.executable, "-I", "-S", "verify.py", file, "--checkpoint", own]
        key = (tmp_path / f"{own}.pub").read_text("ascii").strip()
        done = subprocess.run([*verify, "--key", key], cwd=tmp_path, capture_output=True, check=False)
        assert done.returncode == 0, (file, done)
        assert part in done.stdout.decode()
        other = subprocess.run([*verify, "--key", str(KEY.public())], cwd=tmp_path, capture_output=True, check=False)
        assert other.returncode == 6


# -- as a command ----------------------------------------------------------------------------------------------------


def command(*arguments: object, **how: Any) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-I", "-S", FILE, *map(str, arguments)], check=False, **{"capture_output": True, **how}
    )


@pytest.mark.long
def test_mistyped_is_2_unreadable_is_1_wrong_is_6(tmp_path: Path) -> None:
    """And none of them with a stack trace, or with a word on standard output."""
    file, wrong = tmp_path / "b.json", tmp_path / "w.json"
    file.write_text(json.dumps(bundle()), "utf-8")
    wrong.write_text("{}", "utf-8")
    for code, arguments in (
        (2, []), (2, [file, "--lang", "fr"]), (2, [file, "--key", "a+b"]), (1, [file, "--key", "key"]), (2, [file, file]), (2, ["--what", file]),
        (1, [tmp_path / "none.json"]), (1, [tmp_path]), (1, [file, "--checkpoint", tmp_path / "none.txt"]),
        (1, [file, "--checkpoint", ""]), (1, [""]), (6, [wrong]), (6, [file, "--checkpoint", wrong]), (6, [wrong, "--lang", "en"]),
    ):  # fmt: skip
        done = command(*arguments)
        assert done.returncode == code, (arguments, done)
        assert done.stderr
        assert b"Traceback" not in done.stderr
        assert done.stdout == b""


def test_a_key_is_a_value_or_a_file_and_a_missing_file_is_no_failed_proof(tmp_path: Path) -> None:
    """As docs/audit.md has the command; each message is in one language."""
    file, key = tmp_path / "b.json", tmp_path / "checkpoint.txt.pub"
    file.write_text(json.dumps(bundle()), "utf-8")
    key.write_text(f"{KEY.public()}\n", "utf-8")
    assert command(file, "--key", key).returncode == 0
    assert command(file, "--key", str(KEY.public())).returncode == 0
    none = command(tmp_path / "pr.json").stderr.decode()
    assert none == f"`{tmp_path / 'pr.json'}` を開けません（ありません）\n"
    wrong = command(file, "--key", "a+b").stderr.decode()
    assert wrong == "検証できません: 公開鍵の形ではありません（名前+番号+値）\n"


def test_where_its_output_fails_it_does_not_say_verified(tmp_path: Path) -> None:
    """A full disk or a reader that has gone: exit 1, one line."""
    file = tmp_path / "b.json"
    file.write_text(json.dumps(bundle()), "utf-8")
    read, write = os.pipe()
    os.close(read)
    done = command(file, capture_output=False, stdout=write, stderr=subprocess.PIPE)
    os.close(write)
    assert done.returncode == 1
    assert done.stderr.count(b"\n") == 1


@pytest.mark.long
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
def test_help_is_in_both_languages_and_each_message_blames_what_it_means(tmp_path: Path) -> None:
    """argparse's headings were English alone, and a disk that is full was a file that cannot be opened."""
    told = command("--help", env={"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"})
    assert told.returncode == 0
    text = told.stdout.decode("utf-8")
    assert text.startswith("証明のファイルを検証します")
    assert "使い方 / usage: " in text
    assert all(width(line) <= 80 for line in text.split("\n"))
    assert command("-h").stdout == told.stdout
    file = tmp_path / "b.json"
    file.write_text(json.dumps(bundle()), "utf-8")
    for arguments in ([file], ["--help"]):
        with Path("/dev/full").open("wb") as full:
            done = command(*arguments, capture_output=False, stdout=full, stderr=subprocess.PIPE)
        assert (done.returncode, done.stderr.decode()) == (1, "`stdout` に書けません（ディスクに空きがありません）\n")
    done = subprocess.run(["sh", "-c", f"'{sys.executable}' -I '{FILE}' --help >&-"], capture_output=True, check=False)
    assert (done.returncode, done.stderr.decode()) == (1, "`stdout` に書けません（閉じられています）\n")
    for words in ([], [file, file], [file, "--checkpoint", file, "--checkpoint", file], [file, "--lang", "fr"]):
        done = command(*words)
        assert (done.returncode, done.stderr.count(b"\n")) == (2, 1)
        assert "BUNDLE.json を 1 つ" in done.stderr.decode()
    assert b"--help" in command("--what", file, "--lang", "en").stderr


def test_it_writes_utf_8_whatever_the_locale(tmp_path: Path) -> None:
    """An auditor's machine may be set to anything."""
    file = tmp_path / "b.json"
    file.write_text(json.dumps(bundle()), "utf-8")
    for locale in ("C", "POSIX", "ja_JP.eucJP"):
        done = command(file, env={"LC_ALL": locale, "LANG": locale})
        assert done.returncode == 0
        assert "検証できました" in done.stdout.decode("utf-8")
