"""The deletions that a page offers to take back."""

from typing import Final

from starlette.requests import Request

from mailsluice.sandbox import Sandbox
from mailsluice.store.records import Deletion

_FIELD: Final = "deletion"


async def deletions_of(request: Request) -> list[Deletion]:
    """All that can be taken back, newest first: for a page that is opened."""
    sandbox: Sandbox = request.state.sandbox
    return await sandbox.store.open_deletions()


async def kept_deletions(request: Request, *, new: str = "") -> list[Deletion]:
    """The new one, and those that the asking page offers already: what others delete does not come in between."""
    sandbox: Sandbox = request.state.sandbox
    return await sandbox.store.open_deletions([new] * bool(new) + await _offered(request))


async def changed_deletions(request: Request) -> list[Deletion] | None:
    """Those that the asking page offers and that can still be taken back; None if these are all of them."""
    if not (offered := await _offered(request)):
        return None
    kept = await kept_deletions(request)
    return kept if len(kept) < len(offered) else None


async def _offered(request: Request) -> list[str]:
    fields = await request.form() if request.method == "POST" else request.query_params
    return list(dict.fromkeys(str(token) for token in fields.getlist(_FIELD)))
