"""`assign audit …` and `decide --record` as commands: exit codes, two languages, JSON, widths, whole files, no answer without a record."""

from __future__ import annotations

import json
import re
import resource
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from html.parser import HTMLParser
from pathlib import Path

import pytest

from assign.columns import width
from assign.log.keys import key_file
from assign.log.log import Log
from assign.log.record import new_id

from .logs import unmeasured
from .trail import ORIGIN, PYTHON, at_home, broken_into, cli
from .trail import _home as _home  # noqa: PLC0414 - a fixture

pytestmark = pytest.mark.long

KEY = "0b0cf1c2-6b5f-4b62-9d1f-6e5a0c1d2e3f"
ASKED = ("--division", "nenkin", "--item", "24", "--channel", "counter", "--engine", "table", "--on", "2026-11-25")


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log of eight records, its key, and a checkpoint of it outside: written once, since that takes longer than most tests."""
    place = tmp_path_factory.mktemp("begun")
    with pytest.MonkeyPatch.context() as patch:
        at_home(place, patch)
        patch.setenv("ASSIGN_AUDIT", f"sqlite:///{place}/audit.db")
        assert cli("audit", "init", "--origin", ORIGIN).code == 0
        for item in ("24", "23"):
            assert cli("decide", "--record", "--division", "nenkin", "--item", item, "--engine", "table").code == 0
        assert cli("audit", "checkpoint", "--to", place / "outside").code == 0
    return place


@pytest.fixture
def url(begun: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A copy of it of the test's own, named by ASSIGN_AUDIT."""
    shutil.copytree(begun, tmp_path, dirs_exist_ok=True)
    found = f"sqlite:///{tmp_path}/audit.db"
    monkeypatch.setenv("ASSIGN_AUDIT", found)
    return found


@pytest.mark.usefixtures("url")
@pytest.mark.parametrize(
    ("words", "ja", "en"),
    [
        (["init"], "公開鍵", "public key"),
        (["publish"], "新しい版はありません", "nothing new"),
        (["show", "4"], "市職員", "City staff"),
        (["show", "0"], "記録の始まり", "log begun"),
        (["list"], "8 件", "8 records"),
        (["list", "--limit", "1"], "1 件", "1 records"),
        (["list", "--division", "年金", "--kind", "decision"], "4 件", "4 records"),
        (["verify"], "--against", "--against"),
        (
            ["verify", "--against", "outside", "--key", "outside.pub"],
            "外のチェックポイントと合います",
            "It fits the checkpoint",
        ),
        (["replay"], "同じ（1 バイトも違わない）: 4", "the same to the byte: 4"),
        (["replay", "--first", "5", "--last", "6"], "バイトも違わない）: 2", "to the byte: 2"),
        (["checkpoint", "--to", "another"], "8 件", "8 records"),
        (["prove", "4", "--to", "bundle.json"], "bundle.json", "bundle.json"),
        (["growth", "outside", "outside", "--to", "growth.json"], "growth.json", "growth.json"),
        (["backup", "backup.db"], "8 件", "8 records"),
        (["stats"], "市職員", "city staff"),
        (["exceptions"], "0 件", "0 exceptions"),
        (["key"], "今の鍵", "now"),
        (["rebuild"], "作り直しました", "made anew"),
        (["export", "--format", "html"], "説明書", "Decisions on consigned work"),
    ],
)
def test_every_command_answers_in_japanese_and_english(
    words: list[str], ja: str, en: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit 0, nothing on stderr, tables no wider than a terminal."""
    monkeypatch.chdir(tmp_path)
    for lang, says in (("ja", ja), ("en", en)):
        done = cli("audit", *words, "--lang", lang)
        assert (done.code, done.err) == (0, "")
        assert says in done.out
        if words[0] in ("replay", "stats", "exceptions", "publish"):
            assert not [line for line in done.out.split("\n") if width(line) > 80]
        (tmp_path / "backup.db").unlink(missing_ok=True)


@pytest.mark.usefixtures("url")
@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["show", "8"], 3),
        (["show", "x"], 2),
        (["show", "-1"], 2),
        (["show", "９"], 2),
        (["show"], 2),
        (["list", "--from", "yesterday"], 2),
        (["list", "--division", "nenkn"], 3),
        (["list", "--assignee", "me"], 2),
        (["list", "--case", "1234-5678-9012"], 2),
        (["list", "--limit", "-5"], 2),
        (["verify", "--against", "/nowhere"], 1),
        (["verify", "--against", "/dev/null"], 1),
        (["verify", "--key", "nonsense"], 1),
        (["verify", "--audit", "sqlite:////nowhere/audit.db"], 1),
        (["verify", "--audit", "mysql://x"], 2),
        (["verify", "--audit", "postgresql://nobody@127.0.0.1:1/none"], 1),
        (["verify", "--origin", "other.city/assign"], 1),
        (["checkpoint", "--to", "/nowhere/x"], 1),
        (["checkpoint", "--to", "x", "--every", "0"], 2),
        (["checkpoint"], 2),
        (["prove", "9", "--to", "x"], 3),
        (["prove", "4", "--to", "/nowhere/x"], 1),
        (["growth", "/nowhere", "/nowhere", "--to", "x"], 1),
        (["export", "--format", "pdf"], 2),
        (["export", "--out", "/nowhere/x"], 1),
        (["backup", "/nowhere/x.db"], 1),
        (["restore", "/nowhere/x.db"], 1),
        (["key", "--rotate", "/dev/null"], 1),
        (["init", "--grant", "clerk"], 2),
        (["exceptions", "--late", "x"], 2),
        (["exceptions", "--late", "999999999999"], 0),
        (["gossip"], 2),
    ],
)
def test_every_way_out_has_its_code_and_one_line_and_one_json_object(words: list[str], code: int) -> None:
    """contract.md, 'Exit codes'."""
    done = cli("audit", *words)
    assert done.code == code, done
    if code:
        assert done.out == ""
        assert done.err.count("\n") == 1
        assert "内部" not in done.err
    told = cli("audit", *words, "--json")
    if code and "JSON" in cli("audit", words[0], "--help").out:
        assert set(json.loads(told.err)["error"]) == {"code", "message", "candidates"}


@pytest.mark.usefixtures("url")
def test_what_is_missing_is_named_with_the_help_of_its_own_command() -> None:
    """`assign checkpoint --help` was advised, and there is no such command."""
    missing = cli("audit", "checkpoint").err
    assert "`--to FILE`" in missing, "not FILE alone, as if it were an argument"
    assert "`assign audit checkpoint --help`" in missing
    assert "`assign batch --help`" in cli("batch").err


@pytest.mark.usefixtures("url")
def test_a_key_is_changed_with_and_without_the_one_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With it, it signs the new one; without it that is said, and the log goes on."""
    monkeypatch.delenv("ASSIGN_KEY", raising=False)
    done = cli("audit", "key", "--rotate", tmp_path / "second")
    told = "署名はありません" in done.out
    monkeypatch.setenv("ASSIGN_KEY_FILE", str(tmp_path / "second"))
    assert "署名はありません" not in cli("audit", "key", "--rotate", tmp_path / "third").out
    assert "has not signed" in cli("audit", "key", "--rotate", tmp_path / "fourth", "--lang", "en").out
    assert cli("audit", "exceptions").out.count("署名のない鍵の交替") == 1 + told


@pytest.mark.usefixtures("url")
def test_json_is_what_programs_read(tmp_path: Path) -> None:
    """One value on stdout, or in the file."""
    verified = json.loads(cli("audit", "verify", "--against", tmp_path / "outside", "--json").out)
    assert verified["ok"] is True
    assert (verified["records"], verified["covered"], verified["first_bad"]) == (8, 8, None)
    assert json.loads(cli("audit", "replay", "--json").out)["outcomes"]["same"] == 4
    assert [each["seq"] for each in json.loads(cli("audit", "list", "--json").out)] == list(range(8))
    assert json.loads(cli("audit", "exceptions", "--json").out) == []
    assert json.loads(cli("audit", "show", "4", "--json").out)["replay"] == "same"
    done = cli("audit", "stats", "--json", "--out", tmp_path / "stats.json")
    assert (done.code, done.out) == (0, "")
    assert json.loads((tmp_path / "stats.json").read_text("utf-8"))["records"] == 8


@pytest.mark.usefixtures("url")
def test_a_proof_goes_to_its_file_or_to_stdout_and_the_verifier_takes_both(tmp_path: Path) -> None:
    """`audit prove ID` is the whole command (contract.md)."""
    assert cli("audit", "verifier", "--out", tmp_path / "verify.py").code == 0
    outside = ["--checkpoint", tmp_path / "outside"]
    assert cli("audit", "prove", "4", *outside, "--to", tmp_path / "file.json").code == 0
    done = cli("audit", "prove", "4", *outside)
    assert (done.code, done.err) == (0, "")
    assert done.out == (tmp_path / "file.json").read_text("utf-8")
    (tmp_path / "stdout.json").write_text(done.out, "utf-8")
    grown = cli("audit", "growth", tmp_path / "outside", tmp_path / "outside")
    (tmp_path / "growth.json").write_text(grown.out, "utf-8")
    for bundle in ("file.json", "stdout.json", "growth.json"):
        checked = subprocess.run(
            [sys.executable, "-I", tmp_path / "verify.py", tmp_path / bundle], capture_output=True, check=False
        )
        assert checked.returncode == 0, checked.stderr.decode()


@pytest.mark.usefixtures("url")
def test_all_records_of_a_case_are_found_by_its_id() -> None:
    """An auditor has the case's number on a paper, and a case has several answers."""
    case = new_id()
    for item in ("24", "25"):
        words = ["--division", "nenkin", "--item", item, "--channel", "counter", "--case", case, "--engine", "table"]
        assert cli("decide", "--record", *words).code == 0
    assert [each["seq"] for each in json.loads(cli("audit", "list", "--case", case, "--json").out)] == [8, 9]
    assert cli("audit", "export", "--case", case.upper()).out.count("\n") == 2
    assert json.loads(cli("audit", "list", "--case", new_id(), "--json").out) == []


@pytest.mark.usefixtures("url")
@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("UPDATE record SET payload = payload || x'20' WHERE at & 255 = 5", "altered"),
        ("DELETE FROM record WHERE at & 255 = 5", "deleted"),
        ("DELETE FROM record WHERE at & 255 > 4", "tail_deleted"),
    ],
)
def test_something_wrong_is_exit_6_with_the_first_bad_record(statement: str, code: str, tmp_path: Path) -> None:
    """In both languages, and in JSON; no damaged log is exported, backed up or signed in silence."""
    with broken_into(tmp_path / "audit.db") as db:
        db.execute(statement)
    outside = ("--against", tmp_path / "outside")
    for lang in ("ja", "en"):
        done = cli("audit", "verify", *outside, "--lang", lang)
        assert done.code == 6
        assert "5" in done.out
    told = cli("audit", "verify", *outside, "--json")
    assert told.code == 6
    assert json.loads(told.out)["first_bad"] == 5
    assert code in {each["code"].replace("payload_", "") for each in json.loads(told.out)["findings"]}
    assert cli("audit", "backup", tmp_path / "backup.db").code in (1, 6)
    assert not list(tmp_path.glob("*backup*"))
    if code == "tail_deleted":
        assert cli("audit", "checkpoint", "--to", tmp_path / "new").code == 1
        assert not (tmp_path / "new").exists()
    if code == "altered":
        out = tmp_path / "export.jsonl"
        told = cli("audit", "export", "--out", out)
        assert (told.code, "記録 5 を読めません" in told.err) == (1, True)
        assert len(out.read_text("utf-8").splitlines()) == 7
        assert cli("audit", "replay").code == 6
        assert cli("audit", "list").code == 1


def test_a_retry_with_the_same_key_prints_the_same_and_writes_nothing(url: str) -> None:
    """One record; the receipt on stderr says that it was there before."""
    first, again = (cli("decide", "--record", *ASKED, "--key", KEY, "--json") for _ in range(2))
    assert first.code == again.code == 0
    assert first.out == again.out
    receipts = [json.loads(done.err)["record"] for done in (first, again)]
    assert [each["created"] for each in receipts] == [True, False]
    assert receipts[0]["seq"] == receipts[1]["seq"] == 8
    plain = [cli("decide", "--record", *ASKED, "--key", KEY.upper()).out for _ in range(2)]
    assert plain[0] == plain[1]
    other = cli("decide", "--record", *ASKED, "--act", "receive", "--key", KEY)
    assert (other.code, other.out) == (2, "")
    assert KEY not in other.err
    assert "この `--key` は別の依頼で" in other.err  # as it is typed
    log = Log.open(url)
    assert log.size == 9
    log.close()


def _full(path: Path) -> None:
    with broken_into(path) as db:
        db.execute("CREATE TRIGGER full BEFORE INSERT ON record BEGIN SELECT RAISE(ABORT, 'no'); END")


def _no_log(path: Path) -> None:
    path.write_bytes(b"not a database at all" * 400)


def _folder(path: Path) -> None:
    for each in path.parent.glob("audit.db*"):
        each.unlink()
    path.mkdir()


@pytest.mark.usefixtures("url")
@pytest.mark.parametrize("breaks", [_full, _no_log, _folder])
def test_no_answer_is_given_that_could_not_be_recorded(breaks: Callable[[Path], None], tmp_path: Path) -> None:
    """Exit 1, one line, and nothing on stdout or in the file."""
    breaks(tmp_path / "audit.db")
    for more in ([], ["--json"], ["--out", tmp_path / "answer"], ["--lang", "en"]):
        done = cli("decide", "--record", *ASKED, *more)
        assert (done.code, done.out) == (1, "")
        assert done.err.count("\n") == 1
    assert not (tmp_path / "answer").exists()


@pytest.mark.usefixtures("url")
def test_a_disk_that_is_full_gives_no_answer() -> None:
    """A real limit of the operating system on how large a file may grow, in a process of its own."""
    limit = 1000

    def small() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    words = [*PYTHON, "decide", "--record", *ASKED]
    done = subprocess.run(words, preexec_fn=small, env=unmeasured(), capture_output=True, check=False)
    assert done.returncode in (1, -25)  # a process that ignores SIGXFSZ is told, as Python is
    assert done.stdout == b""
    assert b"Traceback" not in done.stderr


def test_the_log_goes_where_it_is_said_and_only_with_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`--audit` before ASSIGN_AUDIT before the user's data folder; whoever names a log without `--record` is told."""
    assert cli("decide", *ASKED).code == 0
    assert not list(tmp_path.rglob("*.db"))
    for option in ("--audit", "--origin", "--role", "--case", "--key", "--corrects"):
        assert cli("decide", *ASKED, option, "x").code == 2
    assert cli("decide", "--record", *ASKED).code == 0
    assert (tmp_path / "data" / "assign" / "audit.db").exists()
    monkeypatch.setenv("ASSIGN_AUDIT", f"sqlite:///{tmp_path}/named.db")
    assert cli("decide", "--record", *ASKED).code == 0
    assert cli("decide", "--record", *ASKED, "--audit", f"sqlite:///{tmp_path}/typed.db").code == 0
    assert {path.name for path in tmp_path.glob("*.db")} == {"named.db", "typed.db"}
    assert key_file("assign.local/log").stat().st_mode & 0o077 == 0
    slip = cli("decide", "--record", *ASKED, "--origin", "exmaple.city/assign")
    assert (slip.code, slip.out) == (1, "")


class Balanced(HTMLParser):
    """Counts tags that do not close, and keeps the text."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text = ""
        self.lang: str | None = None
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "html":
            self.lang = dict(attrs).get("lang")
        self.seen.add(tag)
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.usefixtures("url")
def test_the_sheet_is_sound_html_in_the_language_asked_for(tmp_path: Path) -> None:
    """Balanced, with its language; a damaged record's words are said to be lost, and markup in it stays text."""
    for lang, says in (("ja", "市職員（確定）"), ("en", "City staff")):
        out = tmp_path / f"sheet.{lang}.html"
        assert cli("audit", "export", "--format", "html", "--lang", lang, "--out", out).code == 0
        page = Balanced()
        page.feed(out.read_text("utf-8"))
        assert (page.open, page.lang) == ([], lang)
        assert says.lower() in page.text.lower()
        assert page.text.count("nenkin") == 0
        assert "国民年金 24 障害基礎年金 相談、請求の受付" in page.text
        assert "RETAINED（委託しない業務）" in page.text or lang == "en"
        edition = {"ja": "委託業務一覧 版 c23591d651e7d7b6", "en": "国保事務センター edition c23591d651e7d7b6"}[lang]
        assert edition in page.text  # whose list it is; the name of our text file says nothing to an auditor
        assert "000_c23591d651e7d7b6.txt" not in page.text
        assert "2026-11-28" in page.text
        assert not re.search(r"[0-9a-f]{16}…", page.text)
        assert len(re.findall(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])", page.text)) >= 4
        assert {"ja": "日本時間", "en": "Japan time"}[lang] in page.text
    with broken_into(tmp_path / "audit.db") as db:
        db.execute(
            "UPDATE edition SET data = ? WHERE data LIKE 'decision_table.yaml%' OR sha256 IN (SELECT value FROM publication)",
            (b"<b>",),
        )
    page = Balanced()
    page.feed(cli("audit", "export", "--format", "html").out)
    assert page.open == []
    assert "b" not in page.seen
    assert page.text.count("作り直せません") == 4


@pytest.mark.usefixtures("url")
def test_the_sheet_stands_alone_on_paper() -> None:
    """The act in the heading, by its title; hashes whole, rules named, the day on which the law was read, Japan's time."""
    assert cli("decide", "--record", *ASKED, "--act", "decide").code == 0
    for lang, head in (("ja", "【窓口】の「決定（支給・不支給、認定、賦課）」"), ("en", "counter: decision (grant")):
        page = Balanced()
        page.feed(cli("audit", "export", "--format", "html", "--lang", lang).out)
        assert page.text.count(head) == 1 + (lang == "ja")  # where it is asked, Japanese says it the same way
        for rule in (
            ("CONSIGNED（委託する業務）", "RETAINED（委託しない業務）")
            if lang == "ja"
            else ("CONSIGNED (Consigned work)",)
        ):
            assert rule in page.text
        assert "SHA-256" in page.text


READERS = (
    ["list"], ["show", "1"], ["stats"], ["exceptions"], ["verify"], ["replay"], ["export"], ["rebuild"], ["key"], ["publish"],
    ["prove", "1"], ["checkpoint", "--to", "note"], ["backup", "copy.db"],
)  # fmt: skip


@pytest.mark.parametrize("words", READERS)
def test_a_command_that_reads_makes_no_log_and_says_what_is_wrong_in_a_line(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that was mistyped, a folder, an empty file, a text, somebody else's database."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    (tmp_path / "empty").touch()
    (tmp_path / "text").write_text("not a database\n" * 100, "utf-8")
    with closing(sqlite3.connect(tmp_path / "other")) as db:
        db.execute("CREATE TABLE people (name)")
        db.commit()
    before = {each.name: each.stat().st_size for each in tmp_path.iterdir()}
    for name in ("mistyped.db", "folder", "empty", "text", "other"):
        told = cli("audit", *words, "--audit", f"sqlite:///{name}")
        assert (told.code, told.err.count("\n"), name in told.err) == (1, 1, True), (name, told.err)
    assert {each.name: each.stat().st_size for each in tmp_path.iterdir()} == before


def test_a_log_that_is_begun_is_announced_once(tmp_path: Path) -> None:
    """`--audit` with a slip in it made a new log, and nothing said so."""
    where = f"sqlite:///{tmp_path}/mistyped.db"
    for lang, says in (("ja", "新しい記録ファイルを作りました"), ("en", "a new log was made")):
        first = cli("decide", *ASKED, "--record", "--audit", where, "--lang", lang)
        assert says in first.err.splitlines()[0]
        assert "mistyped.db" in first.err.splitlines()[0]
        assert says not in cli("decide", *ASKED, "--record", "--audit", where, "--lang", lang).err
        (tmp_path / "mistyped.db").unlink()
    told = cli("decide", *ASKED, "--record", "--audit", where, "--json").err.splitlines()
    assert [next(iter(json.loads(line))) for line in told] == ["new_log", "record"]
    (tmp_path / "mistyped.db").unlink()
    (tmp_path / "in.csv").write_text("division,item,channel\nnenkin,24,counter\n", "utf-8")
    told_of = cli("batch", tmp_path / "in.csv", tmp_path / "out.csv", "--record", "--audit", where)
    assert "新しい記録ファイルを作りました" in told_of.err


@pytest.mark.slow
def test_a_schedule_outlives_a_log_that_is_away_for_a_while(url: str, tmp_path: Path) -> None:
    """Each turn's checkpoint is a file of its own and verifies; while there is no log it says so, and signs nothing."""
    log, away = Path(url.removeprefix("sqlite:///")), tmp_path / "away.db"
    words = ["audit", "checkpoint", "--to", str(tmp_path / "out.note"), "--every", "1"]
    with subprocess.Popen([*PYTHON, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as at:
        assert at.stdout is not None
        assert at.stderr is not None
        try:
            assert "8 件" in at.stdout.readline().decode()
            log.rename(away)
            assert "assign audit init" in at.stderr.readline().decode()
            away.rename(log)
            assert "8 件" in at.stdout.readline().decode()
            assert "8 件" in at.stdout.readline().decode()
        finally:
            at.terminate()
    notes = sorted(tmp_path.glob("out-*.note"))
    assert len(notes) >= 3
    for note in notes:
        assert cli("audit", "verify", "--against", str(note)).code == 0


def test_a_schedule_that_cannot_begin_ends_at_once(url: str, tmp_path: Path) -> None:
    """A slip in the command is not told every quarter of an hour."""
    Path(url.removeprefix("sqlite:///")).unlink()
    done = cli("audit", "checkpoint", "--to", str(tmp_path / "x"), "--every", "900")
    assert (done.code, done.err.count("\n")) == (1, 1)


def test_the_words_of_an_answer_select_records_and_no_key_of_a_program_stands_in_a_japanese_line(url: str) -> None:
    """What a list prints may be asked for; the editions are named in Japanese."""
    assert url
    for option, word in (("--kind", "判定"), ("--assignee", "市職員"), ("--certainty", "確定")):
        assert cli("audit", "list", option, word).code == 0
    said = cli("audit", "list", "--kind", "使用開始").out
    assert "使用開始  一覧 " in said
    assert "rules" not in said
    assert "`unstated`（記載なし）" in cli("decide", "--record", *ASKED, "--role", "nobody").err
