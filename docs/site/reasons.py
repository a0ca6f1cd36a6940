"""The reasons of errors: those that the code gives, and reasons.md, which has cause and remedy of each.

A reason is a word of snake_case in the code. Every such word is in reasons.md or in OTHER_WORDS, so that a new reason
cannot be forgotten; where the code names the category beside it, reasons.md has it in that category.
"""
import collections
import dataclasses
import re
import sys
import pathlib

sys.path.append(str(pathlib.Path(__file__).resolve().parents[2] / "tests/structure"))
import rules  # noqa: E402

# Words of snake_case in the code that are no reasons: names of enumerators, parameters, alerts of TLS, and variables
# of the environment.
OTHER_WORDS = set("""
access_token all_proxy certificate_revoked certificate_unknown client_credentials client_id client_max_window_bits
client_no_context_takeover client_secret close_notify content_length decode_error error_description expires_in
first_byte grant_type host_only http_only http_proxy https_proxy internal_error local_address maybe_processed no_proxy
not_sent peer_closed receive_body receive_head refresh_token same_site server_max_window_bits
server_no_context_takeover token_type unknown_ca unsupported_certificate
""".split())

# Reasons of one word that do not stand beside a category.
SINGLE_WORDS = ("downgrade", "revoked")
WORD = re.compile(r'"([a-z][a-z0-9]*(?:_[a-z0-9]+)+)"')
IN_CATEGORY = re.compile(
    r'error_category::(\w+)\s*,\s*(?:"(?P<one>\w+)"|known_reason::(?P<known>\w+)'
    r'|[^,"]{0,120}\?\s*"(?P<first>\w+)"\s*:\s*"(?P<second>\w+)")')


@dataclasses.dataclass
class Reason:
    category: str
    name: str
    cause: str
    remedy: str


def in_code(root):
    """All words of snake_case -> where, and reason -> categories where the code has them side by side."""
    words, categories = {}, collections.defaultdict(set)
    for name, text in rules.sources(root).items():
        code = rules.without_comments(text)
        for word in SINGLE_WORDS:
            if f'"{word}"' in code:
                words.setdefault(word, f"include/cohttps/{name}")
        for match in WORD.finditer(code):
            words.setdefault(match[1], f"include/cohttps/{name}:{code.count(chr(10), 0, match.start()) + 1}")
        for match in IN_CATEGORY.finditer(code):
            for group in ("one", "known", "first", "second"):
                if match[group]:
                    categories[match[group]].add(match[1])
                    words.setdefault(match[group], f"include/cohttps/{name}")
    return words, categories


def table(root):
    """The rows of reasons.md."""
    found, category = [], None
    for line in (root / "docs/site/reasons.md").read_text().splitlines():
        if match := re.fullmatch(r"## `(\w+)`", line):
            category = match[1]
        elif match := re.fullmatch(r"\| `(\w+)` \| (.*?) \| (.*?) \|", line):
            found.append(Reason(category, match[1], match[2].strip(), match[3].strip()))
    return found


def problems(root):
    words, categories = in_code(root)
    rows = table(root)
    named = {r.name for r in rows}
    here = "docs/site/reasons.md"
    out = [f"{where}: the reason {word} has no row in {here} (if it is no reason, name it in docs/site/reasons.py)"
           for word, where in words.items() if word not in named and word not in OTHER_WORDS]
    out += [f"{here}: no code gives the reason {r.name}" for r in rows if r.name not in words]
    out += [f"docs/site/reasons.py: no code has the word {w}" for w in sorted(OTHER_WORDS - set(words))]
    out += [f"{here}: {r.category} {r.name} has no cause or no remedy" for r in rows if not r.cause or not r.remedy]
    have = collections.Counter((r.category, r.name) for r in rows)
    out += [f"{here}: {c} {n} is there {count} times" for (c, n), count in have.items() if count > 1]
    for word, of in categories.items():
        if word in named:
            out += [f"{here}: the code gives {word} the category {c}, too: add a row" for c in sorted(of)
                    if (c, word) not in have]
    return out


def pages(root, entities, link):
    """A page for each category, and one that names them all."""
    import doxygen
    values = {v.last_name: doxygen.sentence(v) for e in entities if e.name == "error_category" for v in e.members}
    rows = table(root)
    for r in rows:
        if r.category not in values:
            raise SystemExit(f"docs/site/reasons.md: {r.category} is no category of errors")
    source = (root / "docs/site/reasons.md").read_text()
    introductions = dict(re.findall(r"^## `(\w+)`\n+((?:(?!\|).+\n)*)", source, re.M))
    made, index = {}, [
        "# Errors",
        re.search(r"<!-- introduction -->\n(.*?)<!-- end -->", source, re.S)[1].strip(),
        "## Categories",
        "| category | what it means |\n|---|---|\n" + "\n".join(
            f"| [`{name}`]({name}.md) | {text} |" for name, text in values.items()),
        "## Reasons",
    ]
    for category, meaning in values.items():
        here = sorted((r for r in rows if r.category == category), key=lambda r: r.name)
        out = [f"# Errors: {category}", introductions.get(category, "").strip() or meaning]
        for r in here:
            out += [f"## `{r.name}`", r.cause, f"**Remedy:** {r.remedy}"]
        made[f"{category}.md"] = "\n\n".join(filter(None, out)) + "\n"
        index.append(f"### {category}")
        index.append(" · ".join(f"[`{r.name}`]({category}.md#{r.name})" for r in here))
    made["index.md"] = "\n\n".join(index) + "\n"
    return made
