# A port for an overlay, from a checkout:
#
#   vcpkg install cohttps --overlay-ports=cohttps/packaging/vcpkg
#
# For a registry, `vcpkg_from_git` or `vcpkg_from_github` sets SOURCE_PATH instead of the next line.
#
# Not run: vcpkg itself, which is not packaged for Debian. tools/check runs this file with stand-ins for vcpkg's
# functions, over a real CMake, and compares the features with the options of the project.
get_filename_component(SOURCE_PATH "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)

set(VCPKG_BUILD_TYPE release) # headers: programs compile the definitions themselves

set(options -DCOHTTPS_ASIO=standalone)
if("boost" IN_LIST FEATURES)
  set(options -DCOHTTPS_ASIO=boost)
endif()
foreach(library idn2 psl nghttp2 http3 zlib brotli zstd)
  string(TOUPPER "${library}" upper)
  if("${library}" IN_LIST FEATURES)
    list(APPEND options "-DCOHTTPS_${upper}=enabled")
  else()
    list(APPEND options "-DCOHTTPS_${upper}=disabled")
  endif()
endforeach()

vcpkg_find_acquire_program(PKGCONFIG)
vcpkg_cmake_configure(
  SOURCE_PATH "${SOURCE_PATH}"
  OPTIONS ${options} "-DPKG_CONFIG_EXECUTABLE=${PKGCONFIG}"
)
vcpkg_cmake_install()
vcpkg_cmake_config_fixup(CONFIG_PATH lib/cmake/cohttps)
vcpkg_fixup_pkgconfig()
file(REMOVE_RECURSE "${CURRENT_PACKAGES_DIR}/share/licenses")
vcpkg_install_copyright(FILE_LIST "${SOURCE_PATH}/LICENSE")
