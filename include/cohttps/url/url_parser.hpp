// The "basic URL parser" of the URL Standard, for http and https.
//
// The standard's state machine reads one code point at a time. This parser reads each component as
// a whole, in the order of the states. The comments at the functions name the states.
#pragma once

#include <cohttps/core/ascii.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/url/host.hpp>
#include <cohttps/url/origin.hpp>
#include <cohttps/url/percent_encoding.hpp>
#include <cohttps/url/url_record.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace cohttps::detail {

inline constexpr std::size_t max_url_size = 1 << 20;

COHTTPS_DECL std::unexpected<error> refuse_length(std::size_t size);

constexpr bool is_slash(char c) noexcept { return c == '/' || c == '\\'; }

/// Returns the end of a path: a '?', a '#' or the end of `text`. It uses a loop, because
/// `find_first_of` is several times slower.
constexpr std::size_t path_end(std::string_view text) noexcept {
  std::size_t at = 0;
  while (at < text.size() && text[at] != '?' && text[at] != '#') ++at;
  return at;
}

/// Returns the end of an authority: a slash, a '?', a '#' or the end of `text`.
constexpr std::size_t authority_end(std::string_view text) noexcept {
  std::size_t at = 0;
  while (at < text.size() && !is_slash(text[at]) && text[at] != '?' && text[at] != '#') ++at;
  return at;
}

/// "Shorten a URL's path". The path begins at `path` in `out`.
COHTTPS_DECL void drop_last_segment(std::string& out, std::size_t path);

/// Returns how many dots a "single-dot" or "double-dot URL path segment" means, and 0 for others.
constexpr int dots_in(std::string_view segment) noexcept {
  int dots = 0;
  while (!segment.empty()) {
    if (segment.front() == '.')
      segment.remove_prefix(1);
    else if (segment.size() > 2 && segment[0] == '%' && segment[1] == '2' &&
             ascii::to_lower(segment[2]) == 'e')
      segment.remove_prefix(3);
    else
      return 0;
    if (++dots > 2) return 0;
  }
  return dots;
}

/// "Path state": appends `text` to the path that begins at `path` in `out`. A '?' or '#' in `text`
/// is percent-encoded, so the parser removes a query and a fragment first. A first slash is part of
/// the separator, and not an empty segment.
COHTTPS_DECL void append_path(std::string& out, std::size_t path, std::string_view text);

class url_parser {
 public:
  /// `base` may be null.
  COHTTPS_DECL static result<url_record> parse(std::string_view input, const url_record* base);

 private:
  explicit url_parser(const url_record* base) : base_(base) {}

  static std::uint32_t offset(std::size_t n) noexcept { return static_cast<std::uint32_t>(n); }
  COHTTPS_DECL std::uint32_t here() const noexcept;

  // ---- the fast path ---------------------------------------------------------------------------

  enum : std::uint8_t { in_host = 1, in_path = 2, in_query = 4, in_fragment = 8 };

  /// For each byte, the components in which it stays unchanged and does not end the component.
  static constexpr auto plain = [] {
    std::array<std::uint8_t, 256> table{};
    for (std::size_t i = 0; i < 256; ++i) {
      const auto c = static_cast<char>(i);
      if (host_byte(c) == host_lower) table[i] |= in_host;
      if (!in_set(c, percent_encode_set::path) && !is_slash(c)) table[i] |= in_path;
      if (!in_set(c, percent_encode_set::special_query)) table[i] |= in_query;
      if (!in_set(c, percent_encode_set::fragment)) table[i] |= in_fragment;
    }
    return table;
  }();

  COHTTPS_DECL static std::size_t skip(std::string_view text, std::size_t at,
                                       std::uint8_t component) noexcept;

  /// Most URLs are already normalised. For these, one pass over `input` finds the parts, and one
  /// copy, which is the only allocation, stores it. Returns false for all others, for example with
  /// credentials, an IP address or a segment that starts with a dot.
  COHTTPS_DECL static bool copy_normalised(std::string_view input, url_record& url);

  // ---- the whole standard ----------------------------------------------------------------------

  /// Removes C0 controls and spaces around `input`, and tabs and newlines anywhere. If there are
  /// tabs or newlines, it copies the text to `storage`.
  COHTTPS_DECL static std::string_view strip(std::string_view input, std::string& storage);

  /// "Scheme start", "scheme" and "no scheme state".
  COHTTPS_DECL result<void> run(std::string_view input);

  /// Returns the length of the scheme before its ':', or 0 if `input` does not start with a scheme.
  COHTTPS_DECL static std::size_t scheme_size(std::string_view input) noexcept;

  /// "Relative" and "relative slash state".
  COHTTPS_DECL result<void> relative(std::string_view input);

  /// "Special authority ignore slashes" and "authority state", then all later states.
  COHTTPS_DECL result<void> authority(std::string_view scheme, std::string_view input);

  COHTTPS_DECL void credentials(std::string_view text);

  /// "Host" and "port state".
  COHTTPS_DECL result<void> host_and_port(std::string_view text);

  COHTTPS_DECL result<void> port(std::string_view text);

  /// "Query" and "fragment state". `text` is empty or starts with '?' or '#'.
  COHTTPS_DECL void query_and_fragment(std::string_view text);

  const url_record* base_;
  url_record url_;
};

}  // namespace cohttps::detail

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/url/url_parser.ipp>
#endif
