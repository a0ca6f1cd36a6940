// The layer of a `har_recorder`: makes an entry of each sending of a request.
#pragma once

#include <cohttps/client/har_file.hpp>
#include <cohttps/client/har_options.hpp>
#include <cohttps/client/middleware.hpp>
#include <cohttps/connection/observer.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/http/har/har_entry.hpp>
#include <cohttps/task/task.hpp>
#include <cohttps/transport/concepts.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace cohttps::detail {

template <class>
class har_layer : public std::enable_shared_from_this<har_layer<>> {
 public:
  har_layer(har_file file, har_options options)
      : options_(std::move(options)), file_(std::move(file)) {}

  task<result<response>> handle(request& r, next_handler next);

  const har_options& options() const noexcept { return options_; }

  /// Hides the secrets and writes the entry. Keeps the first error.
  void write(har_entry entry) noexcept;

  /// Returns a text that identifies the connection for as long as it lives.
  std::string number_of(const std::shared_ptr<const connection_info>& connection);

  std::uint64_t entries() const;
  std::optional<error> failure() const;

 private:
  struct numbered {
    std::weak_ptr<const connection_info> connection;
    std::uint64_t number;
  };

  const har_options options_;
  mutable std::mutex mutex_;  // clients of several threads may share a recorder
  har_file file_;
  std::optional<error> failure_;
  std::vector<numbered> connections_;
  std::uint64_t last_number_ = 0;
};

/// Content up to a limit.
template <class = void>
class har_content_copy {
 public:
  explicit har_content_copy(std::size_t limit) noexcept : limit_(limit) {}

  void take(std::span<const std::byte> part);
  void restart() noexcept;
  har_content content() const;

 private:
  std::size_t limit_;
  std::string bytes_;
  std::uint64_t size_ = 0;
};

/// One call: an observer of its request. It has at most one open entry, the one of the sending that
/// goes on.
template <class = void>
class har_call final : public observer {
 public:
  har_call(std::shared_ptr<har_layer<>> layer, const request& r, any_transport transport);
  ~har_call() override;

  void on_assigned(const events::assigned& e) override;
  void on_sent(const events::sent& e) override;
  void on_received(const events::received& e) override;
  void on_redirected(const events::redirected& e) override;
  void on_retrying(const events::retrying& e) override;
  void on_failed(const events::failed& e) override;

  /// The call has this response, maybe from a layer behind.
  void answer(const response& r);
  void take_content(std::span<const std::byte> part) { received_.take(part); }
  /// Ends the open entry. `complete` is false if the content was not read to its end.
  void end(bool complete = true);
  void fail(const error& why);

  void content_sent(std::uint64_t size);
  const std::shared_ptr<har_content_copy<>>& upload() const noexcept { return upload_; }

 private:
  static std::string recorded(const url& u);
  /// Opens an entry for a sending that waited so long already.
  void begin(duration waited = {});

  std::shared_ptr<har_layer<>> layer_;
  any_transport transport_;
  std::string method_, url_;  // of the next sending
  std::optional<har_entry> entry_;
  std::optional<error> failure_;  // of the open entry, unless the call has a better one
  std::shared_ptr<har_content_copy<>> upload_;  // null if the request has no content
  har_content_copy<> received_;
  std::uint64_t sent_size_ = 0;
  time_point began_{}, sent_at_{}, content_sent_at_{}, received_at_{};
  bool sent_ = false;      // the open entry's request has been sent
  bool answered_ = false;  // and its response has begun
  bool reads_ = false;     // the call has its response; the content comes
};

}  // namespace cohttps::detail

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/request/har_layer.ipp>
#endif
