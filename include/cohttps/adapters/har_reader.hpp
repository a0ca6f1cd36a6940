// Reads HAR 1.2 logs, with nlohmann-json.
#pragma once

#include <cohttps/core/base64.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/http/har/har_entry.hpp>
#include <cohttps/http/har/har_writer.hpp>
#include <cohttps/url/query.hpp>

#include <nlohmann/json.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <ios>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace cohttps {

namespace detail {

/// Takes the entries of a log one by one, so that a log that is cut keeps those before the cut.
template <class Json = nlohmann::json>
class har_reader {
 public:
  result<har_log> read(std::string_view text) {
    try {
      const Json whole = Json::parse(
          text.begin(), text.end(),
          [this](int depth, auto event, Json& parsed) { return take(depth, event, parsed); });
      if (!is_log_) return fail(error_category::usage, "har_malformed", "it has no log.entries");
    } catch (const typename Json::parse_error& e) {
      // A write that was cut at its beginning leaves a piece of the tail before.
      const bool cut = is_log_ && e.byte + har_tail.size() > text.size();
      if (!failed_ && !cut)
        // The message of `e` quotes the content, which may contain a secret.
        failed_ = error(error_category::usage, "har_malformed",
                        "it is not the JSON of a HAR log: byte " + std::to_string(e.byte) +
                            " cannot stand there");
      log_.complete = false;
    }
    if (failed_) return std::unexpected(*failed_);
    return std::move(log_);
  }

 private:
  using parse_event = typename Json::parse_event_t;

  ///   depth 0 { log: 1 { entries: 2 [ 3 {entry}, 3 {entry} ] } }
  bool take(int depth, parse_event event, Json& parsed) {
    if (event == parse_event::key && depth == 2) in_entries_ = parsed == "entries";
    if (event == parse_event::array_start && depth == 2 && in_entries_) is_log_ = true;
    if (event != parse_event::object_end || depth != 3 || !in_entries_) return true;
    if (failed_) return false;
    auto entry = entry_of(parsed);
    if (entry)
      log_.entries.push_back(*std::move(entry));
    else
      failed_ = std::move(entry).error();
    return false;  // its memory is not needed any more
  }

  std::unexpected<error> wrong(const std::string& what) const {
    return fail(error_category::usage, "har_malformed",
                "entry " + std::to_string(log_.entries.size() + 1) + ' ' + what);
  }

  static const Json& member(const Json& of, const char* name) {
    static const Json none;
    const auto found = of.is_object() ? of.find(name) : of.end();
    return of.is_object() && found != of.end() ? *found : none;
  }
  static std::string text(const Json& of, const char* name) {
    const Json& found = member(of, name);
    return found.is_string() ? found.template get<std::string>() : std::string();
  }

  result<har_entry> entry_of(const Json& from) const {
    har_entry e;
    const Json& request = member(from, "request");
    const Json& response = member(from, "response");
    e.request.method = text(request, "method");
    e.request.url = text(request, "url");
    if (e.request.method.empty() || e.request.url.empty())
      return wrong("has no request.method and request.url");
    const Json& status = member(response, "status");
    if (!status.is_number_integer()) return wrong("has no response.status");
    const auto number = status.template get<std::int64_t>();
    if (number < 0 || number > 999) return wrong("has a response.status that is none");
    e.response.status = static_cast<int>(number);
    e.response.reason = text(response, "statusText");
    e.protocol = text(response, "httpVersion");
    e.server_address = text(from, "serverIPAddress");
    e.connection = text(from, "connection");
    e.sent_again = member(from, "_sentAgain") == true;
    e.started = time_of(text(from, "startedDateTime"));
    if (auto read = read_headers(request, e.request.headers); !read) return pass(std::move(read));
    if (auto read = read_headers(response, e.response.headers); !read) return pass(std::move(read));
    if (const Json& post = member(request, "postData"); post.is_object()) {
      auto& content = e.request.content.emplace();
      if (auto read = read_content(post, "_encoding", content); !read) return pass(std::move(read));
      if (const Json& size = member(request, "bodySize"); size.is_number_unsigned())
        content.size = size.template get<std::uint64_t>();
      const Json& params = member(post, "params");
      if (content.bytes.empty() && params.is_array()) {
        query form;
        for (const Json& each : params) form.add(text(each, "name"), text(each, "value"));
        content.bytes = form.text();
      }
    }
    auto& content = e.response.content;
    if (auto read = read_content(member(response, "content"), "encoding", content); !read)
      return pass(std::move(read));
    const Json& failure = member(response, "_error");
    if (e.response.status == 0 || failure.is_string())
      e.response.failure = {text(response, "_errorCategory"), text(response, "_errorReason"),
                            text(response, "_error")};
    return e;
  }

  result<void> read_headers(const Json& of, fields& to) const {
    for (const Json& each : member(of, "headers")) {
      const std::string name = text(each, "name");
      if (name.starts_with(':')) continue;  // pseudo-fields of HTTP/2, which browsers list
      // Browsers join the values of one name with LF.
      std::string value = text(each, "value");
      for (std::string_view rest = value; true;) {
        const auto end = rest.find('\n');
        if (!to.append(name, rest.substr(0, end))) return wrong("has a field that is none");
        if (end == rest.npos) break;
        rest.remove_prefix(end + 1);
      }
    }
    return {};
  }

  result<void> read_content(const Json& from, const char* encoding, har_content& to) const {
    to.media_type = text(from, "mimeType");
    to.bytes = text(from, "text");
    const Json& size = member(from, "size");
    if (size.is_number_integer() && size > 0) to.size = size.template get<std::uint64_t>();
    to.left_out =
        member(from, "_leftOut") == true || (!member(from, "text").is_string() && to.size > 0);
    if (text(from, encoding) == "base64") {
      const auto bytes = from_base64(to.bytes);
      if (!bytes) return wrong("has content that is not Base64");
      to.bytes.assign(bytes->begin(), bytes->end());
    }
    if (to.size < to.bytes.size()) to.size = to.bytes.size();
    return {};
  }

  /// A time as in RFC 3339; the beginning of 1970 if the text is none.
  static std::chrono::system_clock::time_point time_of(std::string_view text) {
    using namespace std::chrono;
    const auto number = [&](std::size_t at, std::size_t digits) {
      int n = 0;
      for (std::size_t i = at; i < at + digits; ++i)
        n = n * 10 + (i < text.size() && text[i] >= '0' && text[i] <= '9' ? text[i] - '0' : 0);
      return n;
    };
    const year_month_day date{year(number(0, 4)), month(static_cast<unsigned>(number(5, 2))),
                              day(static_cast<unsigned>(number(8, 2)))};
    if (text.size() < 19 || !date.ok()) return {};
    system_clock::time_point t =
        sys_days(date) + hours(number(11, 2)) + minutes(number(14, 2)) + seconds(number(17, 2));
    std::size_t at = 19;
    if (at < text.size() && text[at] == '.') {
      std::size_t end = ++at;
      auto unit = nanoseconds(100'000'000);
      for (; end < text.size() && text[end] >= '0' && text[end] <= '9'; ++end, unit /= 10)
        t += duration_cast<system_clock::duration>(unit * (text[end] - '0'));
      at = end;
    }
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) {
      const auto offset = hours(number(at + 1, 2)) + minutes(number(at + 4, 2));
      t += text[at] == '+' ? -offset : offset;
    }
    return t;
  }

  har_log log_;
  std::optional<error> failed_;
  bool in_entries_ = false;
  bool is_log_ = false;
};

}  // namespace detail

/// Reads a HAR 1.2 log of this library, a browser or another program. If the text ends in the
/// middle of an entry, it returns the entries before, and `har_log::complete` is false. Fails with
/// usage "har_malformed"; the message names the byte or the entry.
template <class = void>
result<har_log> parse_har(std::string_view text) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);  // some programs write it
  return detail::har_reader<>().read(text);
}

/// Reads a HAR 1.2 file. Fails as `parse_har` does, and with usage "har_file" if the file cannot be
/// read.
template <class = void>
result<har_log> read_har_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  if (!file.is_open() || file.bad())
    return fail(error_category::usage, "har_file", "the HAR file '" + path + "' cannot be read");
  auto log = parse_har(text);
  if (!log)
    return fail(log.error().category(), log.error().reason(),
                "the HAR file '" + path + "' cannot be used: " + log.error().message());
  return log;
}

}  // namespace cohttps
