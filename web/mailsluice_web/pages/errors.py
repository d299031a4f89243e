"""Pages for what goes wrong: no dead ends, and never an exception's text."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from mailsluice_web.rendering import is_fragment, render


async def http_error(request: Request, error: Exception) -> Response:
    """A wrong address or method, in one sentence and with a way back."""
    assert isinstance(error, HTTPException)
    said = "" if error.detail in _STANDARD else error.detail
    text = said or _TEXTS.get(error.status_code, "This cannot be done.")
    response = _answer(request, "Not found" if error.status_code == 404 else "Not possible", text, error.status_code)
    response.headers.update(error.headers or {})
    return response


async def store_error(request: Request, error: Exception) -> Response:
    """The store cannot be read or written at the moment: the operator must act."""
    return _answer(request, "The store does not answer", f"{error} Captured mail is safe; try again.", 503)


async def server_error(request: Request, error: Exception) -> Response:
    """A bug: the log tells which."""
    return _answer(request, "Something went wrong", "This is a fault in Mailsluice; its log says more.", 500)


def _answer(request: Request, heading: str, text: str, status: int) -> Response:
    if request.url.path.startswith("/api/"):
        return PlainTextResponse(text + "\n", status)
    template = "_error.html" if is_fragment(request) else "error.html"
    return render(request, template, {"heading": heading, "text": text, "title": heading}, status=status)


_STANDARD = frozenset({"Not Found", "Method Not Allowed"})
_TEXTS = {404: "There is nothing at this address.", 405: "This address does not take that request."}
