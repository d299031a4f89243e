"""`mailsluice import`: messages from files into the running instance, or into a database that none has open."""

import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final
from urllib.parse import urlencode

import click

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mailsluice.exchange.mail import Limits, Mail
    from mailsluice.instance import Instance
    from mailsluice.settings import Settings

_SECONDS: Final = 3600.0  # the instance looks through all of it before it answers


@click.command("import")
@click.argument("sources", metavar="SOURCE...", nargs=-1, required=True)
@click.option("--format", type=click.Choice(["eml", "mbox", "zip"]), help="What the files are, whatever their names.")
@click.option("--crlf", is_flag=True, help="Make every line end CRLF; else each message keeps its bytes.")
@click.option("--database", "-d", metavar="PATH", default="", help="Into this file, which no instance has open.")
@click.option("--url", metavar="URL", default="", help="The web address of your instance, if several run.")
@click.option("--smtp", metavar="HOST:PORT", default="", help="Likewise, its SMTP address.")
@click.pass_obj
def import_(
    settings: "Settings", sources: tuple[str, ...], format: str | None, crlf: bool, database: str, url: str, smtp: str
) -> None:
    """Import .eml files, zip archives of them, mbox files, Maildir folders, or `-` for what is piped in.

    Each source comes in as a whole, or not at all when something in it cannot; the messages are marked as imported,
    keep their bytes and, where the source tells, the time, and no rule ever releases them.
    """
    from mailsluice.cli.asking import find_instance
    from mailsluice.errors import Refusal
    from mailsluice.exchange.mail import Limits

    limits = Limits(message=settings.max_message_size)
    instance = None if database else find_instance(url=url, smtp=smtp)
    for name in sources:
        try:
            with _opened(name, limits, format or "") as (file, found):
                if instance:
                    number, notes = _send(instance, file, name, format=found, crlf=crlf)
                else:
                    number, notes = _store(database, file, limits, format=found, crlf=crlf)
        except Refusal as refusal:
            raise click.ClickException(f"{_shown(name)}: {refusal.reason}") from refusal
        except OSError as error:
            raise click.ClickException(f"{_shown(name)}: {error.strerror or error}") from error
        told = f"{number:,} {'message' if number == 1 else 'messages'} imported from {_shown(name)}"
        click.echo(" ".join([f"{told}.", *notes]) if notes else told)


@contextmanager
def _opened(name: str, limits: "Limits", format: str) -> "Iterator[tuple[BinaryIO, str]]":
    """The source as one file that can be read twice, and its format if that is known."""
    import shutil
    import tempfile

    from mailsluice.exchange.formats import format_of

    with tempfile.TemporaryFile() as copy:
        if name == "-":
            shutil.copyfileobj(sys.stdin.buffer, copy)
            yield copy, format
        elif (path := Path(name)).is_dir():
            _pack_folder(path, limits, copy)
            yield copy, "zip"
        else:
            with path.open("rb") as file:
                found = format_of(file, format=format, name=path.name)
                if found != "eml":
                    yield file, found
                    return
            _pack_file(path, limits, copy)
            yield copy, "zip"


def _pack_folder(folder: Path, limits: "Limits", copy: BinaryIO) -> None:
    from mailsluice.exchange import maildir

    _pack(maildir.read(folder, limits), copy)


def _pack_file(path: Path, limits: "Limits", copy: BinaryIO) -> None:
    """A file as it lies here has a time, which its bytes alone do not tell."""
    from mailsluice.exchange import eml

    with path.open("rb") as file:
        received = int(path.stat().st_mtime * 1_000_000)
        _pack(eml.read(file, limits, name=path.name, received=received), copy)


def _pack(mails: "Iterable[Mail]", copy: BinaryIO) -> None:
    from mailsluice.exchange.archive import ZipWriter
    from mailsluice.exchange.mail import Mail

    writer = ZipWriter()
    for number, mail in enumerate(mails, start=1):
        copy.write(writer.add(Mail(mail.raw, f"{number:06d}", mail.received, mail.sender, mail.recipients)))
    copy.write(writer.end())


def _send(instance: "Instance", file: BinaryIO, name: str, *, format: str, crlf: bool) -> tuple[int, list[str]]:
    import json

    from mailsluice.cli.asking import Refused, answering
    from mailsluice.errors import Refusal
    from mailsluice.exchange.mail import MOST_UPLOADED, shown_size

    size = file.seek(0, 2)
    file.seek(0)
    if size > MOST_UPLOADED:
        raise Refusal(f"It is larger than {shown_size(MOST_UPLOADED)}, the most at once.")
    asked = urlencode({"format": format, "crlf": "1" if crlf else ""})
    headers = {"Content-Type": "application/octet-stream", "Content-Length": str(size)}
    try:
        with answering(
            instance, "POST", f"/api/sandbox/import?{asked}", file, headers=headers, seconds=_SECONDS
        ) as response:
            told = json.loads(response.read())
            return int(told["imported"]), told["notes"]
    except Refused as refused:
        raise click.ClickException(f"{_shown(name)}: {refused.message}") from refused


def _store(database: str, file: BinaryIO, limits: "Limits", *, format: str, crlf: bool) -> tuple[int, list[str]]:
    import asyncio

    from mailsluice.exchange.formats import source_of
    from mailsluice.exchange.incoming import import_mail
    from mailsluice.store import open_store

    async def run() -> tuple[int, list[str]]:
        async with open_store(database) as store:
            source = source_of(file, limits, format=format)
            done = await import_mail(store, source, limits, mends_line_ends=crlf)
            return len(done.ids), done.notes

    return asyncio.run(run())


def _shown(name: str) -> str:
    return "standard input" if name == "-" else name
