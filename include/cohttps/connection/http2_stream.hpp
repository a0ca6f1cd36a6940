// The stream of one request over an HTTP/2 connection.
#pragma once

#ifdef COHTTPS_HAS_NGHTTP2

#include <cohttps/connection/content_upload.hpp>
#include <cohttps/connection/deadline.hpp>
#include <cohttps/connection/http2_connection.hpp>
#include <cohttps/connection/http_stream.hpp>
#include <cohttps/connection/request_view.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/recycler.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/core/stop.hpp>
#include <cohttps/http/fields.hpp>
#include <cohttps/http/response_head.hpp>
#include <cohttps/http/status.hpp>
#include <cohttps/http2/request_lines.hpp>
#include <cohttps/task/owned_coroutine.hpp>
#include <cohttps/task/task.hpp>
#include <cohttps/transport/sleep.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace cohttps::detail {

/// As `http1_connection`: `ask`, then `receive_body` until it gives nothing. Destroyed before, it
/// resets its stream, and the connection goes on.
///
/// Content that takes its time is sent by a task beside these, until the response is complete. An
/// error of this side, such as one of the content's source, fails them; what the peer did, the
/// stream tells them.
template <class = void>
class http2_stream final : public http_stream, public recycled_frame, private content_sink {
 public:
  explicit http2_stream(http2_connection<>& over) noexcept : over_(over) {}
  ~http2_stream() {
    upload_.stop();
    over_.give_up(stream_);
  }

  /// Sends the request and waits for the final response's head; interim ones are skipped. Content
  /// that this head does not want ends here; else the rest of it goes out beside `receive_body`.
  task<result<void>> ask(request_view request, const exchange_limits& limits,
                         deadline& limit) override;

  /// The next part of the content, valid until the next call; an empty one when it is complete.
  task<result<std::span<const std::byte>>> receive_body(deadline& limit) override;

  /// After an extended CONNECT: the next bytes, a view that is valid until the next call; empty
  /// at their end.
  task<result<std::span<const std::byte>>> receive_raw(stop_token stop) override;
  /// Beside `receive_raw`: sends all of `bytes`.
  task<result<void>> send_raw(std::span<const std::byte> bytes, stop_token stop) override;
  /// Ends both ways, below whoever waits for them.
  void hang_up() noexcept override;

  /// The same where nothing is to be waited for; else, and on any error, nothing.
  std::optional<std::span<const std::byte>> receive_body_at_once() override;

  /// True while content is being sent.
  bool sends() const noexcept override;

  response_head take_head() override;
  std::optional<std::uint64_t> content_length() const noexcept override;
  /// True where that length is of content that comes, as it does not in answer to HEAD.
  bool has_content() const noexcept override { return has_content_; }
  /// After the content.
  const fields& trailers() const noexcept override;

  /// True once something of the response has come in.
  bool answered() const noexcept override;
  bool reusable() noexcept override;
  void release() noexcept override { delete this; }

 private:
  // More than this goes out while an answer is looked out for.
  static constexpr std::size_t sent_at_once = 16 * 1024;

  static std::unexpected<error> canceled();
  static std::unexpected<error> not_sent();

  task<result<void>> receive_head(exchange_listener* listener, const exchange_limits& limits,
                                  deadline& limit);

  // ---- content, beside the answer --------------------------------------------------------------

  std::size_t memory_piece() const noexcept override { return SIZE_MAX; }
  bool wants_content() const noexcept override;
  bool has_head() const noexcept override { return stream_.has_head(); }
  task<result<void>> send_piece(std::span<const std::byte> piece, bool last,
                                exchange_listener* listener, deadline& limit) override;
  task<result<void>> send_end(fields trailers, deadline& limit) override;
  void upload_ended(const result<void>* outcome) noexcept override;

  /// The error of an upload that has ended, or nothing. Throws its exception.
  result<void> outcome_of_upload();
  void stop_upload();

  /// Returns when the session has taken all that was given, with the end where it is the `last` of
  /// it, or does not want it any more.
  task<result<void>> taken(bool last, exchange_listener* listener, deadline& limit);

  http2_connection<>& over_;
  http2_connection<>::stream stream_;
  fields trailers_;  // of the request, until they are sent
  bool has_content_ = false;
  bool sent_ = false;
  bool hung_up_ = false;
  content_upload upload_;
};

template <class T>
http_stream_ptr http2_connection<T>::open_stream() {
  return http_stream_ptr(new http2_stream<>(*this));
}

}  // namespace cohttps::detail

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/connection/http2_stream.ipp>
#endif

#endif
