// Reads HTTP/1.1 requests (RFC 9112) strictly, for tests.
#pragma once

#include <cohttps/core/ascii.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/http/fields.hpp>
#include <cohttps/http/method.hpp>
#include <cohttps/http/strictness.hpp>
#include <cohttps/http1/lines.hpp>
#include <cohttps/url/url.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace cohttps::testing {

/// A request as a server received it.
struct received_request {
  cohttps::method method;
  /// The URL of the request, made from the connection's scheme, the Host field and the target.
  cohttps::url url;
  fields headers;
  std::string content;  ///< without the framing of chunks
  fields trailers;

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
  result<std::optional<received_request>> next() {
    while (true) {
      auto stepped = step();
      if (!stepped) return pass(std::move(stepped));
      if (!*stepped) return std::nullopt;
      if (part_ != part::complete) continue;
      part_ = part::head;
      return std::exchange(request_, std::nullopt);
    }
  }

  /// True once for each request whose client waits for a 100 (Continue) before it sends the content
  /// (RFC 9110, 10.1.1).
  bool take_expectation() noexcept { return std::exchange(expects_, false) && part_ != part::head; }

 private:
  enum class part : std::uint8_t { head, sized, chunk_line, chunk, chunk_end, trailers, complete };

  static std::unexpected<error> malformed(std::string message) {
    return fail(error_category::protocol, "malformed_request",
                "the client sent an invalid request: " + std::move(message));
  }
  static std::unexpected<error> malformed(const http1::fault& wrong) {
    return malformed(std::string(wrong.message));
  }

  /// Returns false if more bytes are needed.
  result<bool> step() {
    switch (part_) {
      case part::head:
        return read_head();
      case part::sized:
        if (!take_content()) return false;
        part_ = part::complete;
        return true;
      case part::chunk_line:
        return read_chunk_line();
      case part::chunk:
        if (!take_content()) return false;
        part_ = part::chunk_end;
        return true;
      case part::chunk_end:
        if (input_.size() < 2) return false;
        if (!input_.starts_with("\r\n")) return malformed("a chunk is longer than its size");
        input_.erase(0, 2);
        part_ = part::chunk_line;
        return true;
      case part::trailers:
        return read_trailers();
      case part::complete:
        break;
    }
    return true;
  }

  bool take_content() {
    const auto some = static_cast<std::size_t>(std::min<std::uint64_t>(left_, input_.size()));
    request_->content.append(input_, 0, some);
    input_.erase(0, some);
    left_ -= some;
    return left_ == 0;
  }

  result<bool> read_head() {
    const auto end = input_.find("\r\n\r\n");
    if (end == input_.npos) {
      if (input_.size() > max_head) return malformed("its head has more than 64 KiB");
      return false;
    }
    const std::string head = input_.substr(0, end + 2);
    input_.erase(0, end + 4);
    std::string_view lines = head;
    const std::string_view first = take_line(lines);
    fields headers;
    if (auto read = read_fields(lines, headers); !read) return pass(std::move(read));
    return begin(first, std::move(headers));
  }

  result<bool> begin(std::string_view line, fields headers) {
    const auto space = line.find(' ');
    auto verb = method::parse(line.substr(0, space));
    if (!verb || !line.ends_with(" HTTP/1.1") || line.size() < space + 11)
      return malformed("\"" + ascii::printable(line, 80) + "\" is no request line");
    std::string target(line.substr(space + 1, line.size() - space - 10));
    if (target.find(' ') != target.npos) return malformed("its target holds a space");
    if (headers.count("host") != 1) return malformed("it has not exactly one Host field");
    if (target == "*") target.clear();
    auto where = url::parse(target.starts_with('/') || target.empty()
                                ? scheme_ + "://" + std::string(*headers.find("host")) + target
                                : target);
    if (!where) return malformed("its target and Host field make no URL");

    const auto coding = headers.find("transfer-encoding");
    const auto length = headers.find("content-length");
    if (coding &&
        (length || !ascii::iequals(*coding, "chunked") || headers.count("transfer-encoding") != 1))
      return malformed("it says in more than one way, or in an unknown way, where it ends");
    left_ = 0;
    if (length) {
      const auto size = ascii::parse_decimal(*length);
      if (!size || headers.count("content-length") != 1)
        return malformed("its Content-Length is not one number");
      left_ = *size;
    }
    expects_ = headers.has_element("expect", "100-continue");
    request_ = received_request{*std::move(verb), *std::move(where), std::move(headers), {}, {}};
    part_ = coding ? part::chunk_line : part::sized;
    return true;
  }

  result<bool> read_chunk_line() {
    const auto end = input_.find("\r\n");
    if (end == input_.npos) {
      if (input_.size() > max_head) return malformed("the line of a chunk does not end");
      return false;
    }
    http1::chunk_line line;
    if (const auto wrong = line.parse(std::string_view(input_).substr(0, end), strictness::strict))
      return malformed(*wrong);
    input_.erase(0, end + 2);
    left_ = line.size;
    part_ = left_ == 0 ? part::trailers : part::chunk;
    return true;
  }

  result<bool> read_trailers() {
    const bool none = input_.starts_with("\r\n");
    const auto end = none ? 0 : input_.find("\r\n\r\n");
    if (end == input_.npos) {
      if (input_.size() > max_head) return malformed("its trailers have more than 64 KiB");
      return false;
    }
    if (!none) {
      const std::string section = input_.substr(0, end + 2);
      if (auto read = read_fields(section, request_->trailers); !read) return pass(std::move(read));
    }
    input_.erase(0, none ? 2 : end + 4);
    part_ = part::complete;
    return true;
  }

  /// Removes a line and its CRLF from `text`. Returns the line without CRLF.
  static std::string_view take_line(std::string_view& text) {
    const auto end = text.find("\r\n");
    const auto line = text.substr(0, end);
    text.remove_prefix(std::min(text.size(), line.size() + 2));
    return line;
  }

  static result<void> read_fields(std::string_view lines, fields& into) {
    while (!lines.empty()) {
      const std::string_view line = take_line(lines);
      field_slot slot;
      if (line.empty()) return malformed("an empty line among its fields");
      if (const auto wrong = http1::parse_field_line(line, into.empty(), slot))
        return malformed(*wrong);
      into.append_unchecked(line.substr(slot.name_at, slot.name_size),
                            line.substr(slot.value_at, slot.value_size));
    }
    return {};
  }

  static constexpr std::size_t max_head = 64 * 1024;

  std::string scheme_;
  std::string input_;
  std::optional<received_request> request_;
  part part_ = part::head;
  std::uint64_t left_ = 0;
  bool expects_ = false;
};

}  // namespace cohttps::testing
