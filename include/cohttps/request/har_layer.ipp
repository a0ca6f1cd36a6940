// Definitions for har_layer.hpp.
#pragma once

#include <cohttps/connection/content_source.hpp>
#include <cohttps/http/har/har_secrets.hpp>
#include <cohttps/http/har/har_writer.hpp>
#include <cohttps/http/status.hpp>
#include <cohttps/request/har_layer.hpp>
#include <cohttps/transport/endpoint.hpp>

#include <algorithm>
#include <functional>
#include <string_view>

namespace cohttps::detail {

/// Copies content that comes from a source while it is sent.
template <class = void>
class copied_source final : public content_source {
 public:
  copied_source(content of, std::shared_ptr<har_content_copy<>> to)
      : of_(std::move(of)), to_(std::move(to)) {}

  result<void> check() const override { return of_.check(); }
  std::optional<std::uint64_t> length() const noexcept override { return of_.length(); }
  task<result<std::span<const std::byte>>> next() override {
    auto piece = co_await of_.source()->next();
    if (piece) to_->take(*piece);
    co_return piece;
  }
  bool can_rewind() const noexcept override { return of_.can_rewind(); }
  bool rewind() noexcept override {
    to_->restart();
    return of_.rewind();
  }
  std::string_view path() const noexcept override { return of_.source()->path(); }

  content release() noexcept { return std::move(of_); }

 private:
  content of_;
  std::shared_ptr<har_content_copy<>> to_;
};

template <class T>
task<result<response>> har_layer<T>::handle(request& r, next_handler next) {
  if (!r.url) co_return co_await next(r);
  const auto call =
      std::make_shared<har_call<>>(this->shared_from_this(), r, any_transport(next.transport()));

  // Puts the request back as it was, however the call ends.
  struct restoration {
    request& r;
    std::size_t observers = r.observers.size();
    std::function<void(const progress&)> on_progress = r.on_progress;
    copied_source<>* source = nullptr;
    ~restoration() {
      r.observers.resize(observers);
      r.on_progress = std::move(on_progress);
      if (source && r.content.source() == source) r.content = source->release();
    }
  } restored{r};
  r.observers.push_back(call);
  if (call->upload()) {
    r.on_progress = [call, caller = r.on_progress](const progress& p) {
      call->content_sent(p.sent);
      if (caller) caller(p);
    };
    if (r.content.source()) {
      const std::string media_type(r.content.media_type());
      auto source = std::make_unique<copied_source<>>(std::move(r.content), call->upload());
      if (!next.streams()) restored.source = source.get();  // else it is still needed afterwards
      r.content = content(std::move(source), media_type);
    }
  }

  auto answered = co_await next(r);
  if (!answered) {
    call->fail(answered.error());
    co_return answered;
  }
  call->answer(*answered);
  if (next.upgrades() || !next.streams() || answered->metadata().open_exchange_number == 0) {
    call->take_content(answered->bytes());
    call->end();
  } else {
    next.watch_content([call](std::span<const std::byte> part) -> task<void> {
      call->take_content(part);
      if (part.empty()) call->end();
      co_return;
    });
  }
  co_return answered;
}

template <class T>
void har_layer<T>::write(har_entry entry) noexcept {
  std::optional<error> failed;
  try {
    if (options_.secrets == har_secrets::hidden) {
      hide_secrets(entry.request, options_.secret_names);
      hide_secrets(entry.response, options_.secret_names);
    }
    if (options_.edit) options_.edit(entry);
    const std::string text = write_har_entry(entry);
    const std::scoped_lock lock(mutex_);
    if (auto written = file_.append(text); !written && !failure_)
      failure_ = std::move(written).error();
  } catch (...) {  // out of memory: an entry is missing, and the call goes on
  }
}

template <class T>
std::string har_layer<T>::number_of(const std::shared_ptr<const connection_info>& connection) {
  const std::scoped_lock lock(mutex_);
  std::erase_if(connections_, [](const numbered& each) { return each.connection.expired(); });
  for (const numbered& each : connections_)
    if (each.connection.lock() == connection) return std::to_string(each.number);
  connections_.push_back({connection, ++last_number_});
  return std::to_string(last_number_);
}

template <class T>
std::uint64_t har_layer<T>::entries() const {
  const std::scoped_lock lock(mutex_);
  return file_.entries();
}

template <class T>
std::optional<error> har_layer<T>::failure() const {
  const std::scoped_lock lock(mutex_);
  return failure_;
}

template <class T>
void har_content_copy<T>::take(std::span<const std::byte> part) {
  size_ += part.size();
  if (size_ <= limit_)
    bytes_.append(reinterpret_cast<const char*>(part.data()), part.size());
  else
    bytes_ = {};
}

template <class T>
void har_content_copy<T>::restart() noexcept {
  bytes_.clear();
  size_ = 0;
}

template <class T>
har_content har_content_copy<T>::content() const {
  har_content made;
  made.bytes = bytes_;
  made.size = size_;
  made.left_out = size_ > limit_;
  if (made.left_out)
    made.comment = "left out: larger than the limit of " + std::to_string(limit_) + " bytes";
  return made;
}

template <class T>
har_call<T>::har_call(std::shared_ptr<har_layer<>> layer, const request& r, any_transport transport)
    : layer_(std::move(layer)),
      transport_(std::move(transport)),
      received_(layer_->options().max_content) {
  if (!r.content.empty()) {
    upload_ = std::make_shared<har_content_copy<>>(layer_->options().max_content);
    upload_->take(r.content.memory());
  }
  method_ = r.method.text();
  url_ = recorded(*r.url);
  begin();
  entry_->request.headers = r.headers;
}

template <class T>
har_call<T>::~har_call() {
  try {
    if (answered_)
      end(false);
    else
      fail({error_category::canceled, "canceled", "the operation was destroyed"});
  } catch (...) {  // out of memory
  }
}

template <class T>
std::string har_call<T>::recorded(const url& u) {
  return u.without_fragment().without_credentials().href();
}

template <class T>
void har_call<T>::begin(duration waited) {
  har_entry& e = entry_.emplace();
  e.started = std::chrono::system_clock::now() -
              std::chrono::duration_cast<std::chrono::system_clock::duration>(waited);
  e.request.method = method_;
  e.request.url = url_;
  began_ = transport_.now() - waited;
  failure_.reset();
  sent_ = answered_ = false;
  sent_size_ = 0;
  received_.restart();
}

template <class T>
void har_call<T>::on_assigned(const events::assigned& e) {
  if (entry_ && !sent_) return;
  // The request is sent again: with credentials, on another connection, or by a layer behind.
  if (entry_) entry_->sent_again = true;
  if (answered_ && !failure_)
    end(false);
  else
    fail(failure_.value_or(
        error(error_category::peer_closed, "sent_again", "the request was sent again")));
  begin(e.waited);
}

template <class T>
void har_call<T>::on_sent(const events::sent& e) {
  if (!entry_) begin();
  har_entry& to = *entry_;
  to.request.method = method_ = e.verb.text();
  to.request.url = url_ = recorded(e.to);
  to.request.headers = e.headers;
  to.protocol = e.connection->protocol;
  if (!e.connection->peer.is_unix()) to.server_address = address_text(e.connection->peer);
  to.connection = layer_->number_of(e.connection);
  to.timings.blocked = e.took.queue;
  if (!e.reused) {
    to.timings.dns = e.took.resolve;
    to.timings.connect = e.took.connect + e.took.tunnel + e.took.tls;
    if (e.connection->tls) to.timings.ssl = e.took.tls;
  }
  sent_ = true;
  sent_at_ = content_sent_at_ = transport_.now();
}

template <class T>
void har_call<T>::on_received(const events::received& e) {
  if (!entry_) return;
  received_at_ = transport_.now();
  answered_ = true;
  har_entry& to = *entry_;
  to.response.status = e.status;
  to.response.reason = e.reason.empty() ? reason_phrase(e.status) : e.reason;
  to.response.headers = e.headers;
  to.timings.send = std::min(content_sent_at_, received_at_) - sent_at_;
  to.timings.wait = received_at_ - sent_at_ - to.timings.send;
}

template <class T>
void har_call<T>::on_redirected(const events::redirected& e) {
  end(false);
  if (!e.keeps_content) upload_.reset();
  method_ = e.verb.text();
  url_ = recorded(e.to);
  begin();
}

template <class T>
void har_call<T>::on_retrying(const events::retrying& e) {
  if (entry_) entry_->sent_again = true;
  if (e.why)
    fail(*e.why);
  else
    end(false);
}

template <class T>
void har_call<T>::on_failed(const events::failed& e) {
  // Before the call has its response, its own error says more: that of a limit of time, for
  // example.
  if (reads_)
    fail(e.why);
  else
    failure_ = e.why;
}

template <class T>
void har_call<T>::answer(const response& r) {
  reads_ = true;
  if (!entry_) return;
  const response_head& head = r.metadata().head;
  if (!answered_) received_at_ = transport_.now();
  answered_ = true;
  entry_->response.status = head.status;
  entry_->response.reason = head.reason_or_default();
  entry_->response.headers = head.headers;
}

template <class T>
void har_call<T>::end(bool complete) {
  if (!entry_) return;
  har_entry& e = *entry_;
  if (!e.response.failure) e.response.content = received_.content();
  e.response.content.media_type = e.response.headers.find("content-type").value_or("");
  if (!complete && !e.response.failure) {
    e.response.content.bytes.clear();
    e.response.content.left_out = true;
    e.response.content.comment = "left out: it was not read to its end";
  }
  if (answered_) e.timings.receive = transport_.now() - received_at_;
  if (upload_) {
    e.request.content = upload_->content();
    e.request.content->media_type = e.request.headers.find("content-type").value_or("");
  }
  layer_->write(*std::exchange(entry_, std::nullopt));
}

template <class T>
void har_call<T>::fail(const error& why) {
  if (!entry_) return;
  har_entry& e = *entry_;
  if (!sent_)
    e.timings.blocked = transport_.now() - began_;
  else if (!answered_)
    e.timings.wait = transport_.now() - sent_at_;
  e.response.status = 0;
  e.response.reason.clear();
  e.response.failure = {std::string(to_string(why.category())), std::string(why.reason()),
                        why.message()};
  end(false);
}

template <class T>
void har_call<T>::content_sent(std::uint64_t size) {
  if (size != sent_size_) content_sent_at_ = transport_.now();
  sent_size_ = size;
}

}  // namespace cohttps::detail
