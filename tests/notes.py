"""
One list of notes and of public keys, for both verifiers: what C2SP's signed-note and tlog-checkpoint let in, and what not.

Each note is signed by KEY over exactly the text that it has, so that its form alone decides.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from hashlib import sha256
from typing import Final, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from assign.log.keys import SecretKey

KEY: Final = SecretKey("example.city/assign", bytes(range(32)))
ROOT: Final = base64.b64encode(sha256(b"root").digest()).decode()
BODY: Final = f"example.city/assign\n40\n{ROOT}\n"
DASH: Final = "\u2014 "
NUMBER: Final = KEY.public().number
IN: Final = True
OUT: Final = False
LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


class Case(NamedTuple):
    """A text, whether it is let in, and why."""

    name: str
    text: str
    good: bool


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def sig(text: str, key: SecretKey = KEY) -> bytes:
    """The signature of a text, even of one that is no UTF-8."""
    return Ed25519PrivateKey.from_private_bytes(key.seed).sign(text.encode("utf-8", "surrogatepass"))


def own(text: str, key: SecretKey = KEY) -> str:
    """The signature's line."""
    return f"{DASH}{key.name} {b64(key.public().number + sig(text, key))}\n"


def loose(value: str) -> str:
    """Base64 whose last letter differs in bits that stand for nothing."""
    head = value.rstrip("=")
    return head[:-1] + LETTERS[LETTERS.index(head[-1]) ^ 1] + value[len(head) :]


def signed(body: str) -> str:
    return f"{body}\n{own(body)}"


def beside(line: str, body: str = BODY) -> str:
    """A good note with another line after its own."""
    return signed(body) + line


def stranger(name: str, value: str | None = None) -> str:
    return f"{DASH}{name} {b64(b'1234' + bytes(64)) if value is None else value}\n"


ODD: Final = b64(b"1234" + bytes(65))  # 69 bytes: no padding; 68: one sign of it; 67: two
SPACES: Final = "\x85\xa0\u1680\u2000\u2001\u2007\u200a\u2028\u2029\u202f\u205f\u3000 "
NO_SPACES: Final = "\u180e\u200b\u2060\ufeff"  # of no width, and no spaces of Unicode's
CONTROLS: Final = "\x00\x01\t\x0b\x0c\r\x1b\x1c\x1d\x1e\x1f"


def _signers() -> Iterator[Case]:
    yield Case("no other signer", signed(BODY), IN)
    for name in (
        "ñandú.example",
        "東京.example/証人",
        "a",
        "\x7f",
        "\x9b",
        "e\u0301",
        "\U0001f600",
        "=",
        "*",
        "\u2014",
        "\u202e",
    ):
        yield Case(f"an unknown signer {name!a}", beside(stranger(name)), IN)
        yield Case(f"an unknown signer {name!a} before ours", f"{BODY}\n{stranger(name)}{own(BODY)}", IN)
    for name in NO_SPACES:
        yield Case(f"a signer with {name!a}", beside(stranger(f"a{name}b")), IN)
    for name in ("a+b", "+", "+a", "a+"):
        yield Case(f"a signer with a plus: {name}", beside(stranger(name)), OUT)
    for name in SPACES + CONTROLS:
        for place in (f"a{name}b", f"{name}b", f"a{name}"):
            yield Case(f"a signer {place!a}", beside(stranger(place)), OUT)
    yield Case("a signer that is no UTF-8", beside(stranger("a\ud800")), OUT)
    yield Case("a signer without a name", beside(stranger("")), OUT)
    yield Case("a signature with our name and another number", beside(stranger(KEY.name)), IN)
    yield Case("a signature with our number and another name", beside(stranger("witness", b64(NUMBER + bytes(64)))), IN)
    yield Case("only our name, with another number", f"{BODY}\n{stranger(KEY.name)}", OUT)
    yield Case("only our number, with another name", f"{BODY}\n{DASH}other {b64(NUMBER + sig(BODY))}\n", OUT)
    yield Case("our name in capitals", f"{BODY}\n{DASH}{KEY.name.upper()} {b64(NUMBER + sig(BODY))}\n", OUT)
    yield Case("our signature twice", beside(own(BODY)), IN)
    yield Case("our signature and a wrong one of ours", beside(own("another text\n")), OUT)
    yield Case("a wrong one of ours and our signature", f"{BODY}\n{own('another text')}{own(BODY)}", OUT)
    for length in (0, 1, 63, 65, 128):
        line = f"{DASH}{KEY.name} {b64(NUMBER + sig(BODY)[:length] + bytes(max(0, length - 64)))}\n"
        yield Case(f"our signature of {length} bytes", f"{BODY}\n{line}", OUT)
        yield Case(f"our signature of {length} bytes beside a right one", beside(line), OUT)
    for number in (16, 99, 100, 101, 1000):
        lines = "".join(stranger(f"w{each}") for each in range(number - 1))
        yield Case(f"{number} signatures", f"{BODY}\n{lines}{own(BODY)}", number <= 100)
    long = b64(b"1234" + bytes(5000))
    yield Case("16 signatures of 5 kB", beside("".join(stranger(f"w{each}", long) for each in range(15))), IN)
    yield Case("the same stranger twice", beside(stranger("w") * 2), IN)


def _values() -> Iterator[Case]:
    for length in range(9):
        yield Case(f"a stranger's value of {length} bytes", beside(stranger("w", b64(bytes(length)))), length > 4)
    for length in (67, 68, 69):
        value = b64(b"1234" + bytes(length - 4))
        yield Case(f"a stranger's {length} bytes", beside(stranger("w", value)), IN)
        if length != 69:
            yield Case(f"loose bits in a stranger's {length} bytes", beside(stranger("w", loose(value))), OUT)
            yield Case(f"no padding in a stranger's {length} bytes", beside(stranger("w", value.rstrip("="))), OUT)
            yield Case(f"more padding in {length} bytes", beside(stranger("w", value + "=")), OUT)
            yield Case(f"four more in {length} bytes", beside(stranger("w", value + "====")), OUT)
        yield Case(f"four signs of padding in {length} bytes", beside(stranger("w", ODD + "====")), OUT)
    for sign in (
        "-",
        "_",
        " ",
        "  ",
        "\t",
        "\r",
        "=",
        "\u3000",
        "\x00",
        "\uff21",
        "ﬀ",
        "\u0661",
        "é",
        ".",
        "\\n",
        "\ud800",
    ):
        for value in (ODD[:8] + sign + ODD[8:], ODD[:8] + sign + ODD[9:], sign + ODD, ODD + sign):
            yield Case(f"base64 with {sign!a} in it", beside(stranger("w", value)), OUT)
    yield Case("no value", beside(f"{DASH}w \n"), OUT)
    yield Case("no value and no space", beside(f"{DASH}w\n"), OUT)
    yield Case("two values", beside(f"{DASH}w {ODD} {ODD}\n"), OUT)
    yield Case("loose bits in ours", f"{BODY}\n{DASH}{KEY.name} {loose(b64(NUMBER + sig(BODY)))}\n", OUT)
    for dash in (
        "\u2014",
        "\u2013 ",
        "\u2015 ",
        "- ",
        "-- ",
        " \u2014 ",
        "\u2014\u3000",
        "\u2014\xa0",
        "\u2014\t",
        "\u2014  ",
        "",
    ):
        yield Case(f"another dash {dash!a}", beside(f"{dash}w {ODD}\n"), OUT)


def _frames() -> Iterator[Case]:
    line = own(BODY)
    yield Case("no line feed at the end", signed(BODY)[:-1], OUT)
    yield Case("two line feeds at the end", signed(BODY) + "\n", OUT)
    yield Case("CRLF at the end", signed(BODY)[:-1] + "\r\n", OUT)
    yield Case("a line between signatures", signed(BODY) + "\n" + stranger("w"), OUT)
    yield Case("text after the signatures", signed(BODY) + "text\n", OUT)
    yield Case("a blank line before", "\n" + signed(BODY), OUT)
    yield Case("a byte order mark", "\ufeff" + signed(BODY), OUT)
    yield Case("no blank line", f"{BODY}{line}", OUT)
    yield Case("two blank lines", f"{BODY}\n\n{line}", OUT)
    yield Case("a blank line with a space", f"{BODY} \n{line}", OUT)
    yield Case("no signature", f"{BODY}\n", OUT)
    yield Case("no text", "", OUT)
    yield Case("a line feed", "\n", OUT)
    yield Case("two of them", "\n\n", OUT)
    yield Case("a signature alone", line, OUT)
    yield Case("a signature of nothing", f"\n\n{own(chr(10))}", OUT)
    yield Case("a signature of no bytes at all", f"\n{own('')}", OUT)
    yield Case("CRLF throughout, signed so", signed(BODY).replace("\n", "\r\n"), OUT)
    yield Case("a signature over the text without its line feed", f"{BODY}\n{own(BODY[:-1])}", OUT)
    yield Case("a signature over the blank line, too", f"{BODY}\n{own(BODY + chr(10))}", OUT)


def _bodies() -> Iterator[Case]:
    """Rightly signed, each."""
    for origin in ("rekor.sigstore.dev - 2605736670972794746", "a+b", "東京", "\u3000", "\u2014 a b", "\x7f\x9b",
                   "\u2028", "\x85", "\ufeffa", f"{KEY.name}2", KEY.name[:-1], KEY.name.upper()):  # fmt: skip
        yield Case(f"our key under origin {origin!a}", signed(f"{origin}\n40\n{ROOT}\n"), OUT)
        witnessed = f"{origin}\n40\n{ROOT}\n"
        yield Case(
            f"our key under origin {origin!a}, beside a stranger's",
            f"{witnessed}\n{stranger('w')}{own(witnessed)}",
            OUT,
        )
    for origin in ("", "\n", *CONTROLS, "a\ud800", "a\tb"):
        yield Case(f"origin {origin!a}", signed(f"{origin}\n40\n{ROOT}\n"), OUT)
    for size in ("0", "1", "9", "10", str(2**40), str(2**53 - 1), "9999999999999999"):
        yield Case(f"size {size}", signed(f"{KEY.name}\n{size}\n{ROOT}\n"), IN)
    for size in ("", "00", "01", "040", "-0", "-1", "+1", "1.0", "1e2", "0x1", "1_0", "1,000", " 1", "1 ", "٤٠", "４０", "4０", "²", "一",
                 "10000000000000000", str(2**63 - 1), str(2**63), str(2**64 - 1), str(2**64), "9" * 5000, "1\r", "NaN"):  # fmt: skip
        yield Case(f"size {size[:30]!a}", signed(f"{KEY.name}\n{size}\n{ROOT}\n"), OUT)
    for length in (0, 16, 31, 33, 64):
        yield Case(f"a root of {length} bytes", signed(f"{KEY.name}\n40\n{b64(bytes(length))}\n"), OUT)
    for root in (
        loose(ROOT),
        ROOT.rstrip("="),
        ROOT + "=",
        ROOT[:-1] + "A",
        " " + ROOT,
        ROOT + " ",
        ROOT + "\r",
        ROOT.replace("+", "-").replace("/", "_")[:-2] + "-=",
        "0" * 64,
    ):
        yield Case(f"root {root!a}", signed(f"{KEY.name}\n40\n{root}\n"), OUT)
    for more in (
        "more\n",
        "one\ntwo\n",
        " \n",
        "Timestamp: 1679349379012118479\n",
        "\u2014 a b\n",
        "東京 +\n",
        f"{DASH}w {ODD}\n",
    ):
        yield Case(f"lines after the root: {more!a}", signed(f"{KEY.name}\n40\n{ROOT}\n{more}"), IN)
    for more in ("\n", "\nmore\n", "more\n\n", "one\n\ntwo\n", "a\tb\n", "a\r\n", "\x00\n", "\ud800\n"):
        yield Case(f"lines after the root: {more!a}", signed(f"{KEY.name}\n40\n{ROOT}\n{more}"), OUT)
    for body in (
        "a\n",
        "a\n40\n",
        "a\n40",
        f"40\n{ROOT}\n",
        f"{KEY.name}\n{ROOT}\n40\n",
        f"a\r\n40\r\n{ROOT}\r\n",
        "the next key\na+1+2\n",
    ):
        yield Case(f"body {body!a}", signed(body), OUT)


def _vkeys() -> Iterator[Case]:
    def line(name: str, kind: bytes = b"\x01", key: bytes = KEY.public().key, number: str | None = None) -> str:
        right = sha256(name.encode("utf-8", "surrogatepass") + b"\n" + kind + key).hexdigest()[:8]
        return f"{name}+{right if number is None else number}+{b64(kind + key)}"

    good = line("example.city/assign")
    name, number, value = good.split("+", 2)
    for each in ("a", "PeterNeumann", "ñ", "東京", "a/b", "=", "*", "\x7f", "\u200b", "\u202e", "\U0001f600"):
        yield Case(f"name {each!a}", line(each), IN)
    for each in ("", "a+b", "+", *SPACES, *CONTROLS, "\n", "a\u3000b", "a\n", "a\ud800"):
        yield Case(f"name {each!a}", line(each), OUT)
    for kind in (b"", b"\x00", b"\x02", b"\x04", b"\x06", b"\xff", b"\x01\x01"):
        yield Case(f"kind {kind!a}", line(name, kind), OUT)
    for length in (0, 1, 16, 31, 33, 64):
        yield Case(f"a key of {length} bytes", line(name, key=KEY.public().key.ljust(64)[:length]), OUT)
    for other in (
        "00000000",
        number.upper(),
        number[:7],
        number + "0",
        "0" + number[1:],
        " " + number[1:],
        "０" * 8,
        "",
        f"{number[:4]}_{number[4:]}",
    ):
        if other != number:
            yield Case(f"number {other!a}", f"{name}+{other}+{value}", OUT)
    # 33 bytes need no padding, so that no bits are loose in a key of the right length.
    for other in (value[:-1], value + "=", value + "====", value + "\n\n", value + " ", value + "\r\n", " " + value, value[:8] + "\n" + value[8:],
                  value.replace("/", "_").replace("+", "-")[:-1] + "-", value[:-1] + "é", loose(b64(b"\x01" + bytes(31))), ""):  # fmt: skip
        yield Case(f"value {other!a}", f"{name}+{number}+{other}", OUT)
    for other in (
        "",
        "+",
        "++",
        "a",
        "a+b",
        f"{name}+{value}",
        f"PRIVATE+KEY+{good}",
        good + "+",
        "+" + good,
        good[:-4],
        " " + good,
        "\ufeff" + good,
    ):
        yield Case(f"line {other!a}"[:60], other, OUT)
    for key in ("00" * 32, "01" + "00" * 31, "01" + "00" * 30 + "80", "ec" + "ff" * 30 + "7f", "ec" + "ff" * 31, "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
                "ee" + "ff" * 30 + "7f", "ff" * 32, "02" + "00" * 31, "07" + "00" * 31):  # fmt: skip
        yield Case(
            f"key {key[:4]}…{key[-4:]}, of small order, not canonical, or off the curve",
            line(name, key=bytes.fromhex(key)),
            OUT,
        )


NOTES: Final = [*_signers(), *_values(), *_frames(), *_bodies()]
VKEYS: Final = list(_vkeys())
