"""
Every command of `assign audit` before a log that was tampered with, and a verdict on what it says.

What is right does not come from the kinds of tampering: it is worked out from the raw rows, from the records as they were, and
from what the same command says of the untouched log.

    sound        it says and does what it does of the untouched log, and that is true
    says so      it shows the record, which is true, and says that its sentences cannot be made again
    named        it says which record, or what, is wrong, and ends with an error; what else it shows is true
    refused      it ends with an error that is not of one record; what it shows, if anything, is true
    as written   it shows what is written: the log was made to fit again, and only a checkpoint from outside can tell
    made, named  a copy with nothing mended and nothing left out, and what is wrong is named: exit 6
    mended       what is derived was made anew, and `verify` finds nothing more
    -            it does not apply
    WRONG: …     anything else
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest
import typer
from typer.main import get_command

from assign import Desk
from assign.audit import verifier
from assign.batch import join
from assign.log.canonical import read
from assign.log.checkpoint import parse
from assign.log.keys import NoteError
from assign.rules import loader

from .tampered import BATCH, KEYED, SIZE, Hand, Site, World, root_of
from .tampers import Kind
from .trail import ORIGIN, cli, read_once

# C0 but tab and line feed, C1, marks of direction, what has no width, line separators; a byte order mark may begin a table.
HOSTILE: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]"
)
Judge = Callable[[Site, Kind, "Sound"], str]


class Wrong(Exception):
    """What no command may do."""


class Sound:
    """What each reader says of the untouched log."""

    def __init__(self, world: World, folder: Path) -> None:
        self.originals = world.originals
        self.said: dict[str, str] = {}
        self.numbers: dict[int, str] = {}
        with world.site(folder) as site:
            for name, words in READERS.items():
                done = site.cli("audit", *words)
                assert done.code == 0, (name, done)
                self.said[name] = done.out
            for number in range(SIZE):
                self.numbers[number] = site.cli("audit", "show", number).out
            self.keys = site.cli("audit", "key").out


READERS: Final[dict[str, tuple[str, ...]]] = {
    "list": ("list",),
    "stats": ("stats",),
    "exceptions": ("exceptions", "--json"),
    "replay": ("replay",),
    "jsonl": ("export", "--format", "jsonl"),
    "csv": ("export", "--format", "csv"),
    "html": ("export", "--format", "html"),
}


def said(site: Site, *words: object) -> Any:
    """A command; whatever it prints holds no character that steers a terminal, and an error has one form."""
    try:
        done = site.cli(*words)
    except Exception as error:  # a command that falls over gives no verdict
        raise Wrong(f"crash, {type(error).__name__}") from error
    if found := HOSTILE.search((done.out + done.err).removeprefix("\ufeff")):
        raise Wrong(f"prints U+{ord(found[0]):04X}")
    return done


def _named(kind: Kind, text: str) -> str:
    return "named" if kind.bad is not None and re.search(rf"(番号|記録) {kind.bad}(?![0-9])", text) else "refused"


# -- who verifies ------------------------------------------------------------------------------------------------------


def outside(site: Site, kind: Kind, _: Sound) -> str:
    """`verify` with the auditor's own checkpoint and key."""
    done = said(site, "audit", "verify", "--against", site.against, "--key", site.trusted, "--json")
    if done.code not in (0, 6):
        raise Wrong(f"exit {done.code}")
    told = json.loads(done.out)
    if told["ok"] is (done.code == 6):
        raise Wrong("exit and report differ")
    if done.code == 0 and not kind.lawful:
        raise Wrong("finds nothing")
    if done.code == 6 and kind.lawful:
        raise Wrong(f"finds {told['findings'][0]['code']}")
    return (
        " ".join(["6", *sorted({each["code"] for each in told["findings"]})]) if done.code else "nothing, as documented"
    )


def alone(site: Site, kind: Kind, _: Sound) -> str:
    """`verify` without it."""
    done = said(site, "audit", "verify")
    if done.code == 1 and not kind.alone:
        return "refused"
    if done.code not in (0, 6):
        raise Wrong(f"exit {done.code}")
    if (done.code == 6) is not kind.alone:
        raise Wrong("finds nothing" if kind.alone else "finds something")
    return "6" if done.code else "nothing, as documented"


# -- who reads ---------------------------------------------------------------------------------------------------------


def _reader(name: str) -> Judge:
    def judge(site: Site, kind: Kind, sound: Sound) -> str:
        done, before = said(site, "audit", *READERS[name]), sound.said[name]
        if name == "html" and "<script" in done.out:
            raise Wrong("a script in the sheet")
        if name == "csv" and any(
            cell[:1] in ("=", "+", "@", "-") for row in csv.reader(io.StringIO(done.out)) for cell in row
        ):
            raise Wrong("a formula in the table")
        if done.out == before:
            if done.code or kind.says:
                return _outcome(kind, done) if done.code else _unsaid(name, kind)
            return "sound"
        if name == "exceptions" and kind.says:
            return (
                "named"
                if any(each["code"].startswith(kind.says) for each in json.loads(done.out))
                else _unsaid(name, kind)
            )
        if kind.coherent:
            return "named" if done.code else "as written"
        if name == "exceptions" and not done.code and _missing_editions(done.out, before):
            return "named"
        if name == "html" and kind.bad is None and not done.code and "作り直せません" in done.out:
            return "says so"
        if not done.code and name == "stats":
            raise Wrong("counts what was not recorded")
        if not done.code:
            raise Wrong(
                "shows what was not recorded"
                if set(_parts(name, done.out)) - set(_parts(name, before))
                else "leaves out in silence"
            )
        if more := set(_parts(name, done.out)) - set(_parts(name, before)):
            raise Wrong(f"shows what was not recorded, exit {done.code} ({min(more)[:60]})")
        return _outcome(kind, done)

    return judge


def _missing_editions(text: str, before: str) -> bool:
    """Whether all that stands out more than before are editions that are not what was published."""
    more = [each for each in json.loads(text) if each not in json.loads(before)]
    return bool(more) and all(each["code"].startswith("edition_") for each in more)


def _unsaid(name: str, kind: Kind) -> str:
    if name == "exceptions":
        raise Wrong(f"does not say {kind.says}")
    return "sound"


def _outcome(kind: Kind, done: Any) -> str:
    if not done.err and done.code != 6:
        raise Wrong(f"exit {done.code} without a word")
    return _named(kind, done.err + (done.out if done.code == 6 else ""))


def _parts(name: str, text: str) -> Iterator[str]:
    """What a reader shows, one by one, without what it says of the whole or of records that it cannot read."""
    if name == "html":
        yield from (
            each.partition("</section>")[0]
            for each in text.split("<section>")[1:]
            if "読めません" not in each and "証明のない" not in each
        )
    elif name == "exceptions":
        yield from (json.dumps(each) for each in json.loads(text or "[]"))
    elif name in ("list", "jsonl"):
        yield from (
            each
            for each in text.split("\n")
            if each
            and not re.fullmatch(r"[0-9,]+ 件", each)
            and not each.startswith(("証明なし", '{"kind":"behind_a_gap"'))
        )
    elif name == "csv":
        yield from (
            each for each in text.split("\n") if "unreadable_record" not in each and ",behind_a_gap," not in each
        )


def show(site: Site, kind: Kind, sound: Sound) -> str:
    """The record in question."""
    number = KEYED if kind.bad is None else kind.bad
    done = said(site, "audit", "show", number)
    if not done.code:
        if done.out == sound.numbers.get(number):
            return "sound"
        if kind.coherent:
            return "as written"
        if kind.bad is None and "作り直せません" in done.out:
            return "says so"
        raise Wrong("shows what was not recorded")
    if done.out and done.out != sound.numbers.get(number) and not kind.coherent:
        raise Wrong(f"shows what was not recorded, exit {done.code}")
    return _named(kind, done.err)


def key(site: Site, kind: Kind, sound: Sound) -> str:
    """The log's public keys."""
    done = said(site, "audit", "key")
    if done.code:
        return "refused"
    if done.out == sound.keys:
        return "sound"
    if kind.coherent or kind.control:
        return "as written"
    raise Wrong("names a foreign key")


# -- who proves --------------------------------------------------------------------------------------------------------


def _stand_alone(bundle: Path, *words: object) -> bool:
    out = io.TextIOWrapper(io.BytesIO(), "utf-8")
    with redirect_stdout(out), redirect_stderr(io.StringIO()):
        return verifier.main([str(bundle), *map(str, words)]) == 0


def prove(site: Site, kind: Kind, sound: Sound) -> str:
    """A proof of the record in question against the auditor's checkpoint, and the stand-alone verifier on it."""
    number = KEYED if kind.bad is None or kind.bad >= SIZE else kind.bad
    bundle = site.folder / "bundle.json"
    done = said(site, "audit", "prove", number, "--checkpoint", site.against, "--to", bundle)
    if done.code:
        if bundle.exists():
            raise Wrong("leaves a file")
        return "refused"
    if not _stand_alone(bundle, "--key", site.trusted, "--checkpoint", site.against):
        raise Wrong("writes a proof that does not hold")
    if json.loads(bundle.read_text("utf-8"))["record"].encode() != sound.originals[number]:
        raise Wrong("proves what was not recorded")
    return "sound"


def row(site: Site, _: Kind, sound: Sound) -> str:
    """A proof of a row of the batch."""
    bundle = site.folder / "row.json"
    done = said(site, "audit", "prove", BATCH, "--row", 2, "--file", site.folder / "out.jsonl", "--checkpoint", site.against, "--to", bundle)  # fmt: skip
    if done.code:
        return "refused"
    if not _stand_alone(bundle, "--key", site.trusted, "--checkpoint", site.against):
        raise Wrong("writes a proof that does not hold")
    if json.loads(bundle.read_text("utf-8"))["record"].encode() != sound.originals[BATCH]:
        raise Wrong("proves what was not recorded")
    return "sound"


def growth(site: Site, _kind: Kind, _sound: Sound) -> str:
    """The proof that the newer checkpoint from outside extends the older one."""
    bundle = site.folder / "growth.json"
    done = said(site, "audit", "growth", site.folder / "old.txt", site.against, "--to", bundle)
    if done.code:
        return "refused"
    if not _stand_alone(bundle, "--key", site.trusted, "--checkpoint", site.against):
        raise Wrong("writes a proof that does not hold")
    return "sound"


def batch(site: Site, kind: Kind, sound: Sound) -> str:
    """The batch answered anew from its input."""
    done = said(site, "audit", "replay", "--batch", BATCH, "--file", site.folder / "in.csv")
    if done.code:
        return "named" if kind.bad == BATCH else "refused"
    if _raw(site).get(BATCH) != sound.originals[BATCH] and kind.bad == BATCH:
        raise Wrong("takes the record at its word")
    return "sound"


# -- who copies and mends ---------------------------------------------------------------------------------------------


def _raw(site: Site) -> dict[int, bytes]:
    try:
        return Hand(site.owner).numbered()
    except Exception:  # noqa: BLE001 - a database that is none
        return {}


def _run(numbered: dict[int, bytes]) -> list[bytes]:
    """The contiguous records from 0 on."""
    found: list[bytes] = []
    while len(found) in numbered:
        found.append(numbered[len(found)])
    return found


def backup(site: Site, kind: Kind, sound: Sound) -> str:
    """A copy: what is in it is the records, or what a coherent log says."""
    to = site.folder / "backup.db"
    done = said(site, "audit", "backup", to)
    return _copied(done, to, kind, sound, f"sqlite:///{to}", _raw(site))


def restore(site: Site, kind: Kind, sound: Sound) -> str:
    """The file that was tampered with, taken for a backup, with the auditor's checkpoint."""
    if site.world.server is not None:
        return "-"
    to = site.folder / "restored.db"
    done = cli(
        "audit", "restore", site.path, "--against", site.against, "--audit", f"sqlite:///{to}", "--origin", ORIGIN
    )
    if done.code == 0 and kind.bad is not None and kind.bad < SIZE and not kind.lawful:
        raise Wrong("restores what was not recorded")
    return _copied(done, to, kind, sound, f"sqlite:///{to}", _raw(site))


def _copied(done: Any, to: Path, kind: Kind, sound: Sound, url: str, raw: dict[int, bytes]) -> str:
    there = Hand(url).payloads() if to.exists() else []
    if done.code:
        if not there:
            return "refused"
        if done.code != 6 or not done.err:
            raise Wrong("leaves a copy")
        if Hand(url).numbered() != raw:
            raise Wrong("copies what is not there")
        return "made, named"
    if there == sound.originals or (there[:SIZE] == sound.originals and kind.lawful):
        return "sound"
    if kind.coherent:
        return "as written"
    raise Wrong("copies what was not recorded")


def rebuild(site: Site, kind: Kind, sound: Sound) -> str:
    """Derived data made anew: never does it make a forged record sound."""
    before = _raw(site)
    done = said(site, "audit", "rebuild")
    if not before.items() <= _raw(site).items():
        raise Wrong("loses records")
    after = said(site, "audit", "verify", "--against", site.against, "--key", site.trusted).code
    if after == 0:
        if not kind.control and _run(before)[:SIZE] != sound.originals:
            raise Wrong("makes a forged log sound")
        return "sound" if kind.lawful else "mended"
    return "refused" if done.code else "not mended"


# -- who signs and writes ---------------------------------------------------------------------------------------------


def checkpoint(site: Site, kind: Kind, sound: Sound) -> str:
    """A checkpoint over the auditor's own: signed only where it is the tree of the records and extends the one before."""
    to = site.folder / "again.txt"
    before = site.folder.joinpath("outside.txt").read_bytes() if kind.group != "keys" else site.world.folder.joinpath("outside.txt").read_bytes()  # fmt: skip
    to.write_bytes(before)
    records = _run(_raw(site))
    done = said(site, "audit", "checkpoint", "--to", to)
    after = to.read_bytes()
    if done.code:
        if after != before:
            raise Wrong("destroys the checkpoint from outside")
        return "refused"
    try:
        note, held = parse(after.decode())[0], parse(before.decode())[0]
    except NoteError:
        raise Wrong("writes no checkpoint") from None
    signed = [
        *sound.originals[: held.size],
        *records[held.size : note.size],
    ]  # where a row is not what was signed, its hash was kept
    if note.size > len(records) or note.root not in (root_of(records[: note.size]), root_of(signed)):
        raise Wrong("signs a tree that is not of the records")
    if note.root != root_of(signed):
        raise Wrong("signs a fork and overwrites the checkpoint from outside")
    return "signed"


def decide(site: Site, kind: Kind, _sound: Sound) -> str:
    """An answer that is given has its record, and nothing that was there is lost."""
    before = _raw(site)
    done = said(site, "decide", "-d", "nenkin", "-i", "24", "-c", "counter", "--engine", "table", "--record", "--json")
    after = _raw(site)
    if not before.items() <= after.items():
        raise Wrong("a record is lost")
    new = {seq: payload for seq, payload in after.items() if seq not in before}
    if done.code:
        if done.out:
            raise Wrong("answers without a record")
        if kind.goes_on:
            raise Wrong("INSERT stops the log")
        return "refused"
    seq, answer = json.loads(done.err.strip().split("\n")[-1])["record"]["seq"], json.loads(done.out)
    if seq not in new or (record := read(new[seq]))["seq"] != seq or record["kind"] != "decision":
        raise Wrong("answers without a record")
    if record["decision"]["assignee"] != answer["assignee"]:
        raise Wrong("records another answer")
    return "recorded"


@contextmanager
def swift() -> Iterator[None]:
    """
    What a process makes anew for each command, and thousands run in this one: the tree of commands, rules that were read, a table of
    answers, and what the stand-alone verifier's own arithmetic says of a signature.
    """
    table = join.Table
    tables = cache(lambda desk_of, options: table(desk_of.desk, options))
    commands = cache(lambda app, *_: get_command(app))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loader, "from_edition", read_once)
        patch.setattr(verifier, "signed", cache(verifier.signed))
        patch.setattr(join, "Table", lambda desk, options: tables(_ByEdition(desk), options))
        patch.setattr(
            typer.main,
            "get_command",
            lambda app: commands(app, len(app.registered_commands), len(app.registered_groups)),
        )
        yield


class _ByEdition:
    """A desk, which is the same as another over the same texts."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self._texts = desk, tuple(sorted(desk.edition_digests.items()))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _ByEdition) and other._texts == self._texts

    def __hash__(self) -> int:
        return hash(self._texts)


COMMANDS: Final[dict[str, Judge]] = {
    "verify, outside": outside,
    "verify, alone": alone,
    "show": show,
    **{name: _reader(name) for name in READERS},
    "prove": prove,
    "prove row": row,
    "growth": growth,
    "replay batch": batch,
    "key": key,
    "backup": backup,
    "restore": restore,
    "checkpoint": checkpoint,
    "decide": decide,
    "rebuild": rebuild,
}


def judged(world: World, sound: Sound, kind: Kind, folder: Path) -> tuple[dict[str, str], list[str]]:
    """
    Every command's cell for a kind, and what is wrong with its control: the same steps done and undone, or their lawful part alone,
    after which the same commands have nothing to say. Those that write come last, on the log that all others have read.
    """
    found, strange = {}, []
    if kind.control is not None:
        with world.site(folder / "lawful") as site:
            with site.hand() as hand:
                kind.control(hand)
            strange += _clean(site, kind, sound)
    with world.site(folder / "site") as site:
        if kind.control is None:
            with site.hand(commit=False) as hand:
                kind.do(hand)
            strange += _clean(site, kind, sound)
        with site.hand() as hand:
            kind.do(hand)
        for name, judge in COMMANDS.items():
            try:
                found[name] = judge(site, kind, sound)
            except Wrong as error:
                found[name] = f"WRONG: {error}"
            except Exception as error:  # noqa: BLE001 - the table says so
                found[name] = f"WRONG: {type(error).__name__} {error}"[:90]
    return found, strange


def _clean(site: Site, kind: Kind, sound: Sound) -> list[str]:
    """What a command says of a log that was not tampered with, if it says anything."""
    done = site.cli("audit", "verify", "--against", site.against, "--key", site.trusted)
    found = [f"verify: {done.out}{done.err}"] if done.code else []
    if kind.control is None:
        done = site.cli("audit", "list")
        found += [f"list: {done.out}{done.err}"] if done.code or done.out != sound.said["list"] else []
    return found
