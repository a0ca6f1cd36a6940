"""Makes the pages of the reference from the headers, the build files and the tables beside this file."""
import ast
import re

import doxygen
import reasons

# The pages of the API: name, title, what is on it, and the headers whose names are there. The first page whose headers
# match has a name; a public header that matches none is an error.
API = [
    ("client", "Client", "The client, the options of its calls, and how a program runs it.",
     r"client\.hpp|cohttps\.hpp|run\.hpp|blocking\.hpp|features\.hpp|client/operation|client/url_text|client/progress"
     r"|client/transfer_rate|connection/http_versions|core/time_limit"),
    ("requests", "Requests", "What is sent: requests, fields, methods, content and forms.",
     r"client/(request|content|multipart_form|options|to_curl)\.hpp|connection/content_source|adapters/"
     r"|http/(fields|method|priority|trailer|content/(representation|multipart))"),
    ("responses", "Responses", "What arrives: responses, streams, downloads, pages, and what their fields say.",
     r"client/(response|download|upgraded)|pages|problem|http/(response|status|link|date|keep_alive|strictness|coding"
     r"|redirect|content/(charset|media_type))"),
    ("errors", "Errors and results", "The error type, its categories and phases, and `result`.", r"core/(error|out_of)"),
    ("streams", "WebSocket, events and lines", "Connections that last: WebSockets, server-sent events, lines of a stream.",
     r"websocket|client/websocket|event_source|client/event_reader|http/content/event_stream"),
    ("layers", "Layers, caches and limits", "What programs put around their calls: layers, caches, limits of requests, HAR.",
     r"middleware|client/(middleware|cache|memory|rate|token|har)|cache\.hpp|rate_limit|har|http/(cache|har)/|stores/"),
    ("authentication", "Authentication and cookies", "Credentials, OAuth 2, Digest, netrc, cookies, HSTS.",
     r"oauth2|client/(credentials|authenticator|digest)|http/(auth|cookie|hsts)|proxy/login|core/base64"),
    ("tls", "TLS", "Trust, identities, and what a connection negotiated.", r"tls/|client/session_file"),
    ("connections", "Connections and proxies", "Names, addresses, proxies, the pool, retries, HTTP/2 and HTTP/3.",
     r"connect/|proxy/|pool/|connection/|client/retry|dns_over_https|http3|http2/|http1/|http/alt_svc"),
    ("urls", "URLs", "URLs, origins, queries and percent-encoding.", r"url/"),
    ("tasks", "Coroutines and cancellation", "`task`, `when_all`, `when_any`, groups, semaphores, stop sources.",
     r"task/|core/(stop|recycle)|transport/(sleep|with_timeout)"),
    ("transports", "Transports", "Asio, and the concepts of a transport of your own.", r"transport/"),
    ("testing", "Testing", "Scripted servers and a network in memory.", r"testing/"),
]

# ---- values and units -------------------------------------------------------------------------


def binary(number):
    for name, size in (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)):
        if number >= size and number % size == 0:
            return f"{number // size} {name}"
    return f"{number} bytes"


def grouped(number):
    return f"{number:,}".replace(",", " ")


def number_of(text):
    """The number that an expression of literals gives, or None."""
    try:
        tree = ast.parse(text.replace("'", "").replace("std::size_t{1}", "1").strip(), mode="eval")
        if all(isinstance(n, (ast.Expression, ast.BinOp, ast.Constant, ast.Mult, ast.LShift, ast.Add, ast.Load))
               for n in ast.walk(tree)):
            return eval(compile(tree, "", "eval"))  # literals and operators alone
    except SyntaxError:
        pass
    return None


def unit(type_name, text):
    if re.search(r"chrono|time_limit|\bduration\b", type_name):
        return "time"
    if re.search(r"\bbool\b|std::function|callback|std::string|vector|shared_ptr", type_name):
        return ""
    if re.search(r"size_t|u?int\d*|uint\d+_t|double|transfer_rate", type_name):
        return "bytes" if re.search(r"\bbytes\b|\boctets\b", text, re.I) else "number"
    return ""


def default(initializer, type_name, of_unit, version):
    """What a member is when a program does not set it."""
    text = re.sub(r"^=\s*", "", initializer).strip()
    if text in ("", "{}"):
        if re.search(r"optional|shared_ptr|unique_ptr|function|callback|\*$", type_name):
            return "none"
        if "time_limit" in type_name:
            return "no limit"
        if "transfer_rate" in type_name:
            return "no limit"
        if re.search(r"string|vector|fields|query|header_list|list|observers|netrc|rules|content_view", type_name):
            return "empty"
        return "required" if text == "" else "its own defaults"
    text = text.replace('"cohttps/" COHTTPS_VERSION_STRING', f'"cohttps/{version}"')
    if match := re.fullmatch(r"std::chrono::(\w+)\((\d+)\)", text):
        short = {"milliseconds": "ms", "seconds": "s", "minutes": "min", "hours": "h", "days": "days"}
        return f"{match[2]} {short.get(match[1], match[1])}"
    if "UINT64_MAX" in text:
        return "no limit"
    number = number_of(text)
    if number is not None:
        if of_unit == "bytes":
            return binary(number)
        return grouped(number) if isinstance(number, int) else str(number)
    if match := re.fullmatch(r"(?:cohttps::)?minimum_rate\{(\d+), std::chrono::seconds\((\d+)\)\}", text):
        return f"{binary(int(match[1]))} in {match[2]} s"
    if re.fullmatch(r"\w+\(\)", text):
        return "its own defaults"
    return f"`{text}`"


def short_type(text):
    text = re.sub(r"\bcohttps::", "", text)
    return text.replace("std::chrono::nanoseconds", "std::chrono::nanoseconds")


def bar(text):
    return text.replace("|", "\\|")


# ---- pages ------------------------------------------------------------------------------------


class Reference:
    def __init__(self, root, entities, version):
        self.root, self.version = root, version
        self.entities = entities
        self.by_id = {e.id: e for e in entities}
        self.options = self.find_options()
        self.anchors = {}  # id -> (page, anchor)
        self.place()

    # Which structs are options: those that programs fill in, and the ones that are their members.
    def find_options(self):
        names = ["client_options", "request_options"]
        found = {e.id: e for e in self.entities if e.kind == "struct" and (
            e.last_name in names or re.search(r"(options|limits|timeouts)$", e.last_name))}
        for e in list(found.values()):
            for m in e.members:
                for ref in m.xml.findall("type/ref"):
                    other = self.by_id.get(ref.get("refid"))
                    if other is not None and other.kind == "struct" and other.members and all(
                            x.kind == "variable" or x.kind == "function" for x in other.members) and any(
                            x.kind == "variable" for x in other.members) and (
                            other.name in ("minimum_rate", "priority", "transfer_rate", "tls_identity",
                                           "origin_identity", "origin_credentials", "resolve_override")):
                        found[other.id] = other
        first = ["client_options", "request_options", "timeouts", "minimum_rate", "transfer_rate", "retry_options",
                 "pool::options", "tls_options", "tls_identity", "origin_identity", "http1::limits", "decoding_limits",
                 "http2_options", "http2::limits", "http3_options", "websocket_options",
                 "websocket::compression_options", "event_source_options"]
        names = [e.name for e in found.values()]
        return sorted(found.values(), key=lambda e: (first.index(e.name) if e.name in first else len(first),
                                                     names.index(e.name)))

    def place(self):
        for e in self.options:
            self.anchors[e.id] = ("options.md", anchor(e.name))
            for m in e.members:
                if m.kind == "variable":
                    self.anchors[m.id] = ("options.md", anchor(m.name))
        self.pages = {name: [] for name, *_ in API}
        for e in self.entities:
            if e.id in self.anchors and e.kind == "struct" or e.name.startswith("events::"):
                continue
            inside = e.file.removeprefix("cohttps/")
            page = next((name for name, _, _, headers in API if re.match(headers, inside)), None)
            if page is None:
                raise SystemExit(f"docs/site/reference.py: no page of API has the names of {e.file}")
            self.pages[page].append(e)
            self.anchors[e.id] = (f"api/{page}.md", anchor(e.name))
            for m in e.members:
                if m.kind in ("enumvalue",) or e.kind == "enum":
                    self.anchors[m.id] = (f"api/{page}.md", anchor(e.name))
                else:
                    self.anchors.setdefault(m.id, (f"api/{page}.md", anchor(self.group_name(e, m))))
        for e in self.entities:
            if e.name.startswith("events::") and e.kind in ("struct", "class"):
                self.anchors[e.id] = ("events.md", anchor("on_" + e.last_name))
        for name, _, _, headers in API:  # in the order in which API names the headers
            order = parts_of(headers)
            self.pages[name].sort(key=lambda e: next(
                i for i, part in enumerate(order) if re.match(part, e.file.removeprefix("cohttps/"))))
        self.link_from = ""

    def group_name(self, e, m):
        name = m.xml.findtext("name") or m.last_name
        if m.kind != "function":
            return f"{e.name}::{name}"
        for key, of in doxygen.groups(e.members).items():
            if any(x is m for x in of):
                return f"{e.name}::{key if isinstance(key, str) else name}"
        return f"{e.name}::{name}"

    def link(self, id):
        if id not in self.anchors:
            return None
        page, at = self.anchors[id]
        up = "../" * self.link_from.count("/")
        return f"#{at}" if page == self.link_from else f"{up}{page}#{at}"

    # -- options --

    def members_of(self, e):
        """The fields of a struct, those of its bases first."""
        for base in e.bases:
            if base in self.by_id:
                yield from self.members_of(self.by_id[base])
        yield from (m for m in e.members if m.kind == "variable" and m.xml.get("static") != "yes")

    def docstring(self, m, members):
        """The docstring of a member, or of the declaration that it shares with others."""
        own = m if m.documented else next((x for x in members if x.documented and x.line == m.line), m)
        return doxygen.sentence(own, self.link)

    def row(self, m, with_anchor=True):
        type_name = short_type(doxygen.plain(m.xml.find("type")))
        text = doxygen.sentence(m, self.link)
        of_unit = unit(type_name, text)
        initializer = default(doxygen.plain(m.xml.find("initializer")), type_name, of_unit, self.version)
        at = f'<span id="{anchor(m.name)}"></span>' if with_anchor else ""
        small = f"`{type_name}`" + (f", {of_unit}" if of_unit else "")
        return f"| {at}**`{m.xml.findtext('name')}`** <br>{bar(small)} | {bar(initializer)} | {text} |"

    def options_page(self):
        self.link_from = "options.md"
        out = ["# Options", "Every option of every struct that a program fills in, from the headers: its type and unit, "
               "what it is when it is not set, and what it is for. The structs are aggregates; members are written in "
               "the order of these tables: `cohttps::client client({.timeout = 20s, .max_redirects = 3});`",
               "Times are `std::chrono` durations, such as `10s` or `250ms`. Numbers of bytes are plain integers."]
        for e in self.options:
            out.append(f"## `{e.name}` {{ #{anchor(e.name)} }}")
            out.append(self.include_line(e))
            if e.documented:
                out.append(doxygen.markdown(e, self.link))
            rows = []
            for m in self.members_of(e):
                rows.append(self.row(m, with_anchor=any(x is m for x in e.members)))
            out.append('<div class="options defaults" markdown>')
            out.append("| option | default | what it is for |\n|---|---|---|\n" + "\n".join(rows))
            out.append("</div>")
        return "\n\n".join(out) + "\n"

    def include_line(self, e):
        return f'<p class="include"><code>#include &lt;{e.file}&gt;</code></p>'

    # -- limits --

    def limits_page(self):
        self.link_from = "limits.md"
        out = ["# Limits", "What a server, or a mistake, can make a program store or wait for at most. Each limit is an "
               "option; exceeding one is an error of category `limit` or `timeout`, never a silent cut."]
        for title, wanted in (
                ("Sizes and counts", lambda e, m, u: u != "time"),
                ("Times", lambda e, m, u: u == "time")):
            rows = []
            for e in self.options:
                if e.name in ("request_options", "minimum_rate", "transfer_rate"):
                    continue
                for m in e.members:
                    if m.kind != "variable":
                        continue
                    name = m.xml.findtext("name")
                    type_name = short_type(doxygen.plain(m.xml.find("type")))
                    text = doxygen.sentence(m, self.link)
                    u = unit(type_name, text)
                    bounded = (e.last_name in ("limits", "decoding_limits", "section_limits", "timeouts")
                               or e.name in ("pool::options", "quic::limits")
                               or re.search(r"^max_|^longest_|^largest_|timeout|^window$|_failures$", name))
                    if not bounded or not u or not wanted(e, m, u):
                        continue
                    value = default(doxygen.plain(m.xml.find("initializer")), type_name, u, self.version)
                    rows.append(f"| [`{e.name}::{name}`]({self.link(m.id)}) | {bar(value)} | {text} |")
            out.append(f"## {title}")
            out.append('<div class="options defaults" markdown>')
            out.append("| limit | default | what it limits |\n|---|---|---|\n" + "\n".join(rows))
            out.append("</div>")
        rows = []
        for e in self.entities:
            for m in e.members:
                if m.kind == "variable" and m.xml.get("static") == "yes" and m.documented:
                    value = number_of(re.sub(r"^=\s*", "", doxygen.plain(m.xml.find("initializer"))))
                    text = doxygen.sentence(m, self.link)
                    if value is not None and re.match(r"max_|most|largest", m.xml.findtext("name")):
                        shown = binary(value) if "byte" in text.lower() else grouped(value)
                        rows.append(f"| `{m.name}` | {shown} | {text} |")
        if rows:
            out.append("## Fixed")
            out.append("These are constants of classes.")
            out.append('<div class="options" markdown>')
            out.append("| constant | value | what it limits |\n|---|---|---|\n" + "\n".join(rows))
            out.append("</div>")
        return "\n\n".join(out) + "\n"

    # -- events --

    def events_page(self):
        self.link_from = "events.md"
        out = ["# Events", "An object of a class that derives from `cohttps::observer` sees what the client does: for logs, "
               "traces and counters."]
        observer = next(e for e in self.entities if e.name == "observer")
        functions = {m.xml.findtext("name"): m for m in observer.members}
        events = {e.last_name: e for e in self.entities if e.name.startswith("events::")}
        out.append(self.include_line(observer))
        out.append(doxygen.markdown(observer, self.link))
        out.append("The functions come in this order during a request; a reused connection skips those that make one.")
        out.append("\n".join(f"1. [`on_{name}`](#{anchor('on_' + name)}): {first_sentence(doxygen.sentence(e))}"
                             for name, e in events.items()))
        for name, e in events.items():
            if f"on_{name}" not in functions:
                raise SystemExit(f"docs/site/reference.py: {e.file} has the event {name}, but no function on_{name}")
            out.append(f"## `on_{name}` {{ #{anchor('on_' + name)} }}")
            out.append(doxygen.markdown(e, self.link))
            out.append(f"```cpp\nvoid on_{name}(const cohttps::events::{name}& event) override;\n```")
            rows = [f"| **`{m.xml.findtext('name')}`** <br>{bar('`' + short_type(doxygen.plain(m.xml.find('type'))) + '`')} | "
                    f"{doxygen.sentence(m, self.link)} |" for m in e.members if m.kind == "variable"]
            out.append('<div class="options" markdown>')
            out.append("| member | what it is |\n|---|---|\n" + "\n".join(rows))
            out.append("</div>")
        return "\n\n".join(out) + "\n"

    # -- API --

    def api_pages(self):
        pages = {}
        for name, title, about, _ in API:
            self.link_from = f"api/{name}.md"
            out = [f"# {title}", about]
            entities = self.pages[name]
            classes = [e for e in entities if e.kind != "function"]
            functions = [e for e in entities if e.kind == "function"]
            for e in classes:
                out += self.class_section(e)
            for key, of in doxygen.groups(functions).items():
                out += self.function_section(of[0].name, of, 2, with_include=True)
            pages[f"api/{name}.md"] = "\n\n".join(out) + "\n"
        return pages

    def class_section(self, e):
        out = [f"## `{e.name}` {{ #{anchor(e.name)} }}", self.include_line(e)]
        if e.kind in ("typedef", "variable"):
            out.append(f"```cpp\n{declaration(e)}\n```")
        if e.kind == "concept":
            out.append(f"```cpp\n{concept_of(e)}\n```")
        out.append(doxygen.markdown(e, self.link))
        if e.kind == "enum":
            rows = [f"| `{v.last_name}` | {doxygen.sentence(v, self.link)} |" for v in e.members]
            out.append("| value | meaning |\n|---|---|\n" + "\n".join(rows))
            return out
        constructors = [m for m in e.members if m.kind == "function" and m.xml.findtext("name") == e.last_name]
        made = [m for m in constructors if "detail::" not in doxygen.plain(m.xml.find("argsstring"))
                and not re.search(r"=\s*(default|delete)$|^\(\)", doxygen.plain(m.xml.find("argsstring")))]
        variables = [m for m in e.members if m.kind == "variable"]
        types = [m for m in e.members if m.kind in ("typedef", "enum")]
        if made:
            out += self.function_section(f"{e.name}::{e.last_name}", made, 3, title=f"Construction of {e.name}")
        if types:
            rows = [f"| `{m.xml.findtext('name')}` | {bar('`' + short_type(doxygen.plain(m.xml.find('type'))) + '`') if m.kind == 'typedef' else ', '.join('`' + v.last_name + '`' for v in m.members)} | "
                    f"{doxygen.sentence(m, self.link)} |" for m in types]
            out.append("| type | is | for |\n|---|---|---|\n" + "\n".join(rows))
        if variables:
            rows = [f'| <span id="{anchor(m.name)}"></span>' + f"**`{m.xml.findtext('name')}`** <br>{bar('`' + short_type(doxygen.plain(m.xml.find('type'))) + '`')} | "
                    f"{self.docstring(m, variables)} |" for m in variables]
            out.append('<div class="options" markdown>')
            out.append("| member | what it is |\n|---|---|\n" + "\n".join(rows))
            out.append("</div>")
        functions = [m for m in e.members if m.kind == "function" and m not in constructors
                     and not (doxygen.speaks_for_itself(m) and not m.documented)]
        for key, of in doxygen.groups(functions).items():
            out += self.function_section(f"{e.name}::{key}", of, 3)
        return out

    def function_section(self, name, of, level, title=None, with_include=False):
        heading = title if title else f"`{name}`"
        # In the table of contents a member stands below its class.
        short = title.split()[0] if title else name.split("::")[-1]
        out = [f"{'#' * level} {heading} {{ #{anchor(name)} data-toc-label=\"{short}\" }}"]
        if with_include:
            out.append(self.include_line(of[0]))
        out.append("```cpp\n" + "\n".join(declaration(m) for m in of) + "\n```")
        texts = []
        for m in of:
            text = doxygen.markdown(m, self.link)
            if text and text not in texts:
                texts.append(text)
        return out + texts

    def api_index(self):
        self.link_from = "api/index.md"
        out = ["# API", "The classes and functions that programs name, from the docstrings of the headers. Members that "
               "copy, move or destroy are left out. What is in `cohttps::detail`, or in a namespace for one protocol, "
               "is the engine's, and changes at any time."]
        for name, title, about, _ in API:
            entities = self.pages[name]
            names, seen = [], set()
            for e in entities:
                if anchor(e.name) not in seen and not e.name.startswith("operator"):
                    seen.add(anchor(e.name))
                    names.append(f"[`{e.name}`]({name}.md#{self.anchors[e.id][1]})")
            out.append(f"## [{title}]({name}.md)")
            out.append(about)
            out.append(" · ".join(names))
        return "\n\n".join(out) + "\n"


def first_sentence(text):
    return re.split(r"(?<=[.:])\s", text + " ")[0]


def parts_of(pattern):
    """The alternatives of a regular expression that are outside of its parentheses."""
    parts, depth, last = [], 0, 0
    for i, c in enumerate(pattern + "|"):
        depth += (c == "(") - (c == ")")
        if c == "|" and depth == 0:
            parts.append(pattern[last:i])
            last = i + 1
    return parts


def anchor(name):
    return re.sub(r"[^a-z0-9_]+", "-", name.lower().replace("::", "-")).strip("-")


def spaced(text):
    text = re.sub(r"\s+", " ", text)
    text = re.sub(r"<\s+", "<", re.sub(r"\s+>", ">", text))
    text = re.sub(r" ([&*]+)(?=[\w)])", r"\1 ", text)
    text = re.sub(r"([&*]+) (?=[),>])", r"\1", text)
    text = re.sub(r" ([&*])(?=[,)>]|$)", r"\1", text)
    text = re.sub(r"(\w)=([^=])", r"\1 = \2", text)
    return text.strip()


def concept_of(e):
    text = doxygen.plain(e.xml.find("initializer"))
    return text if text.startswith("template") else f"concept {e.last_name} = {text};"


def template_of(xml):
    parameters = []
    for p in xml.findall("templateparamlist/param"):
        text = doxygen.plain(p.find("type"))
        name = p.findtext("declname") or ""
        if name and not text.endswith(name):
            text += f" {name}"
        if p.find("defval") is not None:
            text += f" = {doxygen.plain(p.find('defval'))}"
        parameters.append(text)
    return f"template <{', '.join(parameters)}>" if parameters else ""


def declaration(m):
    """As the header has it, on one line where that is short."""
    xml = m.xml
    kind = doxygen.plain(xml.find("type"))
    name = xml.findtext("name")
    if m.kind == "typedef":
        return f"using {name} = {spaced(kind)};"
    if m.kind == "variable":
        return f"{spaced(kind)} {name} {doxygen.plain(xml.find('initializer'))}".strip() + ";"
    arguments = spaced(doxygen.plain(xml.find("argsstring")))
    arguments = re.sub(r"\)(const|noexcept|override|&)", r") \1", arguments)
    arguments = re.sub(r"\)\s*&$", ") &", re.sub(r"\)\s*const\s*&$", ") const &", arguments))
    kind = re.sub(r"\b(COHTTPS_\w+|inline|constexpr|virtual)\s*", "", spaced(kind)).strip()
    static = "static " if xml.get("static") == "yes" and "static" not in kind and "::" in m.name else ""
    line = f"{static}{kind + ' ' if kind else ''}{name}{arguments};"
    if len(line) > 96:
        line = wrapped(line)
    before = template_of(xml)
    requires = doxygen.plain(xml.find("requiresclause"))
    return "\n".join(filter(None, [before, f"  requires {requires}" if requires else "", line]))


def wrapped(line):
    """Breaks a declaration after the commas between its parameters."""
    at = line.find("(")
    depth, parts, last = 0, [], at + 1
    for i in range(at + 1, len(line)):
        c = line[i]
        if c in "(<{[":
            depth += 1
        elif c in ")>}]":
            if depth == 0:
                parts.append(line[last:i])
                return line[:at + 1] + "\n    " + ",\n    ".join(p.strip() for p in parts) + line[i:]
            depth -= 1
        elif c == "," and depth == 0:
            parts.append(line[last:i])
            last = i + 1
    return line


# ---- build options and macros -----------------------------------------------------------------


def build_page(root):
    meson = (root / "meson_options.txt").read_text()
    cmake = (root / "CMakeLists.txt").read_text()
    targets = (root / "cmake/cohttps-targets.cmake").read_text()
    oldest = {m[1]: m[2] for m in re.finditer(r'^  "(\w+) (\S+ [\d.]+(?: \S+ [\d.]+)?)"$', targets, re.M)}
    in_cmake = {m[1]: (m[2], m[3]) for m in re.finditer(
        r'^(?:cohttps_)?option\((COHTTPS_\w+) (\S+) ?(?:"[^"]*")? ?(?:"([^"]*)")?', cmake, re.M)}
    rows, libraries = [], []
    seen = set()
    for option in re.finditer(r"option\('(\w+)',\s*(.*?)\)\n", meson, re.S):
        name, rest = option[1], option[2]
        value = re.search(r"\bvalue: '?(\w+)'?", rest)[1]
        text = re.search(r"description: '([^']*)'", rest)[1]
        choices = re.search(r"choices: \[(.*?)\]", rest)
        kind = re.search(r"type: '(\w+)'", rest)[1]
        of = re.sub(r"'", "`", choices[1]) if choices else {
            "feature": "`auto`, `enabled`, `disabled`", "boolean": "`true`, `false`"}[kind]
        other = f"COHTTPS_{name.upper()}"
        if other in in_cmake:
            seen.add(other)
            if in_cmake[other][0] != value:
                raise SystemExit(f"{other} of CMakeLists.txt and {name} of meson_options.txt have different defaults")
        names = f"**`{name}`**" + (f" <br>`{other}`" if other in in_cmake else "")
        rows.append(f"| {names} | `{value}` | {text}: {of}. |")
        if name in oldest:
            pairs = oldest[name].split()
            needs = " and ".join(f"{pairs[i]} {pairs[i + 1]}" for i in range(0, len(pairs), 2))
            libraries.append(f"| {text} | {needs} or newer | `{name}` |")
    for name in in_cmake:
        if name not in seen:
            text = re.search(rf'{name} "([^"]*)" (\S+?)\)', cmake)
            value = "`ON` in the project itself, else `OFF`" if "TOP_LEVEL" in text[2] else f"`{text[2]}`"
            rows.append(f"| **`{name}`** | {value} | {text[1]}: `ON`, `OFF`. |")
    return "\n\n".join([
        "# Build options",
        "The options of Meson, such as `-Dzlib=enabled`, and below each one that of CMake, such as "
        "`-DCOHTTPS_ZLIB=enabled`. `auto` takes what is installed; `enabled` fails where it is not.",
        '<div class="options defaults" markdown>',
        "| option | default | what it is for |\n|---|---|---|\n" + "\n".join(rows),
        "</div>",
        "## Targets",
        "| target | what it is |\n|---|---|\n"
        "| CMake `cohttps::cohttps`, Meson `dependency('cohttps')` | the definitions are compiled once for the program |\n"
        "| CMake `cohttps::header_only`, Meson `dependency('cohttps-header-only')` | each file of the program compiles what it uses |\n"
        "| pkg-config `cohttps` | flags and libraries; `--variable=definitions` is the source with the definitions |",
        "## Libraries",
        "Botan and Asio are needed, the others are optional. `client.features()` says at run time which are there.",
        "| for | library | option |\n|---|---|---|\n"
        "| TLS, certificates | botan-3 3.7.1 or newer, not 3.11.0 | - |\n"
        "| the default transport | Asio 1.22 or Boost.Asio 1.78, or newer | `asio` |\n" + "\n".join(libraries),
    ]) + "\n"


MACRO = re.compile(r"\bCOHTTPS_[A-Z0-9_]+\b")


def macros_in_headers(root):
    found = set()
    for path in (root / "include/cohttps").rglob("*.?pp"):
        for line in path.read_text().splitlines():
            if re.match(r"\s*#", line):
                found |= set(MACRO.findall(line))
    return found


def macros_page(root):
    """docs/site/macros.md, whose tables have to have each macro of the headers."""
    page = (root / "docs/site/macros.md").read_text()
    return page


def macro_problems(root):
    page = set(MACRO.findall((root / "docs/site/macros.md").read_text()))
    headers = macros_in_headers(root)
    return ([f"docs/site/macros.md: {m} is in the headers, but not here" for m in sorted(headers - page)]
            + [f"docs/site/macros.md: {m} is in no header" for m in sorted(page - headers)])
