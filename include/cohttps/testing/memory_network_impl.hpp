// The definitions of the operations in memory_network.hpp.
#pragma once

#include <cohttps/testing/memory_network.hpp>
#include <cohttps/transport/sleep.hpp>

namespace cohttps::testing {

namespace detail {

inline error injected_fault() {
  return error(error_category::peer_closed, "injected_fault", "a planned fault happened");
}
inline error stopped() {
  return error(error_category::canceled, "canceled", "the operation was canceled");
}

/// Bytes move when the loop runs the operation, and never while the operation begins. Every
/// operation therefore suspends once.
inline void memory_operation::await_suspend(std::coroutine_handle<> waiter) {
  waiter_ = waiter;
  place() = this;
  const bool due = client_side_ && network_.faults.due();
  failing_ = due && network_.faults.what == fault_plan::kind::fail;
  event_ = network_.loop().schedule(network_.loop().now() + network_.delay, [this] { complete(); });
  on_stop_.emplace(stop_, on_stop{this});
  if (due && !failing_) network_.faults.stop->request_stop();
}

inline memory_operation::~memory_operation() {
  if (!waiter_) return;
  if (event_ != 0) network_.loop().cancel(event_);
  if (place() == this) place() = nullptr;
}

inline void memory_operation::wake() noexcept {
  if (event_ == 0) hurry();
}

inline void memory_operation::hurry() noexcept {
  if (event_ != 0) network_.loop().cancel(event_);
  event_ = network_.loop().schedule(network_.loop().now(), [this] { complete(); });
}

inline void memory_operation::complete() noexcept {
  event_ = 0;
  outcome_ = attempt();
  if (!outcome_) return;
  place() = nullptr;
  std::exchange(waiter_, nullptr).resume();
}

inline std::optional<result<std::size_t>> memory_operation::attempt() {
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

inline memory_stream::memory_stream(memory_network& network,
                                    std::shared_ptr<detail::memory_connection> connection,
                                    bool client_side) noexcept
    : network_(&network), connection_(std::move(connection)), client_side_(client_side) {
  if (client_side_) ++network_->open_streams;
}

inline void memory_stream::close() noexcept {
  if (!connection_) return;
  if (client_side_) --network_->open_streams;
  outgoing().ended = true;
  incoming().broken = true;
  if (outgoing().reader) outgoing().reader->wake();
  if (incoming().writer) incoming().writer->wake();
  connection_.reset();
}

inline std::size_t memory_stream::try_read(std::span<std::byte> in) noexcept {
  if (!connection_ || incoming().broken) return 0;
  detail::memory_pipe& pipe = incoming();
  const std::size_t n = std::min({in.size(), pipe.bytes.size(), network_->read_limit});
  std::ranges::copy(pipe.bytes.data().first(n), in.begin());
  pipe.bytes.consume(n);
  if (n != 0 && pipe.writer) pipe.writer->wake();
  return n;
}

inline std::size_t memory_stream::try_write(std::span<const std::byte> out) noexcept {
  if (!connection_ || outgoing().ended || outgoing().broken) return 0;
  detail::memory_pipe& pipe = outgoing();
  const std::size_t n = std::min(out.size(), network_->capacity - pipe.bytes.size());
  pipe.bytes.append(out.first(n));
  if (n != 0 && pipe.reader) pipe.reader->wake();
  return n;
}

static_assert(eager_stream<memory_stream>);

inline task<result<std::vector<endpoint>>> memory_transport::resolve(std::string_view host,
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

inline task<result<memory_stream>> memory_transport::connect_to(std::string address,
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

}  // namespace cohttps::testing
