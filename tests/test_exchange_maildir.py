"""Maildir folders: exact both ways with time and flags, and nothing followed that leads elsewhere."""

import mailbox
import os
import stat
from pathlib import Path

import pytest

from mailsluice.errors import Refusal
from mailsluice.exchange import maildir
from mailsluice.exchange.mail import Limits, Mail
from tests.exchanging import AWKWARD, LIMITS, RECEIVED
from tests.exchanging import maildir as made

pytestmark = pytest.mark.skipif(os.name == "nt", reason="names of Maildir files have colons")


def refusal(folder: Path, limits: Limits = LIMITS) -> str:
    with pytest.raises(Refusal) as caught:
        list(maildir.read(folder, limits))
    return caught.value.reason


def test_awkward_messages_come_back_byte_for_byte_with_time_and_flags(tmp_path: Path) -> None:
    mails = [
        Mail(raw, f"id{n}", RECEIVED + n * 1000, seen=n % 2 == 0, pinned=n % 3 == 0) for n, raw in enumerate(AWKWARD)
    ]
    assert maildir.write(tmp_path / "mail", mails) == len(mails)
    found = list(maildir.read(tmp_path / "mail", LIMITS))
    assert [(one.raw, one.received, one.seen, one.pinned) for one in found] == [
        (one.raw, one.received, one.seen, one.pinned) for one in mails
    ]


def test_python_reads_what_is_written_and_nobody_else(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "mail"
    maildir.write(folder, [Mail(b"Subject: one\r\n\r\n", "20260720-112233-id1.eml", RECEIVED, seen=True)])
    box = mailbox.Maildir(folder, create=False)
    ((key, message),) = box.iteritems()
    assert (message["subject"], message.get_flags(), message.get_subdir()) == ("one", "S", "cur")
    assert key == "1784546553.M123456Q1.id1.mailsluice"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(next((folder / "cur").iterdir()).stat().st_mode) == 0o600
    assert not list((folder / "tmp").iterdir())


def test_a_name_from_a_hostile_archive_stays_in_the_folder(tmp_path: Path) -> None:
    maildir.write(tmp_path / "mail", [Mail(b"x", "../../../evil.eml"), Mail(b"y", "..")])
    assert len(list((tmp_path / "mail" / "new").iterdir())) == 2
    assert {path.name for path in tmp_path.iterdir()} == {"mail"}


def test_nothing_is_written_into_a_folder_that_is_not_empty(tmp_path: Path) -> None:
    (tmp_path / "precious").touch()
    with pytest.raises(Refusal, match="nothing is overwritten"):
        maildir.write(tmp_path, [Mail(b"x")])
    assert [path.name for path in tmp_path.iterdir()] == ["precious"]


def test_messages_come_in_the_order_of_their_names(tmp_path: Path) -> None:
    folder = made(
        tmp_path / "m", {"new/9.a": b"first", "cur/10.b:2,S": b"second", "cur/.hidden": b"no", "tmp/1.t": b"no"}
    )
    assert [mail.raw for mail in maildir.read(folder, LIMITS)] == [b"first", b"second"]


def test_links_are_refused_and_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"secret")
    folder = made(tmp_path / "m", {"cur/1.a": b"x"})
    (folder / "new" / "2.b").symlink_to(tmp_path / "secret")
    assert refusal(folder) == "“2.b” is a link or no file at all; it is not followed."
    elsewhere = made(tmp_path / "n", {})
    (elsewhere / "new").rmdir()
    (elsewhere / "new").symlink_to(tmp_path)
    assert refusal(elsewhere) == "“new” is a link, and links are not followed."


def test_a_pipe_or_folder_among_the_messages_holds_nobody_up(tmp_path: Path) -> None:
    folder = made(tmp_path / "m", {})
    os.mkfifo(folder / "new" / "1.pipe")
    assert "no file at all" in refusal(folder)
    (folder / "new" / "1.pipe").unlink()
    (folder / "cur" / "1.folder").mkdir()
    assert "no file at all" in refusal(folder)


def test_limits_and_what_is_no_maildir_are_refused(tmp_path: Path) -> None:
    folder = made(tmp_path / "m", {"cur/1.a": b"x" * 11, "cur/2.b": b"x"})
    assert "“1.a” is larger than 10 bytes" in refusal(folder, Limits(message=10))
    assert "more than 1 messages" in refusal(folder, Limits(message=100, messages=1))
    assert "is no Maildir" in refusal(tmp_path)
