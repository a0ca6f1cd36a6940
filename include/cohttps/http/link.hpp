// Links between resources in the field Link (RFC 8288).
#pragma once

#include <cohttps/core/separate.hpp>
#include <cohttps/http/fields.hpp>
#include <cohttps/url/url.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cohttps {

/// One link of a response.
struct web_link {
  /// A name and its value, without quotes.
  struct parameter {
    std::string name;   ///< in lower case
    std::string value;  ///< decoded: RFC 8187 for a name that ends with '*'
  };

  url target;       ///< resolved against the URL of the response
  std::string rel;  ///< the relation types in lower case, separated by spaces, such as "next"
  /// The resource from which the link leads, if it is not the one of the response.
  std::optional<std::string> anchor = {};
  std::vector<parameter> parameters = {};  ///< the others, such as "title"

  /// True if `relation`, in lower case, is one of the types in `rel`.
  COHTTPS_DECL bool has(std::string_view relation) const noexcept;
  /// The value of a parameter, or nothing.
  COHTTPS_DECL std::optional<std::string_view> find(std::string_view name) const noexcept;
};

/// Returns the links in the fields of a response from `base`, in order. Skips what is malformed,
/// and targets that are no URLs of http or https.
COHTTPS_DECL std::vector<web_link> parse_links(const fields& headers, const url& base);

/// Returns the target of the first link with this relation that leads from the response itself;
/// nothing if there is none.
COHTTPS_DECL std::optional<url> find_link(const fields& headers, const url& base,
                                          std::string_view relation);

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/http/link.ipp>
#endif
