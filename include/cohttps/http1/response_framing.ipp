// Definitions for response_framing.hpp.
#pragma once

#include <cohttps/http1/response_framing.hpp>

namespace cohttps::http1 {

COHTTPS_DEF void response_framing::start(const method& request) noexcept {
  *this = response_framing(strictness_);
  to_head_ = request == method::head;
  to_connect_ = request == method::connect;
}

COHTTPS_DEF void response_framing::start_head(const status_line& line) noexcept {
  version_minor_ = line.version_minor;
  status_ = line.status;
  content_length_.reset();
  chunked_ = says_close_ = says_keep_alive_ = false;
}

COHTTPS_DEF std::optional<fault> response_framing::take(const field& f) {
  switch (f.name.size()) {  // most fields have another size
    case 10:
      if (ascii::iequals(f.name, "connection")) take_connection(f.value);
      return std::nullopt;
    case 14:
      if (!ascii::iequals(f.name, "content-length") || is_tunnel()) return std::nullopt;
      return take_content_length(f.value);
    case 17:
      if (!ascii::iequals(f.name, "transfer-encoding") || is_tunnel()) return std::nullopt;
      return take_transfer_encoding(f.value);
    default:
      return std::nullopt;
  }
}

COHTTPS_DEF void response_framing::end_head() noexcept {
  if ((is_informational(status_) || status_ == 204) && (chunked_ || content_length_.value_or(0)))
    persistent_ = false;
  if (is_interim()) return;
  if (says_close_ || (version_minor_ == 0 && !says_keep_alive_)) persistent_ = false;
  delimiter_ = choose();
  if (delimiter_ == delimiter::close || is_tunnel() || status_ == 101) persistent_ = false;
}

COHTTPS_DEF std::optional<std::uint64_t> response_framing::content_length() const noexcept {
  return chunked_ ? std::nullopt : content_length_;
}

COHTTPS_DEF std::optional<fault> response_framing::settle(const status_line& line,
                                                          std::string_view section,
                                                          std::span<const field_slot> slots) {
  const response_framing whole = *this;
  start_head(line);
  for (const field_slot& s : slots) {
    auto wrong =
        take({section.substr(s.name_at, s.name_size), section.substr(s.value_at, s.value_size)});
    if (!wrong || whole.overrides(*wrong)) continue;
    wrong->at += s.value_at;
    return wrong;
  }
  content_length_.reset();
  distrust();
  return std::nullopt;
}

COHTTPS_DEF bool response_framing::overrides(const fault& wrong) const noexcept {
  return to_head_ || is_bodyless(status_) || (chunked_ && wrong.reason.ends_with("content_length"));
}

COHTTPS_DEF delimiter response_framing::choose() const noexcept {
  if (to_head_ || is_bodyless(status_)) return delimiter::none;
  if (is_tunnel()) return delimiter::none;
  if (chunked_) return delimiter::chunked;
  if (content_length_) return delimiter::content_length;
  return delimiter::close;
}

COHTTPS_DEF void response_framing::take_connection(std::string_view options) noexcept {
  ascii::for_each_element(options, [&](std::string_view option) {
    says_close_ = says_close_ || ascii::iequals(option, "close");
    says_keep_alive_ = says_keep_alive_ || ascii::iequals(option, "keep-alive");
    return true;
  });
}

COHTTPS_DEF std::optional<fault> response_framing::take_content_length(
    std::string_view value) noexcept {
  const auto length = parse_content_length(value);
  if (!length) [[unlikely]]
    return fault{"invalid_content_length", "Content-Length is not one number", 0, value};
  if (content_length_ && *content_length_ != *length) [[unlikely]]
    return fault{"conflicting_content_length", "two Content-Length fields differ"};
  content_length_ = length;
  return settle_length_and_coding();
}

COHTTPS_DEF std::optional<fault> response_framing::take_irregular_coding(
    std::string_view value) noexcept {
  bool known = true, chunked = chunked_;
  ascii::for_each_element(value, [&](std::string_view coding) {
    if (ascii::iequals(coding, "chunked"))
      chunked = true;
    else if (!ascii::iequals(coding, "identity"))
      known = false;
    return known;
  });
  if (!known)
    return fault{"unsupported_transfer_encoding", "Transfer-Encoding is not \"chunked\" alone", 0,
                 value};
  chunked_ = chunked;
  distrust();
  return settle_length_and_coding();
}

COHTTPS_DEF std::optional<fault> response_framing::take_transfer_encoding(
    std::string_view value) noexcept {
  if (version_minor_ == 0) [[unlikely]]
    return fault{"transfer_encoding_in_http_1_0", "HTTP/1.0 has no Transfer-Encoding"};
  if (chunked_ || !ascii::iequals(value, "chunked")) [[unlikely]] {
    if (strictness_ == strictness::lenient) return take_irregular_coding(value);
    return fault{"unsupported_transfer_encoding", "Transfer-Encoding is not \"chunked\" alone", 0,
                 value};
  }
  chunked_ = true;
  return settle_length_and_coding();
}

COHTTPS_DEF std::optional<fault> response_framing::settle_length_and_coding() noexcept {
  if (!chunked_ || !content_length_) [[likely]]
    return std::nullopt;
  if (strictness_ == strictness::lenient) {
    distrust();
    return std::nullopt;
  }
  return fault{"content_length_with_transfer_encoding",
               "the response has both Content-Length and Transfer-Encoding"};
}

}  // namespace cohttps::http1
