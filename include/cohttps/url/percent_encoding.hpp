// Percent-encoding by the URL Standard, "Percent-encoded bytes".
#pragma once

#include <cohttps/core/ascii.hpp>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace cohttps {

/// The percent-encode sets of the URL Standard. A set contains the bytes that a part of a URL
/// cannot contain unencoded. Each set contains the C0 controls and every byte above '~'.
enum class percent_encode_set : std::uint8_t {
  c0_control = 1 << 0,     ///< the C0 controls alone
  fragment = 1 << 1,       ///< a fragment
  query = 1 << 2,          ///< a query
  special_query = 1 << 3,  ///< the query of an http or https URL
  path = 1 << 4,           ///< a path
  userinfo = 1 << 5,       ///< a user name or a password
  component = 1 << 6,      ///< the bytes that JavaScript's encodeURIComponent() escapes
  form = 1 << 7,           ///< application/x-www-form-urlencoded, where a space becomes '+'
};

namespace detail {

/// For each byte, the sets that contain it.
inline constexpr auto percent_encode_sets = [] {
  using enum percent_encode_set;
  std::array<std::uint8_t, 256> table{};
  // The standard builds most sets on another set. Each call therefore sets the bits of all sets
  // that contain the characters.
  constexpr auto of = [](auto... sets) {
    return static_cast<std::uint8_t>((0u | ... | static_cast<unsigned>(sets)));
  };
  const auto add = [&](std::string_view characters, std::uint8_t sets) {
    for (char c : characters) table[static_cast<unsigned char>(c)] |= sets;
  };
  for (std::size_t i = 0; i < 256; ++i)
    if (i < 0x20 || i > 0x7e) table[i] = 0xff;
  const std::uint8_t from_userinfo = of(userinfo, component, form);
  const std::uint8_t from_path = of(path) | from_userinfo;
  const std::uint8_t from_query = of(query, special_query) | from_path;
  add(" \"<>", of(fragment) | from_query);
  add("`", of(fragment) | from_path);
  add("#", from_query);
  add("'", of(special_query, form));
  add("?^{}", from_path);
  add("/:;=@[\\]|", from_userinfo);
  add("$%&+,", of(component, form));
  add("!()~", of(form));
  return table;
}();

constexpr bool in_set(char c, percent_encode_set set) noexcept {
  return percent_encode_sets[static_cast<unsigned char>(c)] & static_cast<std::uint8_t>(set);
}

constexpr void append_percent_encoded_byte(std::string& out, char byte) {
  constexpr char digits[] = "0123456789ABCDEF";
  const auto u = static_cast<unsigned char>(byte);
  const char encoded[] = {'%', digits[u >> 4], digits[u & 15]};
  out.append(encoded, 3);
}

}  // namespace detail

/// Appends `text` to `out`, with the bytes in `set` percent-encoded. Only the sets `component` and
/// `form` contain '%'. Only with these can the text be decoded again: by `percent_decode`, or for
/// `form`, where a space becomes '+', by `query::parse`.
constexpr void append_percent_encoded(std::string& out, std::string_view text,
                                      percent_encode_set set) {
  std::size_t done = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!detail::in_set(text[i], set)) continue;
    out.append(text.data() + done, i - done);
    done = i + 1;
    if (set == percent_encode_set::form && text[i] == ' ')
      out += '+';
    else
      detail::append_percent_encoded_byte(out, text[i]);
  }
  out.append(text.data() + done, text.size() - done);
}

/// Returns `text` with the bytes in `set` percent-encoded.
constexpr std::string percent_encode(std::string_view text, percent_encode_set set) {
  std::string out;
  out.reserve(text.size());
  append_percent_encoded(out, text, set);
  return out;
}

/// Returns `text` with each "%XX" replaced by its byte. A '%' without two hexadecimal digits after
/// it stays unchanged. The result need not be UTF-8.
constexpr std::string percent_decode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && text.size() - i > 2) {
      const int high = ascii::hex_value(text[i + 1]);
      const int low = ascii::hex_value(text[i + 2]);
      if (high >= 0 && low >= 0) {
        out += static_cast<char>(high * 16 + low);
        i += 2;
        continue;
      }
    }
    out += text[i];
  }
  return out;
}

/// Appends "name=value" to `out` as application/x-www-form-urlencoded ("urlencoded serializing").
/// If `out` is not empty, it appends a '&' first.
constexpr void append_form_urlencoded(std::string& out, std::string_view name,
                                      std::string_view value) {
  if (!out.empty()) out += '&';
  append_percent_encoded(out, name, percent_encode_set::form);
  out += '=';
  append_percent_encoded(out, value, percent_encode_set::form);
}

}  // namespace cohttps
