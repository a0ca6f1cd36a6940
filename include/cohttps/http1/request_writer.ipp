// Definitions for request_writer.hpp.
#pragma once

#include <cohttps/http1/request_writer.hpp>

namespace cohttps::http1 {
namespace detail {

COHTTPS_DEF result<void> check_target(const method& m, std::string_view target) {
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

COHTTPS_DEF bool is_host(std::string_view s) noexcept {
  for (const char c : s)
    if (!ascii::is_alnum(c) && std::string_view("-._~%!$&'()*+,;=[]:").find(c) == s.npos)
      return false;
  return !s.empty();
}

COHTTPS_DEF result<void> request_rules::check(const method& m, const fields& headers,
                                              const framing& body) {
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

COHTTPS_DEF appender& appender::number(std::uint64_t n, int base) noexcept {
  at_ = std::to_chars(at_, at_ + 20, n, base).ptr;
  return *this;
}

COHTTPS_DEF std::size_t size_of(const fields& list) noexcept {
  std::size_t size = 0;
  for (const field f : list) size += f.name.size() + f.value.size() + 4;
  return size;
}

}  // namespace detail
}  // namespace cohttps::http1

namespace cohttps::http1 {

COHTTPS_DEF result<void> write_request_head(buffer& out, const method& m, std::string_view target,
                                            const fields& headers, framing body) {
  if (auto valid = detail::check_target(m, target); !valid) [[unlikely]]
    return valid;
  detail::request_rules rules;
  if (auto valid = rules.check(m, headers, body); !valid) [[unlikely]]
    return valid;

  constexpr std::size_t fixed = 128;  // fixed text of the request line and the framing field
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

COHTTPS_DEF result<void> write_chunk_header(buffer& out, std::uint64_t size) {
  if (size == 0) [[unlikely]]
    return fail(error_category::usage, "empty_chunk", "a chunk of no bytes would end the content");
  detail::appender to(out.prepare(24));
  to.number(size, 16) << "\r\n";
  out.commit(to.size());
  return {};
}

COHTTPS_DEF void write_chunk_end(buffer& out) { out.append(std::string_view("\r\n")); }

COHTTPS_DEF void write_chunk(buffer& out, std::span<const std::byte> content) {
  if (content.empty()) return;
  detail::appender to(out.prepare(content.size() + 24));
  to.number(content.size(), 16) << "\r\n"
                                << std::string_view(reinterpret_cast<const char*>(content.data()),
                                                    content.size())
                                << "\r\n";
  out.commit(to.size());
}

COHTTPS_DEF result<void> write_last_chunk(buffer& out, const fields& trailers) {
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
