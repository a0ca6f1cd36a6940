// Definitions for har_replay_layer.hpp.
#pragma once

#include <cohttps/client/options.hpp>
#include <cohttps/http/redirect.hpp>
#include <cohttps/request/har_replay_layer.hpp>
#include <cohttps/request/request_fields.hpp>

#include <algorithm>
#include <chrono>
#include <optional>
#include <span>

namespace cohttps::detail {

template <class T>
task<result<response>> har_replay_layer<T>::handle(request& r, next_handler next) {
  const auto keep = this->shared_from_this();
  if (!r.url) co_return std::unexpected(r.url.error());
  if (next.upgrades())
    co_return fail(error_category::usage, "har_upgrade",
                   "a HAR log cannot replay a WebSocket or another protocol");
  const client_options& options = next.options();
  har_request asked{std::string(r.method.text()), {}, r.headers};
  add_client_fields(asked.headers, options);
  if (matcher_.rules().content && !r.content.empty()) {
    auto bytes = co_await read_all(r.content);
    if (!bytes) co_return pass(std::move(bytes));
    auto& content = asked.content.emplace();
    content.media_type = r.headers.find("content-type").value_or(r.content.media_type());
    content.bytes = *std::move(bytes);
  }
  response_metadata made;
  url here = *r.url;
  method verb = r.method;
  const std::size_t most = r.max_redirects.value_or(options.max_redirects);
  while (true) {
    asked.method = verb.text();
    asked.url = here.href();
    const auto found = matcher_.match(asked);
    if (!found) co_return std::unexpected(found.error());
    const har_response& recorded = log_.entries[*found].response;
    if (recorded.failure) co_return std::unexpected(failure_of(*recorded.failure));
    const auto now = std::chrono::system_clock::now();
    if (options.cookies) options.cookies->store_all(here, recorded.headers, now);
    const bool redirects = is_redirect_status(recorded.status);
    result<std::optional<redirection>> redirect;
    if (redirects && most > 0)
      redirect =
          follow_redirect(here, verb, recorded.status, recorded.headers, options.hsts.get(), now);
    if (!redirect) co_return pass(std::move(redirect));
    if (!*redirect) {
      made.url = std::move(here);
      co_return answer(*found, std::move(made), !redirects && verb != method::head,
                       next.streams() ? SIZE_MAX : r.max_content.value_or(options.max_content));
    }
    if (made.history.size() == most)
      co_return fail(error_category::limit, "too_many_redirects",
                     "the HAR log redirects more than " + std::to_string(most) + " times");
    made.history.push_back({recorded.status, here});
    strip_for_redirect(asked.headers, **redirect, options.redirects_keep_credentials);
    if (!(*redirect)->keeps_content) asked.content.reset();
    verb = (*redirect)->method;
    here = (*redirect)->to;
  }
}

template <class T>
error har_replay_layer<T>::failure_of(const har_failure& recorded) {
  auto category = error_category::connect;  // what the logs of browsers mean most often
  for (std::size_t i = 0; i <= static_cast<std::size_t>(error_category::policy); ++i)
    if (to_string(static_cast<error_category>(i)) == recorded.category)
      category = static_cast<error_category>(i);
  return {category, recorded.reason.empty() ? "har_failure" : recorded.reason,
          recorded.message.empty() ? "the request failed when it was recorded" : recorded.message};
}

template <class T>
task<result<std::string>> har_replay_layer<T>::read_all(content& from) {
  constexpr std::size_t limit = 64 * 1024 * 1024;
  if (auto usable = from.check(); !usable) co_return pass(std::move(usable));
  const auto memory = from.memory();
  std::string all(reinterpret_cast<const char*>(memory.data()), memory.size());
  while (from.source()) {
    auto piece = co_await from.source()->next();
    if (!piece) co_return pass(std::move(piece));
    if (piece->empty()) break;
    if (all.size() + piece->size() > limit)
      co_return fail(error_category::limit, "har_content_too_large",
                     "content of more than 64 MiB cannot be compared with a HAR log");
    all.append(reinterpret_cast<const char*>(piece->data()), piece->size());
  }
  co_return all;
}

template <class T>
result<response> har_replay_layer<T>::answer(std::size_t index, response_metadata made,
                                             bool has_content, std::size_t limit) const {
  const har_response& recorded = log_.entries[index].response;
  const har_content& content = recorded.content;
  if (content.left_out && has_content)
    return fail(error_category::usage, "har_content_missing",
                "entry " + std::to_string(index + 1) +
                    " of the HAR log has no content for its response: it was left out when the log "
                    "was written");
  if (content.bytes.size() > limit)
    return fail(error_category::limit, "content_too_large",
                "the content is larger than the limit of " + std::to_string(limit) + " bytes");
  made.head.status = recorded.status;
  made.head.reason = recorded.reason;
  made.head.headers = recorded.headers;
  made.content_length = content.bytes.size();
  made.complete = true;
  recycled<std::string> bytes;
  bytes.assign(content.bytes);
  return response(std::move(made), std::move(bytes));
}

}  // namespace cohttps::detail
