// Definitions for memory_datagrams.hpp.
#pragma once

#include <cohttps/core/separate.hpp>
#include <cohttps/testing/memory_datagrams.hpp>

#include <algorithm>
#include <functional>
#include <memory>
#include <random>
#include <utility>

namespace cohttps::testing {

COHTTPS_INLINE detail::datagram_receive::~datagram_receive() {
  if (!waiter_) return;
  if (event_ != 0) loop_.cancel(event_);
  if (end_.reader == this) end_.reader = nullptr;
}

COHTTPS_INLINE void detail::datagram_receive::await_suspend(std::coroutine_handle<> waiter) {
  waiter_ = waiter;
  end_.reader = this;
  on_stop_.emplace(stop_, on_stop{this});
  if (!end_.arrived.empty() || end_.closed) wake();
}

COHTTPS_INLINE result<std::size_t> detail::datagram_receive::await_resume() {
  on_stop_.reset();
  if (stop_.stop_requested() || end_.closed) return std::unexpected(datagram_stopped());
  return take(end_, in_);
}

COHTTPS_INLINE void detail::datagram_receive::wake() noexcept {
  if (event_ != 0) return;
  event_ = loop_.schedule(loop_.now(), [this] {
    event_ = 0;
    if (end_.reader == this) end_.reader = nullptr;
    std::exchange(waiter_, nullptr).resume();
  });
}

COHTTPS_INLINE std::size_t detail::datagram_receive::take(datagram_end& from,
                                                          std::span<datagram_slot> in) noexcept {
  std::size_t filled = 0;
  for (; filled < in.size() && !from.arrived.empty(); ++filled) {
    const auto first = std::move(from.arrived.front());
    from.arrived.pop_front();
    auto& [memory, layout] = in[filled];
    const std::size_t size = std::min(memory.size(), first.bytes.size());
    std::ranges::copy(std::span(first.bytes).first(size), memory.begin());
    layout = {size, size, first.mark};
  }
  return filled;
}

COHTTPS_INLINE memory_datagram_socket& memory_datagram_socket::operator=(
    memory_datagram_socket&& other) noexcept {
  close({});
  network_ = other.network_;
  pair_ = std::move(other.pair_);
  client_side_ = other.client_side_;
  return *this;
}

COHTTPS_INLINE std::size_t memory_datagram_socket::try_receive(
    std::span<datagram_slot> in) noexcept {
  return pair_ ? detail::datagram_receive::take(mine(), in) : 0;
}

COHTTPS_INLINE detail::datagram_send memory_datagram_socket::send(std::span<const std::byte> out,
                                                                  const datagrams& layout,
                                                                  stop_token stop) {
  if (stop.stop_requested() || !pair_) return {std::unexpected(detail::datagram_stopped())};
  if (client_side_ && network_->refuse_lost && pair_->client_address != network_->local)
    return {fail(error_category::connect, "connect_failed", "the socket's address is gone")};
  transmit(out, layout);
  return {};
}

COHTTPS_INLINE void memory_datagram_socket::close(std::span<const std::byte> last) noexcept {
  if (!pair_) return;
  if (!last.empty()) transmit(last, {last.size(), last.size()});
  mine().closed = true;
  if (mine().reader) mine().reader->wake();
  pair_.reset();
}

COHTTPS_INLINE memory_datagram_socket memory_datagrams::connect(const endpoint& to) {
  auto pair = std::make_shared<detail::datagram_pair>();
  pair->client_address = local;
  const auto found = servers_.find(to_string(to));
  if (found != servers_.end()) {
    std::erase_if(running_, [](const background_task& t) { return t.done(); });
    running_.push_back(detail::keep(found->second(memory_datagram_socket(*this, pair, false))));
  }
  return memory_datagram_socket(*this, std::move(pair), true);
}

COHTTPS_INLINE bool memory_datagrams::happens(double chance) {
  return chance > 0 && std::uniform_real_distribution<double>(0, 1)(random) < chance;
}

COHTTPS_INLINE void memory_datagrams::transmit(const std::shared_ptr<detail::datagram_pair>& pair,
                                               bool from_client, std::span<const std::byte> one,
                                               ecn mark) {
  ++sent;
  std::vector<std::byte> bytes(one.begin(), one.end());
  const bool taken = pair->client_address == local && bytes.size() <= largest &&
                     (!on_send || on_send(from_client, bytes));
  if (!taken || happens(loss)) return void(++lost);
  const int times = happens(copies) ? 2 : 1;
  for (int i = 0; i < times; ++i) {
    auto when = loop_.now() + delay;
    if (jitter.count() > 0)
      when += std::chrono::nanoseconds(
          std::uniform_int_distribution<std::int64_t>(0, jitter.count())(random));
    auto copy = bytes;
    if (happens(corruption) && !copy.empty())
      copy[random() % copy.size()] ^= std::byte(1 << (random() % 8));
    loop_.schedule(when, [pair, from_client, copy = std::move(copy), mark] {
      detail::datagram_end& to = from_client ? pair->server : pair->client;
      if (to.closed) return;
      to.arrived.push_back({copy, mark});
      if (to.reader) to.reader->wake();
    });
  }
}

COHTTPS_INLINE detail::datagram_receive memory_datagram_socket::receive(std::span<datagram_slot> in,
                                                                        stop_token stop) noexcept {
  return {network_->loop_, pair_, mine(), in, stop};
}

COHTTPS_INLINE void memory_datagram_socket::transmit(std::span<const std::byte> out,
                                                     const datagrams& layout) {
  while (!out.empty()) {
    const auto one = out.first(std::min(out.size(), layout.segment));
    network_->transmit(pair_, client_side_, one, layout.mark);
    out = out.subspan(one.size());
  }
}

}  // namespace cohttps::testing
