#!/usr/bin/env python3
"""tools/count counts test cases, and nothing that failed is lost. Prints `ok NAME` or `not ok NAME`."""
import json
import pathlib
import subprocess
import sys
import tempfile

COUNT = pathlib.Path(__file__).resolve().parents[2] / "tools" / "count"

REPORT = """<?xml version="1.0"?><Catch2TestRun>
<TestCase name="a"><OverallResult success="true" skips="0"/></TestCase>
<TestCase name="b"><Skip> no
 network </Skip><OverallResult success="true" skips="1"/></TestCase>{}</Catch2TestRun>"""
FAILING = '<TestCase name="c"><OverallResult success="false" skips="0"/></TestCase>'

# name, Meson's result, exit status, report of a Catch2 program, output of a script, what is counted
CASES = [
    ("a Catch2 program", "OK", 0, REPORT.format(""), "", "1 passed, 0 failed, 1 skipped"),
    ("a failing test case", "FAIL", 42, REPORT.format(FAILING), "", "1 passed, 1 failed, 1 skipped"),
    ("a leak found at exit", "FAIL", -6, REPORT.format(""), "", "1 passed, 1 failed, 1 skipped"),
    ("a report cut off by a crash", "FAIL", -11, REPORT[:90], "", "0 passed, 1 failed, 0 skipped"),
    ("no report", "OK", 0, None, "", "0 passed, 1 failed, 0 skipped"),
    ("a time-out", "TIMEOUT", -15, None, "", "0 passed, 1 failed, 0 skipped"),
    ("a script", "FAIL", 1, "", "ok a\nnot ok b\nskip c no nginx\nnoise ok\n", "1 passed, 1 failed, 1 skipped"),
    ("a script that dies after a good line", "FAIL", 1, "", "ok a\n", "1 passed, 1 failed, 0 skipped"),
    ("a program that says nothing", "OK", 0, "", "", "1 passed, 0 failed, 0 skipped"),
    ("a program that is skipped", "SKIP", 77, "", "no nginx\n", "0 passed, 0 failed, 1 skipped"),
    ("a program that fails", "FAIL", 3, "", "", "0 passed, 1 failed, 0 skipped"),
]


def count(folder, *entries):
    logs = pathlib.Path(folder, "meson-logs")
    logs.mkdir(exist_ok=True)
    if entries:
        (logs / "testlog.json").write_text("".join(json.dumps(entry) + "\n" for entry in entries))
    done = subprocess.run([sys.executable, COUNT, folder], capture_output=True, text=True)
    last = done.stdout.splitlines()[-1]
    return last if (done.returncode == 0) == (" 0 failed" in last) else f"exit status {done.returncode}"


def main():
    failed = 0
    for name, result, status, report, output, expected in [*CASES, ("no test at all", *[None] * 4, "0 passed, 1 failed, 0 skipped")]:
        with tempfile.TemporaryDirectory() as folder:
            entry = {"name": "x", "result": result, "returncode": status, "stdout": output, "command": ["x"]}
            if report != "":
                entry["command"].append(f"xml::out={folder}/report.xml")
            if report:
                pathlib.Path(folder, "report.xml").write_text(report)
            found = count(folder, *([entry] if result else []))
        print(f"{'ok' if found == expected else 'not ok'} counts {name}")
        if found != expected:
            failed = 1
            print(f"    {found}, not {expected}")
    return failed


if __name__ == "__main__":
    sys.exit(main())
