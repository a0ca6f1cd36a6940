#!/usr/bin/env python3
"""The drivers of cookies, codings and Digest answer a few lines: drivers_test.py FOLDER.

Prints `ok NAME` or `not ok NAME` for each line.
"""
import base64
import gzip
import json
import pathlib
import subprocess
import sys
import zlib


def b64(data):
    return base64.b64encode(data).decode()


def coded(coding, data):
    return {"coding": coding, "raw_b64": b64(data)}


RFC7616 = {
    "method": "GET", "uri": "/dir/index.html", "username": "Mufasa", "password": "Circle of Life",
    "challenge": [
        'Basic realm="x"',
        'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=SHA-256, '
        'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"',
    ],
    "cnonce": "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
}
SET = {"now": 1767225600, "set_url": "https://www.example.com/a/b"}

# driver, name, question, what the answer holds (or, of a text, what it contains)
CASES = [
    ("cookie", "sends back", {**SET, "set_cookie": ["a=b", "c=d; Path=/"], "then_url": "https://www.example.com/a/c"}, {"cookie": "a=b; c=d"}),
    ("cookie", "keeps to the host", {**SET, "set_cookie": ["a=b"], "then_url": "https://example.com/a/b"}, {"cookie": ""}),
    ("cookie", "knows the time", {**SET, "set_cookie": ["a=b; Expires=Wed, 31 Dec 2025 23:59:59 GMT", "c=d; Max-Age=1"]}, {"cookie": "c=d"}),
    ("cookie", "knows a later time", {**SET, "set_cookie": ["a=b; Max-Age=60"], "then_now": 1767225660}, {"cookie": ""}),
    ("cookie", "takes any text", {**SET, "set_cookie": ["caf\u00e9=\u0000", "\u6625=\"x\""]}, {"cookie": "\u6625=\"x\""}),
    ("cookie", "refuses a URL", {**SET, "set_url": "x", "set_cookie": []}, "set_url"),
    ("cookie_date", "reads a date", {"input": "Sat, 15-Apr-17 21:01:22 GMT"}, {"unix": 1492290082}),
    ("cookie_date", "reads none", {"input": "tomorrow"}, {"unix": None}),
    ("cookie_date", "wants an input", {}, "cannot be used"),
    ("coding", "knows none", coded("", b"\0\xff"), {"body_b64": b64(b"\0\xff")}),
    ("coding", "refuses others", coded("compress", b"x"), "not known"),
    ("coding", "wants base64", {"coding": "gzip", "raw_b64": "?"}, "not base64"),
    ("digest", "answers the example of RFC 7616", RFC7616, "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ("digest", "counts", {**RFC7616, "nc": "0000000a"}, "nc=0000000a"),
    ("digest", "takes a number", {**RFC7616, "nc": 2}, "nc=00000002"),
    ("digest", "refuses Basic", {**RFC7616, "challenge": ["Basic realm=x"]}, "no challenge"),
    ("digest", "refuses half a challenge", {**RFC7616, "challenge": ['Digest realm="']}, "no challenge"),
]
ZLIB = [
    ("coding", "decodes gzip", coded("gzip", gzip.compress(b"text")), {"body_b64": b64(b"text")}),
    ("coding", "decodes in pieces", {**coded("deflate, x-gzip", gzip.compress(zlib.compress(b"text"))), "split": 1}, {"body_b64": b64(b"text")}),
    ("coding", "finds an early end", coded("gzip", gzip.compress(b"text")[:-1]), "ends before"),
    ("coding", "passes over what is behind the end", coded("gzip", gzip.compress(b"text") + b"x"), {"body_b64": b64(b"text")}),
]


def fits(answer, expected):
    if isinstance(expected, dict):
        return answer == expected
    return len(answer) == 1 and expected in next(iter(answer.values()))


def ask(folder, driver, lines):
    program = pathlib.Path(folder, driver + "_driver")
    done = subprocess.run([program], input="\n".join(lines) + "\n", capture_output=True, text=True, timeout=60, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def main(folder):
    failed = 0
    cases = list(CASES)
    if "without zlib" in json.dumps(ask(folder, "coding", [json.dumps(coded("gzip", b""))])):
        print("skip coding-gzip built without zlib")
    else:
        cases += ZLIB
    for driver in dict.fromkeys(case[0] for case in cases):
        mine = [case for case in cases if case[0] == driver]
        answers = ask(folder, driver, [json.dumps(case[2]) for case in mine] + ["not JSON"])
        mine.append((driver, "survives a line that is not JSON", None, "cannot be used"))
        if len(answers) != len(mine):
            answers += [{}] * (len(mine) - len(answers))
        for (_, name, _, expected), answer in zip(mine, answers):
            good = fits(answer, expected)
            failed |= not good
            print(f"{'ok' if good else 'not ok'} {driver} {name}")
            if not good:
                print(f"    {answer}, not {expected}")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
