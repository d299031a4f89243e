"""Names of messages."""

import re

from mailsluice.capture import new_id


def test_an_id_has_22_base_62_characters_and_is_never_repeated() -> None:
    ids = [new_id() for _ in range(10_000)]
    assert all(re.fullmatch("[0-9A-Za-z]{22}", id) for id in ids)
    assert len(set(ids)) == len(ids)


def test_later_ids_sort_higher() -> None:
    first = new_id()
    later = next(id for id in iter(new_id, "") if id[:8] != first[:8])
    assert later > first
