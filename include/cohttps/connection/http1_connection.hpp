// Exchanges over one HTTP/1.1 connection, one after another.
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

/// `ask`, then `receive_body` until it gives nothing. After any error the connection is only to be
/// destroyed.
///
/// Content that does not go out with the head is sent by a task beside these, until the response is
/// complete. An error of this side, such as one of the content's source, fails them; for an error
/// of the peer's the response may have the explanation.
template <class = void>
class http1_connection final : public connection, private http_stream, private content_sink {
 public:
  http1_connection(tls_stream bytes, const http1::limits& bounds, strictness how,
                   std::shared_ptr<const connection_info> about)
      : connection(std::move(about)), tls_stream_(std::move(bytes)), parser_(bounds, how) {}
  ~http1_connection() override { tls_stream_.close(); }

  http_stream_ptr open_stream() override { return http_stream_ptr(this); }

  /// It holds no buffers then.
  void release_memory() noexcept override;

  bool usable() noexcept override;

 private:
  // ---- the stream -------------------------------------------------------------------------------

  /// Sends the request and waits for the final response's head; interim ones are skipped. Content
  /// that this head does not want ends here (RFC 9112, 9.5); else the rest of it goes out beside
  /// `receive_body`.
  task<result<void>> ask(request_view request, const exchange_limits& limits,
                         deadline& limit) override;

  /// The next part of the content, valid until the next call; an empty one when it is complete.
  task<result<std::span<const std::byte>>> receive_body(deadline& limit) override;
  /// True while content is being sent.
  bool sends() const noexcept override;

  /// The same where it has come in already; else, and on any error, nothing.
  std::optional<std::span<const std::byte>> receive_body_at_once() override;

  /// After 101 (Switching Protocols): the next bytes of the protocol that was agreed on, valid
  /// until the next call; none at the end.
  task<result<std::span<const std::byte>>> receive_raw(stop_token stop) override;
  /// Beside `receive_raw`: sends all of `bytes`.
  task<result<void>> send_raw(std::span<const std::byte> bytes, stop_token stop) override;

  /// After `ask`: the final response's.
  response_head take_head() override;
  std::optional<std::uint64_t> content_length() const noexcept override;
  /// True where that length is of content that comes, as it does not in answer to HEAD.
  bool has_content() const noexcept override;
  /// After the content.
  const fields& trailers() const noexcept override;

  /// True once a byte of the response has come in.
  bool answered() const noexcept override { return answered_; }

  /// True after a complete exchange that leaves the connection in order (RFC 9112, 9.3): nothing
  /// half sent, nothing unasked received.
  bool reusable() noexcept override;

  void hang_up() noexcept override;
  void release() noexcept override;

  static constexpr std::size_t joined_content = 16 * 1024;

  using event = http1::response_parser::event;

  result<void> begin(const request_view& request);

  /// All of the content in memory, with its framing.
  result<void> append_content(const request_view& request);

  task<result<void>> write(std::span<const std::byte> bytes, deadline& limit);

  task<result<void>> receive_head(exchange_listener* listener, const exchange_limits& limits,
                                  deadline& limit);

  // ---- content, beside the answer ---------------------------------------------------------------

  struct upload {
    explicit upload(stop_token operation) : on_stop(operation, stop_it{&reading}) {}

    struct stop_it {
      stop_source* which;
      void operator()() const noexcept { which->request_stop(); }
    };
    stop_source reading;  // stops the reader of the answer when the upload fails on this side
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

  /// `answered`, or the error of an upload that has ended, where that one tells more. Throws the
  /// exception of the upload.
  result<void> with_upload(result<void> answered);

  static std::unexpected<error> canceled();
  static std::unexpected<error> not_sent();

  /// The parser's next event, from what has come in.
  result<http1::response_parser::step> parse();

  /// The parser's next event but `need_more`, reading as often as that takes.
  ///
  /// Only bytes of a head count as progress here: neither those of TLS, such as tickets and empty
  /// records, nor those between parts of the content do. `receive_body` counts the content.
  task<result<http1::response_parser::step>> next_step(deadline& limit, stop_token stop);

  tls_stream tls_stream_;
  http1::response_parser parser_;
  std::span<const std::byte>
      pending_;  // received, not yet used up: in the `tls_stream` or in `kept_`
  bool in_kept_ = false;
  buffer kept_;
  buffer out_;
  bool head_ = false;
  bool answered_ = false;
  bool sent_ = false;
  bool closes_ = false;
  bool chunked_ = false;  // as the head said: the source may learn its length meanwhile
  std::optional<upload> upload_;
};

}  // namespace cohttps::detail

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/connection/http1_connection.ipp>
#endif
