// Finds out by HTTPS records (RFC 9460) where origins speak HTTP/3, and caches the answers.
#pragma once

#include <cohttps/connect/connect_options.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/core/stop.hpp>
#include <cohttps/dns/https_record.hpp>
#include <cohttps/http/alt_svc.hpp>
#include <cohttps/task/task.hpp>
#include <cohttps/transport/any_transport.hpp>
#include <cohttps/transport/concepts.hpp>
#include <cohttps/transport/https_query.hpp>
#include <cohttps/url/origin.hpp>

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cohttps::detail {

/// True if public name servers may know the name. False for addresses, single labels, and names
/// that DNS leaves to others (RFC 6761, RFC 6762, RFC 7686).
COHTTPS_DECL bool is_public_name(std::string_view host) noexcept;

/// The answers of name servers. Threads: those of its `http3_connector`.
template <class = void>
class http3_discovery {
 public:
  using place = alternative_services::place;

  static constexpr std::size_t max_origins = 1024;
  static constexpr std::size_t max_aliases = 8;  // queries for one origin
  /// How long an answer counts at least and at most, and how long the lack of one counts.
  static constexpr std::chrono::seconds least_time{1}, most_time{3600}, negative_time{60};

  /// What the cache says about an origin.
  struct answer {
    std::optional<place> at;  ///< empty: there is no HTTP/3
    time_point ends;          ///< on the system's steady clock
  };

  /// `system` asks for a client without a resolver of its own. It may be null.
  explicit http3_discovery(https_querier system) noexcept : system_(system) {}

  /// True if name servers can be asked about an origin whose host has no override.
  bool possible(const origin& to, const connect_options& options) const;

  /// Returns the cached answer; null if there is none.
  const answer* find(const origin& to, time_point now) const;

  /// Asks name servers, and caches the answer. Until it has one, the origin counts as one without
  /// HTTP/3, so that nobody else asks or waits. A stop ends it soon.
  task<void> ask(const origin& to, const connect_options& options, any_transport& over,
                 stop_token stop);

  void store(const origin& to, answer known, time_point now);

 private:
  task<result<std::vector<std::byte>>> query(std::string name, const connect_options& options,
                                             any_transport& over, stop_token stop);

  https_querier system_;
  std::map<std::string, answer, std::less<>> known_;  // by the text of the origin
};

}  // namespace cohttps::detail

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/connect/http3_discovery.ipp>
#endif
