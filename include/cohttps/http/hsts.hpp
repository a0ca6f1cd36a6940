// HTTP Strict Transport Security (RFC 6797).
#pragma once

#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/http/hsts_policy.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace cohttps {

/// A list in memory, with what hosts said and what was preloaded.
/// ```
/// auto hsts = std::make_shared<cohttps::hsts_list>();
/// cohttps::client client({.allow_plaintext = true, .hsts = hsts});
/// ```
/// Its text is a line for each host: the name, in lower case and ASCII; "subdomains" where it means
/// those below too; the second since 1970 in which it ends, or "preloaded". Empty lines and lines
/// that begin with '#' mean nothing. A preload list has the same form, and its lines may end after
/// the name or after "subdomains":
/// ```
/// example.com subdomains 1800000000
/// example.org
/// ```
/// Threads: any, at the same time.
class hsts_list final : public hsts_policy {
 public:
  /// Adds the hosts of a text, with `text` or a preload list. Fails with usage "hsts_malformed",
  /// which names the line; the lines before it are kept.
  COHTTPS_DECL result<void> add(std::string_view text);

  /// All that it knows and has not ended.
  COHTTPS_DECL std::string text(time_point now) const;

  COHTTPS_DECL std::size_t size() const;

  bool requires_https(std::string_view host, time_point now) override { return look_up(host, now); }
  void learn(std::string_view host, std::string_view field, time_point now) override {
    keep(host, field, now);
  }

 private:
  static constexpr std::size_t most = 100'000;  // hosts

  struct entry {
    bool subdomains = false;
    std::optional<time_point> ends;  ///< nothing: preloaded
  };

  COHTTPS_DECL bool look_up(std::string_view host, time_point now) const;
  COHTTPS_DECL void keep(std::string_view host, std::string_view field, time_point now);

  mutable std::mutex mutex_;
  std::map<std::string, entry, std::less<>> hosts_;
};

namespace detail {

/// Reads the field: for how long, and whether for hosts below too. Nothing when it is
/// malformed, and then it means nothing (RFC 6797, 8.1).
COHTTPS_DECL std::optional<std::pair<std::chrono::seconds, bool>> parse_hsts(
    std::string_view field);

}  // namespace detail

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/http/hsts.ipp>
#endif
