// A small command in the manner of curl. `get --help` lists its options and exit codes.
#include <cohttps/cohttps.hpp>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iomanip>
#include <iostream>
#include <optional>
#include <sstream>
#include <string>
#include <unistd.h>
#include <vector>

namespace {

using cohttps::error_category;
using cohttps::task;

constexpr const char* usage = R"(usage: get [options] URL

  -X, --request METHOD      the request's method
  -H, --header "NAME: VAL"  adds a field; "NAME:" leaves a default one out
  -d, --data DATA           sends DATA by POST, as a form; @FILE reads it from a file
  -I, --head                asks for the head alone, and shows it
  -i, --include             shows the response's head before the content
  -L, --location            follows redirections (up to 10)
  -o, --output FILE         writes the content to FILE
  -A, --user-agent NAME     the User-Agent field
  -v, --verbose             tells what happens, on stderr
  -m, --max-time SECONDS    the time for all of it
      --connect-timeout SECONDS  the time for connecting, and for TLS
      --retry TIMES         sends again what can be, after a second, two, four ...
  -x, --proxy URL           goes through an HTTP, HTTPS or SOCKS proxy
      --proxy-env           goes through what http_proxy, https_proxy and all_proxy name
  -U, --proxy-user NAME:PASSWORD  for the proxy
      --noproxy HOSTS       reaches these directly; "*" is all
      --interface NAME      connects from this interface or address
      --unix-socket PATH    connects to this socket, whatever the host
      --cacert FILE         trusts the PEM certificates in FILE, and no others
      --resolve HOST:PORT:ADDR  connects to ADDR for HOST and PORT
      --tlsv1.3             refuses TLS 1.2
      --http1.1             speaks HTTP/1.1 alone
      --http2               HTTP/2 where the server agrees on it, which is the default
      --http2-prior-knowledge  HTTP/2 alone; also without TLS, for http:// URLs
      --allow-plaintext     lets http:// URLs pass, which are not encrypted
      --json                prints one JSON object instead of the content
  -h, --help

Exit code 0: the response came from a verified server and is complete, whatever its status.
2 wrong usage  3 malformed URL   6 name not found  7 no connection     8 broken HTTP
18 cut short   23 cannot write   28 out of time    35 TLS failed       47 too many redirections
52 no answer   56 connection lost  60 certificate refused  63 too large  67 forbidden by policy
)";

struct arguments {
  cohttps::method verb;
  bool verb_given = false;
  cohttps::fields headers;
  std::string content;
  bool has_content = false;
  std::string output;
  std::string url;
  bool show_head = false;
  bool verbose = false;
  bool json = false;
  bool follow = false;
  std::optional<std::chrono::nanoseconds> max_time;
  std::string proxy, proxy_user, no_proxy;
  bool proxy_env = false;
  cohttps::client_options client;
  cohttps::tls_options tls;
};

struct usage_error {
  std::string message;
};

// ---- the command line
// ----------------------------------------------------------------------------

std::string read_file(const std::string& name) {
  std::ifstream file(name, std::ios::binary);
  std::ostringstream content;
  content << file.rdbuf();
  if (!file) throw usage_error{"cannot read " + name};
  return std::move(content).str();
}

void take_header(arguments& a, std::string_view line) {
  const auto colon = line.find(':');
  if (colon == line.npos) throw usage_error{"-H wants \"Name: value\""};
  const auto name = line.substr(0, colon);
  const auto value = cohttps::ascii::trim(line.substr(colon + 1));
  if (value.empty()) {
    if (cohttps::ascii::iequals(name, "user-agent")) a.client.user_agent.clear();
    return;
  }
  if (auto added = a.headers.append(name, value); !added)
    throw usage_error{added.error().message()};
}

void take_data(arguments& a, const std::string& data) {
  if (a.has_content) a.content += '&';
  a.content += data.starts_with('@') ? read_file(data.substr(1)) : data;
  a.has_content = true;
}

void take_resolve(arguments& a, std::string_view entry) {
  const auto first = entry.find(':');
  const auto second = entry.find(':', first == entry.npos ? first : first + 1);
  if (second == entry.npos) throw usage_error{"--resolve wants HOST:PORT:ADDRESS"};
  const auto port = cohttps::ascii::parse_decimal(entry.substr(first + 1, second - first - 1));
  if (!port || *port > 65535) throw usage_error{"--resolve: the port is not a number up to 65535"};
  auto address = entry.substr(second + 1);
  if (address.starts_with('[') && address.ends_with(']'))
    address = address.substr(1, address.size() - 2);
  a.client.resolve.push_back({std::string(entry.substr(0, first)),
                              static_cast<std::uint16_t>(*port), std::string(address)});
}

std::chrono::nanoseconds duration_of(const std::string& option, const std::string& text) {
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

void take_retry(arguments& a, const std::string& text) {
  const auto times = cohttps::ascii::parse_decimal(text);
  if (!times || *times > 1000) throw usage_error{"--retry wants a number up to 1000"};
  a.client.retry = {.attempts = static_cast<std::size_t>(*times) + 1,
                    .first_delay = std::chrono::seconds(1),
                    .longest_delay = std::chrono::minutes(10),
                    .longest_retry_after = std::chrono::minutes(10),
                    .budget = 1};
}

void take_interface(arguments& a, const std::string& name) {
  if (auto address = cohttps::parse_address(name))
    a.client.socket.local_address = *address;
  else
    a.client.socket.device = name;
}

/// The options for proxies together, as one of them can change what another means.
void settle_proxies(arguments& a) {
  using cohttps::proxy_rules;
  const auto usable = [](auto result) {
    if (!result) throw usage_error{result.error().message()};
    return *std::move(result);
  };
  proxy_rules rules;
  if (!a.proxy.empty()) {
    auto through = usable(cohttps::proxy::parse(a.proxy));
    if (!a.proxy_user.empty()) {
      const auto colon = a.proxy_user.find(':');
      const bool has_password = colon != std::string::npos;
      through = usable(through.with_credentials(
          a.proxy_user.substr(0, colon), has_password ? a.proxy_user.substr(colon + 1) : ""));
    }
    rules = proxy_rules::all(through);
  } else if (a.proxy_env) {
    rules = usable(proxy_rules::from_environment());
  }
  if (!a.no_proxy.empty()) rules = usable(rules.bypass(a.no_proxy));
  a.client.proxies = std::move(rules);
}

std::string long_name(char letter) {
  switch (letter) {
    case 'X':
      return "--request";
    case 'H':
      return "--header";
    case 'd':
      return "--data";
    case 'I':
      return "--head";
    case 'i':
      return "--include";
    case 'L':
      return "--location";
    case 'o':
      return "--output";
    case 'A':
      return "--user-agent";
    case 'v':
      return "--verbose";
    case 'm':
      return "--max-time";
    case 'x':
      return "--proxy";
    case 'U':
      return "--proxy-user";
    case 'h':
      return "--help";
    default:
      throw usage_error{std::string("unknown option -") + letter};
  }
}

bool wants_value(const std::string& option) {
  for (const char* name : {"--request", "--header", "--data", "--output", "--user-agent",
                           "--max-time", "--cacert", "--resolve", "--connect-timeout", "--retry",
                           "--proxy", "--proxy-user", "--noproxy", "--interface", "--unix-socket"})
    if (option == name) return true;
  return false;
}

void take_option(arguments& a, const std::string& option, const std::string& value) {
  if (option == "--request") {
    auto verb = cohttps::method::parse(value);
    if (!verb) throw usage_error{verb.error().message()};
    a.verb = *verb;
    a.verb_given = true;
  } else if (option == "--header")
    take_header(a, value);
  else if (option == "--data")
    take_data(a, value);
  else if (option == "--head")
    a.verb = cohttps::method::head, a.verb_given = a.show_head = true;
  else if (option == "--include")
    a.show_head = true;
  else if (option == "--location")
    a.follow = true;
  else if (option == "--output")
    a.output = value;
  else if (option == "--user-agent")
    a.client.user_agent = value;
  else if (option == "--verbose")
    a.verbose = true;
  else if (option == "--max-time")
    a.max_time = duration_of(option, value);
  else if (option == "--connect-timeout")
    a.client.timeouts.connect = a.client.timeouts.tls = duration_of(option, value);
  else if (option == "--retry")
    take_retry(a, value);
  else if (option == "--proxy")
    a.proxy = value;
  else if (option == "--proxy-user")
    a.proxy_user = value;
  else if (option == "--proxy-env")
    a.proxy_env = true;
  else if (option == "--noproxy")
    a.no_proxy = value;
  else if (option == "--interface")
    take_interface(a, value);
  else if (option == "--unix-socket")
    a.client.unix_socket = value;
  else if (option == "--cacert")
    a.tls.root_file = value, a.tls.system_roots = false;
  else if (option == "--resolve")
    take_resolve(a, value);
  else if (option == "--tlsv1.3")
    a.tls.minimum_version = cohttps::tls_version::v1_3;
  else if (option == "--http1.1")
    a.client.versions = cohttps::http_versions::http_1_1;
  else if (option == "--http2")
    a.client.versions = cohttps::http_versions::best;
  else if (option == "--http2-prior-knowledge")
    a.client.versions = cohttps::http_versions::http_2;
  else if (option == "--allow-plaintext")
    a.client.allow_plaintext = true;
  else if (option == "--json")
    a.json = true;
  else
    throw usage_error{"unknown option " + option};
}

arguments parse(const std::vector<std::string>& words) {
  arguments a;
  const auto value_after = [&](std::size_t& i) -> const std::string& {
    if (i + 1 == words.size()) throw usage_error{words[i] + " wants a value"};
    return words[++i];
  };
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (word == "--help") {
      throw usage_error{""};
    } else if (word.starts_with("--")) {
      take_option(a, word, wants_value(word) ? value_after(i) : "");
    } else if (word.starts_with('-') && word.size() > 1) {
      for (std::size_t j = 1; j < word.size(); ++j) {
        const std::string option = long_name(word[j]);
        if (option == "--help") throw usage_error{""};
        if (!wants_value(option)) {
          take_option(a, option, "");
          continue;
        }
        take_option(a, option, j + 1 < word.size() ? word.substr(j + 1) : value_after(i));
        break;
      }
    } else if (a.url.empty()) {
      a.url = word;
    } else {
      throw usage_error{"one URL at a time"};
    }
  }
  if (a.url.empty()) throw usage_error{"which URL?"};
  if (a.url.find("://") == a.url.npos) a.url = "https://" + a.url;
  if (a.has_content) {
    if (!a.verb_given) a.verb = cohttps::method::post;
    if (!a.headers.contains("content-type"))
      (void)a.headers.append("content-type", "application/x-www-form-urlencoded");
  }
  a.client.max_redirects = a.follow ? 10 : 0;
  settle_proxies(a);
  return a;
}

// ---- what people see
// -----------------------------------------------------------------------------

std::string milliseconds(std::chrono::nanoseconds d) {
  std::ostringstream out;
  out << std::fixed << std::setprecision(1) << static_cast<double>(d.count()) / 1e6 << " ms";
  return out.str();
}

void describe(const cohttps::connection_info& c, bool reused) {
  std::cerr << "* " << c.protocol << " to " << to_string(c.peer)
            << (c.proxy.empty() ? "" : ", the proxy " + c.proxy) << (reused ? ", reused" : "")
            << '\n';
  if (!c.tls) return;
  const cohttps::tls_info& tls = *c.tls;
  std::cerr << "* " << tls.protocol << ", " << tls.cipher_suite
            << (tls.group.empty() ? "" : ", " + tls.group)
            << (tls.verified ? ", verified" : ", NOT VERIFIED") << '\n';
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

void describe(const cohttps::timings& t) {
  std::cerr << "* resolve " << milliseconds(t.resolve) << ", connect " << milliseconds(t.connect)
            << ", tls " << milliseconds(t.tls) << ", first byte " << milliseconds(t.first_byte)
            << ", content " << milliseconds(t.content) << ", total " << milliseconds(t.total)
            << '\n';
}

template <class Stream>
std::string head_text(const Stream& response) {
  std::string out = response.connection().protocol + " " + std::to_string(response.status());
  if (!response.reason().empty()) (out += ' ') += response.reason();
  out += '\n';
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
std::string json_string(std::string_view text) {
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

std::string json_of(const cohttps::timings& t) {
  std::ostringstream out;
  const auto ms = [](std::chrono::nanoseconds d) { return static_cast<double>(d.count()) / 1e6; };
  out << R"({"resolve_ms":)" << ms(t.resolve) << R"(,"connect_ms":)" << ms(t.connect)
      << R"(,"tls_ms":)" << ms(t.tls) << R"(,"first_byte_ms":)" << ms(t.first_byte)
      << R"(,"content_ms":)" << ms(t.content) << R"(,"total_ms":)" << ms(t.total) << '}';
  return out.str();
}

std::string json_of(const cohttps::connection_info& c, bool reused) {
  std::string out = R"({"protocol":)" + json_string(c.protocol) + R"(,"peer":)" +
                    json_string(to_string(c.peer)) + R"(,"reused":)" + (reused ? "true" : "false") +
                    R"(,"tls":)";
  if (!c.tls) return out + "null}";
  out += R"({"protocol":)" + json_string(c.tls->protocol) + R"(,"cipher_suite":)" +
         json_string(c.tls->cipher_suite) + R"(,"group":)" + json_string(c.tls->group) +
         R"(,"alpn":)" + json_string(c.tls->alpn) + R"(,"resumed":)" +
         (c.tls->resumed ? "true" : "false") + R"(,"verified":)" +
         (c.tls->verified ? "true" : "false") + R"(,"chain":[)";
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
std::string json_head(const Stream& response) {
  std::string out = R"("status":)" + std::to_string(response.status()) + R"(,"headers":[)";
  bool first = true;
  for (const cohttps::field f : response.headers()) {
    out += (first ? "[" : ",[") + json_string(f.name) + "," + json_string(f.value) + "]";
    first = false;
  }
  return out + "]";
}

std::string json_of(const cohttps::error& e) {
  return R"({"category":)" + json_string(to_string(e.category())) + R"(,"phase":)" +
         json_string(to_string(e.phase())) + R"(,"reason":)" + json_string(e.reason()) +
         R"(,"message":)" + json_string(e.what()) + "}";
}

// ---- the work
// ------------------------------------------------------------------------------------

int exit_code(const cohttps::error& e) {
  if (e.reason() == "too_many_redirects") return 47;
  if (e.reason() == "truncated_body" || e.reason() == "truncated") return 18;
  if (e.reason() == "closed_before_response") return 52;
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

/// Where content goes: standard output, or a file that appears under its name once it is whole.
class sink {
 public:
  explicit sink(std::string name) : name_(std::move(name)) {
    if (to_file()) open();
  }
  ~sink() {
    std::error_code ignored;
    if (to_file() && !finished_) std::filesystem::remove(part_name(), ignored);
  }

  bool write(std::string_view bytes) {
    if (to_file())
      return static_cast<bool>(
          file_.write(bytes.data(), static_cast<std::streamsize>(bytes.size())));
    return std::fwrite(bytes.data(), 1, bytes.size(), stdout) == bytes.size();
  }
  bool finish() {
    if (!to_file()) return std::fflush(stdout) == 0;
    file_.close();
    std::error_code failed;
    if (file_) std::filesystem::rename(part_name(), name_, failed);
    return finished_ = file_ && !failed;
  }

  bool to_file() const { return !name_.empty() && name_ != "-"; }

 private:
  std::string part_name() const { return name_ + ".part"; }
  void open() { file_.open(part_name(), std::ios::binary | std::ios::trunc); }

  std::string name_;
  std::ofstream file_;
  bool finished_ = false;
};

struct outcome {
  int code = 0;
  std::string json_head = R"("status":null,"headers":[])";
  std::string content;
  std::string connection = "null";
  std::string timings = "null";
};

task<void> fetch(const arguments& a, outcome& out) {
  cohttps::client client(a.client);
  auto response = co_await client.stream(
      a.verb, a.url, {.headers = a.headers, .content = a.content, .timeout = a.max_time});
  out.json_head = json_head(response);
  out.connection = json_of(response.connection(), response.on_reused_connection());
  if (a.verbose) {
    for (const auto& hop : response.history())
      std::cerr << "* " << hop.status << " at " << hop.from.without_credentials().href() << '\n';
    describe(response.connection(), response.on_reused_connection());
    std::cerr << head_text(response) << '\n';
  }
  sink to(a.json ? "" : a.output);
  if (a.show_head && !a.json && !to.write(head_text(response) + "\n")) out.code = 23;

  std::optional<progress_bar> bar;
  if (to.to_file() && ::isatty(STDERR_FILENO)) bar.emplace(response.content_length());
  std::uint64_t received = 0;
  while (out.code == 0) {
    const auto part = co_await response.read();
    if (part.empty()) break;
    received += part.size();
    const std::string_view text(reinterpret_cast<const char*>(part.data()), part.size());
    if (a.json)
      out.content += text;
    else if (!to.write(text))
      out.code = 23;
    if (bar) bar->show(received, false);
  }
  if (bar) bar->show(received, true);
  if (out.code == 0 && !to.finish()) out.code = 23;
  if (out.code == 23)
    std::cerr << "get: cannot write to " << (a.output.empty() ? "standard output" : a.output)
              << '\n';
  out.timings = json_of(response.timings());
  if (a.verbose) describe(response.timings());
}

}  // namespace

int main(int argc, char** argv) {
  arguments a;
  outcome out;
  std::string failed = "null";
  try {
    a = parse({argv + 1, argv + argc});
    if (!a.tls.root_file.empty() || a.tls.minimum_version != cohttps::tls_version::v1_2)
      a.client.tls = cohttps::tls_context(a.tls);
    cohttps::run(fetch(a, out));
  } catch (const usage_error& e) {
    if (e.message.empty()) return std::cout << usage, 0;
    std::cerr << "get: " << e.message << "; get --help lists the options\n";
    return 2;
  } catch (const cohttps::error& e) {
    out.code = exit_code(e);
    failed = json_of(e);
    if (!a.json) {
      std::cerr << "get: " << e.what() << '\n';
      if (a.verbose)
        for (const auto& attempt : e.attempts())
          std::cerr << "*   " << attempt.endpoint << ": " << attempt.message << '\n';
    }
  }
  if (a.json)
    std::cout << '{' << out.json_head << R"(,"body_b64":)"
              << json_string(cohttps::to_base64(out.content)) << R"(,"error":)" << failed
              << R"(,"connection":)" << out.connection << R"(,"timings":)" << out.timings << "}\n";
  return out.code;
}
