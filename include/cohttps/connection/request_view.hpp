// What a connection is asked to send.
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

/// Who wants to know what happens in an exchange.
class exchange_listener {
 public:
  /// A 1xx response has come.
  virtual void interim(const response_head& head) = 0;
  /// So many more bytes of the content have been sent.
  virtual void sent(std::size_t size) = 0;

 protected:
  ~exchange_listener() = default;
};

/// What is sent: views into the operation, which outlives the exchange.
struct request_view {
  const method& verb;
  std::string_view target;
  const fields& headers;
  std::span<const std::byte> memory;  ///< content in memory
  content_source* source = nullptr;   ///< or from elsewhere
  bool expects_continue = false;      ///< the headers ask to be told before content is sent
  const std::function<fields()>* trailers = nullptr;  ///< after the content, in chunks then
  exchange_listener* listener = nullptr;
  std::string_view protocol = {};  ///< of an extended CONNECT (RFC 8441); HTTP/2 alone

  /// Of the content; empty when it is sent without one.
  COHTTPS_DECL std::optional<std::uint64_t> length() const noexcept;
};

/// How fast the steps have to come along.
struct exchange_limits {
  phase_limits sending;
  phase_limits answering;
};

}  // namespace cohttps::detail

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/connection/request_view.ipp>
#endif
