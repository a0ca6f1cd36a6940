// Asks the issuers of a server's certificates for their revocation status: makes the requests, and
// evaluates the answers. connect/revocation_fetch.hpp sends and receives them.
#pragma once

#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/tls/botan.hpp>
#include <cohttps/tls/connection_info.hpp>
#include <cohttps/tls/options.hpp>
#include <cohttps/tls/record/record.hpp>
#include <cohttps/tls/revocation/revocation_answers.hpp>
#include <cohttps/tls/verify/certificate.hpp>
#include <cohttps/tls/verify/explain.hpp>

#include <botan/data_src.h>
#include <botan/exceptn.h>
#include <botan/ocsp.h>
#include <botan/pem.h>
#include <botan/pkix_enums.h>
#include <botan/x509_crl.h>
#include <botan/x509cert.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace cohttps::tls {

/// Keeps the revocation status of certificates. A good status is kept for at most an hour, and
/// never longer than the answer is valid. An unknown status is kept for five minutes. `revoked` is
/// never kept.
///
/// Threads: all members may be called at the same time.
class revocation_cache {
 public:
  using time_point = std::chrono::system_clock::time_point;
  static constexpr std::chrono::minutes lifetime{60};
  static constexpr std::chrono::minutes retry_delay{5};
  static constexpr std::size_t most = 1024;

  COHTTPS_DECL std::optional<revocation_status> find(const std::string& key, time_point now) const;

  COHTTPS_DECL void put(const std::string& key, revocation_status what, time_point from,
                        time_point until);

  COHTTPS_DECL std::size_t size() const;

 private:
  struct entry {
    revocation_status what;
    time_point from, until;
    bool holds(time_point now) const { return from <= now && now < until; }
  };

  mutable std::mutex mutex_;
  std::unordered_map<std::string, entry> answers_;
};

/// A request over plain http. The method is POST when there is content, or else GET.
struct revocation_fetch {
  std::string url;
  std::string content_type = {};
  std::vector<std::byte> content = {};
  std::size_t most = 0;  ///< the largest allowed content of the answer, in bytes
};

/// Checks the revocation status of all certificates below the root on one server's path. The caller
/// calls `next`, sends the request that it returns, and then calls `answered` or `failed`. It
/// repeats this until `next` returns null, and then calls `outcome`. The server's own certificate
/// is checked first, then its issuers. When a certificate names an OCSP responder and a CRL, the
/// CRL is fetched only if the responder gives no usable answer.
///
/// Threads: only one thread may use a check at a time. Several checks may share the cache.
class revocation_check {
 public:
  using time_point = revocation_cache::time_point;

  /// `path` goes from the server's own certificate to the root. `stapled`: the server has stapled a
  /// response that its own certificate is good, so it is not checked again.
  revocation_check(certificate_chain path, revocation_mode mode, bool stapled, time_point now,
                   std::shared_ptr<revocation_cache> cache)
      : path_(std::move(path)),
        hard_(mode == revocation_mode::hard),
        now_(now),
        cache_(std::move(cache)),
        at_(stapled ? 1 : 0) {}

  /// Returns the next request, or null when there are no more. It returns the same request until
  /// the caller calls `answered` or `failed`.
  COHTTPS_DECL const revocation_fetch* next();

  /// The request succeeded. `content` is the content of the answer.
  COHTTPS_DECL void answered(std::span<const std::byte> content);

  /// The request failed. `why` is the reason, for the message of an error.
  COHTTPS_DECL void failed(std::string_view why);

  /// Returns `good`, or with `revocation_mode::soft` also `unknown`. Fails with category
  /// certificate: `revoked`, or with `revocation_mode::hard` also `revocation_unknown`.
  COHTTPS_DECL result<revocation_status> outcome() const;

  /// The errors that `revocation_mode::soft` turned off.
  const std::vector<error>& overlooked() const noexcept { return overlooked_; }

 private:
  enum class step : std::uint8_t { begin, ask_responder, asked, get_list, got_list, end };

  static constexpr std::size_t most_response = 64 * 1024;
  static constexpr std::size_t most_list = 16 * 1024 * 1024;

  COHTTPS_DECL void begin();

  COHTTPS_DECL bool ask_responder();

  COHTTPS_DECL bool get_list();

  COHTTPS_DECL revocation_status judge_response(std::span<const std::byte> content);

  COHTTPS_DECL revocation_status judge_list(std::span<const std::byte> content);

  COHTTPS_DECL static std::string_view describe_answer(revocation_status status);

  /// Ends the check of the current certificate with `status`.
  COHTTPS_DECL void conclude(revocation_status status);

  /// Ends the check of the current certificate with an unknown status. This is an error with
  /// `revocation_mode::hard`.
  COHTTPS_DECL void leave_unknown(std::string what);

  /// Goes on to the next certificate.
  COHTTPS_DECL void proceed();

  COHTTPS_DECL void stop(std::unexpected<error> why);

  certificate_chain path_;
  bool hard_;
  time_point now_;
  std::shared_ptr<revocation_cache> cache_;
  std::size_t at_;  // the index of the current certificate
  step step_ = step::begin;
  std::string key_;
  time_point until_{};  // the end of the answer's validity
  std::string why_;     // the reasons of the failed requests
  revocation_fetch fetch_;
  std::vector<error> overlooked_;
  std::optional<error> failure_;
};

}  // namespace cohttps::tls

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/tls/revocation/revocation.ipp>
#endif
