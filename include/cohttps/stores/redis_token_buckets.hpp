// Limits of requests by origin that a fleet of machines keeps together; link it with -lhiredis.
#pragma once

#include <cohttps/client/rate_limit_options.hpp>
#include <cohttps/client/token_buckets.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/stores/redis.hpp>
#include <cohttps/task/task.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace cohttps {

/// Buckets of tokens in a Redis server, by its clock:
/// ```
/// auto redis = std::make_shared<cohttps::redis_client>(client.transport(), where);
/// cohttps::rate_limiter slow({.per_second = 50, .burst = 10},
///                            std::make_shared<cohttps::redis_token_buckets>(redis));
/// ```
/// Threads: the one of the transport of its `redis_client`.
class redis_token_buckets final : public token_buckets {
 public:
  /// `prefix`: before all keys.
  explicit redis_token_buckets(std::shared_ptr<redis_client> redis, std::string prefix = "cohttps:")
      : redis_(std::move(redis)), prefix_(std::move(prefix) + "bucket:") {}

  task<result<std::chrono::nanoseconds>> take(std::string origin,
                                              const rate_limit_options& how) override {
    auto wait = co_await redis_->ask("EVAL", take_script, "1", prefix_ + origin,
                                     std::to_string(how.per_second), std::to_string(how.burst));
    if (!wait) co_return pass(std::move(wait));
    co_return std::chrono::microseconds(wait->number());
  }

  task<result<void>> block(std::string origin, std::chrono::nanoseconds time) override {
    const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(time).count();
    auto done =
        co_await redis_->ask("EVAL", block_script, "1", prefix_ + origin, std::to_string(micros));
    if (!done) co_return pass(std::move(done));
    co_return result<void>();
  }

 private:
  // A hash: tokens; filled and blocked, in microseconds since 1970. It ends when it is full again.
  // KEYS: bucket; ARGV: tokens a second, most tokens. Gives microseconds.
  static constexpr std::string_view take_script = R"(
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local rate, burst = tonumber(ARGV[1]) / 1000000, tonumber(ARGV[2])
local b = redis.call('HMGET', KEYS[1], 'tokens', 'filled', 'blocked')
local tokens, filled = tonumber(b[1]) or burst, tonumber(b[2]) or now
local blocked = math.max((tonumber(b[3]) or 0) - now, 0)
tokens = math.min(burst, tokens + math.max(now - filled, 0) * rate) - 1
redis.call('HSET', KEYS[1], 'tokens', string.format('%.6f', tokens),
           'filled', string.format('%.0f', now))
local full = math.min((burst - tokens) / rate, 1e12)
redis.call('PEXPIRE', KEYS[1], string.format('%.0f', math.max(full, blocked) / 1000 + 1000))
return math.ceil(math.max(-tokens / rate, blocked, 0)))";
  // KEYS: bucket; ARGV: microseconds
  static constexpr std::string_view block_script = R"(
local time = redis.call('TIME')
local till = time[1] * 1000000 + time[2] + tonumber(ARGV[1])
local old = tonumber(redis.call('HGET', KEYS[1], 'blocked')) or 0
redis.call('HSET', KEYS[1], 'blocked', string.format('%.0f', math.max(till, old)))
local ttl = math.ceil(tonumber(ARGV[1]) / 1000) + 1000
if redis.call('PTTL', KEYS[1]) < ttl then redis.call('PEXPIRE', KEYS[1], ttl) end
return 1)";

  const std::shared_ptr<redis_client> redis_;
  const std::string prefix_;
};

}  // namespace cohttps
