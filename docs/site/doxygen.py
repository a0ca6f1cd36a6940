"""Reads the public interface out of the headers, by Doxygen's XML.

Public is what the headers declare in namespace `cohttps` itself, and in the namespaces of PUBLIC; and the options that
are members of public ones, wherever they are declared. The rest is the engine's.
"""
import dataclasses
import pathlib
import re
import subprocess
import xml.etree.ElementTree as ElementTree

PUBLIC = ("cohttps", "cohttps::blocking", "cohttps::events", "cohttps::testing", "cohttps::tls::danger",
          "cohttps::websocket::close_code")
OPTIONS_ELSEWHERE = ("cohttps::http1::limits", "cohttps::http2::limits", "cohttps::pool::options",
                     "cohttps::websocket::compression_options")

DOXYFILE = """
INPUT = include/cohttps
RECURSIVE = YES
FILE_PATTERNS = *.hpp
STRIP_FROM_PATH = include
OUTPUT_DIRECTORY = {output}
GENERATE_HTML = NO
GENERATE_LATEX = NO
GENERATE_XML = YES
XML_PROGRAMLISTING = NO
EXTRACT_ALL = YES
JAVADOC_AUTOBRIEF = YES
MACRO_EXPANSION = YES
EXPAND_ONLY_PREDEF = YES
EXCLUDE_SYMBOLS = cohttps::detail cohttps::*::detail
PREDEFINED = {macros}
HAVE_DOT = NO
QUIET = YES
WARNINGS = NO
"""
MACROS = ["COHTTPS_DECL=", "COHTTPS_SEPARATE_COMPILATION=1", "COHTTPS_INLINE=inline"] + [
    f"COHTTPS_HAS_{library}=1" for library in ("BROTLI", "IDN2", "NGHTTP2", "NGTCP2", "PSL", "ZLIB", "ZSTD")]


@dataclasses.dataclass
class Entity:
    """A class, a function, a member, ..."""
    kind: str  # class, struct, concept, function, variable, typedef, enum, enumvalue
    name: str  # with its namespaces, without `cohttps::`
    id: str
    file: str  # below include/
    line: int
    text: list  # paragraphs: elements of Doxygen's XML
    xml: ElementTree.Element
    members: list = dataclasses.field(default_factory=list)
    bases: list = dataclasses.field(default_factory=list)  # ids

    @property
    def last_name(self):
        return re.sub(r"<.*", "", self.name).split("::")[-1] if self.kind != "function" else self.name.split("::")[-1]

    @property
    def documented(self):
        return any("".join(p.itertext()).strip() for p in self.text)


def run(root, output):
    """Runs Doxygen on the headers of a checkout; gives the folder of its XML."""
    output.mkdir(parents=True, exist_ok=True)
    file = DOXYFILE.format(output=output, macros=" ".join(f'"{m}"' for m in MACROS))
    done = subprocess.run(["doxygen", "-"], input=file, cwd=root, text=True, capture_output=True)
    if done.returncode != 0:
        raise SystemExit(f"doxygen failed: {done.stderr.strip()[-500:]}")
    return output / "xml"


def plain(element):
    """The text of an element on one line, with spaces as C++ is written here."""
    if element is None:
        return ""
    text = re.sub(r"\s+", " ", "".join(element.itertext())).strip()
    text = re.sub(r"<\s+", "<", text)
    text = re.sub(r"(?<=[\w>*&)])\s+>", ">", text)
    return re.sub(r"\s+([&*])", r"\1", text)


def paragraphs(xml):
    found = []
    for name in ("briefdescription", "detaileddescription"):
        for description in xml.findall(name):
            found += description.findall("para")
    return found


def entity(xml, kind, name, id):
    place = xml.find("location")
    file, line = ("", 0) if place is None else (place.get("file"), int(place.get("line", 0)))
    return Entity(kind, re.sub(r"^cohttps::", "", name), id, file, line, paragraphs(xml), xml)


def member(xml, scope):
    made = entity(xml, xml.get("kind"), f"{scope}::{xml.findtext('name')}", xml.get("id"))
    made.members = [entity(v, "enumvalue", f"{scope}::{xml.findtext('name')}::{v.findtext('name')}", v.get("id"))
                    for v in xml.findall("enumvalue")]
    for value in made.members:
        value.file = made.file
    return made


def read(folder):
    """All public entities: classes with their public members, and what is declared in a public namespace."""
    found = []
    for compound in ElementTree.parse(folder / "index.xml").getroot().findall("compound"):
        kind, name = compound.get("kind"), compound.findtext("name")
        if kind == "namespace" and name in PUBLIC:
            xml = ElementTree.parse(folder / f"{compound.get('refid')}.xml").getroot().find("compounddef")
            found += [member(m, name) for m in xml.iter("memberdef")]
        elif kind in ("class", "struct", "concept"):
            scope = re.sub(r"<.*", "", name)
            parents = [scope.rsplit("::", n)[0] for n in range(1, scope.count("::") + 1)]
            if "detail" in name or (not is_public(scope, parents, folder) and name not in OPTIONS_ELSEWHERE):
                continue
            xml = ElementTree.parse(folder / f"{compound.get('refid')}.xml").getroot().find("compounddef")
            if xml.get("prot") in ("private", "protected"):
                continue
            made = entity(xml, kind, re.sub(r"\s*<\s*.*", "", name) if "(" in name else plain_name(name),
                          compound.get("refid"))
            made.members = [member(m, name) for m in xml.iter("memberdef")
                            if m.get("prot") == "public" and m.get("kind") != "friend"]
            made.bases = [b.get("refid") for b in xml.findall("basecompoundref") if b.get("refid")]
            found.append(made)
    # In the order of the text, not of Doxygen's index.
    return sorted(found, key=lambda e: (e.file, e.line))


def plain_name(name):
    return re.sub(r"\s+", "", name) if "<" in name else name


def is_public(name, parents, folder):
    """In a public namespace, or nested in a class that is."""
    for parent in parents:
        if parent in PUBLIC:
            rest = name[len(parent) + 2:].split("::")
            outer = f"{parent}::{rest[0]}"
            # what is before the last name is a class, not a namespace of the engine
            return len(rest) == 1 or not (folder / f"namespace{mangled(outer)}.xml").exists()
    return False


def mangled(name):
    return name.replace("_", "__").replace("::", "_1_1")


# ---- Markdown ---------------------------------------------------------------------------------


def inline(element, link):
    """The children of an element as Markdown on one line."""
    text = escaped(element.text or "")
    for child in element:
        if child.tag == "computeroutput":
            words = "".join(child.itertext())
            refs = child.findall("ref")
            target = link(refs[0].get("refid")) if len(refs) == 1 and "".join(refs[0].itertext()) == words else None
            text += f"[`{words}`]({target})" if target else f"`{words}`"
        elif child.tag == "ulink":
            text += f"[{inline(child, link)}]({child.get('url')})"
        elif child.tag in ("bold", "emphasis"):
            mark = "**" if child.tag == "bold" else "*"
            text += mark + inline(child, link) + mark
        elif child.tag == "sp":
            text += " "
        elif child.tag == "ref":
            text += inline(child, link)
        elif child.tag in ("programlisting", "itemizedlist", "orderedlist", "parameterlist", "simplesect"):
            text += "\0"  # a block of its own: `blocks` gives it
        else:
            text += inline(child, link)
        text += escaped(child.tail or "")
    return re.sub(r"[ \t\n]+", " ", text)


def escaped(text):
    return re.sub(r"([*_<>\[\]|`\\])", r"\\\1", text)


def code_of(listing):
    lines = []
    for line in listing.findall("codeline"):
        for space in line.iter("sp"):
            space.text = " "
        lines.append("".join(line.itertext()))
    return "\n".join(lines)


def blocks(paragraph, link):
    """A paragraph as a list of blocks of Markdown."""
    inside = [c for c in paragraph if c.tag in ("programlisting", "itemizedlist", "orderedlist")]
    parts = inline(paragraph, link).split("\0")
    out = []
    for at, part in enumerate(parts):
        if part.strip():
            out.append(part.strip())
        if at < len(inside):
            block = inside[at]
            if block.tag == "programlisting":
                out.append(f"```cpp\n{code_of(block)}\n```")
            else:
                items = [" ".join(b for p in item.findall("para") for b in blocks(p, link))
                         for item in block.findall("listitem")]
                mark = "-" if block.tag == "itemizedlist" else "1."
                out.append("\n".join(f"{mark} {item}" for item in items))
    return out


def markdown(entity, link=lambda refid: None):
    """The docstring as Markdown."""
    return "\n\n".join(b for p in entity.text for b in blocks(p, link))


def sentence(entity, link=lambda refid: None):
    """The docstring on one line, for a table: a text that starts and ends as a sentence."""
    text = re.sub(r"\s*```cpp\n(.*?)\n```\s*", lambda m: " `" + re.sub(r"\s+", " ", m[1]) + "` ", markdown(entity, link),
                  flags=re.S)
    text = re.sub(r"\s*\n+\s*", " ", text).strip()
    if text and text[-1] not in ".:!?`":
        text += "."
    return text[:1].upper() + text[1:]


# ---- what has to be documented ----------------------------------------------------------------


# Names that mean what they mean in the standard library: of containers, iterators, coroutines and clocks.
STANDARD = set("""begin end size empty clear data value_type const_iterator iterator_concept iterator_category
difference_type reference pointer promise_type time_point duration""".split())
# What a model of a concept has: transport/concepts.hpp and transport/datagrams.hpp describe it.
OF_CONCEPTS = set("""stream_type timer_type executor_type resolve connect make_timer now post read_some write_some try_read
try_write idle close set cancel detach attach receive send open_datagrams""".split())


def speaks_for_itself(m):
    """Special members, constructors, operators, and names that are described where they come from."""
    name, arguments = m.xml.findtext("name"), plain(m.xml.find("argsstring"))
    scope = re.sub(r"<.*", "", m.name.rsplit("::", 1)[0]).split("::")[-1]
    if name in STANDARD or m.last_name in STANDARD or re.search(r"::(iterator|promise_type)(::|$)", m.name):
        return True
    if m.file.startswith(("cohttps/transport/", "cohttps/testing/")) and name in OF_CONCEPTS:
        return True
    if m.kind == "typedef" and plain(m.xml.find("type")).startswith("cohttps::operation<"):
        return True
    if m.name.startswith("observer::on_"):  # `events` has a struct for each
        return True
    return m.kind == "function" and (
        name.startswith(("~", "operator")) or re.search(r"=\s*(default|delete)$", arguments) is not None
        or name in (scope, "to_string") or m.xml.find("reimplements") is not None)


def groups(members):
    """Overloads and their `try_` forms, which one docstring describes: name -> members."""
    found = {}
    for m in members:
        name = m.xml.findtext("name")
        if name is not None and name.startswith("try_") and (
                name[4:] in found or name == "try_delete" and "delete_" in found):
            name = "delete_" if name == "try_delete" else name[4:]
        # Variables of one declaration share its docstring, too.
        found.setdefault(name if m.kind == "function" else (m.kind, m.file, m.line), []).append(m)
    return found


def undocumented(entities):
    """`FILE:LINE: NAME` for each public name that no docstring describes."""
    problems = []

    def see(e):
        problems.append((e.file, e.line, e.name))

    loose = [e for e in entities if e.kind == "function"]
    for e in entities:
        if e.kind != "function" and not e.documented and e.last_name not in STANDARD:
            see(e)
        problems.extend((e.file, e.line, v.name) for v in e.members if v.kind == "enumvalue" and not v.documented)
        members = [m for m in e.members if m.kind != "enumvalue" and not speaks_for_itself(m)]
        for of in groups(members).values():
            if not any(m.documented for m in of):
                see(of[0])
            for m in of:
                problems.extend((m.file, m.line, v.name) for v in m.members if not v.documented)
    for of in groups([f for f in loose if not speaks_for_itself(f)]).values():
        if not any(f.documented for f in of):
            see(of[0])
    return [f"include/{file}:{line}: {name} has no docstring" for file, line, name in sorted(set(problems))]
