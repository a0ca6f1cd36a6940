// Servers in memory that answer requests by rules, for tests of programs that use a client.
#pragma once

#include <cohttps/core/ascii.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/http/fields.hpp>
#include <cohttps/http/method.hpp>
#include <cohttps/http/status.hpp>
#include <cohttps/task/task.hpp>
#include <cohttps/testing/memory_network.hpp>
#include <cohttps/testing/memory_tls.hpp>
#include <cohttps/testing/request_reader.hpp>
#include <cohttps/tls/context.hpp>
#include <cohttps/transport/sleep.hpp>
#include <cohttps/url/url.hpp>

#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace cohttps::testing {

/// A response to send. The server adds Content-Length if it is missing and the response needs one.
struct scripted_response {
  int status = 200;
  fields headers = {};
  std::string content = {};
};

/// The answers to requests of one kind, one after another. The last answer repeats.
class scripted_rule {
 public:
  using function = std::function<scripted_response(const received_request&)>;

  /// Answers with this response.
  scripted_rule& answer(int status, fields headers = {}, std::string content = {}) {
    return answer(
        [=](const received_request&) { return scripted_response{status, headers, content}; });
  }
  /// Answers with the response that `make` returns for the request. If `make` throws, the test
  /// fails; see `scripted_server::check`.
  scripted_rule& answer(function make) {
    answers_.push_back({std::move(make), {}, {}, {}});
    return *this;
  }
  /// Sends these bytes, which need not be HTTP, and closes the connection.
  scripted_rule& answer_bytes(std::string bytes) {
    answers_.push_back({nullptr, std::move(bytes), {}, 0});
    return *this;
  }
  /// Closes the connection without an answer.
  scripted_rule& disconnect() { return answer_bytes({}); }

  /// Delays the answer before this by a time on the network's clock.
  scripted_rule& after(std::chrono::nanoseconds delay) {
    answers_.back().delay = delay;
    return *this;
  }
  /// Sends only so many bytes of the content of the answer before this. Then the connection ends.
  scripted_rule& cut_off_after(std::size_t bytes) {
    answers_.back().cut = bytes;
    return *this;
  }

  /// Returns how many requests this rule has answered.
  std::size_t count() const noexcept { return count_; }

 private:
  friend class scripted_server;

  struct step {
    function make;
    std::string bytes;
    std::chrono::nanoseconds delay;
    std::optional<std::size_t> cut;
  };

  scripted_rule(std::optional<method> verb, std::string pattern)
      : verb_(verb), pattern_(std::move(pattern)) {}

  bool matches(const received_request& r) const {
    if (verb_ && r.method != *verb_) return false;
    std::string text = r.url.without_fragment().href();
    if (pattern_.find('?') == pattern_.npos) text.resize(std::min(text.size(), text.find('?')));
    return matches(pattern_, text);
  }
  /// '*' stands for any text.
  static bool matches(std::string_view pattern, std::string_view text) {
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

  const step& next() {
    const std::size_t at = std::min(count_++, answers_.size() - 1);
    return answers_[at];
  }

  std::optional<method> verb_;
  std::string pattern_;
  std::deque<step> answers_;
  std::size_t count_ = 0;
};

/// Servers for the hosts of all rules, in a `memory_network`.
///
/// ```
///   testing::scripted_server server;
///   server.on(method::get, "https://api.example.com/users/*")
///       .answer(503)
///       .answer(200, {{"content-type", "application/json"}}, R"({"id": 7})");
///   cohttps::client client(server.transport(), {.tls = server.tls()});
///   server.run(use(client));
///   CHECK(server.requests().size() == 2);
/// ```
/// The client runs all of its layers. It looks names up, and for https it makes a TLS handshake and
/// verifies a certificate, whose authority only `tls()` trusts. See
/// docs/decisions/010-scripted-servers-speak-tls.md.
class scripted_server {
 public:
  scripted_server() = default;
  scripted_server(const scripted_server&) = delete;
  scripted_server& operator=(const scripted_server&) = delete;

  /// Adds a rule for requests with this method. Earlier rules take precedence. `pattern` is a URL
  /// with its scheme and host. A '*' after the host stands for any text. A pattern without a '?'
  /// matches any query. Throws `error` (usage) if `pattern` is not a URL.
  scripted_rule& on(const method& verb, std::string_view pattern) { return add(verb, pattern); }
  /// Adds a rule for requests with any method.
  scripted_rule& on(std::string_view pattern) { return add(std::nullopt, pattern); }

  /// Makes the host of `at` refuse connections to the port of `at`, after a time.
  void refuse(std::string_view at, std::chrono::nanoseconds delay = {}) {
    const url where = parsed(at);
    network_.refuse(where.host_for_connect(), where.port(), delay);
  }

  /// The transport for a client.
  memory_transport transport() noexcept { return network_.transport(); }
  /// TLS options for a client, which trusts these servers and no others.
  const tls_context& tls() {
    if (!trust_)
      trust_.emplace(tls_options{.system_roots = false, .root_pem = authority().root_pem()});
    return *trust_;
  }
  /// The network, for small reads, planned faults and the clock.
  memory_network& network() noexcept { return network_; }

  /// All requests that arrived, in order.
  const std::vector<received_request>& requests() const noexcept { return requests_; }

  /// Fails if a request matched no rule (usage "unexpected_request") or was not HTTP (protocol
  /// "malformed_request"), or if the function of an answer threw (usage "answer_failed").
  result<void> check() const {
    if (!wrong_) return {};
    return std::unexpected(*wrong_);
  }

  /// Runs a task to its end, together with the servers and the clock. Throws the error of `check`.
  template <class T>
  T run(task<T> t) {
    try {
      if constexpr (std::is_void_v<T>) {
        network_.run(std::move(t));
        throw_wrong();
      } else {
        T value = network_.run(std::move(t));
        throw_wrong();
        return value;
      }
    } catch (...) {
      throw_wrong();  // explains why the task failed
      throw;
    }
  }

 private:
  static url parsed(std::string_view text) {
    auto where = url::parse(text);
    if (!where) throw std::move(where).error();
    return *std::move(where);
  }

  scripted_rule& add(std::optional<method> verb, std::string_view pattern) {
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

  memory_authority& authority() {
    if (!authority_) authority_.emplace();
    return *authority_;
  }

  void throw_wrong() {
    if (wrong_) throw error(*wrong_);
  }
  void went_wrong(error e) {
    if (!wrong_) wrong_ = std::move(e);
  }

  // ---- one connection --------------------------------------------------------------------------

  struct connection {
    connection(memory_stream s, const std::shared_ptr<memory_certificate>& identity)
        : stream(std::move(s)), reader(identity ? "https" : "http") {
      if (identity) tls.emplace(*identity);
    }
    memory_stream stream;
    std::optional<memory_tls_server> tls;
    request_reader reader;
  };

  static task<bool> write_all(memory_stream& s, std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
      auto taken = co_await s.write_some(bytes, {});
      if (!taken) co_return false;
      bytes = bytes.subspan(*taken);
    }
    co_return true;
  }
  static task<bool> flush(connection& c) {
    buffer out;
    std::swap(out, c.tls->outgoing());
    co_return co_await write_all(c.stream, out.data());
  }
  static task<bool> send(connection& c, std::string_view text) {
    if (!c.tls) co_return co_await write_all(c.stream, std::as_bytes(std::span(text)));
    if (!text.empty()) c.tls->send(text);
    co_return co_await flush(c);
  }

  task<void> serve(memory_stream s, std::shared_ptr<memory_certificate> identity) {
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

  /// Answers all requests that have arrived. Returns false if the connection has to end.
  task<bool> answer_all(connection& c) {
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

  task<bool> answer(connection& c, std::size_t number) {
    const prepared out = prepare(requests_[number]);
    if (out.delay.count() > 0) (void)co_await sleep_for(network_.transport(), out.delay, {});
    const bool sent = co_await send(c, out.bytes);
    if (sent && out.closes && c.tls && !out.cut) {
      c.tls->close();
      (void)co_await flush(c);
    }
    co_return sent && !out.closes;
  }

  struct prepared {
    std::string bytes;
    std::chrono::nanoseconds delay;
    bool closes;
    bool cut;
  };

  prepared prepare(const received_request& request) {
    scripted_rule* rule = nullptr;
    for (scripted_rule& r : rules_)
      if (!rule && !r.answers_.empty() && r.matches(request)) rule = &r;
    if (!rule) return {unexpected(request), {}, true, false};
    const scripted_rule::step& step = rule->next();
    const bool cut = step.cut.has_value();
    if (!step.make) return {step.bytes, step.delay, true, false};
    try {
      const bool closes = request.headers.has_element("connection", "close");
      return {text_of(step.make(request), request.method, step.cut), step.delay, cut || closes,
              cut};
    } catch (const std::exception& e) {
      went_wrong(error(error_category::usage, "answer_failed",
                       "the function that answers " + name_of(request) + " threw: " + e.what()));
      return {{}, {}, true, true};
    }
  }

  static std::string name_of(const received_request& r) {
    return std::string(r.method.text()) + ' ' + std::string(r.url.href());
  }

  std::string unexpected(const received_request& request) {
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

  static std::string text_of(const scripted_response& r, const method& verb,
                             std::optional<std::size_t> cut) {
    std::string out = "HTTP/1.1 " + std::to_string(r.status) + ' ' +
                      std::string(reason_phrase(r.status)) + "\r\n";
    for (const field f : r.headers) out.append(f.name).append(": ").append(f.value).append("\r\n");
    const bool bodiless = r.status < 200 || r.status == 204 || r.status == 304;
    if (!bodiless && !r.headers.contains("content-length") &&
        !r.headers.contains("transfer-encoding"))
      out += "Content-Length: " + std::to_string(r.content.size()) + "\r\n";
    out += "\r\n";
    if (!bodiless && verb != method::head) out.append(r.content, 0, cut.value_or(r.content.npos));
    return out;
  }

  std::optional<memory_authority> authority_;
  std::optional<tls_context> trust_;
  std::deque<scripted_rule> rules_;  // a deque, because `on` returns references
  std::set<std::string> listening_;
  std::vector<received_request> requests_;
  std::optional<error> wrong_;
  memory_network network_;  // destroyed first: its servers use the members above
};

}  // namespace cohttps::testing
