// Writes requests (RFC 9112, 3) and chunked content (RFC 9112, 7.1).
#pragma once

#include <cohttps/core/ascii.hpp>
#include <cohttps/core/buffer.hpp>
#include <cohttps/core/error.hpp>
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

/// How the end of a request's content is told (RFC 9112, 6.3).
class framing {
 public:
  enum class kind : std::uint8_t { none, content_length, chunked };

  /// No content. POST, PUT and PATCH then say "Content-Length: 0" (RFC 9110, 8.6).
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

/// request-target of RFC 9112, 3.2: which of its forms fits the method; its bytes, so that it
/// cannot end the request line early. What lies within is the URL parser's affair.
inline result<void> check_target(const method& m, std::string_view target) {
  for (const char c : target)
    if (c <= 0x20 || c >= 0x7f || c == '#') [[unlikely]]
      return fail(error_category::usage, "invalid_request_target",
                  "the request target holds a space, a control character, a \"#\", or a byte "
                  "outside ASCII");
  const bool origin_form = target.starts_with('/');
  const bool absolute_form = target.find("://") != target.npos;
  const bool fits = m == method::connect
                        ? !target.empty() && !origin_form && !absolute_form
                        : origin_form || absolute_form || (target == "*" && m == method::options);
  if (!fits) [[unlikely]]
    return fail(error_category::usage, "invalid_request_target",
                "the request target has no form that fits the method " + std::string(m.text()));
  return {};
}

/// Host = uri-host [ ":" port ] (RFC 9110, 7.2), by its characters.
inline bool is_host(std::string_view s) noexcept {
  for (const char c : s)
    if (!ascii::is_alnum(c) && std::string_view("-._~%!$&'()*+,;=[]:").find(c) == s.npos)
      return false;
  return !s.empty();
}

/// What the fields say about framing and the host, checked against what will be sent.
struct request_rules {
  std::string_view host;
  bool has_content_length = false;

  result<void> check(const method& m, const fields& headers, const framing& body) {
    if (const bool content = body.what() == framing::kind::chunked || body.length() != 0;
        content && (m == method::trace || m == method::connect)) [[unlikely]]
      return fail(error_category::usage, "content_not_allowed",
                  "a " + std::string(m.text()) + " request has no content");
    std::size_t hosts = 0;
    for (const field f : headers) {
      if (auto valid = fields::check(f.name, f.value); !valid) [[unlikely]]
        return valid;
      if (ascii::iequals(f.name, "host")) {
        host = f.value;
        ++hosts;
      } else if (ascii::iequals(f.name, "content-length")) {
        if (has_content_length || body.what() == framing::kind::chunked ||
            ascii::parse_decimal(f.value) != body.length()) [[unlikely]]
          return fail(error_category::usage, "content_length_conflict",
                      "the Content-Length field contradicts the content; leave it out");
        has_content_length = true;
      } else if (ascii::iequals(f.name, "transfer-encoding")) [[unlikely]] {
        return fail(error_category::usage, "transfer_encoding_set",
                    "Transfer-Encoding belongs to the connection and cannot be set");
      }
    }
    if (hosts != 1 || !is_host(host)) [[unlikely]]
      return fail(error_category::usage, hosts == 0 ? "missing_host" : "invalid_host",
                  "a request needs exactly one Host field that holds a host and maybe a port");
    return {};
  }
};

/// Puts pieces into memory that is known to be large enough.
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
  appender& number(std::uint64_t n, int base) noexcept {
    at_ = std::to_chars(at_, at_ + 20, n, base).ptr;
    return *this;
  }
  std::size_t size() const noexcept { return static_cast<std::size_t>(at_ - begin_); }

 private:
  char* begin_;
  char* at_;
};

inline std::size_t size_of(const fields& list) noexcept {
  std::size_t size = 0;
  for (const field f : list) size += f.name.size() + f.value.size() + 4;
  return size;
}

}  // namespace detail

/// Appends a request line, the fields and the empty line. Host is written first (RFC 9110, 7.2),
/// Content-Length or Transfer-Encoding last, as `body` says; a Content-Length among `headers` is
/// taken when it says the same.
///
/// `target` is origin-form, or absolute-form to a proxy, authority-form for CONNECT, "*" for
/// OPTIONS (RFC 9112, 3.2).
///
/// Fails with category usage, and appends nothing, when a part holds a byte that would split the
/// message or end a part early ("invalid_request_target", "invalid_field_name",
/// "invalid_field_value"), when Host is not there once ("missing_host", "invalid_host"), or when
/// the fields contradict `body` ("content_length_conflict", "transfer_encoding_set",
/// "content_not_allowed"). Allocates nothing but the buffer's growth.
inline result<void> write_request_head(buffer& out, const method& m, std::string_view target,
                                       const fields& headers, framing body = framing::none()) {
  if (auto valid = detail::check_target(m, target); !valid) [[unlikely]]
    return valid;
  detail::request_rules rules;
  if (auto valid = rules.check(m, headers, body); !valid) [[unlikely]]
    return valid;

  constexpr std::size_t fixed = 128;  // the request line's and the framing field's own characters
  detail::appender to(
      out.prepare(m.text().size() + target.size() + detail::size_of(headers) + fixed));
  to << m.text() << " " << target << " HTTP/1.1\r\nHost: " << rules.host << "\r\n";
  for (const field f : headers)
    if (!ascii::iequals(f.name, "host")) to << f;
  const bool says_zero = m == method::post || m == method::put || m == method::patch;
  if (body.what() == framing::kind::chunked) {
    to << "Transfer-Encoding: chunked\r\n";
  } else if (!rules.has_content_length &&
             (body.what() == framing::kind::content_length || says_zero)) {
    to << "Content-Length: ";
    to.number(body.length(), 10) << "\r\n";
  }
  to << "\r\n";
  out.commit(to.size());
  return {};
}

/// Appends the size line of a chunk; `size` bytes of content and `write_chunk_end` follow. Fails
/// with usage "empty_chunk" for 0, which would end the content.
inline result<void> write_chunk_header(buffer& out, std::uint64_t size) {
  if (size == 0) [[unlikely]]
    return fail(error_category::usage, "empty_chunk", "a chunk of no bytes would end the content");
  detail::appender to(out.prepare(24));
  to.number(size, 16) << "\r\n";
  out.commit(to.size());
  return {};
}

/// Appends what follows a chunk's content.
inline void write_chunk_end(buffer& out) { out.append(std::string_view("\r\n")); }

/// Appends a whole chunk; nothing when `content` is empty.
inline void write_chunk(buffer& out, std::span<const std::byte> content) {
  if (content.empty()) return;
  detail::appender to(out.prepare(content.size() + 24));
  to.number(content.size(), 16) << "\r\n"
                                << std::string_view(reinterpret_cast<const char*>(content.data()),
                                                    content.size())
                                << "\r\n";
  out.commit(to.size());
}

/// Appends the last chunk and the trailer section (RFC 9112, 7.1.2). Fails with category usage, and
/// appends nothing, when a trailer field is malformed or may not come after the content
/// ("forbidden_trailer"; RFC 9110, 6.5.1).
inline result<void> write_last_chunk(buffer& out, const fields& trailers = {}) {
  for (const field f : trailers) {
    if (auto valid = fields::check(f.name, f.value); !valid) [[unlikely]]
      return valid;
    if (!is_trailer_allowed(f.name)) [[unlikely]]
      return fail(error_category::usage, "forbidden_trailer",
                  "the field \"" + ascii::printable(f.name, 32) + "\" cannot be a trailer");
  }
  detail::appender to(out.prepare(detail::size_of(trailers) + 8));
  to << "0\r\n";
  for (const field f : trailers) to << f;
  to << "\r\n";
  out.commit(to.size());
  return {};
}

}  // namespace cohttps::http1
