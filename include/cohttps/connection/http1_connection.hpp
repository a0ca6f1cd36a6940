// An HTTP/1.1 connection, which carries one exchange after another.
#pragma once

#include <cohttps/connection/connection.hpp>
#include <cohttps/connection/content_upload.hpp>
#include <cohttps/connection/deadline.hpp>
#include <cohttps/connection/http_stream.hpp>
#include <cohttps/connection/request_view.hpp>
#include <cohttps/connection/tls_stream.hpp>
#include <cohttps/core/buffer.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/http/fields.hpp>
#include <cohttps/http/method.hpp>
#include <cohttps/http/response_head.hpp>
#include <cohttps/http/status.hpp>
#include <cohttps/http1/limits.hpp>
#include <cohttps/http1/request_writer.hpp>
#include <cohttps/http1/response_parser.hpp>
#include <cohttps/task/owned_coroutine.hpp>
#include <cohttps/task/task.hpp>
#include <cohttps/transport/sleep.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

namespace cohttps::detail {

/// The caller calls `ask`, and then `receive_body` until it returns an empty part. After any error
/// it can only destroy the connection.
///
/// Content that is not sent together with the head is sent by a coroutine that runs beside these
/// calls, until the response is complete. If this side causes an error, for example the content
/// source, the calls fail with it. If the peer causes an error, the response may explain it, so the
/// calls wait for the response.
template <class = void>
class http1_connection final : public connection, private http_stream, private content_sink {
 public:
  http1_connection(tls_stream bytes, const http1::limits& bounds, strictness how,
                   std::shared_ptr<const connection_info> about)
      : connection(std::move(about)), tls_stream_(std::move(bytes)), parser_(bounds, how) {}
  ~http1_connection() override { tls_stream_.close(); }

  http_stream_ptr open_stream() override { return http_stream_ptr(this); }

  /// Frees all buffers.
  void release_memory() noexcept override;

  bool usable() noexcept override;

 private:
  // ---- the stream -------------------------------------------------------------------------------

  /// Sends the request and waits for the head of the final response. Interim responses go only to
  /// the listener. If the status is not 2xx, the content ends here (RFC 9112, 9.5). Otherwise the
  /// rest of it is sent beside `receive_body`.
  task<result<void>> ask(request_view request, const exchange_limits& limits,
                         deadline& limit) override;

  /// Returns the next part of the content, valid until the next call; an empty part when the
  /// response is complete.
  task<result<std::span<const std::byte>>> receive_body(deadline& limit) override;
  /// True while content is being sent.
  bool sends() const noexcept override;

  /// Like `receive_body`, but without waiting. Returns nothing if no part has arrived yet, and on
  /// any error.
  std::optional<std::span<const std::byte>> receive_body_at_once() override;

  /// After 101 (Switching Protocols): returns the next bytes of the new protocol, valid until the
  /// next call; no bytes at the end.
  task<result<std::span<const std::byte>>> receive_raw(stop_token stop) override;
  /// Sends all of `bytes`. It may run beside `receive_raw`.
  task<result<void>> send_raw(std::span<const std::byte> bytes, stop_token stop) override;

  /// After `ask`: returns the head of the final response.
  response_head take_head() override;
  std::optional<std::uint64_t> content_length() const noexcept override;
  /// True if content of this length follows. False in a response to HEAD.
  bool has_content() const noexcept override;
  /// After the content: returns the trailer fields.
  const fields& trailers() const noexcept override;

  /// True after a byte of the response has arrived.
  bool answered() const noexcept override { return answered_; }

  /// True if the exchange is complete and the connection can carry another one (RFC 9112, 9.3): the
  /// request was sent as a whole, and no unexpected bytes have arrived.
  bool reusable() noexcept override;

  void hang_up() noexcept override;
  void release() noexcept override;

  static constexpr std::size_t joined_content = 16 * 1024;

  using event = http1::response_parser::event;

  result<void> begin(const request_view& request);

  /// Appends all content in memory, with its framing, to `out_`.
  result<void> append_content(const request_view& request);

  task<result<void>> write(std::span<const std::byte> bytes, deadline& limit);

  task<result<void>> receive_head(exchange_listener* listener, const exchange_limits& limits,
                                  deadline& limit);

  // ---- content, sent beside the response --------------------------------------------------------

  struct upload {
    explicit upload(stop_token operation) : on_stop(operation, stop_it{&reading}) {}

    struct stop_it {
      stop_source* which;
      void operator()() const noexcept { which->request_stop(); }
    };
    stop_source reading;  // stops the reader of the response if the upload fails on this side
    stop_callback<stop_it> on_stop;
    std::optional<tls_stream::sender> alone;
    content_upload content;
  };

  std::size_t memory_piece() const noexcept override { return 256 * 1024; }
  bool wants_content() const noexcept override { return true; }
  bool has_head() const noexcept override { return head_; }
  void upload_begins() override { upload_->alone.emplace(tls_stream_); }
  task<result<void>> send_piece(std::span<const std::byte> piece, bool last,
                                exchange_listener* listener, deadline& limit) override;
  task<result<void>> send_end(fields trailers, deadline& limit) override;
  void upload_ended(const result<void>* outcome) noexcept override;

  stop_token reading_token(deadline& limit) noexcept;

  task<result<void>> ask_beside_content(request_view request, const exchange_limits& limits,
                                        deadline& limit);

  /// Returns `answered`, or the error of an ended upload if that error is more informative. Throws
  /// the exception of the upload.
  result<void> with_upload(result<void> answered);

  static std::unexpected<error> canceled();
  static std::unexpected<error> not_sent();

  /// Returns the parser's next event for the bytes that have arrived.
  result<http1::response_parser::step> parse();

  /// Returns the parser's next event other than `need_more`, and reads as often as this needs.
  ///
  /// Only bytes of a head count as progress here. Bytes of TLS, such as tickets and empty records,
  /// and bytes between parts of the content do not count. `receive_body` counts the content.
  task<result<http1::response_parser::step>> next_step(deadline& limit, stop_token stop);

  tls_stream tls_stream_;
  http1::response_parser parser_;
  std::span<const std::byte>
      pending_;  // received, not yet parsed: in the `tls_stream` or in `kept_`
  bool in_kept_ = false;
  buffer kept_;
  buffer out_;
  bool head_ = false;
  bool answered_ = false;
  bool sent_ = false;
  bool closes_ = false;
  bool chunked_ = false;  // as in the head; a source may learn its length later
  std::optional<upload> upload_;
};

}  // namespace cohttps::detail

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/connection/http1_connection.ipp>
#endif
