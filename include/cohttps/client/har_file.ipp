// Definitions for har_file.hpp.
#pragma once

#include <cohttps/client/har_file.hpp>
#include <cohttps/http/har/har_writer.hpp>

namespace cohttps {

COHTTPS_DEF result<har_file> har_file::create(const std::string& path) {
  using detail::file;
  std::error_code failed;
  har_file made(path);
  made.file_ = file::open(path, file::write | file::truncate | file::owner_only, failed);
  if (!failed)
    made.file_.write_at(0, std::string(detail::har_head).append(detail::har_tail), failed);
  if (failed) return made.unwritable(failed);
  made.end_ = detail::har_head.size();
  return made;
}

COHTTPS_DEF result<void> har_file::append(std::string_view entry) {
  std::string text(entries_ > 0 ? ",\n" : "");
  text.append(entry).append(detail::har_tail);
  std::error_code failed;
  file_.write_at(end_, text, failed);
  if (failed) {
    std::error_code again;
    file_.write_at(end_, detail::har_tail, again);
    if (!again) file_.resize(end_ + detail::har_tail.size(), again);
    return unwritable(failed);
  }
  end_ += text.size() - detail::har_tail.size();
  ++entries_;
  return {};
}

COHTTPS_DEF std::unexpected<error> har_file::unwritable(std::error_code why) const {
  auto failed = fail(error_category::usage, "har_file",
                     "the HAR file '" + path_ + "' cannot be written: " + why.message());
  failed.error().code(why);
  return failed;
}

}  // namespace cohttps
