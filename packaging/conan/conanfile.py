# A recipe for Conan 2, from a checkout:
#
#   conan create cohttps/packaging/conan --build=missing
#
# Not run: Conan itself, which is not packaged for Debian. tools/check runs this file with stand-ins for Conan's
# modules, and compares its options, version and libraries with those of the project.
import os
import re

from conan import ConanFile
from conan.errors import ConanInvalidConfiguration
from conan.tools.build import check_min_cppstd
from conan.tools.cmake import CMake, CMakeToolchain, cmake_layout
from conan.tools.files import copy, load, rmdir
from conan.tools.gnu import PkgConfigDeps

required_conan_version = ">=2.0"

# option: (requirement, component of it)
LIBRARIES = {
    "idn2": ("libidn2/[>=2.3 <3]", "libidn2::libidn2"),
    "psl": ("libpsl/[>=0.21 <1]", "libpsl::libpsl"),
    "nghttp2": ("libnghttp2/[>=1.50 <2]", "libnghttp2::nghttp2"),
    "zlib": ("zlib/[>=1.2.11 <2]", "zlib::zlib"),
    "brotli": ("brotli/[>=1.0.9 <2]", "brotli::brotlidec"),
    "zstd": ("zstd/[>=1.5 <2]", "zstd::zstdlib"),
}


class CohttpsRecipe(ConanFile):
    name = "cohttps"
    description = "HTTPS client for C++ coroutines"
    license = "MIT"
    topics = ("http", "https", "http2", "websocket", "coroutines", "asio", "header-only")
    package_type = "static-library"
    settings = "os", "arch", "compiler", "build_type"
    options = {"asio": ["standalone", "boost"], "fPIC": [True, False], **{name: [True, False] for name in LIBRARIES}}
    default_options = {"asio": "standalone", "fPIC": True, **{name: True for name in LIBRARIES}}

    @property
    def _checkout(self):
        return os.path.join(self.recipe_folder, "..", "..")

    def set_version(self):
        header = load(self, os.path.join(self._checkout, "include/cohttps/version.hpp"))
        self.version = re.search(r'COHTTPS_VERSION_STRING "(.*)"', header).group(1)

    def export_sources(self):
        for pattern in ("CMakeLists.txt", "cmake/*", "include/*", "LICENSE"):
            copy(self, pattern, src=self._checkout, dst=self.export_sources_folder)

    def layout(self):
        cmake_layout(self)

    def requirements(self):
        self.requires("botan/[>=3.7.1 <4]", transitive_headers=True, transitive_libs=True)
        asio = "boost/[>=1.78 <2]" if self.options.asio == "boost" else "asio/[>=1.22 <2]"
        self.requires(asio, transitive_headers=True)
        for name in self._enabled():
            self.requires(LIBRARIES[name][0], transitive_headers=True, transitive_libs=True)

    def validate(self):
        check_min_cppstd(self, 23)
        if self.settings.os == "Windows":
            raise ConanInvalidConfiguration("cohttps is not supported on Windows")
        if str(self.dependencies["botan"].ref.version) == "3.11.0":
            raise ConanInvalidConfiguration("Botan 3.11.0 skips the verification of certificates (CVE-2026-34580)")

    def generate(self):
        toolchain = CMakeToolchain(self)
        toolchain.cache_variables["COHTTPS_ASIO"] = str(self.options.asio)
        for name in LIBRARIES:
            toolchain.cache_variables[f"COHTTPS_{name.upper()}"] = "enabled" if name in self._enabled() else "disabled"
        toolchain.cache_variables["COHTTPS_HTTP3"] = "disabled"  # a requirement for it is missing here
        toolchain.generate()
        PkgConfigDeps(self).generate()

    def build(self):
        cmake = CMake(self)
        cmake.configure()
        cmake.build(target="cohttps")

    def package(self):
        CMake(self).install()
        copy(self, "*.a", src=self.build_folder, dst=os.path.join(self.package_folder, "lib"), keep_path=False)
        copy(self, "LICENSE", src=self.source_folder, dst=os.path.join(self.package_folder, "licenses"))
        for folder in ("lib/cmake", "lib/pkgconfig", "share"):  # CMakeDeps and PkgConfigDeps make these
            rmdir(self, os.path.join(self.package_folder, folder))

    def package_info(self):
        boost = self.options.asio == "boost"
        headers = self.cpp_info.components["header_only"]
        headers.set_property("cmake_target_name", "cohttps::header_only")
        headers.defines = ["COHTTPS_USE_BOOST_ASIO=1" if boost else "ASIO_STANDALONE"]
        headers.defines += [f"COHTTPS_HAS_{name.upper()}=1" for name in self._enabled()]
        headers.requires = ["botan::botan", "boost::headers" if boost else "asio::asio"]
        headers.requires += [LIBRARIES[name][1] for name in self._enabled()]
        headers.libdirs = []
        headers.system_libs = ["pthread"] if self.settings.os in ("Linux", "FreeBSD") else []
        definitions = self.cpp_info.components["definitions"]
        definitions.set_property("cmake_target_name", "cohttps::cohttps")
        definitions.set_property("pkg_config_name", "cohttps")
        definitions.libs = ["cohttps"]
        definitions.defines = ["COHTTPS_SEPARATE_COMPILATION"]
        definitions.requires = ["header_only"]

    def _enabled(self):
        return [name for name in LIBRARIES if self.options.get_safe(name)]
