"""Names of messages."""

import re
import time

from mailsluice.capture import new_id


def test_an_id_has_22_base_62_characters_and_is_never_repeated() -> None:
    ids = [new_id() for _ in range(10_000)]
    assert all(re.fullmatch("[0-9A-Za-z]{22}", id) for id in ids)
    assert len(set(ids)) == len(ids)


def test_ids_of_a_later_millisecond_sort_higher() -> None:
    first, began = new_id(), time.time_ns()
    while time.time_ns() - began < 2_000_000:
        later = new_id()
    assert later > first
