"""Writes the C++ of the documentation into one program: extract.py ROOT OUTPUT DEPENDENCIES

The pages are README.md and those of docs/ but the decisions. A piece of C++ is one of these:

- a program, with a `main` that takes no arguments: it has to return 0;
- a function `cohttps::task<void> NAME(cohttps::client& client)`, maybe after others;
- a piece that calls `cohttps::run`, as it stands in a `main`;
- else the body of a coroutine that has a `client`.

All of them run. Their clients go to the hosts of server.py, whatever the piece says of trust and addresses. A piece
that is only to be read is a block of `text`. DEPENDENCIES is a file for Ninja, so that a page that changes or comes is
seen.
"""
import pathlib
import re
import sys

PRELUDE = """#include <cohttps/cohttps.hpp>
#include <cohttps/adapters/har_reader.hpp>
#include <cohttps/adapters/nlohmann_json.hpp>
#include <cohttps/client/multipart_form.hpp>
#include <cohttps/blocking.hpp>
#include <cohttps/cache.hpp>
#include <cohttps/client/to_curl.hpp>
#include <cohttps/dns_over_https.hpp>
#include <cohttps/event_source.hpp>
#include <cohttps/har.hpp>
#include <cohttps/har_replay.hpp>
#include <cohttps/http/hsts.hpp>
#include <cohttps/middleware.hpp>
#include <cohttps/oauth2.hpp>
#include <cohttps/pages.hpp>
#include <cohttps/problem_details.hpp>
#include <cohttps/rate_limit.hpp>
#include <cohttps/task/for_each_bounded.hpp>
#include <cohttps/task/semaphore.hpp>
#include <cohttps/task/task_group.hpp>
#include <cohttps/transport/asio/transport.hpp>
#include <cohttps/transport/with_timeout.hpp>
#include <cohttps/websocket.hpp>
#if defined(COHTTPS_HAS_NGTCP2)
#include <cohttps/http3.hpp>
#endif
#include <cohttps/http/content/charset.hpp>
#include <cohttps/http/coding/coding.hpp>
#include <cohttps/http/cookie/cookie_file.hpp>
#include <cohttps/http/cookie/cookie_json.hpp>
#include <cohttps/http/content/multipart.hpp>
#include <cohttps/http/auth/netrc.hpp>
#include <cohttps/http/cookie/shared_cookie_jar.hpp>
#include <cohttps/client/session_file.hpp>
#include <cohttps/tls/hash.hpp>
#include <cohttps/url/query.hpp>
#include <cohttps/testing/memory_network.hpp>
#include <cohttps/testing/scripted_server.hpp>

#if defined(COHTTPS_USE_BOOST_ASIO)
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#else
#include <asio/strand.hpp>
#include <asio/thread_pool.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/use_future.hpp>
#endif

#include <algorithm>
#include <array>
#include <cassert>
#include <chrono>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <functional>
#include <future>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <span>
#include <stdexcept>
#include <sstream>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace snippets {

/// To the documentation's hosts.
inline cohttps::client_options here(cohttps::client_options options = {}) {
  options.unix_socket = std::getenv("SNIPPETS_SOCKET");
  options.proxies = {};
  options.socket = {};  // those of TCP
  if (!options.tls)
    options.tls = cohttps::tls_context({.system_roots = false, .root_file = std::getenv("SNIPPETS_CA")});
  return options;
}

class client : public cohttps::client {
 public:
  explicit client(cohttps::client_options options = {}) : cohttps::client(here(std::move(options))) {}
  explicit client(cohttps::asio_transport over) : cohttps::client(std::move(over), here()) {}
  explicit client(cohttps::asio_strand_transport over) : cohttps::client(std::move(over), here()) {}
  explicit client(cohttps::testing::memory_transport over, cohttps::client_options options)
      : cohttps::client(std::move(over), std::move(options)) {}
};

class blocking_client : public cohttps::blocking::client {
 public:
  explicit blocking_client(cohttps::client_options options = {})
      : cohttps::blocking::client(here(std::move(options))) {}
};

int failures = 0;

/// What a program returns.
inline void exit_with(int code) {
  if (code != 0) throw std::runtime_error("it ended with " + std::to_string(code));
}

template <class F>
void run(const char* where, F snippet) {
  try {
    snippet();
    std::cerr << "\\nok " << where << '\\n';
  } catch (const std::exception& e) {
    ++failures;
    std::cerr << "\\nnot ok " << where << ": " << e.what() << '\\n';
  }
}

inline cohttps::task<void> with_client(cohttps::task<void> (*body)(cohttps::client&)) {
  client own;
  co_await body(own);
}

}  // namespace snippets
"""


def pages_of(root):
    docs = root / "docs"
    parts = [p for p in sorted(docs.rglob("*.md")) if p.relative_to(docs).parts[0] not in ("decisions", "site")]
    return [root / "README.md", *parts]


def without_includes(code):
    return re.sub(r"^#include .*\n", "\n", code, flags=re.M)


def program(code):
    """A piece with a main as a function `program`."""
    before, _, main = without_includes(code).partition("int main(")
    main = re.sub(r"\breturn ([^;]+);", r"return snippets::exit_with(\1);", main)
    return f"{before}void program(" + re.sub(r"^\)", "int, char**)", main)


def piece(name, code):
    """The text of a piece, and the call that runs it."""
    code = code.replace("cohttps::client ", "snippets::client ")
    code = code.replace("cohttps::blocking::client ", "snippets::blocking_client ")
    code = code.replace("blocking::client ", "snippets::blocking_client ")
    using = "using namespace cohttps;\nusing namespace std::chrono_literals;\n"
    coroutine = re.findall(r"^(?:cohttps::)?task<void> (\w+)\((?:cohttps::)?client& client\) {", code, re.M)
    if "struct cohttps::" in code:  # a specialisation, which belongs into no other namespace
        return program(code).replace("void program(", f"void {name}("), f"{name}(1, nullptr);"
    if "int main(" in code:
        return f"namespace {name} {{\n{program(code)}}}\n", f"{name}::program(1, nullptr);"
    if coroutine:
        return (f"namespace {name} {{\n{using}{without_includes(code)}}}\n",
                f"cohttps::run(snippets::with_client({name}::{coroutine[-1]}));")
    if "cohttps::run(" in code:
        return (f"namespace {name} {{\n{using}void program() {{\n{without_includes(code)}}}\n}}\n",
                f"{name}::program();")
    own = re.search(r"\bclient client\b", code)
    client = "cohttps::client&" if own else "[[maybe_unused]] cohttps::client& client"
    return (f"namespace {name} {{\n{using}cohttps::task<void> body({client}) {{\n{without_includes(code)}"
            f"co_return;\n}}\n}}\n",
            f"cohttps::run(snippets::with_client({name}::body));")


def main():
    root, output, dependencies = map(pathlib.Path, sys.argv[1:])
    root = root.resolve()
    pages, text, calls = pages_of(root), [PRELUDE], []
    for page in pages:
        source = page.read_text()
        for block in re.finditer(r"^```cpp\n(.*?)^```", source, re.M | re.S):
            where = f"{page.relative_to(root)}:{source.count(chr(10), 0, block.start()) + 2}"
            made, call = piece(f"snippet_{len(calls) + 1}", block[1])
            call = f'  snippets::run("{where}", [] {{ {call} }});'
            if "http3.hpp" in block[1]:
                made, call = (f"#if defined(COHTTPS_HAS_NGTCP2)\n{t}\n#endif" for t in (made, call))
            text.append(f"// {where}\n{made}")
            calls.append(call)
    if len(calls) < 50:
        sys.exit(f"extract.py: only {len(calls)} pieces of C++ were found")
    text.append("int main() {\n" + "\n".join(calls) + "\n  return snippets::failures;\n}\n")
    output.write_text("\n".join(text))
    seen = [*pages, *{p.parent for p in pages}]
    dependencies.write_text(f"{output}: " + " ".join(str(p).replace(" ", "\\ ") for p in seen) + "\n")


if __name__ == "__main__":
    main()
