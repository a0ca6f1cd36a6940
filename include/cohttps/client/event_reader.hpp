// Reads the content of a response as server-sent events or as lines, as soon as they arrive.
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
/// It does not connect again. `event_source` does.
class event_reader {
 public:
  explicit event_reader(response_stream stream, std::size_t max_event = 16 * 1024 * 1024)
      : stream_(std::move(stream)), parser_(max_event) {}

  /// Returns the next event: views that are valid until the next call; nothing at the end of the
  /// content. Throws `error`.
  COHTTPS_DECL task<std::optional<server_sent_event>> next();

  /// The response that the events come from.
  const response_stream& stream() const noexcept { return stream_; }
  /// The parser, which knows the last event id and the retry time.
  const event_stream_parser& parser() const noexcept { return parser_; }

 private:
  response_stream stream_;
  event_stream_parser parser_;
  std::span<const std::byte> in_;
};

/// Reads lines that end with LF or CRLF, such as JSON lines. The last line may have no end.
/// ```
/// cohttps::line_reader lines(co_await client.stream(method::get, url));
/// while (auto line = co_await lines.next()) std::cout << *line << '\n';
/// ```
class line_reader {
 public:
  /// `max_line` is the largest size of a line, in bytes.
  explicit line_reader(response_stream stream, std::size_t max_line = 16 * 1024 * 1024)
      : stream_(std::move(stream)), max_line_(max_line) {}

  /// Returns the next line without its end: a view that is valid until the next call; nothing at
  /// the end of the content. Throws `error`, for example limit "line_too_long".
  COHTTPS_DECL task<std::optional<std::string_view>> next();

  /// Returns the next line that is not empty as a value:
  /// `co_await lines.next_as<nlohmann::json>()`.
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

  /// The response that the lines come from.
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
