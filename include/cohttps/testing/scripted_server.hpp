// Servers in memory that answer requests by rules, for tests of programs that use a client.
#pragma once

#include <cohttps/core/error.hpp>
#include <cohttps/http/fields.hpp>
#include <cohttps/http/method.hpp>
#include <cohttps/task/task.hpp>
#include <cohttps/testing/memory_network.hpp>
#include <cohttps/testing/memory_tls.hpp>
#include <cohttps/testing/request_reader.hpp>
#include <cohttps/tls/context.hpp>
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
  int status = 200;          ///< the status code
  fields headers = {};       ///< of the response
  std::string content = {};  ///< of the response
};

/// The answers to requests of one kind, one after another. The last answer repeats.
class scripted_rule {
 public:
  /// Makes the answer of a request.
  using function = std::function<scripted_response(const received_request&)>;

  /// Answers with this response.
  scripted_rule& answer(int status, fields headers = {}, std::string content = {});
  /// Answers with the response that `make` returns for the request. If `make` throws, the test
  /// fails; see `scripted_server::check`.
  scripted_rule& answer(function make) {
    answers_.push_back({std::move(make), {}, {}, {}});
    return *this;
  }
  /// Sends these bytes, which need not be HTTP, and closes the connection.
  scripted_rule& answer_bytes(std::string bytes);
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

  bool matches(const received_request& r) const;
  /// '*' stands for any text.
  static bool matches(std::string_view pattern, std::string_view text);

  const step& next();

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
  void refuse(std::string_view at, std::chrono::nanoseconds delay = {});

  /// The transport for a client.
  memory_transport transport() noexcept { return network_.transport(); }
  /// TLS options for a client, which trusts these servers and no others.
  const tls_context& tls();
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
  static url parsed(std::string_view text);

  scripted_rule& add(std::optional<method> verb, std::string_view pattern);

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

  static task<bool> flush(connection& c);
  static task<bool> send(connection& c, std::string_view text);

  task<void> serve(memory_stream s, std::shared_ptr<memory_certificate> identity);

  /// Answers all requests that have arrived. Returns false if the connection has to end.
  task<bool> answer_all(connection& c);

  task<bool> answer(connection& c, std::size_t number);

  struct prepared {
    std::string bytes;
    std::chrono::nanoseconds delay;
    bool closes;
    bool cut;
  };

  prepared prepare(const received_request& request);

  static std::string name_of(const received_request& r);

  std::string unexpected(const received_request& request);

  static std::string text_of(const scripted_response& r, const method& verb,
                             std::optional<std::size_t> cut);

  std::optional<memory_authority> authority_;
  std::optional<tls_context> trust_;
  std::deque<scripted_rule> rules_;  // a deque, because `on` returns references
  std::set<std::string> listening_;
  std::vector<received_request> requests_;
  std::optional<error> wrong_;
  memory_network network_;  // destroyed first: its servers use the members above
};

}  // namespace cohttps::testing

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/testing/scripted_server.ipp>
#endif
