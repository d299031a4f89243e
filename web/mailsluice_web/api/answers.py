"""Answers of our own API: JSON, errors included, whatever went wrong below."""

from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from mailsluice.errors import Refusal, StoreError
from mailsluice_web.api.gojson import encode
from mailsluice_web.api.resource import BadRequest, NotFound
from mailsluice_web.tokens import Endpoint


def json_answer(content: object, *, status: int = 200) -> Response:
    """Anything that msgspec can encode; what is not Unicode becomes U+FFFD."""
    return Response(encode(content), status, media_type="application/json")


def explained(endpoint: Endpoint) -> Endpoint:
    """The endpoint, with what it cannot do as `{"error": "…", "field": "to", "link": ""}`."""

    async def respond(request: Request) -> Response:
        try:
            return await endpoint(request)
        except Refusal as refusal:
            return _error(refusal.reason, 422, field=refusal.field, link=refusal.link)
        except msgspec.DecodeError as error:
            return _error(f"The body is not what is needed: {error}", 400)
        except BadRequest as error:
            return _error(str(error), 400)
        except NotFound as error:
            return _error(str(error), 404)
        except StoreError as error:
            return _error(str(error), 503)

    return respond


def _error(reason: str, status: int, **more: Any) -> Response:
    return json_answer({"error": reason, "field": "", "link": ""} | more, status=status)
