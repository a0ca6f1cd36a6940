// Definitions for event_stream.hpp.
#pragma once

#include <cohttps/core/ascii.hpp>
#include <cohttps/http/content/charset.hpp>
#include <cohttps/http/content/event_stream.hpp>

#include <charconv>
#include <cstdint>
#include <cstring>

namespace cohttps {

namespace detail {

/// Replaces malformed sequences. ASCII, which is the usual case, is left as it is.
template <class = void>
void repair_utf8(std::string& text) {
  const char* at = text.data();
  std::uint64_t high = 0, word = 0;
  std::size_t left = text.size();
  for (; left >= sizeof(word); left -= sizeof(word), at += sizeof(word)) {
    std::memcpy(&word, at, sizeof(word));
    high |= word;
  }
  for (; left > 0; --left) high |= static_cast<unsigned char>(*at++);
  if (high & 0x8080808080808080u) text = from_utf8(text);
}

/// Where the line ends in `text`: at its first CR or LF, or `npos`.
template <class = void>
std::size_t end_of_line(std::string_view text) noexcept {
  const auto* const lf = static_cast<const char*>(std::memchr(text.data(), '\n', text.size()));
  const std::size_t most = lf ? static_cast<std::size_t>(lf - text.data()) : text.size();
  const auto* const cr = static_cast<const char*>(std::memchr(text.data(), '\r', most));
  if (cr) return static_cast<std::size_t>(cr - text.data());
  return lf ? most : std::string_view::npos;
}

}  // namespace detail

COHTTPS_DEF result<std::optional<server_sent_event>> event_stream_parser::next(
    std::span<const std::byte>& in) {
  std::string_view text(reinterpret_cast<const char*>(in.data()), in.size());
  if (dispatched_) {
    dispatched_ = false;
    type_.clear();
    data_.clear();
  }
  while (!text.empty()) {
    if (std::exchange(after_cr_, false) && text.front() == '\n') {
      text.remove_prefix(1);
      continue;
    }
    const std::size_t end = detail::end_of_line(text);
    const std::string_view part = text.substr(0, end);
    if (line_.size() + part.size() + data_.size() > max_event_) {
      in = {};
      return fail(error_category::limit, "event_too_large",
                  "an event of the stream is larger than " + std::to_string(max_event_) + " bytes");
    }
    if (end == text.npos) {
      line_.append(part);
      text = {};
      break;
    }
    after_cr_ = text[end] == '\r';
    text.remove_prefix(end + 1);
    bool complete = false;
    if (line_.empty()) {
      complete = take_line(part);
    } else {
      line_.append(part);
      complete = take_line(line_);
      line_.clear();
    }
    if (!complete) continue;
    in = in.last(text.size());
    return dispatch();
  }
  in = {};
  return std::nullopt;
}

COHTTPS_DEF void event_stream_parser::restart() noexcept {
  line_.clear();
  type_.clear();
  data_.clear();
  pending_id_ = id_;
  after_cr_ = dispatched_ = false;
  at_start_ = true;
}

COHTTPS_DEF bool event_stream_parser::take_line(std::string_view line) {
  if (std::exchange(at_start_, false) && line.starts_with("\xef\xbb\xbf")) line.remove_prefix(3);
  if (line.empty()) {
    id_ = pending_id_;
    if (!data_.empty()) return true;
    type_.clear();
    return false;
  }
  if (line.starts_with("data: ")) {  // the usual line
    data_.append(line.substr(6)) += '\n';
    return false;
  }
  const auto* const colon = static_cast<const char*>(std::memchr(line.data(), ':', line.size()));
  if (colon == line.data()) return false;  // a comment
  const std::string_view name =
      colon ? line.substr(0, static_cast<std::size_t>(colon - line.data())) : line;
  std::string_view value = colon ? line.substr(name.size() + 1) : std::string_view();
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (name == "data") {
    data_.append(value) += '\n';
  } else if (name == "event") {
    type_ = value;
  } else if (name == "id") {
    if (value.find('\0') == value.npos) {
      pending_id_ = value;
      detail::repair_utf8(pending_id_);
    }
  } else if (name == "retry") {
    std::uint32_t time = 0;
    const auto read = std::from_chars(value.data(), value.data() + value.size(), time);
    const bool digits = !value.empty() && value.find_first_not_of("0123456789") == value.npos;
    if (digits && read.ec == std::errc()) retry_ = std::chrono::milliseconds(time);
  }
  return false;
}

COHTTPS_DEF server_sent_event event_stream_parser::dispatch() {
  dispatched_ = true;
  data_.pop_back();  // the LF behind the last line
  detail::repair_utf8(data_);
  detail::repair_utf8(type_);
  return {type_.empty() ? std::string_view("message") : type_, data_, id_};
}

}  // namespace cohttps
