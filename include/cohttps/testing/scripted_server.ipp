// Definitions for scripted_server.hpp.
#pragma once

#include <cohttps/core/separate.hpp>
#include <cohttps/http/status.hpp>
#include <cohttps/testing/scripted_server.hpp>
#include <cohttps/transport/sleep.hpp>

#include <algorithm>
#include <cstddef>
#include <exception>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cohttps::testing {

COHTTPS_INLINE scripted_rule& scripted_rule::answer(int status, fields headers,
                                                    std::string content) {
  return answer(
      [=](const received_request&) { return scripted_response{status, headers, content}; });
}

COHTTPS_INLINE scripted_rule& scripted_rule::answer_bytes(std::string bytes) {
  answers_.push_back({nullptr, std::move(bytes), {}, 0});
  return *this;
}

COHTTPS_INLINE bool scripted_rule::matches(const received_request& r) const {
  if (verb_ && r.method != *verb_) return false;
  std::string text = r.url.without_fragment().href();
  if (pattern_.find('?') == pattern_.npos) text.resize(std::min(text.size(), text.find('?')));
  return matches(pattern_, text);
}

COHTTPS_INLINE bool scripted_rule::matches(std::string_view pattern, std::string_view text) {
  std::size_t p = 0, t = 0, star = pattern.npos, kept = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      kept = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p, ++t;
    } else if (star != pattern.npos) {
      p = star + 1;
      t = ++kept;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == pattern.npos;
}

COHTTPS_INLINE const scripted_rule::step& scripted_rule::next() {
  const std::size_t at = std::min(count_++, answers_.size() - 1);
  return answers_[at];
}

COHTTPS_INLINE void scripted_server::refuse(std::string_view at, std::chrono::nanoseconds delay) {
  const url where = parsed(at);
  network_.refuse(where.host_for_connect(), where.port(), delay);
}

COHTTPS_INLINE const tls_context& scripted_server::tls() {
  if (!trust_)
    trust_.emplace(tls_options{.system_roots = false, .root_pem = authority().root_pem()});
  return *trust_;
}

COHTTPS_INLINE url scripted_server::parsed(std::string_view text) {
  auto where = url::parse(text);
  if (!where) throw std::move(where).error();
  return *std::move(where);
}

COHTTPS_INLINE scripted_rule& scripted_server::add(std::optional<method> verb,
                                                   std::string_view pattern) {
  const url where = parsed(pattern);
  rules_.push_back(scripted_rule(verb, where.href()));
  const std::string host(where.host_for_connect());
  const bool secure = where.scheme() == "https";
  if (listening_.insert(host + ' ' + std::to_string(where.port())).second) {
    auto identity =
        secure ? std::make_shared<memory_certificate>(authority().issue(host)) : nullptr;
    network_.listen(host, where.port(),
                    [this, identity](memory_stream s) { return serve(std::move(s), identity); });
  }
  return rules_.back();
}

COHTTPS_INLINE task<bool> scripted_server::flush(connection& c) {
  buffer out;
  std::swap(out, c.tls->outgoing());
  co_return co_await write_all(c.stream, out.text());
}

COHTTPS_INLINE task<bool> scripted_server::send(connection& c, std::string_view text) {
  if (!c.tls) co_return co_await write_all(c.stream, text);
  if (!text.empty()) c.tls->send(text);
  co_return co_await flush(c);
}

COHTTPS_INLINE task<void> scripted_server::serve(memory_stream s,
                                                 std::shared_ptr<memory_certificate> identity) {
  connection c(std::move(s), identity);
  std::vector<std::byte> in(16 * 1024);
  while (true) {
    auto got = co_await c.stream.read_some(in, {});
    if (!got || *got == 0) co_return;
    const auto bytes = std::span(in).first(*got);
    bool fine = true;
    if (c.tls)
      fine = c.tls->receive(bytes, c.reader.input());
    else
      c.reader.input().append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    if (c.tls) {
      const bool sent = co_await flush(c);
      if (!sent || !fine) co_return;
    }
    const bool goes_on = co_await answer_all(c);
    if (!goes_on) co_return;
  }
}

COHTTPS_INLINE task<bool> scripted_server::answer_all(connection& c) {
  while (true) {
    auto next = c.reader.next();
    if (!next) {
      went_wrong(std::move(next).error());
      (void)co_await send(c, "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
      co_return false;
    }
    if (!*next) break;
    requests_.push_back(**std::move(next));
    const bool goes_on = co_await answer(c, requests_.size() - 1);
    if (!goes_on) co_return false;
  }
  if (c.reader.take_expectation()) co_return co_await send(c, "HTTP/1.1 100 Continue\r\n\r\n");
  co_return true;
}

COHTTPS_INLINE task<bool> scripted_server::answer(connection& c, std::size_t number) {
  const prepared out = prepare(requests_[number]);
  if (out.delay.count() > 0) (void)co_await sleep_for(network_.transport(), out.delay, {});
  const bool sent = co_await send(c, out.bytes);
  if (sent && out.closes && c.tls && !out.cut) {
    c.tls->close();
    (void)co_await flush(c);
  }
  co_return sent && !out.closes;
}

COHTTPS_INLINE scripted_server::prepared scripted_server::prepare(const received_request& request) {
  scripted_rule* rule = nullptr;
  for (scripted_rule& r : rules_)
    if (!rule && !r.answers_.empty() && r.matches(request)) rule = &r;
  if (!rule) return {unexpected(request), {}, true, false};
  const scripted_rule::step& step = rule->next();
  const bool cut = step.cut.has_value();
  if (!step.make) return {step.bytes, step.delay, true, false};
  try {
    const bool closes = request.headers.has_element("connection", "close");
    return {text_of(step.make(request), request.method, step.cut), step.delay, cut || closes, cut};
  } catch (const std::exception& e) {
    went_wrong(error(error_category::usage, "answer_failed",
                     "the function that answers " + name_of(request) + " threw: " + e.what()));
    return {{}, {}, true, true};
  }
}

COHTTPS_INLINE std::string scripted_server::name_of(const received_request& r) {
  return std::string(r.method.text()) + ' ' + std::string(r.url.href());
}

COHTTPS_INLINE std::string scripted_server::unexpected(const received_request& request) {
  std::string message = "no rule answers " + name_of(request) + "; there is";
  if (rules_.empty()) message += " none";
  for (const scripted_rule& r : rules_)
    message += (&r == &rules_.front() ? " " : ", ") +
               std::string(r.verb_ ? r.verb_->text() : "any method of") + ' ' + r.pattern_;
  std::string text =
      text_of({501, {{"content-type", "text/plain"}}, message}, request.method, std::nullopt);
  went_wrong(error(error_category::usage, "unexpected_request", std::move(message)));
  return text;
}

COHTTPS_INLINE std::string scripted_server::text_of(const scripted_response& r, const method& verb,
                                                    std::optional<std::size_t> cut) {
  std::string out =
      "HTTP/1.1 " + std::to_string(r.status) + ' ' + std::string(reason_phrase(r.status)) + "\r\n";
  for (const field f : r.headers) out.append(f.name).append(": ").append(f.value).append("\r\n");
  const bool bodiless = r.status < 200 || r.status == 204 || r.status == 304;
  if (!bodiless && !r.headers.contains("content-length") &&
      !r.headers.contains("transfer-encoding"))
    out += "Content-Length: " + std::to_string(r.content.size()) + "\r\n";
  out += "\r\n";
  if (!bodiless && verb != method::head) out.append(r.content, 0, cut.value_or(r.content.npos));
  return out;
}

}  // namespace cohttps::testing
