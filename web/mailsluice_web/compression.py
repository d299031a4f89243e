"""Answers made smaller on their way: pages as they are made, static files once."""

import gzip
import hashlib
import os
import re
from mimetypes import guess_type
from pathlib import Path
from typing import Final, NamedTuple

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.staticfiles import NotModifiedResponse, StaticFiles
from starlette.types import Scope

PAYS: Final = 1400
"""Bytes up to which an answer fits into one packet anyway."""

_QUICK: Final = 6
_THOROUGH: Final = 9
_GZIP: Final = re.compile(r"(?:^|,)\s*(?:gzip|\*)\s*(?:;\s*q=([0-9.]+)\s*)?(?=,|$)", re.IGNORECASE)


def takes_gzip(headers: Headers) -> bool:
    """Whether the client says that it can unpack gzip (RFC 9110 section 12.5.3)."""
    found = _GZIP.search(headers.get("accept-encoding", ""))
    return found is not None and (found[1] is None or found[1].strip("0.") != "")


def packed(content: bytes, headers: Headers) -> tuple[bytes, dict[str, str]]:
    """What to send for a client with these headers, and the headers that say how it is packed."""
    if len(content) < PAYS or not takes_gzip(headers):
        return content, {}
    return gzip.compress(content, _QUICK, mtime=0), {"Content-Encoding": "gzip"}


class _File(NamedTuple):
    plain: bytes
    small: bytes
    tag: str


class Assets(StaticFiles):
    """The files of a folder, kept in memory plain and compressed, each form with a strong ETag of its own.

    Files whose name carries a version never change; all others are asked for again and usually answered 304.
    """

    def __init__(self, directory: Path) -> None:
        super().__init__(directory=directory)
        self._files: dict[tuple[str, int, int], _File] = {}

    def file_response(
        self, full_path: "str | os.PathLike[str]", stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        file = self._file(Path(full_path), stat_result)
        asked = Headers(scope=scope)
        is_small = len(file.plain) >= PAYS and takes_gzip(asked)
        is_versioned = Path(full_path).name.startswith("htmx-")
        headers = {
            "ETag": f'"{file.tag}-gzip"' if is_small else f'"{file.tag}"',
            "Vary": "Accept-Encoding",
            "Cache-Control": "public, max-age=31536000, immutable" if is_versioned else "no-cache",
            **({"Content-Encoding": "gzip"} if is_small else {}),
        }
        content = file.small if is_small else file.plain
        response = Response(content, status_code, headers, media_type=guess_type(os.fspath(full_path))[0])
        return NotModifiedResponse(response.headers) if self.is_not_modified(response.headers, asked) else response

    def _file(self, path: Path, found: os.stat_result) -> _File:
        key = (str(path), found.st_mtime_ns, found.st_size)
        if key not in self._files:
            plain = path.read_bytes()
            tag = hashlib.sha256(plain).hexdigest()[:24]
            self._files[key] = _File(plain, gzip.compress(plain, _THOROUGH, mtime=0), tag)
        return self._files[key]
