"""Counts what benchmarks/instructions.cpp does, and compares with what was recorded.

`instructions.py --record BUILD` writes the counts of this machine into benchmarks/instructions.json.
"""
import json
import pathlib
import re
import sys
import tempfile

import compilers

# What is counted, and by how much it may differ from what was recorded: a part of it, and so many. Where code and data lie
# changes with any change of the program, and the misses with them.
COUNTED = {"instructions": (0.02, 0), "I1 misses": (0.15, 60), "D1 misses": (0.25, 60)}
# A fixed size, so that the counts are the same on every machine: 32 KiB, 8 ways, lines of 64 bytes.
CACHES = ["--cache-sim=yes", "--I1=32768,8,64", "--D1=32768,8,64", "--LL=8388608,16,64"]


def executed(program, work, count):
    """Instructions, and misses of the caches for instructions and for data."""
    done = compilers.run(["valgrind", "--tool=cachegrind", "--cachegrind-out-file=/dev/null", *CACHES, program, work, str(count)])
    found = [re.search(rf"{what}:\s+([\d,]+)", done.stderr) for what in (r"I\s+refs", r"I1\s+misses", r"D1\s+misses")]
    if done.returncode != 0 or not all(found):
        raise RuntimeError(f"cachegrind does not count '{work}': {done.stderr.strip()[-300:]}")
    return [int(number[1].replace(",", "")) for number in found]


def counted(flags, root):
    """With what it was built, and the counts of each work, once."""
    with tempfile.TemporaryDirectory() as folder:
        program = str(pathlib.Path(folder) / "instructions")
        done = compilers.run([compilers.gcc(), *flags.common, flags.include, "-O2", "-DNDEBUG",
                              str(root / "benchmarks/instructions.cpp"), "-o", program, *flags.link, "-pthread"])
        if done.returncode != 0:
            raise RuntimeError("benchmarks/instructions.cpp does not compile: " + done.stderr[:500])
        built_with, *works = compilers.run([program]).stdout.split("\n")
        runs = [(work, count) for work in works if work for count in (100, 600)]
        totals = compilers.in_parallel(lambda run: executed(program, *run), runs)
        return built_with, {
            work: {what: round((more - less) / 500) for what, less, more in zip(COUNTED, totals[i], totals[i + 1])}
            for i, (work, _) in enumerate(runs) if i % 2 == 0}


def compare(recorded, now):
    """A line for each work that takes more than was recorded, or less: then it is to be recorded anew."""
    problems = []
    for work, counts in now.items():
        for what, count in counts.items():
            before = recorded.get(work, {}).get(what)
            part, few = COUNTED[what]
            if before is None:
                problems.append(f"{work}: {count} {what}, and nothing is recorded; "
                                "tests/structure/instructions.py --record does")
            elif abs(count - before) > part * before + few:
                problems.append(f"{work}: {count} {what} instead of {before}; when that is meant, "
                                "tests/structure/instructions.py --record writes it down")
    problems += [f"{work}: is recorded and does not exist" for work in recorded if work not in now]
    return problems


def check(flags, root):
    """Problems, and a note."""
    recorded = json.loads((root / "benchmarks/instructions.json").read_text())
    built_with, now = counted(flags, root)
    told = ", ".join(f"{work} " + "/".join(map(str, counts.values())) for work, counts in now.items())
    if built_with != recorded["built with"]:
        return [], f"not compared, as this is {built_with} and not {recorded['built with']}: {told}"
    return compare(recorded["counts"], now), told


if __name__ == "__main__":
    ROOT = pathlib.Path(__file__).resolve().parents[2]
    if len(sys.argv) != 3 or sys.argv[1] != "--record":
        sys.exit(__doc__)
    found_with, found = counted(compilers.Flags.of_build(ROOT, sys.argv[2]), ROOT)
    (ROOT / "benchmarks/instructions.json").write_text(
        json.dumps({"built with": found_with, "counts": found}, indent=1) + "\n")
