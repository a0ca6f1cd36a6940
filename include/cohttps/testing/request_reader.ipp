// Definitions for request_reader.hpp.
#pragma once

#include <cohttps/core/ascii.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/http/strictness.hpp>
#include <cohttps/http1/lines.hpp>
#include <cohttps/testing/request_reader.hpp>

#include <algorithm>
#include <utility>

namespace cohttps::testing {

namespace detail {

COHTTPS_INLINE std::unexpected<error> malformed_request(std::string message) {
  return fail(error_category::protocol, "malformed_request",
              "the client sent an invalid request: " + std::move(message));
}
COHTTPS_INLINE std::unexpected<error> malformed_request(const http1::fault& wrong) {
  return malformed_request(std::string(wrong.message));
}

}  // namespace detail

COHTTPS_INLINE result<std::optional<received_request>> request_reader::next() {
  while (true) {
    auto stepped = step();
    if (!stepped) return pass(std::move(stepped));
    if (!*stepped) return std::nullopt;
    if (part_ != part::complete) continue;
    part_ = part::head;
    return std::exchange(request_, std::nullopt);
  }
}

COHTTPS_INLINE result<bool> request_reader::step() {
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
      if (!input_.starts_with("\r\n"))
        return detail::malformed_request("a chunk is longer than its size");
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

COHTTPS_INLINE bool request_reader::take_content() {
  const auto some = static_cast<std::size_t>(std::min<std::uint64_t>(left_, input_.size()));
  request_->content.append(input_, 0, some);
  input_.erase(0, some);
  left_ -= some;
  return left_ == 0;
}

COHTTPS_INLINE result<bool> request_reader::read_head() {
  const auto end = input_.find("\r\n\r\n");
  if (end == input_.npos) {
    if (input_.size() > max_head) return detail::malformed_request("its head has more than 64 KiB");
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

COHTTPS_INLINE result<bool> request_reader::begin(std::string_view line, fields headers) {
  const auto space = line.find(' ');
  auto verb = method::parse(line.substr(0, space));
  if (!verb || !line.ends_with(" HTTP/1.1") || line.size() < space + 11)
    return detail::malformed_request("\"" + ascii::printable(line, 80) + "\" is no request line");
  std::string target(line.substr(space + 1, line.size() - space - 10));
  if (target.find(' ') != target.npos) return detail::malformed_request("its target holds a space");
  if (headers.count("host") != 1)
    return detail::malformed_request("it has not exactly one Host field");
  if (target == "*") target.clear();
  auto where = url::parse(target.starts_with('/') || target.empty()
                              ? scheme_ + "://" + std::string(*headers.find("host")) + target
                              : target);
  if (!where) return detail::malformed_request("its target and Host field make no URL");

  const auto coding = headers.find("transfer-encoding");
  const auto length = headers.find("content-length");
  if (coding &&
      (length || !ascii::iequals(*coding, "chunked") || headers.count("transfer-encoding") != 1))
    return detail::malformed_request(
        "it says in more than one way, or in an unknown way, where it ends");
  left_ = 0;
  if (length) {
    const auto size = ascii::parse_decimal(*length);
    if (!size || headers.count("content-length") != 1)
      return detail::malformed_request("its Content-Length is not one number");
    left_ = *size;
  }
  expects_ = headers.has_element("expect", "100-continue");
  request_ = received_request{*std::move(verb), *std::move(where), std::move(headers), {}, {}};
  part_ = coding ? part::chunk_line : part::sized;
  return true;
}

COHTTPS_INLINE result<bool> request_reader::read_chunk_line() {
  const auto end = input_.find("\r\n");
  if (end == input_.npos) {
    if (input_.size() > max_head)
      return detail::malformed_request("the line of a chunk does not end");
    return false;
  }
  http1::chunk_line line;
  if (const auto wrong = line.parse(std::string_view(input_).substr(0, end), strictness::strict))
    return detail::malformed_request(*wrong);
  input_.erase(0, end + 2);
  left_ = line.size;
  part_ = left_ == 0 ? part::trailers : part::chunk;
  return true;
}

COHTTPS_INLINE result<bool> request_reader::read_trailers() {
  const bool none = input_.starts_with("\r\n");
  const auto end = none ? 0 : input_.find("\r\n\r\n");
  if (end == input_.npos) {
    if (input_.size() > max_head)
      return detail::malformed_request("its trailers have more than 64 KiB");
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

COHTTPS_INLINE std::string_view request_reader::take_line(std::string_view& text) {
  const auto end = text.find("\r\n");
  const auto line = text.substr(0, end);
  text.remove_prefix(std::min(text.size(), line.size() + 2));
  return line;
}

COHTTPS_INLINE result<void> request_reader::read_fields(std::string_view lines, fields& into) {
  while (!lines.empty()) {
    const std::string_view line = take_line(lines);
    field_slot slot;
    if (line.empty()) return detail::malformed_request("an empty line among its fields");
    if (const auto wrong = http1::parse_field_line(line, into.empty(), slot))
      return detail::malformed_request(*wrong);
    into.append_unchecked(line.substr(slot.name_at, slot.name_size),
                          line.substr(slot.value_at, slot.value_size));
  }
  return {};
}

}  // namespace cohttps::testing
