// Definitions for memory_network.hpp.
#pragma once

#include <cohttps/core/separate.hpp>
#include <cohttps/testing/memory_network.hpp>
#include <cohttps/transport/sleep.hpp>

#include <algorithm>
#include <functional>
#include <memory>
#include <utility>

namespace cohttps::testing {

namespace detail {

COHTTPS_INLINE error injected_fault() {
  return error(error_category::peer_closed, "injected_fault", "a planned fault happened");
}
COHTTPS_INLINE error stopped() {
  return error(error_category::canceled, "canceled", "the operation was canceled");
}

/// Bytes move when the loop runs the operation, and never while the operation begins. Every
/// operation therefore suspends once.
COHTTPS_INLINE void memory_operation::await_suspend(std::coroutine_handle<> waiter) {
  waiter_ = waiter;
  place() = this;
  const bool due = client_side_ && network_.faults.due();
  failing_ = due && network_.faults.what == fault_plan::kind::fail;
  event_ = network_.loop().schedule(network_.loop().now() + network_.delay, [this] { complete(); });
  on_stop_.emplace(stop_, on_stop{this});
  if (due && !failing_) network_.faults.stop->request_stop();
}

COHTTPS_INLINE memory_operation::~memory_operation() {
  if (!waiter_) return;
  if (event_ != 0) network_.loop().cancel(event_);
  if (place() == this) place() = nullptr;
}

COHTTPS_INLINE void memory_operation::wake() noexcept {
  if (event_ == 0) hurry();
}

COHTTPS_INLINE void memory_operation::hurry() noexcept {
  if (event_ != 0) network_.loop().cancel(event_);
  event_ = network_.loop().schedule(network_.loop().now(), [this] { complete(); });
}

COHTTPS_INLINE void memory_operation::complete() noexcept {
  event_ = 0;
  outcome_ = attempt();
  if (!outcome_) return;
  place() = nullptr;
  std::exchange(waiter_, nullptr).resume();
}

COHTTPS_INLINE std::optional<result<std::size_t>> memory_operation::attempt() {
  if (stop_.stop_requested()) return std::unexpected(stopped());
  if (failing_) return std::unexpected(injected_fault());
  if (writes()) {
    if (pipe_->broken || pipe_->ended)
      return fail(error_category::peer_closed, "connection_reset",
                  "the connection broke while writing: Broken pipe");
    const std::size_t n = std::min(out_.size(), network_.capacity - pipe_->bytes.size());
    if (n == 0 && !out_.empty()) return std::nullopt;
    pipe_->bytes.append(out_.first(n));
    if (pipe_->reader) pipe_->reader->wake();
    return n;
  }
  if (pipe_->bytes.empty()) {
    if (pipe_->ended) return std::size_t{0};
    return std::nullopt;
  }
  const std::size_t n = std::min({in_.size(), pipe_->bytes.size(), network_.read_limit});
  std::ranges::copy(pipe_->bytes.data().first(n), in_.begin());
  pipe_->bytes.consume(n);
  if (pipe_->writer) pipe_->writer->wake();
  return n;
}

}  // namespace detail

COHTTPS_INLINE memory_stream::memory_stream(memory_network& network,
                                            std::shared_ptr<detail::memory_connection> connection,
                                            bool client_side) noexcept
    : network_(&network), connection_(std::move(connection)), client_side_(client_side) {
  if (client_side_) ++network_->open_streams;
}

COHTTPS_INLINE task<bool> write_all(memory_stream& to, std::string_view bytes) {
  auto rest = std::as_bytes(std::span(bytes));
  while (!rest.empty()) {
    auto count = co_await to.write_some(rest, {});
    if (!count) co_return false;
    rest = rest.subspan(*count);
  }
  co_return true;
}

COHTTPS_INLINE void memory_stream::close() noexcept {
  if (!connection_) return;
  if (client_side_) --network_->open_streams;
  outgoing().ended = true;
  incoming().broken = true;
  if (outgoing().reader) outgoing().reader->wake();
  if (incoming().writer) incoming().writer->wake();
  connection_.reset();
}

COHTTPS_INLINE std::size_t memory_stream::try_read(std::span<std::byte> in) noexcept {
  if (!connection_ || incoming().broken) return 0;
  detail::memory_pipe& pipe = incoming();
  const std::size_t n = std::min({in.size(), pipe.bytes.size(), network_->read_limit});
  std::ranges::copy(pipe.bytes.data().first(n), in.begin());
  pipe.bytes.consume(n);
  if (n != 0 && pipe.writer) pipe.writer->wake();
  return n;
}

COHTTPS_INLINE std::size_t memory_stream::try_write(std::span<const std::byte> out) noexcept {
  if (!connection_ || outgoing().ended || outgoing().broken) return 0;
  if (client_side_) ++network_->eager_writes;
  detail::memory_pipe& pipe = outgoing();
  const std::size_t n = std::min(out.size(), network_->capacity - pipe.bytes.size());
  pipe.bytes.append(out.first(n));
  if (n != 0 && pipe.reader) pipe.reader->wake();
  return n;
}

static_assert(eager_stream<memory_stream>);

COHTTPS_INLINE task<result<std::vector<endpoint>>> memory_transport::resolve(std::string_view host,
                                                                             std::uint16_t port,
                                                                             stop_token stop) {
  ++network_->look_ups;
  fault_plan& faults = network_->faults;
  if (faults.due()) {
    if (faults.what == fault_plan::kind::fail) co_return std::unexpected(detail::injected_fault());
    faults.stop->request_stop();
  }
  std::string name(host);
  if (!co_await sleep_for(*this, network_->delay + network_->resolve_delay, stop))
    co_return std::unexpected(detail::stopped());
  if (!parse_address(name) && !network_->hosts_.contains(name))
    co_return std::unexpected(
        error(error_category::resolve, known_reason::host_not_found,
              "the host name '" + name + "' has no address; check its spelling and DNS"));
  co_return network_->addresses_of(name, port);
}

COHTTPS_INLINE task<result<std::vector<std::byte>>> memory_transport::query(std::string name,
                                                                            stop_token stop) {
  network_->https_queries.push_back(name);
  if (!co_await sleep_for(*this, network_->delay + network_->https_delay, stop))
    co_return std::unexpected(detail::stopped());
  const auto found = network_->https_.find(name);
  if (found == network_->https_.end()) co_return std::vector<std::byte>();
  co_return found->second;
}

COHTTPS_INLINE task<result<memory_stream>> memory_transport::connect_to(std::string address,
                                                                        stop_token stop) {
  fault_plan& faults = network_->faults;
  if (faults.due()) {
    if (faults.what == fault_plan::kind::fail) co_return std::unexpected(detail::injected_fault());
    faults.stop->request_stop();
  }
  auto delay = network_->delay + network_->connect_delay;
  if (const auto there = network_->peers_.find(address); there != network_->peers_.end())
    delay += there->second.delay;
  if (!co_await sleep_for(*this, delay, stop)) co_return std::unexpected(detail::stopped());
  const auto found = network_->peers_.find(address);
  const bool silent = found != network_->peers_.end() && found->second.silent;
  if (silent || found == network_->peers_.end() || !found->second.answer)
    co_return fail(error_category::connect, silent ? "connect_failed" : "connection_refused",
                   "connecting to " + address +
                       " failed: " + (silent ? "Connection timed out" : "Connection refused"));
  auto connection = std::make_shared<detail::memory_connection>();
  ++network_->connections;
  network_->accept(found->second.answer, memory_stream(*network_, connection, false));
  co_return memory_stream(*network_, connection, true);
}

static_assert(socket_transport<memory_transport>);

COHTTPS_INLINE memory_stream& memory_stream::operator=(memory_stream&& other) noexcept {
  close();
  network_ = other.network_;
  connection_ = std::move(other.connection_);
  client_side_ = other.client_side_;
  return *this;
}

COHTTPS_INLINE bool memory_stream::idle() noexcept {
  return connection_ && !incoming().ended && !incoming().broken && incoming().bytes.empty();
}

COHTTPS_INLINE detail::memory_pipe& memory_stream::incoming() const noexcept {
  return client_side_ ? connection_->to_client : connection_->to_server;
}

COHTTPS_INLINE detail::memory_pipe& memory_stream::outgoing() const noexcept {
  return client_side_ ? connection_->to_server : connection_->to_client;
}

COHTTPS_INLINE void memory_network::listen(std::string_view host, std::uint16_t port, server answer,
                                           std::chrono::nanoseconds after) {
  for (const endpoint& at : addresses_of(host, port)) peers_[to_string(at)] = {answer, after};
}

COHTTPS_INLINE void memory_network::listen_datagrams(std::string_view host, std::uint16_t port,
                                                     memory_datagrams::server answer) {
  for (const endpoint& at : addresses_of(host, port)) datagrams.listen(at, answer);
}

COHTTPS_INLINE void memory_network::refuse(std::string_view host, std::uint16_t port,
                                           std::chrono::nanoseconds after) {
  for (const endpoint& at : addresses_of(host, port)) peers_[to_string(at)] = {nullptr, after};
}

COHTTPS_INLINE void memory_network::black_hole(std::string_view host, std::uint16_t port) {
  for (const endpoint& at : addresses_of(host, port))
    peers_[to_string(at)] = {nullptr, system_connect_limit, true};
}

COHTTPS_INLINE void memory_network::name(std::string_view host,
                                         std::initializer_list<std::string_view> addresses) {
  auto& all = hosts_[std::string(host)];
  all.clear();
  for (const std::string_view address : addresses) all.push_back(parse_address(address).value());
}

COHTTPS_INLINE std::vector<endpoint> memory_network::addresses_of(std::string_view host,
                                                                  std::uint16_t port) {
  std::vector<endpoint> found;
  if (const auto literal = parse_address(host)) {
    found.push_back(*literal);
  } else {
    auto& known = hosts_[std::string(host)];
    if (known.empty()) {
      const std::size_t number = hosts_.size();
      endpoint e;
      e.address[0] = std::byte{10};
      e.address[2] = static_cast<std::byte>(number >> 8);
      e.address[3] = static_cast<std::byte>(number);
      known.push_back(e);
    }
    found = known;
  }
  for (endpoint& e : found) e.port = port;
  return found;
}

COHTTPS_INLINE void memory_network::accept(const server& answer, memory_stream stream) {
  std::erase_if(running_, [](const background_task& t) { return t.done(); });
  running_.push_back(detail::keep(answer(std::move(stream))));
}

COHTTPS_INLINE task<result<memory_stream>> memory_transport::connect(const endpoint& to,
                                                                     const socket_options& how,
                                                                     stop_token stop) {
  if (network_->on_connect) network_->on_connect(to, how);
  return connect_to(to_string(to), stop);
}

}  // namespace cohttps::testing
