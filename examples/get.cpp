// A small command in the manner of curl. `get --help` lists its options and exit codes.
#include "get_arguments.hpp"
#include "get_output.hpp"
#include "get_report.hpp"
#include "get_usage.hpp"

#include <cohttps/cohttps.hpp>
#include <cohttps/core/base64.hpp>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>
#include <unistd.h>
#include <utility>

namespace {

using cohttps::task;
using get::arguments;

/// Where content goes: standard output, or a file that appears under its name once it is whole. A
/// continued download is written in place.
class sink {
 public:
  sink(std::string name, bool continued) : to_file_(!name.empty() && name != "-") {
    if (to_file_ && continued)
      in_place_.emplace(name, std::ios::binary | std::ios::app);
    else if (to_file_)
      file_.emplace(std::move(name), 0666, false);
  }

  bool write(std::string_view bytes) {
    if (file_) return file_->write(bytes);
    if (in_place_)
      return static_cast<bool>(
          in_place_->write(bytes.data(), static_cast<std::streamsize>(bytes.size())));
    return std::fwrite(bytes.data(), 1, bytes.size(), stdout) == bytes.size();
  }
  bool finish() {
    if (file_) return file_->finish();
    if (!in_place_) return std::fflush(stdout) == 0;
    in_place_->close();
    return static_cast<bool>(*in_place_);
  }

  bool to_file() const { return to_file_; }

 private:
  bool to_file_;
  std::optional<std::ofstream> in_place_;
  std::optional<get::replacement_file> file_;
};

struct outcome {
  int code = 0;
  std::string json_head = R"("status":null,"headers":[])";
  std::string content;
  std::string connection = "null";
  std::string timings = "null";
};

/// -C: 0 when what came goes on where it was asked to; -1 when there is nothing more to come.
template <class Stream>
int check_continuation(const arguments& a, const Stream& response) {
  const std::string_view range = response.header("content-range").value_or("");
  if (response.status() == 206 && range.starts_with("bytes " + a.continue_at + "-")) return 0;
  if (response.status() == 416 && (range.empty() || range == "bytes */" + a.continue_at)) return -1;
  std::cerr << "get: the server does not go on at byte " << a.continue_at << '\n';
  return 33;
}

task<int> receive(const arguments& a, cohttps::response_stream& response, outcome& out) {
  const int continued = a.continue_at.empty() ? 0 : check_continuation(a, response);
  if (continued != 0) co_return std::max(continued, 0);
  if (a.follow && a.client.max_redirects == 0 && response.status() / 100 == 3 &&
      response.header("location")) {
    std::cerr << "get: the server redirected, and no redirection is to be followed\n";
    co_return 47;
  }
  sink to(a.json ? "" : a.output, !a.continue_at.empty());
  if (a.show_head && !a.json && !to.write(get::head_text(response) + "\n")) co_return 23;

  if (a.head) co_return to.finish() ? 0 : 23;  // whatever -X has made the server send
  std::optional<get::progress_bar> bar;
  if (to.to_file() && ::isatty(STDERR_FILENO)) bar.emplace(response.content_length());
  std::uint64_t received = 0;
  while (true) {
    const auto part = co_await response.read();
    if (part.empty()) break;
    received += part.size();
    const std::string_view text(reinterpret_cast<const char*>(part.data()), part.size());
    if (a.json)
      out.content += text;
    else if (!to.write(text))
      co_return 23;
    if (bar) bar->show(received, false);
  }
  if (bar) bar->show(received, true);
  co_return to.finish() ? 0 : 23;
}

task<void> fetch(const arguments& a, outcome& out) {
  cohttps::client client(a.client);
  auto response = co_await client.stream(
      a.verb, a.url, get::content_of(a),
      {.headers = a.headers, .timeout = a.max_time, .credentials = &a.credentials});
  out.json_head = get::json_head(response);
  out.connection = get::json_of(response.connection(), response.on_reused_connection());
  if (a.verbose) {
    for (const auto& hop : response.history())
      std::cerr << "* " << hop.status << " at " << hop.from.without_credentials().href() << '\n';
    get::describe(response.connection(), response.on_reused_connection());
    std::cerr << get::head_text(response) << '\n';
  }
  out.code = co_await receive(a, response, out);
  if (out.code == 23)
    std::cerr << "get: cannot write to " << (a.output.empty() ? "standard output" : a.output)
              << '\n';
  out.timings = get::json_of(response.timings());
  if (a.verbose) get::describe(response.timings());
}

/// -c: a file that only its owner can read.
bool write_cookies(const arguments& a) {
  const std::string text = a.client.cookies->with([&](cohttps::cookie_jar& jar) {
    get::forget_own_cookies(a, jar);
    return cohttps::write_netscape_cookies(jar, std::chrono::system_clock::now());
  });
  if (a.cookie_jar == "-") return std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
  get::replacement_file file(a.cookie_jar, 0600, true);
  return file.write(text) && file.finish();
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
    if (!a.tls.root_file.empty() || a.tls.minimum_version != cohttps::tls_version::v1_2 ||
        a.own_tls) {
      get::settle_identity(a);
      a.client.tls = cohttps::tls_context(a.tls);
    }
    cohttps::run(fetch(a, out));
  } catch (const get::usage_error& e) {
    if (e.message.empty()) return std::cout << get::usage, 0;
    std::cerr << "get: " << e.message << "; get --help lists the options\n";
    return e.code;
  } catch (const cohttps::error& e) {
    out.code = get::exit_code(e);
    failed = get::json_of(e);
    if (!a.json) {
      std::cerr << "get: " << e.what() << '\n';
      if (a.verbose)
        for (const auto& attempt : e.attempts())
          std::cerr << "*   " << attempt.endpoint << ": " << attempt.message << '\n';
    }
  }
  if (!a.cookie_jar.empty() && a.client.cookies && !write_cookies(a)) {
    std::cerr << "get: cannot write the cookies to " << a.cookie_jar << '\n';
    if (out.code == 0) out.code = 23;
  }
  if (a.json)
    std::cout << '{' << out.json_head << R"(,"body_b64":)"
              << get::json_string(cohttps::to_base64(out.content)) << R"(,"error":)" << failed
              << R"(,"connection":)" << out.connection << R"(,"timings":)" << out.timings << "}\n";
  return out.code;
}
