"""What the sandbox changes about stored mail, and what everyone who watches hears of it."""

import pytest

from mailsluice.events import Deleted, Event, Marked, Pinned, Restored, Tagged
from mailsluice.mailbox import parse_mailbox_rule
from mailsluice.sandbox import Sandbox
from mailsluice.settings import Settings
from mailsluice.tagging import parse_tag_rule
from tests.captures import add, ids
from tests.conftest import LOOPBACK

OURS = (Deleted, Marked, Pinned, Restored, Tagged)


@pytest.fixture
def settings() -> Settings:
    """Every way in which mail is sorted."""
    return Settings(
        smtp=LOOPBACK,
        listen=LOOPBACK,
        mailbox_rule=(parse_mailbox_rule("domain:shop.example=shop"),),
        mailbox_by_tag=True,
        tag_rule=(parse_tag_rule("mailbox:shop=sale"),),
        no_plus_tags=True,
    )


async def heard(sandbox: Sandbox, subscription: object) -> list[Event]:
    sandbox.events.close()
    return [event async for event in subscription if isinstance(event, OURS)]  # type: ignore[attr-defined]


async def test_every_change_is_told_once_and_only_if_something_changed(sandbox: Sandbox) -> None:
    one, two = await add(sandbox.store), await add(sandbox.store)
    with sandbox.events.subscribe() as subscription:
        await sandbox.mark_seen([one], seen=True)
        await sandbox.mark_seen([one], seen=True)
        await sandbox.pin([one, "unknown"], pinned=True)
        await sandbox.pin([one], pinned=True)
        await sandbox.set_tags([one], ["a"])
        await sandbox.add_tags([two], ["b"])
        await sandbox.remove_tags(["unknown"], ["b"])
        await sandbox.rename_tag("a", "c")
        await sandbox.delete_tag("c")
        await sandbox.delete(["unknown"])
        deletion = await sandbox.delete([two])
        await sandbox.undo(deletion.token)
        await sandbox.undo(deletion.token)
        await sandbox.delete(None, mailbox="inbox")
        events = await heard(sandbox, subscription)
    assert events == [
        Marked((one,), True),
        Pinned((one,), True),
        Tagged((one,)),
        Tagged((two,)),
        Tagged(None),
        Tagged(None),
        Deleted((two,)),
        Restored((two,)),
        Deleted(None, "inbox"),
    ]
    assert await ids(sandbox.store) == [one]


async def test_settings_sort_what_comes_in(sandbox: Sandbox) -> None:
    shop = await add(sandbox.store, to=("ada+x@shop.example",))
    tagged = await add(sandbox.store, to=("ada+Tests@example.org",))
    user = await add(sandbox.store, to=("ada+x@shop.example",), user="CI")
    found = {one.id: (one.mailbox, one.tags) for one in await sandbox.store.list_messages(limit=0)}
    assert found == {shop: ("shop", ("sale",)), tagged: ("tests", ()), user: ("ci", ())}
