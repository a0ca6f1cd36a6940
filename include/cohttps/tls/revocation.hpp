// Asking issuers whether a server's certificates were revoked: which URLs, with which bytes, and
// what follows from the answers. Who sends and receives is in net/.
#pragma once

#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/tls/botan.hpp>
#include <cohttps/tls/certificate.hpp>
#include <cohttps/tls/connection_info.hpp>
#include <cohttps/tls/explain.hpp>
#include <cohttps/tls/options.hpp>
#include <cohttps/tls/record.hpp>
#include <cohttps/tls/revocation_answers.hpp>

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

/// What issuers said of certificates, for as long as it holds: an hour at most, and five minutes
/// where nothing could be learnt. That somebody's certificate was revoked is not kept.
///
/// Threads: all members may be called at the same time.
class revocation_cache {
 public:
  using time_point = std::chrono::system_clock::time_point;
  static constexpr std::chrono::minutes lifetime{60};
  static constexpr std::chrono::minutes patience{5};
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
  std::unordered_map<std::string, entry> known_;
};

/// Something to be fetched by plain http: by GET, or by POST when there is content.
struct revocation_fetch {
  std::string url;
  std::string content_type = {};
  std::vector<std::byte> content = {};
  std::size_t most = 0;  ///< bytes of content that an answer may have
};

/// The questions about one server's path: while `next` gives one, `answered` or `failed` has to
/// follow it; then there is an `outcome`. The leaf is asked about first, then those that issued it.
/// Where a certificate names both, the OCSP responder is asked, and only if that is of no help the
/// list of revoked certificates is fetched.
///
/// Not for more than one thread at a time; the cache is shared.
class revocation_check {
 public:
  using time_point = revocation_cache::time_point;

  /// `stapled`: the server has proved for its own certificate that it is good.
  revocation_check(certificate_chain path, revocation_mode mode, bool stapled, time_point now,
                   std::shared_ptr<revocation_cache> cache)
      : path_(std::move(path)),
        hard_(mode == revocation_mode::hard),
        now_(now),
        cache_(std::move(cache)),
        at_(stapled ? 1 : 0) {}

  /// What has to be fetched, the same until it was; null when all is known.
  COHTTPS_DECL const revocation_fetch* next();

  /// The content of a successful answer to what `next` gave.
  COHTTPS_DECL void answered(std::span<const std::byte> content);

  /// There was no answer, for the reason given.
  COHTTPS_DECL void failed(std::string_view why);

  /// Good, or, where that is enough (`revocation_mode::soft`), unknown.
  COHTTPS_DECL result<revocation_status> outcome() const;

  /// What is wrong where no more than that was asked for (`revocation_mode::soft`).
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

  /// Of the certificate at hand, and on to the next one.
  COHTTPS_DECL void conclude(revocation_status status);

  /// Nobody said that the certificate at hand is good: refuses it where that has to be known.
  COHTTPS_DECL void leave_unknown(std::string what);

  COHTTPS_DECL void proceed();

  COHTTPS_DECL void stop(std::unexpected<error> why);

  certificate_chain path_;
  bool hard_;
  time_point now_;
  std::shared_ptr<revocation_cache> cache_;
  std::size_t at_;  // the certificate that is asked about
  step step_ = step::begin;
  std::string key_;
  time_point until_{};  // how long the answer holds
  std::string why_;     // nobody answered
  revocation_fetch fetch_;
  std::vector<error> overlooked_;
  std::optional<error> failure_;
};

}  // namespace cohttps::tls

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/tls/revocation.ipp>
#endif
