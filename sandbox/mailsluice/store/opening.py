"""Opening the store: whose file it is, what a death has left in it, and the end."""

import sqlite3
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mailsluice.capture import now
from mailsluice.errors import StoreError
from mailsluice.locking import FileLock
from mailsluice.message.bounds import DEFAULT, Bounds
from mailsluice.store.counters import mailbox_names
from mailsluice.store.database import (
    check_usable,
    connect_reader,
    connect_writer,
    create_private_file,
    explained,
    migrate,
)
from mailsluice.store.indexing import prepare as prepare_search
from mailsluice.store.releases import delete_leftover_pieces
from mailsluice.store.retention import Limits
from mailsluice.store.sorting import Sorter, Sorting
from mailsluice.store.sources import delete_leftover_chunks
from mailsluice.store.store import Store
from mailsluice.store.tally import Tally
from mailsluice.store.writer import Writer

MEMORY: Final = ":memory:"


@dataclass(frozen=True, slots=True)
class _Plan:
    """Everything that `open_store` was given but the path."""

    durability: str
    on_captured: Callable[[str], None]
    on_deleted: Callable[[tuple[str, ...]], None]
    on_found: Callable[[tuple[str, ...]], None]
    on_trouble: Callable[[str], None]
    bounds: Bounds
    sorting: Sorting
    limits: Limits
    clock: Callable[[], int]


@asynccontextmanager
async def open_store(
    path: Path | str,
    *,
    durability: str = "normal",
    on_captured: Callable[[str], None] = lambda id: None,
    on_deleted: Callable[[tuple[str, ...]], None] = lambda ids: None,
    on_found: Callable[[tuple[str, ...]], None] = lambda ids: None,
    on_trouble: Callable[[str], None] = lambda trouble: None,
    bounds: Bounds = DEFAULT,
    sorting: Sorting = Sorting(),  # noqa: B008  # frozen
    limits: Limits = Limits(),  # noqa: B008  # frozen
    clock: Callable[[], int] = now,
) -> AsyncIterator[Store]:
    """Open, or create, the database at a path; `:memory:` is a private temporary file that is gone afterwards.

    The callbacks run on the event loop: `on_captured` with the id of each message just committed, `on_deleted` with
    those that went because of the limits, `on_found` with those in which a code or a link was found, `on_trouble` when
    captures begin to fail (with the reason) or work again (empty). `bounds` say how much of a header is interpreted;
    `clock` is microseconds UTC.
    Raises StoreError, in one clear sentence, when the file is in use, damaged, foreign, newer than this program or not
    writable.
    """
    plan = _Plan(durability, on_captured, on_deleted, on_found, on_trouble, bounds, sorting, limits, clock)
    if str(path) == MEMORY:
        with tempfile.TemporaryDirectory(prefix="mailsluice-") as folder:
            async with _open(Path(folder) / "mail.db", plan) as store:
                yield store
    else:
        async with _open(Path(path), plan) as store:
            yield store


@asynccontextmanager
async def _open(path: Path, plan: _Plan) -> AsyncIterator[Store]:
    with explained(path):
        create_private_file(path)
    with FileLock(path.with_name(path.name + ".lock")) as lock:
        if not lock.acquire():
            raise StoreError(
                f"{path} is in use by another Mailsluice (process {lock.holder() or 'unknown'}): "
                "stop that one, or name another file with --database"
            )
        with explained(path):
            connection = _prepare(path, plan.durability)
            names = mailbox_names(connection)
        tally = Tally()
        writer = Writer(connection, path=path, tally=tally, on_trouble=plan.on_trouble)
        store = Store(
            path,
            writer,
            tally,
            sorter=Sorter(plan.sorting, names, tally, bounds=plan.bounds),
            limits=plan.limits,
            bounds=plan.bounds,
            clock=plan.clock,
            on_captured=plan.on_captured,
            on_deleted=plan.on_deleted,
            on_found=plan.on_found,
        )
        _clear_spool(store.spool_folder)
        try:
            async with store.upkeep:
                yield store
        finally:
            await store.close()


def _prepare(path: Path, durability: str) -> sqlite3.Connection:
    if path.stat().st_size:
        with closing(connect_reader(path)) as reader:  # what is refused must not be changed
            check_usable(reader, path=path)
    connection = connect_writer(path, durability=durability)
    try:
        migrate(connection)
        prepare_search(connection)
        delete_leftover_chunks(connection)
        delete_leftover_pieces(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _clear_spool(folder: Path) -> None:
    """Remove bodies whose message was never acknowledged, because the program died in between."""
    folder.mkdir(mode=0o700, exist_ok=True)
    for leftover in folder.iterdir():
        leftover.unlink()
