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
#include <vector>

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

/// The response of a layer to a streamed call, which nobody on the network gave. Its content is in
/// the response or comes from a source.
template <class = void>
class answered_exchange final : public open_exchange {
 public:
  explicit answered_exchange(response answer, std::unique_ptr<content_source> source = {})
      : answer_(std::move(answer)), source_(std::move(source)) {
    state_ = answer_.metadata();
    state_.content_length = source_ ? source_->length() : answer_.content().size();
  }

  task<result<std::span<const std::byte>>> read() override {
    result<std::span<const std::byte>> part;
    if (!given_ && source_)
      part = co_await source_->next();
    else if (!given_)
      part = answer_.bytes();
    given_ = !source_ || !part || part->empty();
    state_.complete = part && part->empty();
    co_return part;
  }
  task<result<void>> write(std::span<const std::byte>) override {
    return result<void>(fail(error_category::usage, "not_upgraded",
                             "a layer of the client answered; there is nobody to write to"));
  }
  void hang_up() noexcept override { given_ = true; }
  void lift_time_limit() override {}

 private:
  response answer_;
  std::unique_ptr<content_source> source_;
  bool given_ = false;
};

/// Shows the content to the watchers while it is read, and keeps the request, whose content may
/// still be sent.
template <class = void>
class watched_exchange final : public open_exchange {
 public:
  watched_exchange(std::unique_ptr<request> asked, std::unique_ptr<open_exchange> of,
                   std::vector<content_watcher> watchers)
      : asked_(std::move(asked)), of_(std::move(of)), watchers_(std::move(watchers)) {
    state_ = of_->state();
  }

  task<result<std::span<const std::byte>>> read() override {
    auto part = co_await of_->read();
    if (!part) co_return part;
    if (!ended_)
      for (const content_watcher& each : watchers_) co_await each(*part);
    if (part->empty() && !std::exchange(ended_, true)) state_ = of_->state();
    co_return part;
  }
  task<result<void>> write(std::span<const std::byte> bytes) override { return of_->write(bytes); }
  void hang_up() noexcept override { of_->hang_up(); }
  void lift_time_limit() override { of_->lift_time_limit(); }

 private:
  std::unique_ptr<request> asked_;
  std::unique_ptr<open_exchange> of_;
  std::vector<content_watcher> watchers_;
  bool ended_ = false;
};

template <class T>
class middleware_stack<T>::call final : public middleware_call {
 public:
  call(middleware_stack& stack, const shared_client_state& client, request& r,
       const operation_stops& stops, std::optional<std::string> upgrade_to)
      : stack_(stack),
        client_(client),
        stops_(stops),
        upgrade_to_(std::move(upgrade_to)),
        limit_(client->deadlines, r.timeout ? r.timeout : client->options.timeout, r.stop,
               stops.race),
        bridge_(client->transport(), stops.of_threads, limit_.entry()) {}

  task<result<response>> pass_on(std::size_t layer, request& r) override {
    if (layer == count_) return send(r);
    return stack_.layers_[layer](r, next_handler(*this, layer + 1));
  }
  stop_token stop() noexcept override { return limit_.token(); }
  any_transport& transport() noexcept override { return client_->transport(); }
  bool streams() const noexcept override { return upgrade_to_.has_value(); }
  bool upgrades() const noexcept override { return upgrade_to_ && !upgrade_to_->empty(); }
  const client_options& options() noexcept override { return client_->options; }
  void watch_content(content_watcher watcher) override { watchers_.push_back(std::move(watcher)); }
  response with_content(response head, std::unique_ptr<content_source> content) override {
    forget_opened();
    source_ = std::move(content);
    response_metadata given = head.metadata();
    given.open_exchange_number = ++number_;
    return response(std::move(given), {});
  }
  std::size_t max_content(const request& r) const noexcept override {
    return r.max_content.value_or(client_->options.max_content);
  }
  void send_in_background(std::size_t layer, request r, background_handler use) override {
    auto& running = stack_.background_;
    std::erase_if(running, [](const auto& each) { return each.done(); });
    running.push_back(run_in_background(stack_, *client_, layer, std::move(r), std::move(use)));
    running.back().start();
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
  result<std::unique_ptr<open_exchange>> exchange_of(response answered,
                                                     std::unique_ptr<request> asked) {
    const bool streams = number_ != 0 && answered.metadata().open_exchange_number == number_;
    std::unique_ptr<open_exchange> from;
    if (streams && opened_)
      from = std::move(opened_);
    else if (!upgrade_to_->empty())
      return fail(error_category::policy, "not_upgraded",
                  "a layer of the client answered with status " +
                      std::to_string(answered.status()) + " in place of the server");
    else
      from = std::make_unique<answered_exchange<>>(std::move(answered),
                                                   streams ? std::move(source_) : nullptr);
    if (!streams || (watchers_.empty() && asked->content.empty())) return from;
    return std::make_unique<watched_exchange<>>(std::move(asked), std::move(from),
                                                std::move(watchers_));
  }

 private:
  static owned_coroutine<void> run_in_background(middleware_stack& stack, client_state& client,
                                                 std::size_t layer, request r,
                                                 background_handler use) {
    // The client owns this coroutine, which therefore must not own the client.
    const shared_client_state not_owned(shared_client_state(), &client);
    try {
      // The handler ends here, and not with this frame, which stays until the next call.
      const background_handler handler = std::move(use);
      auto answered = co_await stream_alone(stack, not_owned, layer, std::move(r));
      co_await handler(answered);
    } catch (...) {  // nobody waits for it
    }
  }

  static task<result<response_stream>> stream_alone(middleware_stack& stack,
                                                    const shared_client_state& client,
                                                    std::size_t layer, request r) {
    const operation_stops none;
    auto asked = std::make_unique<request>(std::move(r));
    call whole(stack, client, *asked, none, std::string());
    auto answered = co_await whole.run(*asked, layer);
    if (!answered) co_return pass(std::move(answered));
    auto opened = whole.exchange_of(*std::move(answered), std::move(asked));
    if (!opened) co_return pass(std::move(opened));
    co_return response_stream(*std::move(opened));
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
    if (!received) co_return std::unexpected(limit_.explain(std::move(received).error()));
    co_return response(whole.take_state(), std::move(content));
  }

  task<result<response>> open(request asked, const operation_stops& stops) {
    forget_opened();
    auto begun = std::make_unique<exchange<>>(client_, std::move(asked), stops, *upgrade_to_);
    if (auto opened = co_await begun->open(); !opened)
      co_return std::unexpected(limit_.explain(std::move(opened).error()));
    begun->leave_race();
    response_metadata head = begun->state();
    head.open_exchange_number = ++number_;
    opened_ = std::move(begun);
    co_return response(std::move(head), {});
  }

  /// Drops the content of an earlier response of this call.
  void forget_opened() noexcept {
    opened_.reset();
    source_.reset();
    watchers_.clear();
  }

  middleware_stack& stack_;
  const std::size_t count_ =
      stack_.layers_.size();  // layers that are added later are for later calls
  const shared_client_state& client_;
  const operation_stops& stops_;
  std::optional<std::string> upgrade_to_;  // of a call that does not collect; else nothing
  deadline limit_;
  std_stop_bridge bridge_;
  std::unique_ptr<open_exchange> opened_;
  std::unique_ptr<content_source> source_;
  std::vector<content_watcher> watchers_;
  std::uint64_t number_ = 0;
  bool source_used_ = false;
};

template <class T>
task<result<response>> middleware_stack<T>::collect(const shared_client_state& client, request& r,
                                                    const operation_stops& stops) {
  call whole(*this, client, r, stops, std::nullopt);
  co_return co_await whole.run(r);
}

template <class T>
auto middleware_stack<T>::open(const shared_client_state& client, request& r,
                               const operation_stops& stops, std::string upgrade_to)
    -> task<result<std::unique_ptr<open_exchange>>> {
  auto asked = std::make_unique<request>(std::move(r));
  call whole(*this, client, *asked, stops, std::move(upgrade_to));
  auto answered = co_await whole.run(*asked);
  if (!answered) co_return pass(std::move(answered));
  co_return whole.exchange_of(*std::move(answered), std::move(asked));
}

}  // namespace cohttps::detail
