"""
Where a checkpoint is to be written → what it may replace there: an older checkpoint that this log goes on from, and nothing else.

The file outside may be the only proof that a log was another one before.
"""

from __future__ import annotations

from typing import Final

from assign import files
from assign.audit import report, verifier
from assign.commands import command
from assign.errors import NOT_UTF8, BadOption, DataError, path_shown, visible
from assign.log import merkle
from assign.log.checkpoint import open_in_force
from assign.log.keys import NoteError
from assign.log.log import Log
from assign.log.store import StoreError

_RECENT: Final = 100  # checkpoints beside the log, of which a QR code may be


def replaceable(log: Log, name: str) -> bytes:
    """
    The bytes of the checkpoint that a new one may replace; none where no file is there, or an empty one.

    Raises:
        BadOption: It is not a checkpoint of this log. StoreError: The log does not go on from it. OutputError: It cannot be read.
    """
    data = _there(name)
    if not data:
        return data
    try:
        text = verifier.text_of(data, name)
        old = open_in_force(text, log.named())[0]
    except (NoteError, verifier.WrongError, ValueError) as error:
        ja, en = error.args if isinstance(error, verifier.WrongError) else NOT_UTF8
        if isinstance(error, NoteError):
            ja, en = error.ja, error.en
        raise BadOption(
            f"{path_shown(name)} には書きません。この記録のチェックポイントではありません（{visible(ja)}）。前の記録を示すただ一つの証拠かもしれません。"
            "取っておいて、別の名前にしてください",
            f"{path_shown(name)} is not written over: it is no checkpoint of this log ({visible(en)}). It may be the only proof of "
            "what the log was; keep it, and name another file",
        ) from None
    size = log.size
    if old.size > size or merkle.root(old.size, log.node) != old.root:
        raise StoreError(
            f"{path_shown(name)} には書きません。記録（{size} 件）は、このチェックポイント（{old.size} 件）の続きではありません（古い控えが戻されたか、"
            f"書き換えられています）。外のこのファイルが、前の記録を示すただ一つの証拠です。取っておいてください（`{command('audit verify', '--against', name)}`）",
            f"{path_shown(name)} is not written over: the log ({size} records) does not go on from this checkpoint ({old.size} records); an "
            f"older backup was restored, or it was rewritten. The file outside is the only proof; keep it (`{command('audit verify', '--against', name)}`)",
        )
    return data


def replaceable_keys(log: Log, name: str) -> bytes:
    """The same of the public key beside it: one of this log's."""
    data, known = _there(name), [each.key for each in log.named()]
    if data and data not in [f"{key}\n".encode() for key in known]:
        raise BadOption(
            f"{path_shown(name)} には書きません。この記録の公開鍵ではありません（`--to` を別の名前にしてください）",
            f"{path_shown(name)} is not written over: it is no public key of this log (name another file for `--to`)",
        )
    return data


def replaceable_code(log: Log, name: str, note: bytes) -> bytes:
    """The same of a QR code: of the checkpoint that is replaced, or of one that stands beside the log."""
    report.qr("-", name)  # the ending is refused first
    data = _there(name)
    if not data:
        return data
    notes = [note.decode("utf-8", "replace"), *reversed(log.store.checkpoints(log.number)[-_RECENT:])]
    if any(_code(each, name) == data for each in notes):
        return data
    raise BadOption(
        f"{path_shown(name)} には書きません。この記録のチェックポイントの QR コードではありません（`--qr` を別の名前にしてください）",
        f"{path_shown(name)} is not written over: it is not the QR code of a checkpoint of this log (name another file for `--qr`)",
    )


def _code(note: str, name: str) -> bytes | None:
    try:
        return report.qr(note, name)
    except (DataError, ValueError):  # anyone could insert nonsense beside the log, too long for a code
        return None


def _there(name: str) -> bytes:
    try:
        return files.standing(name)
    except (OSError, ValueError) as error:
        raise files.unwritable(path_shown(name), error) from None
