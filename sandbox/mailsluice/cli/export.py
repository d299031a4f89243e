"""`mailsluice export`: captured messages to a file or a Maildir, from the running instance or a database."""

import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final
from urllib.parse import urlencode

import click

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mailsluice.settings import Settings

_SECONDS: Final = 600.0
_PIECE: Final = 1 << 20
_FORMATS: Final = {".zip": "zip", ".mbox": "mbox"}


@click.command()
@click.argument("target", metavar="TARGET")
@click.argument("messages", metavar="[ID]...", nargs=-1)
@click.option(
    "--format", type=click.Choice(["zip", "mbox", "maildir"]), help="Else the name's ending tells; maildir for none."
)
@click.option("--query", metavar="QUERY", default="", help="What a search finds, such as 'from:ada newer:7d'.")
@click.option("--database", "-d", metavar="PATH", default="", help="From this file, which no instance has open.")
@click.option("--url", metavar="URL", default="", help="The web address of your instance, if several run.")
@click.option("--smtp", metavar="HOST:PORT", default="", help="Likewise, its SMTP address.")
@click.pass_obj
def export(
    settings: "Settings",
    target: str,
    messages: tuple[str, ...],
    format: str | None,
    query: str,
    database: str,
    url: str,
    smtp: str,
) -> None:
    """Export to TARGET: mail.zip, mail.mbox, a new folder for a Maildir, or `-` for standard output.

    All messages, those with these ids (`latest` is the newest), or what --query finds; oldest first, and each with
    exactly the bytes that were captured. What exists is never overwritten, and nothing is written without a message.
    """
    from mailsluice.errors import Refusal

    if messages and query:
        raise click.UsageError("name messages or a query, not both")
    chosen = format or _format_of(target)
    try:
        with _fetched("zip" if chosen == "maildir" else chosen, [*messages], query, database, url, smtp) as file:
            number = _number(file, chosen)
            if not number:
                raise click.ClickException(f"{'the query finds' if query else 'there is'} no message to export")
            if chosen == "maildir":
                _write_maildir(Path(target), file)
            else:
                _write(target, file)
        where = "standard output" if target == "-" else target
        # On standard output there may be the mail itself.
        click.echo(f"{number:,} {'message' if number == 1 else 'messages'} exported to {where}", err=True)
    except Refusal as refusal:
        raise click.ClickException(refusal.reason) from refusal
    except OSError as error:
        raise click.ClickException(f"{target}: {error.strerror or error}") from error


def _format_of(target: str) -> str:
    if target == "-":
        raise click.UsageError("with - for standard output, say --format zip or --format mbox")
    ending = Path(target).suffix.lower()
    if ending and ending not in _FORMATS:
        raise click.UsageError(f"{target}: name a file that ends in .zip or .mbox, or say --format")
    return _FORMATS.get(ending, "maildir")


@contextmanager
def _fetched(format: str, ids: list[str], query: str, database: str, url: str, smtp: str) -> "Iterator[BinaryIO]":
    """The whole export in a temporary file: what is cut short must not look like one."""
    import tempfile

    with tempfile.TemporaryFile() as file:
        if database:
            _read_database(database, file, format=format, ids=ids, query=query)
        else:
            _ask(file, format=format, ids=ids, query=query, url=url, smtp=smtp)
        file.seek(0)
        yield file


def _ask(file: BinaryIO, *, format: str, ids: list[str], query: str, url: str, smtp: str) -> None:
    import shutil

    from mailsluice.cli.asking import answering, find_instance

    asked = urlencode([("format", format), ("query", query), *(("id", id) for id in ids)])
    instance = find_instance(url=url, smtp=smtp)
    with answering(instance, "GET", f"/api/sandbox/export?{asked}", headers={}, seconds=_SECONDS) as response:
        shutil.copyfileobj(response, file, _PIECE)


def _read_database(database: str, file: BinaryIO, *, format: str, ids: list[str], query: str) -> None:
    import asyncio

    from mailsluice.exchange.outgoing import WRITERS, chosen, pieces
    from mailsluice.store import open_store

    async def run() -> None:
        async with open_store(database) as store:
            found = await chosen(store, ids=ids, query=query)
            async for piece in pieces(store, found, WRITERS[format]()):
                file.write(piece)

    if not Path(database).is_file():  # opening it would make one
        raise click.ClickException(f"there is no database {database}")
    asyncio.run(run())


def _number(file: BinaryIO, format: str) -> int:
    """How many messages there are in what was fetched."""
    from zipfile import ZipFile

    from mailsluice.exchange import mbox
    from mailsluice.exchange.mail import ENDLESS

    if not file.seek(0, 2):
        return 0
    file.seek(0)
    if format == "mbox":
        number = sum(1 for _ in mbox.read(file, ENDLESS))
    else:
        with ZipFile(file) as archive:
            number = len(archive.namelist())
    file.seek(0)
    return number


def _write(target: str, file: BinaryIO) -> None:
    import os
    import shutil

    if target == "-":
        shutil.copyfileobj(file, sys.stdout.buffer, _PIECE)
        sys.stdout.buffer.flush()
        return
    # Captured mail is nobody else's business, and nothing is overwritten.
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    with os.fdopen(descriptor, "wb") as made:
        shutil.copyfileobj(file, made, _PIECE)


def _write_maildir(target: Path, file: BinaryIO) -> None:
    from mailsluice.exchange import archive, maildir
    from mailsluice.exchange.mail import ENDLESS

    maildir.write(target, archive.read(file, ENDLESS))
