// Asks the issuers of a server's certificates whether they were revoked, before anything is sent to
// it. What is asked and what follows from it is in tls/revocation.hpp.
#pragma once

#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/http/fields.hpp>
#include <cohttps/http/method.hpp>
#include <cohttps/http/status.hpp>
#include <cohttps/http1/limits.hpp>
#include <cohttps/net/channel.hpp>
#include <cohttps/net/connect_options.hpp>
#include <cohttps/net/deadline.hpp>
#include <cohttps/net/http1_connection.hpp>
#include <cohttps/net/pace.hpp>
#include <cohttps/task/task.hpp>
#include <cohttps/tls/revocation.hpp>
#include <cohttps/url/url.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace cohttps::net {

namespace detail {

/// An answer's content, of at most `wanted.most` bytes. Redirections are not followed.
COHTTPS_DECL task<result<std::vector<std::byte>>> fetch_over(channel bytes, const url& from,
                                                             const tls::revocation_fetch& wanted,
                                                             const connect_options& options,
                                                             deadline& limit);

}  // namespace detail

/// Asks over connections that `open(origin)` makes: a task of a result of a channel. That an issuer
/// cannot be asked is an error where the context says so, and else no obstacle. Fails as well when
/// the operation is stopped, or its time is over.
template <class Open>
task<result<void>> check_revocation(channel& bytes, Open& open, const connect_options& options,
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
      auto got = co_await detail::fetch_over(*std::move(opened), *from, *wanted, options, limit);
      if (got)
        check->answered(*got);
      else
        failed.emplace(std::move(got).error());
    }
    if (!failed) continue;
    error why = limit.explain(*std::move(failed));
    // The phase's limit alone ends no more than this question.
    if (limit.stop_requested() && !limit.forgive()) co_return std::unexpected(std::move(why));
    check->failed(why.message());
  }
  limit.enter(phase::handshake, options.tls_timeout);
  auto concluded = co_await bytes.conclude_revocation(limit.token());
  co_return concluded;
}

}  // namespace cohttps::net

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/net/revocation.ipp>
#endif
