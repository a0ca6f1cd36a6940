#!/usr/bin/env python3
"""Runs structure checks on this checkout: check.py [--all] [--build FOLDER] [CHECK...]

Prints `ok NAME`, `not ok NAME` or `skip NAME why` for each, and at last how many of each.
With --all clang-tidy sees every file, else those that changed. tools/check runs all of the checks.
"""
import argparse
import pathlib
import re
import shutil
import subprocess
import sys
import time

sys.dont_write_bytecode = True  # leave the checkout as it is
import compilers
import instructions
import rules
import self_test

ROOT = pathlib.Path(__file__).resolve().parents[2]


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
        """Each header compiles alone, with GCC, with Clang, and with the definitions apart, without warnings."""
        need("clang++")
        return compilers.headers_alone(self.flags, [compilers.gcc(), compilers.find("clang++")])

    def odr(self):
        """Two translation units that include everything link together, also with the definitions apart."""
        return compilers.one_definition(self.flags, compilers.gcc())

    def temporaries(self):
        """GCC before 13 refuses, with what to write, what it would compile into a crash."""
        version = subprocess.run([compilers.gcc(), "-dumpversion"], capture_output=True, text=True).stdout
        if int(version.split(".")[0] or 0) >= 13:
            raise Skipped("this GCC compiles them rightly")
        return compilers.refused_forms(self.flags, compilers.gcc(), ROOT / "tests/structure/temporaries.cpp")

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

    def size(self):
        warnings = rules.size_warnings(ROOT)
        self.note = "; ".join(warnings)
        return rules.size(ROOT)


NAMES = [*rules.TEXT_CHECKS, "shell", "format", "headers", "odr", "temporaries", "tidy", "budget", "functions", "instructions", "selftest"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--all", action="store_true", help="clang-tidy sees every file")
    parser.add_argument("--build", default=str(ROOT / "build"), help="a configured build folder")
    parser.add_argument("checks", nargs="*", metavar="CHECK", help=", ".join(NAMES))
    options = parser.parse_args()
    if unknown := set(options.checks) - set(NAMES):
        parser.error(f"unknown check {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}")
    checks, counts = Checks(options), {"passed": 0, "failed": 0, "skipped": 0}

    def report(word, name, note, problems=()):
        counts[{"ok": "passed", "not ok": "failed", "skip": "skipped"}[word]] += 1
        print(f"{word} {name}{' ' + note if note else ''}", flush=True)
        for problem in problems:
            print(f"    {problem}", flush=True)

    for name in options.checks or NAMES:
        if name == "selftest":
            for case, problem in self_test.run(bool(compilers.find("clang-tidy"))):
                report("not ok" if problem else "ok", case, "", [problem] if problem else [])
            continue
        started, checks.note = time.monotonic(), ""
        check = getattr(checks, name, None) or (lambda name=name: rules.TEXT_CHECKS[name](ROOT))
        try:
            problems = check()
        except Skipped as why:
            report("skip", name, str(why))
            continue
        seconds = time.monotonic() - started
        note = ", ".join(filter(None, [checks.note, f"{seconds:.0f} s" if seconds >= 1 else ""]))
        report("not ok" if problems else "ok", name, f"({note})" if note else "", problems)
    print(", ".join(f"{count} {outcome}" for outcome, count in counts.items()))
    return 1 if counts["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
