// Where a response ends and whether its connection goes on (RFC 9112, 6.3 and 9.3).
#pragma once

#include <cohttps/core/ascii.hpp>
#include <cohttps/http/fields.hpp>
#include <cohttps/http/method.hpp>
#include <cohttps/http/status.hpp>
#include <cohttps/http/strictness.hpp>
#include <cohttps/http1/lines.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace cohttps::http1 {

/// What tells the end of a response's content.
enum class delimiter : std::uint8_t { none, content_length, chunked, close };

/// Gathers what the head of a response says about its framing, field by field.
///
/// When read strictly, faults are errors even where the method or the status ends the message with
/// its head; only in the head that opens a tunnel RFC 9112, 6.3 has these fields ignored. When read
/// leniently, the caller calls `settle` once the head is whole.
class response_framing {
 public:
  response_framing() = default;
  explicit response_framing(strictness how) noexcept : strictness_(how) {}

  /// Forgets all; the response is to a request of this method.
  void start(const method& request) noexcept {
    *this = response_framing(strictness_);
    to_head_ = request == method::head;
    to_connect_ = request == method::connect;
  }

  /// A status line came, with the fields of this head behind it.
  void start_head(const status_line& line) noexcept {
    version_minor_ = line.version_minor;
    status_ = line.status;
    content_length_.reset();
    chunked_ = says_close_ = says_keep_alive_ = false;
  }

  /// A field line came. A fault's `at` counts from the first byte of the value.
  std::optional<fault> take(const field& f) {
    switch (f.name.size()) {  // few fields get past this
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

  /// The head ended: a 1xx other than 101, which is final (RFC 9110, 15.2.2)?
  bool is_interim() const noexcept { return is_informational(status_) && status_ != 101; }

  /// To be called when a head ended. 1xx and 204 have no content and may not announce any (RFC
  /// 9110, 8.6; RFC 9112, 6.1): a peer that does may still send some, so what comes after it on
  /// this connection cannot be trusted.
  void end_head() noexcept {
    if ((is_informational(status_) || status_ == 204) && (chunked_ || content_length_.value_or(0)))
      persistent_ = false;
    if (is_interim()) return;
    if (says_close_ || (version_minor_ == 0 && !says_keep_alive_)) persistent_ = false;
    delimiter_ = choose();
    if (delimiter_ == delimiter::close || is_tunnel() || status_ == 101) persistent_ = false;
  }

  /// `none` until the final head ended.
  delimiter end_of_content() const noexcept { return delimiter_; }
  std::optional<std::uint64_t> content_length() const noexcept {
    return chunked_ ? std::nullopt : content_length_;
  }

  /// Once all fields of a head with faults came: the first fault that leaves the end of the message
  /// in doubt, its `at` counted from the first byte of `section`. Where there is none, no length of
  /// this head is told, and the sender is not trusted any further.
  [[gnu::cold]] std::optional<fault> settle(const status_line& line, std::string_view section,
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

  /// A breach of the grammar was repaired: the connection is not used again after this response.
  void distrust() noexcept { persistent_ = false; }

  /// Whether the connection may carry another exchange after this one.
  bool persistent() const noexcept { return persistent_; }

 private:
  // Whether the end is certain despite this fault: the message ends with its head (RFC 9112, 6.3,
  // rule 1), or the coding stands for the length (rule 3).
  bool overrides(const fault& wrong) const noexcept {
    return to_head_ || is_bodyless(status_) ||
           (chunked_ && wrong.reason.ends_with("content_length"));
  }

  // The rules of RFC 9112, 6.3 in their order.
  delimiter choose() const noexcept {
    if (to_head_ || is_bodyless(status_)) return delimiter::none;
    if (is_tunnel()) return delimiter::none;
    if (chunked_) return delimiter::chunked;
    if (content_length_) return delimiter::content_length;
    return delimiter::close;
  }

  // What follows the head is not HTTP any more.
  bool is_tunnel() const noexcept { return to_connect_ && is_success(status_); }

  void take_connection(std::string_view options) noexcept {
    ascii::for_each_element(options, [&](std::string_view option) {
      says_close_ = says_close_ || ascii::iequals(option, "close");
      says_keep_alive_ = says_keep_alive_ || ascii::iequals(option, "keep-alive");
      return true;
    });
  }

  std::optional<fault> take_content_length(std::string_view value) noexcept {
    const auto length = parse_content_length(value);
    if (!length) [[unlikely]]
      return fault{"invalid_content_length", "Content-Length is not one number", 0, value};
    if (content_length_ && *content_length_ != *length) [[unlikely]]
      return fault{"conflicting_content_length", "two Content-Length fields differ"};
    content_length_ = length;
    return settle_length_and_coding();
  }

  // Proxies repeat "chunked", and old servers say "identity", which is no coding any more (RFC
  // 9112, 7). With one chunked coding alone the end is certain.
  std::optional<fault> take_irregular_coding(std::string_view value) noexcept {
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

  std::optional<fault> take_transfer_encoding(std::string_view value) noexcept {
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

  // The coding overrides the length (RFC 9112, 6.3).
  std::optional<fault> settle_length_and_coding() noexcept {
    if (!chunked_ || !content_length_) [[likely]]
      return std::nullopt;
    if (strictness_ == strictness::lenient) {
      distrust();
      return std::nullopt;
    }
    return fault{"content_length_with_transfer_encoding",
                 "the response has both Content-Length and Transfer-Encoding"};
  }

  strictness strictness_ = strictness::strict;
  int version_minor_ = 1;
  int status_ = 0;
  delimiter delimiter_ = delimiter::none;
  bool to_head_ = false;
  bool to_connect_ = false;
  bool chunked_ = false;
  bool says_close_ = false;
  bool says_keep_alive_ = false;
  bool persistent_ = true;
  std::optional<std::uint64_t> content_length_;
};

}  // namespace cohttps::http1
