// The layer of an `http_cache`: asks the store, the rules and the server.
#pragma once

#include <cohttps/client/cache_options.hpp>
#include <cohttps/client/cache_store.hpp>
#include <cohttps/client/middleware.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/stop.hpp>
#include <cohttps/http/cache/cached_response.hpp>
#include <cohttps/task/task.hpp>
#include <cohttps/transport/sleep.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace cohttps::detail {

template <class>
class cache_layer : public std::enable_shared_from_this<cache_layer<>> {
 public:
  cache_layer(std::shared_ptr<cache_store> store, cache_options options)
      : store_(std::move(store)), options_(std::move(options)) {}

  task<result<response>> handle(request& r, next_handler next);

  cache_statistics statistics;

 private:
  using entry = cache_store::entry;
  using shared_response = std::shared_ptr<const cached_response>;
  using time_point = cached_response::time_point;

  /// One request for a key is on its way to the server; others wait until it has ended.
  struct flight {
    stop_source ended;
  };

  /// The flight for a key, until its end.
  class flight_guard {
   public:
    flight_guard(cache_layer& of, std::string key);
    flight_guard(const flight_guard&) = delete;
    flight_guard& operator=(const flight_guard&) = delete;
    ~flight_guard() { end(); }
    void end() noexcept;

   private:
    cache_layer& of_;
    std::string key_;
    std::shared_ptr<flight> flight_;
  };

  task<result<response>> handle_read(request& r, next_handler next);
  task<result<response>> fetch(request& r, next_handler next, std::string key, entry old,
                               cache_control asked);
  /// A request that may change what is stored (RFC 9111, 4.4).
  task<result<response>> handle_unsafe(request& r, next_handler next);

  /// The response to a request from the store. Fails when the content is gone from there, before
  /// the caller has got any of it.
  task<result<response>> answer_with(entry& from, const request& r, next_handler next);
  task<result<response>> give_content(entry& from, const request& r, next_handler next, int status,
                                      fields headers, std::uint64_t first, std::uint64_t length);

  /// A response on its way into the store. If it fails, or is destroyed before its end, the
  /// response that was stored before stays. If the content is too large, that response is removed.
  struct writing {
    std::string key;
    std::unique_ptr<cache_writer> writer;  // null once nothing more is stored
    std::uint64_t left;                    // of the content, in bytes
  };
  /// `length` is the length of the content, or 0 if it is not known.
  task<writing> begin_put(std::string_view key, shared_response head, std::uint64_t length);
  /// Stores one more part of the content. An empty part is the end.
  task<void> put_part(writing& to, std::span<const std::byte> part);

  /// Keeps a response of the server, at once or while its content is read.
  task<void> keep(const request& r, next_handler next, std::string_view key,
                  const response& answered, time_point sent);
  shared_response made_of(const fields& asked, int status, const fields& headers,
                          time_point sent) const;
  task<void> put(std::string_view key, shared_response head, std::span<const std::byte> content);
  /// The same with content that is read part by part.
  task<void> put(std::string_view key, shared_response head, response_stream& content);
  /// Renews a stored response with the fields of a 304, or of a 200 to HEAD.
  task<shared_response> refresh(std::string_view key, const cached_response& old,
                                const fields& newer, time_point sent);
  task<entry> look_up(std::string_view key, const fields& request);
  task<void> erase(std::string_view key);

  /// Asks the server again, while the caller has its answer (RFC 5861, 3).
  void renew(const request& r, next_handler next, std::string_view key, shared_response old);
  struct renewal {
    renewal(cache_layer& of, std::string of_key, shared_response stored, fields request_fields,
            time_point at)
        : key(std::move(of_key)),
          old(std::move(stored)),
          asked(std::move(request_fields)),
          sent(at),
          flying(of, key) {}

    const std::string key;
    const shared_response old;
    const fields asked;
    const time_point sent;
    flight_guard flying;
  };
  task<void> end_renewal(renewal& of, result<response_stream>& answered);

  static response unavailable();
  void tell(const error& e);
  std::uint64_t max_content() const noexcept;

  std::shared_ptr<cache_store> store_;
  cache_options options_;
  template <class Value>
  using by_key = std::map<std::string, Value, std::less<>>;
  by_key<std::shared_ptr<flight>> flights_;
  std::set<std::string, std::less<>> not_kept_;  // keys whose responses are worth no wait
};

}  // namespace cohttps::detail

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/request/cache_layer.ipp>
#endif
