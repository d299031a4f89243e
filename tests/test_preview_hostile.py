"""Files and children that mean harm: the answer is a sentence, and the next file is drawn."""

import asyncio
import contextlib
import os
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailsluice.preview.process import Pages, Picture, Previews, Refused
from mailsluice.preview.wire import Limits
from tests.preview_files import chunk, image, inflating, pdf, png, written_pdf

PROGRAM = """
import os, sys, time, msgspec
from mailsluice.preview.child import drawn, serve
from mailsluice.preview.wire import Answer, Drawn, Limits

poisoned = False
if len(sys.argv) > 2:
    os.open(sys.argv[1], os.O_WRONLY)

def draw(job, limits):
    global poisoned
    word, _, rest = job.content.partition(b" ")
    if poisoned:
        os._exit(1)
    if word == b"sleep":
        time.sleep(1000)
    if word == b"spin":
        while True:
            pass
    if word == b"die":
        os._exit(0)
    if word == b"eat":
        eaten = bytearray(4 << 30)
    if word == b"lie":
        return Answer(None, (Drawn(b"<script>", 1, 1, 1, 1),), 1)
    if word == b"poison":
        poisoned = True
    if word == b"fork":
        pipe = os.open(rest, os.O_WRONLY)
        os.fork()
        os.write(pipe, b"x")
        time.sleep(1000)
    if word == b"print":
        print("x" * 100_000, flush=True)
        os.system("echo more")
    known = drawn(job._replace(content=PNG), limits)
    return msgspec.structs.replace(known, pictures=(msgspec.structs.replace(
        known.pictures[0], original_width=os.getpid(), original_height=len(os.environ.get("SECRET", ""))),))

serve(draw, msgspec.json.decode(sys.argv[-1], type=Limits))
"""
HOSTILE = (sys.executable, "-P", "-c", f"PNG = {image(size=(4, 3))!r}\n{PROGRAM}")
SHORT = Limits(seconds=4)  # a busy machine needs one or two to start a child


@pytest.fixture
def named_pipe(tmp_path: Path) -> Iterator[int]:
    """The reading end of a named pipe; `tmp_path / "pipe"` is its other end."""
    os.mkfifo(tmp_path / "pipe")
    pipe = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    yield pipe
    os.close(pipe)


async def pid(previews: Previews, content: bytes = b"ok") -> int:
    """The process that drew this."""
    picture = await previews.image(content, width=9)
    assert isinstance(picture, Picture), picture
    return picture.original_width


async def reason(previews: Previews, content: bytes) -> str:
    refused = await previews.image(content, width=9)
    assert isinstance(refused, Refused), refused
    return refused.reason


@pytest.mark.parametrize(
    "content",
    [
        png(60_000, 60_000),
        png(2_000_000_000, 2_000_000_000),
        png(60_000, 60_000, pixels=b"\0" * 1000),
        image()[:8] + chunk(b"IHDR", b"\xff" * 13),
        png(9, 9, extra=chunk(b"zTXt", b"a\0\0" + inflating(1 << 30))),
        png(9, 9, extra=chunk(b"iCCP", b"a\0\0" + inflating(1 << 30))),
        b"BM" + b"\xff" * 60,
        b"GIF89a" + b"\xff" * 2000,
        b"II*\0" + b"\xff" * 2000,
        b"\0\0\x01\0\xff\xff" + b"\xff" * 2000,
    ],
)
async def test_an_image_that_would_fill_the_memory_harms_nobody(content: bytes) -> None:
    async with Previews() as previews:
        refused = await previews.image(content, width=320)
        assert isinstance(refused, Refused)
        assert isinstance(await previews.image(image(), width=320), Picture)


async def test_a_header_of_sixty_thousand_pixels_squared_is_too_large() -> None:
    async with Previews() as previews:
        assert await previews.image(png(60_000, 60_000), width=320) == Refused(
            "large", "This file is too large to show."
        )


async def test_pixels_that_inflate_to_nothing_but_zeros_are_read_only_as_far_as_the_image_goes() -> None:
    async with Previews() as previews:
        content = png(100, 100)[:33] + chunk(b"IDAT", inflating(1 << 30)) + chunk(b"IEND", b"")
        picture = await previews.image(content, width=320)
        assert isinstance(picture, Picture)
        assert picture.width == 100


@pytest.mark.parametrize(
    "content",
    [
        written_pdf(inflating(1 << 30)),
        written_pdf(inflating(1 << 28, filler=b"q ")),
        written_pdf(zlib.compress(b"/A Do " * 1000), more=b"5 0 obj<</Kids[5 0 R]>>endobj\n"),
        b"%PDF-1.7\n" + b"<<" * 200_000,
        b"%PDF-1.7\n" + b"[" * 200_000,
    ],
)
async def test_a_pdf_that_would_fill_the_memory_harms_nobody(content: bytes) -> None:
    async with Previews(Limits(seconds=4)) as previews:
        await previews.pages(content, first=3, width=320)
        assert isinstance(await previews.pages(pdf(), first=3, width=320), Pages)


async def test_a_file_larger_than_the_bound_is_refused_before_a_child_sees_it() -> None:
    async with Previews(Limits(content=1000), command=("/nonexistent",)) as previews:
        assert await reason(previews, bytes(1001)) == "large"


@pytest.mark.parametrize(("content", "why"), [(b"sleep", "slow"), (b"die", "failed"), (b"lie", "failed")])
async def test_a_child_that_hangs_dies_or_lies_is_replaced(content: bytes, why: str) -> None:
    async with Previews(SHORT, command=HOSTILE) as previews:
        assert await reason(previews, content) == why
        assert await pid(previews)


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="the system bounds neither memory nor time")
async def test_a_child_that_eats_memory_or_time_is_ended_by_the_system() -> None:
    async with Previews(Limits(cpu_seconds=1, seconds=60), command=HOSTILE) as previews:
        assert await reason(previews, b"eat") == "failed"
        assert await reason(previews, b"spin") == "failed"


async def test_what_a_decoder_prints_goes_nowhere() -> None:
    async with Previews(command=HOSTILE) as previews:
        assert await pid(previews, b"print") == await pid(previews)


async def test_an_answer_that_is_none_is_refused() -> None:
    for output in ("b'\\xff' * 99", "b'\\0\\0\\0\\x05hello'", "b''"):
        code = f"import sys; sys.stdout.buffer.write({output}); sys.stdout.flush(); sys.stdin.read()"
        async with Previews(SHORT, command=(sys.executable, "-c", code)) as previews:
            assert await reason(previews, b"x") in ("failed", "slow")


@pytest.mark.skipif(sys.platform == "win32", reason="forks")
async def test_what_a_codec_has_forked_is_killed_with_it(tmp_path: Path, named_pipe: int) -> None:
    async with Previews(SHORT, command=HOSTILE) as previews:
        assert await reason(previews, b"fork " + os.fsencode(tmp_path / "pipe")) in ("slow", "failed")
        # The end comes only when nobody holds the other end any more.
        await asyncio.to_thread(until_closed, named_pipe)
        assert await pid(previews)


@pytest.mark.skipif(sys.platform == "win32", reason="named pipes")
async def test_a_child_that_nobody_needs_goes(tmp_path: Path, named_pipe: int) -> None:
    command = (*HOSTILE, str(tmp_path / "pipe"))
    async with Previews(Limits(idle_seconds=0.01), command=command) as previews:
        first = await pid(previews)
        await asyncio.to_thread(until_closed, named_pipe)
        assert await pid(previews) != first


async def test_a_child_serves_one_file_after_another_but_not_forever() -> None:
    async with Previews(Limits(jobs=3), command=HOSTILE) as previews:
        pids = [await pid(previews) for _ in range(6)]
        assert len(set(pids[:3])) == len(set(pids[3:])) == 1
        assert pids[0] != pids[3]


async def test_two_children_at_most_are_at_work() -> None:
    async with Previews(command=HOSTILE) as previews:
        assert len(set(await asyncio.gather(*(pid(previews) for _ in range(20))))) == 2


async def test_a_file_does_not_suffer_for_the_one_before_it() -> None:
    async with Previews(command=HOSTILE) as previews:
        first = await pid(previews, b"poison")
        assert await pid(previews) != first


async def test_a_request_that_was_given_up_leaves_no_child_at_work() -> None:
    async with Previews(command=HOSTILE) as previews:
        first = await pid(previews)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(previews.image(b"sleep", width=9), 0.2)
        assert await pid(previews) != first


async def test_closing_refuses_what_is_being_drawn() -> None:
    previews = Previews(command=HOSTILE)
    await pid(previews)
    drawing = asyncio.create_task(reason(previews, b"sleep"))
    await asyncio.sleep(0)
    await previews.close()
    assert await drawing == "unavailable"
    assert await reason(previews, b"ok") == "unavailable"


async def test_a_machine_without_the_program_has_no_previews() -> None:
    async with Previews(command=("/nonexistent/python",)) as previews:
        assert await reason(previews, b"x") == "unavailable"


async def test_a_child_knows_no_secret_of_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "hunter2")
    async with Previews(command=HOSTILE) as previews:
        picture = await previews.image(b"ok", width=9)
        assert isinstance(picture, Picture)
        assert picture.original_height == 0


def until_closed(pipe: int) -> None:
    """Read until the last process with the other end has gone."""
    os.set_blocking(pipe, True)
    while os.read(pipe, 100):
        pass
