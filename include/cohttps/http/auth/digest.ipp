// Definitions for digest.hpp.
#pragma once

#include <cohttps/http/auth/digest.hpp>

namespace cohttps {

COHTTPS_DEF std::optional<digest> digest::choose(std::span<const challenge> offered,
                                                 const digest_hashes& hashes) {
  std::optional<digest> best;
  for (const challenge& c : offered) {
    auto one = from(c, hashes);
    if (one && (!best || one->strength_ > best->strength_)) best = std::move(one);
  }
  return best;
}

COHTTPS_DEF std::string digest::why_unanswerable(std::span<const challenge> offered,
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

COHTTPS_DEF result<std::string> digest::answer(digest_request what) {
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
                    ", uri=" + quoted(what.target) + ", nonce=" + quoted(nonce_) + ", response=\"" +
                    response(what, nc) + '"';
  if (!algorithm_.empty()) out += ", algorithm=" + algorithm_;
  if (!qop_.empty()) out.append(", qop=").append(qop_).append(", nc=").append(nc);
  if (!qop_.empty() || session_) out += ", cnonce=" + quoted(what.cnonce);
  if (opaque_) out += ", opaque=" + quoted(*opaque_);
  if (userhash_) out += ", userhash=true";
  return out;
}

COHTTPS_DEF std::optional<digest> digest::from(const challenge& c, const digest_hashes& hashes) {
  if (c.scheme != "digest") return std::nullopt;
  const auto nonce = c.find("nonce");
  if (!nonce) return std::nullopt;
  digest d;
  d.realm_ = c.find("realm").value_or("");  // curl also reads a missing realm as an empty one
  d.nonce_ = *nonce;
  if (const auto opaque = c.find("opaque")) d.opaque_ = *opaque;
  d.stale_ = ascii::iequals(c.find("stale").value_or(""), "true");
  d.userhash_ = ascii::iequals(c.find("userhash").value_or(""), "true");
  d.utf8_ = ascii::iequals(c.find("charset").value_or(""), "utf-8");
  d.algorithm_ = c.find("algorithm").value_or("");
  if (!d.set_algorithm(hashes)) return std::nullopt;
  // Unknown options are ignored (RFC 7616, 3.3). If no known option is left, the answer follows RFC
  // 2069, which some servers still use.
  ascii::for_each_element(c.find("qop").value_or(""), [&](std::string_view q) {
    if (ascii::iequals(q, "auth")) d.qop_ = "auth";
    if (ascii::iequals(q, "auth-int") && d.qop_.empty()) d.qop_ = "auth-int";
    return true;
  });
  return d;
}

COHTTPS_DEF bool digest::set_algorithm(const digest_hashes& hashes) noexcept {
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

COHTTPS_DEF std::string digest::response(const digest_request& what, std::string_view nc) const {
  std::string a1 = joined({what.username, realm_, what.password});
  if (session_) a1 = joined({hash_(a1), nonce_, what.cnonce});
  std::string a2 = joined({what.method, what.target});
  if (covers_content()) a2 = joined({a2, hash_(what.content)});
  if (qop_.empty()) return hash_(joined({hash_(a1), nonce_, hash_(a2)}));
  return hash_(joined({hash_(a1), nonce_, nc, what.cnonce, qop_, hash_(a2)}));
}

COHTTPS_DEF std::string digest::user(std::string_view name) const {
  if (userhash_) return "username=\"" + hash_(joined({name, realm_})) + '"';
  for (const char c : name)
    if (utf8_ && static_cast<unsigned char>(c) >= 0x80) return "username*=UTF-8''" + extended(name);
  return "username=" + quoted(name);
}

COHTTPS_DEF std::string digest::extended(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (ascii::is_alnum(c))
      out += c;
    else
      detail::append_percent_encoded_byte(out, c);
  }
  return out;
}

COHTTPS_DEF std::string digest::joined(std::initializer_list<std::string_view> parts) {
  std::string out;
  for (const std::string_view part : parts) out.append(part) += ':';
  out.pop_back();
  return out;
}

COHTTPS_DEF std::string digest::quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

COHTTPS_DEF std::string digest::hex(std::uint32_t n) {
  constexpr char digits[] = "0123456789abcdef";
  std::string out;
  for (int shift = 28; shift >= 0; shift -= 4) out += digits[n >> shift & 15];
  return out;
}

}  // namespace cohttps
