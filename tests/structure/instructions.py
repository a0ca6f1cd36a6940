"""Counts what benchmarks/instructions.cpp does, and compares with what was recorded.

`instructions.py --record BUILD` writes the counts of this machine into benchmarks/instructions.json.
"""
import json
import pathlib
import re
import sys
import tempfile

import compilers

MOST = 0.02  # that a count may differ from the one recorded


def executed(program, work, count):
    done = compilers.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", program, work, str(count)])
    found = re.search(r"Collected : (\d+)", done.stderr)
    if done.returncode != 0 or not found:
        raise RuntimeError(f"callgrind does not count '{work}': {done.stderr.strip()[-300:]}")
    return int(found[1])


def counted(flags, root):
    """With what it was built, and the instructions of each work, once."""
    with tempfile.TemporaryDirectory() as folder:
        program = str(pathlib.Path(folder) / "instructions")
        done = compilers.run([compilers.gcc(), *flags.common, flags.include, "-O2", "-DNDEBUG",
                              str(root / "benchmarks/instructions.cpp"), "-o", program, *flags.link, "-pthread"])
        if done.returncode != 0:
            raise RuntimeError("benchmarks/instructions.cpp does not compile: " + done.stderr[:500])
        built_with, *works = compilers.run([program]).stdout.split("\n")
        runs = [(work, count) for work in works if work for count in (100, 600)]
        totals = compilers.in_parallel(lambda run: executed(program, *run), runs)
        return built_with, {work: (totals[i + 1] - totals[i]) / 500
                            for i, (work, _) in enumerate(runs) if i % 2 == 0}


def compare(recorded, now):
    """A line for each work that takes more than was recorded, or less: then it is to be recorded anew."""
    problems = []
    for work, count in now.items():
        before = recorded.get(work)
        if before is None:
            problems.append(f"{work}: {count:.0f} instructions, and nothing is recorded; "
                            "tests/structure/instructions.py --record does")
        elif abs(count - before) > MOST * before:
            problems.append(f"{work}: {count:.0f} instructions instead of {before:.0f}, {count / before - 1:+.1%}; when "
                            "that is meant, tests/structure/instructions.py --record writes it down")
    problems += [f"{work}: is recorded and does not exist" for work in recorded if work not in now]
    return problems


def check(flags, root):
    """Problems, and a note."""
    recorded = json.loads((root / "benchmarks/instructions.json").read_text())
    built_with, now = counted(flags, root)
    told = ", ".join(f"{work} {count:.0f}" for work, count in now.items())
    if built_with != recorded["built with"]:
        return [], f"not compared, as this is {built_with} and not {recorded['built with']}: {told}"
    return compare(recorded["instructions"], now), told


if __name__ == "__main__":
    ROOT = pathlib.Path(__file__).resolve().parents[2]
    if len(sys.argv) != 3 or sys.argv[1] != "--record":
        sys.exit(__doc__)
    found_with, found = counted(compilers.Flags.of_build(ROOT, sys.argv[2]), ROOT)
    (ROOT / "benchmarks/instructions.json").write_text(
        json.dumps({"built with": found_with, "instructions": {w: round(c) for w, c in found.items()}}, indent=1) + "\n")
