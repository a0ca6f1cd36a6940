// One error type for everything that can go wrong. Categories tell who is at fault and what a
// program can do.
#pragma once

#include <cohttps/core/separate.hpp>
#include <cohttps/version.hpp>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace cohttps {

/// Tells who is at fault, and so what a program can do.
enum class error_category : std::uint8_t {
  usage,        ///< the call is wrong: a malformed URL or field, an option that cannot be honoured
  resolve,      ///< the name has no address
  connect,      ///< no address accepted a connection
  tls,          ///< the handshake or a record failed
  certificate,  ///< the peer's certificate is not acceptable
  protocol,     ///< the peer violated HTTP
  peer_closed,  ///< the connection ended before the message was complete
  timeout,      ///< a deadline passed; `phase()` says in which phase
  canceled,     ///< the caller stopped the operation
  limit,        ///< a configured size or count was exceeded
  policy,       ///< a rule of the caller, or a security rule, forbids the operation
};

/// The step in which an operation failed.
enum class phase : std::uint8_t {
  none,          ///< before all phases, such as reading a URL
  queue,         ///< waiting for a connection
  resolve,       ///< looking the name up
  connect,       ///< connecting to an address
  tunnel,        ///< asking a proxy for a tunnel
  handshake,     ///< the TLS handshake
  send,          ///< sending the request
  receive_head,  ///< waiting for the head of the response
  receive_body,  ///< receiving the content
};

/// Tells whether the client can send the request again without the risk that the server performs it
/// twice.
enum class replay_safety : std::uint8_t {
  maybe_processed,  ///< the peer may have acted on the request
  not_sent,         ///< no byte of the request reached a peer that could act on it
  rejected,         ///< the peer said that it did not act on the request
};

constexpr std::string_view to_string(error_category c) noexcept {
  constexpr std::string_view names[] = {"usage",       "resolve",  "connect",     "tls",
                                        "certificate", "protocol", "peer_closed", "timeout",
                                        "canceled",    "limit",    "policy"};
  return names[static_cast<std::size_t>(c)];
}

constexpr std::string_view to_string(phase p) noexcept {
  constexpr std::string_view names[] = {"none",    "queue",        "resolve",
                                        "connect", "tunnel",       "handshake",
                                        "send",    "receive_head", "receive_body"};
  return names[static_cast<std::size_t>(p)];
}

constexpr std::string_view to_string(replay_safety r) noexcept {
  constexpr std::string_view names[] = {"maybe_processed", "not_sent", "rejected"};
  return names[static_cast<std::size_t>(r)];
}

/// The reasons on which the client bases its own decisions. `error::reason` returns the same words
/// as text.
enum class known_reason : std::uint8_t {
  other,              ///< every other reason
  http_1_1_required,  ///< the server wants the request over HTTP/1.1
  host_not_found,     ///< the name has no address
  total_timeout,      ///< the limit of the whole operation passed
};

constexpr std::string_view to_string(known_reason r) noexcept {
  constexpr std::string_view names[] = {"other", "http_1_1_required", "host_not_found",
                                        "total_timeout"};
  return names[static_cast<std::size_t>(r)];
}

/// Describes why an operation failed.
///
/// An `error` is a value: it is cheap to move, and copies share their content. The layer that finds
/// the fault makes the error with a category, a stable snake_case `reason` for programs, and one
/// sentence for people. The layers above use the setters to add what they know. No part of an error
/// ever contains a query string, a user name, a password, or a field value that the caller sent.
///
/// Threads: several threads may read distinct copies at the same time. Call a setter only while no
/// other thread has a copy.
class [[nodiscard]] error : public std::exception {
 public:
  /// Bytes of a response's content that an error keeps.
  static constexpr std::size_t max_content = 64 * 1024;

  /// An address that the client tried, and the outcome.
  struct attempt {
    std::string endpoint;  ///< the address and the port
    std::string message;   ///< what happened there
  };

  error(error_category category, std::string_view reason, std::string message)
      : state_(std::make_shared<state>()) {
    state_->category = category;
    state_->reason = reason;
    state_->message = std::move(message);
  }

  COHTTPS_DECL error(error_category category, known_reason reason, std::string message)
      : error(category, to_string(reason), std::move(message)) {
    state_->known = reason;
  }

  /// Says who is at fault.
  error_category category() const noexcept { return state_->category; }
  /// Says what the operation was doing.
  cohttps::phase phase() const noexcept { return state_->phase; }
  /// Says whether sending the request again is safe.
  replay_safety replay() const noexcept { return state_->replay; }

  /// Returns a stable snake_case word for programs, such as "certificate_expired".
  std::string_view reason() const noexcept { return state_->reason; }
  /// True if the reason is `r`; cheaper than comparing words.
  bool is(known_reason r) const noexcept { return state_->known == r; }

  /// Says what happened and what to do, without the subject.
  const std::string& message() const noexcept { return state_->message; }

  /// Returns the object of the operation, such as "https://example.com"; empty if it is unknown.
  const std::string& subject() const noexcept { return state_->subject; }

  /// Returns "subject: message" as one sentence, or only the message if there is no subject.
  const char* what() const noexcept override {
    return state_->what.empty() ? state_->message.c_str() : state_->what.c_str();
  }

  /// Returns the status of the response that is the reason of the error; 0 if the reason is another
  /// one.
  int status() const noexcept { return state_->status; }
  /// Returns the content of that response, at most its first 64 KiB; empty if it is unknown.
  const std::string& content() const noexcept { return state_->content; }

  /// Returns the operating system's error code, if there is one.
  std::error_code code() const noexcept { return state_->code; }

  /// Returns every address that the client tried, in order, each with its own outcome.
  const std::vector<attempt>& attempts() const noexcept { return state_->attempts; }

  /// True if the client sent the request on a connection that had carried another request before.
  bool on_reused_connection() const noexcept { return state_->reused; }

  /// Returns the name of the TLS alert (RFC 8446, 6.2), such as "bad_certificate"; empty if there
  /// was none.
  const std::string& alert() const noexcept { return state_->alert; }

  /// Returns the position of the byte at which a protocol error was found, counted from the
  /// beginning of the peer's message.
  std::optional<std::uint64_t> position() const noexcept { return state_->position; }

  // Setters, for the layers between the fault and the caller.
  COHTTPS_DECL error& subject(std::string_view what_about);
  /// Sets the phase, unless an inner layer has already set it.
  COHTTPS_DECL error& during(cohttps::phase p);
  COHTTPS_DECL error& replay(replay_safety r);
  /// Sets the status, and up to 64 KiB of the content.
  COHTTPS_DECL error& response(int status, std::string_view content = {});
  COHTTPS_DECL error& code(std::error_code c);
  COHTTPS_DECL error& position(std::uint64_t byte);
  COHTTPS_DECL error& alert(std::string_view name);
  COHTTPS_DECL error& on_reused_connection(bool reused);
  COHTTPS_DECL error& attempts(std::vector<attempt> tried);

 private:
  struct state {
    error_category category{};
    cohttps::phase phase = cohttps::phase::none;
    replay_safety replay = replay_safety::maybe_processed;
    bool reused = false;
    known_reason known = known_reason::other;
    std::string reason;
    std::string message;
    std::string subject;
    std::string what;
    std::string alert;
    std::string content;
    int status = 0;
    std::error_code code;
    std::optional<std::uint64_t> position;
    std::vector<attempt> attempts;
  };

  COHTTPS_DECL state& own();

  std::shared_ptr<state> state_;
};

template <class T>
using result = std::expected<T, error>;  ///< a value, or the error that is in its place

/// Makes a `result` that holds an error.
COHTTPS_DECL [[gnu::cold]] std::unexpected<error> fail(error_category category,
                                                       std::string_view reason,
                                                       std::string message);

/// Passes the error of one `result` on as the error of another.
template <class T>
std::unexpected<error> pass(result<T>&& failed) {
  return std::unexpected(std::move(failed).error());
}

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/core/error.ipp>
#endif
