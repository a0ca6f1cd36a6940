// A client of a Redis server. Only this header includes hiredis, for the protocol; link it with
// -lhiredis.
#pragma once

#include <cohttps/connection/tls_stream.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/stop.hpp>
#include <cohttps/task/task.hpp>
#include <cohttps/tls/context.hpp>
#include <cohttps/transport/any_transport.hpp>
#include <cohttps/transport/endpoint.hpp>

#include <algorithm>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <hiredis/hiredis.h>
#include <initializer_list>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cohttps {

/// The address of a Redis server, and the time limits.
struct redis_options {
  std::string host = "localhost";  ///< a name or an IP address
  std::uint16_t port = 6379;       ///< of the server
  /// The path of a Unix domain socket, in place of `host` and `port`.
  std::string socket_path = {};
  /// With TLS: what to trust. The name in `host` is verified.
  std::optional<tls_context> tls = {};
  /// For AUTH; empty: none. Without TLS the network sees the password.
  std::string username = {};
  std::string password = {};  ///< for AUTH; empty: none
  int database = 0;           ///< the number for SELECT

  /// For one command, a new connection included.
  std::chrono::nanoseconds timeout = std::chrono::milliseconds(250);
  /// After a failure nobody asks the server for this long; after each further one, twice as long.
  std::chrono::nanoseconds first_pause = std::chrono::seconds(1);
  std::chrono::nanoseconds longest_pause = std::chrono::minutes(1);  ///< no pause is longer
  /// Commands at the same time, each on a connection of its own; further ones fail at once.
  std::size_t max_connections = 64;
};

/// A reply of Redis.
class redis_reply {
 public:
  redis_reply() = default;
  explicit redis_reply(void* parsed) noexcept : owned_(static_cast<redisReply*>(parsed)) {}

  /// True for the null reply, such as of a key that does not exist.
  bool is_null() const noexcept { return !owned_ || owned_->type == REDIS_REPLY_NIL; }
  /// True for an error of Redis.
  bool is_error() const noexcept { return owned_ && owned_->type == REDIS_REPLY_ERROR; }
  /// Of a string, a status or an error; empty for other replies.
  std::string_view text() const noexcept { return text_of(owned_.get()); }
  /// Of an integer; 0 for other replies.
  std::int64_t number() const noexcept {
    return owned_ && owned_->type == REDIS_REPLY_INTEGER ? owned_->integer : 0;
  }
  /// Elements of an array; 0 for other replies.
  std::size_t size() const noexcept {
    return owned_ && owned_->type == REDIS_REPLY_ARRAY ? owned_->elements : 0;
  }
  /// The text of an element of an array.
  std::string_view operator[](std::size_t i) const noexcept { return text_of(owned_->element[i]); }

 private:
  struct free_reply {
    void operator()(redisReply* r) const noexcept { freeReplyObject(r); }
  };
  static std::string_view text_of(const redisReply* r) noexcept {
    return r && r->str ? std::string_view(r->str, r->len) : std::string_view();
  }
  std::unique_ptr<redisReply, free_reply> owned_;
};

/// Asks a Redis server, over a few connections that it keeps.
///
/// A server that is down costs one `timeout`: after a failure all calls fail at once (connect,
/// "redis_paused") until a pause is over. One call then tries again, while the others still fail at
/// once. What Redis refuses is no such failure.
///
/// Threads: the one of its transport.
class redis_client {
 public:
  explicit redis_client(any_transport over, redis_options options = {})
      : over_(std::move(over)), options_(std::move(options)) {}
  redis_client(const redis_client&) = delete;
  redis_client& operator=(const redis_client&) = delete;

  /// Sends a command and gives the reply: `co_await redis.ask("GET", key)`. A command on a kept
  /// connection that turns out to be dead is sent again. Errors:
  /// - policy, "redis_refused": Redis replied with an error, which is in the message
  /// - connect, "redis_paused": it was not reachable a short time ago
  /// - limit, "redis_busy": too many commands are under way
  /// - timeout, "redis_timeout"; protocol, "redis_reply"; those of the transport and of TLS
  template <std::convertible_to<std::string_view>... Word>
  task<result<redis_reply>> ask(const Word&... words) {
    return run(command({std::string_view(words)...}));
  }
  /// The same for a number of words that is not known before.
  task<result<redis_reply>> ask_words(const std::vector<std::string_view>& words) {
    return run(command(words));
  }

 private:
  static constexpr std::size_t max_kept = 8;
  // Replies to the commands of this library are much smaller.
  static constexpr std::size_t max_reply = 64 * 1024 * 1024;

  /// A command as bytes.
  class command {
   public:
    command(std::initializer_list<std::string_view> words)
        : command(std::vector<std::string_view>(words)) {}
    explicit command(const std::vector<std::string_view>& words) {
      std::vector<const char*> texts;
      std::vector<std::size_t> sizes;
      for (const std::string_view word : words) {
        texts.push_back(word.data());
        sizes.push_back(word.size());
      }
      char* made = nullptr;
      const int size =
          redisFormatCommandArgv(&made, static_cast<int>(words.size()), texts.data(), sizes.data());
      if (size < 0) throw std::bad_alloc();
      text_.reset(made);
      size_ = static_cast<std::size_t>(size);
    }
    std::span<const std::byte> bytes() const noexcept {
      return std::as_bytes(std::span(text_.get(), size_));
    }

   private:
    struct free_text {
      void operator()(char* t) const noexcept { redisFreeCommand(t); }
    };
    std::unique_ptr<char, free_text> text_;
    std::size_t size_ = 0;
  };

  /// A connection, for one command at a time.
  class connection {
   public:
    explicit connection(any_stream stream) : wire_(std::move(stream)) {}

    detail::tls_stream& wire() noexcept { return wire_; }

    task<result<redis_reply>> ask(std::span<const std::byte> bytes, stop_token stop) {
      if (auto sent = co_await wire_.write(bytes, stop); !sent) co_return pass(std::move(sent));
      if (!parser_) throw std::bad_alloc();
      std::size_t size = 0;
      while (true) {
        void* parsed = nullptr;
        if (redisReaderGetReply(parser_.get(), &parsed) != REDIS_OK || size > max_reply)
          co_return fail(error_category::protocol, "redis_reply",
                         "the server's reply is not one of Redis");
        if (parsed) co_return redis_reply(parsed);
        auto more = co_await wire_.receive(stop);
        if (!more) co_return pass(std::move(more));
        if (more->empty())
          co_return fail(error_category::peer_closed, "redis_closed",
                         "Redis closed the connection in place of a reply");
        size += more->size();
        redisReaderFeed(parser_.get(), reinterpret_cast<const char*>(more->data()), more->size());
      }
    }

   private:
    struct free_parser {
      void operator()(redisReader* r) const noexcept { redisReaderFree(r); }
    };
    detail::tls_stream wire_;
    std::unique_ptr<redisReader, free_parser> parser_{redisReaderCreate()};
  };

  /// Stops what takes longer than the timeout.
  class limit {
   public:
    limit(any_transport& over, std::chrono::nanoseconds most) : timer_(over.make_timer()) {
      timer_.set(
          over.now() + most,
          [](void* s) noexcept {
            static_cast<stop_source*>(s)->request_stop(stop_reason::timed_out);
          },
          &stop_);
    }
    stop_token token() noexcept { return stop_; }
    bool over() const noexcept { return stop_.stop_requested(); }

   private:
    stop_source stop_;
    any_timer timer_;
  };

  task<result<redis_reply>> run(command sent) {
    const time_point now = over_.now();
    if (now < closed_until_) co_return paused();
    // After a pause one call tries, and the others go on without it meanwhile.
    if (pause_ > std::chrono::nanoseconds(0)) closed_until_ = now + pause_;
    if (running_ >= options_.max_connections)
      co_return fail(error_category::limit, "redis_busy",
                     "as many commands are under way to Redis as max_connections allows");
    const working at_work(running_);
    const std::uint64_t before = failures_;
    auto reply = co_await within_limit(sent.bytes());
    if (!reply) {
      failed(before);
      co_return reply;
    }
    pause_ = {};
    closed_until_ = time_point::min();
    if (reply->is_error()) co_return refused(reply->text());
    co_return reply;
  }

  struct working {
    explicit working(std::size_t& of) noexcept : count(of) { ++count; }
    working(const working&) = delete;
    working& operator=(const working&) = delete;
    ~working() { --count; }
    std::size_t& count;
  };

  task<result<redis_reply>> within_limit(std::span<const std::byte> bytes) {
    limit time(over_, options_.timeout);
    while (true) {
      std::unique_ptr<connection> with = take_kept();
      const bool kept = with != nullptr;
      result<redis_reply> reply;
      if (!kept) {
        auto opened = co_await open(time.token());
        if (opened)
          with = *std::move(opened);
        else
          reply = pass(std::move(opened));
      }
      if (with) reply = co_await with->ask(bytes, time.token());
      if (reply) {
        if (kept_.size() < max_kept) kept_.push_back(std::move(with));
        co_return reply;
      }
      if (time.over())
        co_return fail(error_category::timeout, "redis_timeout",
                       "Redis at " + place() + " did not answer in time");
      if (!kept) co_return reply;  // else the server ended it while nobody used it
    }
  }

  /// A kept connection that looks alive, or null.
  std::unique_ptr<connection> take_kept() {
    while (!kept_.empty()) {
      auto last = std::move(kept_.back());
      kept_.pop_back();
      if (last->wire().idle()) return last;
    }
    return nullptr;
  }

  task<result<std::unique_ptr<connection>>> open(stop_token stop) {
    std::vector<endpoint> places;
    if (!options_.socket_path.empty()) {
      places.push_back(unix_endpoint(options_.socket_path));
    } else {
      auto found = co_await over_.resolve(options_.host, options_.port, stop);
      if (!found) co_return pass(std::move(found));
      places = *std::move(found);
    }
    result<any_stream> connected =
        fail(error_category::resolve, "host_not_found", options_.host + " has no address");
    for (const endpoint& to : places) {
      connected = co_await over_.connect(to, stop);
      if (connected || stop.stop_requested()) break;
    }
    if (!connected) co_return pass(std::move(connected));
    auto made = std::make_unique<connection>(*std::move(connected));
    if (options_.tls)
      if (auto secured = co_await made->wire().secure(*options_.tls, options_.host, options_.port,
                                                      {}, std::chrono::system_clock::now(), stop);
          !secured)
        co_return pass(std::move(secured));
    if (!options_.password.empty()) {
      std::vector<std::string_view> words{"AUTH"};
      if (!options_.username.empty()) words.push_back(options_.username);
      words.push_back(options_.password);
      if (auto done = co_await set_up(*made, command(words), stop); !done)
        co_return pass(std::move(done));
    }
    if (options_.database != 0) {
      const std::string number = std::to_string(options_.database);
      const std::vector<std::string_view> words{"SELECT", number};
      if (auto done = co_await set_up(*made, command(words), stop); !done)
        co_return pass(std::move(done));
    }
    co_return made;
  }

  static task<result<void>> set_up(connection& with, command sent, stop_token stop) {
    auto reply = co_await with.ask(sent.bytes(), stop);
    if (!reply) co_return pass(std::move(reply));
    if (reply->is_error()) co_return refused(reply->text());
    co_return result<void>();
  }

  /// Of calls that failed beside each other, the first one makes the pause.
  void failed(std::uint64_t failures_before) {
    if (failures_ != failures_before) return;
    ++failures_;
    pause_ = pause_ == std::chrono::nanoseconds(0) ? options_.first_pause
                                                   : std::min(2 * pause_, options_.longest_pause);
    closed_until_ = over_.now() + pause_;
    kept_.clear();
  }

  std::string place() const {
    if (!options_.socket_path.empty()) return options_.socket_path;
    return options_.host + ':' + std::to_string(options_.port);
  }
  std::unexpected<error> paused() const {
    return fail(error_category::connect, "redis_paused",
                "Redis at " + place() + " failed a short time ago and is not asked for a while");
  }
  static std::unexpected<error> refused(std::string_view why) {
    return fail(error_category::policy, "redis_refused", "Redis refused: " + std::string(why));
  }

  any_transport over_;
  const redis_options options_;
  std::vector<std::unique_ptr<connection>> kept_;
  std::chrono::nanoseconds pause_{};  // 0 while all is well
  time_point closed_until_ = time_point::min();
  std::uint64_t failures_ = 0;
  std::size_t running_ = 0;
};

}  // namespace cohttps
