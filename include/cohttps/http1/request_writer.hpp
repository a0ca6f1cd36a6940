// Writes requests (RFC 9112, 3) and chunked content (RFC 9112, 7.1).
#pragma once

#include <cohttps/core/ascii.hpp>
#include <cohttps/core/buffer.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/http/fields.hpp>
#include <cohttps/http/method.hpp>
#include <cohttps/http/trailer.hpp>
#include <cohttps/http1/lines.hpp>

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

namespace cohttps::http1 {

/// How a recipient finds the end of a request's content (RFC 9112, 6.3).
class framing {
 public:
  enum class kind : std::uint8_t { none, content_length, chunked };

  /// No content. POST, PUT and PATCH then send "Content-Length: 0" (RFC 9110, 8.6).
  static constexpr framing none() noexcept { return {kind::none, 0}; }
  static constexpr framing content_length(std::uint64_t n) noexcept {
    return {kind::content_length, n};
  }
  static constexpr framing chunked() noexcept { return {kind::chunked, 0}; }

  constexpr kind what() const noexcept { return kind_; }
  constexpr std::uint64_t length() const noexcept { return length_; }

 private:
  constexpr framing(kind k, std::uint64_t n) noexcept : kind_(k), length_(n) {}
  kind kind_;
  std::uint64_t length_;
};

namespace detail {

/// Checks a request-target (RFC 9112, 3.2). Its form must fit the method, and its bytes must not
/// end the request line early. The URL parser checks the rest.
COHTTPS_DECL result<void> check_target(const method& m, std::string_view target);

/// Checks the characters of Host = uri-host [ ":" port ] (RFC 9110, 7.2).
COHTTPS_DECL bool is_host(std::string_view s) noexcept;

/// Checks what the fields say about framing and the host against the message that will be sent.
struct request_rules {
  std::string_view host;
  bool has_content_length = false;

  COHTTPS_DECL result<void> check(const method& m, const fields& headers, const framing& body);
};

/// Writes pieces into memory that must be large enough.
class appender {
 public:
  explicit appender(std::span<std::byte> to) noexcept
      : begin_(reinterpret_cast<char*>(to.data())), at_(begin_) {}

  appender& operator<<(std::string_view s) noexcept {
    if (!s.empty()) std::memcpy(at_, s.data(), s.size());
    at_ += s.size();
    return *this;
  }
  appender& operator<<(const field& f) noexcept {
    return *this << f.name << ": " << f.value << "\r\n";
  }
  COHTTPS_DECL appender& number(std::uint64_t n, int base) noexcept;
  std::size_t size() const noexcept { return static_cast<std::size_t>(at_ - begin_); }

 private:
  char* begin_;
  char* at_;
};

COHTTPS_DECL std::size_t size_of(const fields& list) noexcept;

}  // namespace detail

/// Appends a request line, the fields and the empty line. Host comes first (RFC 9110, 7.2).
/// Content-Length or Transfer-Encoding comes last, as `body` says. `headers` may contain a
/// Content-Length with the same value.
///
/// `target` has origin-form. For a request to a proxy it has absolute-form, for CONNECT
/// authority-form, and for OPTIONS it may be "*" (RFC 9112, 3.2).
///
/// After an error the function has appended nothing. Fails with category usage if a part contains a
/// byte that would split the message or end a part early ("invalid_request_target",
/// "invalid_field_name", "invalid_field_value"), if there is not exactly one valid Host
/// ("missing_host", "invalid_host"), or if the fields contradict `body` ("content_length_conflict",
/// "transfer_encoding_set", "content_not_allowed"). Allocates only memory by which the buffer
/// grows.
COHTTPS_DECL result<void> write_request_head(buffer& out, const method& m, std::string_view target,
                                             const fields& headers, framing body = framing::none());

/// Appends the line with the size of a chunk. The caller then appends `size` bytes of content, and
/// calls `write_chunk_end`. Fails with usage "empty_chunk" if `size` is 0, because that would end
/// the content.
COHTTPS_DECL result<void> write_chunk_header(buffer& out, std::uint64_t size);

/// Appends the CRLF after a chunk's content.
COHTTPS_DECL void write_chunk_end(buffer& out);

/// Appends a whole chunk. Does nothing if `content` is empty.
COHTTPS_DECL void write_chunk(buffer& out, std::span<const std::byte> content);

/// Appends the last chunk and the trailer section (RFC 9112, 7.1.2). Fails with category usage, and
/// appends nothing, if a trailer field is malformed or may not come after the content
/// ("forbidden_trailer"; RFC 9110, 6.5.1).
COHTTPS_DECL result<void> write_last_chunk(buffer& out, const fields& trailers = {});

}  // namespace cohttps::http1

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/http1/request_writer.ipp>
#endif
