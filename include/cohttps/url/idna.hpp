// Names with characters outside ASCII: Unicode ToASCII (UTS #46) with libidn2's tables, as the URL
// Standard's "domain parser" requires it. Only this header includes libidn2.
#pragma once

#include <cohttps/core/error.hpp>

#include <string>
#include <string_view>

#ifdef COHTTPS_HAS_IDN2
#include <cohttps/url/bidi.hpp>
#include <cohttps/url/punycode.hpp>
#include <cohttps/url/utf8.hpp>

#include <idn2.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <optional>
#include <vector>
#endif

namespace cohttps::detail {

#ifdef COHTTPS_HAS_IDN2

/// Unicode ToASCII with CheckHyphens, UseSTD3ASCIIRules, VerifyDnsLength and
/// Transitional_Processing false, CheckBidi and CheckJoiners true.
///
/// libidn2 has no such mode. Its nontransitional lookup adds the rules of IDNA2008 (no symbols).
/// Its transitional lookup applies only the mapping table and the normalisation. But this lookup
/// also maps four characters that must stay, checks hyphens, and limits lengths. This class
/// therefore maps each label with the transitional lookup. It replaces the characters that the
/// lookup would treat differently by stand-ins, and cuts a long label into pieces. It handles
/// labels, Punycode, joiners and the Bidi rule itself.
template <class = void>
class idna {
 public:
  /// `domain` is UTF-8. Errors: usage, "url_host_idna"; limit, "url_host_too_long".
  static result<std::string> to_ascii(std::string_view domain) {
    // Punycode takes quadratic time. No name that can be resolved is nearly as long as this limit.
    if (domain.size() > max_domain)
      return fail(error_category::limit, "url_host_too_long",
                  "the host has " + std::to_string(domain.size()) +
                      " bytes; a name beyond ASCII may have " + std::to_string(max_domain));
    const auto decoded = decode_utf8(domain);
    if (!decoded) return refuse("is not UTF-8");

    std::vector<std::u32string> labels;
    std::u32string_view rest = *decoded;
    for (bool last = false; !last;) {
      // All characters that are mapped to a dot. The class can therefore map each label separately.
      const auto dot = rest.find_first_of(U".\u3002\uff0e\uff61");
      last = dot == rest.npos;
      auto label = process(rest.substr(0, dot));
      if (!label) return pass(std::move(label));
      labels.push_back(*std::move(label));
      if (!last) rest.remove_prefix(dot + 1);
    }
    if (std::ranges::any_of(labels, makes_bidi) &&
        !std::ranges::all_of(labels, satisfies_bidi_rule))
      return refuse("mixes writing directions against the Bidi rule (RFC 5893, 2)");

    std::string out;
    for (const auto& label : labels) {
      if (&label != &labels.front()) out += '.';
      if (is_ascii(label))
        out.append(label.begin(), label.end());
      else
        out += "xn--" + punycode::encode(label);
    }
    return out;
  }

 private:
  static constexpr std::size_t max_domain = 4096;
  static constexpr char32_t zwnj = 0x200c, zwj = 0x200d;
  static constexpr int transitional = IDN2_TRANSITIONAL | IDN2_NO_ALABEL_ROUNDTRIP;
  static constexpr int nontransitional = IDN2_NONTRANSITIONAL | IDN2_NO_ALABEL_ROUNDTRIP;

  struct replacement {
    char32_t from, to;
  };

  // The stand-ins are control characters. No valid label contains one. Like the characters that
  // they replace, they compose with no other character.
  static constexpr replacement stand_ins[] = {
      {'-', 1},     // avoids the hyphen rules, and protects "xn--"
      {0x00df, 2},  // sharp s, otherwise mapped to "ss"
      {0x03c2, 3},  // final sigma, otherwise mapped to sigma
      {zwnj, 4},    // otherwise removed
      {zwj, 5},     // otherwise removed
      {0x1806, 6},  // Mongolian soft hyphen, otherwise disallowed
  };
  static constexpr char32_t neutral = 7;  // replaces no character

  // The characters that the mapping table of Unicode 17 maps, but that libidn2's table of Unicode
  // 14 does not map, or maps to something else. Characters that are new since Unicode 14 are not in
  // this list. The two hyphens are in it so that they get their stand-in.
  static constexpr replacement later_mappings[] = {
      {0xfe63, '-'},      {0xff0d, '-'},     {0x1e9e, 0x00df},  {0x04c0, 0x04cf},
      {0x2132, 0x214e},   {0x2183, 0x2184},  {0x2f868, 0x36fc}, {0x2f874, 0x5f53},
      {0x2f91f, 0x243ab}, {0x2f95f, 0x7aee}, {0x2f9bf, 0x45d7},
  };
  static constexpr bool is_later_ignored(char32_t c) noexcept {
    return c == 0x115f || c == 0x1160 || c == 0x17b4 || c == 0x17b5 || c == 0x180e ||
           (c >= 0x2061 && c <= 0x2063) || (c >= 0x206a && c <= 0x206f) || c == 0x3164 ||
           c == 0xffa0 || (c >= 0x1d173 && c <= 0x1d17a);
  }
  static constexpr char32_t later_mapping(char32_t c) noexcept {
    if (c >= 0x10a0 && c <= 0x10c5) return c - 0x10a0 + 0x2d00;  // Georgian capitals
    for (const auto& [from, to] : later_mappings)
      if (c == from) return to;
    return c;
  }

  static std::unexpected<error> refuse(std::string_view why) {
    return fail(error_category::usage, "url_host_idna",
                "the host is not a valid internationalized name: it " + std::string(why));
  }

  /// Applies UTS #46, 4, "Processing", to one label, from the mapping on.
  static result<std::u32string> process(std::u32string_view input) {
    if (is_plain(input)) return std::u32string(input);
    auto label = map(input);
    if (!label) return label;
    if (label->starts_with(U"xn--")) {
      if (!is_ascii(*label)) return refuse("has an 'xn--' label that is not ASCII");
      auto decoded = punycode::decode(std::string(label->begin() + 4, label->end()));
      if (!decoded || is_ascii(*decoded)) return refuse("has an 'xn--' label without a meaning");
      // If the mapping changes nothing, the text consists of valid characters and is normalised.
      label = map(*decoded);
      if (!label) return label;
      if (*label != *decoded || decoded->starts_with(U"xn--"))
        return refuse("has an 'xn--' label that does not decode to a normalised name");
    }
    for (std::size_t i = 0; i < label->size(); ++i)
      if (((*label)[i] == zwnj || (*label)[i] == zwj) && !joiner_allowed(*label, i))
        return refuse("has a zero-width joiner where RFC 5892, Appendix A, allows none");
    return label;
  }

  /// True if processing does not change the label.
  static constexpr bool is_plain(std::u32string_view label) noexcept {
    return !label.starts_with(U"xn--") && std::ranges::all_of(label, [](char32_t c) {
      return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    });
  }

  /// Applies UTS #46, 4, "Map" and "Normalize", and the rules of 4.1 about valid characters.
  static result<std::u32string> map(std::u32string_view label) {
    std::u32string prepared;
    for (char32_t c : label) {
      if (c < 0x20) return refuse("contains a control character");
      if (is_later_ignored(c)) continue;
      c = later_mapping(c);
      for (const auto& [original, stand_in] : stand_ins)
        if (c == original) c = stand_in;
      prepared += c;
    }
    auto mapped = map_prepared(prepared);
    if (!mapped) return mapped;
    for (char32_t& c : *mapped)
      for (const auto& [original, stand_in] : stand_ins)
        if (c == stand_in) c = original;
    return mapped;
  }

  static result<std::u32string> map_prepared(std::u32string_view label) {
    std::u32string mapped;
    switch (map_whole(label, mapped)) {
      case IDN2_OK:
        return mapped;
      case IDN2_TOO_BIG_LABEL:
      case IDN2_TOO_BIG_DOMAIN:
      case IDN2_PUNYCODE_BIG_OUTPUT:
        return map_halves(label);
      case IDN2_LEADING_COMBINING:
        return refuse("has a label that starts with a combining mark");
      default:
        return refuse("contains a character that no name may have");
    }
  }

  /// libidn2 accepts labels of up to 63 bytes. The standard does not limit their length.
  static result<std::u32string> map_halves(std::u32string_view label) {
    const std::size_t middle = label.size() / 2;
    for (std::size_t away = 0; away < middle; ++away)
      for (const std::size_t cut : {middle - away, middle + away}) {
        if (!independent(label[cut - 1], label[cut])) continue;
        auto mapped = map_prepared(label.substr(0, cut));
        if (!mapped) return mapped;
        const auto tail = map_prepared(label.substr(cut));
        if (!tail) return tail;
        return *mapped += *tail;
      }
    return refuse("has a label that is too long to be mapped");
  }

  /// True if text may be cut between `a` and `b`: the mapped parts together equal the mapped whole.
  static bool independent(char32_t a, char32_t b) {
    // The three jamo of a syllable compose, although the last two alone do not.
    if (b >= 0x1160 && b <= 0x11ff) return false;
    const char32_t text[] = {neutral, a, b};
    std::u32string head, tail, both;
    return map_whole({text, 2}, head) == IDN2_OK && map_whole({text + 2, 1}, tail) == IDN2_OK &&
           map_whole({text, 3}, both) == IDN2_OK && both == head + tail;
  }

  static int map_whole(std::u32string_view label, std::u32string& mapped) {
    if (label.empty()) return IDN2_OK;
    std::string found;
    if (const int outcome = lookup(label, transitional, &found); outcome != IDN2_OK) return outcome;
    if (!found.starts_with("xn--")) {
      mapped.assign(found.begin(), found.end());
      return IDN2_OK;
    }
    auto decoded = punycode::decode(std::string_view(found).substr(4));
    if (!decoded) return IDN2_PUNYCODE_BAD_INPUT;
    mapped = *std::move(decoded);
    return IDN2_OK;
  }

  /// Checks the joiner at `at` by RFC 5892, Appendix A.1 and A.2. libidn2's nontransitional lookup
  /// has this check. The lookup would also require that the rest of the label obeys IDNA2008, so it
  /// gets only the characters around the joiner.
  static bool joiner_allowed(std::u32string_view label, std::size_t at) {
    if (at == 0) return false;
    const char32_t after_virama[] = {'a', label[at - 1], label[at]};
    if (lookup({after_virama, 3}, nontransitional) == IDN2_OK) return true;
    const auto is_mark = [&](std::size_t i) { return bidi_class_of(label[i]) == bidi_class::mark; };
    std::size_t first = at - 1, last = at + 1;
    while (first > 0 && is_mark(first)) --first;
    while (last < label.size() && is_mark(last)) ++last;
    return last < label.size() &&
           lookup(label.substr(first, last + 1 - first), nontransitional) == IDN2_OK;
  }

  static int lookup(std::u32string_view text, int flags, std::string* found = nullptr) {
    std::string utf8;
    for (char32_t c : text) append_utf8(utf8, c);
    std::uint8_t* name = nullptr;
    const int outcome =
        idn2_lookup_u8(reinterpret_cast<const std::uint8_t*>(utf8.c_str()), &name, flags);
    if (outcome == IDN2_MALLOC) throw std::bad_alloc();
    const std::unique_ptr<std::uint8_t, decltype(&idn2_free)> owner(name, &idn2_free);
    if (outcome == IDN2_OK && found) *found = reinterpret_cast<const char*>(name);
    return outcome;
  }
};

template <class = void>
result<std::string> domain_to_ascii(std::string_view domain) {
  return idna<>::to_ascii(domain);
}

template <class = void>
std::string idna_library_version() {
  return idn2_check_version(nullptr);
}

#else

template <class = void>
result<std::string> domain_to_ascii(std::string_view) {
  return fail(error_category::usage, "idna_unavailable",
              "the host has characters beyond ASCII, and this program was built without libidn2 "
              "(COHTTPS_HAS_IDN2); write the name in its 'xn--' form");
}

#endif

}  // namespace cohttps::detail
