// Definitions for revocation_fetch.hpp.
#pragma once

#include <cohttps/connect/revocation_fetch.hpp>

namespace cohttps::detail {
COHTTPS_DEF task<result<std::vector<std::byte>>> fetch_over(tls_stream bytes, const url& from,
                                                            const tls::revocation_fetch& wanted,
                                                            const connect_options& options,
                                                            deadline& limit) {
  http1::limits bounds = options.limits;
  http1_connection<> over(std::move(bytes), bounds, options.strictness, nullptr);
  const auto http = over.open_stream();
  fields headers;
  headers.append_unchecked("Host", from.authority());
  headers.append_unchecked("Accept", "*/*");
  headers.append_unchecked("Connection", "close");
  if (!wanted.content_type.empty()) headers.append_unchecked("Content-Type", wanted.content_type);
  const method& verb = wanted.content.empty() ? method::get : method::post;
  const request_view request{verb, from.target(), headers, wanted.content};
  const phase_limits limits{options.tls_timeout, options.tls_timeout,
                            minimum_rate{4096, std::chrono::seconds(5)}};
  const exchange_limits both{limits, limits};
  auto asked = co_await http->ask(request, both, limit);
  if (!asked) co_return pass(std::move(asked));
  const int status = http->take_head().status;
  if (status != 200)
    co_return fail(error_category::protocol, "unexpected_status",
                   "the answer has the status " + std::to_string(status));
  limit.enter(phase::receive_body, limits);
  std::vector<std::byte> content;
  while (true) {
    auto part = co_await http->receive_body(limit);
    if (!part) co_return pass(std::move(part));
    if (part->empty()) break;
    if (content.size() + part->size() > wanted.most)
      co_return fail(error_category::limit, "content_too_large",
                     "the answer is longer than " + std::to_string(wanted.most) + " bytes");
    content.insert(content.end(), part->begin(), part->end());
  }
  co_return std::move(content);
}

}  // namespace cohttps::detail
