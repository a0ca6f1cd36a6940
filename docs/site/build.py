"""Builds the site: build.py OUTPUT. Makes OUTPUT/pages, and of it OUTPUT/site.

`build.py --check` only looks whether names, reasons and macros have their texts. mkdocs.yml names the pages by hand;
those of the API, of the errors, of the decisions and of the examples are put below the entry that names their index.
"""
import json
import pathlib
import re
import shutil
import subprocess
import sys

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "docs/site"))
import doxygen  # noqa: E402
import pages  # noqa: E402
import reasons  # noqa: E402
import reference  # noqa: E402


def version():
    text = (ROOT / "include/cohttps/version.hpp").read_text()
    return re.search(r'COHTTPS_VERSION_STRING "([^"]+)"', text)[1]


def problems(entities):
    return doxygen.undocumented(entities) + reasons.problems(ROOT) + reference.macro_problems(ROOT)


def nav_with(text, index, entries):
    """mkdocs.yml with entries in place of the line that names `index`."""
    line = re.search(rf"^( *)- ([^:\n]+): {re.escape(index)}$", text, re.M)
    if line is None:
        raise SystemExit(f"mkdocs.yml: nav has no entry for {index}")
    space = line[1]
    made = [f"{space}- {line[2]}:", f"{space}    - {index}"] + [f"{space}    - {e}" for e in entries]
    return text.replace(line.group(), "\n".join(made), 1)


def without(text, names):
    """mkdocs.yml without the entries of these pages, so that the rest can be looked at."""
    lines = [line for line in text.splitlines() if not line.endswith(tuple(f" {n}" for n in names))]
    empty = True
    while empty:  # headings that nothing is below of
        depth = [len(line) - len(line.lstrip()) for line in lines] + [0]
        empty = [i for i, line in enumerate(lines)
                 if re.match(r" +- [^:]+:$", line) and depth[i + 1] <= depth[i] and i > lines.index("nav:")]
        lines = [line for i, line in enumerate(lines) if i not in empty]
    return "\n".join(lines) + "\n"


def weigh(index):
    """Puts the recipes before the reference: the theme's search counts a tag most, then a title, then text. It finds
    words by their beginning, so that `Proxies` also needs the tag `proxy`. Of examples the code is left out."""
    found = json.loads(index.read_text())
    for entry in found["docs"]:
        if re.fullmatch(r"(recipes|start)/[\w-]+\.html", entry["location"]):
            entry["tags"] = [re.sub(r"ies\b", "y", entry["title"].lower())]
        elif entry["location"].startswith("examples/"):
            entry["text"] = entry["text"][:300]
    index.write_text(json.dumps(found))


def build(output):
    made = output / "pages"
    for folder in (made, output / "site"):
        if folder.exists():
            shutil.rmtree(folder)
    entities = doxygen.read(doxygen.run(ROOT, output / "doxygen"))
    wrong, decisions, examples = pages.gather(ROOT, made)

    book = reference.Reference(ROOT, entities, version())
    api = book.api_pages()
    texts = {"options.md": book.options_page(), "limits.md": book.limits_page(), "events.md": book.events_page(),
             "build.md": reference.build_page(ROOT), "macros.md": reference.macros_page(ROOT),
             "index.md": (ROOT / "docs/site/reference.md").read_text(), "api/index.md": book.api_index()} | api
    errors = reasons.pages(ROOT, entities, book.link)
    texts |= {f"errors/{name}": text for name, text in errors.items()}
    for name, text in texts.items():
        pages.write(made / "reference" / name, text)
    for path in (ROOT / "docs/site").glob("*.css"):
        shutil.copy(path, made)

    settings = (ROOT / "mkdocs.yml").read_text()
    settings = nav_with(settings, "reference/api/index.md",
                        [f"{title}: reference/api/{name}.md" for name, title, *_ in reference.API])
    settings = nav_with(settings, "reference/errors/index.md",
                        [f"{name[:-3]}: reference/errors/{name}" for name in errors if name != "index.md"])
    settings = nav_with(settings, "decisions/index.md", decisions)
    settings = nav_with(settings, "examples/index.md", [f"{e.split('/')[1][:-3].replace('-', '.')}: {e}" for e in examples])
    named = set(re.findall(r"^ .*?([\w/.-]+\.md)$", settings, re.M))
    there = {p.relative_to(made).as_posix() for p in made.rglob("*.md")}
    wrong += [f"mkdocs.yml: names {n}, which is not there" for n in sorted(named - there)]
    settings = without(settings, named - there)
    wrong += [f"mkdocs.yml: does not name {n}" for n in sorted(there - named)]
    # Paths of the settings are relative to the file.
    settings = settings.replace("docs_dir: build-docs/pages", f"docs_dir: {made}")
    settings = settings.replace("site_dir: build-docs/site", f"site_dir: {output / 'site'}")
    (output / "mkdocs.yml").write_text(settings)
    done = subprocess.run(["mkdocs", "build", "--quiet", "--config-file", str(output / "mkdocs.yml")],
                          capture_output=True, text=True)
    wrong += [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
    if done.returncode != 0 and not wrong:
        wrong.append("mkdocs failed")
    index = output / "site/search/search_index.json"
    if index.exists():
        weigh(index)
    return wrong + problems(entities)


def main():
    if sys.argv[1:2] == ["--check"]:
        folder = pathlib.Path(sys.argv[2])
        wrong = problems(doxygen.read(doxygen.run(ROOT, folder / "doxygen")))
    else:
        wrong = build(pathlib.Path(sys.argv[1]).resolve())
    for line in wrong:
        print(line)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
