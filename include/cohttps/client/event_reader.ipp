// Definitions for event_reader.hpp.
#pragma once

#include <cohttps/client/event_reader.hpp>

namespace cohttps {

COHTTPS_DEF task<std::optional<server_sent_event>> event_reader::next() {
  while (true) {
    auto event = parser_.next(in_);
    if (!event) throw std::move(event).error();
    if (*event) co_return *event;
    in_ = co_await stream_.read();
    if (in_.empty()) co_return std::nullopt;
  }
}

COHTTPS_DEF task<std::optional<std::string_view>> line_reader::next() {
  line_.clear();
  while (true) {
    const auto end = in_.find('\n');
    const std::string_view part = in_.substr(0, end);
    if (line_.size() + part.size() > max_line_)
      throw error(error_category::limit, "line_too_long",
                  "a line of the content is longer than " + std::to_string(max_line_) + " bytes");
    const bool whole = end != in_.npos;
    in_ = whole ? in_.substr(end + 1) : std::string_view();
    if (whole && line_.empty())
      co_return part.ends_with('\r') ? part.substr(0, part.size() - 1) : part;
    line_.append(part);
    if (whole) {
      if (line_.ends_with('\r')) line_.pop_back();
      co_return line_;
    }
    const auto more = co_await stream_.read();
    if (more.empty()) break;
    in_ = {reinterpret_cast<const char*>(more.data()), more.size()};
  }
  if (line_.empty()) co_return std::nullopt;
  co_return line_;
}

}  // namespace cohttps
