// Which credentials a request shows, and whether a 401 is worth another try.
#pragma once

#include <cohttps/client/configured_origin.hpp>
#include <cohttps/client/credentials.hpp>
#include <cohttps/client/options.hpp>
#include <cohttps/client/request.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/http/basic.hpp>
#include <cohttps/http/challenge.hpp>
#include <cohttps/http/digest.hpp>
#include <cohttps/task/task.hpp>
#include <cohttps/tls/hash.hpp>
#include <cohttps/url/percent_encoding.hpp>
#include <cohttps/url/url.hpp>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cohttps {

/// Digest challenges that a client has met, so that its next request answers them at once.
class known_digests {
 public:
  COHTTPS_DECL digest* find(const origin& at, std::string_view user) noexcept;
  COHTTPS_DECL void learn(const origin& at, std::string_view user, digest challenge);

 private:
  static constexpr std::size_t most = 64;
  struct entry {
    origin at;
    std::string user;
    digest answered;
  };
  std::vector<entry> entries_;
};

/// The credentials of one operation, at one origin after another.
///
/// The caller's own Authorization field comes first, then the credentials of the request and those
/// in its URL, which are for the URL's origin alone, and used by Digest where the client's for that
/// origin are; then the client's for the origin, and the netrc's, which also has the password of a
/// user whom the URL only names.
class authentication {
 public:
  authentication(const client_options& options, known_digests& known) noexcept
      : options_(options), known_(known) {}

  /// Once, with the URL that the caller gave.
  COHTTPS_DECL void begin(const url& first, cohttps::credentials of_request);

  /// For requests to `to` from now on. Fails with usage "credentials_origin" when the client's
  /// options contain an invalid origin.
  COHTTPS_DECL result<void> choose(const url& to, const fields& headers);

  /// Gets what `show` needs and has to be waited for.
  COHTTPS_DECL task<result<void>> prepare();

  /// Adds what the credentials say to a request that is about to be sent. `content` is empty where
  /// it is not in memory.
  COHTTPS_DECL result<void> show(const method& verb, const url& to, std::string_view target,
                                 fields& headers,
                                 std::optional<std::span<const std::byte>> content);

  /// True when the next request can answer the challenge of a 401 with these fields.
  COHTTPS_DECL bool can_answer(const fields& headers) const;
  /// Takes the challenge of a 401 that `can_answer`.
  COHTTPS_DECL void take_challenge(const fields& headers);

 private:
  COHTTPS_DECL bool nothing_to_say() const noexcept;

  COHTTPS_DECL task<result<void>> ask(const token_source& source);

  COHTTPS_DECL result<credentials> of_client(const origin& at) const;

  COHTTPS_DECL result<std::string> show_user(const credentials::user& user, const method& verb,
                                             std::string_view target,
                                             std::optional<std::span<const std::byte>> content);

  const client_options& options_;
  known_digests& known_;
  credentials own_;
  credentials chosen_;
  origin first_;
  origin at_;
  std::string token_;
  std::string refused_;  // until the source has been told
  int challenges_ = 0;   // answered at this origin
};

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/client/authentication.ipp>
#endif
