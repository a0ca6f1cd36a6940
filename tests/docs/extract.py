"""Writes the C++ of the documentation into one program: extract.py OUTPUT PAGE...

A piece with a main of its own is a program: its main becomes a function of a namespace, and so does
a piece that runs a loop. Any other is the body of a coroutine. Clients go to the hosts of server.py, whatever the snippet says of trust and
addresses.
"""
import pathlib
import re
import sys

PRELUDE = """#include <cohttps/cohttps.hpp>
#include <cohttps/adapters/nlohmann_json.hpp>
#include <cohttps/client/multipart_form.hpp>
#include <cohttps/cache.hpp>
#include <cohttps/client/to_curl.hpp>
#include <cohttps/event_source.hpp>
#include <cohttps/http/hsts.hpp>
#include <cohttps/middleware.hpp>
#include <cohttps/rate_limit.hpp>
#include <cohttps/task/for_each_bounded.hpp>
#include <cohttps/task/semaphore.hpp>
#include <cohttps/task/task_group.hpp>
#include <cohttps/transport/with_timeout.hpp>
#include <cohttps/websocket.hpp>
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

#include <array>
#include <chrono>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace snippets {

/// To the documentation's hosts.
inline cohttps::client_options here(cohttps::client_options options = {}) {
  options.unix_socket = std::getenv("SNIPPETS_SOCKET");
  options.proxies = {};
  if (!options.tls)
    options.tls = cohttps::tls_context({.system_roots = false, .root_file = std::getenv("SNIPPETS_CA")});
  return options;
}

class client : public cohttps::client {
 public:
  explicit client(cohttps::client_options options = {}) : cohttps::client(here(std::move(options))) {}
  explicit client(cohttps::asio_transport over) : cohttps::client(std::move(over), here()) {}
  explicit client(cohttps::testing::memory_transport over, cohttps::client_options options)
      : cohttps::client(std::move(over), std::move(options)) {}
};

int failures = 0;

template <class F>
void run(const char* where, F snippet) {
  try {
    snippet();
    std::cerr << "ran " << where << '\\n';
  } catch (const std::exception& e) {
    ++failures;
    std::cerr << "FAILED " << where << ": " << e.what() << '\\n';
  }
}

inline cohttps::task<void> with_client(cohttps::task<void> (*body)(cohttps::client&)) {
  client own;
  co_await body(own);
}

}  // namespace snippets
"""

output, *pages = map(pathlib.Path, sys.argv[1:])
text, calls = [PRELUDE], []
for page in pages:
    source = page.read_text()
    for block in re.finditer(r"^```cpp\n(.*?)^```", source, re.M | re.S):
        line = source.count("\n", 0, block.start()) + 2
        code = block.group(1).replace("cohttps::client ", "snippets::client ")
        code = code.replace("told});", "told}, snippets::here());")
        name = f"snippet_{len(calls) + 1}"
        where = f"{page.name}:{line}"
        if "struct cohttps::" in code:  # a specialisation, which belongs into no other namespace
            code = re.sub(r"^#include .*\n", "\n", code, flags=re.M).replace("int main(", f"void {name}(")
            text.append(f"// {where}\n{code}\n")
            calls.append(f'  snippets::run("{where}", [] {{ {name}(1, nullptr); }});')
        elif "int main(" in code:
            code = re.sub(r"^#include .*\n", "\n", code, flags=re.M).replace("int main(", "void program(")
            code = code.replace("  return 1;\n", "  return;\n")
            text.append(f"// {where}\nnamespace {name} {{\n{code}}}\n")
            calls.append(f'  snippets::run("{where}", [] {{ {name}::program(1, nullptr); }});')
        elif "cohttps::run(" in code:
            text.append(
                f"// {where}\nnamespace {name} {{\nusing namespace cohttps;\nvoid program(int, char**) {{\n{code}}}\n}}\n")
            calls.append(f'  snippets::run("{where}", [] {{ {name}::program(1, nullptr); }});')
        else:
            text.append(
                f"// {where}\nnamespace {name} {{\nusing namespace cohttps;\n"
                f"using namespace std::chrono_literals;\n"
                f"cohttps::task<void> body([[maybe_unused]] cohttps::client& client) {{\n{code}  co_return;\n}}\n}}\n")
            calls.append(
                f'  snippets::run("{where}", [] {{ cohttps::run(snippets::with_client({name}::body)); }});')
if len(calls) < 10:
    sys.exit(f"extract.py: only {len(calls)} pieces of C++ were found")
text.append("int main() {\n" + "\n".join(calls) + "\n  return snippets::failures;\n}\n")
output.write_text("\n".join(text))
