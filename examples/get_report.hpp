// What `get` tells of a response or an error: lines on stderr, a progress bar, JSON, exit codes.
#pragma once

#include <cohttps/cohttps.hpp>
#include <cohttps/features.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <iomanip>
#include <iostream>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>

namespace get {

using cohttps::error_category;

/// --version: this program and its libraries, then what they bring.
inline std::string version_text() {
  std::string libraries, purposes;
  for (const auto& f : cohttps::features()) {
    ((libraries += ' ') += f.library) += '/' + f.version;
    (purposes += purposes.empty() ? "" : ", ") += f.purpose;
  }
  return "get (cohttps " COHTTPS_VERSION_STRING ")" + libraries + "\nWith: " + purposes + '\n';
}

inline std::string milliseconds(std::chrono::nanoseconds d) {
  std::ostringstream out;
  out << std::fixed << std::setprecision(1) << static_cast<double>(d.count()) / 1e6 << " ms";
  return out.str();
}

inline void describe(const cohttps::connection_info& c, bool reused) {
  std::cerr << "* " << c.protocol << " to " << to_string(c.peer)
            << (c.proxy.empty() ? "" : ", the proxy " + c.proxy) << (reused ? ", reused" : "")
            << '\n';
  if (c.http3 != cohttps::http3_source::none)
    std::cerr << "* HTTP/3 because of " << to_string(c.http3) << '\n';
  if (!c.http3_failure.empty()) std::cerr << "* HTTP/3 did not work: " << c.http3_failure << '\n';
  if (!c.tls) return;
  const cohttps::tls_info& tls = *c.tls;
  std::cerr << "* " << tls.protocol << ", " << tls.cipher_suite
            << (tls.group.empty() ? "" : ", " + tls.group)
            << (tls.verified ? ", verified" : ", NOT VERIFIED") << '\n';
  for (const auto& each : tls.overlooked) std::cerr << "* OVERLOOKED: " << each.what() << '\n';
  for (std::size_t i = 0; i < tls.peer_chain.size(); ++i) {
    const auto& certificate = tls.peer_chain[i];
    std::cerr << "* certificate " << i << ": " << certificate.subject << "\n*   issued by "
              << certificate.issuer << "\n*   valid from " << certificate.not_before << " to "
              << certificate.not_after << '\n';
    if (!certificate.names.empty()) std::cerr << "*   for";
    for (const auto& name : certificate.names) std::cerr << ' ' << name;
    if (!certificate.names.empty()) std::cerr << '\n';
  }
}

inline void describe(const cohttps::timings& t) {
  std::cerr << "* resolve " << milliseconds(t.resolve) << ", connect " << milliseconds(t.connect)
            << ", tls " << milliseconds(t.tls) << ", first byte " << milliseconds(t.first_byte)
            << ", content " << milliseconds(t.content) << ", total " << milliseconds(t.total)
            << '\n';
}

template <class Stream>
std::string status_text(const Stream& response) {
  std::string out = std::to_string(response.status());
  if (!response.reason().empty()) (out += ' ') += response.reason();
  return out;
}

template <class Stream>
std::string head_text(const Stream& response) {
  std::string out = response.connection().protocol + ' ' + status_text(response) + '\n';
  for (const cohttps::field f : response.headers()) {
    out += f.name;
    (out += ": ") += f.value;
    out += '\n';
  }
  return out;
}

/// A line on the terminal that is drawn again, at most ten times a second.
class progress_bar {
 public:
  explicit progress_bar(std::optional<std::uint64_t> total) : total_(total) {}

  void show(std::uint64_t received, bool last) {
    const auto now = std::chrono::steady_clock::now();
    if (!last && now - drawn_ < std::chrono::milliseconds(100)) return;
    drawn_ = now;
    const double seconds = std::chrono::duration<double>(now - started_).count();
    std::ostringstream line;
    line << "\r\033[K";
    if (total_ && *total_ > 0) {
      const auto filled = static_cast<std::size_t>(received * 30 / *total_);
      line << '[' << std::string(filled, '#')
           << std::string(30 - std::min<std::size_t>(filled, 30), ' ') << "] "
           << received * 100 / *total_ << " %  ";
    }
    line << std::fixed << std::setprecision(1) << static_cast<double>(received) / 1e6 << " MB, "
         << (seconds > 0 ? static_cast<double>(received) / 1e6 / seconds : 0) << " MB/s";
    std::cerr << line.str() << (last ? "\n" : "") << std::flush;
  }

 private:
  std::optional<std::uint64_t> total_;
  std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
  std::chrono::steady_clock::time_point drawn_{};
};

// ---- JSON
// ----------------------------------------------------------------------------------------

/// Bytes beyond ASCII are shown as the characters of Latin-1, so that any field value is valid.
inline std::string json_string(std::string_view text) {
  std::ostringstream out;
  out << '"' << std::hex << std::setfill('0');
  for (char c : text) {
    const auto u = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\')
      out << '\\' << c;
    else if (u >= 0x20 && u < 0x7f)
      out << c;
    else
      out << "\\u" << std::setw(4) << static_cast<unsigned>(u);
  }
  out << '"';
  return out.str();
}

inline std::string json_of(const cohttps::timings& t) {
  std::ostringstream out;
  const auto ms = [](std::chrono::nanoseconds d) { return static_cast<double>(d.count()) / 1e6; };
  out << R"({"resolve_ms":)" << ms(t.resolve) << R"(,"connect_ms":)" << ms(t.connect)
      << R"(,"tls_ms":)" << ms(t.tls) << R"(,"first_byte_ms":)" << ms(t.first_byte)
      << R"(,"content_ms":)" << ms(t.content) << R"(,"total_ms":)" << ms(t.total) << '}';
  return out.str();
}

inline std::string json_of(const cohttps::error& e) {
  return R"({"category":)" + json_string(to_string(e.category())) + R"(,"phase":)" +
         json_string(to_string(e.phase())) + R"(,"reason":)" + json_string(e.reason()) +
         R"(,"message":)" + json_string(e.what()) + "}";
}

inline std::string json_of(const cohttps::connection_info& c, bool reused) {
  std::string out = R"({"protocol":)" + json_string(c.protocol) + R"(,"peer":)" +
                    json_string(to_string(c.peer)) + R"(,"reused":)" + (reused ? "true" : "false") +
                    R"(,"tls":)";
  if (c.http3 != cohttps::http3_source::none)
    out.insert(out.rfind(",\"tls\""), R"(,"http3_source":)" + json_string(to_string(c.http3)));
  if (!c.http3_failure.empty())
    out.insert(out.rfind(",\"tls\""), R"(,"http3_failure":)" + json_string(c.http3_failure));
  if (!c.tls) return out + "null}";
  out += R"({"protocol":)" + json_string(c.tls->protocol) + R"(,"cipher_suite":)" +
         json_string(c.tls->cipher_suite) + R"(,"group":)" + json_string(c.tls->group) +
         R"(,"alpn":)" + json_string(c.tls->alpn) + R"(,"resumed":)" +
         (c.tls->resumed ? "true" : "false") + R"(,"verified":)" +
         (c.tls->verified ? "true" : "false") + R"(,"overlooked":[)";
  for (std::size_t i = 0; i < c.tls->overlooked.size(); ++i)
    out += (i ? "," : "") + json_of(c.tls->overlooked[i]);
  out += R"(],"chain":[)";
  for (std::size_t i = 0; i < c.tls->peer_chain.size(); ++i) {
    const auto& certificate = c.tls->peer_chain[i];
    out += (i ? "," : "") + (R"({"subject":)" + json_string(certificate.subject)) +
           R"(,"issuer":)" + json_string(certificate.issuer) + R"(,"not_before":)" +
           json_string(certificate.not_before) + R"(,"not_after":)" +
           json_string(certificate.not_after) + R"(,"sha256":)" + json_string(certificate.sha256) +
           "}";
  }
  return out + "]}}";
}

template <class Stream>
inline std::string json_head(const Stream& response) {
  std::string out = R"("status":)" + std::to_string(response.status()) + R"(,"headers":[)";
  bool first = true;
  for (const cohttps::field f : response.headers()) {
    out += (first ? "[" : ",[") + json_string(f.name) + "," + json_string(f.value) + "]";
    first = false;
  }
  return out + "]";
}

inline int exit_code(const cohttps::error& e) {
  if (e.reason() == "too_many_redirects") return 47;
  if (e.reason() == "truncated_body" || e.reason() == "truncated") return 18;
  if (e.reason() == "closed_before_response") return 52;
  if (e.reason() == "content_file") return 26;
  switch (e.category()) {
    case error_category::usage:
      return e.reason().starts_with("url") ? 3 : 2;
    case error_category::resolve:
      return 6;
    case error_category::connect:
      return 7;
    case error_category::tls:
      return 35;
    case error_category::certificate:
      return 60;
    case error_category::protocol:
      return 8;
    case error_category::peer_closed:
      return 56;
    case error_category::timeout:
      return 28;
    case error_category::canceled:
      return 130;
    case error_category::limit:
      return 63;
    case error_category::policy:
      return 67;
  }
  return 1;
}

}  // namespace get
