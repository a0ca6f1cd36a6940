// Names beyond ASCII: Unicode ToASCII (UTS #46) as the URL Standard's "domain parser" asks for it,
// with libidn2's tables. No other header names libidn2.
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
/// libidn2 has no such mode. Its nontransitional lookup adds the rules of IDNA2008 (no symbols);
/// its transitional lookup is the mapping table and normalisation alone, but has four characters
/// too many in the table, rules for hyphens, and limits of length. So each label is mapped by the
/// latter, with stand-ins for what it would treat differently, and in pieces where it is long. The
/// labels, Punycode, joiners and the Bidi rule are seen to here.
class idna {
 public:
  /// `domain` is UTF-8. Errors: usage, "url_host_idna"; limit, "url_host_too_long".
  static result<std::string> to_ascii(std::string_view domain) {
    // Punycode takes quadratic time, and no name that can be resolved comes near this.
    if (domain.size() > max_domain)
      return fail(error_category::limit, "url_host_too_long",
                  "the host has " + std::to_string(domain.size()) +
                      " bytes; a name beyond ASCII may have " + std::to_string(max_domain));
    const auto decoded = decode_utf8(domain);
    if (!decoded) return refuse("is not UTF-8");

    std::vector<std::u32string> labels;
    std::u32string_view rest = *decoded;
    for (bool last = false; !last;) {
      // All characters that are mapped to a dot, so that labels can be mapped one by one.
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

  // Control characters: no valid label holds one, and like what they stand for, they compose with
  // no other character.
  static constexpr replacement stand_ins[] = {
      {'-', 1},     // the hyphen rules; and "xn--" is left alone
      {0x00df, 2},  // sharp s, otherwise mapped to "ss"
      {0x03c2, 3},  // final sigma, otherwise mapped to sigma
      {zwnj, 4},    // otherwise left out
      {zwj, 5},     // otherwise left out
      {0x1806, 6},  // Mongolian soft hyphen, otherwise disallowed
  };
  static constexpr char32_t neutral = 7;  // stands for nothing

  // What the mapping table of Unicode 17 maps, and libidn2's, of Unicode 14, does not, or maps to
  // something else; characters that are new since are not among them. The two hyphens stand here
  // to get their stand-in.
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

  /// UTS #46, 4, "Processing", from mapping on, for one label.
  static result<std::u32string> process(std::u32string_view input) {
    if (is_plain(input)) return std::u32string(input);
    auto label = map(input);
    if (!label) return label;
    if (label->starts_with(U"xn--")) {
      if (!is_ascii(*label)) return refuse("has an 'xn--' label that is not ASCII");
      auto decoded = punycode::decode(std::string(label->begin() + 4, label->end()));
      if (!decoded || is_ascii(*decoded)) return refuse("has an 'xn--' label without a meaning");
      // What mapping leaves as it is consists of valid characters and is normalised.
      label = map(*decoded);
      if (!label) return label;
      if (*label != *decoded || decoded->starts_with(U"xn--"))
        return refuse("has an 'xn--' label that no name is written as");
    }
    for (std::size_t i = 0; i < label->size(); ++i)
      if (((*label)[i] == zwnj || (*label)[i] == zwj) && !joiner_allowed(*label, i))
        return refuse("has a zero-width joiner where RFC 5892, Appendix A, allows none");
    return label;
  }

  /// What processing gives back as it is.
  static constexpr bool is_plain(std::u32string_view label) noexcept {
    return !label.starts_with(U"xn--") && std::ranges::all_of(label, [](char32_t c) {
      return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    });
  }

  /// UTS #46, 4, "Map" and "Normalize", and of 4.1 the rules on which characters are valid.
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

  /// libidn2 takes labels of up to 63 bytes, the standard of any length.
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

  /// Whether text can be cut between `a` and `b`: mapped apart, they give what they give together.
  static bool independent(char32_t a, char32_t b) {
    // The three jamo of a syllable compose, although its last two alone do not.
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

  /// RFC 5892, Appendix A.1 and A.2, which libidn2's nontransitional lookup checks, for the joiner
  /// at `at`. The rest of the label would have to obey IDNA2008, so it is asked about the
  /// neighbourhood alone.
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

inline result<std::string> domain_to_ascii(std::string_view domain) {
  return idna::to_ascii(domain);
}

#else

inline result<std::string> domain_to_ascii(std::string_view) {
  return fail(error_category::usage, "idna_unavailable",
              "the host has characters beyond ASCII, and this program was built without libidn2 "
              "(COHTTPS_HAS_IDN2); write the name in its 'xn--' form");
}

#endif

}  // namespace cohttps::detail
