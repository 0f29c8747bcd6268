"""
Commands that copy a log whole: a backup, and back.
"""

# No `from __future__ import annotations` here: typer would evaluate each annotation again from its text.

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Annotated

import typer

from assign import audit as auditing
from assign import files
from assign.cli import terminal
from assign.cli.common import Audit, Command, Lang, Origin, Word, audit_url, origin_name
from assign.errors import BadOption, path_shown, visible
from assign.log.log import Log
from assign.log.store import open_store

from .options import app, open_log, say, text_of


@app.command(cls=Command)
def backup(
    to: Annotated[str, typer.Argument(metavar="FILE", help="控え（SQLite のファイル） / the copy, a SQLite file")],
    audit: Audit = None,
    origin: Origin = None,
    lang: Lang = "ja",
) -> None:
    """記録の控えを 1 つのファイルに取ります / Copy the log into one file."""
    if os.path.exists(to):
        raise BadOption(f"{path_shown(to)} がもうあります", f"{path_shown(to)} is there already")
    temporary = Path(to).absolute().parent / f".assign-{os.getpid()}-{Path(to).name}"
    try:
        with open_log(audit, origin) as log, _writing(to):
            temporary.open("xb").close()
            store = open_store(f"sqlite:///{temporary}", create=True)
            try:
                size = auditing.copy(log, store)
                bad = auditing.verify(Log(store, log.origin, store.origins()[log.origin])).findings
            finally:
                store.close()
            if bad:
                terminal.complain(
                    "記録に誤りがあり、控えを取りません:"
                    if lang == "ja"
                    else "the log is not whole, no backup is made:"
                )
                raise typer.Exit(_refuse(bad, lang))
        with _writing(to):
            temporary.replace(to)
            _synced(Path(to).absolute().parent)
    finally:
        for each in (temporary, Path(f"{temporary}-wal"), Path(f"{temporary}-shm")):
            with suppress(OSError):
                each.unlink(missing_ok=True)
    say([], None, [f"{visible(to)}: {size} 件" if lang == "ja" else f"{visible(to)}: {size} records"])


@app.command(cls=Command)
def restore(
    source: Annotated[str, typer.Argument(metavar="FILE", help="控え / the copy")],
    against: Annotated[
        Word, typer.Option("--against", help="外に置いたチェックポイント / a checkpoint kept outside", metavar="FILE")
    ] = None,
    audit: Audit = None,
    origin: Origin = None,
    lang: Lang = "ja",
) -> None:
    """控えから記録を戻します（空のところへ） / Bring a copy back, into an empty place."""
    log = Log.open(f"sqlite:///{source}", origin_name(origin))
    notes = [] if against is None else [text_of(against)]
    try:
        bad = auditing.verify(log, notes).findings
        if bad:
            raise typer.Exit(_refuse(bad, lang))
        store = open_store(audit_url(audit), create=True)
        try:
            size = auditing.copy(log, store)
        finally:
            store.close()
    finally:
        log.close()
    say([], None, [f"{size} 件を戻しました" if lang == "ja" else f"{size} records are back"])


@contextmanager
def _writing(to: str) -> Iterator[None]:
    """What the system refuses is said of the file that was asked for, not of the temporary one."""
    try:
        yield
    except OSError as error:
        raise files.unwritable(path_shown(to), error) from None


def _synced(folder: Path) -> None:
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _refuse(findings: list[auditing.Finding], lang: str) -> int:
    for each in findings[: auditing.MOST]:
        terminal.complain(visible(each.text.say(lang)))
    return 6
