"""The process that draws: one file after another from standard input, as little of the machine as possible.

    python -m mailsluice.preview.child '{"memory": 1073741824, …}'

What it is given may be made to harm it. So it may not fork, write files or use more memory and time than `Limits`
allow, wherever the system can hold it to that; the parent's wall clock holds everywhere.
"""

import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable
from typing import BinaryIO, Final

import msgspec

from mailsluice.preview.wire import IMAGE, Answer, Job, Limits, read_job, write_answer

_ENOUGH: Final = 0.6
_OPEN_FILES: Final = 64


def main() -> None:
    """Answer jobs until standard input ends."""
    limits = msgspec.json.decode(sys.argv[1], type=Limits)
    serve(drawn, limits)


def serve(draw: Callable[[Job, Limits], Answer], limits: Limits) -> None:
    """Confine this process, then answer each job with what `draw` makes of it."""
    answers = _own_output()
    confine(limits)
    while (job := read_job(sys.stdin.buffer)) is not None:
        _grant(limits)
        write_answer(answers, draw(job, limits))
        _grant(None)


def drawn(job: Job, limits: Limits) -> Answer:
    """What one job asks for, whatever is wrong with its content."""
    try:
        if job.kind == IMAGE:
            from mailsluice.preview import images

            return images.draw(job.content, width=job.width)
        from mailsluice.preview import pdf

        until = time.monotonic() + min(limits.seconds, limits.cpu_seconds) * _ENOUGH
        return pdf.draw(job.content, first=job.first, width=job.width, until=until)
    except ImportError:
        return Answer("unavailable")
    except MemoryError:
        return Answer("large")
    except Exception:  # decoders raise whatever they like over a damaged file
        return Answer("damaged")


def confine(limits: Limits) -> None:
    """Give up what drawing does not need."""
    if sys.platform == "win32":
        return
    import resource

    bounds = {
        resource.RLIMIT_AS: limits.memory,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_NOFILE: _OPEN_FILES,
        resource.RLIMIT_NPROC: 0,
    }
    for kind, bound in bounds.items():
        # Not every system knows or permits every one of them (macOS has no bound on memory).
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(kind, (bound, bound))
    with contextlib.suppress(OSError):
        os.nice(5)


def _grant(limits: Limits | None) -> None:
    """Let the next job use so much time, or any while none is at work; more ends this process."""
    if sys.platform == "win32":
        return
    import resource

    # A parent that was killed cannot end us: this alarm does.
    signal.setitimer(signal.ITIMER_REAL, limits.seconds + 5 if limits else 0)
    if limits:
        used = resource.getrusage(resource.RUSAGE_SELF)
        _, highest = resource.getrlimit(resource.RLIMIT_CPU)
        with contextlib.suppress(OSError, ValueError):
            soon = int(used.ru_utime + used.ru_stime) + 1 + limits.cpu_seconds
            resource.setrlimit(resource.RLIMIT_CPU, (soon, highest))


def _own_output() -> BinaryIO:
    """Standard output for answers alone: whatever a decoder prints goes nowhere."""
    answers = os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (1, 2):
        os.dup2(nowhere, stream)
    os.close(nowhere)
    return answers


if __name__ == "__main__":
    main()
