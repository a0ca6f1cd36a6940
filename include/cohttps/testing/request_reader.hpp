// Reads HTTP/1.1 requests (RFC 9112) strictly, for tests.
#pragma once

#include <cohttps/core/error.hpp>
#include <cohttps/http/fields.hpp>
#include <cohttps/http/method.hpp>
#include <cohttps/url/url.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace cohttps::testing {

/// A request as a server received it.
struct received_request {
  cohttps::method method;  ///< the method
  /// The URL of the request, made from the connection's scheme, the Host field and the target.
  cohttps::url url;
  fields headers;       ///< of the request
  std::string content;  ///< without the framing of chunks
  fields trailers;      ///< after the content

  /// The value of a field, or nothing.
  std::optional<std::string_view> header(std::string_view name) const noexcept {
    return headers.find(name);
  }
};

/// Reads the requests of one connection, one after another. Append the received bytes to `input`,
/// then call `next` until it returns nothing.
class request_reader {
 public:
  /// `scheme` is "http" or "https". The URLs of the requests contain it.
  explicit request_reader(std::string_view scheme) : scheme_(scheme) {}

  /// The caller appends received bytes to this string.
  std::string& input() noexcept { return input_; }

  /// Returns the next request when it is complete. Errors: protocol "malformed_request".
  result<std::optional<received_request>> next();

  /// True once for each request whose client waits for a 100 (Continue) before it sends the content
  /// (RFC 9110, 10.1.1).
  bool take_expectation() noexcept { return std::exchange(expects_, false) && part_ != part::head; }

 private:
  enum class part : std::uint8_t { head, sized, chunk_line, chunk, chunk_end, trailers, complete };

  /// Returns false if more bytes are needed.
  result<bool> step();

  bool take_content();

  result<bool> read_head();

  result<bool> begin(std::string_view line, fields headers);

  result<bool> read_chunk_line();

  result<bool> read_trailers();

  /// Removes a line and its CRLF from `text`. Returns the line without CRLF.
  static std::string_view take_line(std::string_view& text);

  static result<void> read_fields(std::string_view lines, fields& into);

  static constexpr std::size_t max_head = 64 * 1024;

  std::string scheme_;
  std::string input_;
  std::optional<received_request> request_;
  part part_ = part::head;
  std::uint64_t left_ = 0;
  bool expects_ = false;
};

}  // namespace cohttps::testing

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/testing/request_reader.ipp>
#endif
