"""Templates to responses: the whole inbox for a browser, the pane alone for htmx."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import jinja2
from starlette.requests import Request
from starlette.responses import Response

from mailsluice.capture import now
from mailsluice.rule import Rule
from mailsluice.sandbox import Sandbox
from mailsluice_web import filters, outcomes
from mailsluice_web.compression import packed
from mailsluice_web.connecting import addresses_of, server_at, ways
from mailsluice_web.deletions import deletions_of
from mailsluice_web.keys import KEYS
from mailsluice_web.listing import read_listing
from mailsluice_web.places import read_place
from mailsluice_web.security import IMPORT_LIMIT

_VARY: Final = {"Vary": "HX-Request, HX-History-Restore-Request, Accept-Encoding"}
_DAY: Final = 24 * 3_600_000_000
_BY_HAND: Final = "Turned off by hand."

_templates = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
    undefined=jinja2.StrictUndefined,
)
_templates.filters.update(filters.ALL | outcomes.ALL)
_templates.globals.update(keys=KEYS, ways=ways)


def is_fragment(request: Request) -> bool:
    """Whether htmx asks for the part that changes; on Back and Forward it asks for the whole page."""
    headers = request.headers
    return headers.get("hx-request") == "true" and headers.get("hx-history-restore-request") != "true"


def render(request: Request, template: str, context: Mapping[str, Any], *, status: int = 200) -> Response:
    """One template as an HTML response."""
    html = _templates.get_template(template).render({**_common(request), **context})
    # A lone surrogate (an undecodable byte in a transcript) must not turn the page into an error.
    content, packing = packed(html.encode("utf-8", "replace"), request.headers)
    return Response(content, status, _VARY | packing, media_type="text/html")


async def page(
    request: Request,
    pane: str,
    context: Mapping[str, Any] | None = None,
    *,
    title: str = "",
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The pane inside the whole inbox, or alone as a fragment for htmx."""
    own = {"pane": pane, "title": title, **(context or {})}
    if is_fragment(request):
        response = render(request, "fragment.html", own, status=status)
    else:
        listing = own.get("listing") or await read_listing(request)
        whole = {"listing": listing, "counts": listing.counts, "deletions": await deletions_of(request)}
        response = render(request, "inbox.html", whole | own, status=status)
    response.headers.update(headers or {})
    return response


def _common(request: Request) -> dict[str, Any]:
    sandbox: Sandbox = request.state.sandbox
    addresses = addresses_of(request)
    return {
        "addresses": addresses,
        "server": server_at(addresses[0] if addresses else "localhost:1025", sandbox.settings),
        "settings": sandbox.settings,
        "most_imported": IMPORT_LIMIT,
        "trouble": sandbox.store.trouble,
        "rules_on": [rule for rule in sandbox.automatic.rules if rule.is_on],
        "rules_stopped": _stopped(sandbox.automatic.rules),
        "place": read_place(request),
        "deletions": None,
        "selected": "",
        "is_fragment": is_fragment(request),
        "title": "",
    }


def _stopped(rules: Sequence[Rule]) -> list[Rule]:
    """The newest rule if it turned itself off, as long as somebody may still count on it: to its end, or for a day."""
    return [
        rule
        for rule in rules[-1:]
        if rule.note.startswith("Turned off") and rule.note != _BY_HAND and now() < max(rule.ends, rule.created + _DAY)
    ]
