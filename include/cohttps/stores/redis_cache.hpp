// Responses in a Redis server, for a fleet of machines; link it with -lhiredis.
#pragma once

#include <cohttps/client/cache_store.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/stores/field_lines.hpp>
#include <cohttps/stores/redis.hpp>
#include <cohttps/stores/redis_cache_record.hpp>
#include <cohttps/stores/redis_cache_scripts.hpp>
#include <cohttps/task/task.hpp>
#include <cohttps/tls/random.hpp>
#include <cohttps/transport/any_transport.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace cohttps {

/// How a `redis_cache` behaves.
struct redis_cache_options {
  /// Before all keys.
  std::string prefix = "cohttps:";
  /// Bytes of the largest content. How much Redis keeps in all is its own setting: `maxmemory`,
  /// best with the policy `allkeys-lru`.
  std::uint64_t max_content = 8 * 1024 * 1024;
};

/// Keeps responses in a Redis server that several machines share. Each is kept for as long as
/// `cached_response::useful_for` says. When Redis is down, full or replaced, requests go to their
/// servers.
///
/// All who share it see each other's responses, also those to requests with credentials: share it
/// among the machines of one service, and not among users.
///
/// Content of more than 16 KiB goes in and out in pieces of 256 KiB.
///
/// Threads: the one of the transport of its `redis_client`.
class redis_cache final : public cache_store {
 public:
  explicit redis_cache(std::shared_ptr<redis_client> redis, redis_cache_options options = {})
      : shared_(std::make_shared<shared>(std::move(redis), std::move(options))) {}
  redis_cache(any_transport over, redis_options where, redis_cache_options options = {})
      : redis_cache(std::make_shared<redis_client>(std::move(over), std::move(where)),
                    std::move(options)) {}

  task<result<entry>> find(std::string_view key, const fields& request) override {
    auto all = co_await shared_->redis->ask("HGETALL", shared_->responses(key));
    if (!all) co_return pass(std::move(all));
    entry found;
    for (std::size_t i = 0; i + 1 < all->size(); i += 2) {
      const detail::redis_record r = detail::redis_record::read((*all)[i], (*all)[i + 1]);
      if (!r.response || !r.response->matches(request)) continue;
      if (found && found.response->received > r.response->received) continue;
      found = {.response = r.response, .content = r.content};
      if (!r.content) found.reader = std::make_unique<reader>(shared_, r.content_id, r.length);
    }
    co_return found;
  }
  task<result<std::unique_ptr<cache_writer>>> write(
      std::string_view key, std::shared_ptr<const cached_response> response) override {
    return result<std::unique_ptr<cache_writer>>(
        std::make_unique<writer>(shared_, shared_->responses(key), std::move(response)));
  }
  task<result<void>> refresh(std::string_view key,
                             std::shared_ptr<const cached_response> response) override {
    const std::string vary = detail::to_lines(response->request_fields);
    auto done = co_await shared_->redis->ask(
        "EVAL", detail::redis_refresh_script, "1", shared_->responses(key), shared_->contents(""),
        vary, detail::redis_record::head_of(*response), lifetime(*response));
    if (!done) co_return pass(std::move(done));
    co_return result<void>();
  }
  task<result<void>> erase(std::string_view key) override {
    auto done = co_await shared_->redis->ask("EVAL", detail::redis_erase_script, "1",
                                             shared_->responses(key), shared_->contents(""));
    if (!done) co_return pass(std::move(done));
    co_return result<void>();
  }
  std::uint64_t max_content() const noexcept override { return shared_->options.max_content; }

 private:
  static constexpr std::size_t inline_size = 16 * 1024;
  static constexpr std::size_t piece_size = 256 * 1024;

  static std::string lifetime(const cached_response& of) {
    const auto useful = of.useful_for(of.received);
    return std::to_string(std::max<std::int64_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(useful).count(), 1000));
  }
  static std::unexpected<error> lost() {
    return fail(error_category::policy, "cache_content_lost",
                "Redis no longer has all of the content of the response");
  }

  /// The state that readers and writers share with the store.
  struct shared {
    shared(std::shared_ptr<redis_client> r, redis_cache_options o)
        : redis(std::move(r)), options(std::move(o)) {}
    std::string responses(std::string_view key) const {
      return options.prefix + "response:" + std::string(key);
    }
    std::string contents(std::string_view id) const {
      return options.prefix + "content:" + std::string(id);
    }
    const std::shared_ptr<redis_client> redis;
    const redis_cache_options options;
  };

  class reader final : public cache_reader {
   public:
    reader(std::shared_ptr<shared> of, std::string id, std::uint64_t length)
        : of_(std::move(of)), key_(of_->contents(id)), length_(length) {}

    std::optional<std::uint64_t> length() const noexcept override { return length_; }
    void seek(std::uint64_t first) noexcept override { at_ = first; }
    task<result<std::span<const std::byte>>> next() override {
      if (at_ >= length_) co_return result<std::span<const std::byte>>();
      if (!std::exchange(checked_, true)) {  // before the first part is given away
        auto there = co_await of_->redis->ask("STRLEN", key_);
        if (!there) co_return pass(std::move(there));
        if (static_cast<std::uint64_t>(there->number()) != length_) co_return lost();
      }
      const std::uint64_t size = std::min<std::uint64_t>(length_ - at_, piece_size);
      auto piece = co_await of_->redis->ask("GETRANGE", key_, std::to_string(at_),
                                            std::to_string(at_ + size - 1));
      if (!piece) co_return pass(std::move(piece));
      if (piece->text().size() != size) co_return lost();
      piece_ = *std::move(piece);
      at_ += size;
      co_return std::as_bytes(std::span(piece_.text()));
    }

   private:
    const std::shared_ptr<shared> of_;
    const std::string key_;
    const std::uint64_t length_;
    std::uint64_t at_ = 0;
    bool checked_ = false;
    redis_reply piece_;
  };

  class writer final : public cache_writer {
   public:
    writer(std::shared_ptr<shared> of, std::string key,
           std::shared_ptr<const cached_response> response)
        : of_(std::move(of)), key_(std::move(key)), response_(std::move(response)) {}

    task<result<void>> write(std::span<const std::byte> part) override {
      std::string_view rest(reinterpret_cast<const char*>(part.data()), part.size());
      while (!rest.empty()) {
        if (piece_.size() == piece_size)
          if (auto sent = co_await send_piece(); !sent) co_return sent;
        const std::size_t some = std::min(rest.size(), piece_size - piece_.size());
        piece_.append(rest.substr(0, some));
        rest.remove_prefix(some);
      }
      co_return result<void>();
    }
    task<result<void>> commit() override {
      std::string record = detail::redis_record::head_of(*response_);
      if (at_ == 0 && piece_.size() <= inline_size) {
        record += 'i' + std::to_string(piece_.size()) + ':' + piece_;
      } else {
        if (auto sent = co_await send_piece(); !sent) co_return sent;
        record += 'c' + std::to_string(at_) + ':' + id_;
      }
      const std::string vary = detail::to_lines(response_->request_fields);
      auto done =
          co_await of_->redis->ask("EVAL", detail::redis_put_script, "1", key_, of_->contents(""),
                                   vary, record, lifetime(*response_), id_);
      if (!done) co_return pass(std::move(done));
      if (done->number() == 0) co_return lost();
      co_return result<void>();
    }

   private:
    task<result<void>> send_piece() {
      if (id_.empty()) id_ = new_id();
      auto done = co_await of_->redis->ask("EVAL", detail::redis_piece_script, "1",
                                           of_->contents(id_), std::to_string(at_), piece_);
      if (!done) co_return pass(std::move(done));
      if (done->number() == 0) co_return lost();
      at_ += piece_.size();
      piece_.clear();
      co_return result<void>();
    }
    static std::string new_id() {
      std::string id;
      for (const std::uint8_t b : tls::random_bytes<16>())
        for (const int shift : {4, 0}) id += "0123456789abcdef"[(b >> shift) & 15];
      return id;
    }

    const std::shared_ptr<shared> of_;
    const std::string key_;
    const std::shared_ptr<const cached_response> response_;
    std::string piece_;
    std::string id_;  // of a content that is there already
    std::uint64_t at_ = 0;
  };

  const std::shared_ptr<shared> shared_;
};

}  // namespace cohttps
