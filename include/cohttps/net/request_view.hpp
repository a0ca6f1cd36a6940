// What a connection is asked to send.
#pragma once

#include <cohttps/http/fields.hpp>
#include <cohttps/http/method.hpp>
#include <cohttps/net/content_source.hpp>
#include <cohttps/net/pace.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace cohttps::net {

/// What is sent: views into the operation, which outlives the exchange.
struct request_view {
  const method& verb;
  std::string_view target;
  const fields& headers;
  std::span<const std::byte> memory;  ///< content in memory
  content_source* source = nullptr;   ///< or from elsewhere
  bool expects_continue = false;      ///< the headers ask to be told before content is sent
  const fields* trailers = nullptr;   ///< after content in chunks

  /// Of the content; empty when it is not known.
  std::optional<std::uint64_t> length() const noexcept {
    return source ? source->length() : std::optional<std::uint64_t>(memory.size());
  }
};

/// How fast the steps have to come along.
struct exchange_paces {
  pace sending;
  pace answering;
};

}  // namespace cohttps::net
