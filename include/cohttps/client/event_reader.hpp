// Server-sent events and lines of a response's content, as they come.
#pragma once

#include <cohttps/client/response_stream.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/http/content/event_stream.hpp>
#include <cohttps/http/content/representation.hpp>
#include <cohttps/task/task.hpp>

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace cohttps {

/// Reads the events of one response, such as that of a language model to a POST:
/// ```
/// auto stream = co_await client.stream(method::post, url, {.content = question});
/// cohttps::event_reader events(std::move(stream));
/// while (auto event = co_await events.next()) std::cout << event->data;
/// ```
/// It does not connect again; `event_source` does.
class event_reader {
 public:
  explicit event_reader(response_stream stream, std::size_t max_event = 16 * 1024 * 1024)
      : stream_(std::move(stream)), parser_(max_event) {}

  /// The next event; nothing at the end of the content. Views, valid until the next call. Throws
  /// `error`.
  COHTTPS_DECL task<std::optional<server_sent_event>> next();

  const response_stream& stream() const noexcept { return stream_; }
  const event_stream_parser& parser() const noexcept { return parser_; }

 private:
  response_stream stream_;
  event_stream_parser parser_;
  std::span<const std::byte> in_;
};

/// Reads lines that end with LF or CRLF, such as JSON lines; the last one may have no end.
/// ```
/// cohttps::line_reader lines(co_await client.stream(method::get, url));
/// while (auto line = co_await lines.next()) std::cout << *line << '\n';
/// ```
class line_reader {
 public:
  /// `max_line`: bytes that a line may have.
  explicit line_reader(response_stream stream, std::size_t max_line = 16 * 1024 * 1024)
      : stream_(std::move(stream)), max_line_(max_line) {}

  /// The next line without its end; nothing at the end of the content. A view, valid until the next
  /// call. Throws `error`; limit "line_too_long".
  COHTTPS_DECL task<std::optional<std::string_view>> next();

  /// The next line that is not empty, as a value: `co_await lines.next_as<nlohmann::json>()`.
  template <readable_representation T>
  task<std::optional<T>> next_as() {
    while (auto line = co_await next()) {
      if (line->empty()) continue;
      auto value = read_representation<T>(*line);
      if (!value) throw std::move(value).error();
      co_return *std::move(value);
    }
    co_return std::nullopt;
  }

  const response_stream& stream() const noexcept { return stream_; }

 private:
  response_stream stream_;
  std::size_t max_line_;
  std::string_view in_;
  std::string line_;  // of several parts
};

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/client/event_reader.ipp>
#endif
