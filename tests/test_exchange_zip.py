"""zip archives: exact both ways, and hostile ones refused with the reason before anything is unpacked."""

import io
import random
import stat
import struct
import zipfile
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsluice.errors import Refusal
from mailsluice.exchange import archive
from mailsluice.exchange.mail import Limits, Mail
from tests.exchanging import AWKWARD, LIMITS, RECEIVED, raws, zip_of

MESSAGE = b"Subject: x\r\n\r\nhello hello hello hello hello hello\r\n"


def written(*mails: Mail) -> bytes:
    writer = archive.ZipWriter()
    return b"".join(writer.add(mail) for mail in mails) + writer.end()


def entry(name: str, **changes: object) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, (2026, 7, 20, 11, 22, 32))
    for attribute, value in changes.items():
        setattr(info, attribute, value)
    return info


def refusal(content: bytes, limits: Limits = LIMITS) -> str:
    with pytest.raises(Refusal) as caught:
        raws(archive.read, content, limits)
    assert caught.value.field == "body"
    return caught.value.reason


@given(st.lists(st.binary(max_size=2000), min_size=1, max_size=5))
def test_any_messages_come_back_byte_for_byte(contents: list[bytes]) -> None:
    mails = (Mail(raw, name=f"{number}", received=RECEIVED) for number, raw in enumerate(contents))
    assert raws(archive.read, written(*mails)) == contents


def test_awkward_messages_come_back_in_their_order_with_all_that_is_known() -> None:
    mails = [
        Mail(raw, f"id{number}", RECEIVED + number, "", ("bob@example.org", "ç@example.org"), seen=True, pinned=True)
        for number, raw in enumerate(AWKWARD)
    ]
    found = list(archive.read(io.BytesIO(written(*mails)), LIMITS))
    assert [(one.raw, one.received, one.sender, one.recipients, one.seen, one.pinned) for one in found] == [
        (one.raw, one.received, one.sender, one.recipients, one.seen, one.pinned) for one in mails
    ]


def test_other_programs_find_eml_files_with_their_time() -> None:
    with zipfile.ZipFile(io.BytesIO(written(Mail(MESSAGE, "abc", RECEIVED)))) as found:
        (info,) = found.infolist()
        assert (info.filename, info.date_time) == ("20260720-112233-abc.eml", (2026, 7, 20, 11, 22, 32))
        assert stat.S_IMODE(info.external_attr >> 16) == 0o600
        assert found.read(info) == MESSAGE


def test_thousands_of_recipients_find_no_room_in_an_archive_and_cost_nothing_else() -> None:
    mail = Mail(MESSAGE, "id", RECEIVED, "ada@example.com", tuple(f"{n}@example.com" for n in range(5000)))
    (found,) = archive.read(io.BytesIO(written(mail)), LIMITS)
    assert (found.raw, found.received, found.sender, found.recipients) == (MESSAGE, RECEIVED, mail.sender, None)


def test_an_archive_of_another_program_is_read_and_clutter_passed_over() -> None:
    unix = entry("b.EML", extra=struct.pack("<HHBl", 0x5455, 5, 1, 1_784_546_553), comment=b"hello")
    clutter = [(name, b"x") for name in ("__MACOSX/._a.eml", "mail/.DS_Store", "Thumbs.db")]
    content = zip_of([("mail/", b""), *clutter, (entry("mail/a.eml"), MESSAGE), (unix, b"other\n")])
    found = list(archive.read(io.BytesIO(content), LIMITS))
    assert [(one.name, one.raw, one.received) for one in found] == [
        ("mail/a.eml", MESSAGE, 1_784_546_552_000_000),
        ("b.EML", b"other\n", 1_784_546_553_000_000),
    ]


@pytest.mark.parametrize(
    "name",
    ["../a.eml", "a/../../b.eml", "/etc/a.eml", "C:\\a.eml", "c:a.eml", "a\\b.eml", "..", "\\\\host\\a.eml", "x/.."],
)
def test_a_name_that_leads_out_of_the_archive_is_refused(name: str) -> None:
    assert "leads out of the archive" in refusal(zip_of([("good.eml", MESSAGE), (name, MESSAGE)]))


def test_a_name_that_hides_its_end_is_refused() -> None:
    content = zip_of([("aXb.eml", MESSAGE)]).replace(b"aXb.eml", b"a\0b.eml")
    assert "leads out of the archive" in refusal(content)


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFSOCK])
def test_links_and_devices_are_refused(kind: int) -> None:
    info = entry("a.eml", create_system=3, external_attr=(kind | 0o777) << 16)
    assert "a link or a device" in refusal(zip_of([(info, b"/etc/passwd")]))


@pytest.mark.parametrize("name", ["more.zip", "a/MAIL.TGZ", "old.mbox", "x.7z"])
def test_an_archive_in_the_archive_is_refused(name: str) -> None:
    assert "archive in the archive" in refusal(zip_of([("a.eml", MESSAGE), (name, zip_of([]))]))


def test_anything_that_is_no_eml_file_stays_out() -> None:
    content = zip_of([("virus.exe", b"MZ"), ("a.eml", MESSAGE), ("more/", b""), ("Thumbs.db", b"x")])
    assert raws(archive.read, content) == [MESSAGE]
    assert archive.others(io.BytesIO(content)) == ["virus.exe"]


def test_what_needs_a_password_is_refused() -> None:
    content = bytearray(zip_of([("a.eml", MESSAGE)]))
    content[6] |= 1
    content[content.rindex(b"PK\1\2") + 8] |= 1
    assert "needs a password" in refusal(bytes(content))


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_ways_of_packing_without_a_bound_are_refused(method: int) -> None:
    assert "use Deflate" in refusal(zip_of([("a.eml", MESSAGE)], method=method))


def test_too_many_files_are_refused_before_any_is_read() -> None:
    content = zip_of((f"{number}.eml", b"") for number in range(51))
    assert refusal(content) == "This zip archive holds more than 50 files, the most at once."
    fewer = bytearray(content)
    struct.pack_into("<2H", fewer, len(fewer) - 14, 3, 3)
    assert "says that it holds 3 files, and has 51" in refusal(bytes(fewer))


def test_a_directory_of_long_comments_is_refused_before_it_is_read() -> None:
    content = zip_of([(entry("a.eml", comment=b"x" * 60_000), MESSAGE)])
    assert "holds more than" in refusal(content)


def test_a_message_above_the_limit_is_refused() -> None:
    assert "larger than 100 bytes" in refusal(zip_of([("a.eml", bytes(101))]), Limits(message=100))


def test_what_unpacks_to_too_much_is_refused_before_it_is_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    content = zip_of((f"{number}.eml", bytes(1 << 20)) for number in range(9))
    assert "taken for a trap" in refusal(content)
    monkeypatch.setattr(archive, "_BOMB", 4 << 20)
    assert "taken for a trap" in refusal(content, Limits(message=1 << 20))


def altered(change: Callable[[bytearray, int, int], None]) -> bytes:
    """An archive of one file, changed where its local and its central record begin."""
    content = bytearray(zip_of([("a.eml", MESSAGE * 50)]))
    change(content, 0, content.rindex(b"PK\1\2"))
    return bytes(content)


def smaller(content: bytearray, local: int, central: int) -> None:
    struct.pack_into("<L", content, local + 22, 10)
    struct.pack_into("<L", content, central + 24, 10)


def larger(content: bytearray, local: int, central: int) -> None:
    struct.pack_into("<L", content, local + 22, 500_000)
    struct.pack_into("<L", content, central + 24, 500_000)


def packed_larger(content: bytearray, local: int, central: int) -> None:
    struct.pack_into("<L", content, central + 20, 1 << 30)


def other_content(content: bytearray, local: int, central: int) -> None:
    content[local + 60] ^= 0xFF


def other_name(content: bytearray, local: int, central: int) -> None:
    content[local + 30] = ord("z")


def other_place(content: bytearray, local: int, central: int) -> None:
    struct.pack_into("<L", content, central + 42, 7)


@pytest.mark.parametrize("change", [smaller, larger, packed_larger, other_content, other_name, other_place])
def test_an_archive_that_lies_is_refused(change: Callable[[bytearray, int, int], None]) -> None:
    assert refusal(altered(change))


@pytest.mark.parametrize("change", [smaller, larger, other_content, other_name])
def test_a_file_that_is_not_what_the_archive_says_is_named_in_plain_words(
    change: Callable[[bytearray, int, int], None],
) -> None:
    told = "“a.eml” in the archive is damaged, or not of the name and size that the archive says."
    assert refusal(altered(change)) == told


def test_files_that_lie_in_one_another_are_refused() -> None:
    content = bytearray(zip_of([("a.eml", MESSAGE), ("b.eml", MESSAGE)]))
    second = content.rindex(b"PK\1\2")
    struct.pack_into("<L", content, second + 42, 0)
    content[second + 46] = ord("a")
    assert "lies in another file" in refusal(bytes(content))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"PK\3\4", "a part of it is missing"),
        (zip_of([("a.eml", MESSAGE)])[:-30], "a part of it is missing"),
        (zip_of([("a.eml", MESSAGE)]) + b"x", "something stands behind its end"),
        (b"MZ" + zip_of([("a.eml", MESSAGE)]), "its directory is not where it says"),
    ],
)
def test_a_damaged_archive_is_refused(content: bytes, reason: str) -> None:
    assert reason in refusal(content)


def test_no_damage_makes_anything_but_a_refusal_or_a_message() -> None:
    whole = written(*(Mail(raw, f"{number}", RECEIVED) for number, raw in enumerate(AWKWARD[:8])))
    chance = random.Random(6)
    for _ in range(1500):
        content = bytearray(whole)
        for _ in range(chance.randint(1, 4)):
            content[chance.randrange(len(content))] = chance.choice((0, 1, 0x50, 0x7F, 0xFF, chance.randrange(256)))
        try:
            found = raws(archive.read, bytes(content[: chance.choice((None, None, chance.randrange(len(content))))]))
        except Refusal:
            continue
        assert len(found) <= 8


def test_more_files_than_an_old_archive_can_count_come_back() -> None:
    contents = [b"%d" % number for number in range(66_000)]
    content = written(*(Mail(raw, raw.decode(), RECEIVED) for raw in contents))
    assert raws(archive.read, content, Limits(message=100)) == contents
