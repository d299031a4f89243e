"""Every kind of write that a store knows, each ready to be tried several times."""

import os
from collections.abc import Awaitable, Callable, Mapping
from typing import Final, NamedTuple

from mailsluice.capture import SessionFacts, SessionRecord, Spool, new_id, now
from mailsluice.store import Store
from tests.captures import Clock, add
from tests.released import RAW, make_release


class Made(NamedTuple):
    """What there is to write about: messages that stay, and a deletion; another one is due to be purged."""

    ids: tuple[str, ...]
    token: str


async def prepare(store: Store, clock: Clock) -> Made:
    """Messages, tags and deletions; nothing is purged by itself from now on."""
    store.upkeep._task.cancel()
    due = await add(store)
    await store.delete([due])
    clock.forward(11)
    ids = tuple([await add(store, body=os.urandom(20_000)) for _ in range(4)])
    await store.set_tags(ids[:2], ["here", "there"])
    deleted = await add(store)
    return Made(ids, (await store.delete([deleted])).token)


async def _capture_spooled(store: Store, made: Made) -> None:
    (path := store.spool_folder / new_id()).write_bytes(RAW)
    await add(store, body=Spool(path, len(RAW)))


async def _rename(store: Store, made: Made) -> None:
    names = await store.tags()
    old, new = ("here", "hence") if "here" in names else ("hence", "here")
    await store.rename_tag(old, new)


async def _delete_tag(store: Store, made: Made) -> None:
    if "there" not in await store.tags():
        await store.set_tags(made.ids[:2], ["there"])
    await store.delete_tag("there")


async def _mark(store: Store, made: Made) -> None:
    listed = await store.get(made.ids[0])
    assert listed is not None
    await store.mark_seen([listed.id], seen=not listed.seen)


async def _pin(store: Store, made: Made) -> None:
    listed = await store.get(made.ids[1])
    assert listed is not None
    await store.pin([listed.id], pinned=not listed.pinned)


async def _delete_all(store: Store, made: Made) -> None:
    await store.undo((await store.delete(None)).token)


async def _keep_session(store: Store, made: Made) -> None:
    facts = SessionFacts(id=new_id(), peer="127.0.0.1:5", began=now())
    await store.keep_session(SessionRecord(facts, now(), 0, 1, ("550 no",), "", ()))


WRITES: Final[Mapping[str, Callable[[Store, Made], Awaitable[object]]]] = {
    "capture": lambda store, made: add(store),
    "spooled capture": _capture_spooled,
    "mark": _mark,
    "pin": _pin,
    "tag": lambda store, made: store.set_tags([made.ids[2]], [f"tag {new_id()}"]),
    "rename": _rename,
    "delete tag": _delete_tag,
    "undo": lambda store, made: store.undo(made.token),
    "delete": lambda store, made: store.delete([made.ids[3]]),
    "delete all": _delete_all,
    "purge": lambda store, made: store.upkeep.round(),
    "session": _keep_session,
    "release": lambda store, made: store.journal.add([(make_release(id=new_id()), RAW)]),
}
