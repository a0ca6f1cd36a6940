# Makes the targets `cohttps::header_only`, `cohttps::cohttps` and `cohttps::testing`. CMakeLists.txt
# includes this file in the project's own tree, cohttps-config.cmake where the project is installed.

include_guard(GLOBAL)

# The optional libraries: option, pkg-config's name, oldest version; HTTP/3 needs two of them.
set_property(GLOBAL PROPERTY cohttps_libraries
  "idn2 libidn2 2.0"
  "psl libpsl 0.12"
  "nghttp2 libnghttp2 1.50"
  "http3 libngtcp2 1.11 libnghttp3 1.8"
  "zlib zlib 1.2"
  "brotli libbrotlidec 1.0"
  "zstd libzstd 1.4"
)

# cohttps_number(<variable> <header> <macro>): the number that a header defines.
function(cohttps_number variable header macro)
  file(STRINGS "${header}" line REGEX "^#[ \t]*define[ \t]+${macro}[ \t]+[0-9]+" LIMIT_COUNT 1)
  string(REGEX MATCH "[0-9]+" number "${line}")
  set(${variable} "${number}" PARENT_SCOPE)
endfunction()

# cohttps_find_asio(<standalone|boost>): sets `directory`, or `problem`.
function(cohttps_find_asio asio)
  if(asio STREQUAL "boost")
    find_path(COHTTPS_BOOST_INCLUDE_DIR boost/asio.hpp)
    mark_as_advanced(COHTTPS_BOOST_INCLUDE_DIR)
    set(directory "${COHTTPS_BOOST_INCLUDE_DIR}")
    set(header boost/version.hpp)
    set(macro BOOST_VERSION)
    set(oldest 107800)
    set(what "Boost 1.78 or newer (libboost-dev, boost-devel), or the standalone Asio: COHTTPS_ASIO=standalone")
  else()
    find_path(COHTTPS_ASIO_INCLUDE_DIR asio.hpp)
    mark_as_advanced(COHTTPS_ASIO_INCLUDE_DIR)
    set(directory "${COHTTPS_ASIO_INCLUDE_DIR}")
    set(header asio/version.hpp)
    set(macro ASIO_VERSION)
    set(oldest 102200)
    set(what "Asio 1.22 or newer (libasio-dev, asio-devel), or Boost's: COHTTPS_ASIO=boost")
  endif()
  if(NOT directory)
    set(problem "needs ${what}; there is none in CMAKE_PREFIX_PATH and the system's folders" PARENT_SCOPE)
    return()
  endif()
  cohttps_number(version "${directory}/${header}" ${macro})
  if("${version}" LESS ${oldest})
    set(problem "needs ${what}; in ${directory} ${macro} is ${version}" PARENT_SCOPE)
    return()
  endif()
  set(directory "${directory}" PARENT_SCOPE)
  set(found "${macro} ${version}" PARENT_SCOPE)
endfunction()

# cohttps_find_botan(): sets `problem` where there is no PkgConfig::cohttps_botan that will do.
function(cohttps_find_botan)
  pkg_check_modules(cohttps_botan QUIET IMPORTED_TARGET GLOBAL "botan-3>=3.7.1")
  if(cohttps_botan_FOUND AND NOT cohttps_botan_VERSION VERSION_EQUAL 3.11.0)
    set(found "Botan ${cohttps_botan_VERSION}" PARENT_SCOPE)
    return()
  endif()
  execute_process(COMMAND "${PKG_CONFIG_EXECUTABLE}" --modversion botan-3
    OUTPUT_VARIABLE version OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  if(version STREQUAL "")
    set(version "no botan-3")
  endif()
  unset(cohttps_botan_FOUND CACHE) # search again next time
  string(CONCAT text
    "needs Botan 3.7.1 or newer (not 3.11.0, which skips the verification of certificates); pkg-config finds ${version}. "
    "Two ways to get one:\n"
    "  1. a package: libbotan-3-dev (Debian 13), botan3-devel (Fedora), botan (Arch, Homebrew), botan3-dev (Alpine)\n"
    "  2. a static library of what is needed, built once from source: `tools/setup botan --prefix DIR` in cohttps's "
    "sources; then configure with -DCMAKE_PREFIX_PATH=DIR")
  set(problem "${text}" PARENT_SCOPE)
endfunction()

# cohttps_make_targets(<problem> <features> <include folder> <standalone|boost>)
#
# Reads COHTTPS_IDN2 and its like: `enabled`, `disabled`, or `auto`. Sets <problem> to what is
# missing, and makes no target then; sets <features> to the optional libraries that are used.
function(cohttps_make_targets problem_variable features_variable include_folder asio)
  set(problem)
  set(features)
  find_package(Threads QUIET)
  find_package(PkgConfig QUIET)
  if(NOT Threads_FOUND)
    set(problem "needs a library of threads")
  elseif(NOT PKG_CONFIG_FOUND)
    set(problem "needs pkg-config (or pkgconf) to find Botan")
  endif()
  if(NOT problem)
    cohttps_find_botan()
    set(summary "${found}")
  endif()
  if(NOT problem)
    cohttps_find_asio("${asio}")
    string(APPEND summary ", ${found}")
  endif()

  set(libraries PkgConfig::cohttps_botan Threads::Threads)
  set(macros)
  set(without)
  if(asio STREQUAL "boost")
    list(APPEND macros COHTTPS_USE_BOOST_ASIO=1)
  else()
    list(APPEND macros ASIO_STANDALONE)
  endif()
  get_property(known GLOBAL PROPERTY cohttps_libraries)
  foreach(entry IN LISTS known)
    separate_arguments(entry)
    list(POP_FRONT entry name)
    set(modules)
    while(entry)
      list(POP_FRONT entry module oldest)
      list(APPEND modules "${module}>=${oldest}")
    endwhile()
    string(TOUPPER "${name}" upper)
    if(problem OR COHTTPS_${upper} STREQUAL "disabled")
      list(APPEND without ${name})
      continue()
    endif()
    pkg_check_modules(cohttps_${name} QUIET IMPORTED_TARGET GLOBAL ${modules})
    if(cohttps_${name}_FOUND)
      list(APPEND features ${name})
      if(name STREQUAL "http3")
        list(APPEND macros COHTTPS_HAS_NGTCP2=1)
      else()
        list(APPEND macros COHTTPS_HAS_${upper}=1)
      endif()
      list(APPEND libraries PkgConfig::cohttps_${name})
      string(APPEND summary ", ${name} ${cohttps_${name}_VERSION}${cohttps_${name}_libngtcp2_VERSION}")
    elseif(COHTTPS_${upper} STREQUAL "enabled")
      list(JOIN modules " and " modules)
      string(REPLACE ">=" " " modules "${modules}")
      set(problem "needs ${modules} or newer, as COHTTPS_${upper} is `enabled`; pkg-config finds none")
    else()
      list(APPEND without ${name})
    endif()
  endforeach()
  set(${problem_variable} "${problem}" PARENT_SCOPE)
  set(${features_variable} "${features}" PARENT_SCOPE)
  if(problem)
    return()
  endif()
  if(without)
    list(JOIN without " and " without)
    string(APPEND summary "; without ${without}")
  endif()
  if(NOT cohttps_FIND_QUIETLY)
    message(STATUS "cohttps with ${summary}")
  endif()

  add_library(cohttps_header_only INTERFACE)
  add_library(cohttps::header_only ALIAS cohttps_header_only)
  target_compile_features(cohttps_header_only INTERFACE cxx_std_23)
  target_include_directories(cohttps_header_only SYSTEM INTERFACE "${include_folder}" "${directory}")
  target_compile_definitions(cohttps_header_only INTERFACE ${macros})
  target_link_libraries(cohttps_header_only INTERFACE ${libraries})

  # Compiled in the project that uses it, once: with its compiler, its standard library, its sanitizers.
  add_library(cohttps STATIC EXCLUDE_FROM_ALL "${include_folder}/cohttps/src.cpp")
  add_library(cohttps::cohttps ALIAS cohttps)
  target_compile_definitions(cohttps PUBLIC COHTTPS_SEPARATE_COMPILATION)
  target_link_libraries(cohttps PUBLIC cohttps_header_only)

  # What <cohttps/testing/...> defines, for the tests of programs.
  add_library(cohttps_testing STATIC EXCLUDE_FROM_ALL "${include_folder}/cohttps/testing/src.cpp")
  add_library(cohttps::testing ALIAS cohttps_testing)
  target_link_libraries(cohttps_testing PUBLIC cohttps)
endfunction()
