"""
The `assign` command, and `python -m assign`.
"""

import gc
import os
import sys


def main() -> None:
    """
    Run the command line. It lives for a moment: collecting while it imports costs a tenth of a cold start.

    Whatever ends it, from its first import to its last, ends it without a stack trace: Ctrl-C with 130, SIGTERM with 143,
    SIGHUP with 129, and what it was writing is put away first.
    """
    ended: list[int] = []
    code: str | int | None = 0
    try:
        gc.disable()
        _japanese()
        _streams()
        _signals(ended)
        from assign.cli import main as command

        command()
    except KeyboardInterrupt:
        code = 130
    except SystemExit as done:
        code = done.code
    except BaseException:
        if not ended:  # else it is what Python makes of the signal where it came (`__set_name__`)
            raise
    _deaf()
    gc.freeze()  # the process gives all of it back: to look for garbage once more would cost an eighth of a cold start
    sys.exit(128 + ended[0] if ended else code)  # durable-rules swallows what a signal raises


def _japanese() -> None:
    """
    In a locale whose characters have no Japanese (C with PYTHONUTF8=0, a Latin one) the words that were typed come in as
    rubbish. Python decided that before our first line, so the command is begun again, in UTF-8.
    """
    try:
        "年金".encode(sys.getfilesystemencoding())
    except UnicodeEncodeError:
        if sys.argv[0].endswith(("assign", "__main__.py")) and sys.executable:  # in somebody's program: as that has it
            os.execv(sys.executable, [sys.executable, "-X", "utf8", *sys.orig_argv[1:]])  # noqa: S606 - ourselves, as we were begun


def _streams() -> None:
    """
    Where a shell has closed 0, 1 or 2 (`>&-`), the next file that is opened would be given that number, and what somebody
    prints would go into it: nothing but the null device may have it.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            if os.open(os.devnull, os.O_RDONLY if number == 0 else os.O_WRONLY) != number:  # pragma: no cover
                raise


class OurKeyboardInterrupt(KeyboardInterrupt):
    """
    A signal to end. A class of its own: where a text that Python 3.11 executes (a dataclass is one) meets a KeyboardInterrupt
    and no other, Python ends itself with signal -2, whoever catches it. (durable-rules keeps its name alone: engine.py.)
    """


def _signals(ended: list[int]) -> None:
    """A signal to end is an exception, so that what is half done is undone; one that was ignored stays so (`nohup`)."""
    import signal

    def end(number: int, _frame: object) -> None:
        ended.append(number)
        _deaf()  # a second one does not disturb what the first has begun
        raise OurKeyboardInterrupt

    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)  # Windows has no SIGHUP
        if number is not None and signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler):
            signal.signal(number, end)


def _deaf() -> None:
    """The end is decided; nothing that comes while the interpreter shuts down changes it, or prints."""
    import signal

    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if (number := getattr(signal, name, None)) is not None:
            signal.signal(number, signal.SIG_IGN)
    if silence := getattr(sys.modules.get("logging"), "disable", None):  # it may be half imported
        silence()  # durable-rules logs what it swallows, with its traceback


if __name__ == "__main__":
    main()
