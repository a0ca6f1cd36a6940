#!/usr/bin/env python3
"""The help, the manual and the completion of `get` name the options that it has.

Prints `ok NAME`, `not ok NAME` or `skip NAME why` for each case.
"""
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "examples"))
import get_documents  # noqa: E402

TEXT = get_documents.usage()
ENTRIES = [entry for _, entries in get_documents.sections(TEXT) for entry in entries]


def help_has_every_option():
    """As the table of the program has them: letter, name, whether a value follows."""
    table = re.findall(r"\{'(\\0|\w)',\s*\"(--[\w.-]+)\",\s*(true|false)", (ROOT / "examples/get_arguments.hpp").read_text())
    program = {(name, "" if letter == "\\0" else f"-{letter}", takes == "true") for letter, name, takes in table}
    shown = set()
    for names, value, _ in ENTRIES:
        letter = next((n for n in names if len(n) == 2), "")
        shown |= {(name, letter, bool(value)) for name in names if name.startswith("--")}
    return f"only in one of them: {sorted(program ^ shown)}" if program ^ shown else ""


def help_has_every_exit_code():
    codes = {code for code, _ in get_documents.exit_codes(TEXT)}
    report = (ROOT / "examples/get_report.hpp").read_text() + (ROOT / "examples/get.cpp").read_text()
    returned = set(re.findall(r"(?:co_return |return |\? )(\d\d)\b", report)) - {"10", "30"}
    return f"not in the help: {sorted(returned - codes - {'130'})}" if returned - codes - {"130"} else ""


def completed(*words):
    """What bash offers for the last of these words."""
    with tempfile.TemporaryDirectory() as folder:
        (pathlib.Path(folder) / "get.bash").write_text(get_documents.completion(TEXT))
        script = 'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _get_of_cohttps; printf "%s\\n" "${COMPREPLY[@]}"'
        done = subprocess.run(["bash", "-c", script, "bash", f"{folder}/get.bash", *words], capture_output=True, text=True, cwd=folder)
        return done.stdout.split() + ([done.stderr] if done.returncode else [])


def completion_offers_what_fits():
    for words, wanted in [
        (("get", "--fail"), ["--fail", "--fail-with-body"]),
        (("get", "--cert-type", "P"), ["PEM", "P12"]),
        (("get", "-o", "ge"), ["get.bash"]),
        (("get", "-m", "x"), []),
        (("get", "--revocation", "s"), ["soft"]),
    ]:
        if completed(*words) != wanted:
            return f"{words}: {completed(*words)}, not {wanted}"
    every = set(completed("get", "--"))
    missing = {name for names, *_ in ENTRIES for name in names if name.startswith("--")} - every
    return f"not offered: {sorted(missing)}" if missing else ""


def manual_renders():
    if not shutil.which("mandoc") and not shutil.which("man"):
        return None
    with tempfile.TemporaryDirectory() as folder:
        page = pathlib.Path(folder) / "get.1"
        page.write_text(get_documents.manual(TEXT))
        command = ["mandoc", "-T", "lint", "-W", "warning", page] if shutil.which("mandoc") else ["man", "--warnings", "-l", page]
        done = subprocess.run(command, capture_output=True, text=True)
        return done.stderr + (done.stdout if command[0] == "mandoc" else "")


failed = False
for case in (help_has_every_option, help_has_every_exit_code, completion_offers_what_fits, manual_renders):
    problem = case()
    name = case.__name__.replace("_", " ")
    print(f"skip {name} neither man nor mandoc is installed" if problem is None else f"{'not ok' if problem else 'ok'} {name}")
    if problem:
        print(f"    {problem}")
        failed = True
sys.exit(failed)
