"""Gathers the pages of the site: those of docs/, CHANGELOG.md and others of the root, the examples with their text, an
index of the decisions. Links between them become links within the site.
"""
import os
import pathlib
import re
import shutil

FROM_ROOT = {"CHANGELOG.md": "changelog.md", "SECURITY.md": "security.md", "CONTRIBUTING.md": "contributing.md"}
LINK = re.compile(r"(?<!\\)(\]\()([^)\s]+)(\))")
FENCE = re.compile(r"^( *)```.*?^\1```", re.M | re.S)


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def outside_code(text, change):
    """Changes what is no block of code and no code in a line."""
    out, last = [], 0
    for match in re.finditer(rf"{FENCE.pattern}|`[^`\n]+`", text, re.M | re.S):
        out += [change(text[last:match.start()]), match.group()]
        last = match.end()
    return "".join(out + [change(text[last:])])


def place_of(root, path):
    """Where a file of the checkout is in the site, or None."""
    name = path.relative_to(root).as_posix()
    if name in FROM_ROOT:
        return FROM_ROOT[name]
    if name == "README.md":
        return "index.md"
    if name in ("docs", "docs/decisions", "examples"):
        return {"docs": "index.md", "docs/decisions": "decisions/index.md", "examples": "examples/index.md"}[name]
    if name.startswith("docs/") and not name.startswith("docs/site/"):
        return name.removeprefix("docs/")
    if name.startswith("examples/"):
        return "examples/index.md" if name == "examples/README.md" else re.sub(r"\.(cpp|hpp|py)$", r"-\1.md", name)
    return None


def relinked(root, source, place, text, problems):
    """Links of a page as they are in the site."""
    generated = ("reference/", "decisions/index.md", "examples/")

    def change(match):
        target = match[2]
        if re.match(r"[a-z]+:|#|/", target):
            return match.group()
        path, _, at = target.partition("#")
        there = pathlib.Path(os.path.normpath(source.parent / path))
        here = place.parent
        # a page that only the site has, such as reference/options.md
        in_site = os.path.normpath(here / path) if source.is_relative_to(root / "docs") else ""
        if in_site.startswith(generated):
            return match.group()
        try:
            wanted = place_of(root, there)
        except ValueError:
            wanted = None
        if wanted is None or not there.exists():
            problems.append(f"{source.relative_to(root)}: links to {target}, which is not in the site")
            return match.group()
        return f"{match[1]}{os.path.relpath(wanted, here)}{'#' + at if at else ''}{match[3]}"

    return outside_code(text, lambda t: LINK.sub(change, t))


def title_of(text, otherwise):
    match = re.search(r"^# (.+)$", text, re.M)
    return match[1] if match else otherwise


def decision_title(text, path):
    """`# 020: Data ...` and `# 1. A parent ...` both become the words."""
    return re.sub(r"^\d+[.:]?\s*", "", title_of(text, path.stem))


def first_sentence_of(text):
    """The first sentence below the title, without its label."""
    body = re.sub(r"^#.*$", "", text, flags=re.M)
    paragraph = next((p for p in re.split(r"\n\s*\n", body) if p.strip() and not p.strip().startswith(("|", "```"))), "")
    line = re.sub(r"\s+", " ", paragraph).strip()
    line = re.sub(r"^\*\*[^*]+\*\*:?\s*", "", line)
    line = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", line)
    first = re.split(r"(?<=[.:;])\s", line + " ")[0].strip().rstrip(".:;")
    return first.replace("|", "\\|") + "."


def gather(root, to):
    """Copies all of it; gives what is wrong, and the pages that belong under `Decisions` and `Examples`."""
    problems, decisions, examples = [], [], []
    for path in sorted((root / "docs").rglob("*")):
        inside = path.relative_to(root / "docs")
        if path.is_dir() or inside.parts[0] == "site":
            continue
        if path.suffix == ".md":
            text = path.read_text()
            if inside.parts[0] == "decisions":
                decisions.append((path, text))
                number = re.match(r"\d+", path.stem)
                text = re.sub(r"^# .*$", f"# {number[0]} {decision_title(text, path)}" if number else r"\g<0>", text,
                              count=1, flags=re.M)
            write(to / inside, relinked(root, path, inside, text, problems))
        elif path.suffix in (".svg", ".png", ".css", ".js"):
            (to / inside).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, to / inside)
    for name, place in FROM_ROOT.items():
        write(to / place, relinked(root, root / name, pathlib.Path(place), (root / name).read_text(), problems))
    for path in sorted((root / "examples").glob("*")):
        if path.suffix in (".cpp", ".hpp") :
            place = place_of(root, path)
            text = path.read_text()
            about = re.match(r"((?://[^\n]*\n)+)", text)
            lines = re.sub(r"^// ?", "", about[1], flags=re.M).strip() if about else ""
            code = text[about.end():].lstrip("\n") if about else text
            words = re.sub(r"([*_<>\[\]])", r"\\\1", re.sub(r"\s+", " ", lines))
            write(to / place, f"# {path.name}\n\n{words}\n\n```cpp\n{code}```\n")
            examples.append(place)
        elif path.name == "README.md":
            write(to / "examples/index.md",
                  relinked(root, path, pathlib.Path("examples/index.md"), path.read_text(), problems))
    rows = [f"| [{path.stem[:3]} {decision_title(text, path)}]({path.name}) | {first_sentence_of(text)} |"
            for path, text in decisions]
    write(to / "decisions/index.md",
          "# Decisions\n\nWhat was decided, why, what was measured, and what was rejected; one page each.\n\n"
          "<div class=\"options\" markdown>\n\n| decision | how it begins |\n|---|---|\n" + "\n".join(rows)
          + "\n\n</div>\n")
    return problems, [f"decisions/{p.name}" for p, _ in decisions], examples
