"""What goes to the process that draws, and what comes back from it."""

import struct
from typing import BinaryIO, Final, Literal, NamedTuple

import msgspec

IMAGE: Final = 0
PAGES: Final = 1
MAX_ANSWER: Final = 32 << 20
MAX_SIDE: Final = 8192

Reason = Literal["large", "slow", "damaged", "locked", "failed", "unavailable"]

_JOB: Final = struct.Struct(">BHHQ")
SIZE: Final = struct.Struct(">I")


class Job(NamedTuple):
    """One file to draw: `first` so many pages of a PDF, at most `width` pixels wide and twice as high."""

    kind: int
    width: int
    first: int
    content: bytes


class Drawn(msgspec.Struct, frozen=True, array_like=True):
    """One picture as the child made it, and how large the original is (pixels, or points of a page)."""

    content: bytes
    width: int
    height: int
    original_width: int
    original_height: int


class Answer(msgspec.Struct, frozen=True, array_like=True):
    """The pictures and how many pages there are, or the reason why there are none."""

    reason: Reason | None = None
    pictures: tuple[Drawn, ...] = ()
    total: int = 0


class Limits(msgspec.Struct, frozen=True):
    """What one file may cost, how many are drawn at once, and how long a child is kept."""

    content: int = 64 << 20
    memory: int = 1 << 30
    cpu_seconds: int = 8
    seconds: float = 10.0
    at_once: int = 2
    jobs: int = 64
    idle_seconds: float = 30.0


def job_header(job: Job) -> bytes:
    """What precedes the content of a job."""
    return _JOB.pack(job.kind, job.width, job.first, len(job.content))


def read_job(stream: BinaryIO) -> Job | None:
    """The next job, or None when there will be none."""
    header = stream.read(_JOB.size)
    if len(header) < _JOB.size:
        return None
    kind, width, first, size = _JOB.unpack(header)
    content = stream.read(size)
    return Job(kind, width, first, content) if len(content) == size else None


def write_answer(stream: BinaryIO, answer: Answer) -> None:
    """Send an answer, preceded by its size."""
    encoded = msgspec.msgpack.encode(answer)
    stream.write(SIZE.pack(len(encoded)) + encoded)
    stream.flush()


def read_answer(encoded: bytes) -> Answer:
    """The answer in these bytes; `msgspec.DecodeError` when it is none."""
    return msgspec.msgpack.decode(encoded, type=Answer)
