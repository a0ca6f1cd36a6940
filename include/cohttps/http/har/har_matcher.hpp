// Finds the entry of a HAR log that answers a request.
#pragma once

#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/http/har/har_entry.hpp>
#include <cohttps/url/query.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cohttps {

/// The choice among several entries that match a request, and for a request that comes again.
/// Matching entries answer in the order in which they began.
enum class har_order : std::uint8_t {
  repeat_last,  ///< each answers once, and the last one answers all further requests
  once,         ///< each answers once, and further requests fail
};

/// The parts that a request and an entry must have in common, besides the method and the URL, so
/// that the entry answers the request.
struct har_rules {
  /// Names of fields that have the same values in both, or are in neither.
  std::vector<std::string> headers = {};
  /// True if the content has to be the same. Forms are compared as names and values.
  bool content = false;
  /// Names of query parameters that are not compared, such as a time.
  std::vector<std::string> ignored_parameters = {};
  har_order order = har_order::repeat_last;  ///< which entry answers if several match
  /// Further names of secrets, as in `har_options`. Secrets are not compared.
  std::vector<std::string> secret_names = {};
};

/// Chooses entries of a log, and knows which of them have answered.
class har_matcher {
 public:
  COHTTPS_DECL har_matcher(const har_log& log, har_rules rules = {});

  /// Returns the index of the entry that answers `asked`. Fails with usage "har_no_entry"; the
  /// message names the closest entry and says what differs. Fails with usage "har_used_up" if
  /// `har_order::once` has no entry left.
  COHTTPS_DECL result<std::size_t> match(har_request asked);

  /// Returns the indices of the entries that have not answered.
  COHTTPS_DECL std::vector<std::size_t> unused() const;

  /// The rules that were given.
  const har_rules& rules() const noexcept { return rules_; }

 private:
  /// The parts of a request that are compared. Secrets are hidden.
  struct key {
    std::size_t index = 0;
    bool used = false;
    std::string method = {};
    std::string origin = {};
    std::string path = {};
    query parameters = {};
    fields headers = {};
    std::string content = {};
  };

  COHTTPS_DECL key key_of(har_request r) const;
  COHTTPS_DECL bool matches(const key& a, const key& b) const;
  COHTTPS_DECL std::vector<std::string> differences(const key& a, const key& b) const;
  COHTTPS_DECL int closeness(const key& a, const key& b) const;
  COHTTPS_DECL error no_entry(const key& asked) const;

  har_rules rules_;
  std::vector<key> keys_;  // in the order in which the entries began
};

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/http/har/har_matcher.ipp>
#endif
