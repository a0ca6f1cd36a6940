// Definitions for har_writer.hpp.
#pragma once

#include <cohttps/core/ascii.hpp>
#include <cohttps/core/base64.hpp>
#include <cohttps/http/content/media_type.hpp>
#include <cohttps/http/cookie/set_cookie.hpp>
#include <cohttps/http/har/har_writer.hpp>
#include <cohttps/url/query.hpp>
#include <cohttps/url/utf8.hpp>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>

namespace cohttps {
namespace detail {

/// Writes JSON from left to right. It adds the commas.
template <class = void>
class json_writer {
 public:
  json_writer& begin(char bracket) {
    separate();
    out_ += bracket;
    first_ = true;
    return *this;
  }
  json_writer& end(char bracket) {
    out_ += bracket;
    first_ = false;
    return *this;
  }
  json_writer& key(std::string_view name) {
    separate();
    string(name);
    out_ += ':';
    first_ = true;
    return *this;
  }
  json_writer& text(std::string_view value) {
    separate();
    string(value);
    return *this;
  }
  json_writer& number(std::int64_t value) {
    separate();
    out_ += std::to_string(value);
    return *this;
  }
  json_writer& flag(bool value) {
    separate();
    out_ += value ? "true" : "false";
    return *this;
  }
  /// Milliseconds with three decimals, or -1.
  json_writer& time(std::chrono::nanoseconds t) {
    if (t.count() < 0) return number(-1);
    const auto us = std::chrono::duration_cast<std::chrono::microseconds>(t).count();
    separate();
    out_ += std::to_string(us / 1000);
    if (us % 1000 == 0) return *this;
    const std::string decimals = std::to_string(us % 1000);
    out_.append(".").append(3 - decimals.size(), '0').append(decimals);
    return *this;
  }
  std::string take() { return std::move(out_); }

 private:
  void separate() {
    if (!std::exchange(first_, false)) out_ += ',';
  }
  /// Text that is not UTF-8 is read as ISO-8859-1.
  void string(std::string_view text) {
    constexpr char digits[] = "0123456789abcdef";
    const bool utf8 = is_ascii(text) || decode_utf8(text).has_value();
    out_ += '"';
    for (const char c : text) {
      const auto u = static_cast<unsigned char>(c);
      if (c == '"' || c == '\\')
        (out_ += '\\') += c;
      else if (c == '\n')
        out_ += "\\n";
      else if (u < 0x20 || u == 0x7f)
        ((out_ += "\\u00") += digits[u >> 4]) += digits[u & 15];
      else if (u >= 0x80 && !utf8)
        append_utf8(out_, u);
      else
        out_ += c;
    }
    out_ += '"';
  }

  std::string out_;
  bool first_ = true;
};

/// A time as RFC 3339 writes it, in UTC.
template <class = void>
std::string iso_time(std::chrono::system_clock::time_point t) {
  using namespace std::chrono;
  const auto day = floor<days>(t);
  const year_month_day date(day);
  auto rest = floor<milliseconds>(t - day).count();
  std::string out(24, '0');
  const auto put = [&](std::size_t at, int digits, std::int64_t value) {
    for (; digits > 0; --digits, value /= 10)
      out[at + static_cast<std::size_t>(digits) - 1] = static_cast<char>('0' + value % 10);
  };
  put(0, 4, std::clamp(static_cast<int>(date.year()), 0, 9999));
  put(5, 2, static_cast<unsigned>(date.month()));
  put(8, 2, static_cast<unsigned>(date.day()));
  put(20, 3, rest % 1000);
  put(17, 2, (rest /= 1000) % 60);
  put(14, 2, (rest /= 60) % 60);
  put(11, 2, rest / 60);
  out[4] = out[7] = '-';
  out[10] = 'T';
  out[13] = out[16] = ':';
  out[19] = '.';
  out[23] = 'Z';
  return out;
}

/// True for content that JSON can contain as text and that a person can read there.
template <class = void>
bool is_har_text(std::string_view bytes) {
  return bytes.find('\0') == bytes.npos && (is_ascii(bytes) || decode_utf8(bytes));
}

/// Writes the parts of one entry.
template <class = void>
class har_entry_writer {
 public:
  std::string write(const har_entry& e) {
    const har_timings& t = e.timings;
    har_timings::duration total{0};
    for (const auto each : {t.blocked, t.dns, t.connect, t.send, t.wait, t.receive})
      total += std::max(each, har_timings::duration{0});
    json_.begin('{');
    json_.key("startedDateTime").text(iso_time(e.started));
    json_.key("time").time(total);
    json_.key("request").begin('{');
    request(e);
    json_.end('}').key("response").begin('{');
    response(e);
    json_.end('}').key("cache").begin('{').end('}');
    json_.key("timings").begin('{');
    json_.key("blocked").time(t.blocked);
    json_.key("dns").time(t.dns);
    json_.key("connect").time(t.connect);
    json_.key("ssl").time(t.ssl);
    json_.key("send").time(std::max(t.send, har_timings::duration{0}));
    json_.key("wait").time(std::max(t.wait, har_timings::duration{0}));
    json_.key("receive").time(std::max(t.receive, har_timings::duration{0}));
    json_.end('}');
    if (!e.server_address.empty()) json_.key("serverIPAddress").text(e.server_address);
    if (!e.connection.empty()) json_.key("connection").text(e.connection);
    if (e.sent_again) json_.key("_sentAgain").flag(true);
    return json_.end('}').take();
  }

 private:
  void request(const har_entry& e) {
    const har_request& r = e.request;
    json_.key("method").text(r.method);
    json_.key("url").text(r.url);
    json_.key("httpVersion").text(e.protocol);
    json_.key("cookies").begin('[');
    r.headers.for_each("cookie", [&](std::string_view list) {
      while (!list.empty()) {
        const auto pair = ascii::trim(ascii::take_until(list, ';'));
        const auto equals = std::min(pair.find('='), pair.size());
        json_.begin('{').key("name").text(pair.substr(0, equals));
        json_.key("value").text(pair.substr(std::min(equals + 1, pair.size()))).end('}');
      }
    });
    json_.end(']');
    headers(r.headers);
    const auto query_at = std::min(r.url.find('?'), r.url.size());
    pairs("queryString", std::string_view(r.url).substr(std::min(query_at + 1, r.url.size())));
    json_.key("headersSize").number(-1);
    json_.key("bodySize").number(r.content ? static_cast<std::int64_t>(r.content->size) : 0);
    if (!r.content) return;
    json_.key("postData").begin('{');
    json_.key("mimeType").text(r.content->media_type);
    const auto type = parse_media_type(r.content->media_type);
    if (type && type->is("application", "x-www-form-urlencoded") && !r.content->left_out)
      pairs("params", r.content->bytes);
    else
      bytes(*r.content, "_encoding");
    json_.end('}');
  }

  void response(const har_entry& e) {
    const har_response& r = e.response;
    json_.key("status").number(r.status);
    json_.key("statusText").text(r.reason);
    json_.key("httpVersion").text(e.protocol);
    json_.key("cookies").begin('[');
    r.headers.for_each("set-cookie", [&](std::string_view value) { cookie(value); });
    json_.end(']');
    headers(r.headers);
    json_.key("content").begin('{');
    json_.key("size").number(static_cast<std::int64_t>(r.content.size));
    json_.key("mimeType").text(r.content.media_type);
    bytes(r.content, "encoding");
    json_.end('}');
    json_.key("redirectURL").text(r.headers.find("location").value_or(""));
    json_.key("headersSize").number(-1);
    json_.key("bodySize").number(-1);
    if (r.failure) {
      json_.key("_error").text(r.failure->message);
      json_.key("_errorCategory").text(r.failure->category);
      json_.key("_errorReason").text(r.failure->reason);
    }
  }

  void headers(const fields& all) {
    json_.key("headers").begin('[');
    for (const field f : all) {
      json_.begin('{').key("name").text(f.name);
      json_.key("value").text(f.value).end('}');
    }
    json_.end(']');
  }

  void pairs(std::string_view name, std::string_view text) {
    json_.key(name).begin('[');
    for (const auto& each : query::parse(text)) {
      json_.begin('{').key("name").text(each.name);
      json_.key("value").text(each.value).end('}');
    }
    json_.end(']');
  }

  void cookie(std::string_view value) {
    const auto c = parse_set_cookie(value);
    if (!c) return;
    json_.begin('{').key("name").text(c->name);
    json_.key("value").text(c->value);
    if (!c->path.empty()) json_.key("path").text(c->path);
    if (!c->domain.empty()) json_.key("domain").text(c->domain);
    if (c->expires) json_.key("expires").text(iso_time(*c->expires));
    json_.key("httpOnly").flag(c->http_only);
    json_.key("secure").flag(c->secure);
    json_.end('}');
  }

  void bytes(const har_content& content, std::string_view encoding) {
    const bool as_text = is_har_text(content.bytes);
    if (!content.left_out && !(content.bytes.empty() && content.size == 0))
      json_.key("text").text(as_text ? content.bytes : to_base64(content.bytes));
    if (content.left_out) json_.key("_leftOut").flag(true);
    if (!as_text) json_.key(encoding).text("base64");
    if (!content.comment.empty()) json_.key("comment").text(content.comment);
  }

  json_writer<> json_;
};

}  // namespace detail

COHTTPS_DEF std::string write_har_entry(const har_entry& e) {
  return detail::har_entry_writer<>().write(e);
}

COHTTPS_DEF std::string write_har(const har_log& log) {
  std::string out(detail::har_head);
  for (std::size_t i = 0; i < log.entries.size(); ++i)
    out.append(i > 0 ? ",\n" : "").append(write_har_entry(log.entries[i]));
  return out.append(detail::har_tail);
}

}  // namespace cohttps
