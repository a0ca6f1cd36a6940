"""The rules that can be read off the text of the project: layers, names, sizes, tidiness.

Each check takes the root of a checkout and gives a list of problems, one line each.
"""
import pathlib
import re
import subprocess

# ---- the layer table --------------------------------------------------------------------------
# What each part of include/cohttps may include besides itself. `transport/asio*` is a part of its
# own; headers directly in include/cohttps stand above all parts and may include any.

CORE = {"core"}
MESSAGES = CORE | {"url", "http"}
MACHINES = MESSAGES | {"dns", "http1", "http2", "http3", "proxy", "quic", "tls", "websocket"}
FOUNDATION = MACHINES | {"task", "transport"}

MAY_INCLUDE = {
    # L0
    "core": set(),
    # L1; redirects and cookies are about URLs
    "url": CORE,
    "http": CORE | {"url"},
    # L2: machines without input or output, never each other
    "dns": CORE,
    "http1": MESSAGES,
    "http2": MESSAGES,
    "proxy": MESSAGES,
    "tls": MESSAGES,
    "websocket": MESSAGES,
    # HTTP/3 stands on QUIC, and QUIC on TLS; a request of HTTP/3 has the form of HTTP/2
    "quic": MESSAGES | {"tls"},
    "http3": MESSAGES | {"quic", "http2"},
    # L3; the concepts are about awaitables
    "task": CORE,
    "transport": CORE | {"task"},
    # L4: connections, and how they are made
    "connection": FOUNDATION,
    "connect": FOUNDATION | {"connection"},
    # L5: which connection serves which request
    "pool": FOUNDATION | {"connection"},
    # L6: what users name, and the engine that does it; client.hpp stands above both
    "client": FOUNDATION | {"connection", "connect", "pool"},
    "request": FOUNDATION | {"connection", "connect", "pool", "client"},
    # stores of a cache, each with a library that the program brings
    "stores": FOUNDATION | {"connection", "connect", "pool", "client"},
    # beside the layers: a library that the program brings, each in one header
    "adapters": MESSAGES,
    # L7: models of the transport
    "transport/asio": FOUNDATION,
    "testing": FOUNDATION,
}
SANS_IO = MACHINES  # L0 to L2: bytes and time go in, actions and bytes come out

# A library, how its name looks in code, and the one place that may name it.
LIBRARIES = {
    "Botan": (
        r"<botan/|\bBotan\s*::|\bnamespace\s+Botan\b|\bBOTAN_\w+",
        # and the server that clients are tested against
        lambda p: p.startswith(("tls/", "testing/memory_tls.")),
    ),
    "Asio": (
        r"<asio[./]|<boost/asio|\basio\s*::|\bboost\s*::\s*asio\b|\bnamespace\s+asio\b|\b(BOOST_)?ASIO_\w+",
        # and the loop that `run` makes
        lambda p: p.startswith("transport/asio") or p in ("run.ipp", "blocking.ipp"),
    ),
    "POSIX": (
        r"<(fcntl|unistd|pthread|netdb|poll|dlfcn|dirent|termios|iconv|sys/\w+|net/if|netinet/\w+|arpa/\w+)\.h>",
        # files, sockets, the signal mask of a thread, and character sets
        lambda p: p == "core/file.ipp" or p.startswith("transport/asio") or p in ("blocking.ipp", "http/content/charset_iconv.hpp"),
    ),
    "nlohmann-json": (
        r"<nlohmann/|\bnlohmann\s*::",
        lambda p: p.startswith("adapters/") or p in ("oauth2.hpp", "problem_details.hpp"),
    ),
    "ngtcp2": (r"<ngtcp2/|\bngtcp2_\w+|\bNGTCP2_\w+", lambda p: p.startswith("quic/connection")),
    "nghttp3": (r"<nghttp3/|\bnghttp3_\w+|\bNGHTTP3_\w+", lambda p: p.startswith("http3/session")),
    "libidn2": (r"<idn2\.h>|\bidn2_\w+|\bIDN2_\w+", lambda p: p.startswith("url/idna.")),
}
# Optional libraries: each is named in one header, whichever that is, or in adapters alone.
ONE_HEADER = {
    "nghttp2": r"<nghttp2/|\bnghttp2_\w+|\bNGHTTP2_\w+",
    "zlib": r"<zlib\.h>|\b(inflate|deflate)Init2?_?\b|\bz_stream\b",
    "brotli": r"<brotli/|\bBrotli(En|De)coder\w+",
    "zstd": r"<zstd\.h>|\bZSTD_\w+",
    "libpsl": r"<libpsl\.h>|\bpsl_\w+\s*\(",
    "Glaze": r"<glaze/|\bglz\s*::",
    "SQLite": r"<sqlite3\.h>|\bsqlite3_\w+",
    "hiredis": r"<hiredis/|\bredis[A-Z]\w+|\bREDIS_\w+",
}
# Headers of adapters, and what has to be there to include them. Not two of them in one program.
ADAPTERS = {
    "adapters/glaze.hpp": "glaze/json.hpp",
    "adapters/har_reader.hpp": "nlohmann/json.hpp",
    "adapters/nlohmann_json.hpp": "nlohmann/json.hpp",
    "oauth2.hpp": "nlohmann/json.hpp",
    "problem_details.hpp": "nlohmann/json.hpp",
    "stores/redis.hpp": "hiredis/hiredis.h",
    "stores/redis_cache.hpp": "hiredis/hiredis.h",
    "stores/redis_cookies.hpp": "hiredis/hiredis.h",
    "stores/redis_token_buckets.hpp": "hiredis/hiredis.h",
    "stores/sqlite.hpp": "sqlite3.h",
    "stores/sqlite_cache.hpp": "sqlite3.h",
    "stores/sqlite_cache_tables.hpp": "sqlite3.h",
}

FORBIDDEN_IN_SANS_IO = {
    "coroutines": r"<coroutine>|\bco_(await|return|yield)\b|\bcoroutine_handle\b",
    "threads": r"<(thread|future|condition_variable|semaphore|latch|barrier)>|\bstd\s*::\s*(j?thread|this_thread|async)\b",
    "sockets": r"<(sys/(socket|un|epoll|select)|netinet/\w+|arpa/inet|netdb|poll)\.h>|\bgetaddrinfo\b",
    "the time of day": r"[Cc]lock(_type)?\s*::\s*now\b|\b(gettimeofday|clock_gettime)\b|(?<![\w.>:])(std\s*::\s*)?time\s*\(\s*(nullptr|NULL|0)\s*\)",
}
FORBIDDEN_EVERYWHERE = {
    "output": r"<(iostream|print)>|\bstd\s*::\s*(cout|cerr|clog|print(ln)?)\b|(?<![\w.>])(std\s*::\s*)?f?printf\s*\(",
}

LINES_WARN, LINES_MAX = 400, 450

# ---- reading headers --------------------------------------------------------------------------

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.M)
NOT_CODE = re.compile(
    r"""(?P<raw>R"(?P<tag>[^()\\\s]{0,16})\(.*?\)(?P=tag)")|(?P<string>"(?:\\.|[^"\\\n])*")"""
    r"""|(?<![0-9a-fA-F])(?P<char>'(?:\\.|[^'\\\n])+')|(?P<comment>//[^\n]*|/\*.*?\*/)""",
    re.S,
)


def without_comments(text, strings_too=False):
    """The text with comments (and literals) blanked out; line numbers stay."""

    def blank(match):
        if match.group("comment") is None and not strings_too:
            return match.group()
        return re.sub(r"[^\n]", " ", match.group())

    return NOT_CODE.sub(blank, text)


def headers(root):
    """Path below include/cohttps -> text, for every header."""
    base = pathlib.Path(root, "include", "cohttps")
    return {str(p.relative_to(base)): p.read_text(errors="replace") for p in sorted(base.rglob("*.hpp"))}


def sources(root):
    """The same with the definitions beside them."""
    base = pathlib.Path(root, "include", "cohttps")
    return headers(root) | {str(p.relative_to(base)): p.read_text(errors="replace") for p in sorted(base.rglob("*.ipp"))}


def part_of(header):
    if header == "version.hpp":  # L0, at the top because users look for it there
        return "core"
    if header.startswith("transport/asio"):
        return "transport/asio"
    return header.split("/")[0] if "/" in header else ""


def includes(header, text):
    """(line, kind, path) of each include; the project's own paths are below include/cohttps."""
    for match in INCLUDE.finditer(without_comments(text)):
        line = text.count("\n", 0, match.start(2)) + 1
        bracket, path = match.groups()
        if bracket == "<" and path.startswith("cohttps/"):
            yield line, "own", path.removeprefix("cohttps/")
        else:
            yield line, "quoted" if bracket == '"' else "system", path


def places(pattern, code):
    """The line numbers where a pattern stands in code."""
    return [code.count("\n", 0, match.start()) + 1 for match in re.finditer(pattern, code, re.M)]


# ---- checks -----------------------------------------------------------------------------------


def layers(root):
    """Headers include their own folder or lower layers, by their full names, without circles."""
    problems, all_headers, graph = [], sources(root), {}
    for header, text in all_headers.items():
        here = part_of(header)
        graph[header] = []
        if here and here not in MAY_INCLUDE:
            problems.append(f"{header}: the folder {here}/ is not in the layer table")
            continue
        begins = next(iter(places(r"^namespace\b", text)), text.count("\n") + 2)
        if "#pragma once" not in text:
            problems.append(f"{header}: no #pragma once")
        for line, kind, path in includes(header, text):
            where = f"{header}:{line}"
            if kind == "quoted":
                problems.append(f'{where}: includes "{path}"; write <cohttps/...>')
            elif kind == "own":
                there = part_of(path)
                # What comes further down, or is named like the header, brings definitions.
                if line < begins and path != header.replace(".hpp", ".ipp"):
                    graph[header].append(path)
                if path not in all_headers:
                    problems.append(f"{where}: <cohttps/{path}> does not exist")
                elif here and there != here and there not in MAY_INCLUDE[here]:
                    problems.append(f"{where}: {here}/ must not include {there or 'the top'} (<cohttps/{path}>)")
    for source in all_headers:
        bringer = "testing/src.hpp" if source.startswith("testing/") else "src.hpp"
        bring = all_headers.get(bringer)
        if bring is not None and source.endswith(".ipp") and f"#include <cohttps/{source}>" not in bring:
            problems.append(f"{bringer}: does not include <cohttps/{source}>")
    return problems + circles(graph)


def circles(graph):
    problems, state = [], {}

    def visit(node, path):
        state[node] = "open"
        for target in graph.get(node, []):
            if state.get(target) == "open":
                problems.append("headers include each other: " + " -> ".join([*path[path.index(target):], target]))
            elif target not in state:
                visit(target, [*path, target])
        state[node] = "done"

    for node in graph:
        if node not in state:
            visit(node, [node])
    return problems


def names(root):
    """Each library is named in its place only; L0 to L2 know no coroutine, thread, socket or clock."""
    problems, users = [], {library: set() for library in ONE_HEADER}
    for header, text in sources(root).items():
        code = without_comments(text, strings_too=True)
        # `"` includes are blanked with the strings; `layers` forbids them.
        own = re.compile(r"<cohttps/[^>]*>")
        code = own.sub(lambda m: " " * len(m.group()), code)
        for library, (pattern, allowed) in LIBRARIES.items():
            if not allowed(header):
                problems += [f"{header}:{line}: names {library}" for line in places(pattern, code)]
        for library, pattern in ONE_HEADER.items():
            if places(pattern, code):
                users[library].add(header.rsplit(".", 1)[0])
        if part_of(header) in SANS_IO:
            for what, pattern in FORBIDDEN_IN_SANS_IO.items():
                problems += [f"{header}:{line}: knows {what}, below L3" for line in places(pattern, code)]
        for what, pattern in FORBIDDEN_EVERYWHERE.items():
            problems += [f"{header}:{line}: {what} in a header" for line in places(pattern, code)]
    for library, where in users.items():
        # Adapters are independent of each other, so that each may name it.
        if len(where) > 1 and not all(part_of(header) == "adapters" for header in where):
            problems.append(f"{library} is named in more than one header: {', '.join(sorted(where))}")
    return problems


def macros(root):
    """A header leaves no macro behind that is not named COHTTPS_..., but for Asio's own settings."""
    problems = []
    for header, text in sources(root).items():
        code = without_comments(text, strings_too=True)
        for match in re.finditer(r"^\s*#\s*define\s+(\w+)", code, re.M):
            name = match.group(1)
            gone = re.search(rf"^\s*#\s*undef\s+{name}\b", code[match.end():], re.M)
            setting = name.startswith("ASIO_") and part_of(header) == "transport/asio"
            if not name.startswith("COHTTPS_") and not gone and not setting:
                problems.append(f"{header}:{places(re.escape(match.group()), code)[0]}: leaves the macro {name} behind")
    return problems


def size(root):
    """No header passes 450 lines."""
    return [f"{h}: {n} lines, more than {LINES_MAX}" for h, n in lengths(root) if n > LINES_MAX]


def size_warnings(root):
    return [f"{h}: {n} lines, more than {LINES_WARN}" for h, n in lengths(root) if LINES_WARN < n <= LINES_MAX]


def lengths(root):
    return [(header, text.count("\n")) for header, text in sources(root).items()]


def files(root):
    """What git knows of, or would if all were added; without git, everything but build folders."""
    root = pathlib.Path(root)
    if (root / ".git").exists():
        command = ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            found = [root / name for name in done.stdout.split("\0") if name]
            return sorted(p for p in found if p.is_file() and not p.is_symlink())
        except (OSError, subprocess.CalledProcessError):
            pass
    return sorted(
        p for p in root.rglob("*")
        if p.is_file() and not any(n.startswith("build") or n in (".git", ".cache", "__pycache__") for n in p.relative_to(root).parts)
    )


CPP = (".hpp", ".ipp", ".cpp")
BINARY = (".png", ".der", ".bin", ".gz", ".ico")
# What others wrote, and inputs whose every byte matters, stay as they are.
VERBATIM = re.compile(r"^tests/.*/(vectors|corpus)/|\.(jsonl|pem|crt|key|dat)$")


def hygiene(root):
    """No trailing white space, no tabs in C++, a newline at the end, programs that can be run."""
    problems = []
    for path in files(root):
        name = path.relative_to(root).as_posix()
        if path.suffix in BINARY or VERBATIM.search(name):
            continue
        data = path.read_bytes()
        if b"\0" in data:
            continue
        text = data.decode(errors="replace")
        if text and not text.endswith("\n"):
            problems.append(f"{name}: no newline at its end")
        if text.endswith("\n\n"):
            problems.append(f"{name}: empty lines at its end")
        for number, line in enumerate(text.split("\n"), 1):
            if line != line.rstrip() and not (path.suffix == ".md" and line.endswith("  ") and line.rstrip()):
                problems.append(f"{name}:{number}: white space at the end of the line")
            if "\t" in line and path.suffix in CPP:
                problems.append(f"{name}:{number}: a tab")
        if text.startswith("#!") and not path.stat().st_mode & 0o100:
            problems.append(f"{name}: starts with #! and cannot be run")
    return problems


TEXT_CHECKS = {"layers": layers, "names": names, "macros": macros, "size": size, "hygiene": hygiene}
