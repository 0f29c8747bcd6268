"""A real shell in a pseudo terminal: keys are typed as a person types them, and the line is read as the shell then has it."""

from __future__ import annotations

import os
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from time import monotonic
from typing import Self

PROMPT = "READY>"


class Shell:
    """bash, zsh or fish with its start files in a home of its own."""

    def __init__(self, name: str, home: Path) -> None:
        self.name = name
        program = shutil.which(name)
        assert program is not None
        starts = {
            "bash": (home / ".bashrc", f"PS1='{PROMPT} '\n"),
            "zsh": (home / ".zshrc", f"PS1='{PROMPT} '\nunsetopt zle_bracketed_paste 2>/dev/null\n"),
            "fish": (
                home / ".config/fish/config.fish",
                f"function fish_prompt; echo -n '{PROMPT} '; end\nset -U fish_greeting\n",
            ),
        }
        file, text = starts[name]
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text + (file.read_text("utf-8") if file.exists() else ""), "utf-8")
        path = f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin"
        env = {
            "HOME": str(home),
            "PATH": path,
            "TERM": "xterm",
            "LANG": "C.UTF-8",
            "LC_ALL": "C.UTF-8",
            "COLUMNS": "200",
        }
        words = {"bash": ["--noprofile", "-i"], "zsh": ["-i"], "fish": ["-i"]}[name]
        self.parent, child = pty.openpty()
        # `setsid -c` (util-linux): fish wants the terminal to be its own.
        command = ["setsid", "-c", program, *words] if shutil.which("setsid") else [program, *words]
        self.process = subprocess.Popen(
            command, stdin=child, stdout=child, stderr=child, env=env, cwd=home, start_new_session=False
        )
        os.close(child)
        self.seen = ""

    def __enter__(self) -> Self:
        try:
            self._until(lambda: PROMPT in self.seen)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        os.close(self.parent)

    def completed(self, typed: str) -> str:
        """The line after a Tab: `echo` is put before it, and says it."""
        self.seen = ""
        os.write(self.parent, f"{typed}\t".encode())
        self._quiet()
        os.write(self.parent, b"\x01echo GOT' '\x05' 'END\r")
        self._until(lambda: re.search(r"[\r\n]GOT (.*?) END", self._plain()) is not None)
        found = re.search(r"[\r\n]GOT (.*?) END", self._plain())
        assert found is not None
        return found[1].strip()

    def _plain(self) -> str:
        return re.sub(r"\x1b(\[[0-9;?>=]*[a-zA-Z]|[()][B0]|[=>]|\][^\x07\x1b]*(\x07|\x1b\\))", "", self.seen)

    def _read(self, wait: float) -> bool:
        ready, _, _ = select.select([self.parent], [], [], wait)
        if not ready:
            return False
        data = os.read(self.parent, 65536)
        if b"\x1b[c" in data or b"\x1b[0c" in data:  # fish asks what terminal this is, and waits for an answer
            os.write(self.parent, b"\x1b[?6c")
        self.seen += data.decode("utf-8", "replace")
        return True

    def _quiet(self) -> None:
        """Until nothing more comes for a moment: the keys after a Tab are queued in any case."""
        while self._read(0.2):
            pass

    def _until(self, done: object) -> None:
        end = monotonic() + 20
        while not done():  # type: ignore[operator]
            assert monotonic() < end, self._plain()[-2000:]
            self._read(0.2)
