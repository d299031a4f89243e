"""The program as /api/v1/info tells of it."""

import os
import sys
from pathlib import Path
from typing import Final

from mailsluice import __version__
from mailsluice.capture import now
from mailsluice.sandbox import Sandbox
from mailsluice_web.api.shapes import Info, RuntimeStats

# Clients look for v1.x.y and switch features on by it; what follows the plus sign is ours.
_VERSION: Final = f"v1.30.5+mailsluice.{__version__}"


async def runtime_info(sandbox: Sandbox) -> Info:
    """Version, database and counters of a running instance."""
    counts = await sandbox.store.counts()
    return Info(
        Version=_VERSION,
        LatestVersion="disabled",
        Database=str(sandbox.store.path),
        DatabaseSize=await sandbox.store.size_on_disk(),
        Messages=counts.messages,
        Unread=counts.unread,
        Tags=dict(sorted((await sandbox.store.tags()).items())),
        RuntimeStats=RuntimeStats(
            Uptime=(now() - sandbox.began) // 1_000_000,
            Memory=_resident_bytes(),
            MessagesDeleted=counts.deleted,
            SMTPAccepted=counts.accepted,
            SMTPAcceptedSize=counts.accepted_size,
            SMTPRejected=counts.rejected,
            SMTPIgnored=0,
        ),
    )


def _resident_bytes() -> int:
    """Memory in use; its peak where the system does not tell, 0 on Windows."""
    if sys.platform == "win32":
        return 0
    try:
        return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        import resource

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024
