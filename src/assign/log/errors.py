"""
Why a log refuses a record.
"""

from __future__ import annotations

from assign.commands import command
from assign.errors import AssignError, BadRequest, shown

from .fields import has_long_number
from .store.interface import StoreError, StoreMissing


class NotPublished(AssignError):
    """A decision by an edition that the log has not published, and so one that nobody has put into force."""

    code = "not_published"


class KeyReused(BadRequest):
    """An idempotency key came back with another request. The first answer stands; nothing was written."""

    code = "key_reused"


class KeyTaken(StoreError):
    """An idempotency key stands in a row that is no record of the log: whoever may insert can put one there."""

    code = "key_taken"

    def __init__(self, seq: int) -> None:
        super().__init__(
            f"この `key` は、記録ではない行（番号 {seq}）に使われています。記録していません（新しい UUID で送り直してください。`{command('audit verify')}` がその行を挙げます）",
            f"this `key` stands in a row that is no record (number {seq}); nothing is recorded (send it again with a new UUID; `{command('audit verify')}` names the row)",
        )


def key_reused() -> KeyReused:
    """The error of a key that came back with something else."""
    return KeyReused(
        "この `key` は別の依頼で使われています（新しい依頼には新しい UUID を使ってください）",
        "this `key` was used for another request (a new request takes a new UUID)",
    )


def is_log_name(origin: str) -> bool:
    """Whether a log may have this name: it holds no number that could be a person's or a telephone's."""
    from .keys import NAME

    return bool(NAME.fullmatch(origin)) and len(origin) <= 100 and not has_long_number(origin)


def not_recorded(reason: str) -> StoreError:
    """The error of a commit that failed."""
    return StoreError(
        f"記録できませんでした（{reason}）。回答はありません",
        f"the record could not be written ({reason}); there is no answer",
    )


def no_such_log(origin: str | None, there: list[str]) -> StoreMissing:
    """The error where no log has that name, or none of several was named. there: The names to choose from."""
    named = ", ".join(shown(each) for each in there[:10]) or "なし / none"
    if origin is None and there:
        error = StoreMissing(
            f"記録が {len(there)} あります。`--origin` で選んでください（{named}）",
            f"there are {len(there)} logs; choose one with `--origin` ({named})",
        )
    else:
        error = StoreMissing(
            f"その名前の記録はありません（あるもの: {named}。`{command('audit init')}` で作ります）",
            f"there is no log of that name (there are: {named}; `{command('audit init')}` makes one)",
        )
    error.candidates = tuple(there[:10])
    return error
