// Definitions for construction.hpp.
#pragma once

#include <cohttps/connect/construction.hpp>

namespace cohttps::detail {

COHTTPS_DEF task<result<void>> open_stream(construction& made, std::string_view host,
                                           std::uint16_t port, const connect_options& options,
                                           deadline& limit) {
  auto dialled = co_await dial(without_brackets(host), port, options, limit);
  if (!dialled) co_return pass(std::move(dialled));
  made.timings.resolve += dialled->resolve;
  made.timings.connect += dialled->connect;
  made.info->peer = std::move(dialled->peer);
  made.bytes.emplace(std::move(dialled->stream));
  notify(limit.observers(), &observer::on_connected,
         events::connected{made.info->peer, made.timings.connect});
  co_return result<void>();
}

COHTTPS_DEF task<result<void>> secure(construction& made, const tls_context& tls,
                                      std::string_view host, std::uint16_t port,
                                      http_versions versions, const connect_options& options,
                                      deadline& limit) {
  limit.enter(phase::handshake, options.tls_timeout);
  std::vector<std::string> alpn;
  if (has_http2 && versions != http_versions::http_1_1) alpn.emplace_back("h2");
  if (versions != http_versions::http_2) alpn.emplace_back("http/1.1");
  auto secured =
      co_await made.bytes->secure(tls, std::string(without_brackets(host)), port, std::move(alpn),
                                  std::chrono::system_clock::now(), limit.token());
  if (!secured) co_return std::unexpected(limit.explain(std::move(secured).error()));
  co_return secured;
}

}  // namespace cohttps::detail
