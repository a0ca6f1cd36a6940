"""What a first program costs to compile: compile.py BUILD [--json FILE]

Seconds and peak memory of the compiler, size of the object and of the stripped program, for this
client and for others that are headers. With --json it becomes a part of that file.
"""
import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT / "tests/structure"))
sys.dont_write_bytecode = True
import compilers  # noqa: E402

SEPARATE = compilers.SEPARATE
# name: (source, macros, which peer's flags, the source of a second unit that is compiled once)
PROGRAMS = {
    "cohttps": (ROOT / "tests/structure/hello.cpp", [SEPARATE], "cohttps", "#include <cohttps/src.hpp>\n"),
    "cohttps, header-only": (ROOT / "tests/structure/hello.cpp", [], "cohttps", None),
    "Boost.Beast": (HERE / "hello/beast.cpp", [], "beast", None),
    "cpp-httplib": (HERE / "hello/httplib.cpp", [], "httplib", None),
}
LINKED = {"beast": ["-lssl", "-lcrypto"], "httplib": ["-lcpp-httplib", "-lssl", "-lcrypto"]}


def compiled(command: list) -> tuple:
    """Processor seconds and peak MiB; one compiler at a time."""
    program = [sys.executable, "-c", "import resource,subprocess,sys\n"
               "done = subprocess.run(sys.argv[1:], stdin=subprocess.DEVNULL)\n"
               "used = resource.getrusage(resource.RUSAGE_CHILDREN)\n"
               "print(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)\n"
               "sys.exit(done.returncode)"]
    done = subprocess.run([*program, *map(str, command)], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"does not compile: {done.stderr[-800:]}")
    return tuple(map(float, done.stdout.split()))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    flags = compilers.Flags.of_build(ROOT, options.build)
    rows: dict = {}
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for title, (source, macros, peer, second) in PROGRAMS.items():
            own = flags.of_file.get(HERE / f"{peer}_peer.cpp")
            if own is None:
                print(f"missing: {title}", file=sys.stderr)
                continue
            row = rows[title] = {}
            objects = []
            for level in ("-O0", "-O2"):
                objects = [folder / "first.o"]
                command = [compilers.gcc(), *own, flags.include, *macros, level, "-c", "-o", objects[0], source]
                runs = [compiled(command) for _ in range(options.rounds)]
                row[level] = {"seconds": statistics.median(r[0] for r in runs),
                              "peak_mib": statistics.median(r[1] for r in runs),
                              "object_kib": objects[0].stat().st_size / 1024}
                if second:
                    (folder / "second.cpp").write_text(second)
                    objects.append(folder / "second.o")
                    once = compiled([compilers.gcc(), *own, flags.include, *macros, level, "-c", "-o", objects[1],
                                     folder / "second.cpp"])
                    row[level]["once_seconds"] = once[0]
            linked = flags.link if peer == "cohttps" else LINKED[peer]
            program = folder / "program"
            compiled([compilers.gcc(), "-s", *objects, "-o", program, "-Wl,--as-needed", "-pthread", *linked])
            row["program_kib"] = program.stat().st_size / 1024
            print(title, json.dumps(row), file=sys.stderr)
    if options.json:
        whole = json.loads(options.json.read_text())
        whole["compile"] = rows
        options.json.write_text(json.dumps(whole, indent=1) + "\n")


if __name__ == "__main__":
    main()
