"""A PostgreSQL server of our own for the tests: in a temporary folder, on a socket that nobody else has."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import pytest


def missing(what: str, why: str = "is not installed") -> NoReturn:
    """In CI a part that is not there is a failure; elsewhere its tests are skipped, with the reason."""
    if os.environ.get("CI") == "true" and os.environ.get("ASSIGN_TEST_WITHOUT", "") in ("", "root"):
        pytest.fail(f"{what} {why}, and CI leaves nothing out")
    pytest.skip(f"{what} {why}")


class Server(NamedTuple):
    """A PostgreSQL of our own."""

    folder: Path
    programs: Path
    options: str

    def database(self, name: str, encoding: str = "UTF8") -> None:
        with closing(self.connect("postgres")) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING '{encoding}' LOCALE 'C'".encode())

    def connect(self, name: str, user: str = "tester") -> Any:
        psycopg = import_module("psycopg")
        return psycopg.connect(host=str(self.folder), dbname=name, user=user, autocommit=True)

    def url(self, name: str, user: str = "tester") -> str:
        """As a log is told where it is."""
        return f"postgresql://{user}@/{name}?host={self.folder}"

    def psql(self, name: str, file: Path, *more: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """As a city loads it."""
        words: list[str | Path] = ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", *more, "-f", file]
        where = {"PGHOST": str(self.folder), "PGUSER": "tester", "PGDATABASE": name, **environment}
        return subprocess.run(
            words, env={**os.environ, **where}, capture_output=True, encoding="utf-8", errors="replace", check=False
        )

    def run(self, program: str, *words: str | Path) -> None:
        """One of the server's programs, as its own user."""
        as_user: dict[str, Any] = {}
        if os.geteuid() == 0:  # which PostgreSQL refuses to run as
            as_user = {"user": "postgres", "group": "postgres", "extra_groups": ()}
        call = partial(subprocess.run, check=True, stdout=subprocess.DEVNULL, cwd=self.folder)
        call([self.programs / program, *words], **as_user)

    def start(self) -> None:
        """Until it answers."""
        options = f"-k {self.folder} -c listen_addresses= {self.options}"
        self.run("pg_ctl", "-D", self.folder / "data", "-l", self.folder / "log", "-o", options, "-w", "start")

    def stop(self, how: str = "immediate") -> None:
        """`immediate` is what a power cut leaves of a server: it recovers from its log at the next start."""
        self.run("pg_ctl", "-D", self.folder / "data", "-m", how, "-w", "stop")

    def kill(self) -> None:
        """SIGKILL to each of its processes: nothing that it had not yet written to a file is written."""
        pidfile = self.folder / "data" / "postmaster.pid"
        first = int(pidfile.read_text("utf-8").split("\n")[0])
        os.kill(first, signal.SIGSTOP)  # or it would start anew whatever dies
        pids = [first, *map(int, Path(f"/proc/{first}/task/{first}/children").read_text("ascii").split())]
        for pid in reversed(pids):
            os.kill(pid, signal.SIGKILL)
        until = time.monotonic() + 600
        while any(map(_runs, pids)):
            assert time.monotonic() < until, "a killed process goes on"
            time.sleep(0.002)
        for file in (pidfile, *self.folder.glob(".s.PGSQL.*.lock")):
            file.unlink()  # where no init takes away what has died, the next server would take it for one that runs


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@contextmanager
def private_server(options: str = "") -> Iterator[Server]:
    """Made, started, and gone with its folder at the end."""
    try:
        import_module("psycopg")
    except ImportError:
        missing("psycopg")
    # Debian keeps the server's programs off the PATH, one folder for each version.
    found = shutil.which("initdb") or max(map(str, Path("/usr/lib/postgresql").glob("*/bin/initdb")), default=None)
    if found is None or shutil.which("psql") is None or not hasattr(os, "geteuid"):
        missing("a PostgreSQL server (initdb, psql)")
    folder = Path(tempfile.mkdtemp(prefix="assign-pg-"))
    server = Server(folder, Path(found).resolve().parent, options)
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres", "postgres")
        data = folder / "data"
        server.run("initdb", "-D", data, "-U", "tester", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        server.start()
        try:
            yield server
        finally:
            with suppress(subprocess.CalledProcessError):  # a test may have stopped it
                server.stop()
    finally:
        shutil.rmtree(folder)
