// One error type for everything that can go wrong, sorted by who is at fault and what can be done.
#pragma once

#include <cohttps/core/separate.hpp>

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

/// Who is at fault, and so what can be done.
enum class error_category : std::uint8_t {
  usage,        ///< the call is wrong: a malformed URL or field, an option that cannot be honoured
  resolve,      ///< the name has no address
  connect,      ///< no address accepted a connection
  tls,          ///< the handshake or a record failed
  certificate,  ///< the peer's certificate is not acceptable
  protocol,     ///< the peer broke HTTP
  peer_closed,  ///< the connection ended before the message did
  timeout,      ///< a deadline passed; `phase()` says which
  canceled,     ///< the caller stopped the operation
  limit,        ///< a configured size or count was exceeded
  policy,       ///< a rule of the caller or of security forbids it
};

/// What the operation was doing.
enum class phase : std::uint8_t {
  none,
  queue,
  resolve,
  connect,
  tunnel,
  handshake,
  send,
  receive_head,
  receive_body,
};

/// Whether the request can be sent again without the risk of doing its work twice.
enum class replay_safety : std::uint8_t {
  maybe_processed,  ///< the peer may have acted on it
  not_sent,         ///< no byte of it reached a peer that could act on it
  rejected,         ///< the peer said that it did not act on it
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

/// The reasons on which the client's own decisions depend; `error::reason` is their text.
enum class known_reason : std::uint8_t { other, http_1_1_required, host_not_found, total_timeout };

constexpr std::string_view to_string(known_reason r) noexcept {
  constexpr std::string_view names[] = {"other", "http_1_1_required", "host_not_found",
                                        "total_timeout"};
  return names[static_cast<std::size_t>(r)];
}

/// Why an operation gave no response.
///
/// A value: cheap to move, shared when copied. A layer makes it with a category, a stable
/// snake_case `reason` for programs, and one sentence for people; the layers above add what they
/// know with the setters. No part of it ever holds a query string, a user name, a password or a
/// field value that the caller sent.
///
/// Threads: distinct copies may be read at the same time; setters need the only copy's owner.
class [[nodiscard]] error : public std::exception {
 public:
  /// An address that was tried, and what came of it.
  struct attempt {
    std::string endpoint;
    std::string message;
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

  error_category category() const noexcept { return state_->category; }
  cohttps::phase phase() const noexcept { return state_->phase; }
  replay_safety replay() const noexcept { return state_->replay; }

  /// A stable snake_case word for programs, such as "certificate_expired".
  std::string_view reason() const noexcept { return state_->reason; }
  bool is(known_reason r) const noexcept { return state_->known == r; }

  /// What happened and what to do, without the subject.
  const std::string& message() const noexcept { return state_->message; }

  /// What it happened to, such as "https://example.com"; empty when unknown.
  const std::string& subject() const noexcept { return state_->subject; }

  /// "subject: message", one sentence.
  const char* what() const noexcept override {
    return state_->what.empty() ? state_->message.c_str() : state_->what.c_str();
  }

  /// The operating system's code, where there is one.
  std::error_code code() const noexcept { return state_->code; }

  /// Every address tried, in order, with its own outcome.
  const std::vector<attempt>& attempts() const noexcept { return state_->attempts; }

  /// True when the request went out on a connection that had carried another one before.
  bool on_reused_connection() const noexcept { return state_->reused; }

  /// The TLS alert's name (RFC 8446, 6.2), such as "bad_certificate"; empty when there was none.
  const std::string& alert() const noexcept { return state_->alert; }

  /// The byte of the peer's message, counted from its first, at which a protocol error was found.
  std::optional<std::uint64_t> position() const noexcept { return state_->position; }

  COHTTPS_DECL error& subject(std::string_view what_about);
  /// Keeps the phase that an inner layer has set.
  COHTTPS_DECL error& during(cohttps::phase p);
  COHTTPS_DECL error& replay(replay_safety r);
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
    std::error_code code;
    std::optional<std::uint64_t> position;
    std::vector<attempt> attempts;
  };

  COHTTPS_DECL state& own();

  std::shared_ptr<state> state_;
};

template <class T>
using result = std::expected<T, error>;

/// Makes the failing side of a `result`.
COHTTPS_DECL [[gnu::cold]] std::unexpected<error> fail(error_category category,
                                                       std::string_view reason,
                                                       std::string message);

/// Passes the error of one `result` on as another's.
template <class T>
std::unexpected<error> pass(result<T>&& failed) {
  return std::unexpected(std::move(failed).error());
}

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/core/error.ipp>
#endif
