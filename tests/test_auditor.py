"""An auditor who reads docs/audit.md and tries the commands: where the log is, whose key it was, and what ties the paper to its proof."""

from __future__ import annotations

import json
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest

from .test_audit_cli import Balanced
from .test_audit_cli import begun as begun  # noqa: PLC0414 - a fixture
from .test_audit_cli import url as url  # noqa: PLC0414 - a fixture
from .trail import _home as _home  # noqa: PLC0414 - a fixture
from .trail import broken_into, cli

pytestmark = pytest.mark.long


@pytest.mark.parametrize("words", [["list"], ["show", "1"], ["verify"], ["export"], ["prove", "1"]])
def test_who_reads_a_log_that_is_not_there_is_told_to_look_at_its_place(words: list[str], url: str) -> None:
    """An auditor who followed "`assign audit init` makes it" made an empty log at the mistyped place."""
    for given in (["--audit", f"{url}x"], ["--origin", "example.city/other"]):
        for lang, says in (("ja", "確かめてください"), ("en", "check where `ASSIGN_AUDIT` (`--audit`) points")):
            told = cli("audit", *words, *given, "--lang", lang)
            assert (told.code, says in told.err, "init" in told.err) == (1, True, False), told.err


def test_a_log_that_a_checkpoint_knows_is_missing_by_mistake_or_on_purpose(url: str, tmp_path: Path) -> None:
    """6: it may have been deleted, which is evidence; `init` would destroy that."""
    for lang, says in (("ja", ("確かめてください", "消されたか")), ("en", ("check where", "was deleted"))):
        told = cli("audit", "verify", "--against", tmp_path / "outside", "--audit", f"{url}x", "--lang", lang)
        assert told.code == 6
        assert all(each in told.out for each in says), told.out
        assert "init" not in told.out


@pytest.mark.usefixtures("url")
def test_a_record_has_one_hash_under_one_name_wherever_it_is_shown(tmp_path: Path) -> None:
    """The sheet's hash stood nowhere else: nothing tied the paper to the proof of what it says."""
    assert cli("audit", "verifier", "--out", tmp_path / "verify.py").code == 0
    assert cli("audit", "prove", "5", "--checkpoint", tmp_path / "outside", "--to", tmp_path / "proof.json").code == 0
    record = json.loads((tmp_path / "proof.json").read_text("utf-8"))["record"].encode()
    digest = sha256(b"\0" + record).hexdigest()
    assert json.loads(cli("audit", "show", "5", "--json").out)["leaf_hash"] == digest
    for lang, name in (("ja", "この記録のハッシュ"), ("en", "Hash of this record")):
        sheet = Balanced()
        sheet.feed(cli("audit", "export", "5", "--format", "html", "--lang", lang).out)
        assert f"{name}{digest}" in sheet.text
        assert f"{name}: {digest}\n" in cli("audit", "show", "5", "--lang", lang).out
        proved = subprocess.run(
            [sys.executable, "-I", "-S", "verify.py", "proof.json", "--lang", lang],
            capture_output=True, text=True, check=True, cwd=tmp_path,
        )  # fmt: skip
        assert f"{name}: {digest}\n".lower() in proved.stdout.lower()


@pytest.mark.usefixtures("url")
def test_the_sheet_says_how_it_is_checked_and_that_it_does_not_say_whether_it_was() -> None:
    """`assign audit prove N` alone asks for the secret key, which an auditor has not."""
    for lang, says in (
        ("ja", "確かめたかどうかは、この紙では分かりません"),
        ("en", "does not say whether the log was"),
    ):
        sheet = cli("audit", "export", "4", "--format", "html", "--lang", lang).out
        assert says in sheet
        assert " --checkpoint " in sheet.partition("<footer>")[2]


@pytest.mark.usefixtures("url")
def test_an_export_is_of_one_record_by_its_number_as_show_is() -> None:
    """The paper on one answer was to be had by the case's random number alone."""
    [record] = map(json.loads, cli("audit", "export", "5").out.splitlines())
    assert record["seq"] == 5
    assert cli("audit", "export", "5", "--format", "html").out.count("<section>") == 1
    assert len(cli("audit", "export", "0", "--format", "csv").out.splitlines()) == 2
    for words, code, says in (
        (["99"], 3, "その番号の記録はありません"),
        (["0", "--format", "html"], 2, "判定の記録ではありません"),
        (["5", "--kind", "decision"], 2, "一緒に使えません"),
    ):
        told = cli("audit", "export", *words)
        assert (told.code, told.out, says in told.err) == (code, "", True), told


@pytest.mark.usefixtures("url")
def test_whose_key_a_checkpoint_was_held_against_is_said(tmp_path: Path) -> None:
    """A log that was made anew agrees with its own checkpoint under its own key: without `--key` that is no proof."""
    against = ["verify", "--against", tmp_path / "outside"]
    for lang, says in (("ja", "公開鍵は記録の中のもの"), ("en", "The public key is the log's own")):
        assert says in cli("audit", *against, "--lang", lang).out
        assert says not in cli("audit", *against, "--key", tmp_path / "outside.pub", "--lang", lang).out
        assert says not in cli("audit", "verify", "--lang", lang).out
    for key, number in (([], 0), (["--key", tmp_path / "outside.pub"], 1)):
        assert json.loads(cli("audit", *against, *key, "--json").out)["keys_given"] == number


@pytest.mark.usefixtures("url")
def test_findings_that_are_of_no_one_record_give_no_all_clear(tmp_path: Path) -> None:
    """「誤りが 1 件あります。記録そのものの誤りはありません」 was read as: all is well."""
    with broken_into(tmp_path / "audit.db") as db:
        db.execute("CREATE TABLE foreign_table (x)")
    for lang, says, clear in (("ja", "誤りが 1 件あります\n", "ありません"), ("en", "1 findings\n", "none")):
        told = cli("audit", "verify", "--lang", lang)
        assert (told.code, told.out.partition("\n")[2].startswith(says), clear in told.out) == (6, True, False), told
