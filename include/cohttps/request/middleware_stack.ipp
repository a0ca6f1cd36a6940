// Definitions for middleware_stack.hpp.
#pragma once

#include <cohttps/connection/content_source.hpp>
#include <cohttps/connection/deadline.hpp>
#include <cohttps/core/recycled.hpp>
#include <cohttps/request/client_state.hpp>
#include <cohttps/request/collect_content.hpp>
#include <cohttps/request/exchange.hpp>
#include <cohttps/request/middleware_stack.hpp>
#include <cohttps/request/std_stop_bridge.hpp>

#include <optional>
#include <span>

namespace cohttps::detail {

/// The content of a request that may be sent again: the caller's request keeps it.
template <class = void>
class borrowed_source final : public content_source {
 public:
  explicit borrowed_source(content_source& of) noexcept : of_(of) {}

  result<void> check() const override { return of_.check(); }
  std::optional<std::uint64_t> length() const noexcept override { return of_.length(); }
  task<result<std::span<const std::byte>>> next() override { return of_.next(); }
  bool can_rewind() const noexcept override { return of_.can_rewind(); }
  bool rewind() noexcept override { return of_.rewind(); }
  std::string_view path() const noexcept override { return of_.path(); }

 private:
  content_source& of_;
};

/// The response of a layer to a streamed call, which nobody on the network gave.
template <class = void>
class answered_exchange final : public open_exchange {
 public:
  explicit answered_exchange(response answer) : answer_(std::move(answer)) {
    state_ = answer_.metadata();
    state_.content_length = answer_.content().size();
  }

  task<result<std::span<const std::byte>>> read() override {
    std::span<const std::byte> part;
    if (!std::exchange(given_, true)) part = answer_.bytes();
    state_.complete = part.empty();
    return result<std::span<const std::byte>>(part);
  }
  task<result<void>> write(std::span<const std::byte>) override {
    return result<void>(fail(error_category::usage, "not_upgraded",
                             "a layer of the client answered; there is nobody to write to"));
  }
  void hang_up() noexcept override { given_ = true; }
  void lift_time_limit() override {}

 private:
  response answer_;
  bool given_ = false;
};

/// Shows the content to a watcher while it is read.
template <class = void>
class watched_exchange final : public open_exchange {
 public:
  watched_exchange(std::unique_ptr<open_exchange> of, content_watcher watcher)
      : of_(std::move(of)), watcher_(std::move(watcher)) {
    state_ = of_->state();
  }

  task<result<std::span<const std::byte>>> read() override {
    auto part = co_await of_->read();
    if (!part) co_return part;
    if (!ended_) co_await watcher_(*part);
    if (part->empty() && !std::exchange(ended_, true)) state_ = of_->state();
    co_return part;
  }
  task<result<void>> write(std::span<const std::byte> bytes) override { return of_->write(bytes); }
  void hang_up() noexcept override { of_->hang_up(); }
  void lift_time_limit() override { of_->lift_time_limit(); }

 private:
  std::unique_ptr<open_exchange> of_;
  content_watcher watcher_;
  bool ended_ = false;
};

template <class T>
class middleware_stack<T>::call final : public middleware_call {
 public:
  call(const std::deque<middleware>& layers, const shared_client_state& client, request& r,
       const operation_stops& stops, std::optional<std::string> upgrade_to)
      : layers_(layers),
        client_(client),
        stops_(stops),
        upgrade_to_(std::move(upgrade_to)),
        limit_(client->deadlines, r.timeout ? r.timeout : client->options.timeout, r.stop,
               stops.race),
        bridge_(client->transport(), stops.of_threads, limit_.entry()) {}

  task<result<response>> pass_on(std::size_t layer, request& r) override {
    if (layer == count_) return send(r);
    return layers_[layer](r, next_handler(*this, layer + 1));
  }
  stop_token stop() noexcept override { return limit_.token(); }
  any_transport& transport() noexcept override { return client_->transport(); }
  bool streams() const noexcept override { return upgrade_to_.has_value(); }
  bool upgrades() const noexcept override { return upgrade_to_ && !upgrade_to_->empty(); }
  void watch_content(content_watcher watcher) override { watcher_ = std::move(watcher); }
  task<result<response>> pass_on_alone(std::size_t layer, request r) override {
    return run_alone(client_, client_->layers, layers_, layer, std::move(r));
  }

  /// The whole way. An error of a limit in all says so, wherever it was met.
  task<result<response>> run(request& r, std::size_t layer = 0) {
    const std::optional<cohttps::url> asked = r.url ? std::optional(*r.url) : std::nullopt;
    if (limit_.stop_requested())
      co_return fail(error_category::canceled, "canceled", "the operation was canceled");
    auto answered = co_await pass_on(layer, r);
    if (!answered) co_return std::unexpected(limit_.explain(std::move(answered).error()));
    co_return std::move(*answered).of_layer(asked);
  }

  /// After `run`: the exchange that the response came from, or one that gives its content.
  result<std::unique_ptr<open_exchange>> exchange_of(response answered) {
    if (opened_ && answered.metadata().open_exchange_number == number_) {
      if (!watcher_) return std::move(opened_);
      return std::make_unique<watched_exchange<>>(std::move(opened_), std::move(watcher_));
    }
    if (!upgrade_to_->empty())
      return fail(error_category::policy, "not_upgraded",
                  "a layer of the client answered with status " +
                      std::to_string(answered.status()) + " in place of the server");
    return std::make_unique<answered_exchange<>>(std::move(answered));
  }

 private:
  /// Keeps the layers, as the client may be gone before it ends.
  static task<result<response>> run_alone(shared_client_state client,
                                          std::shared_ptr<middleware_chain>,
                                          const std::deque<middleware>& layers, std::size_t layer,
                                          request r) {
    const operation_stops none;
    call whole(layers, client, r, none, std::nullopt);
    co_return co_await whole.run(r, layer);
  }

  task<result<response>> send(request& r) {
    request asked = r.without_content();
    if (r.content.source() && std::exchange(source_used_, true) && !r.content.rewind())
      co_return fail(error_category::policy, "content_not_repeatable",
                     "a layer sends the request again, but its content cannot be read again from "
                     "the beginning");
    if (auto* source = r.content.source())
      asked.content = content(std::make_unique<borrowed_source<>>(*source), r.content.media_type());
    else if (!r.content.memory().empty())
      asked.content = content::borrowed(r.content.memory(), r.content.media_type());
    asked.timeout = limit_.left();
    operation_stops stops = stops_;
    stops.race.add(limit_.token());
    if (upgrade_to_) co_return co_await open(std::move(asked), stops);
    exchange<> whole(client_, std::move(asked), stops);
    const running_operations::guard working(whole.operations());
    whole.demand_rate();
    auto received = co_await whole.open();
    recycled<std::string> content;
    if (received) received = co_await receive_content(whole, content);
    if (!received) co_return pass(std::move(received));
    co_return response(whole.take_state(), std::move(content));
  }

  task<result<response>> open(request asked, const operation_stops& stops) {
    opened_.reset();
    auto begun = std::make_unique<exchange<>>(client_, std::move(asked), stops, *upgrade_to_);
    if (auto opened = co_await begun->open(); !opened) co_return pass(std::move(opened));
    begun->leave_race();
    response_metadata head = begun->state();
    head.open_exchange_number = ++number_;
    opened_ = std::move(begun);
    co_return response(std::move(head), {});
  }

  const std::deque<middleware>& layers_;
  const std::size_t count_ = layers_.size();  // layers that are added later are for later calls
  const shared_client_state& client_;
  const operation_stops& stops_;
  std::optional<std::string> upgrade_to_;  // of a call that does not collect; else nothing
  deadline limit_;
  std_stop_bridge bridge_;
  std::unique_ptr<open_exchange> opened_;
  content_watcher watcher_;
  std::uint64_t number_ = 0;
  bool source_used_ = false;
};

template <class T>
task<result<response>> middleware_stack<T>::collect(const shared_client_state& client, request& r,
                                                    const operation_stops& stops) {
  call whole(layers_, client, r, stops, std::nullopt);
  co_return co_await whole.run(r);
}

template <class T>
auto middleware_stack<T>::open(const shared_client_state& client, request& r,
                               const operation_stops& stops, std::string upgrade_to)
    -> task<result<std::unique_ptr<open_exchange>>> {
  call whole(layers_, client, r, stops, std::move(upgrade_to));
  auto answered = co_await whole.run(r);
  if (!answered) co_return pass(std::move(answered));
  co_return whole.exchange_of(*std::move(answered));
}

}  // namespace cohttps::detail
