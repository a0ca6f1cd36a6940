// Definitions for cache_layer.hpp.
#pragma once

#include <cohttps/http/status.hpp>
#include <cohttps/request/cache_layer.hpp>

#include <charconv>

namespace cohttps::detail {

/// The bytes that "Range: bytes=first-last" means of so many; nothing for other ranges.
template <class = void>
std::optional<std::pair<std::size_t, std::size_t>> single_range(std::string_view value,
                                                                std::size_t size) {
  if (!value.starts_with("bytes=") || value.find(',') != value.npos || size == 0)
    return std::nullopt;
  value.remove_prefix(6);
  const auto dash = value.find('-');
  if (dash == value.npos) return std::nullopt;
  const auto number = [](std::string_view text) -> std::optional<std::size_t> {
    std::size_t n = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), n);
    return read.ec == std::errc() && read.ptr == text.data() + text.size() ? std::optional(n)
                                                                           : std::nullopt;
  };
  const auto first = value.substr(0, dash), last = value.substr(dash + 1);
  const auto begin = number(first), end = number(last);
  if (first.empty()) {
    if (!end || *end == 0) return std::nullopt;
    return std::pair(size - std::min(*end, size), size - 1);
  }
  if (!begin || *begin >= size || (!end && !last.empty())) return std::nullopt;
  const std::size_t to = end ? std::min(*end, size - 1) : size - 1;
  return to >= *begin ? std::optional(std::pair(*begin, to)) : std::nullopt;
}

template <class T>
task<result<response>> cache_layer<T>::handle(request& r, next_handler next) {
  const bool reads = r.method == method::get || r.method == method::head;
  if (!r.url || next.upgrades()) return next(r);
  if (!reads) return handle_unsafe(r, next);
  for (const std::string_view condition :
       {"if-match", "if-none-match", "if-modified-since", "if-unmodified-since", "if-range"})
    if (r.headers.contains(condition)) return next(r);
  return handle_read(r, next, r.url->without_fragment().href());
}

template <class T>
task<result<response>> cache_layer<T>::handle_unsafe(request& r, next_handler next) {
  const std::string key = r.url->without_fragment().href();
  const origin at = r.url->origin();
  const bool safe = r.method == method::options || r.method.text() == "TRACE";
  auto answered = co_await next(r);
  if (safe || !answered || answered->status() >= 400) co_return answered;
  co_await erase(key);
  for (const std::string_view name : {"location", "content-location"})
    if (const auto value = answered->header(name))
      if (const auto other = url::parse(*value, answered->url()); other && other->origin() == at)
        co_await erase(other->without_fragment().href());
  co_return answered;
}

template <class T>
task<result<response>> cache_layer<T>::handle_read(request& r, next_handler next, std::string key) {
  const cache_control asked = cache_control::parse(r.headers);
  if (asked.no_store) co_return co_await next(r);
  for (bool waited = false;; waited = true) {
    const stored found = co_await look_up(key, r.headers);
    const auto verdict = decide_cache(asked, found.get(), options_.now());
    if (verdict == cache_verdict::unavailable) co_return unavailable();
    if (verdict == cache_verdict::serve || verdict == cache_verdict::serve_and_renew) {
      const bool fresh = found->lifetime() > found->age(options_.now());
      ++(fresh ? statistics.hits : statistics.stale);
      if (verdict == cache_verdict::serve_and_renew) renew(r, next, key, found);
      co_return answer_with(*found, r);
    }
    const auto other = flights_.find(key);
    const bool waits = !waited && other != flights_.end() && !asked.no_cache;
    if (!waits) co_return co_await fetch(r, next, key, found, asked);
    const auto flying = other->second;
    co_await sleep_for(next.transport(), std::chrono::hours(1), next.stop())
        .with_stop(flying->ended);
  }
}

template <class T>
task<result<response>> cache_layer<T>::fetch(request& r, next_handler next, const std::string& key,
                                             stored old, cache_control asked) {
  // Those that come meanwhile wait for this one, unless it is known that they cannot use it.
  struct take_off {
    cache_layer& of;
    const std::string& key;
    std::shared_ptr<flight> mine;
    ~take_off() {
      if (!mine) return;
      of.flights_.erase(key);
      mine->ended.request_stop();
    }
  } flying{*this, key, nullptr};
  const bool partial = r.headers.contains("range");
  if (!partial && !flights_.contains(key) && !not_kept_.contains(key))
    flying.mine = flights_[key] = std::make_shared<flight>();

  const bool validates = old && old->has_validator() && !partial && r.method == method::get;
  const std::size_t own = r.headers.size();
  if (validates) old->add_conditions(r.headers);
  const time_point sent = options_.now();
  auto answered = co_await next(r);
  if (validates) r.headers.truncate(own);
  const bool failed = !answered || is_server_error(answered->status());
  if (failed && old && (answered || answered.error().category() != error_category::canceled) &&
      may_hide_failure(asked, *old, options_.now())) {
    ++statistics.stale;
    co_return answer_with(*old, r);
  }
  if (!answered) co_return answered;
  if (validates && answered->status() == 304) {
    ++statistics.validated;
    auto renewed = std::make_shared<cached_response>(*old);
    renewed->refresh(answered->headers(), sent, options_.now());
    co_await put(key, renewed);
    co_return answer_with(*renewed, r);
  }
  ++statistics.misses;
  if (!partial && r.method == method::get) co_await keep(r, next, key, *answered, sent);
  co_return answered;
}

template <class T>
task<void> cache_layer<T>::keep(const request& r, next_handler next, const std::string& key,
                                const response& answered, time_point sent) {
  const bool same_place = answered.history().empty();
  if (!same_place || !may_store(r.headers, answered.status(), answered.headers())) {
    if (not_kept_.size() >= 1024) not_kept_.clear();
    not_kept_.insert(key);
    co_return;
  }
  not_kept_.erase(key);
  auto made = std::make_shared<cached_response>();
  made->status = answered.status();
  made->headers = answered.headers();
  made->request_fields = varying_fields(r.headers, answered.headers());
  made->requested = sent;
  made->received = options_.now();
  if (!next.streams()) {
    if (answered.content().size() > options_.max_content) co_return;
    made->content = answered.content();
    co_await put(key, std::move(made));
    co_return;
  }
  // The content comes while the caller reads it.
  next.watch_content([self = this->shared_from_this(), made, key,
                      whole = true](std::span<const std::byte> part) mutable -> task<void> {
    whole = whole && part.size() <= self->options_.max_content - made->content.size();
    if (!whole) {
      made->content = {};
      co_return;
    }
    made->content.append(reinterpret_cast<const char*>(part.data()), part.size());
    if (part.empty()) co_await self->put(key, made);
  });
}

template <class T>
auto cache_layer<T>::look_up(const std::string& key, const fields& request) -> task<stored> {
  auto found = co_await store_->find(key, request);
  if (found) co_return *std::move(found);
  tell(found.error());
  co_return nullptr;
}

template <class T>
task<void> cache_layer<T>::put(std::string key, stored what) {
  auto done = co_await store_->put(key, std::move(what));
  if (done)
    ++statistics.stored;
  else
    tell(done.error());
}

template <class T>
task<void> cache_layer<T>::erase(std::string key) {
  auto done = co_await store_->erase(key);
  if (!done) tell(done.error());
}

template <class T>
void cache_layer<T>::renew(const request& r, next_handler next, const std::string& key,
                           stored old) {
  std::erase_if(renewals_, [](const auto& each) { return each.done(); });
  if (flights_.contains(key)) return;
  request again = r.without_content();
  again.stop = {};
  renewals_.push_back(renew_alone(std::move(again), next, key, std::move(old)));
  renewals_.back().start();
}

template <class T>
owned_coroutine<void> cache_layer<T>::renew_alone(request r, next_handler next, std::string key,
                                                  stored old) {
  const auto mine = flights_[key] = std::make_shared<flight>();
  old->add_conditions(r.headers);
  const fields asked = r.headers;
  const time_point sent = options_.now();
  try {
    auto answered = co_await next.alone(std::move(r));
    if (answered && answered->status() == 304) {
      auto renewed = std::make_shared<cached_response>(*old);
      renewed->refresh(answered->headers(), sent, options_.now());
      co_await put(key, std::move(renewed));
    } else if (answered && answered->history().empty() &&
               may_store(asked, answered->status(), answered->headers()) &&
               answered->content().size() <= options_.max_content) {
      auto made = std::make_shared<cached_response>();
      made->status = answered->status();
      made->headers = answered->headers();
      made->request_fields = varying_fields(asked, answered->headers());
      made->requested = sent;
      made->received = options_.now();
      made->content = answered->content();
      co_await put(key, std::move(made));
    }
  } catch (...) {  // nobody waits for it
  }
  flights_.erase(key);
  mine->ended.request_stop();
}

template <class T>
response cache_layer<T>::answer_with(const cached_response& from, const request& r) const {
  fields headers = from.headers;
  (void)headers.set("Age",
                    std::to_string(std::max<long long>(from.age(options_.now()).count(), 0)));
  if (r.method == method::head) return response::make(from.status, std::move(headers));
  const auto wanted = from.status == 200 ? r.headers.find("range") : std::nullopt;
  const auto range = wanted ? single_range(*wanted, from.content.size()) : std::nullopt;
  if (!range) return response::make(from.status, std::move(headers), from.content);
  const auto [first, last] = *range;
  (void)headers.set("Content-Range", "bytes " + std::to_string(first) + '-' + std::to_string(last) +
                                         '/' + std::to_string(from.content.size()));
  (void)headers.set("Content-Length", std::to_string(last - first + 1));
  return response::make(206, std::move(headers), from.content.substr(first, last - first + 1));
}

template <class T>
response cache_layer<T>::unavailable() {
  return response::make(504);
}

template <class T>
void cache_layer<T>::tell(const error& e) {
  ++statistics.store_errors;
  if (options_.on_store_error) options_.on_store_error(e);
}

}  // namespace cohttps::detail
