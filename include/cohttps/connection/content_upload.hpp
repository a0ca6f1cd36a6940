// Sends the content of a request, while the response may already arrive.
#pragma once

#include <cohttps/connection/content_pieces.hpp>
#include <cohttps/connection/deadline.hpp>
#include <cohttps/connection/phase_limits.hpp>
#include <cohttps/connection/request_view.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/core/stop.hpp>
#include <cohttps/http/fields.hpp>
#include <cohttps/task/owned_coroutine.hpp>
#include <cohttps/task/task.hpp>
#include <cohttps/transport/sleep.hpp>

#include <chrono>
#include <cstddef>
#include <span>
#include <utility>

namespace cohttps::detail {

/// The destination of the content: a stream of HTTP/1.1 or HTTP/2.
class content_sink {
 public:
  /// Returns the largest size of a piece from memory, in bytes.
  virtual std::size_t memory_piece() const noexcept = 0;
  /// False if the peer takes no more content. The stream knows whether that is an error.
  virtual bool wants_content() const noexcept = 0;
  /// True if the head of the final response has arrived.
  virtual bool has_head() const noexcept = 0;

  virtual void upload_begins() {}
  /// Sends a piece, and returns when the connection has taken all of it. If `last` is true, no
  /// `send_end` follows.
  virtual task<result<void>> send_piece(std::span<const std::byte> piece, bool last,
                                        exchange_listener* listener, deadline& limit) = 0;
  virtual task<result<void>> send_end(fields trailers, deadline& limit) = 0;
  /// Wakes the reader of the response. `outcome` is null if an exception ended the upload. It is
  /// not called after `content_upload::stop`.
  virtual void upload_ended(const result<void>* outcome) noexcept = 0;

 protected:
  ~content_sink() = default;
};

/// An upload. Its coroutine runs beside the reader of the response, from `start` until all content
/// has been sent, or until `stop`.
class content_upload {
 public:
  /// Starts the upload. `answering` contains the limits for the response, which count from the end
  /// of the content on.
  COHTTPS_DECL void start(content_sink& to, request_view request, phase_limits answering,
                          deadline& limit);

  /// Ends the wait for 100 (Continue), so that the content is sent.
  void go_on() noexcept { go_on_.request_stop(); }

  /// True from `start` until `take_outcome` or `stop`.
  bool started() const noexcept { return static_cast<bool>(work_); }
  bool running() const noexcept { return work_ && !work_.done(); }
  bool done() const noexcept { return work_.done(); }

  /// Returns the result of the upload, or throws its exception. Call it only if `done` is true.
  COHTTPS_DECL result<void> take_outcome();

  void stop() noexcept { work_.reset(); }

 private:
  static constexpr std::chrono::seconds continue_wait{1};  // RFC 9110, 10.1.1

  COHTTPS_DECL owned_coroutine<result<void>> run(content_sink& to, request_view request,
                                                 phase_limits answering, deadline& limit);
  COHTTPS_DECL static task<result<void>> send(content_sink& to, request_view request,
                                              deadline& limit);

  stop_source go_on_;
  owned_coroutine<result<void>> work_;
};

}  // namespace cohttps::detail

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/connection/content_upload.ipp>
#endif
