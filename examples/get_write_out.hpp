// `get -w`: text about the transfer, with curl's variables.
#pragma once

#include "get_report.hpp"

#include <cohttps/core/ascii.hpp>
#include <cohttps/http/fields.hpp>

#include <chrono>
#include <cstdint>
#include <iomanip>
#include <sstream>
#include <string>
#include <string_view>

namespace get {

/// The facts about a transfer. A failed one has those that were known when it failed.
struct transfer {
  std::string url;            ///< as it was given
  std::string url_effective;  ///< after redirections
  std::string scheme;
  std::string method;
  int status = 0;
  std::string protocol;  ///< "HTTP/1.1"
  cohttps::fields headers = {};
  std::string redirect_url;  ///< where the server redirects to, if that was not followed
  std::size_t redirections = 0;
  std::string remote_address;
  unsigned remote_port = 0;
  bool verified = false;
  std::uint64_t received = 0;  ///< bytes of content
  cohttps::timings times = {};
  std::string file;  ///< of -o
  int exit_code = 0;
  std::string error;
};

inline std::string seconds(std::chrono::nanoseconds d) {
  std::ostringstream out;
  out << std::fixed << std::setprecision(6) << std::chrono::duration<double>(d).count();
  return out.str();
}

struct variable {
  std::string_view name;
  std::string (*value)(const transfer& t);
  bool is_number = false;
};

// curl's times are all from the start of the request.
inline std::chrono::nanoseconds resolved(const transfer& t) {
  return t.times.queue + t.times.resolve;
}
inline std::chrono::nanoseconds connected(const transfer& t) {
  return resolved(t) + t.times.connect;
}
inline std::chrono::nanoseconds secured(const transfer& t) {
  return connected(t) + t.times.tunnel + t.times.tls;
}

inline std::string three_digits(int status) {
  std::ostringstream out;
  out << std::setfill('0') << std::setw(3) << status;
  return out.str();
}

inline constexpr variable variables[] = {
    {"content_type",
     [](const transfer& t) { return std::string(t.headers.find("content-type").value_or("")); }},
    {"errormsg", [](const transfer& t) { return t.error; }},
    {"exitcode", [](const transfer& t) { return std::to_string(t.exit_code); }, true},
    {"filename_effective", [](const transfer& t) { return t.file; }},
    {"http_code", [](const transfer& t) { return three_digits(t.status); }},
    {"http_version",
     [](const transfer& t) {
       return t.protocol.empty() ? "0" : t.protocol.substr(t.protocol.find('/') + 1);
     }},
    {"method", [](const transfer& t) { return t.method; }},
    {"num_headers", [](const transfer& t) { return std::to_string(t.headers.size()); }, true},
    {"num_redirects", [](const transfer& t) { return std::to_string(t.redirections); }, true},
    {"redirect_url", [](const transfer& t) { return t.redirect_url; }},
    {"remote_ip", [](const transfer& t) { return t.remote_address; }},
    {"remote_port", [](const transfer& t) { return std::to_string(t.remote_port); }, true},
    {"response_code", [](const transfer& t) { return three_digits(t.status); }},
    {"scheme", [](const transfer& t) { return t.scheme; }},
    {"size_download", [](const transfer& t) { return std::to_string(t.received); }, true},
    {"speed_download",
     [](const transfer& t) {
       const double total = std::chrono::duration<double>(t.times.total).count();
       return std::to_string(
           total > 0 ? static_cast<std::uint64_t>(static_cast<double>(t.received) / total) : 0);
     },
     true},
    {"ssl_verify_result", [](const transfer& t) { return std::string(t.verified ? "0" : "1"); },
     true},
    {"time_appconnect",
     [](const transfer& t) { return seconds(t.times.tls.count() ? secured(t) : t.times.tls); },
     true},
    {"time_connect", [](const transfer& t) { return seconds(connected(t)); }, true},
    {"time_namelookup", [](const transfer& t) { return seconds(resolved(t)); }, true},
    {"time_pretransfer", [](const transfer& t) { return seconds(secured(t)); }, true},
    {"time_starttransfer",
     [](const transfer& t) { return seconds(secured(t) + t.times.first_byte); }, true},
    {"time_total", [](const transfer& t) { return seconds(t.times.total); }, true},
    {"url", [](const transfer& t) { return t.url; }},
    {"url_effective", [](const transfer& t) { return t.url_effective; }},
};

inline const variable* variable_of(std::string_view name) {
  for (const variable& v : variables)
    if (v.name == name) return &v;
  return nullptr;
}

inline std::string json_of(const transfer& t) {
  std::string out;
  for (const variable& v : variables)
    out += (out.empty() ? "{" : ",") + json_string(v.name) + ':' +
           (v.is_number ? v.value(t) : json_string(v.value(t)));
  return out + '}';
}

/// What -w shows, for stdout and for stderr.
struct written {
  std::string out;
  std::string err;
  std::string unknown = {};  ///< the first variable that there is none of
};

/// Replaces %{VARIABLE}, %header{NAME}, %% and \n, \r, \t. After %{stderr} the text goes there, and
/// after %{onerror} it is shown of failed transfers alone.
inline written write_out(std::string_view format, const transfer& t) {
  written result;
  std::string* to = &result.out;
  std::string hidden;
  const auto take = [&](std::string_view opening) -> std::string_view {  // up to the brace
    if (!format.starts_with(opening)) return {};
    const auto end = format.find('}');
    if (end == format.npos) return {};
    const auto name = format.substr(opening.size(), end - opening.size());
    format.remove_prefix(end + 1);
    return name;
  };
  while (!format.empty()) {
    if (const auto name = take("%header{"); !name.empty()) {
      *to += t.headers.find(name).value_or("");
    } else if (const auto of = take("%{"); !of.empty()) {
      if (of == "stderr" || of == "stdout") {
        if (to != &hidden) to = of == "stderr" ? &result.err : &result.out;
      } else if (of == "onerror") {
        if (t.exit_code == 0) to = &hidden;
      } else if (of == "json") {
        *to += json_of(t);
      } else if (const variable* v = variable_of(of)) {
        *to += v->value(t);
      } else if (result.unknown.empty()) {
        result.unknown = of;
      }
    } else {
      const auto pair = format.substr(0, 2);
      const char single = pair == "%%"    ? '%'
                          : pair == "\\n" ? '\n'
                          : pair == "\\r" ? '\r'
                          : pair == "\\t" ? '\t'
                                          : '\0';
      *to += single ? single : format.front();
      format.remove_prefix(single ? 2 : 1);
    }
  }
  return result;
}

template <class Stream>
void describe(const Stream& response, transfer& t) {
  t.status = response.status();
  t.headers = response.headers();
  t.url_effective = response.url().without_credentials().href();
  t.protocol = response.connection().protocol;
  t.redirections = response.history().size();
  const std::string peer = to_string(response.connection().peer);
  t.remote_port = response.connection().peer.port;
  t.remote_address = t.remote_port ? peer.substr(0, peer.rfind(':')) : peer;
  if (t.remote_address.starts_with('['))
    t.remote_address = t.remote_address.substr(1, t.remote_address.size() - 2);
  t.verified = response.connection().tls && response.connection().tls->verified;
  if (const auto location = response.header("location"); location && t.status / 100 == 3)
    if (const auto to = cohttps::url::parse(*location, response.url())) t.redirect_url = to->href();
}

}  // namespace get
