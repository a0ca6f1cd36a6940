// Definitions for connector.hpp.
#pragma once

#include <cohttps/connect/connector.hpp>

namespace cohttps::detail {

COHTTPS_DEF task<result<void>> reach(construction& made, const route& to,
                                     const connect_options& options, deadline& limit) {
  if (to.via) return to.via->reach(made, to, options, limit);
  return open_stream(made, to.to.host, to.to.port, options, limit);
}

COHTTPS_DEF result<std::unique_ptr<connection>> speak(construction& made, http_versions versions,
                                                      const connect_options& options,
                                                      any_transport& transport) {
  tls_stream bytes = *std::move(made.bytes);
  const bool agreed = made.info->tls && made.info->tls->alpn == "h2";
  if (made.info->tls && !agreed && versions == http_versions::http_2)
    return fail(
        error_category::protocol, "http2_not_agreed",
        "the server did not agree on HTTP/2 (ALPN), but client_options::versions allows only "
        "HTTP/2");
#ifdef COHTTPS_HAS_NGHTTP2
  if (agreed || versions == http_versions::http_2) {
    made.info->protocol = "HTTP/2";
    const http2::limits bounds{.head = options.limits.head,
                               .fields = options.limits.fields,
                               .interim = options.limits.interim,
                               .trailers = options.limits.trailers,
                               .trailer_fields = options.limits.trailer_fields};
    return std::make_unique<http2_connection<>>(std::move(bytes), bounds, options.http2, transport,
                                                std::move(made.info));
  }
#endif
  (void)transport;
  return std::make_unique<http1_connection<>>(std::move(bytes), options.limits, options.strictness,
                                              std::move(made.info));
}

COHTTPS_DEF task<result<void>> reach_securely(construction& made, const route& to,
                                              const connect_options& options, deadline& limit) {
  auto reached = co_await reach(made, to, options, limit);
  if (!reached || !to.tls) co_return reached;
  const time_point started = limit.now();
  auto secured =
      co_await secure(made, *to.tls, to.to.host, to.to.port, to.versions, options, limit);
  made.timings.tls += limit.now() - started;
  co_return secured;
}

COHTTPS_DEF task<result<std::unique_ptr<connection>>> connect(const route& to,
                                                              const connect_options& options,
                                                              deadline& limit,
                                                              connect_timings& timings) {
  construction made;
  auto reached = co_await reach_securely(made, to, options, limit);
  // The failed handshake has removed the session of TLS 1.2, so the next handshake offers TLS 1.3.
  const bool withheld = made.bytes && made.bytes->withheld_tls13();
  if (!reached && withheld && reached.error().category() == error_category::tls)
    reached = co_await reach_securely(made, to, options, limit);
  if (!reached) co_return pass(std::move(reached));
  if (to.tls) {
    const time_point started = limit.now();
    issuer_route to_issuers{to, options, limit};
    auto checked = co_await check_revocation(*made.bytes, to_issuers, options, limit);
    if (!checked) co_return std::unexpected(limit.explain(std::move(checked).error()));
    made.info->tls = *made.bytes->tls();
    made.timings.tls += limit.now() - started;
    notify(limit.observers(), &observer::on_secured,
           events::secured{*made.info->tls, made.timings.tls});
  }
  timings = made.timings;
  co_return speak(made, to.versions, options, limit.transport());
}

}  // namespace cohttps::detail
