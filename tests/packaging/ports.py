#!/usr/bin/env python3
"""What the recipes of package managers say is what the project says: ports.py [CASE...]

The managers themselves are not installed. vcpkg's port runs with stand-ins for its functions that do the
same over CMake; Conan's recipe runs with stand-ins for its modules. Prints `ok NAME` or `not ok NAME`.
"""
import ast
import configparser
import importlib.util
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import types

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parents[2]

STAND_INS = """cmake_minimum_required(VERSION 3.21)
set(FEATURES core idn2 zlib)
set(PORT cohttps)
set(CURRENT_PACKAGES_DIR "{packages}")
function(vcpkg_find_acquire_program variable)
  find_program(PKG_CONFIG_PROGRAM pkg-config REQUIRED)
  set(${{variable}} "${{PKG_CONFIG_PROGRAM}}" PARENT_SCOPE)
endfunction()
function(vcpkg_cmake_configure)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "SOURCE_PATH" "OPTIONS")
  execute_process(COMMAND "${{CMAKE_COMMAND}}" -S "${{arg_SOURCE_PATH}}" -B "{build}" ${{arg_OPTIONS}}
    "-DCMAKE_INSTALL_PREFIX=${{CURRENT_PACKAGES_DIR}}" COMMAND_ERROR_IS_FATAL ANY)
endfunction()
function(vcpkg_cmake_install)
  execute_process(COMMAND "${{CMAKE_COMMAND}}" --install "{build}" COMMAND_ERROR_IS_FATAL ANY OUTPUT_QUIET)
endfunction()
function(vcpkg_cmake_config_fixup)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "CONFIG_PATH" "")
  file(MAKE_DIRECTORY "${{CURRENT_PACKAGES_DIR}}/share")
  file(RENAME "${{CURRENT_PACKAGES_DIR}}/${{arg_CONFIG_PATH}}" "${{CURRENT_PACKAGES_DIR}}/share/${{PORT}}")
  file(REMOVE_RECURSE "${{CURRENT_PACKAGES_DIR}}/lib/cmake")
endfunction()
function(vcpkg_fixup_pkgconfig)
endfunction()
function(vcpkg_install_copyright)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "" "FILE_LIST")
  file(INSTALL ${{arg_FILE_LIST}} DESTINATION "${{CURRENT_PACKAGES_DIR}}/share/${{PORT}}" RENAME copyright)
endfunction()
include("{portfile}")
"""


class Failed(Exception):
    pass


def text(path):
    return (ROOT / path).read_text()


def same(what, found, wanted):
    if found != wanted:
        raise Failed(f"{what}: {found}, not {wanted}")


def version():
    return re.search(r'VERSION_STRING "(.*)"', text("include/cohttps/version.hpp")).group(1)


def libraries():
    """option -> (pkg-config's name, oldest version), as Meson has it."""
    table = re.findall(r"^  '(\w+)': \['([\w-]+)', '([\d.]+)'\],$", text("meson.build"), re.M)
    if len(table) < 6:
        raise Failed(f"meson.build: only {table} were found")
    return {option: (module, oldest) for option, module, oldest in table}


# ---- cases ------------------------------------------------------------------------------------


def one_version():
    """Each file that names the version names the same one."""
    header = text("include/cohttps/version.hpp")
    numbers = [re.search(rf"VERSION_{part} (\d+)", header).group(1) for part in ("MAJOR", "MINOR", "PATCH")]
    same("version.hpp: its numbers", ".".join(numbers), version())
    same("meson.build", re.search(r"^  version: '(.*)'", text("meson.build"), re.M).group(1), version())
    same("vcpkg.json", json.loads(text("packaging/vcpkg/cohttps/vcpkg.json"))["version"], version())
    wrap = configparser.ConfigParser()
    wrap.read_string(text("packaging/meson/cohttps.wrap"))
    same("CHANGELOG.md", re.search(r"^## (\d[\d.]*)", text("CHANGELOG.md"), re.M).group(1), version())
    same("cohttps.wrap", wrap["wrap-git"]["revision"], f"v{version()}")


def the_same_options():
    """CMake, its package and the ports have Meson's optional libraries, with its oldest versions."""
    known = libraries()
    names = set(known)
    options = dict(re.findall(r"option\('(\w+)', type: 'feature'.*?description: '(.*?)'\)", text("meson_options.txt"), re.S))
    same("meson_options.txt", names - set(options), set())
    targets = text("cmake/cohttps-targets.cmake")
    same("cohttps-targets.cmake", {m[0]: (m[1], m[2]) for m in re.findall(r'^  "(\w+) ([\w-]+) ([\d.]+)"$', targets, re.M)}, known)
    cmake = re.findall(r'^cohttps_option\(COHTTPS_(\w+) auto "\$\{feature\}" "(.*)"\)$', text("CMakeLists.txt"), re.M)
    all_names = names | {"http3"}  # the one that needs two libraries
    same("CMakeLists.txt", {name.lower(): what for name, what in cmake}, {name: options[name] for name in all_names})
    package = re.search(r"foreach\(library (.*)\)\n    set\(COHTTPS", text("cmake/cohttps-config.cmake.in")).group(1)
    same("cohttps-config.cmake.in", set(package.lower().split()), all_names)
    port = json.loads(text("packaging/vcpkg/cohttps/vcpkg.json"))
    same("vcpkg.json: its features", set(port["features"]), all_names | {"boost"})
    same("vcpkg.json: its default features", set(port["default-features"]), names)
    loop = re.search(r"foreach\(library (.*)\)", text("packaging/vcpkg/cohttps/portfile.cmake")).group(1)
    same("portfile.cmake", set(loop.split()), all_names)


def vcpkg():
    """The port installs the headers, the CMake package and cohttps.pc, with the features that were chosen."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        packages = folder / "packages"
        (folder / "run.cmake").write_text(STAND_INS.format(
            packages=packages, build=folder / "build", portfile=ROOT / "packaging/vcpkg/cohttps/portfile.cmake"))
        run("cmake", "-P", folder / "run.cmake")
        installed = {str(p.relative_to(packages)) for p in packages.rglob("*") if p.is_file()}
        wanted = {f"include/{p.relative_to(ROOT / 'include')}" for p in (ROOT / "include").rglob("*") if p.is_file()}
        wanted |= {f"share/cohttps/{name}" for name in (
            "cohttps-config.cmake", "cohttps-config-version.cmake", "cohttps-targets.cmake", "copyright")}
        same("the files that only one of the port and the checkout has", installed ^ wanted, {"lib/pkgconfig/cohttps.pc"})
        macros = re.search("^Cflags: (.*)$", (packages / "lib/pkgconfig/cohttps.pc").read_text(), re.M).group(1)
        same("the macros of the features idn2 and zlib", macros,
             "-I${includedir} -DASIO_STANDALONE -DCOHTTPS_HAS_IDN2=1 -DCOHTTPS_HAS_ZLIB=1")
        (folder / "CMakeLists.txt").write_text(
            "cmake_minimum_required(VERSION 3.21)\nproject(app LANGUAGES CXX)\nfind_package(cohttps REQUIRED)\n")
        run("cmake", "-S", folder, "-B", folder / "app", f"-DCMAKE_PREFIX_PATH={packages}")


def conan():
    """The recipe's options, requirements and macros are the project's."""
    recipe, module = conan_recipe()
    known = libraries()
    same("the version", recipe.version, version())
    same("the options", set(recipe.options_of_class) - {"asio", "fPIC"}, set(known))
    same("the values of asio", recipe.options_of_class["asio"], ["standalone", "boost"])
    recipe.requirements()
    for option, (module_name, oldest) in known.items():
        requirement, component = module.LIBRARIES[option]
        if requirement not in recipe.required or component.split("::")[0] != requirement.split("/")[0]:
            raise Failed(f"{option}: {requirement} is not required, or {component} is not of it")
        if number(re.search(r">=([\d.]+)", requirement).group(1)) < number(oldest):
            raise Failed(f"{requirement} is older than Meson's {oldest}")
    recipe.package_info()
    headers = recipe.cpp_info.components["header_only"]
    same("the macros", headers.defines, ["ASIO_STANDALONE", *(f"COHTTPS_HAS_{name.upper()}=1" for name in module.LIBRARIES)])
    recipe.generate()
    same("the variables of CMake", recipe.toolchain.cache_variables,
         {"COHTTPS_ASIO": "standalone", "COHTTPS_HTTP3": "disabled",
          **{f"COHTTPS_{name.upper()}": "enabled" for name in known}})
    with tempfile.TemporaryDirectory() as name:
        recipe.export_sources_folder = name
        recipe.export_sources()
        exported = {p for p, _ in recipe.copied}
        same("what is exported", exported, {"CMakeLists.txt", "cmake/*", "include/*", "LICENSE"})
    for path in sorted((ROOT / "packaging/conan").rglob("*.py")):
        ast.parse(path.read_text(), str(path))


def number(version_text):
    return [int(part) for part in version_text.split(".")]


def run(*command):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, timeout=300)
    if done.returncode:
        raise Failed(f"{command[0]} failed: {(done.stdout + done.stderr)[-1500:]}")


def conan_recipe():
    """The recipe as an object, with stand-ins for what it takes from Conan."""

    class Info:
        def __init__(self):
            self.components, self.defines, self.requires = {}, [], []

        def set_property(self, *_):
            pass

    class Components(dict):
        def __missing__(self, name):
            self[name] = Info()
            return self[name]

    class Options(dict):
        __getattr__ = dict.__getitem__

        def get_safe(self, name):
            return self.get(name)

    class ConanFile:
        def __init__(self):
            self.recipe_folder = str(ROOT / "packaging/conan")
            self.options_of_class, self.options = self.options, Options(self.default_options)
            self.settings = types.SimpleNamespace(os="Linux")
            self.required, self.copied, self.cpp_info = [], [], Info()
            self.cpp_info.components = Components()

        def requires(self, requirement, **_):
            self.required.append(requirement)

    class Toolchain:
        def __init__(self, recipe):
            recipe.toolchain, self.cache_variables = self, {}

        def generate(self):
            pass

    class Deps:
        def __init__(self, recipe):
            pass

        def generate(self):
            pass

    modules = {
        "conan": {"ConanFile": ConanFile},
        "conan.errors": {"ConanInvalidConfiguration": Exception},
        "conan.tools": {},
        "conan.tools.build": {"check_min_cppstd": None},
        "conan.tools.cmake": {"CMake": None, "CMakeToolchain": Toolchain, "cmake_layout": None},
        "conan.tools.files": {"copy": lambda recipe, pattern, src, dst: recipe.copied.append((pattern, src)),
                              "load": lambda _, path: pathlib.Path(path).read_text(), "rmdir": None},
        "conan.tools.gnu": {"PkgConfigDeps": Deps},
    }
    for name, members in modules.items():
        sys.modules[name] = types.ModuleType(name)
        vars(sys.modules[name]).update(members)
    spec = importlib.util.spec_from_file_location("cohttps_conanfile", ROOT / "packaging/conan/conanfile.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    recipe = module.CohttpsRecipe()
    recipe.set_version()
    return recipe, module


def hosted_ci():
    """The workflow runs .ci/run in containers of the suites that tools/test-bare knows."""
    workflow = text(".github/workflows/ci.yml")
    same("its suites", re.search(r"suite: \[(.*)\]", workflow).group(1).split(", "), ["bookworm", "trixie"])
    same("its containers", re.findall(r"container: (.*)", workflow), ["debian:${{ matrix.suite }}"])
    same("its last command", workflow.rstrip().splitlines()[-1].strip(), "- run: .ci/run")


CASES = [one_version, the_same_options, vcpkg, conan, hosted_ci]


def cases(names=()):
    """(name, problem or nothing) of each case."""
    for case in CASES:
        if names and case.__name__ not in names:
            continue
        try:
            case()
            yield case.__name__.replace("_", " "), ""
        except (Failed, OSError, subprocess.TimeoutExpired, AttributeError, KeyError) as problem:
            yield case.__name__.replace("_", " "), f"{type(problem).__name__}: {problem}"


if __name__ == "__main__":
    failed = False
    for name, problem in cases(sys.argv[1:]):
        print(f"{'not ok' if problem else 'ok'} {name}{': ' + problem if problem else ''}", flush=True)
        failed = failed or bool(problem)
    sys.exit(failed)
