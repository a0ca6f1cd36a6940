// Asks the issuers of a server's certificates whether the certificates are revoked, before the
// client sends anything to the server. tls/revocation/revocation.hpp makes the requests and
// evaluates the answers.
#pragma once

#include <cohttps/connect/connect_options.hpp>
#include <cohttps/connection/deadline.hpp>
#include <cohttps/connection/http1_connection.hpp>
#include <cohttps/connection/phase_limits.hpp>
#include <cohttps/connection/tls_stream.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/http/fields.hpp>
#include <cohttps/http/method.hpp>
#include <cohttps/http/status.hpp>
#include <cohttps/http1/limits.hpp>
#include <cohttps/task/task.hpp>
#include <cohttps/tls/revocation/revocation.hpp>
#include <cohttps/url/url.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace cohttps::detail {

/// Sends one request and returns the content of the answer, of at most `wanted.most` bytes. Does
/// not follow redirections.
COHTTPS_DECL task<result<std::vector<std::byte>>> fetch_over(tls_stream bytes, const url& from,
                                                             const tls::revocation_fetch& wanted,
                                                             const connect_options& options,
                                                             deadline& limit);

/// Asks about the certificates of `bytes`, a `tls_stream` or an HTTP/3 connection, over connections
/// that `open(origin)` makes: it returns a task of a `result<tls_stream>`. If
/// the client cannot ask an issuer, this is an error only with `revocation_mode::hard`. Also fails
/// if the operation is stopped, or if its total limit has passed.
template <class Connection, class Open>
task<result<void>> check_revocation(Connection& bytes, Open& open, const connect_options& options,
                                    deadline& limit) {
  auto* check = bytes.revocation();
  if (!check) co_return result<void>();
  while (const auto* wanted = check->next()) {
    auto from = url::parse(wanted->url);
    if (!from) {
      check->failed("not a URL");
      continue;
    }
    const origin to = from->origin();
    auto opened = co_await open(to);
    auto failed = opened ? std::optional<error>() : std::optional(opened.error());
    if (opened) {
      auto got = co_await fetch_over(*std::move(opened), *from, *wanted, options, limit);
      if (got)
        check->answered(*got);
      else
        failed.emplace(std::move(got).error());
    }
    if (!failed) continue;
    error why = limit.explain(*std::move(failed));
    // A limit of the phase ends only this question, and not the operation.
    if (limit.stop_requested() && !limit.forgive()) co_return std::unexpected(std::move(why));
    check->failed(why.message());
  }
  limit.enter(phase::handshake, options.tls_timeout);
  auto concluded = co_await bytes.conclude_revocation(limit.token());
  co_return concluded;
}

}  // namespace cohttps::detail

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/connect/revocation_fetch.ipp>
#endif
