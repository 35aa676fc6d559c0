"""Thousands of damaged and forged bundles: each is refused with one line that says why, or changes nothing.

Changes nothing means: the same papers, the same day, the same bytes of every PDF. The seeded mutations are the same on every
run; hypothesis looks further, and shrinks what it finds. ``FUZZ_ROUNDS`` multiplies the seeded ones.
"""

from __future__ import annotations

import os
import random
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import tar_blocks
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tar_blocks import BLOCK, FIELDS, FREE_FIELDS, entry, join, pax_record, resealed, split

from summarizer.errors import BundleError
from summarizer.signing import SigningKey, TrustedKeys, new_key, read_signing_key

ROUNDS = 200 * int(os.environ.get("FUZZ_ROUNDS", "1"))
NAMES = (
    "manifest.json",
    "manifest.json.sig",
    "papers.jsonl",
    "pdf/2602.11145v1.pdf",
    "pdf/2602.11145v2.pdf",
    "PDF/2602.11145V1.PDF",
    "../../etc/passwd",
    "/etc/passwd",
    "pdf/../../x.pdf",
    "pdf\\x.pdf",
    "C:x.pdf",
    ".",
    "",
    "a" * 100,
    "pdf/\x01.pdf",
    "notes.txt",
)
NUMBERS = (b"", b"0", b"77777777777\0", b"00000000001\0", b"\x80" + b"\0" * 10 + b"\7", b"\xff" * 12, b"-1", b"9" * 11)


@dataclass(frozen=True)
class Victim:
    """A whole bundle, and the policy under which its mutations are read."""

    data: bytes
    content: tuple[Any, ...]
    policy: dict[str, Any]
    folder: Path

    def outcome(self, data: bytes) -> str:
        """Why it is refused, without the figures in it; "" when it means the same as before. All else fails the test."""
        path = self.folder / "mutated.tar"
        path.write_bytes(data)
        try:
            found = tar_blocks.content(path, self.folder, **self.policy)
        except BundleError as error:
            message = str(error)
            assert message.startswith(f"bundle {path} is refused: "), message
            assert "\n" not in message, message
            assert len(message) < 700
            return re.sub(r"'[^']*'|b'.*'|[0-9a-f]{12}…|\d+", "_", message.removeprefix(f"bundle {path} is refused: "))
        assert found == self.content, "a changed bundle was let in"
        return ""


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> SigningKey:
    path = tmp_path_factory.mktemp("key") / "key.pem"
    new_key(path, "tests")
    return read_signing_key(path)


def _victim(folder: Path, sign: tuple[SigningKey, ...], policy: dict[str, Any]) -> Victim:
    path = tar_blocks.small_bundle(folder, sign)
    return Victim(path.read_bytes(), tar_blocks.content(path, folder, **policy), policy, folder)


@pytest.fixture(scope="module")
def unsigned(tmp_path_factory: pytest.TempPathFactory) -> Victim:
    return _victim(tmp_path_factory.mktemp("unsigned"), (), {})


@pytest.fixture(scope="module")
def signed(key: SigningKey, tmp_path_factory: pytest.TempPathFactory) -> Victim:
    trust = TrustedKeys({key.key_id: key.public}, {}, require_signature=True, sources="trusted.pub")
    return _victim(tmp_path_factory.mktemp("signed"), (key,), {"trust": trust})


@pytest.fixture(scope="module", params=["unsigned", "signed"])
def victim(request: pytest.FixtureRequest) -> Any:
    return request.getfixturevalue(request.param)


def _place(data: bytes, pick: random.Random) -> int:
    return pick.randrange(len(data.rstrip(b"\0")) + 600)  # mostly in what is used, sometimes in the padding


def _flip_a_bit(data: bytes, pick: random.Random) -> bytes:
    bent = bytearray(data)
    bent[_place(data, pick)] ^= 1 << pick.randrange(8)
    return bytes(bent)


def _set_bytes(data: bytes, pick: random.Random) -> bytes:
    bent = bytearray(data)
    for _ in range(pick.choice((1, 1, 2, 8))):
        bent[_place(data, pick)] = pick.choice((0, 0x20, 0x2F, 0x37, 0xFF, pick.randrange(256)))
    return bytes(bent)


def _cut(data: bytes, pick: random.Random) -> bytes:
    return data[: pick.choice((_place(data, pick), BLOCK * pick.randrange(len(data) // BLOCK)))]


def _insert(data: bytes, pick: random.Random) -> bytes:
    at = pick.choice((_place(data, pick), BLOCK * pick.randrange(len(data) // BLOCK)))
    n = pick.choice((1, 2, 511, 512, 1024))
    return data[:at] + pick.choice((bytes(n), pick.randbytes(n), data[:n])) + data[at:]


def _take_out(data: bytes, pick: random.Random) -> bytes:
    at = pick.choice((_place(data, pick), BLOCK * pick.randrange(len(data) // BLOCK)))
    return data[:at] + data[at + pick.choice((1, 7, 512, 1024, 2048)) :]


def _exchange(data: bytes, pick: random.Random) -> bytes:
    first, second = sorted(pick.sample(range(len(data.rstrip(b"\0")) // BLOCK + 2), 2))
    blocks = [data[n : n + BLOCK] for n in range(0, len(data), BLOCK)]
    blocks[first], blocks[second] = blocks[second], blocks[first]
    return b"".join(blocks)


def _rewrite_a_header(data: bytes, pick: random.Random) -> bytes:
    """A field gets another value and the header a checksum that fits."""
    entries = split(data)
    at, field = pick.randrange(len(entries)), pick.choice(sorted(FIELDS.keys() - FREE_FIELDS))
    if field == "name":
        value = pick.choice(NAMES).encode()
    elif field == "size":
        value = pick.choice((*NUMBERS, b"%011o\0" % (len(entries[at].body) + pick.choice((-1, 1, 511, 512, 1 << 32)))))
    elif field == "kind":
        value = pick.choice((b"\0", b"1", b"2", b"3", b"5", b"6", b"7", b"g", b"x", b"L", b"K", b"S", b"V", b"Z"))
    else:
        value = pick.choice((b"", b"x", b"../x", b"\xff" * 155, pick.randbytes(8)))
    entries[at] = entries[at].with_field(field, value)
    return join(entries)


def _rewrite_free_fields(data: bytes, pick: random.Random) -> bytes:
    entries = [e.with_field(pick.choice(sorted(FREE_FIELDS)), pick.randbytes(12)) for e in split(data)]
    return join(entries, bytes(BLOCK * pick.randrange(2, 40)))


def _shuffle_members(data: bytes, pick: random.Random) -> bytes:
    entries = split(data)
    first, second = pick.randrange(len(entries)), pick.randrange(len(entries))
    change = pick.randrange(4)
    if change == 0:
        entries[first], entries[second] = entries[second], entries[first]
    elif change == 1:
        entries.insert(first, entries[second])
    elif change == 2:
        del entries[first]
    else:  # the names stay, the contents change places
        entries[first] = entries[first].with_body(entries[second].body)
    return join(entries)


def _add_a_member(data: bytes, pick: random.Random) -> bytes:
    entries = split(data)
    records = pax_record(
        pick.choice(("path", "size", "mtime", "linkpath", "GNU.sparse.size", "uid")), pick.choice(NAMES)
    )
    added = pick.choice(
        (
            entry(pick.choice(NAMES), pick.randbytes(pick.choice((0, 5, 512)))),
            entry("PaxHeader", records, pick.choice((b"x", b"g"))),
            entry("././@LongLink", pick.choice(NAMES).encode() + b"\0", pick.choice((b"L", b"K"))),
            entry(pick.choice(NAMES), b"", pick.choice((b"1", b"2", b"3", b"5", b"6", b"S"))),
        )
    )
    entries.insert(pick.randrange(len(entries) + 1), added)
    return join(entries)


def _change_a_body(data: bytes, pick: random.Random) -> bytes:
    """Longer, shorter or other content in a member whose header agrees with it."""
    entries = split(data)
    at = pick.randrange(len(entries))
    body = entries[at].body
    place = pick.randrange(len(body))
    body = pick.choice(
        (
            body[:place],
            body + b" ",
            body[:place] + b"}" + body[place:],
            body[:place] + pick.randbytes(3) + body[place + 3 :],
            body.replace(b"2602", b"2603", 1),
            b"",
        )
    )
    entries[at] = entries[at].with_body(body)
    return join(entries)


def _concatenate(data: bytes, pick: random.Random) -> bytes:
    used = join(split(data), b"")
    return pick.choice(
        (used + data, data + used, used + bytes(BLOCK) + data, data + pick.randbytes(3), used + data[:BLOCK])
    )


MUTATIONS: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    _flip_a_bit,
    _set_bytes,
    _cut,
    _insert,
    _take_out,
    _exchange,
    _rewrite_a_header,
    _rewrite_free_fields,
    _shuffle_members,
    _add_a_member,
    _change_a_body,
    _concatenate,
)


def test_there_are_enough_of_them() -> None:
    assert 2 * ROUNDS * len(MUTATIONS) >= 4000


@pytest.mark.parametrize("mutate", MUTATIONS, ids=lambda f: f.__name__.strip("_"))
def test_every_mutation_is_refused_or_harmless(victim: Victim, mutate: Callable[[bytes, random.Random], bytes]) -> None:
    outcomes: Counter[str] = Counter()
    for number in range(ROUNDS):
        data = mutate(victim.data, random.Random(f"{mutate.__name__} {number}"))
        reason = victim.outcome(data)
        if data == victim.data:
            assert reason == ""
        outcomes[reason] += 1
    if mutate is _rewrite_free_fields:
        assert outcomes.keys() == {""}
    else:
        assert len(outcomes.keys() - {""}) >= 2, "the mutations do not reach far"
        assert outcomes[""] < ROUNDS / 2, "most of the mutations change nothing"


def test_a_forger_without_the_key_gets_nothing_in(signed: Victim) -> None:
    """The manifest is written anew to fit other contents: only a signature can tell."""
    pick = random.Random("forger")
    reasons = Counter()
    for number in range(ROUNDS):
        entries = split(signed.data)
        if number % 2:
            del entries[1]  # the signature
        at = pick.randrange(1, len(entries))
        place = pick.randrange(max(1, len(entries[at].body)))
        entries[at] = entries[at].with_body(entries[at].body[:place] + b" " + entries[at].body[place:])
        reason = signed.outcome(join(resealed(entries)))
        assert reason, "a forged bundle was let in"
        reasons[reason] += 1
    assert len(reasons) >= 2
    assert any("it is not signed" in reason for reason in reasons)
    assert any("does not fit its manifest" in reason for reason in reasons)


EDITS = st.lists(
    st.tuples(
        st.sampled_from(["set", "insert", "delete", "copy"]),
        st.integers(0, 12_000),
        st.integers(0, 12_000),
        st.binary(min_size=1, max_size=16),
    ),
    min_size=1,
    max_size=4,
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(edits=EDITS, sealed=st.booleans())
def test_any_edits_are_refused_or_harmless(
    victim: Victim, edits: list[tuple[str, int, int, bytes]], sealed: bool
) -> None:
    data = victim.data
    for kind, first, second, value in edits:
        at, to = first % (len(data) or 1), second % (len(data) or 1)
        if kind == "set":
            data = data[:at] + value + data[at + len(value) :]
        elif kind == "insert":
            data = data[:at] + value + data[at:]
        elif kind == "delete":
            data = data[:at] + data[at + len(value) * 64 :]
        else:
            data = data[:at] + data[to : to + 600] + data[at:]
    if sealed:  # checksums that fit, so that more than the checksum is tried
        data = _sealed_headers(data)
    victim.outcome(data)


def _sealed_headers(data: bytes) -> bytes:
    blocks = [data[n : n + BLOCK] for n in range(0, len(data), BLOCK)]
    return b"".join(
        tar_blocks.sealed(block) if len(block) == BLOCK and block[257:262] == b"ustar" else block for block in blocks
    )
