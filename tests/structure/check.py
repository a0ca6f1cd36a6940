#!/usr/bin/env python3
"""Runs structure checks on this checkout: check.py [--all] [--build FOLDER] [CHECK...]

Prints `ok NAME`, `not ok NAME` or `skip NAME why` for each, and at last how many of each.
With --all clang-tidy sees every file, else those that changed. tools/check runs all of the checks.
"""
import argparse
import concurrent.futures
import itertools
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True  # leave the checkout as it is
import compilers
import instructions
import rules
import self_test

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "tests/packaging"))
import ports  # noqa: E402
import ways  # noqa: E402


class Skipped(Exception):
    pass


def git(*arguments):
    done = subprocess.run(["git", "-C", str(ROOT), *arguments], capture_output=True, text=True)
    return done.stdout.split() if done.returncode == 0 else []


def cpp_files():
    return [path for path in rules.files(ROOT) if path.suffix in rules.CPP]


def changed_files():
    """C++ files that differ from where this branch left main; on main itself, from the commit before."""
    head = git("rev-parse", "HEAD")
    base = []
    for main in ("origin/main", "main"):
        base = git("merge-base", "HEAD", main)
        if base and base != head:
            break
    if not base or base == head:
        base = git("rev-parse", "--verify", "--quiet", "HEAD~")
    if not base:
        return cpp_files()
    names = set(git("diff", "--name-only", base[0])) | set(git("ls-files", "--others", "--exclude-standard"))
    return [path for path in cpp_files() if path.relative_to(ROOT).as_posix() in names]


def need(program):
    if not compilers.find(program):
        raise Skipped(f"{program}-19 is not installed")


class Checks:
    """Each method is a check: gives problems, and may leave a note."""

    def __init__(self, options):
        self.options = options
        self.note = ""
        self._flags = None

    @property
    def flags(self):
        if self._flags is None:
            self._flags = compilers.Flags.of_build(ROOT, self.options.build)
        return self._flags

    def shell(self):
        """The scripts pass shellcheck."""
        if not shutil.which("shellcheck"):
            raise Skipped("shellcheck is not installed")
        scripts = [p for p in rules.files(ROOT) if re.match(rb"#!.*\b(ba)?sh\b|# Sourced", p.read_bytes()[:40])]
        done = compilers.run(["shellcheck", "-x", "-f", "gcc", *map(str, scripts)], cwd=ROOT)
        return [line.replace(f"{ROOT}/", "") for line in done.stdout.splitlines()]

    def format(self):
        """C++ is as clang-format 19 writes it."""
        need("clang-format")
        return compilers.formatting(ROOT, cpp_files())

    def headers(self):
        """Each header compiles alone, without warnings; those that changed also with Clang."""
        need("clang++")
        paths = cpp_files() if self.options.all else changed_files()
        include = ROOT / "include/cohttps"
        changed = {path.relative_to(include).as_posix() for path in paths if include in path.parents}
        return compilers.headers_alone(self.flags, compilers.gcc(), compilers.find("clang++"), changed)

    def oldest_botan(self):
        """The definitions compile with the headers of the oldest Botan that a distribution has."""
        headers = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache"), "cohttps/botan-oldest")
        if not headers.exists():
            raise Skipped("tools/setup found no package of it")
        problems, self.note = compilers.compiles_with_botan(self.flags, compilers.gcc(), headers)
        return problems

    def odr(self):
        """Two translation units that include everything link together, also with the definitions apart."""
        return compilers.one_definition(self.flags, compilers.gcc())

    def warnings(self):
        """A header-only program gives no warning at -O3, where GCC sees through most calls."""
        return compilers.optimised(self.flags, compilers.gcc(), ROOT / "examples/folder_cache.cpp")

    def temporaries(self):
        """GCC before 13 refuses, with what to write, what it would compile into a crash."""
        version = subprocess.run([compilers.gcc(), "-dumpversion"], capture_output=True, text=True).stdout
        if int(version.split(".")[0] or 0) >= 13:
            raise Skipped("this GCC compiles them rightly")
        flags = self.flags.with_macros([compilers.SEPARATE])
        return compilers.refused_forms(flags, compilers.gcc(), ROOT / "tests/structure/temporaries.cpp")

    def mistakes(self):
        """Usual mistakes are refused, and the first five lines say what to write."""
        flags = self.flags.with_macros([compilers.SEPARATE])
        path = ROOT / "tests/structure/mistakes.cpp"
        both = [compilers.gcc(), *filter(None, [compilers.find("clang++")])]
        return [problem for compiler in both for problem in compilers.refused_forms(flags, compiler, path, lines=5)]

    def tidy(self):
        """clang-tidy 19 finds nothing in what changed."""
        need("clang-tidy")
        paths = cpp_files() if self.options.all else changed_files()
        self.note = f"{len(paths)} files" if self.options.all else f"{len(paths)} changed files"
        return compilers.tidying(self.flags, paths) if paths else []

    def budget(self):
        """A first program compiles in at most twice the time of the Asio and Botan headers it needs,
        when the definitions are apart; header-only it takes what it takes, but not ever more."""
        problems, self.note = compilers.compile_time(
            self.flags, compilers.gcc(), ROOT / "tests/structure/hello.cpp", limit=2.0, header_only_limit=10.0)
        return problems

    def functions(self):
        """A first program has exactly the functions that are recorded: what it does not use, it does not compile."""
        problems, self.note = compilers.compare_functions(self.flags, compilers.gcc(), ROOT)
        return problems

    def instructions(self):
        """Small work takes as many instructions as was recorded."""
        if not shutil.which("valgrind"):
            raise Skipped("valgrind is not installed")
        problems, self.note = instructions.check(self.flags, ROOT)
        return problems

    def arm64(self):
        """A program compiles for ARM64, and runs under qemu-user."""
        if not ways.arm64_compiler() or not ways.ARM64_BOTAN.exists():
            raise Skipped("there is no compiler or no Botan for it: `tools/setup arm64` brings them")
        self.note = "run under qemu-user" if shutil.which("qemu-aarch64") else "compiled only, without qemu-user"
        return [problem for _, problem in ways.cases(["arm64"]) if problem]

    def documented(self):
        """Each public name has a docstring, each reason of an error its cause and remedy, each macro its meaning."""
        if not shutil.which("doxygen"):
            raise Skipped("doxygen is not installed")
        with tempfile.TemporaryDirectory() as folder:
            done = compilers.run([sys.executable, str(ROOT / "docs/site/build.py"), "--check", folder])
        return done.stdout.splitlines() or ([done.stderr.strip()[-300:]] if done.returncode else [])

    def size(self):
        warnings = rules.size_warnings(ROOT)
        self.note = "; ".join(warnings)
        return rules.size(ROOT)


# Checks that report case by case.
CASES = {
    "packages": lambda: itertools.chain(ports.cases(), ways.cases()),
    "selftest": lambda: self_test.run(bool(compilers.find("clang-tidy"))),
}
NAMES = [*rules.TEXT_CHECKS, "shell", "format", "headers", "oldest_botan", "odr", "warnings", "temporaries", "mistakes", "tidy",
         "budget", "functions", "instructions", "arm64", "documented", *CASES]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--all", action="store_true", help="clang-tidy sees every file")
    parser.add_argument("--build", default=str(ROOT / "build"), help="a configured build folder")
    parser.add_argument("checks", nargs="*", metavar="CHECK", help=", ".join(NAMES))
    options = parser.parse_args()
    if unknown := set(options.checks) - set(NAMES):
        parser.error(f"unknown check {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}")
    counts = {"passed": 0, "failed": 0, "skipped": 0}

    def report(word, name, note, problems=()):
        counts[{"ok": "passed", "not ok": "failed", "skip": "skipped"}[word]] += 1
        print(f"{word} {name}{' ' + note if note else ''}", flush=True)
        for problem in problems:
            print(f"    {problem}", flush=True)

    def outcomes(name):
        """(word, name, note, problems) of each case of a check."""
        started = time.monotonic()
        if name in CASES:
            return [("not ok" if problem else "ok", case, "", [problem] if problem else []) for case, problem in CASES[name]()]
        checks = Checks(options)
        check = getattr(checks, name, None) or (lambda: rules.TEXT_CHECKS[name](ROOT))
        try:
            problems = check()
        except Skipped as why:
            return [("skip", name, str(why))]
        seconds = time.monotonic() - started
        note = ", ".join(filter(None, [checks.note, f"{seconds:.0f} s" if seconds >= 1 else ""]))
        return [("not ok" if problems else "ok", name, f"({note})" if note else "", problems)]

    # Two at a time: some of them use one processor only.
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for outcome in pool.map(outcomes, options.checks or NAMES):
            for case in outcome:
                report(*case)
    print(", ".join(f"{count} {outcome}" for outcome, count in counts.items()))
    return 1 if counts["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
