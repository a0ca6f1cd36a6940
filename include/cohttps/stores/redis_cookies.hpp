// Cookies that a fleet of machines shares; link it with -lhiredis.
#pragma once

#include <cohttps/client/middleware.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/http/cookie/cookie_jar.hpp>
#include <cohttps/http/cookie/cookie_json.hpp>
#include <cohttps/http/cookie/shared_cookie_jar.hpp>
#include <cohttps/stores/redis.hpp>
#include <cohttps/task/semaphore.hpp>
#include <cohttps/task/task.hpp>
#include <cohttps/transport/concepts.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cohttps {

/// How `redis_cookies` behaves.
struct redis_cookies_options {
  /// The key of the cookies: those of one user.
  std::string key = "cohttps:cookies";
  /// Redis forgets the cookies when no program has changed any for so long.
  std::chrono::milliseconds lifetime = std::chrono::days(30);
  /// How long a program does without the changes of others.
  std::chrono::nanoseconds refresh = std::chrono::seconds(1);
  /// Is told when Redis fails; the cookies of this program are used then.
  std::function<void(const error&)> on_error = {};
};

/// Keeps the cookies of a client in a Redis server too, and takes over those of other clients:
/// ```
/// cohttps::redis_cookies cookies(redis);
/// cohttps::client client({.cookies = cookies.jar()});
/// client.use(cookies.layer());
/// ```
/// The jar holds a copy: before a call the layer brings it up to date, and after the call it sends
/// what changed. Redis has the cookies as they are; they are secrets.
///
/// Threads: the one of the transport of its `redis_client`.
class redis_cookies {
 public:
  explicit redis_cookies(std::shared_ptr<redis_client> redis, redis_cookies_options options = {})
      : state_(std::make_shared<state>(std::move(redis), std::move(options))) {}

  /// For `client_options::cookies`.
  std::shared_ptr<shared_cookie_jar> jar() const { return state_->jar; }

  /// For `client::use`.
  template <class = void>
  middleware layer() const {
    return [state = state_](request& r, next_handler next) { return handle(state, r, next); };
  }

 private:
  /// Cookies by domain, path and name, each as JSON.
  using cookie_texts = std::map<std::string, std::string, std::less<>>;

  struct state {
    state(std::shared_ptr<redis_client> r, redis_cookies_options o)
        : redis(std::move(r)), options(std::move(o)) {}

    const std::shared_ptr<redis_client> redis;
    const redis_cookies_options options;
    const std::shared_ptr<shared_cookie_jar> jar = std::make_shared<shared_cookie_jar>();
    semaphore turn{1};   // to change `known`
    cookie_texts known;  // what Redis had when it was asked last
    std::size_t fingerprint = 0;
    time_point asked = time_point::min();
  };

  static task<result<response>> handle(std::shared_ptr<state> of, request& r, next_handler next) {
    const time_point now = next.transport().now();
    if (of->asked == time_point::min() || now - of->asked >= of->options.refresh) {
      of->asked = now;
      auto taken = co_await take_over(*of);
      if (!taken) tell(*of, taken.error());
    }
    auto answered = co_await next(r);
    auto sent = co_await send_changes(*of);
    if (!sent) tell(*of, sent.error());
    co_return answered;
  }

  static void tell(const state& of, const error& e) {
    if (of.options.on_error) of.options.on_error(e);
  }

  /// The changes of others since the last time.
  static task<result<void>> take_over(state& of) {
    const auto turn = co_await of.turn.acquire();
    auto all = co_await of.redis->ask("HGETALL", of.options.key);
    if (!all) co_return pass(std::move(all));
    cookie_texts there;
    for (std::size_t i = 0; i + 1 < all->size(); i += 2) there.emplace((*all)[i], (*all)[i + 1]);
    const auto time = std::chrono::system_clock::now();
    of.jar->with([&](cookie_jar& jar) {
      jar.erase_if([&](const cookie& c) {
        const std::string key = key_of(c);
        return of.known.contains(key) && !there.contains(key);
      });
      for (const auto& [key, text] : there) {
        const auto old = of.known.find(key);
        if (old == of.known.end() || old->second != text) (void)read_json_cookies(jar, text, time);
      }
    });
    of.known = std::move(there);
    co_return result<void>();
  }

  /// Sends the cookies that this program has changed since then.
  static task<result<void>> send_changes(state& of) {
    if (of.fingerprint == fingerprint_of(*of.jar)) co_return result<void>();
    const auto turn = co_await of.turn.acquire();
    const std::size_t fingerprint = fingerprint_of(*of.jar);
    cookie_texts here = texts_of(*of.jar);
    std::vector<std::string_view> set{"HSET", of.options.key}, removed{"HDEL", of.options.key};
    for (const auto& [key, text] : here) {
      const auto old = of.known.find(key);
      if (old != of.known.end() && old->second == text) continue;
      set.push_back(key);
      set.push_back(text);
    }
    for (const auto& [key, text] : of.known)
      if (!here.contains(key)) removed.push_back(key);
    if (set.size() == 2 && removed.size() == 2) {
      of.fingerprint = fingerprint;
      co_return result<void>();
    }
    for (const auto* words : {&set, &removed}) {
      if (words->size() == 2) continue;
      auto done = co_await of.redis->ask_words(*words);
      if (!done) co_return pass(std::move(done));
    }
    auto kept = co_await of.redis->ask("PEXPIRE", of.options.key,
                                       std::to_string(of.options.lifetime.count()));
    if (!kept) co_return pass(std::move(kept));
    of.known = std::move(here);
    of.fingerprint = fingerprint;
    co_return result<void>();
  }

  /// Another number when a cookie was set, changed or removed.
  static std::size_t fingerprint_of(shared_cookie_jar& of) {
    std::size_t all = 1;
    of.with([&](const cookie_jar& jar) {
      const auto add = [&](std::size_t n) { all = all * 31 + n; };
      for (const cookie& c : jar.cookies()) {
        for (const std::string* text : {&c.name, &c.value, &c.domain, &c.path})
          add(std::hash<std::string>()(*text));
        add(c.expires ? static_cast<std::size_t>(c.expires->time_since_epoch().count()) : 0);
      }
    });
    return all;
  }

  static std::string key_of(const cookie& c) {
    return (c.host_only ? "" : ".") + c.domain + '\n' + c.path + '\n' + c.name;
  }
  static cookie_texts texts_of(shared_cookie_jar& of) {
    const auto time = std::chrono::system_clock::now();
    cookie_texts out;
    of.with([&](const cookie_jar& jar) {
      for (const cookie& c : jar.cookies()) {
        cookie_jar one;
        if (!c.is_expired(time) && one.add(c, time))
          out.emplace(key_of(c), write_json_cookies(one, time));
      }
    });
    return out;
  }

  std::shared_ptr<state> state_;
};

}  // namespace cohttps
