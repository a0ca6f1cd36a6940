// Makes HTTP/3 connections over UDP, beside TCP.
#pragma once

#ifdef COHTTPS_HAS_NGTCP2

#include <cohttps/connect/connect_options.hpp>
#include <cohttps/connect/connector.hpp>
#include <cohttps/connect/dial.hpp>
#include <cohttps/connect/http3_connector.hpp>
#include <cohttps/connect/http3_discovery.hpp>
#include <cohttps/connect/http3_options.hpp>
#include <cohttps/connection/connection.hpp>
#include <cohttps/connection/deadline.hpp>
#include <cohttps/connection/http3_connection.hpp>
#include <cohttps/connection/route.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/http/alt_svc.hpp>
#include <cohttps/quic/address_tokens.hpp>
#include <cohttps/task/task.hpp>
#include <cohttps/transport/datagrams.hpp>
#include <cohttps/transport/https_query.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cohttps {

namespace detail {

/// Connects to one of several addresses over QUIC, as `connect_race` does over TCP (RFC 8305).
template <class = void>
class quic_race {
 public:
  quic_race(datagram_opener open, const route& to, const connect_options& options,
            const http3_limits& bounds, std::shared_ptr<quic::address_tokens> tokens,
            deadline& limit, std::vector<endpoint> addresses);
  quic_race(const quic_race&) = delete;
  quic_race& operator=(const quic_race&) = delete;

  task<result<std::unique_ptr<http3_connection<>>>> run();

  /// After `run`: of the connection.
  const std::shared_ptr<connection_info>& info() const noexcept { return entries_[winner_].info; }

 private:
  struct entry {
    endpoint to;
    bool begun = false;
    bool token_sent = false;  // a token of an earlier connection (RFC 9000, 8.1.3)
    std::shared_ptr<connection_info> info = std::make_shared<connection_info>();
    std::optional<error> failure = {};
  };
  /// Runs the attempt at address `i`, and beside it all later attempts.
  task<void> from(std::size_t i);
  task<void> attempt(std::size_t i, stop_source& hurry);
  /// Connects to `e` and makes the handshake. Returns null for a failure, which it writes into `e`.
  task<std::unique_ptr<http3_connection<>>> make(entry& e);
  task<void> after(std::size_t i, stop_token hurry);
  error explain() const;

  datagram_opener open_;
  const route& to_;
  const connect_options& options_;
  const http3_limits& bounds_;
  std::shared_ptr<quic::address_tokens> tokens_;
  deadline& limit_;
  std::vector<entry> entries_;
  stop_source over_;
  std::unique_ptr<http3_connection<>> connection_;
  std::size_t winner_ = 0;
};

template <class = void>
class quic_connecting final : public http3_connector {
 public:
  using place = alternative_services::place;

  quic_connecting(datagram_opener open, https_querier query, const http3_options& options);

  bool serves(const route& to, const connect_options& options) override;
  bool knows(const route& to, const connect_options& options) override;
  task<result<std::unique_ptr<connection>>> connect(const route& to, const connect_options& options,
                                                    deadline& limit,
                                                    connect_timings& timings) override;
  task<result<std::unique_ptr<connection>>> connect_beside_tcp(const route& to,
                                                               const connect_options& options,
                                                               deadline& limit,
                                                               connect_timings& timings) override;
  void learn(const origin& from, std::string_view field,
             std::chrono::system_clock::time_point now) override;
  void misdirected(const origin& by, std::chrono::system_clock::time_point now) override;

 private:
  /// The longest wait for HTTPS records once the addresses are known (RFC 8305, 3).
  static constexpr std::chrono::milliseconds resolution_delay{50};

  /// A place to try, and why.
  struct candidate {
    place at;
    http3_source source;
  };

  std::optional<candidate> candidate_for(const route& to) const;
  /// HTTP/3 at this place did not come about. An origin whose certificate is wrong there says
  /// nothing about the place, which may belong to another origin.
  void note_failure(const route& to, const candidate& at, const error* why);
  /// Returns `candidate_for`, or the origin's own place if there is none.
  candidate candidate_or_own(const route& to) const;
  /// True if name servers are to be asked about the origin before a connection to it.
  bool may_ask(const route& to, const connect_options& options) const;

  task<result<std::unique_ptr<connection>>> connect_after_query(const route& to,
                                                                const connect_options& options,
                                                                deadline& limit,
                                                                connect_timings& timings);
  task<result<std::unique_ptr<connection>>> connect_alone(const route& to,
                                                          const connect_options& options,
                                                          deadline& limit,
                                                          connect_timings& timings);
  task<result<std::unique_ptr<connection>>> connect_to_candidate(const route& to,
                                                                 const connect_options& options,
                                                                 deadline& limit,
                                                                 connect_timings& timings);

  /// Connects to `at`, and verifies that it speaks for the origin of the route.
  task<result<std::unique_ptr<connection>>> connect_over_quic(const route& to, candidate at,
                                                              const connect_options& options,
                                                              deadline& limit,
                                                              connect_timings& timings);
  task<result<std::unique_ptr<connection>>> race(const route& to, candidate at,
                                                 const connect_options& options, deadline& limit,
                                                 connect_timings& timings);

  datagram_opener open_;
  bool try_first_;
  bool https_records_;
  std::shared_ptr<alternative_services> alternatives_;
  http3_discovery<> discovery_;
  http3_limits limits_;
  std::shared_ptr<quic::address_tokens> tokens_ = std::make_shared<quic::address_tokens>();
};

}  // namespace detail
}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/connect/quic_connector.ipp>
#endif

#endif
