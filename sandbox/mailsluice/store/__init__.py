"""The only place with SQL: one SQLite file, written by one thread.

What is promised: a capture is committed before it is acknowledged; its bytes come back exactly as they came; the
counters agree with the rows, as they change in the same transaction; a message is never lost because it could not be
parsed. With the default durability an acknowledged message survives the death of the program, with `full` a power cut
too. Releases and rules are on the disk before anything is dialled, whatever the durability.

What lies where: `message` holds what lists show, `source` the bytes with the envelope and the transcript, `chunk` the
pieces of large sources, `counter` one row of numbers a mailbox; `tag` and `tagged` the tags, `trash` the messages whose
deletion can be taken back; `search_text` what search compares, `search_index` and `search_word` the index over it,
`search_state` how far that goes, `search_gone` what it still has to forget; `release` the records of releases,
`release_chunk` the bytes that went, `sent` and `parking` what limits a profile, `rule` the rules. `migrations/` holds
the schema's steps.
"""

from mailsluice.errors import StoreError
from mailsluice.store.opening import MEMORY, open_store
from mailsluice.store.records import Counts, Deletion, ListedMessage, Receipt
from mailsluice.store.retention import Limits
from mailsluice.store.sorting import Sorting
from mailsluice.store.store import LATEST, Store

__all__ = [
    "LATEST",
    "MEMORY",
    "Counts",
    "Deletion",
    "Limits",
    "ListedMessage",
    "Receipt",
    "Sorting",
    "Store",
    "StoreError",
    "open_store",
]
