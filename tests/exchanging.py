"""What the tests of import and export share: bytes that must survive, files in memory, and zips that lie."""

import io
import zipfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from mailsluice.capture import Capture, Envelope, Recipient, SessionFacts, new_id
from mailsluice.exchange.mail import Limits, Mail
from mailsluice.store import Store

LIMITS = Limits(message=1 << 20, messages=50, total=8 << 20)
RECEIVED = 1_784_546_553_123_456
"""2026-07-20, with microseconds."""

AWKWARD = (
    b"",
    b"\n",
    b"\r\n",
    b"no line end",
    b"ends in CR\r",
    b"\r\n\r",
    b"Subject: x\r\n\r\nFrom here on\r\n>From there\r\n>>From everywhere\r\n",
    b"From ada@example.com Mon Jul 20 11:22:33 2026\r\nSubject: y\r\n\r\n",
    b"Subject: bare\n\nFrom me\nLF\n\n\n",
    b"Subject: mixed\r\n\nFrom CR\rFrom LF\nFrom CRLF\r\n\r\n\n",
    b"From only",
    b">" * 70_000 + b"From far\r\n",
    bytes(range(256)) * 30,
    b"Subject: end\r\n\r\n\r\n\r\n",
    b"PK\3\4 is no archive\r\n",
)


def zip_of(files: Iterable[tuple[str | zipfile.ZipInfo, bytes]], *, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """An archive as another program makes it."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as archive:
        for name, content in files:
            archive.writestr(name, content, compress_type=method)
    return made.getvalue()


def raws(read: Callable[..., Iterable[Mail]], content: bytes, limits: Limits = LIMITS) -> list[bytes]:
    """The messages that a reader finds in a file."""
    return [mail.raw for mail in read(io.BytesIO(content), limits)]


async def fill(store: Store, contents: Sequence[bytes], **envelope: object) -> list[str]:
    """Capture these, as if by SMTP, a second apart; their ids."""
    ids = []
    for number, raw in enumerate(contents):
        facts = SessionFacts(id=new_id(), peer="127.0.0.1:5", began=RECEIVED)
        said = Envelope("ada@example.com", (Recipient("bob@example.org"), Recipient("hidden@example.org")))
        capture = Capture(new_id(), RECEIVED + number * 1_000_000, said, facts, (), raw)
        await store.add(capture)
        ids.append(capture.id)
    return ids


async def stored(store: Store) -> list[bytes]:
    """The bytes of all messages, oldest first."""
    found = [await store.raw(one.id) for one in reversed(await store.list_messages(limit=0))]
    return [raw for raw in found if raw is not None]


def maildir(folder: Path, files: dict[str, bytes]) -> Path:
    """A Maildir with these files, named as `cur/1.a:2,S`."""
    for name in ("cur", "new", "tmp"):
        (folder / name).mkdir(parents=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder
