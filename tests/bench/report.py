"""What was measured, for a person."""

from collections.abc import Iterable

from tests.bench.extremes import Finding
from tests.bench.measuring import Row

_HEAD = f"{'':22} {'':14} {'msg/s':>8} {'CPU µs':>8} {'p50 ms':>8} {'p99 ms':>8} {'peak MB':>8}"


def table(row: Row) -> str:
    """One comparison as lines."""
    aim = f" (aim {row.aim:g})" if row.aim else ""
    lines = [
        f"{row.title}, {row.messages} messages a run: {row.ratio_to_asyncio:.2f} x stock on asyncio{aim}, "
        f"{row.ratio_to_uvloop:.2f} x on uvloop",
        _HEAD,
    ]
    for one in row.figures:
        lines.append(
            f"{'':22} {one.server:14} {one.rate:8.0f} {one.cpu:8.0f} {one.p50:8.2f} {one.p99:8.2f} {one.memory:8.0f}"
        )
    return "\n".join(lines)


def sentence(finding: Finding) -> str:
    """One experiment as a line."""
    figures = ", ".join(f"{name} {_short(value)}" for name, value in finding.figures.items())
    return f"{finding.title}: {figures}" + (f" (aim: {finding.aim})" if finding.aim else "")


def summary(rows: Iterable[Row]) -> str:
    """All ratios in a few lines."""
    return "\n".join(
        f"{row.title:40} {row.ratio_to_asyncio:5.2f} x" + (f"   aim {row.aim:g}" if row.aim else "") for row in rows
    )


def _short(value: float) -> str:
    return f"{value:.0f}" if value >= 100 or value == int(value) else f"{value:.2f}"
