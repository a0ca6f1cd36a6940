// Alternative services (RFC 7838): other ways to an origin, as servers announce them.
#pragma once

#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/url/origin.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cohttps {

/// One alternative of the field Alt-Svc.
struct alternative_service {
  std::string protocol;                                   ///< the ALPN name, such as "h3"
  std::string host;                                       ///< empty: that of the origin
  std::uint16_t port = 0;                                 ///< of the alternative
  std::chrono::seconds max_age = std::chrono::hours(24);  ///< for how long it holds

  friend bool operator==(const alternative_service&, const alternative_service&) = default;
};

namespace detail {

/// The alternatives of a field, in the order of the server's preference. None for "clear".
/// Nothing is returned for a field that is malformed, which then means nothing. Alternatives whose
/// authority is malformed are left out.
COHTTPS_DECL std::optional<std::vector<alternative_service>> parse_alt_svc(std::string_view field);

}  // namespace detail

/// Remembers which origins announced HTTP/3, and where it does not work.
///
/// Its text is a line for each alternative: the origin, the host and the port of the alternative,
/// and the second since 1970 in which it ends:
/// ```
/// https://example.com example.com:443 1800000000
/// ```
/// Threads: any, at the same time.
class alternative_services {
 public:
  using time_point = std::chrono::system_clock::time_point;

  /// A host and port that an origin is reached at.
  struct place {
    std::string host;        ///< as in a URL
    std::uint16_t port = 0;  ///< of the alternative

    friend bool operator==(const place&, const place&) = default;
  };

  /// Takes the value of the field Alt-Svc in a response of `from` (RFC 7838, 3). Only what speaks
  /// "h3" is kept.
  COHTTPS_DECL void learn(const origin& from, std::string_view field, time_point now);

  /// Returns where `to` announced HTTP/3, unless that did not work lately.
  COHTTPS_DECL std::optional<place> find(const origin& to, time_point now) const;

  /// HTTP/3 did not work at `at`. It is not tried again for 5 minutes, and for twice as long after
  /// each further failure, up to 2 days.
  COHTTPS_DECL void failed(const place& at, time_point now);
  /// Says that a connection to the place came about, so that it is used again.
  COHTTPS_DECL void worked(const place& at);
  /// `to` answered 421 over HTTP/3 (RFC 7838, 6). Its alternatives are forgotten. Later ones are
  /// not used for the time that `failed` describes.
  COHTTPS_DECL void misdirected(const origin& to, time_point now);
  /// False while `to` is not asked over HTTP/3 because of that.
  COHTTPS_DECL bool usable(const origin& to, time_point now) const;
  /// False while HTTP/3 at `at` is not tried again.
  COHTTPS_DECL bool usable(const place& at, time_point now) const;

  /// Adds the lines of a text. Fails with usage "alt_svc_malformed", which names the line; the
  /// lines before it are kept.
  COHTTPS_DECL result<void> add(std::string_view text);
  /// All that it knows and has not ended.
  COHTTPS_DECL std::string text(time_point now) const;

  COHTTPS_DECL std::size_t size() const;

 private:
  static constexpr std::size_t most = 10'000;  // origins
  static constexpr std::size_t most_each = 4;  // alternatives of one origin

  struct entry {
    place at;
    time_point ends;
  };
  struct failure {
    int times = 0;
    time_point until;
  };

  COHTTPS_DECL static std::string key(const place& at);
  COHTTPS_DECL bool usable_now(const std::string& what, time_point now) const;
  COHTTPS_DECL void count_failure(std::string what, time_point now);

  mutable std::mutex mutex_;
  std::map<std::string, std::vector<entry>, std::less<>> known_;  // by the text of the origin
  std::map<std::string, failure, std::less<>> failures_;  // by place, or by the text of the origin
};

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/http/alt_svc.ipp>
#endif
