// Definitions for host.hpp.
#pragma once

#include <cohttps/url/host.hpp>

namespace cohttps::detail {

COHTTPS_DEF void append_ipv4(std::string& out, std::uint32_t address) {
  for (int shift = 24; shift >= 0; shift -= 8) {
    out += std::to_string(address >> shift & 255);
    if (shift > 0) out += '.';
  }
}

COHTTPS_DEF void append_ipv6(std::string& out, const ipv6_pieces& pieces) {
  std::size_t gap = 8, gap_size = 1;
  for (std::size_t i = 0; i < 8; ++i) {
    std::size_t end = i;
    while (end < 8 && pieces[end] == 0) ++end;
    if (end - i > gap_size) {
      gap = i;
      gap_size = end - i;
    }
    if (end > i) i = end;
  }
  out += '[';
  for (std::size_t i = 0; i < 8; ++i) {
    if (i == gap) {
      out += "::";
      i += gap_size - 1;
      continue;
    }
    if (out.back() != ':' && i > 0) out += ':';
    char digits[4];
    const auto end = std::to_chars(digits, digits + 4, pieces[i], 16).ptr;
    out.append(digits, end);
  }
  out += ']';
}

COHTTPS_DEF std::unexpected<error> refuse_host(std::string_view reason, std::string_view host,
                                               std::string_view why) {
  return fail(error_category::usage, reason,
              "the host '" + ascii::printable(host) + "' " + std::string(why));
}

COHTTPS_DEF result<host_kind> parse_host(std::string_view text, std::string& out) {
  if (text.front() == '[') {
    ipv6_pieces pieces;
    const auto problem = text.back() == ']' ? parse_ipv6(text.substr(1, text.size() - 2), pieces)
                                            : "lacks a closing ']'";
    if (!problem.empty()) return refuse_host("url_host_ipv6", text, problem);
    append_ipv6(out, pieces);
    return host_kind::ipv6;
  }

  // The "domain parser" only converts ASCII to lower case, whatever its "xn--" labels decode to.
  std::string decoded;
  std::string_view domain = text;
  if (text.find('%') != text.npos) domain = decoded = percent_decode(text);
  if (!is_ascii(domain)) {
    auto ascii = domain_to_ascii(domain);
    if (!ascii) return pass(std::move(ascii));
    domain = decoded = *std::move(ascii);
  }
  if (domain.empty())
    return refuse_host("url_host_missing", text, "has no character that a name may have");
  const std::size_t begin = out.size();
  for (char c : domain) {
    const std::uint8_t kind = host_byte(c);
    if (!(kind & (host_lower | host_upper)))
      return refuse_host(
          "url_host_forbidden_character", text,
          "contains the forbidden character '" + ascii::printable(std::string_view(&c, 1)) + "'");
    out += kind == host_upper ? ascii::to_lower(c) : c;
  }
  if (!ends_in_a_number(std::string_view(out).substr(begin))) return host_kind::domain;

  std::uint32_t address = 0;
  if (const auto problem = parse_ipv4(std::string_view(out).substr(begin), address);
      !problem.empty())
    return refuse_host(
        "url_host_ipv4", text,
        "ends in a number, so it has to be an IPv4 address, but " + std::string(problem));
  out.resize(begin);
  append_ipv4(out, address);
  return host_kind::ipv4;
}

}  // namespace cohttps::detail
