#!/usr/bin/env python3
"""Each structure check finds what it is there to find: violations planted in a small tree of headers.

Prints `ok NAME` or `not ok NAME` for each. With --clang, also those that need LLVM 19.
"""
import pathlib
import shutil
import sys
import tempfile

sys.dont_write_bytecode = True  # leave the checkout as it is
import compilers
import instructions
import rules

sys.path.append(str(pathlib.Path(__file__).resolve().parents[2] / "docs/site"))
import doxygen  # noqa: E402
import reasons  # noqa: E402
import reference  # noqa: E402

CLEAN = {
    "include/cohttps/core/number.hpp": """// A number; "Botan::TLS" and std::cerr in a comment are fine.
#pragma once

namespace cohttps {
inline int number() { return 1'000; }
inline const char* text() { return "asio::io_context and co_await"; }
}  // namespace cohttps
""",
    "include/cohttps/http1/parser.hpp": """#pragma once

#include <cohttps/core/number.hpp>

namespace cohttps {
inline int parse() { return number(); }
}  // namespace cohttps
""",
}
PLANTED = "include/cohttps/{}.hpp"


def header(body, *includes):
    return "#pragma once\n\n" + "".join(f"#include <{i}>\n" for i in includes) + body


# name, check, file, its text: one violation each.
PLANTS = [
    ("a lower layer includes a higher one", "layers", "core/up", header("", "cohttps/http1/parser.hpp")),
    ("machines include each other", "layers", "http2/across", header("", "cohttps/http1/parser.hpp")),
    ("a proxy's machine includes another one", "layers", "proxy/across", header("", "cohttps/http1/parser.hpp")),
    ("DNS messages include another machine", "layers", "dns/across", header("", "cohttps/http1/parser.hpp")),
    ("a model of the transport includes the client's layers", "layers", "transport/asio/up",
     header("", "cohttps/connect/x.hpp")),
    ("a folder without a layer", "layers", "extra/new", header("")),
    ("an include that does not exist", "layers", "http1/typo", header("", "cohttps/core/nunber.hpp")),
    ("an include in quotes", "layers", "core/quoted", '#pragma once\n\n#include "number.hpp"\n'),
    ("a header that includes itself in a circle", "layers", "core/circle", header("", "cohttps/core/circle.hpp")),
    ("no #pragma once", "layers", "core/twice", "\n"),
    ("Botan outside tls/", "names", "http/hash", header("using x = Botan::RandomNumberGenerator;\n")),
    ("a Botan header outside tls/", "names", "connect/hash", header("", "botan/hash.h")),
    ("Asio outside transport/asio", "names", "connect/socket", header("inline asio::io_context* c = nullptr;\n")),
    ("Asio by its full name", "names", "connect/full", header("inline ::asio::io_context* c = nullptr;\n")),
    ("a Boost.Asio header outside transport/asio", "names", "client/post", header("", "boost/asio/post.hpp")),
    ("a POSIX header outside its places", "names", "client/socket", header("", "fcntl.h")),
    ("libidn2 outside url/idna.hpp", "names", "url/host", header("", "idn2.h")),
    ("an adapter that knows the client", "layers", "adapters/up", header("", "cohttps/client/x.hpp")),
    ("nlohmann-json in two headers", "names", "http/{value,values}", header("", "nlohmann/json.hpp")),
    ("zlib in two headers", "names", "http/{gzip,deflate}", header("", "zlib.h")),
    ("a coroutine in a proxy's machine", "names", "proxy/task", header("", "coroutine")),
    ("a coroutine in a machine", "names", "http1/task", header("", "coroutine")),
    ("a thread in a machine", "names", "tls/thread", header("", "thread")),
    ("a socket in a machine", "names", "url/socket", header("", "sys/socket.h")),
    ("a clock in a machine", "names", "http/date",
     header("inline auto now() { return std::chrono::system_clock::now(); }\n", "chrono")),
    ("output in a header", "names", "client/log", header('inline void log() { std::cerr << "x"; }\n')),
    ("a macro left behind", "macros", "core/macro", header("#define MIN(a, b) ((a) < (b) ? (a) : (b))\n")),
    ("a header of 451 lines", "size", "core/long", "#pragma once\n" + "//\n" * 450),
    ("white space at the end of a line", "hygiene", "core/space", "#pragma once \n"),
    ("a tab", "hygiene", "core/tab", "#pragma once\n\tinline int tab;\n"),
    ("no newline at the end", "hygiene", "core/end", "#pragma once"),
]
COMPILER_PLANTS = [
    ("a header that needs another one first", "headers", "core/needy",
     header("namespace cohttps {\ninline std::string needy() { return {}; }\n}\n")),
    ("a header with a warning", "headers", "core/warning",
     header("namespace cohttps {\ninline int warning(long x) { return x; }\n}\n")),
    ("a header that needs definitions that are apart", "headers", "core/apart",
     header("#if defined(COHTTPS_SEPARATE_COMPILATION)\nneedy apart();\n#endif\n")),
    ("a function that is not inline", "odr", "core/planted",
     header("namespace cohttps {\nint planted() { return 1; }\n}  // namespace cohttps\n")),
]
CLANG_PLANTS = [
    ("a line that is not formatted", "format", "core/format", "#pragma once\nint  format( );\n"),
    ("a use after a move", "tidy", "core/moved",
     header("inline std::string moved(std::string s) {\n  std::string t = std::move(s);\n  return t + s;\n}\n",
            "string", "utility")),
]
FLAGS = ["-std=c++20", "-Wall", "-Wextra", "-Wconversion"]


class Tree:
    """A small checkout in a temporary folder."""

    def __init__(self, folder):
        self.root = pathlib.Path(folder)
        for name, text in CLEAN.items():
            self.write(name, text)
        self.flags = compilers.Flags(self.root, FLAGS)

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def check(self, name):
        if name in rules.TEXT_CHECKS:
            return rules.TEXT_CHECKS[name](self.root)
        headers = sorted(self.root.rglob("*.hpp"))
        if name == "headers":
            return compilers.headers_alone(self.flags, compilers.gcc(), None, set())
        if name == "odr":
            return compilers.one_definition(self.flags, compilers.gcc())
        for config in (".clang-tidy", ".clang-format"):
            self.write(config, (pathlib.Path(__file__).resolve().parents[2] / config).read_text())
        if name == "format":
            return compilers.formatting(self.root, headers)
        return compilers.tidying(self.flags, headers)


def planted(name, check, where, text):
    """Whether a check is silent about a clean tree and speaks once a violation is in it."""
    with tempfile.TemporaryDirectory() as folder:
        tree = Tree(folder)
        if problems := tree.check(check):
            return f"a clean tree is not clean: {problems[0]}"
        stem, brace, rest = where.partition("{")
        paths = [stem + word for word in rest.rstrip("}").split(",")] if brace else [where]
        for path in paths:
            tree.write(PLANTED.format(path), text)
        problems = tree.check(check)
        signs = ["planted()"] if check == "odr" else paths
        if not any(sign in problem for problem in problems for sign in signs):
            return f"not found: {name}"
    return ""


def counts_that_differ():
    one = {"instructions": 1000, "I1 misses": 100, "D1 misses": 0}
    recorded = {"a": one, "b": one, "c": one, "d": one, "gone": one}
    now = {"a": {**one, "instructions": 1019, "I1 misses": 174}, "b": {**one, "instructions": 1030},
           "c": {**one, "instructions": 970}, "d": {**one, "I1 misses": 176}, "new": {"instructions": 5}}
    found = instructions.compare(recorded, now)
    if [line.split(":")[0] for line in found] != ["b", "c", "d", "new", "gone"]:
        return f"found {found}"
    return None


def slow_program():
    """A program that takes longer than its share is found; one that does not is not."""
    with tempfile.TemporaryDirectory() as folder:
        tree = Tree(folder)
        tree.write("lib/asio/small.hpp", "#pragma once\n")
        tree.write("include/cohttps/transport/asio/x.hpp", "#pragma once\n\n#include <asio/small.hpp>\n")
        tree.flags.common.append(f"-I{tree.root / 'lib'}")
        text = "#include <cohttps/transport/asio/x.hpp>\n{}int main() {{}}\n"
        slow = tree.write("slow.cpp", text.format("#include <regex>\n"))
        if not compilers.compile_time(tree.flags, compilers.gcc(), slow, 2.0, 2.0, rounds=1)[0]:
            return "a program with <regex> was not found to be slow"
        quick = tree.write("quick.cpp", text.format(""))
        if problems := compilers.compile_time(tree.flags, compilers.gcc(), quick, 4.0, 4.0)[0]:
            return f"a program that is not slow was found to be: {problems[0]}"
    return ""


def texts_that_are_missing():
    """A reason without a row, a row without a reason, and a macro without a row are found."""
    with tempfile.TemporaryDirectory() as folder:
        tree = Tree(folder)
        tree.write("docs/site/reasons.md", "## `usage`\n\n| `long_gone` | cause | remedy |\n")
        tree.write("docs/site/macros.md", "")
        tree.write("include/cohttps/core/new.hpp", header(
            '#define COHTTPS_NEW 1\nauto x = fail(error_category::usage, "brand_new", "the call is wrong");\n'))
        found = "\n".join(reasons.problems(tree.root) + reference.macro_problems(tree.root))
        missing = [word for word in ("brand_new", "long_gone", "COHTTPS_NEW") if word not in found]
        return f"not found: {', '.join(missing)}" if missing else ""


def name_without_docstring():
    """A public name without a docstring is found, and one of the engine is not."""
    with tempfile.TemporaryDirectory() as folder:
        tree = Tree(folder)
        text = "namespace cohttps{} {{ class {} {{ public: int {}() const; }}; }}\n"
        tree.write("include/cohttps/core/new.hpp", header(text.format("", "bare", "member") + text.format("::detail", "inner", "own")))
        entities = doxygen.read(doxygen.run(tree.root, pathlib.Path(folder, "doxygen")))
        found = " ".join(doxygen.undocumented(entities))
        return "" if "bare has" in found and "bare::member" in found and "inner" not in found else f"found: {found}"


def run(with_clang):
    """(name, problem or nothing) of each violation."""
    plants = PLANTS + COMPILER_PLANTS + (CLANG_PLANTS if with_clang else [])
    for plant in plants:
        yield f"{plant[1]} finds {plant[0]}", planted(*plant)
    yield "instructions finds more and fewer", counts_that_differ()
    yield "budget finds a slow program", slow_program()
    yield "documented finds texts that are missing", texts_that_are_missing()
    if shutil.which("doxygen"):
        yield "documented finds a name without a docstring", name_without_docstring()


def main():
    failed = 0
    for name, problem in run("--clang" in sys.argv[1:]):
        print(f"{'not ok' if problem else 'ok'} {name}")
        if problem:
            failed += 1
            print(f"    {problem}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
