"""
Commands of whoever keeps the log: make it, publish, sign checkpoints, change the key, mend what is derived.
"""

# No `from __future__ import annotations` here: typer would evaluate each annotation again from its text.

import shlex
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Annotated, Final

import typer

from assign import audit as auditing
from assign.audit import report
from assign.catalog.editions import of_folder
from assign.cli import terminal
from assign.cli.common import (
    Audit,
    Command,
    Lang,
    List,
    Origin,
    Rules,
    Word,
    audit_url,
    briefly,
    open_desk,
    origin_name,
    warn_of_memory,
)
from assign.desk.approval import NotApproved, approve
from assign.errors import AssignError, BadOption, CatalogDiffers, OutputError, path_shown, system_reason, visible
from assign.log.checkpoint import parse
from assign.log.keys import NoteError, PublicKey, SecretKey, held_key, new_key, write_key
from assign.log.kinds import EDITION_TEXT, EDITIONS
from assign.log.log import Log
from assign.words import JAPAN

from . import checkpoints
from .options import Unread, app, open_log, say, text_of, whole_number, write_file

SHOWN: Final = 10  # findings; `assign check` shows all


@app.command(cls=Command)
def init(
    grant: Annotated[
        Word,
        typer.Option(
            "--grant",
            help="PostgreSQL のこの役割に、読むことと足すことを許す / let this PostgreSQL role read and append",
            metavar="ROLE",
        ),
    ] = None,
    audit: Audit = None,
    origin: Origin = None,
    lang: Lang = "ja",
    rules: Rules = None,
    list_: List = None,
) -> None:
    """記録を作ります（鍵、最初の記録、今の版） / Make a log: its key, its first records, the editions in use."""
    all_of_them = _editions(list_, rules)

    def approved() -> None:
        for editions, folder in all_of_them:
            approve(editions, folder, rules)

    with _findings_told(lang):
        log = Log.make(audit_url(audit), origin_name(origin), all_of_them[0][0], approve=approved)
    for editions, _ in all_of_them[1:] if log.size == len(EDITIONS) + 1 else ():  # it has just begun
        log.publish(editions)
    warn_of_memory(log, lang)
    if grant is not None:
        log.store.grant(grant)
    key = _keys(log)[-1]
    ja = f"記録 {log.origin} は {log.size} 件です。公開鍵（監査の担当に渡してください）:\n{key}"
    en = f"The log {log.origin} has {log.size} records. Its public key, for the auditor:\n{key}"
    say([str(key)] if briefly() else [ja if lang == "ja" else en], None)


@app.command(cls=Command)
def publish(
    audit: Audit = None, origin: Origin = None, lang: Lang = "ja", rules: Rules = None, list_: List = None
) -> None:
    """今の一覧・規則・回答の版を使い始め、記録します / Put the present list, rules and rulings into use."""
    all_of_them = _editions(list_, rules)
    with open_log(audit, origin) as log, _findings_told(lang):
        for editions, folder in all_of_them:
            approve(editions, folder, rules)
        kept = [each for editions, _ in all_of_them for each in log.publish(editions)]
    lines = []
    for each in kept:
        record = each.record
        what = EDITION_TEXT[record["what"]][lang]
        head = f"番号 {each.seq}: {what}" if lang == "ja" else f"record {each.seq}: the {what}"
        lines.append(f"{head} {record['sha256']}")
    none = "新しい版はありません" if lang == "ja" else "nothing new to publish"
    say(lines, None, [] if lines else [none])


@app.command(cls=Command)
def checkpoint(
    to: Annotated[
        str,
        typer.Option(
            "--to",
            help="このファイルに。建物の外へ出してください / to this file, which is to leave the building",
            metavar="FILE",
        ),
    ],
    qr: Annotated[
        Word,
        typer.Option(
            "--qr", help="QR コードも（.svg か .png） / also write it as a QR code (.svg or .png)", metavar="FILE"
        ),
    ] = None,
    last: Annotated[
        Word,
        typer.Option(
            "--last",
            help="鍵のそばの控え（.signed）をなくしたとき: 建物の外へ出した最後のチェックポイント / where the state beside the key "
            "(.signed) is lost: the last checkpoint that left the building",
            metavar="FILE",
        ),
    ] = None,
    every: Annotated[
        Word,
        typer.Option(
            "--every",
            help="この秒数ごとに新しいファイルへ（止めるまで） / write a new file every SECONDS, until stopped",
            metavar="SECONDS",
        ),
    ] = None,
    audit: Audit = None,
    origin: Origin = None,
    lang: Lang = "ja",
) -> None:
    """署名したチェックポイントを書きます / Write a signed checkpoint."""
    seconds = None if every is None else whole_number(every, "--every")
    if seconds == 0:
        raise BadOption("`--every` は 1 秒以上です", "`--every` is at least one second")

    known = None if last is None else text_of(last)

    def once() -> None:
        with open_log(audit, origin) as log:
            name = to if seconds is None else _stamped(to)
            there = checkpoints.replaceable(log, name)  # before anything is signed
            keys = checkpoints.replaceable_keys(log, f"{name}.pub")
            code = b"" if qr is None else checkpoints.replaceable_code(log, qr, there)
            key = held_key(log.origin)
            note = log.checkpoint(key, known)
            write_file(name, note.encode(), there)
            write_file(f"{name}.pub", f"{key.public()}\n".encode(), keys)
            if qr is not None:
                write_file(qr, report.qr(note, qr), code)
            size = parse(note)[0].size
            say([], None, [f"{visible(name)}: {size} 件" if lang == "ja" else f"{visible(name)}: {size} records"])

    once()
    while seconds is not None:
        time.sleep(seconds)  # the schedule that `--every` asks for
        try:
            once()
        except AssignError as error:  # a server that is away now may be back at the next turn; whoever watches is told
            terminal.complain(error.message(lang))


@app.command(cls=Command)
def key(
    rotate: Annotated[
        Word,
        typer.Option(
            "--rotate",
            help="新しい秘密鍵をこのファイルに作り、替える / make a new secret key in this file, and change to it",
            metavar="FILE",
        ),
    ] = None,
    abandon: Annotated[
        bool,
        typer.Option(
            "--abandon",
            help="控えをわざと戻したか、鍵が最後に署名したものが分からないとき: 新しい鍵は今の記録から始め、前の鍵は署名しない"
            "（`audit exceptions` に出る。監査の担当に伝える） / after a backup was restored on purpose, or where it is not known what "
            "the key has signed last: the new key begins from the log as it is, and the old one does not endorse it",
        ),
    ] = False,
    audit: Audit = None,
    origin: Origin = None,
    lang: Lang = "ja",
) -> None:
    """公開鍵を示し、鍵を替えます / Show the public keys, and change the key."""
    if abandon and rotate is None:
        raise BadOption("`--abandon` は `--rotate` と使います", "`--abandon` goes with `--rotate`", ["--rotate"])
    with open_log(audit, origin) as log:
        if rotate is not None:
            fresh = replace(new_key(log.origin), place=Path(rotate).absolute())
            present = _present_key(log)
            log.rotate(fresh, present, abandon=abandon, keep=lambda: _written(rotate, fresh))
        keys, named = _keys(log) if rotate is None else log.keys(fresh.public()), log.named()
    now = "" if briefly() else "  （今の鍵）" if lang == "ja" else "  (now)"
    lines = [f"{each}{now if each == keys[-1] else ''}" for each in keys]
    if not briefly():
        lines += [
            f"{each.key}  （番号 {each.seq} が示すだけ。前の鍵の署名はなく、使いません）"
            if lang == "ja"
            else f"{each.key}  (named by record {each.seq} alone, not signed by the key before: not used)"
            for each in named
            if each.key not in keys
        ]
    told = []
    if rotate is not None and abandon and present is not None:
        told.append(
            "前の鍵は新しい鍵に署名していません。新しい公開鍵と、替えた訳（控えを戻した日など）を、監査の担当へ直接伝えてください"
            if lang == "ja"
            else "the old key has not signed the new one: hand the new public key to the auditor yourself, and say why it was changed"
        )
    if rotate is not None and present is None:
        told.append(
            "前の鍵がないため、交替に前の鍵の署名はありません。新しい公開鍵を監査の担当へ直接渡してください"
            if lang == "ja"
            else "the old key is not here and has not signed this change: hand the new public key to the auditor yourself"
        )
    if rotate is not None:
        setting = visible(f"export ASSIGN_KEY_FILE={shlex.quote(str(Path(rotate).absolute()))}")
        told.append(f"これからは、次を設定してください: {setting}" if lang == "ja" else f"from now on, set: {setting}")
    say(lines, None, told)


@app.command(cls=Command)
def rebuild(audit: Audit = None, origin: Origin = None, lang: Lang = "ja") -> None:
    """記録から作れるもの（索引、使用開始の一覧）を作り直します / Make anew what is derived from the records."""
    unread, ignored = Unread(), list[auditing.Text]()
    with open_log(audit, origin) as log:
        missing = auditing.rebuild(log, unread, ignored.append)
    ja = f"索引を作り直しました。使用開始の一覧に足したもの: {missing} 件"
    en = f"The index is made anew; publications put back into their list: {missing}"
    say([each.say(lang) for each in ignored], None, [ja if lang == "ja" else en])
    unread.told(lang)


def _editions(list_: str | None, rules: str | None) -> list[tuple[Mapping[str, bytes], str | None]]:
    """The bytes of every edition of a list with its rules, the oldest first, and the folder of each."""
    folders: list[str | None] = [str(each.folder) for each in of_folder(list_)] if list_ is not None else []
    return [(_bytes(folder, rules), folder) for folder in folders or [list_]]


def _bytes(list_: str | None, rules: str | None) -> Mapping[str, bytes]:
    """The bytes of a list and rules; of a list that differs from its own document, too: the check says where."""
    try:
        return open_desk(rules, list_, "table").editions
    except CatalogDiffers:
        from assign.check import proofs  # nothing that the other commands wait for

        return proofs.unproved(list_, rules, "table").editions


@contextmanager
def _findings_told(lang: str) -> Iterator[None]:
    """The first of what the check finds, before the error that nothing is published."""
    try:
        yield
    except NotApproved as error:
        for each in error.findings[:SHOWN]:
            terminal.complain(visible(f"[{each.kind}] {each.text[lang]}"))
        raise


def _keys(log: Log) -> list[PublicKey]:
    """The log's keys, as whoever holds the key that is here has them."""
    try:
        held = held_key(log.origin).public()
    except NoteError:
        held = None
    return log.keys(held)


def _present_key(log: Log) -> SecretKey | None:
    """The key that signs now, if it is here and the right one: a lost key does not block a new one."""
    try:
        found = held_key(log.origin)
    except NoteError:
        return None
    return found if found.public() == log.keys(found.public())[-1] else None


def _written(name: str, key: SecretKey) -> None:
    try:
        write_key(Path(name), key)
    except OSError as error:
        ja, en = system_reason(error)
        raise OutputError(
            f"{path_shown(name)} を作れません（{ja}）", f"cannot make {path_shown(name)} ({en})"
        ) from None


def _stamped(name: str) -> str:
    path = Path(name)
    return str(path.with_name(f"{path.stem}-{datetime.now(JAPAN):%Y%m%dT%H%M%S}JST{path.suffix}"))
