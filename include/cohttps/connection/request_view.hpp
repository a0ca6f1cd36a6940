// A view of the request that a connection sends.
#pragma once

#include <cohttps/connection/content_source.hpp>
#include <cohttps/connection/phase_limits.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/http/fields.hpp>
#include <cohttps/http/method.hpp>
#include <cohttps/http/response_head.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string_view>

namespace cohttps::detail {

/// Is told of the events of an exchange.
class exchange_listener {
 public:
  /// A 1xx response has arrived.
  virtual void interim(const response_head& head) = 0;
  /// `size` more bytes of the content have been sent.
  virtual void sent(std::size_t size) = 0;

 protected:
  ~exchange_listener() = default;
};

/// A view of the request that a connection sends. It refers to objects of the operation, which
/// outlives the exchange.
struct request_view {
  const method& verb;
  std::string_view target;
  const fields& headers;
  std::span<const std::byte> memory;                  ///< content in memory
  content_source* source = nullptr;                   ///< content that is not in memory, or null
  bool expects_continue = false;                      ///< the headers contain Expect: 100-continue
  const std::function<fields()>* trailers = nullptr;  ///< null without a trailer section
  exchange_listener* listener = nullptr;
  std::string_view protocol = {};  ///< of an extended CONNECT (RFC 8441), only over HTTP/2

  /// Returns the length of the content; nothing if the content is sent without a length.
  COHTTPS_DECL std::optional<std::uint64_t> length() const noexcept;
};

/// The limits for sending the request, and for waiting for the response.
struct exchange_limits {
  phase_limits sending;
  phase_limits answering;
};

}  // namespace cohttps::detail

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/connection/request_view.ipp>
#endif
