"""Which messages a write names, and what for: the bodies of PUT and DELETE in Mailpit's API."""

import re
from collections.abc import Sequence
from typing import Any, Final, TypeGuard
from urllib.parse import parse_qsl

import msgspec

from mailsluice_web.api.gojson import decode_object
from mailsluice_web.api.queries import is_id
from mailsluice_web.api.resource import BadRequest

_JSON_BEGINS: Final = re.compile(rb"\s*([\[{\"]|null)")
_FORM_IDS: Final = re.compile(rb"(?i)(^|&)ids(\[\]|%5B%5D)?=[^&\s]")


class Marking(msgspec.Struct, frozen=True):
    """What a PUT asks for: mark these messages, or those that the search finds, as read or unread.

    Without a search `ids` of None are all messages.
    """

    ids: list[str] | None
    search: str
    read: bool


class Tagging(msgspec.Struct, frozen=True):
    """What a PUT asks for: these tags, and no others, for these messages."""

    ids: list[str]
    tags: list[str]


def deletion(body: bytes) -> list[str] | None:
    """The ids that a DELETE names, None for all; raises BadRequest for a body that is not understood.

    Mailpit deletes everything then; here only an empty body, or one that names no id, means all.
    """
    if not body.strip():
        return None
    if _is_form(body):
        fields = parse_qsl(body.decode("utf-8", errors="replace"), keep_blank_values=True, max_num_fields=100_000)
        return _known([value for key, value in fields if key.lower() in {"ids", "ids[]"}])
    return _ids(_decode(body))


def marking(body: bytes) -> Marking:
    """What a PUT names; raises BadRequest for a body that is not understood."""
    fields = _decode(body)
    ids, read, search = _ids(fields), fields.get("read"), fields.get("search")
    if not isinstance(read, bool | None):
        raise BadRequest("Read must be true or false; nothing was changed")
    if not isinstance(search, str | None):
        raise BadRequest("Search must be a text; nothing was changed")
    if ids is not None and search:
        raise BadRequest("You may specify either IDs or a search query, not both")
    if search and not search.strip():
        raise BadRequest("Search is blank; nothing was changed")
    return Marking(ids=ids, search=search or "", read=bool(read))


def tagging(body: bytes) -> Tagging:
    """What a PUT names; raises BadRequest for a body that is not understood."""
    fields = _decode(body)
    tags = fields.get("tags")
    if tags is not None and not _are_texts(tags):
        raise BadRequest("Tags must be a list of texts; nothing was changed")
    return Tagging(ids=_ids(fields) or [], tags=tags or [])


def renaming(body: bytes) -> str:
    """The name that a PUT gives; raises BadRequest for a body that is not understood."""
    name = _decode(body).get("name")
    if not isinstance(name, str | None):
        raise BadRequest("Name must be a text; nothing was changed")
    return name or ""


def _is_form(body: bytes) -> bool:
    return not _JSON_BEGINS.match(body) and _FORM_IDS.search(body) is not None


def _decode(body: bytes) -> dict[str, Any]:
    try:
        return decode_object(body)
    except ValueError as error:
        raise BadRequest(f"The body is not the JSON expected ({error}); nothing was changed") from error


def _ids(fields: dict[str, Any]) -> list[str] | None:
    ids = fields.get("ids")
    if ids is None or ids == []:
        return None
    if not _are_texts(ids):
        raise BadRequest("IDs must be a list of texts; nothing was changed")
    return _known(ids)


def _are_texts(value: object) -> TypeGuard[list[str]]:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _known(ids: Sequence[str]) -> list[str]:
    """Only what can be an id, once: anything else names no message."""
    return [id for id in dict.fromkeys(ids) if is_id(id)]
