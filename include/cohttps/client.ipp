// Definitions for client.hpp.
#pragma once

#include <cohttps/client.hpp>
#include <cohttps/client/operation.hpp>
#include <cohttps/client/upgraded.hpp>
#include <cohttps/core/recycled.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/request/client_state.hpp>
#include <cohttps/request/collect_content.hpp>
#include <cohttps/request/download.hpp>
#include <cohttps/request/exchange.hpp>

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

/// Parses the URL of a call, and adds the pairs of `request_options::query`.
template <class = void>
result<cohttps::url> url_of_call(const client_state* client, std::string_view text,
                                 const query_list& pairs) {
  result<cohttps::url> parsed = [&] {
    if (!client || client->options.base_url.empty()) return cohttps::url::parse(text);
    auto base = cohttps::url::parse(client->options.base_url);
    if (!base) base.error().subject("client_options::base_url");
    return base ? cohttps::url::parse(text, *base) : base;
  }();
  if (!parsed || pairs.empty()) return parsed;
  try {
    pairs.append_to(*parsed);
  } catch (const error& too_long) {
    return std::unexpected(too_long);
  }
  return parsed;
}

COHTTPS_DEF request make_request(const client_state* client, const method& verb,
                                 std::string_view url, content body,
                                 const request_options& options) {
  return {.method = verb,
          .url = url_of_call(client, url, options.query),
          .headers = options.headers.copy(),
          .content = std::move(body),
          .timeout = options.timeout,
          .timeouts = options.timeouts,
          .max_redirects = options.max_redirects,
          .max_content = options.max_content,
          .minimum_rate = options.minimum_rate,
          .max_rate = options.max_rate,
          .priority = options.priority,
          .credentials = options.credentials ? *options.credentials : credentials(),
          .on_interim = options.on_interim.copy(),
          .on_progress = options.on_progress.copy(),
          .trailers = options.trailers.copy(),
          .stop = options.stop};
}

COHTTPS_DEF task<result<response>> perform(const shared_client_state& client, request& r,
                                           const operation_stops& stops,
                                           const delivery<response>&) {
  if (client->layers) co_return co_await client->layers->collect(client, r, stops);
  exchange<> whole(client, std::move(r), stops);
  const running_operations::guard working(whole.operations());
  whole.demand_rate();
  auto received = co_await whole.open();
  recycled<std::string> content;
  if (received) received = co_await receive_content(whole, content);
  if (!received) co_return pass(std::move(received));
  co_return response(whole.take_state(), std::move(content));
}

COHTTPS_DEF task<result<std::unique_ptr<open_exchange>>> open_any(const shared_client_state& client,
                                                                  request& r,
                                                                  const operation_stops& stops,
                                                                  std::string upgrade_to) {
  if (client->layers)
    co_return co_await client->layers->open(client, r, stops, std::move(upgrade_to));
  auto begun = std::make_unique<exchange<>>(client, std::move(r), stops, std::move(upgrade_to));
  if (auto opened = co_await begun->open(); !opened) co_return pass(std::move(opened));
  begun->leave_race();
  co_return begun;
}

COHTTPS_DEF task<result<response_stream>> perform(const shared_client_state& client, request& r,
                                                  const operation_stops& stops,
                                                  const delivery<response_stream>&) {
  auto opened = co_await open_any(client, r, stops, {});
  if (!opened) co_return pass(std::move(opened));
  co_return response_stream(*std::move(opened));
}

COHTTPS_DEF task<result<upgraded>> perform(const shared_client_state& client, request& r,
                                           const operation_stops& stops,
                                           const delivery<upgraded>& how) {
  auto opened = co_await open_any(client, r, stops, how.protocol);
  if (!opened) co_return pass(std::move(opened));
  co_return upgraded(*std::move(opened));
}

/// Adds the content of an unsuccessful response to its error.
template <class = void>
task<error> with_content(exchange<>& whole, error e) {
  std::string content;
  while (content.size() < error::max_content) {
    const auto part = co_await whole.read();
    if (!part || part->empty()) break;
    content.append(reinterpret_cast<const char*>(part->data()), part->size());
  }
  co_return e.response(e.status(), content);
}

COHTTPS_DEF task<result<download_result>> perform(const shared_client_state& client, request& r,
                                                  const operation_stops& stops,
                                                  const delivery<download_result>& how) {
  if (!r.url) co_return std::unexpected(std::move(r.url).error());
  download_file file(how.path, how.resumes);
  if (auto begun = file.begin(*r.url, r.headers); !begun) co_return pass(std::move(begun));
  while (true) {
    request asked = r.without_content();
    file.ask(asked.headers);
    exchange<> whole(client, std::move(asked), stops);
    const running_operations::guard working(whole.operations());
    whole.demand_rate();
    if (auto opened = co_await whole.open(); !opened) co_return pass(std::move(opened));
    const auto answered = file.answered(whole.state());
    if (answered == download_file::verdict::start_over) {
      r.timeout = whole.time_left();
      continue;
    }
    result<void> written;
    if (!answered && answered.error().status() != 0)
      co_return std::unexpected(whole.give_up(co_await with_content(whole, answered.error())));
    if (!answered) written = std::unexpected(answered.error());
    while (written && !file.complete()) {
      auto part = co_await whole.read();
      if (!part) co_return pass(std::move(part));
      written = part->empty() ? file.finish() : file.write(*part);
    }
    if (!written) co_return std::unexpected(whole.give_up(std::move(written).error()));
    const std::uint64_t size = file.size();
    const std::uint64_t resumed_at = file.resumed_at();
    co_return download_result(whole.take_state(), size, resumed_at);
  }
}

COHTTPS_DEF task<result<connection_info>> perform(const shared_client_state& client, request& r,
                                                  const operation_stops& stops,
                                                  const delivery<connection_info>&) {
  exchange<> whole(client, std::move(r), stops);
  co_return co_await whole.connect();
}

COHTTPS_DEF any_transport transport_of(const client_state& client) {
  return client.deadlines.transport();
}

COHTTPS_DEF bool may_begin_here(const client_state& client) noexcept {
  return client.operations.may_begin_here(client.deadlines.transport());
}

template <class = void>
task<void> end_all(shared_client_state client, std::chrono::nanoseconds within) {
  if (!client) co_return;
  client->closed = true;
  client->connections.close();
  any_transport& transport = client->transport();
  co_await client->operations.all_ended(transport, detail::later(transport.now(), within));
  client->deadlines.stop_all();
  co_await client->operations.none_waits(transport);
}

}  // namespace detail

COHTTPS_DEF client::client(any_transport over, client_options options)
    : state_(std::make_shared<detail::client_state>(std::move(over), std::move(options))) {}

COHTTPS_DEF task<void> client::close(std::chrono::nanoseconds within) {
  return detail::end_all(state_, within);
}

COHTTPS_DEF any_transport client::transport() const {
  if (!state_) throw detail::moved_from();
  return detail::transport_of(*state_);
}

COHTTPS_DEF void client::close_idle() noexcept {
  if (state_) state_->connections.close_idle();
}

COHTTPS_DEF pool::statistics client::statistics() const noexcept {
  return state_ ? state_->connections.stats() : pool::statistics();
}

COHTTPS_DEF auto client::upgrade(url_text url, std::string_view protocol,
                                 const request_options& options) & -> upgrade_operation {
  return upgrade_operation(state_,
                           detail::make_request(state_.get(), method::get, url, {}, options),
                           {std::string(protocol)});
}

COHTTPS_DEF auto client::download(url_text url, std::string path, const download_options& how,
                                  const request_options& options) & -> download_operation {
  return download_operation(state_,
                            detail::make_request(state_.get(), method::get, url, {}, options),
                            {std::move(path), how.resume});
}

COHTTPS_DEF auto client::try_upgrade(url_text url, std::string_view protocol,
                                     const request_options& options) & -> try_upgrade_operation {
  return try_upgrade_operation(state_,
                               detail::make_request(state_.get(), method::get, url, {}, options),
                               {std::string(protocol)});
}

COHTTPS_DEF auto client::try_download(url_text url, std::string path, const download_options& how,
                                      const request_options& options) & -> try_download_operation {
  return try_download_operation(state_,
                                detail::make_request(state_.get(), method::get, url, {}, options),
                                {std::move(path), how.resume});
}

COHTTPS_DEF auto client::try_connect(url_text url,
                                     const request_options& options) & -> try_connect_operation {
  return try_connect_operation(state_,
                               detail::make_request(state_.get(), method::get, url, {}, options));
}

COHTTPS_DEF auto client::get(url_text url, const request_options& options) & -> operation {
  return send(method::get, url, options);
}

COHTTPS_DEF auto client::head(url_text url, const request_options& options) & -> operation {
  return send(method::head, url, options);
}

COHTTPS_DEF auto client::post(url_text url, const request_options& options) & -> operation {
  return send(method::post, url, options);
}

COHTTPS_DEF auto client::post(url_text url, content body,
                              const request_options& options) & -> operation {
  return send(method::post, url, std::move(body), options);
}

COHTTPS_DEF auto client::put(url_text url, const request_options& options) & -> operation {
  return send(method::put, url, options);
}

COHTTPS_DEF auto client::put(url_text url, content body,
                             const request_options& options) & -> operation {
  return send(method::put, url, std::move(body), options);
}

COHTTPS_DEF auto client::patch(url_text url, content body,
                               const request_options& options) & -> operation {
  return send(method::patch, url, std::move(body), options);
}

COHTTPS_DEF auto client::options(url_text url, const request_options& options) & -> operation {
  return send(method::options, url, options);
}

COHTTPS_DEF auto client::delete_(url_text url, const request_options& options) & -> operation {
  return send(method::delete_, url, options);
}

COHTTPS_DEF auto client::send(const method& verb, url_text url,
                              const request_options& options) & -> operation {
  return operation(state_,
                   detail::make_request(state_.get(), verb, url, options.content.copy(), options));
}

COHTTPS_DEF auto client::send(const method& verb, url_text url, content body,
                              const request_options& options) & -> operation {
  return operation(state_, detail::make_request(state_.get(), verb, url, std::move(body), options));
}

COHTTPS_DEF auto client::try_get(url_text url, const request_options& options) & -> try_operation {
  return try_send(method::get, url, options);
}

COHTTPS_DEF auto client::try_post(url_text url, const request_options& options) & -> try_operation {
  return try_send(method::post, url, options);
}

COHTTPS_DEF auto client::try_put(url_text url, const request_options& options) & -> try_operation {
  return try_send(method::put, url, options);
}

COHTTPS_DEF auto client::try_head(url_text url, const request_options& options) & -> try_operation {
  return try_send(method::head, url, options);
}

COHTTPS_DEF auto client::try_patch(url_text url, content body,
                                   const request_options& options) & -> try_operation {
  return try_send(method::patch, url, std::move(body), options);
}

COHTTPS_DEF auto client::try_options(url_text url,
                                     const request_options& options) & -> try_operation {
  return try_send(method::options, url, options);
}

COHTTPS_DEF auto client::try_delete(url_text url,
                                    const request_options& options) & -> try_operation {
  return try_send(method::delete_, url, options);
}

COHTTPS_DEF auto client::try_stream(const method& verb, url_text url,
                                    const request_options& options) & -> try_stream_operation {
  return try_stream_operation(
      state_, detail::make_request(state_.get(), verb, url, options.content.copy(), options));
}

COHTTPS_DEF auto client::try_send(const method& verb, url_text url,
                                  const request_options& options) & -> try_operation {
  return try_operation(
      state_, detail::make_request(state_.get(), verb, url, options.content.copy(), options));
}

COHTTPS_DEF auto client::try_send(const method& verb, url_text url, content body,
                                  const request_options& options) & -> try_operation {
  return try_operation(state_,
                       detail::make_request(state_.get(), verb, url, std::move(body), options));
}

COHTTPS_DEF auto client::stream(const method& verb, url_text url,
                                const request_options& options) & -> stream_operation {
  return stream_operation(
      state_, detail::make_request(state_.get(), verb, url, options.content.copy(), options));
}

COHTTPS_DEF auto client::stream(const method& verb, url_text url, content body,
                                const request_options& options) & -> stream_operation {
  return stream_operation(state_,
                          detail::make_request(state_.get(), verb, url, std::move(body), options));
}

COHTTPS_DEF auto client::connect(url_text url,
                                 const request_options& options) & -> connect_operation {
  return connect_operation(state_,
                           detail::make_request(state_.get(), method::get, url, {}, options));
}

}  // namespace cohttps
