// What the client's functions do: templates, for every unit, or, with
// COHTTPS_SEPARATE_COMPILATION, for one that says `template class cohttps::basic_client<...>;`.
#pragma once

#include <cohttps/client/client.hpp>
#include <cohttps/client/client_state.hpp>
#include <cohttps/client/download.hpp>
#include <cohttps/client/exchange.hpp>
#include <cohttps/client/operation.hpp>
#include <cohttps/client/upgraded.hpp>
#include <cohttps/core/recycled.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace cohttps {

namespace detail {

/// What a peer claims of its content's length is believed only as far as it costs little.
inline constexpr std::size_t believed_length = 1024 * 1024;

template <transport Transport>
task<result<void>> receive_content(exchange<Transport>& from, recycled<std::string>& content) {
  const std::size_t most = from.max_content();
  const auto too_large = [&] {
    return std::unexpected(
        from.give_up({error_category::limit, "content_too_large",
                      "the response's content is larger than the " + std::to_string(most) +
                          " bytes that max_content allows"}));
  };
  if (const auto length = from.state().content_length; length && from.has_content()) {
    if (*length > most) co_return too_large();
    content.reserve(static_cast<std::size_t>(std::min<std::uint64_t>(*length, believed_length)));
  }
  while (true) {
    auto part = co_await from.read();
    if (!part) co_return pass(std::move(part));
    if (part->empty()) co_return result<void>();
    if (part->size() > most - content.size()) co_return too_large();
    content.append(reinterpret_cast<const char*>(part->data()), part->size());
  }
}

}  // namespace detail

template <transport Transport>
basic_client<Transport>::basic_client(Transport over, client_options options)
    : state_(std::make_shared<client_state<Transport>>(std::move(over), std::move(options))) {}

template <transport Transport>
task<void> basic_client<Transport>::close(std::chrono::nanoseconds within) {
  return await_end(state_, within);
}

template <transport Transport>
void basic_client<Transport>::close_idle() noexcept {
  if (state_) state_->connections.close_idle();
}

template <transport Transport>
pool::statistics basic_client<Transport>::statistics() const noexcept {
  return state_ ? state_->connections.stats() : pool::statistics();
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
          options.priority,
          options.credentials ? *options.credentials : credentials(),
          options.on_interim.copy(),
          options.on_progress.copy(),
          options.trailers.copy(),
          {},
          false,
          {},
          options.stop};
}

template <transport Transport>
auto basic_client<Transport>::upgrade(std::string_view url, std::string_view protocol,
                                      const request_options& options) & -> upgrade_operation {
  request r = make_request(method::get, url, {}, options);
  r.upgrade_to = protocol;
  return upgrade_operation(state_, std::move(r));
}

template <transport Transport>
auto basic_client<Transport>::download(std::string_view url, std::string path,
                                       const download_options& how,
                                       const request_options& options) & -> download_operation {
  request r = make_request(method::get, url, {}, options);
  r.save_to = std::move(path);
  r.resumes = how.resume;
  return download_operation(state_, std::move(r));
}

template <transport Transport>
auto basic_client<Transport>::await_response(const shared_state& client, request& r, bool& started)
    -> task<result<response>> {
  if (!client || std::exchange(started, true))
    co_return std::unexpected(detail::not_startable(client != nullptr));
  exchange<Transport> whole(client, std::move(r));
  const typename activity<Transport>::guard working(whole.operations());
  whole.demand_rate();
  auto received = co_await whole.open();
  recycled<std::string> content;
  if (received) received = co_await detail::receive_content(whole, content);
  if (!received) co_return pass(std::move(received));
  co_return response(whole.take_state(), std::move(content));
}

template <transport Transport>
auto basic_client<Transport>::await_stream(const shared_state& client, request& r, bool& started)
    -> task<result<response_stream>> {
  if (!client || std::exchange(started, true))
    co_return std::unexpected(detail::not_startable(client != nullptr));
  auto begun = std::make_unique<exchange<Transport>>(client, std::move(r));
  if (auto opened = co_await begun->open(); !opened) co_return pass(std::move(opened));
  begun->leave_race();
  co_return response_stream(std::move(begun));
}

template <transport Transport>
auto basic_client<Transport>::await_upgrade(const shared_state& client, request& r, bool& started)
    -> task<result<upgraded>> {
  if (!client || std::exchange(started, true))
    co_return std::unexpected(detail::not_startable(client != nullptr));
  auto begun = std::make_unique<exchange<Transport>>(client, std::move(r));
  if (auto opened = co_await begun->open(); !opened) co_return pass(std::move(opened));
  begun->leave_race();
  co_return upgraded(std::move(begun));
}

template <transport Transport>
auto basic_client<Transport>::await_download(const shared_state& client, request& r, bool& started)
    -> task<result<downloaded>> {
  if (!client || std::exchange(started, true))
    co_return std::unexpected(detail::not_startable(client != nullptr));
  if (!r.url) co_return std::unexpected(std::move(r.url).error());
  detail::download_file file(r.save_to, r.resumes);
  if (auto begun = file.begin(*r.url, r.headers); !begun) co_return pass(std::move(begun));
  while (true) {
    request asked = r.without_content();
    file.ask(asked.headers);
    exchange<Transport> whole(client, std::move(asked));
    const typename activity<Transport>::guard working(whole.operations());
    whole.demand_rate();
    if (auto opened = co_await whole.open(); !opened) co_return pass(std::move(opened));
    const auto answered = file.answered(whole.state());
    if (answered == detail::download_file::verdict::start_over) {
      r.timeout = whole.time_left();
      continue;
    }
    result<void> written;
    if (!answered) written = std::unexpected(answered.error());
    while (written && !file.complete()) {
      auto part = co_await whole.read();
      if (!part) co_return pass(std::move(part));
      written = part->empty() ? file.finish() : file.write(*part);
    }
    if (!written) co_return std::unexpected(whole.give_up(std::move(written).error()));
    const std::uint64_t size = file.size();
    const std::uint64_t resumed_at = file.resumed_at();
    co_return downloaded(whole.take_state(), size, resumed_at);
  }
}

template <transport Transport>
auto basic_client<Transport>::await_connection(const shared_state& client, request& r,
                                               bool& started) -> task<result<connection_info>> {
  if (!client || std::exchange(started, true))
    co_return std::unexpected(detail::not_startable(client != nullptr));
  exchange<Transport> whole(client, std::move(r));
  co_return co_await whole.connect();
}

template <transport Transport>
Transport basic_client<Transport>::transport_of(client_state<Transport>& client) {
  return client.transport();
}

template <transport Transport>
task<void> basic_client<Transport>::await_end(shared_state client,
                                              std::chrono::nanoseconds within) {
  if (!client) co_return;
  client->closed = true;
  client->connections.close();
  Transport& transport = client->transport();
  co_await client->operations.all_ended(transport, net::later(transport.now(), within));
  client->deadlines.stop_all();
  co_await client->operations.none_waits(transport);
}

}  // namespace cohttps
