"""Which messages a form names.

`id` once for each, or with `all=1` the place (`q`, `mailbox`) up to the key `upto`, so that what came after somebody
looked is not among them.
"""

import msgspec
from starlette.datastructures import FormData, QueryParams
from starlette.requests import Request

from mailsluice_web.api.queries import is_id
from mailsluice_web.pages.cards import sandbox_of
from mailsluice_web.places import Place, pinned
from mailsluice_web.zones import zone_of


class Selection(msgspec.Struct, frozen=True):
    """The chosen messages, newest first; `upto` is the newest key of a place that was chosen as a whole, else 0."""

    ids: list[str]
    place: Place
    upto: int = 0

    @property
    def fields(self) -> dict[str, str]:
        """What a form sends to name them, but for the ids."""
        own = {"q": self.place.query, "mailbox": self.place.mailbox}
        return own | ({"all": "1", "upto": str(self.upto)} if self.upto else {})


async def read_selection(request: Request, fields: FormData | QueryParams, *, most: int, newest: int = 0) -> Selection:
    """What the fields name; of a place no more than the newest so many.

    `newest` is the key that stands for `upto` where the fields have none; without both no place is chosen.
    """
    place = Place(str(fields.get("q", "")), str(fields.get("mailbox", "")), zone_of(request))
    text = str(fields.get("upto", ""))
    upto = int(text) if text.isascii() and text.isdigit() and len(text) < 19 else newest
    if fields.get("all") == "1" and upto:
        found = Selection([], place, upto)
        return msgspec.structs.replace(found, ids=await ids_of(request, found, most=most))
    return Selection([id for id in dict.fromkeys(map(str, fields.getlist("id"))) if is_id(id)], place)


async def ids_of(request: Request, chosen: Selection, *, most: int, of_pinned: bool = False) -> list[str]:
    """All of a place that was chosen as a whole, or the pinned ones among them."""
    query = chosen.place.understood()
    search = sandbox_of(request).store.search
    return await search.ids(
        pinned(query) if of_pinned else query, mailbox=chosen.place.mailbox, before=chosen.upto + 1, limit=most
    )
