// The result of a download into a file.
#pragma once

#include <cohttps/client/response_metadata.hpp>
#include <cohttps/connection/connection_info.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/http/fields.hpp>
#include <cohttps/url/url.hpp>

#include <cstdint>
#include <utility>

namespace cohttps {

/// The options of `client::download`.
struct download_options {
  /// If the download fails, keeps the received part, and continues after it in the next download.
  /// This needs a strong validator from the server, which proves that the content has not changed
  /// (RFC 9110, 13.1.5). Without one the next download starts from the beginning.
  bool resume = false;
};

/// The result of a download. A value: it holds no connection. The content is in the file. In a
/// default-constructed result, `url` and `connection` throw `error` (usage, "no_response").
class download_result {
 public:
  download_result() = default;
  download_result(response_metadata&& from, std::uint64_t size, std::uint64_t resumed_at)
      : state_(std::move(from)), size_(size), resumed_at_(resumed_at) {}

  /// The status code.
  int status() const noexcept { return state_.head.status; }
  /// The fields of the response.
  const fields& headers() const noexcept { return state_.head.headers; }
  /// Returns the URL of the response, after redirections.
  COHTTPS_DECL const cohttps::url& url() const;
  /// The connection that carried the response.
  COHTTPS_DECL const connection_info& connection() const;
  /// How long each phase took.
  const cohttps::timings& timings() const noexcept { return state_.timings; }

  /// Returns the size of the file, in bytes.
  std::uint64_t size() const noexcept { return size_; }
  /// Returns how many of these bytes an earlier download has received.
  std::uint64_t resumed_at() const noexcept { return resumed_at_; }

 private:
  response_metadata state_;
  std::uint64_t size_ = 0;
  std::uint64_t resumed_at_ = 0;
};

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/client/download_result.ipp>
#endif
