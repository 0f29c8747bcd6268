"""Signed checkpoints: the published example, RFC 8032's own vectors, forgeries; the product and the auditor's verifier."""

from __future__ import annotations

import base64
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256, sha512

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st

from assign.audit import verifier
from assign.log.checkpoint import Checkpoint, open_verified, parse, sign
from assign.log.keys import NoteError, PublicKey, SecretKey, new_key, public_key, secret_key

from .notes import BODY, KEY, NOTES, ODD, VKEYS, Case, own

# The example in the documentation of golang.org/x/mod/sumdb/note, where the format comes from.
GO_SIGNER = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
GO_PUBLIC = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
GO_LINE = "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="

# RFC 8032, 7.1: secret key, public key, message, signature.
RFC_8032 = [
    ("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
     "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"),
    ("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
     "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"),
    ("c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
     "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
     "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"),
    ("833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
     "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
     sha512(b"abc").hexdigest(),
     "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704"),
]  # fmt: skip

# The eight points whose order divides the cofactor, in their canonical spellings, and five others that some readers take.
PRIME = 2**255 - 19
SMALL_ORDER = [
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
]
NOT_CANONICAL = [
    "0100000000000000000000000000000000000000000000000000000000000080",  # x = 0, and odd
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    (PRIME + 1).to_bytes(32, "little").hex(),  # y >= p
    PRIME.to_bytes(32, "little").hex(),
    (PRIME + 1 + 2**255).to_bytes(32, "little").hex(),
]

CHECKPOINT = Checkpoint("example.city/assign", 40, sha256(b"root").digest())
NOTE = sign(CHECKPOINT, KEY)
STRANGER = SecretKey(KEY.name, bytes(32))


def by_library(key: bytes, message: bytes, signature: bytes) -> bool:
    """What cryptography (OpenSSL) says."""
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def by_auditor(text: str, *keys: PublicKey) -> bool:
    """What the stand-alone verifier says of a note."""
    try:
        verifier.opened(text, {verifier.key_of(str(key)) for key in keys})
    except verifier.WrongError:
        return False
    return True


def by_product(text: str, *keys: PublicKey) -> bool:
    """What the product says of it."""
    try:
        open_verified(text, keys)
    except NoteError:
        return False
    return True


# -- keys and notes --------------------------------------------------------------------------------------------------


def test_a_note_opens_with_its_key_and_says_what_was_signed() -> None:
    """Both verifiers, and the lines that the C2SP text names."""
    assert open_verified(NOTE, [KEY.public()]) == (CHECKPOINT, KEY.public())
    assert parse(NOTE)[0] == CHECKPOINT
    found = verifier.opened(NOTE, {verifier.key_of(str(KEY.public()))})
    assert (found.origin, found.size, found.root, found.number) == (
        CHECKPOINT.origin, 40, CHECKPOINT.root, KEY.public().number.hex(),
    )  # fmt: skip
    lines = NOTE.split("\n")
    assert lines[:2] == ["example.city/assign", "40"]
    assert base64.b64decode(lines[2]) == CHECKPOINT.root
    assert lines[3] == lines[5] == ""
    assert lines[4].startswith("\u2014 example.city/assign ")


def test_the_published_example_has_the_key_and_the_signature_that_ours_make() -> None:
    """The Go authors' key pair and note: key number, public key, secret line and signature, to the byte."""
    seed = base64.b64decode(GO_SIGNER.split("+", 4)[4])[1:]
    key = SecretKey("PeterNeumann", seed)
    assert (str(key.public()), key.text()) == (GO_PUBLIC, GO_SIGNER)
    assert verifier.key_of(GO_PUBLIC) == ("PeterNeumann", "c74f20a3", key.public().key)
    signature = Ed25519PrivateKey.from_private_bytes(seed).sign(GO_TEXT.encode())
    assert base64.b64encode(key.public().number + signature).decode() == GO_LINE
    assert verifier.signed(key.public().key, GO_TEXT.encode(), base64.b64decode(GO_LINE)[4:])
    assert not verifier.signed(key.public().key, GO_TEXT.encode()[:-1], base64.b64decode(GO_LINE)[4:])


def test_keys_come_back_from_their_lines_and_the_secret_is_never_shown() -> None:
    """`repr` and `str` of a secret key are its name; only `text` gives it out."""
    key = new_key("a.city/assign")
    assert secret_key(key.text() + "\n") == key
    assert public_key(str(key.public())) == key.public()
    assert key.seed != new_key("a.city/assign").seed
    for shown in (repr(key), str(key), f"{key}", repr([key])):
        assert key.seed.hex() not in shown
        assert base64.b64encode(key.seed).decode()[:20] not in shown


@pytest.mark.parametrize(
    "change",
    [
        lambda line: line.replace("example", "exampel"),
        lambda line: line[:-4],
        lambda line: line + "AAAA",
        lambda line: line.replace("+", " ", 1),
        lambda line: line.upper(),
        lambda line: line[:0],
        lambda line: "+".join([line.split("+")[0], "00000000", line.split("+", 2)[2]]),
        lambda line: "+".join([*line.split("+")[:2], base64.b64encode(b"\x02" + KEY.public().key).decode()]),
        lambda line: "PRIVATE+KEY+" + line,
    ],
)
def test_a_damaged_key_line_is_refused_by_both(change: object) -> None:
    """Name, number and key hang together."""
    line = change(str(KEY.public()))  # type: ignore[operator]
    with pytest.raises(NoteError):
        public_key(line)
    with pytest.raises(verifier.WrongError):
        verifier.key_of(line)


@pytest.mark.parametrize("kind", [b"\x00", b"\x02", b"\x04", b"e"])
def test_a_key_of_another_kind_is_refused_by_both(kind: bytes) -> None:
    """Its number fits it; but 1 is Ed25519, and nothing else is read here."""
    data = kind + KEY.public().key
    number = sha256(KEY.name.encode() + b"\n" + data).hexdigest()[:8]
    line = f"{KEY.name}+{number}+{base64.b64encode(data).decode()}"
    with pytest.raises(NoteError):
        public_key(line)
    with pytest.raises(verifier.WrongError):
        verifier.key_of(line)


def test_a_damaged_secret_line_is_refused_and_not_repeated() -> None:
    """Also with another key's number, and another key's kind."""
    good = KEY.text()
    number, other = KEY.public().number.hex(), STRANGER.public().number.hex()
    kind = base64.b64encode(b"\x02" + KEY.seed).decode()
    for line in (
        good[:-6] + "AAAA",
        good[:-4],
        good.replace(number, other),
        good[:-44] + kind,
        good[8:],
        str(KEY.public()),
    ):
        with pytest.raises(NoteError) as error:
            secret_key(line)
        assert good[-40:-20] not in str(error.value)
        assert number not in str(error.value)
    assert secret_key(good) == KEY


@pytest.mark.slow
def test_any_single_changed_byte_of_a_note_is_refused_by_both() -> None:
    """Each byte of the note, replaced by another in turn; the note as it is stands beside them."""
    assert by_product(NOTE, KEY.public())
    assert by_auditor(NOTE, KEY.public())
    data = NOTE.encode()
    refused = 0
    for place in range(len(data)):
        for other in {10, data[place] ^ 1} - {data[place]}:
            changed = data[:place] + bytes([other]) + data[place + 1 :]
            text = changed.decode("utf-8", "replace")
            assert not by_product(text, KEY.public()), (place, other)
            assert not by_auditor(text, KEY.public()), (place, other)
            refused += 1
    assert refused > 300


@pytest.mark.long
@given(st.integers(0, 400), st.integers(0, 60), st.text(max_size=4))
def test_a_note_with_something_cut_or_put_in_is_refused_by_both(at: int, cut: int, put: str) -> None:
    """Anywhere, of any length."""
    changed = NOTE[:at] + put + NOTE[at + cut :]
    if changed != NOTE:
        assert not by_product(changed, KEY.public())
        assert not by_auditor(changed, KEY.public())


@pytest.mark.long
@given(
    st.text(max_size=300)
    | st.lists(st.sampled_from([*NOTE.split("\n"), "", "\u2014 a b", "0", "=", "\ud800"])).map("\n".join)
)
def test_random_text_is_a_note_error_and_nothing_else(text: str) -> None:
    """Never an exception of another kind, from the product's readers or the auditor's."""
    for read in (parse, public_key, secret_key, lambda given: open_verified(given, [KEY.public()])):
        with suppress(NoteError):
            read(text)
    for check in (verifier.key_of, lambda given: verifier.opened(given, {verifier.key_of(str(KEY.public()))})):
        with suppress(verifier.WrongError):
            check(text)


def spare_bit(line: str) -> str:
    """Base64 whose last letter differs in bits that stand for nothing."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    head, padding = line.rstrip("="), "=" * (len(line) - len(line.rstrip("=")))
    return head[:-1] + alphabet[alphabet.index(head[-1]) ^ 1] + padding


@pytest.mark.parametrize(
    ("place", "other"),
    [
        (1, lambda _: "040"),
        (1, lambda _: "+40"),
        (1, lambda _: "４０"),
        (1, lambda _: "4０"),
        (1, lambda _: " 40"),
        (1, lambda _: "4_0"),
        (2, spare_bit),
        (2, lambda line: line + "\nmore"),
        (2, lambda line: line + "\r"),
        (4, spare_bit),
        (4, lambda line: line[2:]),
        (4, lambda line: "-" + line[1:]),
        (4, lambda line: "\u2013" + line[1:]),
        (4, lambda line: line.replace(" ", "\u3000")),
        (4, lambda line: line + " "),
    ],
)
def test_a_rightly_signed_checkpoint_in_another_spelling_is_refused_by_both(
    place: int, other: Callable[[str], str]
) -> None:
    """What it says is what was signed; how it is written must be, too, since readers compare the text."""
    lines = NOTE.split("\n")
    lines[place] = other(lines[place])
    assert "\n".join(lines) != NOTE
    assert not by_product("\n".join(lines), KEY.public())
    assert not by_auditor("\n".join(lines), KEY.public())


@pytest.mark.long
def test_a_second_signer_is_passed_over_and_a_known_one_must_be_right() -> None:
    """C2SP signed-note: unknown signatures are ignored; a wrong one of a known key spoils the note."""
    witness = SecretKey("witness.example", bytes(32))
    line = sign(CHECKPOINT, witness).partition("\n\n")[2]
    both, own = NOTE + line, NOTE.partition("\n\n")[2]
    wrong = NOTE + line[:-20] + ("A" if line[-20] != "A" else "B") + line[-19:]
    for judge in (by_product, by_auditor):
        assert judge(both, KEY.public())
        assert not judge(both, witness.public())  # a log signs with a key of its own name
        assert judge(wrong, KEY.public())
        assert not judge(wrong, witness.public())
        assert judge(both, KEY.public(), witness.public())
        assert not judge(wrong, KEY.public(), witness.public())
        assert not judge(wrong, witness.public(), KEY.public())
        assert judge(NOTE + own, KEY.public())
        assert not judge(NOTE + own[:-20] + ("A" if own[-20] != "A" else "B") + own[-19:], KEY.public())
        assert not judge(NOTE, witness.public())
        assert not judge(NOTE)


def test_a_key_of_the_same_name_is_not_the_same_key() -> None:
    """The key's number tells them apart; a number alone convinces nobody."""
    other = STRANGER.public()
    forged = PublicKey(KEY.name, KEY.public().number, other.key)
    assert not by_product(NOTE, other)
    assert not by_auditor(NOTE, other)
    assert not by_product(NOTE, forged)
    with pytest.raises(verifier.WrongError):
        verifier.key_of(str(forged))


@pytest.mark.parametrize(
    "body",
    [
        "example.city/assign\n040\n{root}\n",
        "example.city/assign\n-1\n{root}\n",
        "example.city/assign\n４０\n{root}\n",
        "example.city/assign\n99999999999999999\n{root}\n",
        "example.city/assign\n40\nAAAA\n",
        "\n40\n{root}\n",
        "example.city/assign\r\n40\r\n{root}\n",
    ],
)
def test_a_rightly_signed_text_that_is_no_checkpoint_is_refused_by_both(body: str) -> None:
    """The signature says who wrote it, not that it means something."""
    text = body.format(root=base64.b64encode(CHECKPOINT.root).decode())
    signature = Ed25519PrivateKey.from_private_bytes(KEY.seed).sign(text.encode())
    value = base64.b64encode(KEY.public().number + signature).decode()
    note = f"{text}\n\u2014 {KEY.name} {value}\n"
    assert not by_product(note, KEY.public())
    assert not by_auditor(note, KEY.public())


# -- one list for both -----------------------------------------------------------------------------------------------


@pytest.mark.long
@pytest.mark.parametrize("case", NOTES, ids=[case.name for case in NOTES])
def test_both_verifiers_let_in_what_c2sp_does_and_nothing_else(case: Case) -> None:
    """One note, one verdict: an auditor's machine and ours must not tell a citizen different things of one signature."""
    assert (by_product(case.text, KEY.public()), by_auditor(case.text, KEY.public())) == (case.good, case.good)


@pytest.mark.parametrize("case", VKEYS, ids=[case.name for case in VKEYS])
def test_both_verifiers_take_the_same_public_keys(case: Case) -> None:
    """One spelling each, of a key under which not everybody can sign."""
    assert (takes(public_key, case.text), takes(verifier.key_of, case.text)) == (case.good, case.good)


def takes(reader: Callable[[str], object], text: str) -> bool:
    try:
        reader(text)
    except (NoteError, verifier.WrongError):
        return False
    return True


PARTS = [
    "\n",
    "\n\n",
    " ",
    "+",
    "\u2014 ",
    "\u3000",
    "\r",
    "\t",
    "\x85",
    "=",
    "==",
    "A",
    "0",
    "ñ",
    "\u2028",
    "\ud800",
    ODD,
    own(BODY),
    "w",
]


@pytest.mark.slow
@settings(max_examples=400)
@given(st.data())
def test_of_any_note_rightly_signed_both_say_the_same(data: st.DataObject) -> None:
    """Its text and its lines changed anywhere, and signed as they then are, so that the form alone decides."""

    def changed(text: str) -> str:
        for _ in range(data.draw(st.integers(0, 2))):
            at, cut = data.draw(st.integers(0, len(text))), data.draw(st.sampled_from([0, 0, 1, 2]))
            text = text[:at] + data.draw(st.sampled_from(PARTS) | st.characters(codec=None)) + text[at + cut :]
        return text

    body = changed(BODY)
    lines = data.draw(st.permutations([own(body), *data.draw(st.lists(st.just(f"\u2014 w {ODD}\n"), max_size=2))]))
    text = body + "\n" + "".join(map(changed, lines))
    verdicts = by_product(text, KEY.public()), by_auditor(text, KEY.public())
    assert verdicts[0] is verdicts[1]
    if verdicts[0]:
        found, other = parse(text)[0], verifier.opened(text, {verifier.key_of(str(KEY.public()))})
        assert (found.origin, found.size, found.root) == other[:3]


@pytest.mark.slow
@settings(max_examples=400)
@given(st.data())
def test_of_any_public_key_s_line_both_say_the_same(data: st.DataObject) -> None:
    """Changed, with the number made to fit or not; and keys of random bytes, half of which are on no curve."""
    name = data.draw(st.sampled_from(["a", "ñ"]) | st.text(st.characters(codec=None), max_size=3))
    key = data.draw(st.just(KEY.public().key) | st.binary(min_size=32, max_size=32))
    number = sha256(name.encode("utf-8", "surrogatepass") + b"\n\x01" + key).hexdigest()[:8]
    line = f"{name}+{number}+{base64.b64encode(bytes([1]) + key).decode()}"
    at = data.draw(st.integers(0, len(line)))
    line = line[:at] + data.draw(st.just("") | st.sampled_from(PARTS)) + line[at:]
    if not line.endswith("\n"):  # the product reads a file's line, too
        assert takes(public_key, line) is takes(verifier.key_of, line)


@pytest.mark.long
def test_of_two_known_keys_that_signed_both_name_the_log_s_own() -> None:
    """Whichever stands first. And a key that claims another's name and number is no reason to believe the note."""
    other = SecretKey("witness.example", bytes(32))
    text = f"{BODY}\n{own(BODY, other)}{own(BODY)}"
    for keys in ([KEY.public(), other.public()], [other.public(), KEY.public()]):
        assert open_verified(text, keys)[1] == KEY.public()
        found = verifier.opened(text, {verifier.key_of(str(key)) for key in keys})
        assert found.number == KEY.public().number.hex()
    double = PublicKey(KEY.name, KEY.public().number, other.public().key)
    plain = (KEY.name, KEY.public().number.hex())
    for keys in ([KEY.public(), double], [double, KEY.public()]):
        assert not by_product(NOTE, *keys)
        with pytest.raises(verifier.WrongError):
            verifier.opened(NOTE, {(*plain, key.key) for key in keys})


# -- Ed25519 in Python -----------------------------------------------------------------------------------------------


@pytest.mark.long
@pytest.mark.parametrize("vector", RFC_8032, ids=["empty", "1 byte", "2 bytes", "SHA(abc)"])
def test_the_vectors_of_rfc_8032_hold(vector: tuple[str, str, str, str]) -> None:
    """And not for another message, another key, another signature."""
    _, key, message, signature = map(bytes.fromhex, vector)
    assert verifier.signed(key, message, signature)
    assert not verifier.signed(key, message + b"\0", signature)
    assert not verifier.signed(
        bytes.fromhex(RFC_8032[0][1]) if vector != RFC_8032[0] else KEY.public().key, message, signature
    )
    for place in range(0, 64, 5):
        assert not verifier.signed(
            key, message, signature[:place] + bytes([signature[place] ^ 4]) + signature[place + 1 :]
        )


@pytest.mark.slow
@settings(max_examples=60)
@given(st.binary(min_size=32, max_size=32), st.binary(max_size=80), st.integers(0, 95), st.integers(0, 7))
def test_it_says_what_cryptography_says(seed: bytes, message: bytes, place: int, bit: int) -> None:
    """Random keys and messages, right and with one bit turned in key or signature."""
    private = Ed25519PrivateKey.from_private_bytes(seed)
    key, signature = private.public_key().public_bytes_raw(), private.sign(message)
    assert verifier.signed(key, message, signature)
    both = bytearray(key + signature)
    both[place] ^= 1 << bit
    key, signature = bytes(both[:32]), bytes(both[32:])
    assert verifier.signed(key, message, signature) is by_library(key, message, signature) is False


def test_a_signature_has_one_spelling() -> None:
    """S and S + L would both fit the equation; RFC 8032 takes the smaller alone."""
    key, message = KEY.public().key, b"message"
    signature = Ed25519PrivateKey.from_private_bytes(KEY.seed).sign(message)
    s = int.from_bytes(signature[32:], "little")
    assert verifier.signed(key, message, signature)
    for more in range(1, 16):
        other = s + more * verifier.ORDER
        if other < 2**256:
            assert not verifier.signed(key, message, signature[:32] + other.to_bytes(32, "little"))
    assert verifier.times(verifier.ORDER, verifier.point_of(RFC_8032_BASE) or (0, 0)) == (0, 1)


RFC_8032_BASE = bytes.fromhex("58" + "66" * 31)


@pytest.mark.parametrize("key", [*SMALL_ORDER, *NOT_CANONICAL])
def test_a_point_of_small_order_or_in_another_spelling_is_no_key(key: str) -> None:
    """
    Under such a key anyone can sign: S = 0 and one of eight R fit many a message. OpenSSL takes them, which the control
    shows, so the product refuses the key itself.
    """
    data = bytes.fromhex(key)
    assert (verifier.point_of(data) is None) == (key in NOT_CANONICAL)
    forged = [
        (message, bytes.fromhex(first) + bytes(32))
        for message in (b"a", b"b", b"c", b"d", b"e", b"f")
        for first in SMALL_ORDER
    ]
    assert any(by_library(data, *each) for each in forged)
    assert not any(verifier.signed(data, *each) for each in forged)
    number = sha256(b"a.city\n\x01" + data).digest()[:4]
    with pytest.raises(NoteError):
        public_key(str(PublicKey("a.city", number, data)))


def test_points_off_the_curve_are_none() -> None:
    """About half of all y have no x; and every one that has, solves the curve's equation."""
    found = [verifier.point_of(sha256(b"%d" % number).digest()) for number in range(64)]
    assert 16 < found.count(None) < 48
    for point in filter(None, found):
        x, y = point
        left, right = (y * y - x * x) % PRIME, (1 + verifier.CURVE * x * x * y * y) % PRIME
        assert left == right
