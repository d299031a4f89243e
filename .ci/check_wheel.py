"""Fail unless the wheel named on the command line holds both packages, whole, and nothing else."""

import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[1]


def main() -> None:
    """Compare the wheel's names with the source tree; exit 1 with what differs."""
    names = zipfile.ZipFile(sys.argv[1]).namelist()
    packed = {name for name in names if ".dist-info/" not in name}
    wanted = {
        file.relative_to(ROOT / source).as_posix()
        for source in ("sandbox", "web")
        for file in (ROOT / source).rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    problems = [f"not in the wheel: {name}" for name in sorted(wanted - packed)]
    problems += [f"should not be in the wheel: {name}" for name in sorted(packed - wanted)]
    for folder, ending in (("templates", ".html"), ("static", ".css"), ("static", ".js"), ("migrations", ".sql")):
        if not any(f"/{folder}/" in name and name.endswith(ending) for name in packed):
            problems.append(f"no {ending} file in any {folder}/")
    if {name.partition("/")[0] for name in packed} != {"mailsluice", "mailsluice_web"}:
        problems.append("the packages are not exactly mailsluice and mailsluice_web")
    if not any(name.endswith(".dist-info/licenses/LICENSE") for name in names):
        problems.append("the licence is missing")
    if problems:
        sys.exit("\n".join(problems))
    print(f"{Path(sys.argv[1]).name}: {len(packed)} files, as in the tree")


if __name__ == "__main__":
    main()
