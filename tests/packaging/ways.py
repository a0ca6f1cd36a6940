#!/usr/bin/env python3
"""Each way to get the headers into a program builds one and runs it; each mistake gets an error that says
what to do: ways.py [WAY...]

Needs what tools/setup brings, and no network. Prints `ok NAME` or `not ok NAME` for each.
"""
import concurrent.futures
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tarfile
import tempfile

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests/docs"), str(ROOT / "tests/structure")]
import rules  # noqa: E402
import server  # noqa: E402

PROGRAM = ROOT / "tests/packaging/program.cpp"
PROGRAM_TEST = ROOT / "examples/testing_example.cpp"
VERSION = re.search(r'STRING "(.*)"', (ROOT / "include/cohttps/version.hpp").read_text()).group(1)
MESON_INSTALL = ["-Dtests=false", "-Dexamples=false", "-Dbenchmarks=disabled"]

CMAKE = """cmake_minimum_required(VERSION 3.21)
project(app LANGUAGES CXX)
{get}
add_executable(app app.cpp)
target_link_libraries(app PRIVATE {target})
"""
MESON = """project('app', 'cpp')
dependency('cohttps-header-only')
executable('app', 'app.cpp', dependencies: dependency('cohttps'), cpp_args: '-std=c++23')
executable('app_test', 'app_test.cpp', dependencies: dependency('cohttps-testing'), cpp_args: '-std=c++23')
"""


class Failed(Exception):
    pass


class Way:
    """A folder of its own, and what is done in it."""

    def __init__(self, folder, hosts):
        self.folder, self.hosts = folder, hosts
        self.environment = dict(os.environ)
        shutil.copy(PROGRAM, folder / "app.cpp")

    def run(self, *command, cwd=None, expect=0):
        done = subprocess.run([str(c) for c in command], cwd=cwd or self.folder, env=self.environment,
                              capture_output=True, text=True, errors="replace", timeout=1200)
        output = done.stdout + done.stderr
        if (done.returncode == 0) != (expect == 0):
            raise Failed(f"{shlex.join(map(str, command))} ended with {done.returncode}: {output[-1500:]}")
        return output

    def works(self, *program):
        """The program fetches a page over TLS that it has verified."""
        output = self.run(*program, self.hosts / "socket", self.hosts / "ca.pem")
        if output != f"{VERSION} 200 Hello from example.com\n":
            raise Failed(f"the program printed {output!r}")

    def cmake(self, get, target="cohttps::cohttps", options=(), expect=0):
        (self.folder / "CMakeLists.txt").write_text(CMAKE.format(get=get, target=target))
        output = self.run("cmake", "-S", ".", "-B", "build", *options, expect=expect)
        if expect == 0:
            self.run("cmake", "--build", "build")
            self.works(self.folder / "build/app")
        return output

    def refused(self, text, *command):
        """The command fails, and what it prints says `text`, however the lines are broken."""
        output = " ".join(self.run(*command, expect=1).split())
        if text not in output:
            raise Failed(f"{shlex.join(map(str, command))} does not say \"{text}\": {output[-1500:]}")

    def installed_by_meson(self):
        self.run("meson", "setup", ROOT / ".", self.folder / "meson", f"--prefix={self.folder / 'installed'}", *MESON_INSTALL)
        self.run("meson", "install", "-C", self.folder / "meson")
        return self.folder / "installed"

    def installed_by_cmake(self, *options):
        self.run("cmake", "-S", ROOT, "-B", self.folder / "cmake", f"-DCMAKE_INSTALL_PREFIX={self.folder / 'installed'}", *options)
        self.run("cmake", "--install", self.folder / "cmake")
        return self.folder / "installed"

    def pkg_config(self, prefix, *arguments):
        folder = next(prefix.rglob("cohttps.pc")).parent
        self.environment["PKG_CONFIG_PATH"] = f"{folder}:{self.environment.get('PKG_CONFIG_PATH', '')}"
        # Warnings are those of other libraries too.
        return [re.sub("^-I", "-isystem", word) for word in shlex.split(self.run("pkg-config", *arguments, "cohttps"))]


# ---- ways -------------------------------------------------------------------------------------


def find_package_of_meson(way):
    prefix = way.installed_by_meson()
    way.cmake("find_package(cohttps 0.2 REQUIRED)", options=[f"-DCMAKE_PREFIX_PATH={prefix}"])


def find_package_of_cmake(way):
    """The installation was moved, and has no brotli; two folders ask for the package."""
    prefix = way.installed_by_cmake("-DCOHTTPS_BROTLI=disabled", "-DCOHTTPS_ASIO=boost").rename(way.folder / "moved")
    (way.folder / "first_folder").mkdir()
    (way.folder / "first_folder/CMakeLists.txt").write_text("find_package(cohttps REQUIRED)\n")
    way.cmake("add_subdirectory(first_folder)\nfind_package(cohttps 0.1...<0.3 REQUIRED)",
              options=[f"-DCMAKE_PREFIX_PATH={prefix}", "-DCMAKE_EXPORT_COMPILE_COMMANDS=ON"])
    commands = (way.folder / "build/compile_commands.json").read_text()
    if "BROTLI" in commands or "BOOST_ASIO" not in commands:
        raise Failed("the package does not have the options of its installation")


def add_subdirectory(way):
    """And a test of the program, with cohttps::testing."""
    (way.folder / "cohttps").symlink_to(ROOT)
    shutil.copy(PROGRAM_TEST, way.folder / "app_test.cpp")
    way.cmake("add_subdirectory(cohttps)\nadd_executable(app_test app_test.cpp)\n"
              "target_link_libraries(app_test PRIVATE cohttps::testing)")
    way.run("build/app_test")


def header_only(way):
    (way.folder / "cohttps").symlink_to(ROOT)
    way.cmake("add_subdirectory(cohttps)", target="cohttps::header_only",
              options=["-DCMAKE_EXPORT_COMPILE_COMMANDS=ON"])
    entries = json.loads((way.folder / "build/compile_commands.json").read_text())
    if any("SEPARATE" in entry["command"] for entry in entries if entry["file"].endswith("app.cpp")):
        raise Failed("cohttps::header_only has the definitions apart")


def fetch_content(way):
    archive = way.folder / "cohttps.tar.gz"
    with tarfile.open(archive, "w:gz", compresslevel=1) as tar:
        for path in rules.files(ROOT):
            tar.add(path, f"cohttps/{path.relative_to(ROOT)}")
    way.cmake(f"include(FetchContent)\nFetchContent_Declare(cohttps URL {archive})\nFetchContent_MakeAvailable(cohttps)")


def meson_wrap(way):
    """With packaging/meson/cohttps.wrap, whose `url` is a repository of the checkout."""
    repository = way.folder / "repository"
    for path in rules.files(ROOT):
        there = repository / path.relative_to(ROOT)
        there.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, there)
    git = ["git", "-C", repository, "-c", "user.name=x", "-c", "user.email=x@example.com"]
    way.run("git", "init", "-q", repository)
    way.run(*git, "add", "-A")
    way.run(*git, "commit", "-q", "-m", "x")
    way.run(*git, "tag", f"v{VERSION}")
    wrap = (ROOT / "packaging/meson/cohttps.wrap").read_text()
    (way.folder / "subprojects").mkdir()
    (way.folder / "subprojects/cohttps.wrap").write_text(re.sub("(?m)^url = .*", f"url = file://{repository}", wrap))
    (way.folder / "meson.build").write_text(MESON)
    shutil.copy(PROGRAM_TEST, way.folder / "app_test.cpp")
    way.run("meson", "setup", "build")
    way.run("meson", "compile", "-C", "build")
    way.works(way.folder / "build/app")
    way.run("build/app_test")


def compiler_line(way):
    """The README's line, in a folder that has the checkout."""
    (way.folder / "cohttps").symlink_to(ROOT)
    line = re.search(r"^(g\+\+ .*)$", (ROOT / "README.md").read_text(), re.M).group(1)
    way.run("bash", "-c", f"{line} -o app")
    way.works(way.folder / "app")


def compiler_line_with_definitions(way):
    """With cohttps.pc."""
    prefix = way.installed_by_meson()
    flags = way.pkg_config(prefix, "--cflags", "--libs")
    definitions = way.pkg_config(prefix, "--variable=definitions")
    way.run("g++", "-std=c++23", "-DCOHTTPS_SEPARATE_COMPILATION", "app.cpp", *definitions, "-o", "app", *flags)
    way.works(way.folder / "app")


def one_header(way):
    """The README's program compiles from cohttps.hpp alone, by the line that this file begins with."""
    way.run(ROOT / "tools/amalgamate", "cohttps")
    header = (way.folder / "cohttps/cohttps.hpp").read_text()
    if not header.startswith(f"// cohttps {VERSION}:"):
        raise Failed(f"cohttps.hpp begins with {header.splitlines()[0]}")
    line = re.search(r"^//   (g\+\+ .*)$", header, re.M).group(1)
    readme = (ROOT / "README.md").read_text()
    (way.folder / "app.cpp").write_text(re.search(r"<!-- snippet: readme -->\n```cpp\n(.*?)```", readme, re.S).group(1))
    way.run("bash", "-c", f"{line} -I . -o app")
    output = way.run("./app", "https://localhost:1/", expect=1)
    if "https://localhost:1: connecting to 127.0.0.1:1 failed" not in output:
        raise Failed(f"the README's program printed {output!r}")


def one_header_and_one_source(way):
    """With all optional libraries; a second file names Asio's transport, HTTP/3 and OAuth 2."""
    way.run(ROOT / "tools/amalgamate", "cohttps")
    libraries = ["idn2", "psl", "nghttp2", "zlib", "brotli", "zstd", "ngtcp2"]
    macros = ["-DCOHTTPS_SEPARATE_COMPILATION", "-DCOHTTPS_WITH_JSON", *(f"-DCOHTTPS_HAS_{name.upper()}=1" for name in libraries)]
    (way.folder / "second.cpp").write_text(
        "#define COHTTPS_WITH_ASIO\n#include <cohttps/cohttps.hpp>\n"
        "void second(asio::io_context& io) {\n"
        "  cohttps::client client(cohttps::asio_transport(io), {.http3 = cohttps::make_http3()});\n"
        "  cohttps::oauth2_options options{.token_url = {}, .client_id = {}, .client_secret = {}};\n"
        "}\n")
    packages = way.run("pkg-config", "--cflags", "--libs", "botan-3", "libngtcp2", "libnghttp3")
    flags = [re.sub("^-I", "-isystem", f) for f in shlex.split(packages)]
    way.run("g++", "-std=c++23", "-Wall", "-Wextra", "-Werror", *macros, "-I", ".", "app.cpp", "second.cpp",
            "cohttps/cohttps.cpp", "-o", "app", *flags, "-lidn2", "-lpsl", "-lnghttp2", "-lz", "-lbrotlidec", "-lzstd",
            "-pthread")
    way.works(way.folder / "app")


ARM64_BOTAN = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache"), "cohttps/botan-arm64")


def arm64_compiler():
    """Debian's cross compiler, or None."""
    return shutil.which("aarch64-linux-gnu-g++-12") or shutil.which("aarch64-linux-gnu-g++")


def arm64(way):
    """Another processor: compiled without the optional libraries, run under qemu-user where it is there."""
    (way.folder / "include").mkdir()
    for name in ("asio", "asio.hpp"):  # headers alone, not the C library's beside them
        (way.folder / "include" / name).symlink_to(f"/usr/include/{name}")
    way.run(arm64_compiler(), "-std=c++23", "-O1", "-Wall", "-Wextra", "-Werror", "-DCOHTTPS_SEPARATE_COMPILATION",
            "-isystem", "include", "-isystem", ARM64_BOTAN / "include/botan-3", "-I", ROOT / "include", "app.cpp",
            ROOT / "include/cohttps/src.cpp", "-o", "app", f"-L{ARM64_BOTAN / 'lib'}", "-lbotan-3", "-pthread", "-static")
    if qemu := shutil.which("qemu-aarch64"):
        way.works(qemu, way.folder / "app")


# ---- mistakes ---------------------------------------------------------------------------------

NO_BOTAN = "Two ways to get one"


def without_botan(way):
    """CMake, its package and Meson name the two ways to get a Botan, and build none."""
    prefix = way.installed_by_cmake()
    way.environment |= {"PKG_CONFIG_PATH": "", "PKG_CONFIG_LIBDIR": str(way.folder)}
    way.refused(NO_BOTAN, "cmake", "-S", ROOT, "-B", "a")
    (way.folder / "CMakeLists.txt").write_text(CMAKE.format(get="find_package(cohttps REQUIRED)", target="x"))
    way.refused(NO_BOTAN, "cmake", "-S", ".", "-B", "b", f"-DCMAKE_PREFIX_PATH={prefix}")
    way.refused(NO_BOTAN, "meson", "setup", "c", ROOT)
    way.refused("cohttps needs Botan 3.7.1 or newer: add the flags of", "g++", "-std=c++23", "-fsyntax-only",
                "-I", ROOT / "include", "app.cpp")


def botan_of_a_wrong_version(way):
    """Botan 2, and 3.11.0, which skips the verification of certificates, count as none."""
    for version in ("2.19.3", "3.7.0", "3.11.0"):
        way.environment["PKG_CONFIG_PATH"] = str(way.folder)
        (way.folder / "botan-3.pc").write_text(f"Name: Botan\nDescription: x\nVersion: {version}\n")
        way.refused(f"pkg-config finds {version}", "cmake", "-S", ROOT, "-B", f"cmake-{version}")
        way.refused(NO_BOTAN, "meson", "setup", f"meson-{version}", ROOT)


def without_asio(way):
    nowhere = ["-DCMAKE_FIND_ROOT_PATH=/nonexistent", "-DCMAKE_FIND_ROOT_PATH_MODE_INCLUDE=ONLY"]
    way.refused("needs Asio 1.22 or newer", "cmake", "-S", ROOT, "-B", "a", *nowhere)
    way.refused("needs Boost 1.78 or newer", "cmake", "-S", ROOT, "-B", "b", "-DCOHTTPS_ASIO=boost", *nowhere)


def wrong_options(way):
    way.refused("COHTTPS_ZSTD is `yes`; it can be one of auto, enabled, disabled", "cmake", "-S", ROOT, "-B", "a",
                "-DCOHTTPS_ZSTD=yes")
    way.refused("COHTTPS_ASIO is `none`; it can be one of standalone, boost", "cmake", "-S", ROOT, "-B", "b",
                "-DCOHTTPS_ASIO=none")
    pc = way.folder / "libzstd.pc"
    pc.write_text("Name: zstd\nDescription: x\nVersion: 1.3\n")
    way.environment["PKG_CONFIG_PATH"] = f"{way.folder}:{way.environment.get('PKG_CONFIG_PATH', '')}"
    way.refused("needs libzstd 1.4 or newer, as COHTTPS_ZSTD is `enabled`", "cmake", "-S", ROOT, "-B", "c",
                "-DCOHTTPS_ZSTD=enabled")


def another_version(way):
    prefix = way.installed_by_cmake()
    for asked in ("0.1", "0.3", "1.0", "0.2.9"):
        (way.folder / "CMakeLists.txt").write_text(CMAKE.format(get=f"find_package(cohttps {asked} REQUIRED)", target="x"))
        way.refused(f'compatible with requested version "{asked}"', "cmake", "-S", ".", "-B", f"build-{asked}",
                    f"-DCMAKE_PREFIX_PATH={prefix}")


def an_older_language(way):
    way.refused("cohttps needs C++23: compile with -std=c++23", "g++", "-std=c++20", "-fsyntax-only", "-I", ROOT / "include",
                "app.cpp")


WAYS = [find_package_of_meson, find_package_of_cmake, add_subdirectory, header_only, fetch_content, meson_wrap,
        compiler_line, compiler_line_with_definitions, one_header, one_header_and_one_source, without_botan, botan_of_a_wrong_version, without_asio,
        wrong_options, another_version, an_older_language]


def problem_of(way, hosts):
    with tempfile.TemporaryDirectory(prefix="cohttps-way-") as folder:
        try:
            way(Way(pathlib.Path(folder).resolve(), hosts))
        except (Failed, OSError, subprocess.TimeoutExpired) as problem:
            return str(problem)
    return ""


def cases(names=()):
    """(name, problem or nothing) of each way."""
    chosen = [way for way in [*WAYS, arm64] if (way.__name__ in names if names else way is not arm64)]
    with tempfile.TemporaryDirectory() as folder:
        hosts = pathlib.Path(folder)
        server.make_certificates(hosts)
        server.Server(hosts).start()
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            for way, problem in zip(chosen, pool.map(lambda way: problem_of(way, hosts), chosen)):
                yield way.__name__.replace("_", " "), problem


if __name__ == "__main__":
    failed = False
    for name, problem in cases(sys.argv[1:]):
        print(f"{'not ok' if problem else 'ok'} {name}", flush=True)
        if problem:
            failed = True
            print("    " + problem.replace("\n", "\n    "), flush=True)
    sys.exit(failed)
