// Domain names in the form in which DNS messages carry them (RFC 1035, 3.1 and 4.1.4).
#pragma once

#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>

#include <compare>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace cohttps::dns {

/// A domain name: its labels, each after a byte with its length, and a zero byte at the end.
/// Letters are in lower case, because their case does not matter (RFC 4343). At most 255 bytes; a
/// label has 1 to 63.
class name {
 public:
  /// The root.
  name() : labels_(1, '\0') {}

  /// Parses a host name, with or without a dot at its end. Fails with resolve
  /// "host_name_unusable" if a label is empty or too long, or the whole name is.
  COHTTPS_DECL static result<name> parse(std::string_view text);

  /// Reads a name that begins at the byte `at` of a message, and moves `at` behind it. The name may
  /// continue elsewhere (4.1.4): only further to the front, so that it always ends. Returns nothing
  /// for a name that does not fit into the message, or is malformed.
  COHTTPS_DECL static std::optional<name> read(std::span<const std::byte> message, std::size_t& at);

  /// Returns the name as a host of a URL; nothing for the root, and for a name with other bytes
  /// than letters, digits, "-" and "_".
  COHTTPS_DECL std::optional<std::string> host() const;

  /// Returns the bytes of the name, without compression.
  const std::string& bytes() const noexcept { return labels_; }

  friend bool operator==(const name&, const name&) = default;

 private:
  explicit name(std::string labels) noexcept : labels_(std::move(labels)) {}

  std::string labels_;
};

}  // namespace cohttps::dns

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/dns/name.ipp>
#endif
