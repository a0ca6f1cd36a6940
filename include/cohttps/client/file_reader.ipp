// Definitions for file_reader.hpp.
#pragma once

#include <cohttps/client/file_reader.hpp>

namespace cohttps::detail {

COHTTPS_DEF result<void> file_reader::check() const {
  if (!file_) return unreadable();
  return {};
}

COHTTPS_DEF result<std::span<const std::byte>> file_reader::read(std::span<std::byte> into) {
  if (bytes_left_)
    into = into.first(static_cast<std::size_t>(std::min<std::uint64_t>(into.size(), *bytes_left_)));
  if (into.empty()) return into;
  started_ = true;
  std::error_code failed;
  const auto part = into.first(file_.read_some(into, failed));
  if (failed) return unreadable();
  if (!bytes_left_) return part;
  if (part.empty())
    return fail(error_category::usage, "content_file",
                "the file '" + path_ + "' has become shorter while it was sent");
  *bytes_left_ -= part.size();
  return part;
}

COHTTPS_DEF bool file_reader::rewind() noexcept {
  if (!can_rewind()) return false;
  if (!started_) return true;
  std::error_code failed;
  file_.seek(0, failed);
  if (failed) return false;
  bytes_left_ = size_;
  started_ = false;
  return true;
}

COHTTPS_DEF std::unexpected<error> file_reader::unreadable() const {
  return fail(error_category::usage, "content_file", "the file '" + path_ + "' cannot be read");
}

}  // namespace cohttps::detail
