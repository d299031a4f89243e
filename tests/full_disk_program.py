"""A store whose files may not grow any further, as a program of its own: the limit holds for a whole process.

Prints JSON: what was acknowledged before and after, and for each kind of write how it went while nothing could be
written, and afterwards.
"""

import asyncio
import json
import resource
import sys
from pathlib import Path

from mailsluice.store import StoreError, open_store
from tests.captures import Clock, add
from tests.writes import WRITES, prepare


async def main(path: Path) -> None:
    troubles: list[str] = []
    report: dict[str, list[str]] = {"before": [], "during": [], "after": [], "troubles": troubles}
    clock = Clock()
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    async with open_store(path, clock=clock, on_trouble=troubles.append) as store:
        await store.search.indexing.settle()
        made = await prepare(store, clock)
        report["before"] = sorted(one.id for one in await store.list_messages(limit=0))
        resource.setrlimit(resource.RLIMIT_FSIZE, (path.with_name(path.name + "-wal").stat().st_size, hard))
        for name, write in WRITES.items():
            try:
                await write(store, made)
                report["during"].append(f"{name} was written")
            except StoreError as error:
                report["during"].append(f"{name}: {error}")
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
        await store.probe()
        for write in WRITES.values():
            await write(store, made)
        report["after"] = [await add(store) for _ in range(3)]
    print(json.dumps(report))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
