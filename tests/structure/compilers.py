"""The checks that need a compiler or a tool of LLVM 19.

Each gives a list of problems, one line each. `Flags` are what Meson compiles this project with, read
from a configured build folder, so that they are written down once.
"""
import concurrent.futures
import json
import os
import pathlib
import re
import shlex
import shutil
import statistics
import subprocess
import tempfile

import rules


SEPARATE = "-DCOHTTPS_SEPARATE_COMPILATION"
NO_RECORD_LAYER = "-DCOHTTPS_NO_RECORD_LAYER"
APART = ("src.hpp", "testing/src.hpp")  # the headers that want it


def find(program):
    """The path of an LLVM 19 program; tools/check may name another place in COHTTPS_LLVM."""
    folder = os.environ.get("COHTTPS_LLVM")
    return shutil.which(program, path=folder) if folder else shutil.which(program + "-19")


def gcc():
    return shutil.which("g++") or shutil.which("c++")


def run(command, **kwargs):
    return subprocess.run(command, capture_output=True, text=True, errors="replace", **kwargs)


def in_parallel(function, items):
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(function, items))


class Flags:
    """How to compile and link against the headers of the checkout at `root`."""

    WITH_VALUE = ("-o", "-MF", "-MQ", "-MT")
    DROPPED = re.compile(r"-(c|MD|MMD|g.*|O.*|Winvalid-pch|fdiagnostics-color.*|fsanitize.*)$")

    def __init__(self, root, common=(), link=(), of_file=None):
        self.root = pathlib.Path(root).resolve()
        self.include = f"-I{self.root / 'include'}"
        self.common = list(common)  # language, macros, other libraries' headers, warnings
        self.link = list(link)
        self.of_file = of_file or {}  # flags of the files that Meson compiles

    def with_macros(self, macros):
        return Flags(self.root, [*self.common, *macros], self.link, self.of_file)

    @classmethod
    def of_build(cls, root, build):
        root, build = pathlib.Path(root).resolve(), pathlib.Path(build)
        entries = json.loads((build / "compile_commands.json").read_text())
        of_file = {}
        for entry in entries:
            file = (pathlib.Path(entry["directory"]) / entry["file"]).resolve()
            of_file[file] = cls.kept(shlex.split(entry["command"])[1:], entry["directory"])
        some = next((flags for file, flags in of_file.items() if "tests" in file.parts), None)
        some = some or next(iter(of_file.values()))
        common = [f for f in some if f not in (SEPARATE, NO_RECORD_LAYER)  # what wants them says so
                  and (not f.startswith("-I") or root not in pathlib.Path(f[2:]).parents)]
        link = []
        for dependency in json.loads((build / "meson-info/intro-dependencies.json").read_text()):
            if not re.search("catch2|benchmark", dependency["name"]):
                link += dependency["link_args"]
        return cls(root, common, link, of_file)

    @classmethod
    def kept(cls, arguments, directory):
        flags, arguments = [], iter(arguments)
        for argument in arguments:
            if argument in cls.WITH_VALUE:
                next(arguments)
            elif argument.startswith("-I"):
                flags.append("-I" + os.path.normpath(os.path.join(directory, argument[2:])))
            elif argument.startswith("-") and not cls.DROPPED.match(argument):
                flags.append(argument)
        return flags

    def found(self, path):
        """Where an include of Botan's leads to: most programs see warnings that we do not."""
        if path.startswith("botan/"):
            for flag in self.common:
                file = pathlib.Path(flag.removeprefix("-isystem").removeprefix("-I"), path)
                if flag.startswith(("-isystem", "-I")) and file.is_file():
                    yield file

    def strict(self):
        return [*self.common, self.include, "-Werror"]

    def relaxed(self):
        return [f for f in self.common if not f.startswith("-W")] + [self.include, "-w"]


def first_error(output):
    lines = output.splitlines()
    return next((line for line in lines if re.search(r"error|undefined|multiple", line)), (lines or ["?"])[0])


def changed_by_separation(headers):
    """Those that are not the same with the definitions apart: they name the macro, or include one that does."""
    includes = {header: {path for _, kind, path in rules.includes(header, text) if kind == "own"}
                for header, text in headers.items()}
    changed = {header for header, text in headers.items() if SEPARATE[2:] in text}
    more = changed
    while more:
        more = {header for header in headers if header not in changed and includes[header] & changed}
        changed |= more
    return changed


def headers_alone(flags, compiler_of_all, compiler_of_some, changed):
    """Each header compiles as the only one of a program, twice over: with the definitions apart, and header-only
    those that programs name. What changed compiles in both ways, with a second compiler, and its definitions alone."""
    texts = rules.headers(flags.root)
    declared = sorted(header for header in texts if header.endswith(".hpp") and header not in APART)
    changed = sorted(header for header in texts if header in changed and header not in APART)
    named = [header for header in declared if rules.part_of(header) in ("", "client")]
    depends = changed_by_separation(texts)

    def compile_one(job):
        compiler, header, mode = job
        text = f"#include <cohttps/{header}>\n" * 2
        if library := rules.ADAPTERS.get(header):
            text = f"#if __has_include(<{library}>)\n{text}#endif\n"
        extra = ["-Wno-unknown-warning-option"] if "clang" in os.path.basename(compiler) else []
        done = run([compiler, *flags.strict(), *extra, *filter(None, [mode]), "-fsyntax-only", "-x", "c++", "-"], input=text)
        if done.returncode:
            how = f"{os.path.basename(compiler)} {mode}".strip()
            return f"{header}: not alone with {how}: {first_error(done.stderr)}"
        return None

    internal = [f"{header}: includes <{path}>, which Botan is going to make internal"
                for header, text in texts.items() for _, _, path in rules.includes(header, text)
                if any(re.search(r"^BOTAN_FUTURE_INTERNAL_HEADER\(", there.read_text(errors="replace"), re.M)
                       for there in flags.found(path))]
    if internal:
        return internal
    jobs = dict.fromkeys((compiler_of_all, header, SEPARATE) for header in [*declared, *changed])
    jobs |= dict.fromkeys((compiler_of_all, header, "") for header in [*named, *changed] if header in depends)
    jobs |= dict.fromkeys((compiler_of_some, header, "") for header in changed)
    return [problem for problem in in_parallel(compile_one, jobs) if problem]


def refused_forms(flags, compiler, path, lines=None):
    """Each `FORM == n  // text` of a file is refused by the compiler, with that text; without one it compiles.
    With `lines` the text is among the first lines of what the compiler says, after the list of includes."""
    texts = re.findall(r"^#(?:el)?if FORM == (\d+)  // (.+)$", path.read_text(), re.M)
    problems = []

    def try_form(form):
        return run([compiler, *flags.strict(), f"-DFORM={form}", "-fsyntax-only", str(path)])

    forms = [("0", None), *texts]
    for (form, text), done in zip(forms, in_parallel(try_form, [form for form, _ in forms])):
        said = [line for line in done.stderr.splitlines() if not re.match(r"In file included from|\s+from ", line)]
        if text is None and done.returncode:
            problems.append(f"{path.name}: does not compile without a form: {first_error(done.stderr)}")
        elif text and (not done.returncode or text not in "\n".join(said[:lines])):
            problems.append(f"{path.name}: form {form} is not refused with \"{text}\" by {compiler}")
    return problems


def compiles_with_botan(flags, compiler, headers):
    """src.cpp compiles with other headers of Botan. Gives problems, and their version."""
    others = [flag for flag in flags.relaxed() if not re.match(r"-(isystem|I).*/botan-3$", flag)]
    command = [compiler, f"-isystem{headers}", *others, SEPARATE]
    macros = run([*command, "-E", "-dM", "-include", "botan/version.h", "-x", "c++", "-"], input="").stdout
    version = ".".join(re.search(rf"define BOTAN_VERSION_{part} (\d+)", macros).group(1) for part in ("MAJOR", "MINOR", "PATCH"))
    done = run([*command, "-fsyntax-only", str(flags.root / "include/cohttps/src.cpp")])
    return ([f"with Botan {version}: {first_error(done.stderr)}"] if done.returncode else []), f"Botan {version}"


def optimised(flags, compiler, program):
    """A header-only program compiles at -O3 without a warning."""
    command = [compiler, *flags.strict(), "-Wall", "-Wextra", f"-I{program.parent}", "-O3", "-c", str(program)]
    done = run([*command, "-o", "/dev/null"])
    return [first_error(done.stderr)] if done.returncode else []


def one_definition(flags, compiler):
    """Two translation units that include everything, in opposite orders, link and run: header-only,
    and with the definitions in units of their own."""
    every = [h for h in sorted(rules.headers(flags.root)) if h not in APART and h not in rules.ADAPTERS]
    problems = units_link(flags, compiler, every)
    include = flags.root / "include"
    sources = {path.parent.name: f"#include <{path.relative_to(include)}>\n" for path in include.rglob("src.cpp")}
    if sources:
        problems += units_link(flags.with_macros([SEPARATE]), compiler, every, sources)
    return problems


def units_link(flags, compiler, headers, more={}):
    every = [f"#include <cohttps/{h}>\n" for h in headers]
    texts = {
        "one": "".join(every) + "int two();\nint main() { return two(); }\n",
        "two": "".join(reversed(every)) + "int two();\nint two() { return 0; }\n",
        **more,
    }
    with tempfile.TemporaryDirectory() as folder:

        def compile_one(name):
            command = [compiler, *flags.relaxed(), "-O0", "-c", "-x", "c++", "-", "-o", f"{folder}/{name}.o"]
            return run(command, input=texts[name])

        for name, done in zip(texts, in_parallel(compile_one, texts)):
            if done.returncode:
                return [f"a program that includes everything does not compile ({name}): {first_error(done.stderr)}"]
        objects = [f"{folder}/{name}.o" for name in texts]
        done = run([compiler, *objects, *flags.link, "-o", f"{folder}/program"])
        if done.returncode:
            return [f"two programs that include everything do not link: {first_error(done.stderr)}"]
        done = run([f"{folder}/program"])
        return [f"a program that includes everything ends with {done.returncode}"] if done.returncode else []


# ---- compile time -----------------------------------------------------------------------------


def headers_needed(flags, compiler, source):
    """The headers of Asio and Botan that the project's headers include directly, for a source."""
    done = run([compiler, *flags.relaxed(), "-E", str(source)])
    if done.returncode:
        raise ValueError(first_error(done.stderr))
    ours, stack, needed = str(flags.root / "include"), [], {}
    for match in re.finditer(r'^# \d+ "([^"]*)"((?: \d)*)', done.stdout, re.M):
        file, marks = match.group(1), match.group(2).split()
        if "1" in marks:
            if stack and stack[-1].startswith(ours) and re.search(r"/(asio|botan)\b", file):
                needed[file] = None
            stack.append(file)
        elif "2" in marks and stack:
            stack.pop()
    return list(needed)


def compile_seconds(flags, compiler, source, output):
    """Seconds of processor time, which other programs on the machine hardly disturb."""
    process = subprocess.Popen([compiler, *flags.relaxed(), "-O0", "-c", str(source), "-o", output])
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise ValueError(f"{source} does not compile")
    return usage.ru_utime + usage.ru_stime


def compile_time(flags, compiler, source, limit, header_only_limit, rounds=3):
    """`source` compiles in at most `limit` times what its Asio and Botan headers alone take when the
    definitions are in a unit of their own, and in at most `header_only_limit` times with them."""
    with tempfile.TemporaryDirectory() as folder:
        bare = pathlib.Path(folder, "bare.cpp")
        try:
            needed = headers_needed(flags, compiler, source)
            bare.write_text("".join(f'#include "{file}"\n' for file in needed) + "int main() {}\n")
            jobs = {"bare": (bare, []), "separate": (source, [SEPARATE]), "header-only": (source, [])}
            times = {name: [] for name in jobs}
            for number in range(rounds):
                for name, (file, macros) in jobs.items():
                    if number > 0 and name == "header-only":
                        continue  # takes longest, and its limit is loose
                    times[name].append(
                        compile_seconds(flags.with_macros(macros), compiler, file, f"{folder}/out.o"))
        except ValueError as error:
            return [str(error)], ""
    seconds = {name: statistics.median(taken) for name, taken in times.items()}
    figures = f"the {len(needed)} Asio and Botan headers that it needs {seconds['bare']:.2f} s"
    problems = []
    for name, most in (("separate", limit), ("header-only", header_only_limit)):
        ratio = seconds[name] / seconds["bare"]
        figure = f"{name} {seconds[name]:.2f} s, {ratio:.2f} times, at most {most:g}"
        figures += f"; {figure}"
        if ratio > most:
            problems.append(f"{pathlib.Path(source).name}: {figure}")
    return problems, figures


def emitted_functions(flags, compiler, root):
    """How many functions the compiler emits at -O0 for each of three units."""
    hello = root / "tests/structure/hello.cpp"
    with tempfile.TemporaryDirectory() as folder:
        unused = pathlib.Path(folder, "unused.cpp")
        unused.write_text("#include <cohttps/cohttps.hpp>\nint main() {}\n")
        units = {"a first program, header-only": (hello, []), "included and not used": (unused, []),
                 "a first program, definitions apart": (hello, [SEPARATE])}

        def count(unit):
            source, macros = units[unit]
            output = f"{folder}/{len(unit)}.o"
            done = run([compiler, *flags.with_macros(macros).relaxed(), "-O0", "-c", str(source), "-o", output])
            if done.returncode:
                raise ValueError(first_error(done.stderr))
            return len(re.findall(r"^\S* [tTwWu] ", run(["nm", output]).stdout, re.M))

        return dict(zip(units, in_parallel(count, units)))


def built_with(flags, compiler):
    """The compiler and the libraries on which the number of functions depends."""
    done = run([compiler, *flags.relaxed(), "-E", "-dM", "-x", "c++", "-"],
               input="#include <cohttps/transport/asio/config.hpp>\n#include <botan/version.h>\n")
    macros = dict(re.findall(r"^#define (\w+) (.*)$", done.stdout, re.M))
    botan = ".".join(macros.get(f"BOTAN_VERSION_{part}", "?") for part in ("MAJOR", "MINOR", "PATCH"))
    options = " ".join(sorted(name.removeprefix("COHTTPS_HAS_") for name in macros if name.startswith("COHTTPS_HAS_")))
    return (f"GCC {run([compiler, '-dumpfullversion']).stdout.strip()}, Botan {botan}, "
            f"Asio {macros.get('ASIO_VERSION', macros.get('BOOST_ASIO_VERSION', '?'))}, {options}")


def compare_functions(flags, compiler, root):
    """No unit has more functions than tests/structure/functions.json records for this compiler and libraries."""
    key = built_with(flags, compiler)
    recorded = json.loads((root / "tests/structure/functions.json").read_text()).get(key)
    try:
        counted = emitted_functions(flags, compiler, root)
    except ValueError as error:
        return [str(error)], ""
    note = ", ".join(f"{unit} {count}" for unit, count in counted.items())
    if recorded is None:
        return [], f"not compared, as nothing is recorded for {key}: {note}"
    return [f"{unit}: {count} functions instead of {recorded[unit]}; write the number of tests/structure/functions.json "
            "down anew when fewer, or when the new ones are meant"
            for unit, count in counted.items() if count != recorded[unit]], note


# ---- clang-format and clang-tidy --------------------------------------------------------------


def formatting(root, paths):
    """Files are as clang-format 19 would write them."""
    if not paths:
        return []
    done = run([find("clang-format"), "--dry-run", "--Werror", *map(str, paths)], cwd=root)
    bad = dict.fromkeys(re.findall(r"^(.+?):\d+:\d+: error:", done.stderr, re.M))
    problems = [f"{os.path.relpath(file, root)}: not as clang-format-19 writes it" for file in bad]
    return problems or ([first_error(done.stderr)] if done.returncode else [])


def tidying(flags, paths):
    """clang-tidy 19 finds nothing; headers are seen through one generated translation unit."""
    root = flags.root
    paths = [pathlib.Path(path).resolve() for path in paths]
    headers = [path for path in paths if path.suffix in (".hpp", ".ipp")]
    every_include = [f for f in dict.fromkeys(f for known in flags.of_file.values() for f in known) if f.startswith("-I")]
    with tempfile.TemporaryDirectory() as folder:
        jobs = []
        if headers:
            unit = pathlib.Path(folder, "headers.cpp")
            unit.write_text("".join(f'#include "{path}"\n' for path in headers))
            jobs.append((unit, [*flags.strict(), *every_include], "|".join(re.escape(str(path)) for path in headers)))
        for path in paths:
            if path.suffix == ".cpp":
                jobs.append((path, flags.of_file.get(path, [*flags.strict(), *every_include]), "^$"))

        def tidy(job):
            source, arguments, filtered = job
            arguments = [a for a in arguments if a != "-Werror"] + ["-Wno-unknown-warning-option"]
            return run([find("clang-tidy"), "--quiet", f"--config-file={root / '.clang-tidy'}",
                        f"--header-filter=^({filtered})$", str(source), "--", *arguments])

        problems = {}
        for (source, _, _), done in zip(jobs, in_parallel(tidy, jobs)):
            found = re.findall(r"^(/.+?):(\d+):\d+: (?:warning|error): (.*)$", done.stdout, re.M)
            for file, line, message in found:
                problems[f"{os.path.relpath(file, root)}:{line}: {message}"] = None
            if done.returncode and not found:
                problems[f"clang-tidy of {source.name} failed: {first_error(done.stderr)}"] = None
    return list(problems)
