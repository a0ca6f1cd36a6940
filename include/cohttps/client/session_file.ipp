// Definitions for session_file.hpp.
#pragma once

#include <cohttps/client/session_file.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/file.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/tls/context.hpp>
#include <cohttps/tls/hash.hpp>
#include <cohttps/tls/resumption/sealed_sessions.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace cohttps {

namespace detail {

template <class = void>
std::unexpected<error> session_file_error(const std::string& path, const char* what,
                                          std::error_code why) {
  return fail(error_category::usage, "session_file",
              "the file of TLS sessions '" + path + "' cannot be " + what + ": " + why.message());
}

template <class = void>
void write_new_file(const std::string& path, std::span<const std::byte> content,
                    std::error_code& failed) {
  file made = file::open(path, file::create_new | file::owner_only, failed);
  if (failed) return;
  made.write_all({reinterpret_cast<const char*>(content.data()), content.size()}, failed);
  if (!failed) made.sync(failed);
}

}  // namespace detail

COHTTPS_DEF result<void> save_tls_sessions(const tls_context& context, const std::string& path,
                                           std::span<const std::byte> key) {
  const auto sealed = tls::seal_sessions(context, key);
  if (!sealed) return std::unexpected(sealed.error());
  using detail::file, detail::file_status;
  using kind = file_status::kind;
  const kind found = file_status::of_link(path).type;
  if (found == kind::directory || found == kind::other)
    return fail(error_category::usage, "session_file",
                "'" + path + "' is no file, and cannot be replaced by one");
  const std::string made = path + '.' + tls::random_text();
  std::error_code failed;
  detail::write_new_file(made, *sealed, failed);
  if (!failed) file::rename(made, path, failed);
  if (!failed) return {};
  file::remove(made);
  return detail::session_file_error(path, "written", failed);
}

COHTTPS_DEF result<std::size_t> load_tls_sessions(tls_context& context, const std::string& path,
                                                  std::span<const std::byte> key) {
  using detail::file;
  std::error_code failed;
  file from = file::open(path, file::read | file::no_wait, failed);
  if (failed == std::errc::no_such_file_or_directory) return 0;
  if (failed) return detail::session_file_error(path, "read", failed);
  const detail::file_status found = from.status();
  if (!found.is_regular())
    return fail(error_category::usage, "session_file", "'" + path + "' is no file");
  if (found.size > tls::maximum_sealed_sessions + 1024)
    return fail(error_category::usage, "session_file",
                "the file of TLS sessions '" + path + "' is larger than any that is written here");
  std::vector<std::byte> sealed(static_cast<std::size_t>(found.size));
  for (std::span<std::byte> rest = sealed; !rest.empty();) {
    const std::size_t count = from.read_some(rest, failed);
    if (failed) return detail::session_file_error(path, "read", failed);
    if (count == 0) break;
    rest = rest.subspan(count);
  }
  return tls::open_sessions(context, key, sealed);
}

}  // namespace cohttps
