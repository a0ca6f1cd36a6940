// Collects the content of a response in memory.
#pragma once

#include <cohttps/core/error.hpp>
#include <cohttps/core/recycled.hpp>
#include <cohttps/request/exchange.hpp>
#include <cohttps/task/task.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

namespace cohttps::detail {

/// The client reserves memory for at most this many bytes, even if Content-Length announces more.
inline constexpr std::size_t believed_length = 1024 * 1024;

template <class = void>
[[gnu::cold]] std::unexpected<error> content_too_large(exchange<>& from) {
  return std::unexpected(
      from.give_up({error_category::limit, "content_too_large",
                    "the response's content is larger than the " +
                        std::to_string(from.max_content()) + " bytes that max_content allows"}));
}

template <class = void>
task<result<void>> receive_content(exchange<>& from, recycled<std::string>& content) {
  const std::size_t most = from.max_content();
  if (const auto length = from.state().content_length; length && from.has_content()) {
    if (*length > most) co_return content_too_large(from);
    content.reserve(static_cast<std::size_t>(std::min<std::uint64_t>(*length, believed_length)));
  }
  while (true) {
    auto part = co_await from.read();
    if (!part) co_return pass(std::move(part));
    if (part->empty()) co_return result<void>();
    if (part->size() > most - content.size()) co_return content_too_large(from);
    content.append(reinterpret_cast<const char*>(part->data()), part->size());
  }
}

}  // namespace cohttps::detail
