// Digest authentication (RFC 7616). The caller provides the hash functions.
#pragma once

#include <cohttps/core/ascii.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/http/auth/challenge.hpp>
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

/// The hash functions of RFC 7616, 3.2. Each returns lower-case hexadecimal digits. If a function
/// is null, its algorithm is not supported. `<cohttps/tls/hash.hpp>` defines these functions.
struct digest_hashes {
  /// Takes text, returns the hash in lower-case hexadecimal digits.
  using function = std::string (*)(std::string_view);
  function md5 = nullptr;         ///< null: not offered
  function sha256 = nullptr;      ///< null: not offered
  function sha512_256 = nullptr;  ///< null: not offered
};

/// The request to authenticate, and the user's name and password. All members are views.
struct digest_request {
  std::string_view username;  ///< of the user
  std::string_view password;  ///< of the user
  std::string_view method;    ///< for example "GET"
  std::string_view target;    ///< as in the request line
  std::string_view content;   ///< the whole content; used only with the protection "auth-int"
  std::string_view cnonce;    ///< a random text that was not used before
};

/// A Digest challenge that the client can answer. The client can answer it as often as the server
/// accepts its nonce.
class digest {
 public:
  /// Returns the strongest challenge that `hashes` can answer (RFC 7616, 3.7): SHA-512-256, then
  /// SHA-256, then MD5. Of equally strong challenges it takes the first. Returns nothing if it can
  /// answer none.
  COHTTPS_DECL static std::optional<digest> choose(std::span<const challenge> offered,
                                                   const digest_hashes& hashes);

  /// Tells people why the client can answer none of the challenges. Returns an empty text if no
  /// challenge is a Digest challenge.
  COHTTPS_DECL [[gnu::cold]] static std::string why_unanswerable(std::span<const challenge> offered,
                                                                 const digest_hashes& hashes);

  /// The name of what the user and password are for, as the server says it.
  const std::string& realm() const noexcept { return realm_; }

  /// True if only the nonce of the last answer was too old. The user name and the password were
  /// right (RFC 7616, 3.3).
  bool stale() const noexcept { return stale_; }

  /// True if an answer depends on the content.
  bool covers_content() const noexcept { return qop_ == "auth-int"; }

  /// Returns the value of Authorization or Proxy-Authorization, and counts the uses of the nonce.
  /// With a "-sess" algorithm all answers use the cnonce of the first one.
  ///
  /// Fails with usage "digest_invalid" if the user name or the cnonce contains a control character,
  /// or if the cnonce is empty. Fails with limit "digest_nonce_spent" after 2^32 - 1 answers.
  COHTTPS_DECL result<std::string> answer(digest_request what);

 private:
  digest() = default;

  COHTTPS_DECL static std::optional<digest> from(const challenge& c, const digest_hashes& hashes);

  COHTTPS_DECL bool set_algorithm(const digest_hashes& hashes) noexcept;

  /// Computes the response parameter (RFC 7616, 3.4.1 to 3.4.3).
  COHTTPS_DECL std::string response(const digest_request& what, std::string_view nc) const;

  /// Writes the user name (RFC 7616, 3.4.4). A name with characters outside ASCII becomes
  /// `username*` (RFC 8187). Servers that do not send `charset=UTF-8` do not read `username*`; for
  /// them `username` contains the bytes of the name.
  COHTTPS_DECL std::string user(std::string_view name) const;

  /// Encodes `text` for `username*` (RFC 8187, 3.2.1). The RFC allows it to escape more than
  /// necessary.
  COHTTPS_DECL static std::string extended(std::string_view text);

  COHTTPS_DECL static std::string joined(std::initializer_list<std::string_view> parts);

  COHTTPS_DECL static std::string quoted(std::string_view text);

  COHTTPS_DECL static std::string hex(std::uint32_t n);

  std::string realm_;
  std::string nonce_;
  std::optional<std::string> opaque_;
  std::string algorithm_;  // as the challenge writes it; empty if it names none, which means MD5
  std::string_view qop_;   // quality of protection; empty if the challenge has none
  digest_hashes::function hash_ = nullptr;
  int strength_ = 0;
  std::uint32_t count_ = 0;
  std::string first_cnonce_;  // a "-sess" key is computed once, with this (RFC 7616, 3.4.2)
  bool session_ = false;
  bool userhash_ = false;
  bool utf8_ = false;  // the server reads names in UTF-8
  bool stale_ = false;
};

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/http/auth/digest.ipp>
#endif
