// The stream of one request over a connection of HTTP/2 or HTTP/3.
#pragma once

#include <cohttps/connection/content_upload.hpp>
#include <cohttps/connection/deadline.hpp>
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

/// The caller calls `ask`, and then `receive_body` until it returns an empty part. A stream that is
/// destroyed before its end is reset, and the connection stays open.
///
/// Content that cannot be sent at once is sent by a coroutine that runs beside these calls, until
/// the response is complete. If this side causes an error, for example the content source, the
/// calls fail with it. If the peer causes an error, `stream_` reports it.
template <class Connection>
class multiplexed_stream final : public http_stream, public recycled_frame, private content_sink {
 public:
  explicit multiplexed_stream(Connection& over) noexcept : over_(over) {}
  ~multiplexed_stream() {
    upload_.stop();
    over_.give_up(stream_);
  }

  /// Sends the request and waits for the head of the final response. Interim responses go only to
  /// the listener. If the status is not 2xx, the content ends here. Otherwise the rest of it is
  /// sent beside `receive_body`.
  task<result<void>> ask(request_view request, const exchange_limits& limits,
                         deadline& limit) override;

  /// Returns the next part of the content, valid until the next call; an empty part when the
  /// response is complete.
  task<result<std::span<const std::byte>>> receive_body(deadline& limit) override;

  /// After an extended CONNECT: returns the next bytes, as a view that is valid until the next
  /// call; an empty view at the end.
  task<result<std::span<const std::byte>>> receive_raw(stop_token stop) override;
  /// Sends all of `bytes`. It may run beside `receive_raw`.
  task<result<void>> send_raw(std::span<const std::byte> bytes, stop_token stop) override;
  /// Ends both directions, although coroutines may still wait for them.
  void hang_up() noexcept override;

  /// Like `receive_body`, but without waiting. Returns nothing if no part has arrived yet, and on
  /// any error.
  std::optional<std::span<const std::byte>> receive_body_at_once() override;

  /// True while content is being sent.
  bool sends() const noexcept override;

  response_head take_head() override;
  std::optional<std::uint64_t> content_length() const noexcept override;
  /// True if content of this length follows. False in a response to HEAD.
  bool has_content() const noexcept override { return has_content_; }
  /// After the content: returns the trailer fields.
  const fields& trailers() const noexcept override;

  /// True after a frame of the response has arrived.
  bool answered() const noexcept override;
  bool reusable() noexcept override;
  void release() noexcept override { delete this; }

 private:
  // Content of more bytes than this is sent by a coroutine beside `receive_head`.
  static constexpr std::size_t sent_at_once = 16 * 1024;

  static std::unexpected<error> canceled();
  static std::unexpected<error> not_sent();

  task<result<void>> receive_head(exchange_listener* listener, const exchange_limits& limits,
                                  deadline& limit);

  // ---- content, sent beside the response -------------------------------------------------------

  std::size_t memory_piece() const noexcept override { return SIZE_MAX; }
  bool wants_content() const noexcept override;
  bool has_head() const noexcept override { return stream_.has_head(); }
  task<result<void>> send_piece(std::span<const std::byte> piece, bool last,
                                exchange_listener* listener, deadline& limit) override;
  task<result<void>> send_end(fields trailers, deadline& limit) override;
  void upload_ended(const result<void>* outcome) noexcept override;

  /// Returns the error of an ended upload, if there is one. Throws its exception.
  result<void> outcome_of_upload();
  void stop_upload();

  /// Returns when the session has taken all given content, and also the end of the content if
  /// `last` is true. Also returns when the peer does not want any more.
  task<result<void>> taken(bool last, exchange_listener* listener, deadline& limit);

  Connection& over_;
  typename Connection::stream stream_;
  fields trailers_;  // the request's, until they are sent
  bool has_content_ = false;
  bool sent_ = false;
  bool hung_up_ = false;
  content_upload upload_;
};

}  // namespace cohttps::detail

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/connection/multiplexed_stream.ipp>
#endif
