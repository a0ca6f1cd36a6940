// What a download into a file has come to.
#pragma once

#include <cohttps/client/exchange_state.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/http/fields.hpp>
#include <cohttps/net/connection_info.hpp>
#include <cohttps/url/url.hpp>

#include <cstdint>
#include <utility>

namespace cohttps {

struct download_options {
  /// Keeps what has come when the download fails, and goes on from there the next time, if the
  /// server has a validator that tells that it is still the same (RFC 9110, 13.1.5); else it begins
  /// again.
  bool resume = false;
};

/// A value; the content is in the file.
class downloaded {
 public:
  downloaded() = default;
  downloaded(exchange_state&& from, std::uint64_t size, std::uint64_t resumed_at)
      : state_(std::move(from)), size_(size), resumed_at_(resumed_at) {}

  int status() const noexcept { return state_.head.status; }
  const fields& headers() const noexcept { return state_.head.headers; }
  /// Where it came from, after redirections.
  COHTTPS_DECL const cohttps::url& url() const;
  COHTTPS_DECL const connection_info& connection() const;
  const cohttps::timings& timings() const noexcept { return state_.timings; }

  /// Bytes in the file.
  std::uint64_t size() const noexcept { return size_; }
  /// Of these, how many were there from an earlier download.
  std::uint64_t resumed_at() const noexcept { return resumed_at_; }

 private:
  exchange_state state_;
  std::uint64_t size_ = 0;
  std::uint64_t resumed_at_ = 0;
};

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/client/downloaded.ipp>
#endif
