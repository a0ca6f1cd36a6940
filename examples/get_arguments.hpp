// The command line of `get`, in the manner of curl.
#pragma once

#include "get_usage.hpp"
#include "get_write_out.hpp"

#include <cohttps/client/multipart_form.hpp>
#include <cohttps/cohttps.hpp>
#include <cohttps/http/auth/netrc.hpp>
#include <cohttps/http/cookie/cookie_file.hpp>
#include <cohttps/http/cookie/shared_cookie_jar.hpp>
#ifdef COHTTPS_HAS_NGTCP2
#include <cohttps/http3.hpp>
#endif
#include <cohttps/url/percent_encoding.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <span>
#include <sstream>
#include <string>
#include <string_view>
#include <system_error>
#include <tuple>
#include <utility>
#include <vector>

namespace get {

struct usage_error {
  std::string message;
  int code = 2;
};

/// Text that was asked for in place of a request: --help, --version.
struct information {
  std::string text;
};

/// A part of a form, as it was written.
struct form_part {
  std::string name;
  std::string content;
  bool is_file = false;
  std::optional<std::string> filename = {};
  std::string type = {};
};

struct arguments {
  cohttps::method verb;
  bool verb_given = false;
  bool own_tls = false;  ///< options of TLS were given
  bool head = false;
  cohttps::fields headers;
  std::vector<std::string> left_out;  ///< names in lower case of fields that are not to be sent
  std::string data;
  bool has_data = false;
  bool data_in_query = false;
  std::vector<form_part> form;
  std::string upload;
  std::string range;
  std::string continue_at;
  std::optional<std::string> user;
  bool digest = false;
  std::string netrc_file;
  std::vector<std::string> cookies;       ///< written out
  std::vector<std::string> cookie_files;  ///< to read
  std::string cookie_jar;                 ///< to write
  std::shared_ptr<cohttps::shared_cookie_jar> jar;
  std::string cache;   ///< the file of a cache
  std::string har;     ///< the HAR file to write
  std::string replay;  ///< the HAR file that answers
  std::string output;
  std::string url;
  bool show_head = false;
  bool verbose = false;
  bool json = false;
  bool fail = false, fail_with_body = false;
  std::string write_out;  ///< the format of -w
  bool follow = false;
  std::optional<std::size_t> max_redirects;
  std::optional<std::chrono::nanoseconds> max_time;
  std::string proxy, proxy_user, no_proxy;
  bool proxy_env = false;
  bool proxy_digest = false;
  cohttps::credentials credentials;
  cohttps::client_options client;
  cohttps::tls_options tls;
  std::string certificate_file;  ///< the client's
  std::string certificate_type = "PEM";
};

/// A file's text; "-" is standard input.
inline std::string read_file(const std::string& name) {
  std::ifstream file(name == "-" ? "/dev/stdin" : name, std::ios::binary);
  std::ostringstream content;
  if (file && file.peek() != std::ifstream::traits_type::eof()) content << file.rdbuf();
  if (file.bad() || (!file && !file.eof())) throw usage_error{"cannot read " + name, 26};
  return std::move(content).str();
}

/// The parts of "a:b:c".
inline std::vector<std::string> list_of(const std::string& text, char between) {
  std::vector<std::string> parts;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, between);) parts.push_back(part);
  return parts;
}

inline cohttps::tls_identity& identity_of(arguments& a) {
  if (!a.tls.identity) a.tls.identity.emplace();
  a.own_tls = true;
  return *a.tls.identity;
}

/// "FILE:PASSPHRASE", unless there is a file whose name has a colon.
inline void take_certificate(arguments& a, const std::string& v) {
  const auto colon = std::filesystem::exists(v) ? v.npos : v.find(':');
  a.certificate_file = v.substr(0, colon);
  auto& identity = identity_of(a);
  if (colon != v.npos) identity.passphrase = v.substr(colon + 1);
}

/// Reads the client's certificate, once all that is said about it is known. The key of PEM may be
/// in the same file.
inline void settle_identity(arguments& a) {
  if (a.certificate_file.empty()) return;
  auto& identity = *a.tls.identity;
  auto content = read_file(a.certificate_file);
  if (a.certificate_type == "P12") {
    const auto bytes = std::as_bytes(std::span(content));
    identity.pkcs12.assign(bytes.begin(), bytes.end());
    return;
  }
  identity.certificate_pem = std::move(content);
  if (!identity.key_pem.empty()) return;
  const auto& text = identity.certificate_pem;
  for (const auto* begin : {"-----BEGIN PRIVATE KEY-----", "-----BEGIN ENCRYPTED PRIVATE KEY-----"})
    if (const auto at = text.find(begin); at != text.npos) identity.key_pem = text.substr(at);
}

/// Throws what cannot be used.
template <class T>
T usable(cohttps::result<T> got) {
  if (!got) throw usage_error{got.error().message()};
  return *std::move(got);
}

inline std::pair<std::string, std::string> split(const std::string& text, char mark) {
  const auto at = text.find(mark);
  if (at == text.npos) return {text, ""};
  return {text.substr(0, at), text.substr(at + 1)};
}

/// "Name: value"; "Name;" has no value, and "Name:" leaves a field out that would be sent.
inline void take_header(arguments& a, std::string_view line) {
  const bool empty = line.ends_with(';') && line.find(':') == line.npos;
  const auto end = empty ? line.size() - 1 : line.find(':');
  if (end == line.npos) throw usage_error{"-H wants \"Name: value\""};
  const auto name = line.substr(0, end);
  const auto value = cohttps::ascii::trim(line.substr(end + 1));
  if (value.empty() && !empty) {
    a.left_out.push_back(cohttps::ascii::lower(name));
    return;
  }
  if (auto added = a.headers.append(name, value); !added)
    throw usage_error{added.error().message()};
}

inline void add_data(arguments& a, std::string_view data) {
  if (a.has_data) a.data += '&';
  a.data += data;
  a.has_data = true;
}

/// -d: of a file, everything but line ends and zeros.
inline std::string data_of(const std::string& data, bool binary) {
  if (!data.starts_with('@')) return data;
  std::string text = read_file(data.substr(1));
  if (!binary) std::erase_if(text, [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
  return text;
}

/// --data-urlencode: what stands before the first '=', or '@' where there is none, is a name,
/// encoded already.
inline std::string encoded_data_of(const std::string& data) {
  const auto equals = data.find('=');
  const auto mark = equals == data.npos ? data.find('@') : equals;
  const std::string name = mark == data.npos ? "" : data.substr(0, mark);
  std::string value = mark == data.npos ? data : data.substr(mark + 1);
  if (mark != data.npos && data[mark] == '@') value = read_file(value);
  return (name.empty() ? "" : name + '=') +
         cohttps::percent_encode(value, cohttps::percent_encode_set::form);
}

/// The media type of a file by its name, as curl guesses it; empty for the usual.
inline std::string type_of(std::string_view name) {
  constexpr std::pair<std::string_view, const char*> known[] = {
      {".gif", "image/gif"},      {".jpg", "image/jpeg"}, {".jpeg", "image/jpeg"},
      {".png", "image/png"},      {".txt", "text/plain"}, {".svg", "image/svg+xml"},
      {".html", "text/html"},     {".htm", "text/html"},  {".pdf", "application/pdf"},
      {".xml", "application/xml"}};
  const std::string lower = cohttps::ascii::lower(name);
  for (const auto& [suffix, type] : known)
    if (lower.ends_with(suffix)) return type;
  return "";
}

/// A word of -F, without the quotes that let it hold anything.
inline std::string unquoted(const std::string& text) {
  if (text.size() < 2 || !text.starts_with('"') || !text.ends_with('"')) return text;
  std::string out;
  for (std::size_t i = 1; i + 1 < text.size(); ++i) {
    if (text[i] == '\\' && (text[i + 1] == '"' || text[i + 1] == '\\')) ++i;
    out += text[i];
  }
  return out;
}

/// -F: NAME=CONTENT, then ";type=" and ";filename=". A text keeps any other semicolon.
inline form_part form_part_of(const std::string& text) {
  auto [name, rest] = split(text, '=');
  if (text.find('=') == text.npos) throw usage_error{"-F wants NAME=CONTENT"};
  form_part part;
  part.name = name;
  const bool reads = rest.starts_with('@') || rest.starts_with('<');
  part.is_file = rest.starts_with('@');
  if (reads) rest.erase(0, 1);
  while (true) {
    const auto type = rest.rfind(";type="), filename = rest.rfind(";filename=");
    const auto last = std::max(type == rest.npos ? 0 : type, filename == rest.npos ? 0 : filename);
    if (last == 0) break;
    const std::string value = unquoted(split(rest.substr(last), '=').second);
    if (last == type)
      part.type = value;
    else
      part.filename = value;
    rest.erase(last);
  }
  rest = unquoted(rest);
  if (part.is_file && part.type.empty()) part.type = type_of(part.filename.value_or(""));
  if (part.is_file && part.type.empty()) part.type = type_of(rest);
  if (part.is_file && rest == "-") {  // whose size is not known beforehand
    part.is_file = false;
    if (!part.filename) part.filename = rest;
  }
  part.content = reads && !part.is_file ? read_file(rest) : rest;
  return part;
}

inline void take_cookie(arguments& a, const std::string& text) {
  if (text.find('=') != text.npos)
    a.cookies.push_back(text);
  else
    a.cookie_files.push_back(text);
}

inline void take_resolve(arguments& a, std::string_view entry) {
  const auto first = entry.find(':', entry.starts_with('[') ? entry.find(']') : 0);
  const auto second = entry.find(':', first == entry.npos ? first : first + 1);
  if (second == entry.npos)
    throw usage_error{"--resolve wants HOST:PORT:ADDRESS, and IPv6 addresses in brackets"};
  const auto port = cohttps::ascii::parse_decimal(entry.substr(first + 1, second - first - 1));
  if (!port || *port > 65535) throw usage_error{"--resolve: the port is not a number up to 65535"};
  auto address = entry.substr(second + 1);
  if (address.starts_with('[') && address.ends_with(']'))
    address = address.substr(1, address.size() - 2);
  a.client.resolve.push_back({std::string(entry.substr(0, first)),
                              static_cast<std::uint16_t>(*port), std::string(address)});
}

inline std::chrono::nanoseconds duration_of(const std::string& option, const std::string& text) {
  std::size_t end = 0;
  double seconds = -1;
  try {
    seconds = std::stod(text, &end);
  } catch (const std::exception&) {
  }
  if (end != text.size() || !(seconds > 0) || seconds > 1e9)
    throw usage_error{option + " wants a number of seconds above 0"};
  return std::chrono::nanoseconds(static_cast<std::int64_t>(seconds * 1e9));
}

inline std::size_t count_of(const std::string& option, const std::string& text) {
  const auto times = cohttps::ascii::parse_decimal(text);
  if (!times || *times > 1000) throw usage_error{option + " wants a number up to 1000"};
  return static_cast<std::size_t>(*times);
}

inline void take_interface(arguments& a, const std::string& name) {
  if (auto address = cohttps::parse_address(name))
    a.client.socket.local_address = *address;
  else
    a.client.socket.device = name;
}

/// Lets the client use HTTP/3: first, or alone.
inline void bring_http3([[maybe_unused]] arguments& a,
                        [[maybe_unused]] cohttps::http_versions versions) {
#ifdef COHTTPS_HAS_NGTCP2
  a.client.versions = versions;
  a.client.http3 = cohttps::make_http3({.try_first = true});
#else
  throw usage_error{"this get was built without ngtcp2 and nghttp3, so it has no HTTP/3"};
#endif
}

/// An option: its letter or '\0', its name, and what it does. Takes a value when `has_value`.
struct option {
  char letter;
  std::string_view name;
  bool has_value;
  void (*take)(arguments& a, const std::string& value);
};

inline constexpr option options[] = {
    {'X', "--request", true,
     [](arguments& a, const std::string& v) {
       a.verb = usable(cohttps::method::parse(v));
       a.verb_given = true;
     }},
    {'H', "--header", true, [](arguments& a, const std::string& v) { take_header(a, v); }},
    {'A', "--user-agent", true,
     [](arguments& a, const std::string& v) { a.client.user_agent = v; }},
    {'I', "--head", false, [](arguments& a, const std::string&) { a.head = a.show_head = true; }},
    {'r', "--range", true, [](arguments& a, const std::string& v) { a.range = v; }},
    {'C', "--continue-at", true, [](arguments& a, const std::string& v) { a.continue_at = v; }},
    {'\0', "--compressed", false,
     [](arguments& a, const std::string&) { a.client.decode_content = true; }},
    {'d', "--data", true,
     [](arguments& a, const std::string& v) { add_data(a, data_of(v, false)); }},
    {'\0', "--data-raw", true, [](arguments& a, const std::string& v) { add_data(a, v); }},
    {'\0', "--data-binary", true,
     [](arguments& a, const std::string& v) { add_data(a, data_of(v, true)); }},
    {'\0', "--data-urlencode", true,
     [](arguments& a, const std::string& v) { add_data(a, encoded_data_of(v)); }},
    {'G', "--get", false, [](arguments& a, const std::string&) { a.data_in_query = true; }},
    {'F', "--form", true,
     [](arguments& a, const std::string& v) { a.form.push_back(form_part_of(v)); }},
    {'T', "--upload-file", true, [](arguments& a, const std::string& v) { a.upload = v; }},
    {'u', "--user", true, [](arguments& a, const std::string& v) { a.user = v; }},
    {'\0', "--basic", false, [](arguments& a, const std::string&) { a.digest = false; }},
    {'\0', "--digest", false, [](arguments& a, const std::string&) { a.digest = true; }},
    {'n', "--netrc", false,
     [](arguments& a, const std::string&) {
       const char* home = std::getenv("HOME");
       a.netrc_file = std::string(home ? home : ".") + "/.netrc";
     }},
    {'\0', "--netrc-file", true, [](arguments& a, const std::string& v) { a.netrc_file = v; }},
    {'b', "--cookie", true, [](arguments& a, const std::string& v) { take_cookie(a, v); }},
    {'\0', "--cache", true, [](arguments& a, const std::string& v) { a.cache = v; }},
    {'\0', "--har", true, [](arguments& a, const std::string& v) { a.har = v; }},
    {'\0', "--replay", true, [](arguments& a, const std::string& v) { a.replay = v; }},
    {'c', "--cookie-jar", true, [](arguments& a, const std::string& v) { a.cookie_jar = v; }},
    {'L', "--location", false, [](arguments& a, const std::string&) { a.follow = true; }},
    {'\0', "--location-trusted", false,
     [](arguments& a, const std::string&) {
       a.follow = a.client.redirects_keep_credentials = true;
     }},
    {'\0', "--max-redirs", true,
     [](arguments& a, const std::string& v) {
       a.max_redirects = v == "-1" ? SIZE_MAX : count_of("--max-redirs", v);
     }},
    {'\0', "--retry", true,
     [](arguments& a, const std::string& v) {
       a.client.retry = {.attempts = count_of("--retry", v) + 1,
                         .first_delay = std::chrono::seconds(1),
                         .longest_delay = std::chrono::minutes(10),
                         .longest_retry_after = std::chrono::minutes(10),
                         .budget = 1};
     }},
    {'m', "--max-time", true,
     [](arguments& a, const std::string& v) { a.max_time = duration_of("--max-time", v); }},
    {'\0', "--connect-timeout", true,
     [](arguments& a, const std::string& v) {
       a.client.timeouts.connect = a.client.timeouts.tls = duration_of("--connect-timeout", v);
     }},
    {'x', "--proxy", true, [](arguments& a, const std::string& v) { a.proxy = v; }},
    {'\0', "--proxy-env", false, [](arguments& a, const std::string&) { a.proxy_env = true; }},
    {'U', "--proxy-user", true, [](arguments& a, const std::string& v) { a.proxy_user = v; }},
    {'\0', "--proxy-basic", false,
     [](arguments& a, const std::string&) { a.proxy_digest = false; }},
    {'\0', "--proxy-digest", false,
     [](arguments& a, const std::string&) { a.proxy_digest = true; }},
    {'\0', "--noproxy", true, [](arguments& a, const std::string& v) { a.no_proxy = v; }},
    {'\0', "--interface", true, [](arguments& a, const std::string& v) { take_interface(a, v); }},
    {'\0', "--unix-socket", true,
     [](arguments& a, const std::string& v) { a.client.unix_socket = v; }},
    {'\0', "--resolve", true, [](arguments& a, const std::string& v) { take_resolve(a, v); }},
    {'\0', "--cacert", true,
     [](arguments& a, const std::string& v) { a.tls.root_file = v, a.tls.system_roots = false; }},
    {'E', "--cert", true, [](arguments& a, const std::string& v) { take_certificate(a, v); }},
    {'\0', "--cert-type", true,
     [](arguments& a, const std::string& v) {
       if (v != "PEM" && v != "P12") throw usage_error{"--cert-type is PEM or P12"};
       a.certificate_type = v;
     }},
    {'\0', "--pass", true,
     [](arguments& a, const std::string& v) { identity_of(a).passphrase = v; }},
    {'\0', "--key", true,
     [](arguments& a, const std::string& v) { identity_of(a).key_pem = read_file(v); }},
    {'\0', "--crlfile", true,
     [](arguments& a, const std::string& v) {
       a.tls.crl_files.push_back(v);
       a.own_tls = true;
     }},
    {'\0', "--revocation", true,
     [](arguments& a, const std::string& v) {
       if (v != "soft" && v != "hard") throw usage_error{"--revocation is soft or hard"};
       a.tls.revocation =
           v == "soft" ? cohttps::revocation_mode::soft : cohttps::revocation_mode::hard;
       a.own_tls = true;
     }},
    {'\0', "--pinnedpubkey", true,
     [](arguments& a, const std::string& v) {
       a.tls.pins = list_of(v, ';');
       for (auto& pin : a.tls.pins)  // curl writes two slashes
         if (pin.starts_with("sha256//")) pin.erase(7, 1);
       a.own_tls = true;
     }},
    {'\0', "--ciphers", true,
     [](arguments& a, const std::string& v) {
       a.tls.cipher_suites = list_of(v, ':');
       a.own_tls = true;
     }},
    {'\0', "--curves", true,
     [](arguments& a, const std::string& v) {
       a.tls.groups = list_of(v, ':');
       a.own_tls = true;
     }},
    {'k', "--insecure", false,
     [](arguments& a, const std::string&) {
       a.tls.danger.emplace();
       a.own_tls = true;
     }},
    {'\0', "--tlsv1.3", false,
     [](arguments& a, const std::string&) { a.tls.minimum_version = cohttps::tls_version::v1_3; }},
    {'\0', "--http1.1", false,
     [](arguments& a,
        const std::string&) {
       a.client.versions = cohttps::http_versions::http_1_1; }},
    {'\0', "--http2", false,
     [](arguments& a, const std::string&) { a.client.versions = cohttps::http_versions::best; }},
    {'\0', "--http2-prior-knowledge", false,
     [](arguments& a, const std::string&) { a.client.versions = cohttps::http_versions::http_2; }},
    {'\0', "--http3", false,
     [](arguments& a, const std::string&) { bring_http3(a, cohttps::http_versions::best); }},
    {'\0', "--http3-only", false,
     [](arguments& a, const std::string&) { bring_http3(a, cohttps::http_versions::http_3); }},
    {'\0', "--allow-plaintext", false,
     [](arguments& a, const std::string&) { a.client.allow_plaintext = true; }},
    {'o', "--output", true, [](arguments& a, const std::string& v) { a.output = v; }},
    {'i', "--include", false, [](arguments& a, const std::string&) { a.show_head = true; }},
    {'v', "--verbose", false, [](arguments& a, const std::string&) { a.verbose = true; }},
    {'\0', "--json", false, [](arguments& a, const std::string&) { a.json = true; }},
    {'f', "--fail", false, [](arguments& a, const std::string&) { a.fail = true; }},
    {'\0', "--fail-with-body", false,
     [](arguments& a, const std::string&) { a.fail_with_body = true; }},
    {'w', "--write-out", true,
     [](arguments& a, const std::string& v) {
       a.write_out = v.starts_with('@') ? read_file(v.substr(1)) : v;
       if (const auto unknown = write_out(a.write_out, {}).unknown; !unknown.empty())
         throw usage_error{"-w knows no variable " + unknown};
     }},
    {'h', "--help", false, [](arguments&, const std::string&) { throw information{usage}; }},
    {'V', "--version", false,
     [](arguments&, const std::string&) { throw information{version_text()}; }},
};

inline const option& option_of(std::string_view name) {
  for (const option& o : options)
    if (o.name == name) return o;
  throw usage_error{"unknown option " + std::string(name)};
}
inline const option& option_of(char letter) {
  for (const option& o : options)
    if (o.letter == letter) return o;
  throw usage_error{std::string("unknown option -") + letter};
}

// ---- options that change what others mean
// --------------------------------------------------------

/// The options for proxies together, as one of them can change what another means.
inline void settle_proxies(arguments& a) {
  using cohttps::proxy_rules;
  proxy_rules rules;
  if (!a.proxy.empty()) {
    auto through = usable(cohttps::proxy::parse(a.proxy));
    if (!a.proxy_user.empty()) {
      const auto [name, password] = split(a.proxy_user, ':');
      through = usable(through.with_credentials(name, password));
    }
    rules = proxy_rules::all(through);
  } else if (a.proxy_env) {
    rules = usable(proxy_rules::from_environment());
  }
  if (!a.no_proxy.empty()) rules = rules.bypass(a.no_proxy);
  if (a.proxy_digest) rules = rules.with_digest();
  a.client.proxies = std::move(rules);
}

/// A URL without a scheme is one of https. "http:/host" and "http:host" have one to browsers, and
/// are "http://host"; "http:80" is a port of a host.
inline void settle_scheme(arguments& a) {
  const std::string_view given = a.url;
  const auto is_part = [](char c) {
    return cohttps::ascii::is_alnum(c) || c == '+' || c == '-' || c == '.';
  };
  const auto end = std::ranges::find_if_not(given, is_part) - given.begin();
  if (given.substr(static_cast<std::size_t>(end)).starts_with("://")) return;
  for (const std::string_view scheme : {"http:", "https:"}) {
    if (!cohttps::ascii::iequals(given.substr(0, scheme.size()), scheme)) continue;
    const auto rest = given.substr(scheme.size());
    const auto authority = rest.substr(0, rest.find_first_of("/\\?#"));
    if (!authority.empty() && cohttps::ascii::parse_decimal(authority)) continue;
    const auto host = std::min(rest.find_first_not_of("/\\"), rest.size());
    a.url = std::string(scheme) + "//" + std::string(rest.substr(host));
    return;
  }
  a.url = "https://" + a.url;
}

inline bool leaves_out(const arguments& a, std::string_view name) {
  return std::ranges::find(a.left_out, name) != a.left_out.end();
}

/// -H "Name:", of the fields that would be sent otherwise.
inline void settle_left_out(arguments& a) {
  for (const char* needed : {"host", "content-length", "transfer-encoding"})
    if (leaves_out(a, needed))
      throw usage_error{std::string("-H: a request cannot do without ") + needed};
  if (leaves_out(a, "user-agent")) a.client.user_agent.clear();
  if (leaves_out(a, "accept")) a.client.accept.clear();
  if (leaves_out(a, "accept-encoding")) a.client.decode_content = false;
  if (leaves_out(a, "expect")) a.client.expect_continue_over = SIZE_MAX;
}

inline void settle_content(arguments& a) {
  const bool data = a.has_data && !a.data_in_query;
  if (data + !a.form.empty() + !a.upload.empty() + a.head > 1)
    throw usage_error{"only one of -d, -F, -T and -I can say what is sent"};
  if (!a.form.empty() && a.headers.contains("content-type"))
    throw usage_error{"-F writes the Content-Type itself, with the form's boundary"};
  if (a.has_data && a.data_in_query) {
    const auto fragment = std::min(a.url.find('#'), a.url.size());
    const auto query = std::min(a.url.find('?'), fragment);
    const bool ended = query < fragment && (a.url[fragment - 1] == '&' || query + 1 == fragment);
    a.url.insert(fragment, (ended ? "" : query < fragment ? "&" : "?") + a.data);
  }
  if (data && !a.headers.contains("content-type") && !leaves_out(a, "content-type"))
    (void)a.headers.append("content-type", cohttps::query::media_type);
  if (a.upload == ".") a.upload = "-";
  if (!a.upload.empty() && a.upload != "-") {
    auto end = std::min(a.url.find_first_of("?#"), a.url.size());  // of the path
    if (a.url.find('/', a.url.find("://") + 3) >= end) a.url.insert(end++, "/");
    if (a.url[end - 1] == '/')
      a.url.insert(end, cohttps::percent_encode(a.upload.substr(a.upload.rfind('/') + 1),
                                                cohttps::percent_encode_set::component));
  }
  if (a.verb_given) return;
  if (a.head) a.verb = cohttps::method::head;
  if (data || !a.form.empty()) a.verb = cohttps::method::post;
  if (!a.upload.empty()) a.verb = cohttps::method::put;
}

/// The size of a file that is there, for "-C -"; 0 of what is none.
inline std::uintmax_t size_of(const std::string& name) {
  std::error_code none;
  const auto kind = std::filesystem::symlink_status(name, none).type();
  if (kind == std::filesystem::file_type::symlink && !name.starts_with("/dev/"))
    throw usage_error{
        "cannot write to " + name + ": it is a symbolic link, which -C does not follow", 23};
  return kind == std::filesystem::file_type::regular ? std::filesystem::file_size(name, none) : 0;
}

/// -C and -r as the fields that ask for a part.
inline void settle_range(arguments& a) {
  if (a.headers.contains("range") && !(a.range.empty() && a.continue_at.empty()))
    throw usage_error{"-H says the Range already"};
  if (!a.continue_at.empty()) {
    if (!a.range.empty()) throw usage_error{"-C and -r exclude each other"};
    if (!a.upload.empty()) throw usage_error{"-C is for downloads alone"};
    if (a.continue_at == "-") a.continue_at = std::to_string(size_of(a.output));
    if (!cohttps::ascii::parse_decimal(a.continue_at))
      throw usage_error{"-C wants the number of a byte, or \"-\""};
    if (a.continue_at == "0") a.continue_at.clear();
  }
  if (!a.continue_at.empty()) {
    (void)a.headers.append("range", "bytes=" + a.continue_at + "-");
    // A part of coded content cannot be put behind what was decoded, nor the other way round.
    a.client.decode_content = false;
    if (!a.headers.contains("accept-encoding"))
      (void)a.headers.append("accept-encoding", "identity");
  }
  if (!a.range.empty() && a.range.find('-') == a.range.npos) a.range += '-';  // to the end
  if (!a.range.empty())
    if (auto added = a.headers.append("range", "bytes=" + a.range); !added)
      throw usage_error{added.error().message()};
}

inline void settle_credentials(arguments& a) {
  using cohttps::credentials;
  if (leaves_out(a, "authorization")) return;
  std::string name, password;
  const auto where = cohttps::url::parse(a.url);
  const auto of_url = [](const cohttps::url& u) {
    return std::pair(cohttps::percent_decode(u.username()), cohttps::percent_decode(u.password()));
  };
  if (a.user) {
    if (a.user->find(':') == a.user->npos) throw usage_error{"-u wants NAME:PASSWORD"};
    std::tie(name, password) = split(*a.user, ':');
  } else if (!a.netrc_file.empty()) {
    auto file = usable(cohttps::netrc::parse(read_file(a.netrc_file)));
    if (!a.digest) {
      a.client.netrc = std::move(file);
      return;
    }
    if (!where) return;
    std::tie(name, password) = of_url(*where);
    const auto* found = name.empty() ? file.find(where->host_for_connect())
                                     : file.find(where->host_for_connect(), name);
    if (found && password.empty()) name = found->login, password = found->password;
    if (name.empty()) return;
  } else {
    if (!a.digest || !where || !where->has_credentials()) return;
    std::tie(name, password) = of_url(*where);
  }
  a.credentials =
      a.digest ? credentials::digest(name, password) : credentials::basic(name, password);
}

/// The cookies of -b that are written out, one by one.
inline std::vector<std::string> own_cookies(const arguments& a) {
  std::vector<std::string> all;
  for (const std::string_view text : a.cookies)
    for (std::string_view rest = text; !rest.empty();)
      if (const auto one = cohttps::ascii::trim(cohttps::ascii::take_until(rest, ';'));
          !one.empty())
        all.emplace_back(one);
  return all;
}

/// Where there is a jar, those go into it for the URL's host, so that what the server sets replaces
/// them; else into the request.
inline void settle_cookies(arguments& a) {
  const auto now = std::chrono::system_clock::now();
  if (!a.cookie_files.empty() || !a.cookie_jar.empty()) {
    cohttps::cookie_jar jar;
    for (const auto& name : a.cookie_files) {
      std::ifstream file(name, std::ios::binary);  // one that is not there is an empty one
      const std::string text{std::istreambuf_iterator<char>(file), {}};
      usable(cohttps::read_netscape_cookies(jar, text, now));
    }
    const auto where = cohttps::url::parse(a.url);
    for (const auto& text : own_cookies(a))
      if (where)
        (void)jar.store(*where,
                        text + (where->scheme() == "https" ? "; Path=/; Secure" : "; Path=/"), now);
    a.jar = std::make_shared<cohttps::shared_cookie_jar>(std::move(jar));
    a.client.cookies = a.jar;
    return;
  }
  std::string own;
  for (const auto& text : own_cookies(a)) own += (own.empty() ? "" : "; ") + text;
  if (own.empty() || a.headers.contains("cookie")) return;  // there is one such field at most
  if (auto added = a.headers.append("cookie", own); !added)
    throw usage_error{added.error().message()};
}

/// What -b brought is not what -c writes.
inline void forget_own_cookies(const arguments& a, cohttps::cookie_jar& jar) {
  const auto own = own_cookies(a);
  jar.erase_if([&](const cohttps::cookie& c) {
    return std::ranges::find(own, c.name + '=' + c.value) != own.end();
  });
}

/// The words of a command line. Throws `usage_error`, or `information`.
inline arguments parse(const std::vector<std::string>& words) {
  arguments a;
  a.client.decode_content = false;
  const auto value_after = [&](std::size_t& i) -> const std::string& {
    if (i + 1 == words.size()) throw usage_error{words[i] + " wants a value"};
    return words[++i];
  };
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (word.starts_with("--")) {
      const option& o = option_of(word);
      o.take(a, o.has_value ? value_after(i) : "");
    } else if (word.starts_with('-') && word.size() > 1) {
      for (std::size_t j = 1; j < word.size(); ++j) {
        const option& o = option_of(word[j]);
        if (!o.has_value) {
          o.take(a, "");
          continue;
        }
        o.take(a, j + 1 < word.size() ? word.substr(j + 1) : value_after(i));
        break;
      }
    } else if (a.url.empty()) {
      a.url = word;
    } else {
      throw usage_error{"one URL at a time"};
    }
  }
  if (a.url.empty()) throw usage_error{"which URL?"};
  if (a.fail && a.fail_with_body)
    throw usage_error{"-f shows no content, and --fail-with-body does: only one of them"};
  settle_scheme(a);
  a.client.max_redirects = a.follow ? a.max_redirects.value_or(10) : 0;
  settle_left_out(a);
  settle_content(a);
  settle_range(a);
  settle_credentials(a);
  settle_cookies(a);
  settle_proxies(a);
  return a;
}

/// -w: what the command line says of the transfer.
inline void describe(const arguments& a, transfer& t) {
  t.url = a.url;
  if (t.url_effective.empty()) t.url_effective = a.url;
  t.scheme = t.url_effective.substr(0, t.url_effective.find(':'));
  t.method = std::string(a.verb.text());
  t.file = a.output;
}

/// What is sent.
inline cohttps::content content_of(const arguments& a) {
  if (!a.upload.empty()) return cohttps::content::file(a.upload == "-" ? "/dev/stdin" : a.upload);
  if (a.has_data && !a.data_in_query) return cohttps::content(a.data);
  if (a.form.empty()) return {};
  cohttps::multipart_form form;
  for (const form_part& part : a.form) {
    cohttps::multipart_form::part_options how;
    if (part.filename) how.filename = *part.filename;
    how.content_type = part.type;
    if (part.is_file)
      form.add_file(part.name, part.content, how);
    else
      form.add(part.name, part.content, how);
  }
  return form;
}

}  // namespace get
