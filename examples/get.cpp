// A small command in the manner of curl. `get --help` lists its options and exit codes.
#include "get_arguments.hpp"
#include "get_output.hpp"
#include "get_report.hpp"
#include "get_write_out.hpp"

#include <cohttps/cache.hpp>
#include <cohttps/cohttps.hpp>
#include <cohttps/core/base64.hpp>
#include <cohttps/har.hpp>
#ifdef GET_HAS_SQLITE
#include <cohttps/stores/sqlite_cache.hpp>
#endif
#ifdef GET_HAS_JSON
#include <cohttps/adapters/har_reader.hpp>
#include <cohttps/har_replay.hpp>
#endif

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>
#include <unistd.h>
#include <utility>

namespace {

using cohttps::task;
using get::arguments;

/// Where content goes: standard output or a file.
class sink {
 public:
  sink(const std::string& name, bool continued) {
    using kind = get::output_file::kind;
    if (!name.empty() && name != "-") file_.emplace(name, continued ? kind::rest : kind::content);
  }

  bool write(std::string_view bytes) {
    if (file_) return file_->write(bytes);
    return std::fwrite(bytes.data(), 1, bytes.size(), stdout) == bytes.size();
  }
  bool finish() { return file_ ? file_->finish() : std::fflush(stdout) == 0; }

  bool to_file() const { return file_.has_value(); }

  /// The exit code of what cannot be written, once it is said.
  int fail(const arguments& a) const {
    const std::string why = file_ ? file_->why() : std::strerror(errno);
    std::cerr << "get: cannot write to " << (file_ ? a.output : "standard output") << ": " << why
              << '\n';
    return 23;
  }

 private:
  std::optional<get::output_file> file_;
};

struct outcome {
  int code = 0;
  std::string json_head = R"("status":null,"headers":[])";
  std::string content;
  std::string connection = "null";
  std::string timings = "null";
  get::transfer transfer;  ///< for -w
};

/// -C: 0 when what came goes on where it was asked to; -1 when there is nothing more to come.
template <class Stream>
int check_continuation(const arguments& a, const Stream& response) {
  const std::string_view range = response.header("content-range").value_or("");
  const std::string_view coding = response.header("content-encoding").value_or("identity");
  const auto part = get::content_range::parse(range);
  const bool goes_on = response.status() == 206 && part &&
                       part->first == cohttps::ascii::parse_decimal(a.continue_at);
  if (goes_on && cohttps::ascii::iequals(coding, "identity")) return 0;
  if (response.status() == 416 && cohttps::ascii::iequals(range, "bytes */" + a.continue_at))
    return -1;
  std::cerr << "get: the server does not go on at byte " << a.continue_at
            << (goes_on ? ": what it sent is coded, and what is there is not" : "") << '\n';
  return 33;
}

/// -C: whether all that was missing came. A server may send less of it than was asked for.
template <class Stream>
bool is_whole(const Stream& response, std::uint64_t received) {
  const auto part = get::content_range::parse(response.header("content-range").value_or(""));
  if (!part || !part->size || part->first + received == *part->size) return true;
  std::cerr << "get: the server sent " << received << " bytes from byte " << part->first
            << " on, of " << *part->size << " in all; -C - asks for the rest\n";
  return false;
}

/// -C: whether the content is as long as what is there. Some servers do not say it with their 416.
task<bool> is_complete(const arguments& a, cohttps::client& client) {
  cohttps::fields headers = a.headers;
  headers.erase("range");
  auto whole = co_await client.stream(
      cohttps::method::head, a.url, {},
      {.headers = headers, .timeout = a.max_time, .credentials = &a.credentials});
  co_return whole.status() == 200 && whole.header("content-length").value_or("") == a.continue_at;
}

task<int> receive(const arguments& a, cohttps::client& client, cohttps::response_stream& response,
                  outcome& out) {
  if (!a.continue_at.empty() && response.status() == 416 && !response.header("content-range") &&
      a.verb == cohttps::method::get) {
    const bool complete = co_await is_complete(a, client);
    if (complete) co_return 0;
  }
  const bool failed = (a.fail || a.fail_with_body) && response.status() >= 400 &&
                      (a.continue_at.empty() || response.status() != 416);
  if (failed) std::cerr << "get: the server answered " << get::status_text(response) << '\n';
  if (failed && a.fail) co_return 22;
  const int continued = a.continue_at.empty() || failed ? 0 : check_continuation(a, response);
  if (continued != 0) co_return std::max(continued, 0);
  if (a.follow && a.client.max_redirects == 0 && response.status() / 100 == 3 &&
      response.header("location")) {
    std::cerr << "get: the server redirected, and no redirection is to be followed\n";
    co_return 47;
  }
  sink to(a.json ? "" : a.output, !a.continue_at.empty());
  if (a.show_head && !a.json && !to.write(get::head_text(response) + "\n")) co_return to.fail(a);

  if (a.head)
    co_return to.finish() ? failed ? 22 : 0 : to.fail(a);  // whatever -X has made the server send
  std::optional<get::progress_bar> bar;
  if (to.to_file() && ::isatty(STDERR_FILENO)) bar.emplace(response.content_length());
  std::uint64_t received = 0;
  while (true) {
    const auto part = co_await response.read();
    if (part.empty()) break;
    received += part.size();
    out.transfer.received = received;
    const std::string_view text(reinterpret_cast<const char*>(part.data()), part.size());
    if (a.json)
      out.content += text;
    else if (!to.write(text))
      co_return to.fail(a);
    if (bar) bar->show(received, false);
  }
  if (bar) bar->show(received, true);
  if (!to.finish()) co_return to.fail(a);
  if (failed) co_return 22;
  co_return a.continue_at.empty() || is_whole(response, received) ? 0 : 18;
}

/// --cache
cohttps::http_cache open_cache(const std::string& path) {
#ifdef GET_HAS_SQLITE
  auto store = cohttps::sqlite_cache::open(path);
  if (!store) throw std::move(store).error();
  return cohttps::http_cache(*std::move(store));
#else
  (void)path;
  throw cohttps::error(cohttps::error_category::usage, "not_built_in",
                       "this get was built without SQLite, so it has no --cache");
#endif
}

/// --replay
cohttps::middleware open_replay(const std::string& path) {
#ifdef GET_HAS_JSON
  auto log = cohttps::read_har_file(path);
  if (!log) throw std::move(log).error();
  if (!log->complete)
    std::cerr << "get: " << path << " ends in the middle of an entry; those before it are used\n";
  return cohttps::har_replayer(*std::move(log)).layer();
#else
  (void)path;
  throw cohttps::error(cohttps::error_category::usage, "not_built_in",
                       "this get was built without nlohmann-json, so it has no --replay");
#endif
}

task<void> fetch(const arguments& a, outcome& out) {
  cohttps::client client(a.client);
  std::optional<cohttps::har_recorder> recorder;
  if (!a.har.empty()) client.use(recorder.emplace(a.har).layer());
  if (!a.replay.empty()) client.use(open_replay(a.replay));
  if (!a.cache.empty()) client.use(open_cache(a.cache).layer());
  auto response = co_await client.stream(
      a.verb, a.url, get::content_of(a),
      {.headers = a.headers, .timeout = a.max_time, .credentials = &a.credentials});
  get::describe(response, out.transfer);
  out.json_head = get::json_head(response);
  out.connection = get::json_of(response.connection(), response.on_reused_connection());
  if (a.verbose) {
    for (const auto& hop : response.history())
      std::cerr << "* " << hop.status << " at " << hop.from.without_credentials().href() << '\n';
    get::describe(response.connection(), response.on_reused_connection());
    std::cerr << get::head_text(response) << '\n';
  }
  out.code = co_await receive(a, client, response, out);
  out.timings = get::json_of(response.timings());
  out.transfer.times = response.timings();
  if (recorder && recorder->failure()) throw *recorder->failure();
  if (a.verbose) get::describe(response.timings());
}

/// -c: a file that only its owner can read. Gives why it cannot be written, or nothing.
std::string write_cookies(const arguments& a) {
  const std::string text = a.jar->with([&](cohttps::cookie_jar& jar) {
    get::forget_own_cookies(a, jar);
    return cohttps::write_netscape_cookies(jar, std::chrono::system_clock::now());
  });
  if (a.cookie_jar == "-")
    return std::fwrite(text.data(), 1, text.size(), stdout) == text.size() ? ""
                                                                           : std::strerror(errno);
  get::output_file file(a.cookie_jar, get::output_file::kind::secret);
  return file.write(text) && file.finish() ? "" : file.why();
}

// When a program is loaded Botan locks half a megabyte for keys, page by page, which takes longer
// than a request does. An eighth of it has room for those of a few connections. (Before Botan's own
// constructor, which has this priority too; a shared library's has run by then, and that is all.)
[[gnu::constructor(101)]] void lock_less_memory() {
  ::setenv("BOTAN_MLOCK_POOL_SIZE", "64", 0);  // KiB; who has set it knows better
}

}  // namespace

int main(int argc, char** argv) {
  arguments a;
  outcome out;
  std::string failed = "null";
  try {
    a = get::parse({argv + 1, argv + argc});
    if (a.tls.danger)
      std::cerr << "get: warning: -k takes any certificate: whoever is on the way can read and "
                   "change everything\n";
    if (!a.tls.root_file.empty() || a.tls.minimum_version != cohttps::tls_version::v1_2 ||
        a.own_tls) {
      get::settle_identity(a);
      a.client.tls = cohttps::tls_context(a.tls);
    }
    cohttps::run(fetch(a, out));
  } catch (const get::information& i) {
    return std::cout << i.text << std::flush ? 0 : 23;
  } catch (const get::usage_error& e) {
    std::cerr << "get: " << e.message << "; get --help lists the options\n";
    return e.code;
  } catch (const cohttps::error& e) {
    out.code = get::exit_code(e);
    out.transfer.error = e.what();
    failed = get::json_of(e);
    if (!a.json) {
      std::cerr << "get: " << e.what() << '\n';
      if (a.verbose)
        for (const auto& attempt : e.attempts())
          std::cerr << "*   " << attempt.endpoint << ": " << attempt.message << '\n';
    }
  }
  if (!a.cookie_jar.empty() && a.jar)
    if (const std::string why = write_cookies(a); !why.empty()) {
      std::cerr << "get: cannot write the cookies to " << a.cookie_jar << ": " << why << '\n';
      if (out.code == 0) out.code = 23;
    }
  if (a.json)
    std::cout << '{' << out.json_head << R"(,"body_b64":)"
              << get::json_string(cohttps::to_base64(out.content)) << R"(,"error":)" << failed
              << R"(,"connection":)" << out.connection << R"(,"timings":)" << out.timings << "}\n";
  if (!a.write_out.empty()) {
    out.transfer.exit_code = out.code;
    get::describe(a, out.transfer);
    const auto text = get::write_out(a.write_out, out.transfer);
    if (!(std::cout << text.out << std::flush) && out.code == 0) out.code = 23;
    std::cerr << text.err;
  }
  return out.code;
}
