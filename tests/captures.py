"""Captures, a clock that tests turn forward, and a check that the counters count what there is."""

import sqlite3
from contextlib import closing

from mailsluice.capture import Capture, Envelope, Recipient, SessionFacts, Spool, new_id, now
from mailsluice.store import Store


class Clock:
    """The time as the store sees it; stands still but for `forward`."""

    def __init__(self) -> None:
        self.time = now()

    def __call__(self) -> int:
        return self.time

    def forward(self, seconds: float) -> None:
        self.time += int(seconds * 1_000_000)


def capture(
    body: bytes | Spool = b"Subject: x\r\n\r\nhello\r\n",
    *,
    user: str = "",
    sender: str = "a@example.com",
    to: tuple[str, ...] = ("b@example.org",),
    received: int | None = None,
    came: int | None = None,
) -> Capture:
    """A capture that came just now, or when it is said."""
    session = SessionFacts(id=new_id(), peer="127.0.0.1:5", began=now(), helo="app", user=user)
    envelope = Envelope(sender, tuple(map(Recipient, to)))
    return Capture(new_id(came), now() if received is None else received, envelope, session, (), body)


async def add(store: Store, **given: object) -> str:
    """Store a capture; its id."""
    one = capture(**given)  # type: ignore[arg-type]  # as `capture` takes them
    await store.add(one)
    return one.id


async def ids(store: Store, mailbox: str = "") -> list[str]:
    """The ids that the list shows, oldest first."""
    return [one.id for one in await store.list_messages(limit=0, mailbox=mailbox)][::-1]


def assert_counted(store: Store) -> None:
    """Every counter says what a count of the rows says, and nothing is left of what is gone."""
    with closing(sqlite3.connect(store.path, isolation_level=None)) as connection:
        connection.execute("BEGIN")  # one moment
        numbers = "count(*), coalesce(sum(seen = 0), 0), coalesce(sum(size), 0), coalesce(sum(pinned), 0)"
        rows = dict(_keyed(connection, f"SELECT mailbox, {numbers} FROM message GROUP BY mailbox"))
        rows |= dict(_keyed(connection, f"SELECT '', {numbers} FROM message"))
        counters = dict(_keyed(connection, "SELECT mailbox, messages, unread, size, pinned FROM counter"))
        assert {name: numbers for name, numbers in counters.items() if numbers[0] or not name} == rows
        tags = "SELECT tag, count(*) FROM tagged JOIN message ON key = message GROUP BY tag ORDER BY tag"
        assert _rows(connection, "SELECT name, messages FROM tag ORDER BY name") == _rows(connection, tags)
        known = "SELECT key FROM message UNION ALL SELECT key FROM trash"
        assert _rows(connection, f"SELECT message FROM source WHERE message NOT IN ({known})") == []
        assert _rows(connection, f"SELECT message FROM tagged WHERE message NOT IN ({known})") == []
        assert _rows(connection, f"SELECT key FROM ({known}) WHERE key NOT IN (SELECT message FROM source)") == []


def _rows(connection: sqlite3.Connection, query: str) -> list[tuple[object, ...]]:
    return connection.execute(query).fetchall()


def _keyed(connection: sqlite3.Connection, query: str) -> list[tuple[str, tuple[int, ...]]]:
    return [(name, tuple(numbers)) for name, *numbers in connection.execute(query)]
