"""The load generator: compiled on demand, run as a process of its own."""

import shutil
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import msgspec

SOURCE = Path(__file__).with_name("load.c")


class Load(msgspec.Struct, frozen=True):
    """What the generator saw: messages acknowledged, a second; latencies in ms, its own CPU in seconds."""

    acknowledged: int
    errors: int
    first_error: str
    seconds: float
    rate: float
    generator_cpu: float
    p50: float
    p95: float
    p99: float
    max: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How the messages are sent; `rate` is how many a second are due, 0 for as many as the server takes."""

    messages: int
    connections: int = 10
    new_connections: bool = False
    pipelining: bool = False
    bdat: bool = False
    rate: float = 0

    def flags(self) -> list[str]:
        """The same for the command line."""
        switches = {
            "--new-connections": self.new_connections,
            "--pipelining": self.pipelining,
            "--bdat": self.bdat,
        }
        given = [flag for flag, on in switches.items() if on]
        numbers = {"--messages": self.messages, "--connections": self.connections, "--rate": self.rate}
        return [*given, *(word for flag, number in numbers.items() for word in (flag, str(number)))]


def find_compiler() -> str | None:
    """The C compiler, if there is one."""
    return shutil.which("cc")


def compile_generator(folder: Path) -> Path:
    """Build the generator in a folder; raises CalledProcessError when the compiler refuses."""
    program = folder / "load"
    compiler = find_compiler()
    assert compiler, "the benchmark needs a C compiler named cc"
    subprocess.run([compiler, "-O2", "-pthread", "-o", program, SOURCE], check=True)
    return program


class Sending:
    """A running generator; killed on leaving if it still runs."""

    def __init__(self, program: Path, *, port: int, mail: Path, manner: Manner) -> None:
        command = [str(program), "--port", str(port), "--file", str(mail), *manner.flags()]
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)

    def __enter__(self) -> "Sending":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()

    def finish(self) -> Load:
        """Wait until everything is sent."""
        output, _ = self._process.communicate()
        if self._process.returncode:
            raise RuntimeError(f"the load generator ended with {self._process.returncode}")
        return msgspec.json.decode(output, type=Load)

    def stop(self) -> Load:
        """Begin no further message, and report."""
        self._process.send_signal(signal.SIGTERM)
        return self.finish()


def send(program: Path, *, port: int, mail: Path, manner: Manner) -> Load:
    """Send everything and report."""
    with Sending(program, port=port, mail=mail, manner=manner) as sending:
        return sending.finish()
