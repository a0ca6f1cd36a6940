"""Writes the C++ of the documentation into one file: extract.py OUTPUT PAGE...

A piece with a main of its own is a program: its main becomes a function of a namespace. Any other is
the body of a coroutine.
"""
import pathlib
import re
import sys

PRELUDE = """#include <cohttps/cohttps.hpp>
#include <cohttps/adapters/nlohmann_json.hpp>
#include <cohttps/http/charset.hpp>
#include <cohttps/http/coding.hpp>
#include <cohttps/http/cookie_file.hpp>
#include <cohttps/http/cookie_json.hpp>
#include <cohttps/http/multipart.hpp>
#include <cohttps/http/netrc.hpp>
#include <cohttps/http/shared_cookie_jar.hpp>
#include <cohttps/tls/hash.hpp>
#include <cohttps/url/query.hpp>
#include <cohttps/testing/memory_network.hpp>
#include <cohttps/testing/scripted_server.hpp>

#include <array>
#include <chrono>
#include <iostream>
#include <span>
#include <string>
#include <vector>
"""

output, *pages = map(pathlib.Path, sys.argv[1:])
text, count = [PRELUDE], 0
for page in pages:
    source = page.read_text()
    for block in re.finditer(r"^```cpp\n(.*?)^```", source, re.M | re.S):
        line = source.count("\n", 0, block.start()) + 2
        code = block.group(1)
        count += 1
        where = f"// {page.name}, line {line}"
        if "int main(" in code:
            code = re.sub(r"^#include .*\n", "\n", code, flags=re.M).replace("int main(", "void program(")
            text.append(f"{where}\nnamespace snippet_{count} {{\n{code}}}\n")
        else:
            text.append(
                f"{where}\nnamespace snippet_{count} {{\nusing namespace cohttps;\n"
                f"using namespace std::chrono_literals;\n"
                f"cohttps::task<void> body([[maybe_unused]] cohttps::client& client) {{\n{code}  co_return;\n}}\n}}\n")
if count < 10:
    sys.exit(f"extract.py: only {count} pieces of C++ were found")
text.append("int main() {}\n")
output.write_text("\n".join(text))
