"""Archives, read far enough to tell blocked files, and never further than is good for us."""

import bz2
import gzip
import io
import random
import struct
import tarfile
import zipfile
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsluice.relay.archives import DEPTH, Entry, Reader, is_archive, is_tar


def zipped(files: dict[str, bytes], *, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return file.getvalue()


def tarred(files: dict[str, bytes], *, format: int = tarfile.PAX_FORMAT) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=format) as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return file.getvalue()


def locked(files: dict[str, bytes]) -> bytes:
    """A zip whose entries say that they are encrypted."""
    raw = bytearray(zipped(files, method=zipfile.ZIP_STORED))
    for magic, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = raw.find(magic)
        while at >= 0:
            raw[at + offset] |= 1
            at = raw.find(magic, at + 4)
    return bytes(raw)


def names(content: bytes, name: str = "a.bin") -> list[str]:
    return [entry.name for entry in Reader().entries(name, content)]


FILES = {"folder/one.txt": b"one" * 100, "two.exe": b"MZ\0two", "größe.js": b"three"}


@pytest.mark.parametrize(
    "content",
    [
        zipped(FILES),
        zipped(FILES, method=zipfile.ZIP_STORED),
        b"self-extracting" * 99 + zipped(FILES),
        tarred(FILES),
        tarred(FILES, format=tarfile.GNU_FORMAT),
        gzip.compress(tarred(FILES)),
        bz2.compress(tarred(FILES)),
    ],
    ids=["deflated", "stored", "prefixed", "pax", "gnu", "tgz", "tbz"],
)
def test_names_and_beginnings_are_read(content: bytes) -> None:
    if not is_archive(content):  # bytes before a zip are a program's, which is told by its own beginning
        content = content[content.find(b"PK") :]
    entries = list(Reader().entries("a.bin", content))
    assert [(entry.name, entry.start) for entry in entries] == list(FILES.items())
    assert all(entry.inside[0] == "a.bin" and not entry.is_locked for entry in entries)


def test_a_packed_file_is_named_as_it_was_before() -> None:
    assert Reader().entries("x.exe.gz", gzip.compress(b"MZ\0")).__next__() == Entry(
        "x.exe", b"MZ\0", False, ("x.exe.gz",)
    )
    assert names(bz2.compress(b"x"), "y.js.bz2") == ["y.js"]
    assert names(gzip.compress(b"x"), "z.tgz") == ["z.tar"]


@pytest.mark.parametrize("format", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT, tarfile.USTAR_FORMAT])
def test_long_names_are_read(format: int) -> None:
    name = "folder/" * 20 + "x.exe"
    assert names(tarred({name: b"x", "short": b""}, format=format)) == [name, "short"]


def test_archives_in_archives_are_opened_and_their_path_is_told() -> None:
    inner = gzip.compress(tarred({"d.zip": zipped({"e.exe": b"MZ\0"})}))
    found = list(Reader().entries("a.zip", zipped({"b/c.dat": inner})))
    assert found[-1] == Entry("e.exe", b"MZ\0", False, ("a.zip", "b/c.dat", "d.zip"))


def test_a_locked_zip_tells_its_names_only() -> None:
    assert list(Reader().entries("a.zip", locked({"b.zip": b"PK\x03\x04", "c.txt": b"c"}))) == [
        Entry("b.zip", b"", True, ("a.zip",)),
        Entry("c.txt", b"", True, ("a.zip",)),
    ]


def test_a_zip_without_its_directory_is_read_all_the_same() -> None:
    content = zipped(FILES, method=zipfile.ZIP_STORED)
    assert names(content[: content.find(b"PK\x01\x02")]) == list(FILES)


def test_nesting_is_followed_to_a_bound() -> None:
    content = b"core"
    for level in range(DEPTH + 3):
        content = zipped({f"{level}.zip": content})
    assert len(names(content)) == DEPTH


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lambda data: zipped({"zeros.zip": data})])
def test_a_bomb_spends_the_budget_and_no_more(pack: object) -> None:
    assert callable(pack)
    reader = Reader()
    list(reader.entries("a.gz", pack(bytes(80_000_000))))
    assert reader.is_spent


def test_very_many_entries_spend_the_budget() -> None:
    reader = Reader()
    content = zipped({f"{n}.txt": b"" for n in range(12_000)}, method=zipfile.ZIP_STORED)
    assert len(list(reader.entries("a.zip", content))) == 10_000
    assert reader.is_spent


def test_time_spends_the_budget() -> None:
    ticks = count()
    reader = Reader(clock=lambda: next(ticks) / 10)
    assert 0 < len(list(reader.entries("a.zip", zipped({f"{n}.txt": b"x" for n in range(100)})))) < 20
    assert reader.is_spent


def test_no_archive_has_no_entries() -> None:
    for content in (b"", b"text", b"PK", b"\x1f\x8b", bytes(2048), b"BZh9 is how I begin my letter"):
        assert names(content) == []


ARCHIVES = [
    zipped(FILES),
    zipped({"a.gz": gzip.compress(b"x")}),
    tarred(FILES),
    gzip.compress(b"x" * 99, mtime=0),
    bz2.compress(b"y"),
]


@given(st.sampled_from(ARCHIVES), st.lists(st.tuples(st.integers(0, 4000), st.integers(0, 255)), max_size=8), st.data())
def test_damaged_archives_never_raise(content: bytes, damage: list[tuple[int, int]], data: st.DataObject) -> None:
    raw = bytearray(content)
    for at, byte in damage:
        raw[at % len(raw)] = byte
    for name in names(bytes(raw[: data.draw(st.integers(0, len(raw)))])):
        assert name.isprintable()


def test_random_bytes_behind_a_beginning_never_raise() -> None:
    noise = random.Random(5)
    for start in (b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b\x08", b"BZh91AY&SY", zipped({"a": b"b"})[:60]):
        for _ in range(50):
            names(start + noise.randbytes(noise.randrange(2000)))


def test_sizes_that_lie_lead_nowhere() -> None:
    head = bytearray(tarred({"a.txt": b"x"})[:512])
    head[124:136] = b"\x80" + (2**80).to_bytes(11)
    head[148:156] = b" " * 8
    head[148:156] = b"%06o\0 " % sum(head)
    assert is_tar(bytes(head))
    assert names(bytes(head) + bytes(512)) == ["a.txt"]
    content = bytearray(zipped({"a.txt": b"x"}))
    end = content.find(b"PK\x05\x06")
    content[end + 12 : end + 20] = struct.pack("<2L", 0xFFFFFFFF, 0xFFFFFFFF)
    assert names(bytes(content)) == ["a.txt"]
