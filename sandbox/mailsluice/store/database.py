"""The SQLite file: opening, checking, migrating; what its errors mean to a person."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import Final

from mailsluice.errors import StoreError

_APPLICATION_ID: Final = 0x4D534C55  # "MSLU": the file says whose it is
_PAGE_SIZE: Final = 8192


def migrations() -> list[str]:
    """The schema's steps in order; step N brings `user_version` from N-1 to N."""
    folder = resources.files("mailsluice.store") / "migrations"
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".sql"))
    return [(folder / name).read_text(encoding="utf-8") for name in names]


def create_private_file(path: Path) -> None:
    """Make sure that the database exists and that only its owner may read it, folders made on the way included."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))


def connect_writer(path: Path, *, durability: str) -> sqlite3.Connection:
    """The one connection that writes; WAL, and `synchronous` as the durability asks."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
    # Page size and vacuum mode are fixed by the first write and cannot follow the change to WAL.
    connection.execute(f"PRAGMA page_size = {_PAGE_SIZE}")
    connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(f"PRAGMA synchronous = {'FULL' if durability == 'full' else 'NORMAL'}")
    connection.execute("PRAGMA wal_autocheckpoint = 0")
    connection.execute(f"PRAGMA journal_size_limit = {64 << 20}")
    connection.execute("PRAGMA cache_size = -8000")
    connection.execute("PRAGMA secure_delete = ON")  # some builds of SQLite leave deleted mail legible in the file
    return connection


def connect_reader(path: Path) -> sqlite3.Connection:
    """A connection that cannot write."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
    connection.execute("PRAGMA query_only = ON")
    return connection


def check_usable(connection: sqlite3.Connection, *, path: Path) -> None:
    """Refuse, before anything is written, a file that is foreign, newer than this program, or damaged."""
    owner = _number(connection, "PRAGMA application_id")
    if owner != _APPLICATION_ID and _number(connection, "SELECT count(*) FROM sqlite_schema"):
        raise StoreError(f"{path} is a database of another program: name another file with --database")
    version, known = _number(connection, "PRAGMA user_version"), len(migrations())
    if version > known:
        raise StoreError(
            f"{path} was written by a newer Mailsluice (format {version}, this one knows {known}): "
            "upgrade Mailsluice or name another file with --database"
        )
    # Both ends of every table: a file that was cut short or overwritten shows it here, not at somebody's first click.
    tables = "SELECT name FROM sqlite_schema WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL %'"
    for (table,) in connection.execute(tables).fetchall():
        for order in ("ASC", "DESC"):
            connection.execute(f"SELECT * FROM {table} ORDER BY 1 {order} LIMIT 1").fetchall()


def migrate(connection: sqlite3.Connection) -> None:
    """Bring the schema to this version, each step and its record in one transaction."""
    version = _number(connection, "PRAGMA user_version")
    for number, step in enumerate(migrations()[version:], start=version + 1):
        try:
            record = f"PRAGMA application_id = {_APPLICATION_ID}; PRAGMA user_version = {number}"
            connection.executescript(f"BEGIN IMMEDIATE; {step}; {record}; COMMIT")
        except sqlite3.Error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn SQLite's and the system's errors into a StoreError that says what to do."""
    try:
        yield
    except sqlite3.Error as error:
        raise StoreError(explain(error, path=path)) from error
    except OSError as error:
        raise StoreError(f"{path} cannot be used: {error.strerror}. Name another file with --database") from error


def explain(error: Exception, *, path: Path) -> str:
    """One sentence: what is wrong with the database and what to do about it."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
        return (
            f"{path} is damaged or not a database: nothing was changed. Move it away and restore a copy, save what is "
            f"left with `sqlite3 {path.name} .recover`, or name another file with --database"
        )
    if code in {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}:
        return f"The disk of {path} is full or failing: free some space; captures go on by themselves"
    if code in {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_CANTOPEN}:
        return f"{path} cannot be written: check its permissions and those of its folder"
    if code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        return f"{path} is locked by another program: close that program"
    return f"{path} cannot be used at the moment: {error}"


def _number(connection: sqlite3.Connection, query: str) -> int:
    return int(connection.execute(query).fetchone()[0])
