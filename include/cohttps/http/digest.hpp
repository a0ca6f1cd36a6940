// Digest authentication (RFC 7616), without the hashes themselves.
#pragma once

#include <cohttps/core/ascii.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/http/challenge.hpp>
#include <cohttps/url/percent_encoding.hpp>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace cohttps {

/// The hashes of RFC 7616, 3.2: each gives lower-case hexadecimal digits, and may be null, which
/// makes its algorithm one that is not supported. `<cohttps/tls/hash.hpp>` has them.
struct digest_hashes {
  using function = std::string (*)(std::string_view);
  function md5 = nullptr;
  function sha256 = nullptr;
  function sha512_256 = nullptr;
};

/// What is to be authenticated, and as whom. Views.
struct digest_request {
  std::string_view username;
  std::string_view password;
  std::string_view method;   ///< such as "GET"
  std::string_view target;   ///< as in the request line
  std::string_view content;  ///< all of it; matters to the quality "auth-int" alone
  std::string_view cnonce;   ///< random, not used before
};

/// A Digest challenge that can be answered, as often as its nonce is taken.
class digest {
 public:
  /// The strongest of the challenges that `hashes` can answer (RFC 7616, 3.7): SHA-512-256,
  /// SHA-256, MD5; nothing when there is none. Of equals the first.
  static std::optional<digest> choose(std::span<const challenge> offered,
                                      const digest_hashes& hashes) {
    std::optional<digest> best;
    for (const challenge& c : offered) {
      auto one = from(c, hashes);
      if (one && (!best || one->strength_ > best->strength_)) best = std::move(one);
    }
    return best;
  }

  /// Why none of the challenges can be answered, for people; empty when none of them is Digest.
  [[gnu::cold]] static std::string why_unanswerable(std::span<const challenge> offered,
                                                    const digest_hashes& hashes) {
    std::string why;
    for (const challenge& c : offered) {
      if (c.scheme != "digest" || from(c, hashes)) continue;
      if (!why.empty()) why += "; ";
      if (!c.find("nonce"))
        why += "a Digest challenge has no nonce";
      else
        why += "the Digest algorithm " + ascii::printable(c.find("algorithm").value_or(""), 32) +
               " is not supported";
    }
    return why;
  }

  const std::string& realm() const noexcept { return realm_; }

  /// True when it was only the nonce of the last answer that was too old: the user name and
  /// password were right (RFC 7616, 3.3).
  bool stale() const noexcept { return stale_; }

  /// True when an answer depends on the content.
  bool covers_content() const noexcept { return qop_ == "auth-int"; }

  /// The value of Authorization or Proxy-Authorization. Counts the uses of the nonce. With a
  /// "-sess" algorithm the first cnonce stays.
  ///
  /// Fails with usage "digest_invalid" when the user name or the cnonce holds a control character
  /// or the cnonce is empty, and with limit "digest_nonce_spent" after 2^32 - 1 answers.
  result<std::string> answer(digest_request what) {
    if (!ascii::is_field_value(what.username) || !ascii::is_field_value(what.cnonce) ||
        what.cnonce.empty())
      return fail(error_category::usage, "digest_invalid",
                  "the user name for Digest authentication or the client's nonce holds a control "
                  "character, or there is no nonce");
    if (count_ == UINT32_MAX)
      return fail(error_category::limit, "digest_nonce_spent",
                  "the nonce of a Digest challenge was used too often; ask for a new one");
    const std::string nc = hex(++count_);
    if (session_ && first_cnonce_.empty()) first_cnonce_ = what.cnonce;
    if (session_) what.cnonce = first_cnonce_;

    std::string out = "Digest " + user(what.username) + ", realm=" + quoted(realm_) +
                      ", uri=" + quoted(what.target) + ", nonce=" + quoted(nonce_) +
                      ", response=\"" + response(what, nc) + '"';
    if (!algorithm_.empty()) out += ", algorithm=" + algorithm_;
    if (!qop_.empty()) out.append(", qop=").append(qop_).append(", nc=").append(nc);
    if (!qop_.empty() || session_) out += ", cnonce=" + quoted(what.cnonce);
    if (opaque_) out += ", opaque=" + quoted(*opaque_);
    if (userhash_) out += ", userhash=true";
    return out;
  }

 private:
  digest() = default;

  static std::optional<digest> from(const challenge& c, const digest_hashes& hashes) {
    if (c.scheme != "digest") return std::nullopt;
    const auto nonce = c.find("nonce");
    if (!nonce) return std::nullopt;
    digest d;
    d.realm_ = c.find("realm").value_or("");  // curl takes a missing realm for an empty one
    d.nonce_ = *nonce;
    if (const auto opaque = c.find("opaque")) d.opaque_ = *opaque;
    d.stale_ = ascii::iequals(c.find("stale").value_or(""), "true");
    d.userhash_ = ascii::iequals(c.find("userhash").value_or(""), "true");
    d.utf8_ = ascii::iequals(c.find("charset").value_or(""), "utf-8");
    d.algorithm_ = c.find("algorithm").value_or("");
    if (!d.set_algorithm(hashes)) return std::nullopt;
    // Options that are not known are ignored (RFC 7616, 3.3). Without one that is, it is Digest as
    // of RFC 2069, which servers still ask for.
    ascii::for_each_element(c.find("qop").value_or(""), [&](std::string_view q) {
      if (ascii::iequals(q, "auth")) d.qop_ = "auth";
      if (ascii::iequals(q, "auth-int") && d.qop_.empty()) d.qop_ = "auth-int";
      return true;
    });
    return d;
  }

  bool set_algorithm(const digest_hashes& hashes) noexcept {
    constexpr std::string_view suffix = "-sess";
    std::string_view name = algorithm_.empty() ? std::string_view("MD5") : algorithm_;
    if (name.size() > suffix.size() &&
        ascii::iequals(name.substr(name.size() - suffix.size()), suffix)) {
      session_ = true;
      name.remove_suffix(suffix.size());
    }
    const std::pair<std::string_view, digest_hashes::function> known[] = {
        {"MD5", hashes.md5}, {"SHA-256", hashes.sha256}, {"SHA-512-256", hashes.sha512_256}};
    for (const auto& [called, function] : known) {
      ++strength_;
      if (ascii::iequals(name, called)) return (hash_ = function) != nullptr;
    }
    return false;
  }

  /// RFC 7616, 3.4.1 to 3.4.3.
  std::string response(const digest_request& what, std::string_view nc) const {
    std::string a1 = joined({what.username, realm_, what.password});
    if (session_) a1 = joined({hash_(a1), nonce_, what.cnonce});
    std::string a2 = joined({what.method, what.target});
    if (covers_content()) a2 = joined({a2, hash_(what.content)});
    if (qop_.empty()) return hash_(joined({hash_(a1), nonce_, hash_(a2)}));
    return hash_(joined({hash_(a1), nonce_, nc, what.cnonce, qop_, hash_(a2)}));
  }

  /// RFC 7616, 3.4.4; `username*` (RFC 8187) for a name beyond ASCII. Servers that do not say
  /// `charset=UTF-8` read no `username*`, so they get the bytes of the name.
  std::string user(std::string_view name) const {
    if (userhash_) return "username=\"" + hash_(joined({name, realm_})) + '"';
    for (const char c : name)
      if (utf8_ && static_cast<unsigned char>(c) >= 0x80)
        return "username*=UTF-8''" + extended(name);
    return "username=" + quoted(name);
  }

  /// RFC 8187, 3.2.1; escaping more than it asks for is allowed.
  static std::string extended(std::string_view text) {
    std::string out;
    for (const char c : text) {
      if (ascii::is_alnum(c))
        out += c;
      else
        detail::append_percent_encoded_byte(out, c);
    }
    return out;
  }

  static std::string joined(std::initializer_list<std::string_view> parts) {
    std::string out;
    for (const std::string_view part : parts) out.append(part) += ':';
    out.pop_back();
    return out;
  }

  static std::string quoted(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
    return out + '"';
  }

  static std::string hex(std::uint32_t n) {
    constexpr char digits[] = "0123456789abcdef";
    std::string out;
    for (int shift = 28; shift >= 0; shift -= 4) out += digits[n >> shift & 15];
    return out;
  }

  std::string realm_;
  std::string nonce_;
  std::optional<std::string> opaque_;
  std::string algorithm_;  // as the challenge says it; empty for MD5 that it does not name
  std::string_view qop_;   // empty when the challenge has none
  digest_hashes::function hash_ = nullptr;
  int strength_ = 0;
  std::uint32_t count_ = 0;
  std::string first_cnonce_;  // of a session, whose key is made with it once (RFC 7616, 3.4.2)
  bool session_ = false;
  bool userhash_ = false;
  bool utf8_ = false;  // the server reads names in UTF-8
  bool stale_ = false;
};

}  // namespace cohttps
