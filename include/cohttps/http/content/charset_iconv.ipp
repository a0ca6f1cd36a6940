// Definitions for charset_iconv.hpp.
#pragma once

#include <cohttps/http/content/charset_iconv.hpp>

#ifdef COHTTPS_HAS_ICONV

namespace cohttps::detail {

COHTTPS_DEF std::optional<std::string> from_charset(std::string_view text, const charset& from) {
  struct converter {
    explicit converter(const char* name) : handle(::iconv_open("UTF-8", name)) {}
    converter(const converter&) = delete;
    converter& operator=(const converter&) = delete;
    ~converter() {
      if (is_open()) ::iconv_close(handle);
    }
    bool is_open() const noexcept { return handle != reinterpret_cast<iconv_t>(-1); }
    iconv_t handle;
  } to(from.iconv_name);
  if (!to.is_open()) return std::nullopt;
  std::string out;
  char piece[4096];
  char* in = const_cast<char*>(text.data());  // iconv only reads
  std::size_t left = text.size();
  while (left != 0) {
    char* at = piece;
    std::size_t room = sizeof piece;
    const auto converted = ::iconv(to.handle, &in, &left, &at, &room);
    out.append(piece, at);
    if (converted != static_cast<std::size_t>(-1) || errno == E2BIG) continue;
    const auto byte = static_cast<unsigned char>(*in);
    // The standard's single-byte encodings map such bytes to C1 controls; iconv rejects them.
    if (from.kind == charset_kind::single_byte && byte >= 0x80 && byte < 0xa0)
      append_utf8(out, byte);
    else
      out += "\xef\xbf\xbd";
    ++in, --left;
    // A sequence that is cut off at the end counts as one malformed sequence.
    if (errno == EINVAL) break;
  }
  // Some converters hold a letter back until they know that no combining mark follows. This call
  // makes them write it.
  char* at = piece;
  std::size_t room = sizeof piece;
  ::iconv(to.handle, nullptr, nullptr, &at, &room);
  out.append(piece, at);
  return out;
}

}  // namespace cohttps::detail

#endif
