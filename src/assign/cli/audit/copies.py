"""
Commands that copy a log whole: a backup, and back.
"""

# No `from __future__ import annotations` here: typer would evaluate each annotation again from its text.

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from assign import audit as auditing
from assign import files
from assign.cli import terminal
from assign.cli.common import Audit, Command, Lang, Origin, Word, audit_url, origin_name
from assign.commands import command
from assign.errors import BadOption, path_shown, visible
from assign.log.log import Log

from .options import app, log_of, open_log, say, text_of


@app.command(cls=Command)
def backup(
    to: Annotated[str, typer.Argument(metavar="FILE", help="控え（SQLite のファイル） / the copy, a SQLite file")],
    audit: Audit = None,
    origin: Origin = None,
    lang: Lang = "ja",
) -> None:
    """記録の控えを 1 つのファイルに取ります / Copy the log into one file."""
    try:
        with open_log(audit, origin) as log, _findings_told(lang), _writing(to):
            found = auditing.back_up(log, Path(to))
    except FileExistsError:
        raise BadOption(f"{path_shown(to)} がもうあります", f"{path_shown(to)} is there already") from None
    say([], None, [f"{visible(to)}: {_told(found, lang)}"])
    _carried(found, lang)


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
    auditing.require_alone(Path(source))
    to = audit_url(audit)
    notes = [] if against is None else [text_of(against)]
    log = Log.open(f"sqlite:///{source}", origin_name(origin), log_of(notes))
    try:
        with _findings_told(lang), _writing(to.partition("?")[0].rpartition("@")[2]):
            if (bad := auditing.verify(log, notes)).contradicted is not None:
                raise auditing.NotWhole(bad.findings)
            found = auditing.restore(log, to, notes)
    finally:
        log.close()
    ja = f"記録 {log.origin} の {_told(found, lang)}を戻しました。この後に署名したチェックポイントがあれば、`{command('audit checkpoint')}` は署名を断ります"
    en = f"{_told(found, lang)} of the log {log.origin} are back; where a later checkpoint was signed, `{command('audit checkpoint')}` refuses to sign"
    say([], None, [ja if lang == "ja" else en])
    _carried(found, lang)
    if bad.findings:
        _tell(bad.findings, lang)
        terminal.complain(
            f"控えのファイルにあった {len(bad.findings)} 点です。戻した記録にはありません"
            if lang == "ja"
            else f"the {len(bad.findings)} findings above are of the file that was given, and not of what came back"
        )
        raise typer.Exit(auditing.NotWhole.exit_code)


def _told(found: auditing.Copied, lang: str) -> str:
    out = found.left_out
    if lang == "ja":
        return f"{found.size} 件" + (f"（鍵の署名のないチェックポイントの行 {out} 件は写していません）" if out else "")
    return f"{found.size} records" + (f" ({out} checkpoint rows that no key has signed are left out)" if out else "")


def _carried(found: auditing.Copied, lang: str) -> None:
    """What `verify` finds in the copy as in the log: told, and the end is 6, though the copy was made."""
    if not found.findings:
        return
    _tell(found.findings, lang)
    terminal.complain(
        f"記録にある {len(found.findings)} 点を、直さず、そのまま写しました（署名ずみのチェックポイントとは食い違いません。`{command('audit verify')}`）"
        if lang == "ja"
        else f"the {len(found.findings)} findings above are of the log, and copied as they stand (no signed checkpoint contradicts it; `{command('audit verify')}`)"
    )
    raise typer.Exit(auditing.NotWhole.exit_code)


def _tell(findings: Sequence[auditing.Finding], lang: str) -> None:
    for each in findings[: auditing.MOST]:
        terminal.complain(visible(each.text.say(lang)))


@contextmanager
def _writing(to: str) -> Iterator[None]:
    """What the system refuses is said of the file that was asked for, not of the temporary one."""
    try:
        yield
    except FileExistsError:
        raise
    except OSError as error:
        raise files.unwritable(path_shown(to), error) from None


@contextmanager
def _findings_told(lang: str) -> Iterator[None]:
    """What `verify` finds, before the error that nothing is copied."""
    try:
        yield
    except auditing.NotWhole as error:
        _tell(error.findings, lang)
        raise
