// Digest authentication (RFC 7616), without the hashes themselves.
#pragma once

#include <cohttps/core/ascii.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
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
  COHTTPS_DECL static std::optional<digest> choose(std::span<const challenge> offered,
                                                   const digest_hashes& hashes);

  /// Why none of the challenges can be answered, for people; empty when none of them is Digest.
  COHTTPS_DECL [[gnu::cold]] static std::string why_unanswerable(std::span<const challenge> offered,
                                                                 const digest_hashes& hashes);

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
  COHTTPS_DECL result<std::string> answer(digest_request what);

 private:
  digest() = default;

  COHTTPS_DECL static std::optional<digest> from(const challenge& c, const digest_hashes& hashes);

  COHTTPS_DECL bool set_algorithm(const digest_hashes& hashes) noexcept;

  /// RFC 7616, 3.4.1 to 3.4.3.
  COHTTPS_DECL std::string response(const digest_request& what, std::string_view nc) const;

  /// RFC 7616, 3.4.4; `username*` (RFC 8187) for a name beyond ASCII. Servers that do not say
  /// `charset=UTF-8` read no `username*`, so they get the bytes of the name.
  COHTTPS_DECL std::string user(std::string_view name) const;

  /// RFC 8187, 3.2.1; escaping more than it asks for is allowed.
  COHTTPS_DECL static std::string extended(std::string_view text);

  COHTTPS_DECL static std::string joined(std::initializer_list<std::string_view> parts);

  COHTTPS_DECL static std::string quoted(std::string_view text);

  COHTTPS_DECL static std::string hex(std::uint32_t n);

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

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/http/digest.ipp>
#endif
