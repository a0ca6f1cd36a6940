// What the client's functions do.
#pragma once

#include <cohttps/client/client.hpp>
#include <cohttps/client/client_state.hpp>
#include <cohttps/client/exchange.hpp>
#include <cohttps/client/operation.hpp>

#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace cohttps {

namespace detail {

inline constexpr char awaited_twice[] = "an operation was awaited twice; call the client again";

template <transport Transport>
task<result<response>> collect(std::shared_ptr<client_state<Transport>> client, request r) {
  if (!client) co_return fail(error_category::usage, "awaited_twice", awaited_twice);
  exchange<Transport> whole(std::move(client), std::move(r));
  co_return co_await whole.collect();
}

template <transport Transport>
task<result<response_stream>> open(std::shared_ptr<client_state<Transport>> client, request r) {
  if (!client) co_return fail(error_category::usage, "awaited_twice", awaited_twice);
  auto begun = std::make_unique<exchange<Transport>>(std::move(client), std::move(r));
  if (auto opened = co_await begun->open(); !opened) co_return pass(std::move(opened));
  co_return response_stream(std::move(begun));
}

template <transport Transport>
task<result<connection_info>> connect(std::shared_ptr<client_state<Transport>> client, request r) {
  if (!client) co_return fail(error_category::usage, "awaited_twice", awaited_twice);
  exchange<Transport> whole(std::move(client), std::move(r));
  co_return co_await whole.connect();
}

template <transport Transport>
Transport transport_of(client_state<Transport>& client) {
  return client.transport();
}

template <transport Transport>
task<void> close(std::shared_ptr<client_state<Transport>> client, net::duration within) {
  client->closed = true;
  client->connections.close_idle(true);
  Transport& transport = client->transport();
  co_await client->operations.all_ended(transport, net::later(transport.now(), within));
  client->deadlines.stop_all();
  co_await client->operations.none_waits(transport);
}

}  // namespace detail

template <transport Transport>
basic_client<Transport>::basic_client(Transport over, client_options options)
    : state_(std::make_shared<client_state<Transport>>(std::move(over), std::move(options))) {}

template <transport Transport>
task<void> basic_client<Transport>::close(std::chrono::nanoseconds within) {
  return detail::close(state_, within);
}

template <transport Transport>
void basic_client<Transport>::close_idle() noexcept {
  state_->connections.close_idle();
}

template <transport Transport>
pool::statistics basic_client<Transport>::statistics() const noexcept {
  return state_->connections.stats();
}

template <transport Transport>
request basic_client<Transport>::make_request(const method& verb, std::string_view url,
                                              content body, const request_options& options) {
  return {verb,
          cohttps::url::parse(url),
          options.headers.copy(),
          std::move(body),
          options.timeout,
          options.max_redirects,
          options.max_content,
          options.minimum_rate,
          options.stop};
}

}  // namespace cohttps
