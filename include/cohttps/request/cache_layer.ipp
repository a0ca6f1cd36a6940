// Definitions for cache_layer.hpp.
#pragma once

#include <cohttps/core/ascii.hpp>
#include <cohttps/core/recycled.hpp>
#include <cohttps/http/status.hpp>
#include <cohttps/request/cache_layer.hpp>

namespace cohttps::detail {

/// The bytes that "Range: bytes=first-last" means of so many; nothing for other ranges.
template <class = void>
std::optional<std::pair<std::uint64_t, std::uint64_t>> single_range(std::string_view value,
                                                                    std::uint64_t size) {
  if (!value.starts_with("bytes=") || size == 0) return std::nullopt;
  value.remove_prefix(6);
  const auto dash = value.find('-');
  if (dash == value.npos) return std::nullopt;
  const auto first = value.substr(0, dash), last = value.substr(dash + 1);
  const auto begin = ascii::parse_decimal(first), end = ascii::parse_decimal(last);
  if (first.empty()) {
    if (!end || *end == 0) return std::nullopt;
    return std::pair(size - std::min(*end, size), size - 1);
  }
  if (!begin || *begin >= size || (!end && !last.empty())) return std::nullopt;
  const std::uint64_t to = end ? std::min(*end, size - 1) : size - 1;
  return to >= *begin ? std::optional(std::pair(*begin, to)) : std::nullopt;
}

/// True for a request whose conditions a cache may answer (RFC 9111, 4.3.2).
template <class = void>
bool has_conditions(const fields& request) {
  return request.contains("if-none-match") || request.contains("if-modified-since");
}

/// So many bytes of a stored response's content.
template <class = void>
class stored_part final : public content_source {
 public:
  stored_part(std::unique_ptr<cache_reader> from, std::uint64_t first, std::uint64_t length)
      : from_(std::move(from)), length_(length), left_(length) {
    from_->seek(first);
  }

  /// Reads the first bytes, to see that the store still has them.
  task<result<void>> begin() {
    auto part = co_await read();
    if (!part) co_return pass(std::move(part));
    first_ = *part;
    co_return result<void>();
  }

  std::optional<std::uint64_t> length() const noexcept override { return length_; }
  task<result<std::span<const std::byte>>> next() override {
    if (first_) return result<std::span<const std::byte>>(*std::exchange(first_, std::nullopt));
    return read();
  }
  bool can_rewind() const noexcept override { return false; }
  bool rewind() noexcept override { return false; }

 private:
  task<result<std::span<const std::byte>>> read() {
    if (left_ == 0) co_return result<std::span<const std::byte>>();
    auto part = co_await from_->next();
    if (part && part->empty())
      co_return fail(error_category::peer_closed, "cache_content_lost",
                     "the store of the cache has less content than it kept; " +
                         std::to_string(left_) + " bytes are missing");
    if (part) {
      part = part->first(static_cast<std::size_t>(std::min<std::uint64_t>(part->size(), left_)));
      left_ -= part->size();
    }
    co_return part;
  }

  std::unique_ptr<cache_reader> from_;
  const std::uint64_t length_;
  std::uint64_t left_;
  std::optional<std::span<const std::byte>> first_;
};

template <class T>
task<result<response>> cache_layer<T>::handle(request& r, next_handler next) {
  const bool reads = r.method == method::get || r.method == method::head;
  if (!r.url || next.upgrades()) return next(r);
  if (!reads) return handle_unsafe(r, next);
  for (const std::string_view condition : {"if-match", "if-unmodified-since", "if-range"})
    if (r.headers.contains(condition)) return next(r);
  return handle_read(r, next);
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
task<result<response>> cache_layer<T>::handle_read(request& r, next_handler next) {
  const std::string& here = r.url->href();
  const std::string_view key = std::string_view(here).substr(0, here.find('#'));
  const cache_control asked = cache_control::parse(r.headers);
  if (asked.no_store) co_return co_await next(r);
  for (bool waited = false;; waited = true) {
    entry found = co_await look_up(key, r.headers);
    const auto verdict = decide_cache(asked, found.response.get(), options_.now());
    if (verdict == cache_verdict::unavailable) co_return unavailable();
    if (verdict == cache_verdict::serve || verdict == cache_verdict::serve_and_renew) {
      const auto stored = found.response;
      if (auto answered = co_await answer_with(found, r, next)) {
        const bool fresh = stored->lifetime() > stored->age(options_.now());
        ++(fresh ? statistics.hits : statistics.stale);
        if (verdict == cache_verdict::serve_and_renew) renew(r, next, key, stored);
        co_return answered;
      } else if (answered.error().category() == error_category::limit) {
        co_return answered;
      } else {
        tell(answered.error());
        found = {};
      }
    }
    const auto other = flights_.find(key);
    const bool waits = !waited && other != flights_.end() && !asked.no_cache;
    // The layers behind may change the URL of the request.
    if (!waits) co_return co_await fetch(r, next, std::string(key), std::move(found), asked);
    const auto flying = other->second;
    co_await sleep_for(next.transport(), std::chrono::hours(1), next.stop())
        .with_stop(flying->ended);
  }
}

template <class T>
cache_layer<T>::flight_guard::flight_guard(cache_layer& of, std::string key)
    : of_(of), key_(std::move(key)), flight_(std::make_shared<flight>()) {
  of_.flights_[key_] = flight_;
}

template <class T>
void cache_layer<T>::flight_guard::end() noexcept {
  if (!flight_) return;
  of_.flights_.erase(key_);
  std::exchange(flight_, nullptr)->ended.request_stop();
}

template <class T>
task<result<response>> cache_layer<T>::fetch(request& r, next_handler next, std::string key,
                                             entry old, cache_control asked) {
  // Those that come meanwhile wait for this one, unless it is known that they cannot use it.
  std::optional<flight_guard> flying;
  const bool whole = !r.headers.contains("range");
  const bool conditional = has_conditions(r.headers);
  if (whole && !conditional && !flights_.contains(key) && !not_kept_.contains(key))
    flying.emplace(*this, key);

  const bool gets = r.method == method::get;
  const bool validates = old && old.response->has_validator() && whole && !conditional && gets;
  const std::size_t own = r.headers.size();
  if (validates) old.response->add_conditions(r.headers);
  const time_point sent = options_.now();
  auto answered = co_await next(r);
  if (validates) r.headers.truncate(own);
  const bool failed = !answered || is_server_error(answered->status());
  if (failed && old && (answered || answered.error().category() != error_category::canceled) &&
      may_hide_failure(asked, *old.response, options_.now())) {
    if (auto stale = co_await answer_with(old, r, next)) {
      ++statistics.stale;
      co_return stale;
    }
  }
  if (!answered) co_return answered;
  if (validates && answered->status() == 304) {
    old.response = co_await refresh(key, *old.response, answered->headers(), sent);
    if (auto valid = co_await answer_with(old, r, next);
        valid || valid.error().category() == error_category::limit) {
      ++statistics.validated;
      co_return valid;
    } else {
      tell(valid.error());
    }
    co_await erase(key);
    flying.reset();
    co_return co_await fetch(r, next, key, {}, asked);
  }
  ++statistics.misses;
  if (gets && whole && answered->status() != 304) co_await keep(r, next, key, *answered, sent);
  if (!gets && whole && !conditional && old && answered->status() == 200) {
    if (is_same_representation(*old.response, answered->headers()))
      co_await refresh(key, *old.response, answered->headers(), sent);
    else
      co_await erase(key);
  }
  co_return answered;
}

template <class T>
task<void> cache_layer<T>::keep(const request& r, next_handler next, std::string_view key,
                                const response& answered, time_point sent) {
  const bool same_place = answered.history().empty();
  if (!same_place || !may_store(r.headers, answered.status(), answered.headers())) {
    if (not_kept_.size() >= 1024) not_kept_.clear();
    not_kept_.emplace(key);
    co_return;
  }
  if (const auto at = not_kept_.find(key); at != not_kept_.end()) not_kept_.erase(at);
  auto head = made_of(r.headers, answered.status(), answered.headers(), sent);
  // Also of a streamed call, where a layer behind answered with all of the content.
  if (!next.streams() || answered.metadata().open_exchange_number == 0)
    co_return co_await put(key, std::move(head), answered.bytes());
  const auto length = answered.metadata().content_length.value_or(0);
  auto begun = std::make_shared<writing>(co_await begin_put(key, std::move(head), length));
  // The content comes while the caller reads it.
  next.watch_content([self = this->shared_from_this(), begun = std::move(begun)](
                         std::span<const std::byte> part) { return self->put_part(*begun, part); });
}

template <class T>
auto cache_layer<T>::made_of(const fields& asked, int status, const fields& headers,
                             time_point sent) const -> shared_response {
  auto made = std::make_shared<cached_response>();
  made->status = status;
  made->headers = storable_fields(headers);
  made->request_fields = varying_fields(asked, headers);
  made->requested = sent;
  made->received = options_.now();
  return made;
}

template <class T>
auto cache_layer<T>::begin_put(std::string_view key, shared_response head, std::uint64_t length)
    -> task<writing> {
  writing begun{std::string(key), nullptr, max_content()};
  if (length > begun.left) {
    co_await erase(key);  // what is stored is no longer what the server has
    co_return begun;
  }
  auto writer = co_await store_->write(key, std::move(head));
  if (writer)
    begun.writer = *std::move(writer);
  else
    tell(writer.error());
  co_return begun;
}

template <class T>
task<void> cache_layer<T>::put_part(writing& to, std::span<const std::byte> part) {
  if (!to.writer) co_return;
  if (part.size() > to.left) {
    to.writer.reset();
    co_return co_await erase(to.key);
  }
  to.left -= part.size();
  result<void> done;
  if (part.empty())
    done = co_await to.writer->commit();
  else
    done = co_await to.writer->write(part);
  if (!done) tell(done.error());
  if (done && part.empty()) ++statistics.stored;
  if (!done || part.empty()) to.writer.reset();
}

template <class T>
task<void> cache_layer<T>::put(std::string_view key, shared_response head,
                               std::span<const std::byte> content) {
  auto begun = co_await begin_put(key, std::move(head), content.size());
  if (!content.empty()) co_await put_part(begun, content);
  co_await put_part(begun, {});
}

template <class T>
task<void> cache_layer<T>::put(std::string_view key, shared_response head,
                               response_stream& content) {
  auto begun = co_await begin_put(key, std::move(head), content.content_length().value_or(0));
  while (begun.writer) {
    auto part = co_await content.try_read();
    if (!part) co_return;
    co_await put_part(begun, *part);
  }
}

template <class T>
auto cache_layer<T>::refresh(std::string_view key, const cached_response& old, const fields& newer,
                             time_point sent) -> task<shared_response> {
  auto renewed = std::make_shared<cached_response>(old);
  renewed->refresh(newer, sent, options_.now());
  if (auto done = co_await store_->refresh(key, renewed); !done) tell(done.error());
  co_return renewed;
}

template <class T>
auto cache_layer<T>::look_up(std::string_view key, const fields& request) -> task<entry> {
  auto found = co_await store_->find(key, request);
  if (found) co_return *std::move(found);
  tell(found.error());
  co_return entry();
}

template <class T>
task<void> cache_layer<T>::erase(std::string_view key) {
  auto done = co_await store_->erase(key);
  if (!done) tell(done.error());
}

template <class T>
void cache_layer<T>::renew(const request& r, next_handler next, std::string_view key,
                           shared_response old) {
  if (flights_.contains(key)) return;
  request again = r.without_content();
  again.stop = {};
  for (const std::string_view name : {"if-none-match", "if-modified-since", "range"})
    again.headers.erase(name);
  again.method = method::get;
  old->add_conditions(again.headers);
  auto state = std::make_shared<renewal>(*this, std::string(key), std::move(old), again.headers,
                                         options_.now());
  next.send_in_background(std::move(again),
                          [this, state = std::move(state)](result<response_stream>& answered) {
                            return end_renewal(*state, answered);
                          });
}

template <class T>
task<void> cache_layer<T>::end_renewal(renewal& of, result<response_stream>& answered) {
  if (answered && answered->status() == 304) {
    co_await refresh(of.key, *of.old, answered->headers(), of.sent);
    (void)co_await answered->try_read();  // its end gives the connection back
  } else if (answered && answered->history().empty() &&
             may_store(of.asked, answered->status(), answered->headers())) {
    auto head = made_of(of.asked, answered->status(), answered->headers(), of.sent);
    co_await put(of.key, std::move(head), *answered);
  }
  of.flying.end();
}

template <class T>
task<result<response>> cache_layer<T>::answer_with(entry& from, const request& r,
                                                   next_handler next) {
  const cached_response& stored = *from.response;
  const bool changed = !has_conditions(r.headers) || !is_not_modified(r.headers, stored);
  fields headers = changed ? stored.headers : not_modified_fields(stored);
  (void)headers.set("Age",
                    std::to_string(std::max<long long>(stored.age(options_.now()).count(), 0)));
  if (!changed) return give_content(from, r, next, 304, std::move(headers), 0, 0);
  if (r.method == method::head)
    return give_content(from, r, next, stored.status, std::move(headers), 0, 0);
  const auto wanted = stored.status == 200 ? r.headers.find("range") : std::nullopt;
  const auto range = wanted ? single_range(*wanted, from.length()) : std::nullopt;
  if (!range)
    return give_content(from, r, next, stored.status, std::move(headers), 0, from.length());
  const auto [first, last] = *range;
  (void)headers.set("Content-Range", "bytes " + std::to_string(first) + '-' + std::to_string(last) +
                                         '/' + std::to_string(from.length()));
  (void)headers.set("Content-Length", std::to_string(last - first + 1));
  return give_content(from, r, next, 206, std::move(headers), first, last - first + 1);
}

template <class T>
task<result<response>> cache_layer<T>::give_content(entry& from, const request& r,
                                                    next_handler next, int status, fields headers,
                                                    std::uint64_t first, std::uint64_t length) {
  if (!next.streams() && length > next.max_content(r))
    co_return fail(error_category::limit, "content_too_large",
                   "the stored response's content is larger than the " +
                       std::to_string(next.max_content(r)) + " bytes that max_content allows");
  response_metadata head;
  head.head.status = status;
  head.head.headers = std::move(headers);
  head.complete = true;
  recycled<std::string> content;
  if (from.copy && length == from.copy->size()) {
    content = *std::move(from.copy);
    co_return response(std::move(head), std::move(content));
  }
  if (from.content || from.copy || !from.reader || length == 0) {
    if (length != 0) {
      const auto bytes =
          std::string_view(from.content ? *from.content : *from.copy)
              .substr(static_cast<std::size_t>(first), static_cast<std::size_t>(length));
      content.reserve(bytes.size());
      content.append(bytes);
    }
    co_return response(std::move(head), std::move(content));
  }
  auto source = std::make_unique<stored_part<>>(std::move(from.reader), first, length);
  if (auto begun = co_await source->begin(); !begun) co_return pass(std::move(begun));
  if (next.streams()) co_return next.with_content(response(std::move(head), {}), std::move(source));
  content.reserve(static_cast<std::size_t>(length));
  while (true) {
    auto part = co_await source->next();
    if (!part) co_return pass(std::move(part));
    if (part->empty()) break;
    content.append(reinterpret_cast<const char*>(part->data()), part->size());
  }
  co_return response(std::move(head), std::move(content));
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

template <class T>
std::uint64_t cache_layer<T>::max_content() const noexcept {
  return std::min(options_.max_content, store_->max_content());
}

}  // namespace cohttps::detail
