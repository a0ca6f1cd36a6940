// Definitions for request_lines.hpp.
#pragma once

#include <cohttps/http2/request_lines.hpp>

namespace cohttps::http2 {

COHTTPS_DEF result<std::span<const header_line>> request_lines::build(const request_head& r) {
  lines_.clear();
  const bool connect = r.verb == method::connect;
  if (auto fine = check_parts(r, connect); !fine) return pass(std::move(fine));
  lines_.push_back({":method", r.verb.text()});
  if (!r.protocol.empty()) lines_.push_back({":protocol", r.protocol});
  if (!connect || !r.protocol.empty()) {
    lines_.push_back({":scheme", r.scheme});
    lines_.push_back({":path", r.path});
  }
  const std::size_t authority = lines_.size();
  lines_.push_back({":authority", {}});

  const bool has_connection = r.headers.contains("connection");
  std::size_t size = 0, hosts = 0;
  bool has_length = false;
  for (const field f : r.headers) {
    if (auto valid = fields::check(f.name, f.value); !valid) [[unlikely]]
      return pass(std::move(valid));
    if (ascii::iequals(f.name, "host")) {
      lines_[authority].value = f.value;
      ++hosts;
      continue;
    }
    if (ascii::iequals(f.name, "transfer-encoding")) [[unlikely]]
      return fail(error_category::usage, "transfer_encoding_set",
                  "Transfer-Encoding belongs to the connection and cannot be set");
    if (ascii::iequals(f.name, "upgrade")) [[unlikely]]
      return fail(error_category::usage, "upgrade_set",
                  "HTTP/2 has no Upgrade (RFC 9113, 8.6); ask for HTTP/1.1 alone");
    if (is_of_the_connection(f)) continue;
    if (has_connection && !ascii::iequals(f.name, "te") &&
        r.headers.has_element("connection", f.name)) [[unlikely]]
      continue;
    // RFC 8441, 5: the protocol itself proves what this field would prove.
    if (!r.protocol.empty() && ascii::iequals(f.name, "sec-websocket-key")) continue;
    if (ascii::iequals(f.name, "content-length")) {
      if (has_length || !r.length || ascii::parse_decimal(f.value) != r.length) [[unlikely]]
        return fail(error_category::usage, "content_length_conflict",
                    "the Content-Length field contradicts the content; leave it out");
      has_length = true;
    }
    size += f.name.size() + f.value.size() + 32;
    lines_.push_back({f.name, f.value, is_secret(f)});
  }
  if (hosts != 1 || !is_authority(lines_[authority].value)) [[unlikely]]
    return fail(error_category::usage, hosts == 0 ? "missing_host" : "invalid_host",
                "a request needs exactly one Host field that holds a host and maybe a port");
  if (size > largest_head) [[unlikely]]
    return fail(error_category::usage, "request_head_too_large",
                "the fields of the request pass " + std::to_string(largest_head) + " bytes");
  const bool says_zero = r.verb == method::post || r.verb == method::put || r.verb == method::patch;
  if (r.length && !has_length && (*r.length != 0 || says_zero))
    lines_.push_back({"content-length", decimal(*r.length)});
  return std::span<const header_line>(lines_);
}

COHTTPS_DEF result<void> request_lines::check_parts(const request_head& r, bool connect) {
  const bool content = r.has_content && r.length != 0;
  if (content && (r.verb == method::trace || (connect && r.protocol.empty()))) [[unlikely]]
    return fail(error_category::usage, "content_not_allowed",
                "a " + std::string(r.verb.text()) + " request has no content");
  if (!r.protocol.empty() && (!connect || !ascii::is_token(r.protocol))) [[unlikely]]
    return fail(error_category::usage, "invalid_protocol",
                "a protocol must be a token, and requires the method CONNECT");
  if (connect && r.protocol.empty()) return {};
  for (const char c : r.path)
    if (c <= 0x20 || c >= 0x7f || c == '#') [[unlikely]]
      return invalid_target();
  if (!r.path.starts_with('/') && (r.path != "*" || r.verb != method::options)) [[unlikely]]
    return invalid_target();
  return {};
}

COHTTPS_DEF result<void> request_lines::invalid_target() {
  return fail(error_category::usage, "invalid_request_target",
              "the request target is not a path, or holds a space, a control character, a \"#\", "
              "or a byte outside ASCII");
}

COHTTPS_DEF bool request_lines::is_authority(std::string_view s) noexcept {
  for (const char c : s)
    if (!ascii::is_alnum(c) && std::string_view("-._~%!$&'()*+,;=[]:").find(c) == s.npos)
      return false;
  return !s.empty();
}

COHTTPS_DEF bool request_lines::is_of_the_connection(const field& f) {
  for (const std::string_view name :
       {"connection", "keep-alive", "proxy-connection", "http2-settings"})
    if (ascii::iequals(f.name, name)) return true;
  return ascii::iequals(f.name, "te") && !ascii::iequals(f.value, "trailers");
}

COHTTPS_DEF bool request_lines::is_secret(const field& f) noexcept {
  return ascii::iequals(f.name, "authorization") || ascii::iequals(f.name, "proxy-authorization") ||
         (ascii::iequals(f.name, "cookie") && f.value.size() < 20);
}

COHTTPS_DEF std::string_view request_lines::decimal(std::uint64_t n) noexcept {
  const auto end = std::to_chars(digits_.data(), digits_.data() + digits_.size(), n).ptr;
  return {digits_.data(), static_cast<std::size_t>(end - digits_.data())};
}

COHTTPS_DEF result<std::vector<header_line>> trailer_lines(const fields& trailers) {
  std::vector<header_line> lines;
  for (const field f : trailers) {
    if (auto valid = fields::check(f.name, f.value); !valid) return pass(std::move(valid));
    if (!is_trailer_allowed(f.name))
      return fail(error_category::usage, "forbidden_trailer",
                  "the field \"" + ascii::printable(f.name, 32) + "\" cannot be a trailer");
    lines.push_back({f.name, f.value});
  }
  return lines;
}

}  // namespace cohttps::http2
