"""The only place with SQL: one SQLite file, written by one thread.

What is promised: a capture is committed before it is acknowledged; its bytes come back exactly as they came; the
counters agree with the rows, as they change in the same transaction; a message is never lost because it could not be
parsed. With the default durability an acknowledged message survives the death of the program, with `full` a power cut
too. Releases and rules are on the disk before anything is dialled, whatever the durability.

What lies where: `message` holds what lists show, `source` the bytes with the envelope and the transcript, `chunk` the
pieces of large sources, `counter` one row of numbers a mailbox; `release` the records of releases, `release_chunk` the
bytes that went, `sent` and `parking` what limits a profile, `rule` the rules. `migrations/` holds the schema's steps.
"""

from mailsluice.errors import StoreError
from mailsluice.store.records import Counts, ListedMessage, Receipt
from mailsluice.store.store import LATEST, MEMORY, Store, open_store

__all__ = ["LATEST", "MEMORY", "Counts", "ListedMessage", "Receipt", "Store", "StoreError", "open_store"]
