"""Which messages a write names: the bodies of PUT and DELETE on /api/v1/messages."""

import re
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import parse_qsl

import msgspec

from mailsluice_web.api.gojson import decode_object
from mailsluice_web.api.resource import BadRequest

_ID: Final = re.compile(r"[0-9A-Za-z]{22}")
_JSON_BEGINS: Final = re.compile(rb"\s*([\[{\"]|null)")
_FORM_IDS: Final = re.compile(rb"(?i)(^|&)ids(\[\]|%5B%5D)?=[^&\s]")


class Marking(msgspec.Struct, frozen=True):
    """What a PUT asks for: mark these messages (None is all of them) as read or unread."""

    ids: list[str] | None
    read: bool


def is_id(text: str) -> bool:
    """Whether this could be the id of a message."""
    return _ID.fullmatch(text) is not None


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
    if search:
        raise BadRequest("Searching is not available in this version of Mailsluice; nothing was changed")
    return Marking(ids=ids, read=bool(read))


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
    if not isinstance(ids, list) or not all(isinstance(id, str) for id in ids):
        raise BadRequest("IDs must be a list of texts; nothing was changed")
    return _known(ids)


def _known(ids: Sequence[str]) -> list[str]:
    """Only what can be an id, once: anything else names no message."""
    return [id for id in dict.fromkeys(ids) if is_id(id)]
