"""The verifier that an auditor takes along: what it takes, and how it ends as a command."""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from assign.audit import verifier
from assign.columns import width

from .bundles import (
    BATCH,
    EDITIONS,
    KEY,
    ORIGIN,
    ROWS,
    SIZE,
    STRANGER,
    Judge,
    Tree,
    bundle,
    decision,
    growth,
    note,
    of_batch,
    records,
    refused,
    texts,
)
from .bundles import _judge as _judge  # noqa: PLC0414 - a fixture
from .bundles import _quick as _quick  # noqa: PLC0414 - a fixture

FILE = Path(verifier.__file__)
CAUTION = verifier.CAUTION[0]

# -- the file itself -------------------------------------------------------------------------------------------------


def test_it_is_one_short_file_of_the_standard_library() -> None:
    """Some 320 lines, so that it can be read; no import of assign or of anything that must be installed."""
    source = FILE.read_text("utf-8")
    assert len(source.splitlines()) < 335
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
    file.write_text(json.dumps(bundle()) + "\n", "utf-8")
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
    file.write_text(json.dumps(bundle()) + "\n", "utf-8")
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
    file.write_text(json.dumps(bundle()) + "\n", "utf-8")
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
    file.write_text(json.dumps(bundle()) + "\n", "utf-8")
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
    file.write_text(json.dumps(bundle()) + "\n", "utf-8")
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
    file.write_text(json.dumps(bundle()) + "\n", "utf-8")
    for locale in ("C", "POSIX", "ja_JP.eucJP"):
        done = command(file, env={"LC_ALL": locale, "LANG": locale})
        assert done.returncode == 0
        assert "検証できました" in done.stdout.decode("utf-8")
