"""What imported mail is in the store: its bytes, an envelope that somebody must have said, and no reason to release."""

import errno
import io
import os
from pathlib import Path

import pytest

from mailsluice.capture import IMPORT_PEER, now
from mailsluice.errors import Refusal, StoreError
from mailsluice.events import Captured
from mailsluice.exchange.envelope import envelope_of
from mailsluice.exchange.formats import format_of, source_of
from mailsluice.exchange.incoming import Source, import_mail
from mailsluice.exchange.mail import Limits, Mail
from mailsluice.exchange.outgoing import WRITERS, batches, chosen, pieces
from mailsluice.sandbox import Sandbox
from mailsluice.store import Limits as Kept
from mailsluice.store import Store, open_store
from tests.exchanging import AWKWARD, LIMITS, RECEIVED, fill, stored, zip_of
from tests.rule_place import BOB, open_place

SEPARATOR = b"From a@example.com Mon Jul 20 11:22:33 2026\n"


async def bring_in(store: Store, content: bytes, *, limits: Limits = LIMITS, **how: str) -> list[str]:
    source = source_of(io.BytesIO(content), limits, **how)  # type: ignore[arg-type]  # format and name
    return (await import_mail(store, source, limits)).ids


async def exported(store: Store, format: str) -> bytes:
    return b"".join([piece async for piece in pieces(store, await chosen(store), WRITERS[format]())])


@pytest.mark.parametrize("format", ["zip", "mbox"])
async def test_what_goes_out_of_one_store_comes_into_another_byte_for_byte(
    store: Store, tmp_path: Path, format: str
) -> None:
    contents = [*AWKWARD, b"large\r\n" * 100_000]
    await fill(store, contents)
    content = await exported(store, format)
    async with open_store(tmp_path / "other.db") as other:
        ids = await bring_in(other, content)
        assert await stored(other) == contents
        again = await other.list_messages(limit=0)
        assert [one.id for one in again] == ids[::-1]
        step = 1 if format == "zip" else 1_000_000
        assert [one.received // step for one in again] == [
            one.received // step for one in await store.list_messages(limit=0)
        ]
        assert {one.envelope_sender for one in again} == {"ada@example.com"}
        assert await exported(other, "mbox") == await exported(store, "mbox") or format == "zip"
        assert not list(other.spool_folder.iterdir())


async def test_a_zip_archive_keeps_the_envelope_and_the_time(store: Store, tmp_path: Path) -> None:
    await fill(store, [b"Subject: x\r\n\r\n"])
    content = await exported(store, "zip")
    async with open_store(tmp_path / "other.db") as other:
        (id,) = await bring_in(other, content)
        listed, receipt = await other.get(id), await other.receipt(id)
        assert listed
        assert receipt
        assert [one.address for one in receipt.envelope.recipients] == ["bob@example.org", "hidden@example.org"]
        assert receipt.transcript == ("Imported. Sender: as the file says; recipients: as the file says.",)
        assert (receipt.session.peer, listed.received) == (IMPORT_PEER, RECEIVED)


@pytest.mark.parametrize(
    ("content", "name", "format"),
    [
        (b"Subject: x\r\n\r\n", "", "eml"),
        (b"X-Odd : x\r\n\r\n", "letter", "eml"),
        (SEPARATOR + b"Subject: x\n\n", "Inbox", "mbox"),
        (SEPARATOR + b"Subject: x\n\n", "a.eml", "eml"),
        (zip_of([]), "mail", "zip"),
        (zip_of([]), "A.EML", "eml"),
        (zip_of([]), "mail.zip", "zip"),
        (b"Subject: x\r\n\r\n", "a.mbox", "mbox"),
    ],
)
def test_a_name_says_what_a_file_is_else_its_beginning(content: bytes, name: str, format: str) -> None:
    assert format_of(io.BytesIO(content), name=name) == format


@pytest.mark.parametrize(
    ("content", "name", "reason"),
    [
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "picture.png", "This is no mail"),
        (b"\x7fELF\2\1\1\0", "", "This is no mail"),
        (b"<!DOCTYPE html>\n<title>x:</title>", "page", "This is no mail"),
        (b"From here on all is text.\n", "notes.txt", "This is no mail"),
        (b"<!DOCTYPE html>\n", "page.zip", "no zip archive"),
        (b"\x89PNG", "picture.mbox", "no mbox file"),
        (b"", "picture", "nothing in it"),
        (b"Subject: x\r\n\r\n", "", "no format 'tar'"),
    ],
)
async def test_what_is_no_mail_is_refused(store: Store, content: bytes, name: str, reason: str) -> None:
    with pytest.raises(Refusal, match=reason):
        await bring_in(store, content, name=name, format="tar" if "tar" in reason else "")
    assert await stored(store) == []


async def test_a_file_named_eml_is_one_message_byte_for_byte(store: Store) -> None:
    contents = [SEPARATOR + b"Subject: x\n\nFrom here\n\n", zip_of([]), b"\x89PNG\r\n", *filter(None, AWKWARD)]
    for content in contents:
        await bring_in(store, content, name="a.eml")
    assert await stored(store) == contents


@pytest.mark.skipif("MAILSLUICE_TEST_CORPUS" not in os.environ, reason="MAILSLUICE_TEST_CORPUS names no folder of mail")
async def test_every_file_of_the_corpus_comes_in_byte_for_byte(store: Store) -> None:
    limits, paths = Limits(message=50 << 20), sorted(Path(os.environ["MAILSLUICE_TEST_CORPUS"]).rglob("*.eml"))
    for path in paths:
        with path.open("rb") as file:
            (id,) = (await import_mail(store, source_of(file, limits, name=path.name), limits)).ids
        assert await store.raw(id) == path.read_bytes(), path
    assert paths


async def test_files_of_an_archive_that_are_no_mail_stay_out_and_are_named(store: Store) -> None:
    files = [(f"{number}.png", b"\x89PNG") for number in range(5)]
    content = zip_of([("a.eml", b"a\n"), *files[:1], (".DS_Store", b""), ("b.eml", b"b\n")])
    done = await import_mail(store, source_of(io.BytesIO(content), LIMITS), LIMITS)
    assert (await stored(store), done.left_out) == ([b"a\n", b"b\n"], ["0.png"])
    assert done.notes == ["1 file that is no mail was left out: “0.png”."]
    many = await import_mail(store, source_of(io.BytesIO(zip_of([("a.eml", b"a"), *files])), LIMITS), LIMITS)
    assert many.notes == ["5 files that are no mail were left out: “0.png”, “1.png”, “2.png” and 2 more."]


@pytest.mark.parametrize(
    ("kept", "notes"),
    [
        (Kept(messages=3, size=9), []),
        (Kept(messages=2), ["Mailsluice keeps only 2 messages (--max), so the oldest go."]),
        (Kept(size=8), ["Mailsluice keeps only 8 bytes (--max-bytes), so the oldest go."]),
        (Kept(1, 0, 8), ["Mailsluice keeps only 1 message (--max) and 8 bytes (--max-bytes), so the oldest go."]),
    ],
)
async def test_an_import_beyond_what_is_kept_says_so(tmp_path: Path, kept: Kept, notes: list[str]) -> None:
    async with open_store(tmp_path / "kept.db", limits=kept) as store:
        await fill(store, [b"old"])
        done = await import_mail(store, Source(lambda: iter([Mail(b"new"), Mail(b"two")])), LIMITS)
    assert (len(done.ids), done.notes) == (2, notes)


@pytest.mark.parametrize(
    ("header", "sender", "recipients", "told"),
    [
        (
            b"Return-Path: <bounce@example.com>\r\nDelivered-To: bob@example.org\r\nX-Original-To: b@example.org\r\n"
            b"Delivered-To: bob@example.org\r\nFrom: a@example.com\r\nTo: list@example.org\r\n",
            "bounce@example.com",
            ["bob@example.org", "b@example.org"],
            "Imported. Sender: of Return-Path; recipients: of Delivered-To and X-Original-To.",
        ),
        (
            b"From: Ada <ada@example.com>\r\nTo: Bob <bob@example.org>, c@example.org\r\nCc: bob@example.org\r\n"
            b"Bcc: d@example.org\r\n",
            "ada@example.com",
            ["bob@example.org", "c@example.org", "d@example.org"],
            "Imported. Sender: of From; recipients: of To, Cc and Bcc.",
        ),
        (
            b"Return-Path: <>\r\nFrom: a@b\r\nTo: undisclosed:;\r\n",
            "",
            [],
            "Sender: of Return-Path; recipients: unknown",
        ),
        (b"", "", [], "Sender: unknown; recipients: unknown"),
    ],
)
def test_the_envelope_is_taken_from_the_header_and_says_so(
    header: bytes, sender: str, recipients: list[str], told: str
) -> None:
    envelope, says = envelope_of(Mail(header + b"\r\nTo: body@example.org\r\n"))
    assert (envelope.sender, [one.address for one in envelope.recipients]) == (sender, recipients)
    assert told in says


def test_an_envelope_with_line_ends_is_not_believed() -> None:
    envelope, _ = envelope_of(Mail(b"From: a@b.c\r\n\r\n", sender="x\r\ny", recipients=("a@b\r\nRCPT", "ok@b.c", "")))
    assert (envelope.sender, [one.address for one in envelope.recipients]) == ("a@b.c", ["ok@b.c"])


@pytest.mark.parametrize("received", [0, -5, 86_400_000_000, 1 << 60])
async def test_a_time_out_of_reason_becomes_the_present(store: Store, received: int) -> None:
    before = now()
    await import_mail(store, Source(lambda: iter([Mail(b"x\r\n", received=received)])), LIMITS)
    (listed,) = await store.list_messages(limit=1)
    assert before <= listed.received <= now()


async def test_nothing_comes_in_when_a_later_message_is_refused(store: Store) -> None:
    content = b"From a Mon Jul 20 11:22:33 2026\nfine\n\nFrom a Mon Jul 20 11:22:33 2026\n" + bytes(2 << 20)
    with pytest.raises(Refusal, match="message number 2 is larger than 1 MB"):
        await bring_in(store, content)
    assert await stored(store) == []


async def test_too_many_messages_or_bytes_and_none_at_all_are_refused(store: Store) -> None:
    one = b"From a Mon Jul 20 11:22:33 2026\nx\n\n"
    for content, limits, reason in (
        (one * 51, LIMITS, "more than 50 messages"),
        (one * 5, Limits(message=100, total=9), "more than 9 bytes of mail"),
        (zip_of([("folder/", b"")]), LIMITS, "no message in it"),
        (b"", LIMITS, "nothing in it"),
    ):
        with pytest.raises(Refusal, match=reason):
            await bring_in(store, content, limits=limits)
    assert await stored(store) == []


async def test_line_ends_are_mended_only_when_asked(store: Store) -> None:
    raw = b"Subject: x\n\nLF\nCRLF\r\n"
    source = source_of(io.BytesIO(raw), LIMITS)
    await import_mail(store, source, LIMITS)
    await import_mail(store, source, LIMITS, mends_line_ends=True)
    assert await stored(store) == [raw, b"Subject: x\r\n\r\nLF\r\nCRLF\r\n"]


async def test_a_full_disk_tells_how_many_came_in(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, content: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    source = [Mail(b"x\r\n")] * 100 + [Mail(bytes(1 << 20))]
    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(StoreError, match=r"100 of 101 messages were imported. Then: .*No space left"):
        await import_mail(store, Source(lambda: iter(source)), Limits(message=1 << 21))
    assert len(await stored(store)) == 100


async def test_a_query_or_ids_choose_oldest_first_and_what_is_wrong_is_refused(store: Store) -> None:
    one, two, three = await fill(store, [b"Subject: ab\r\n\r\n", b"Subject: cd\r\n\r\n", b"Subject: ab\r\n\r\n"])
    assert await chosen(store) == [one, two, three]
    assert await chosen(store, ids=["latest", two, two]) == [two, three]
    assert await chosen(store, query="subject:ab") == [one, three]
    with pytest.raises(Refusal) as caught:
        await chosen(store, query="before:garbage")
    assert caught.value.field == "query"
    with pytest.raises(Refusal, match="There is no message nobody"):
        await chosen(store, ids=[one, "nobody"])


async def test_a_message_deleted_meanwhile_is_passed_over(store: Store) -> None:
    ids = await fill(store, [b"one", b"two"])
    await store.delete(ids[:1])
    assert [[mail.raw for mail in batch] async for batch in batches(store, ids)] == [[b"two"]]


async def test_messages_keep_their_order_whatever_their_size(store: Store) -> None:
    contents = [b"a" * size for size in (5, 600 << 10, 6, 7, 700 << 10, 900 << 10, 8)]
    await import_mail(store, Source(lambda: map(Mail, contents)), LIMITS)
    assert await stored(store) == contents
    assert not list(store.spool_folder.iterdir())


async def test_imported_mail_is_released_by_no_rule(tmp_path: Path) -> None:
    async with open_place(tmp_path) as place, place.rules() as automatic:
        await automatic.add("*", "out", [BOB])
        await bring_in(place.store, b"From: a@example.test\r\nSubject: x\r\n\r\n")
        message = await place.capture("by SMTP")
        assert (await place.released()).message == message
        assert place.outbox.queued.empty()


async def test_who_watches_is_told_of_imported_mail(sandbox: Sandbox) -> None:
    with sandbox.events.subscribe() as subscription:
        (id,) = await bring_in(sandbox.store, b"Subject: x\r\n\r\n")
        assert await subscription.next() == Captured(id)
