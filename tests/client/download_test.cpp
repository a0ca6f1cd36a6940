// Downloads into files: whole, in two parts, and what can go wrong.
#include "client/support.hpp"

#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace cohttps;
using namespace cohttps::testing;
namespace fs = std::filesystem;

namespace {

struct folder {
  fs::path path = fs::temp_directory_path() / ("cohttps-download-" + std::to_string(::getpid()));
  folder() {
    fs::remove_all(path);
    fs::create_directory(path);
  }
  folder(const folder&) = delete;
  folder& operator=(const folder&) = delete;
  ~folder() { fs::remove_all(path); }
  std::string file() const { return path / "file"; }
  /// Names of all there is.
  std::string names() const {
    std::vector<std::string> all;
    for (const auto& e : fs::directory_iterator(path)) all.push_back(e.path().filename());
    std::ranges::sort(all);
    std::string out;
    for (const auto& n : all) out += n + ' ';
    return out;
  }
};

std::string read(const fs::path& name) {
  std::ifstream in(name, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}
void write(const fs::path& name, std::string_view text) {
  std::ofstream(name, std::ios::binary) << text;
}

result<download_result> download(memory_network& network, const std::string& to,
                                 download_options how = {}, request_options options = {},
                                 std::string url = "http://host/f") {
  auto work = [&]() -> task<result<download_result>> {
    client c(network.transport(), plain());
    try {
      co_return co_await c.download(url, to, how, options);
    } catch (const error& e) {
      co_return std::unexpected(e);
    }
  };
  return network.run(work());
}

/// The first `size` bytes of `content`, and the end of the connection.
std::string cut(std::string_view content, std::size_t size, std::string fields) {
  return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(content.size()) + "\r\n" + fields +
         "\r\n" + std::string(content.substr(0, size));
}
std::string range(std::string_view part, std::string where) {
  return plain_response(part, "206 Partial Content", "Content-Range: bytes " + where + "\r\n");
}

const std::string tag = "ETag: \"v1\"\r\n";

}  // namespace

TEST_CASE("a file appears when it is complete") {
  folder in;
  plain_host at;
  at.host.then(plain_response("content"));
  write(in.file(), "older");
  auto d = download(at.network, in.file());
  if (!d) FAIL(d.error().what());
  CHECK(d->size() == 7);
  CHECK(d->resumed_at() == 0);
  CHECK(d->status() == 200);
  CHECK(read(in.file()) == "content");
  CHECK(in.names() == "file ");
}

TEST_CASE("what fails leaves the older file as it was") {
  struct {
    std::string answer;
    after then;
    std::string reason;
  } cases[] = {
      {plain_response("gone", "404 Not Found"), after::keep, "unsuccessful_status"},
      {cut("content", 3, ""), after::close, "truncated_body"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", after::close, ""},
      {range("tent", "3-6/7"), after::keep, "range_mismatch"},
  };
  for (auto& c : cases) {
    CAPTURE(c.answer);
    folder in;
    write(in.file(), "older");
    plain_host at;
    at.host.then(c.answer, c.then);
    auto d = download(at.network, in.file());
    REQUIRE_FALSE(d);
    if (!c.reason.empty()) CHECK(d.error().reason() == c.reason);
    CHECK(read(in.file()) == "older");
    CHECK(in.names() == "file ");
  }
  // Nor does a download that could go on leave a part without a byte.
  folder in;
  plain_host at;
  at.host.then(plain_response("gone", "404 Not Found"));
  auto d = download(at.network, in.file(), {.resume = true});
  REQUIRE_FALSE(d);
  CHECK(in.names().empty());
}

TEST_CASE("a download goes on where an earlier one ended, if the content is still the same") {
  struct {
    std::string validator, asks, answer, content;
    std::size_t resumed;
  } cases[] = {
      {tag, "\"v1\"", range("tent", "3-6/7"), "content", 3},
      {"Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\nDate: Sun, 06 Nov 1994 08:50:37 GMT\r\n",
       "Sun, 06 Nov 1994 08:49:37 GMT", range("tent", "3-6/7"), "content", 3},
      {tag, "\"v1\"", plain_response("another", "200 OK", "ETag: \"v2\"\r\n"), "another", 0},
  };
  for (auto& c : cases) {
    CAPTURE(c.validator, c.answer);
    folder in;
    plain_host at;
    at.host.then(cut("content", 3, c.validator), after::close);
    auto d = download(at.network, in.file(), {.resume = true});
    REQUIRE_FALSE(d);
    CHECK(in.names() == "file.part file.part.from ");
    CHECK(read(in.file() + ".part") == "con");
    CHECK(read(in.file() + ".part.from").find("host") == std::string::npos);
    at.host.then(c.answer);
    d = download(at.network, in.file(), {.resume = true});
    if (!d) FAIL(d.error().what());
    CHECK(at.host.requests.at(1).find("\r\nRange: bytes=3-\r\n") != std::string::npos);
    CHECK(at.host.requests.at(1).find("\r\nIf-Range: " + c.asks + "\r\n") != std::string::npos);
    CHECK(at.host.requests.at(1).find("\r\nAccept-Encoding: identity\r\n") != std::string::npos);
    CHECK(read(in.file()) == c.content);
    CHECK(d->resumed_at() == c.resumed);
    CHECK(d->size() == c.content.size());
    CHECK(in.names() == "file ");
  }
}

TEST_CASE("what cannot be gone on with begins again") {
  const std::string weak[] = {
      "", "ETag: W/\"v1\"\r\n", "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n",
      "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"};
  for (auto& validator : weak) {
    CAPTURE(validator);
    folder in;
    plain_host at;
    at.host.then(cut("content", 3, validator), after::close).then(plain_response("content"));
    auto d = download(at.network, in.file(), {.resume = true});
    d = download(at.network, in.file(), {.resume = true});
    if (!d) FAIL(d.error().what());
    CHECK(at.host.requests.at(1).find("range") == std::string::npos);
    CHECK(read(in.file()) == "content");
  }
  // Another URL is other content.
  folder in;
  plain_host at;
  at.host.then(cut("content", 3, tag), after::close).then(plain_response("other"));
  auto d = download(at.network, in.file(), {.resume = true});
  d = download(at.network, in.file(), {.resume = true}, {}, "http://host/g");
  if (!d) FAIL(d.error().what());
  CHECK(at.host.requests.at(1).find("range") == std::string::npos);
  CHECK(read(in.file()) == "other");
}

TEST_CASE("a part that was complete but for its name") {
  folder in;
  plain_host at;
  at.host.then(cut("content", 3, tag), after::close);
  auto d = download(at.network, in.file(), {.resume = true});
  write(in.file() + ".part", "content");
  at.host.then(
      plain_response("", "416 Range Not Satisfiable", "Content-Range: bytes */7\r\n" + tag));
  d = download(at.network, in.file(), {.resume = true});
  if (!d) FAIL(d.error().what());
  CHECK(at.host.requests.size() == 2);
  CHECK(d->resumed_at() == 7);
  CHECK(read(in.file()) == "content");
  CHECK(in.names() == "file ");
}

TEST_CASE("a part that the server cannot complete is dropped, and all of it is asked for, once") {
  const std::string dated =
      "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\nDate: Sun, 06 Nov 1994 08:50:37 GMT\r\n";
  const std::string unsatisfiable = "416 Range Not Satisfiable";
  struct {
    std::string validator, answer;
  } cases[] = {
      {tag, range("ontent", "1-6/7")},
      {tag, range("tent", "nonsense")},
      {tag, plain_response("tent", "206 Partial")},
      {tag,
       plain_response("tent", "206 Partial", "Content-Range: bytes 3-6/7\r\nETag: \"v2\"\r\n")},
      {tag,
       plain_response("tent", "206 Partial", "Content-Range: bytes 3-6/7\r\nETag: W/\"v1\"\r\n")},
      {dated, plain_response("tent", "206 Partial",
                             "Content-Range: bytes 3-6/7\r\n"
                             "Last-Modified: Sun, 06 Nov 1994 08:49:38 GMT\r\n")},
      {tag, plain_response("", unsatisfiable)},
      {tag, plain_response("", unsatisfiable, "Content-Range: bytes */2\r\n")},
      // It says that all is there already, but not of what.
      {tag, plain_response("", unsatisfiable, "Content-Range: bytes */3\r\n")},
      {tag, plain_response("", unsatisfiable, "Content-Range: bytes */3\r\nETag: \"v2\"\r\n")},
  };
  for (auto& c : cases) {
    CAPTURE(c.answer);
    for (const bool helps : {true, false}) {
      CAPTURE(helps);
      folder in;
      plain_host at;
      at.host.then(cut("content", 3, c.validator), after::close).then(c.answer);
      at.host.then(helps ? plain_response("new content") : c.answer);
      auto d = download(at.network, in.file(), {.resume = true});
      CHECK(in.names() == "file.part file.part.from ");
      d = download(at.network, in.file(), {.resume = true});
      REQUIRE(at.host.requests.size() == 3);
      CHECK(at.host.requests[1].find("Range: bytes=3-") != std::string::npos);
      CHECK(at.host.requests[2].find("Range: ") == std::string::npos);
      if (helps) {
        if (!d) FAIL(d.error().what());
        CHECK(d->resumed_at() == 0);
        CHECK(read(in.file()) == "new content");
        CHECK(in.names() == "file ");
        continue;
      }
      REQUIRE_FALSE(d);
      CHECK(
          d.error().reason() ==
          (c.answer.find(" 206 ") != std::string::npos ? "range_mismatch" : "unsuccessful_status"));
      CHECK(in.names().empty());
    }
  }
}

TEST_CASE("both requests of a download that begins again share one time limit") {
  folder in;
  memory_network network;
  scripted_host host;
  network.listen("host", 80, host.plain());
  host.then(cut("content", 3, tag), after::close);
  auto d = download(network, in.file(), {.resume = true});
  host.then(plain_response("", "416 Range Not Satisfiable")).then("", after::hang);
  const auto begun = network.loop().now();
  d = download(network, in.file(), {.resume = true}, {.timeout = std::chrono::seconds(5)});
  REQUIRE_FALSE(d);
  CHECK(d.error().category() == error_category::timeout);
  CHECK(network.loop().now() - begun == std::chrono::seconds(5));
}

TEST_CASE("a file is stored as it was sent, with its coding") {
  for (const bool resumes : {false, true}) {
    for (const std::string coding : {"gzip", "x-gzip", "br", "nonsense"}) {
      CAPTURE(resumes, coding);
      folder in;
      plain_host at;
      at.host.then(plain_response("not decoded", "200 OK", "Content-Encoding: " + coding + "\r\n"));
      auto d = download(at.network, in.file(), {.resume = resumes});
      if (!d) FAIL(d.error().what());
      CHECK(at.host.requests[0].find("\r\nAccept-Encoding: identity\r\n") != std::string::npos);
      CHECK(d->headers().find("content-encoding") == coding);
      CHECK(read(in.file()) == "not decoded");
    }
  }
}

TEST_CASE("files that cannot be written") {
  folder in;
  plain_host at;
  auto d = download(at.network, in.path / "none" / "file");
  REQUIRE_FALSE(d);
  CHECK(d.error().reason() == "download_file");
  CHECK(d.error().message().find("No such file") != std::string::npos);

  for (const std::string& no_file : {std::string("/dev/null"), in.path.string()}) {
    d = download(at.network, no_file);
    REQUIRE_FALSE(d);
    CHECK(d.error().reason() == "download_file");
    CHECK_FALSE(fs::is_regular_file(no_file));
  }

  d = download(at.network, in.file(), {.resume = true}, {.headers = {{"range", "bytes=0-1"}}});
  REQUIRE_FALSE(d);
  CHECK(d.error().reason() == "download_range");
  CHECK(at.host.requests.empty());

  at.host.then(plain_response("ab", "206 Partial Content", "Content-Range: bytes 0-1/9\r\n"));
  d = download(at.network, in.file(), {}, {.headers = {{"range", "bytes=0-1"}}});
  if (!d) FAIL(d.error().what());
  CHECK(read(in.file()) == "ab");

  // A file system that takes no more.
  rlimit before = {};
  REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
  const rlimit little{1000, before.rlim_max};
  const auto ignored = std::signal(SIGXFSZ, SIG_IGN);
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &little) == 0);
  at.host.then(plain_response(std::string(5000, 'x')));
  d = download(at.network, in.file());
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, ignored);
  REQUIRE_FALSE(d);
  CHECK(d.error().reason() == "download_file");
  CHECK(d.error().message().find("too large") != std::string::npos);
  CHECK(at.network.open_streams == 0);
  CHECK(read(in.file()) == "ab");
}

TEST_CASE("a part that somebody else has laid out is not written to") {
  folder in;
  plain_host at;
  write(in.path / "precious", "precious");
  fs::create_symlink(in.path / "precious", in.file() + ".part");
  auto d = download(at.network, in.file());
  REQUIRE_FALSE(d);
  CHECK(d.error().reason() == "download_file");
  CHECK(read(in.path / "precious") == "precious");

  fs::remove(in.file() + ".part");
  fs::create_hard_link(in.path / "precious", in.file() + ".part");
  d = download(at.network, in.file());
  REQUIRE_FALSE(d);
  CHECK(d.error().reason() == "download_file");
  CHECK(d.error().message().find("hard link") != std::string::npos);
  CHECK(read(in.path / "precious") == "precious");

  fs::remove(in.file() + ".part");
  if (::geteuid() == 0) {  // nobody else can give a file away
    write(in.file() + ".part", "");
    REQUIRE(::chown((in.file() + ".part").c_str(), 65534, 65534) == 0);
    d = download(at.network, in.file());
    REQUIRE_FALSE(d);
    CHECK(d.error().reason() == "download_file");
    CHECK(d.error().message().find("another user") != std::string::npos);
    fs::remove(in.file() + ".part");
  }
  REQUIRE(::mkfifo((in.file() + ".part").c_str(), 0600) == 0);
  const int reader = ::open((in.file() + ".part").c_str(), O_RDONLY | O_NONBLOCK);
  d = download(at.network, in.file());
  ::close(reader);
  REQUIRE_FALSE(d);
  CHECK(d.error().reason() == "download_file");
  CHECK(at.host.requests.empty());
}

TEST_CASE("where a part came from is not read from what somebody else has laid out") {
  folder in;
  plain_host at;
  at.host.then(cut("content", 3, tag), after::close);
  auto d = download(at.network, in.file(), {.resume = true});
  const std::string from = in.file() + ".part.from";
  const std::string kept = read(from);
  fs::remove(from);
  write(in.path / "elsewhere", kept);
  fs::create_symlink(in.path / "elsewhere", from);
  at.host.then(plain_response("content"));
  d = download(at.network, in.file(), {.resume = true});
  if (!d) FAIL(d.error().what());
  CHECK(at.host.requests[1].find("Range: ") == std::string::npos);
  CHECK(d->resumed_at() == 0);
  CHECK(read(in.path / "elsewhere") == kept);
}

TEST_CASE("a server that sends less than the rest is asked again") {
  folder in;
  plain_host at;
  at.host.then(cut("content", 3, tag), after::close).then(range("te", "3-4/7"));
  at.host.then(range("nt", "5-6/7"));
  auto d = download(at.network, in.file(), {.resume = true});
  d = download(at.network, in.file(), {.resume = true});
  REQUIRE_FALSE(d);
  CHECK(d.error().reason() == "range_mismatch");
  CHECK_FALSE(fs::exists(in.file()));
  d = download(at.network, in.file(), {.resume = true});
  if (!d) FAIL(d.error().what());
  CHECK(read(in.file()) == "content");
}

TEST_CASE("two downloads into one file") {
  folder in;
  memory_network network;
  network.listen("host", 80, [](memory_stream s) -> task<void> {
    std::byte b[512];
    while (true)  // and says nothing
      if (auto got = co_await s.read_some(b, {}); !got || *got == 0) co_return;
  });
  auto work = [&]() -> task<void> {
    client c(network.transport(), plain());
    stop_source stop;
    auto first = [&]() -> task<std::string> {
      try {
        request_options how{.stop = stop};
        auto d = co_await c.download("http://host/", in.file(), {}, how);
      } catch (const error& e) {
        co_return std::string(e.reason());
      }
      co_return "";
    };
    auto second = [&]() -> task<std::string> {
      std::string why;
      try {
        auto d = co_await c.download("http://host/", in.file());
      } catch (const error& e) {
        why = e.reason();
      }
      stop.request_stop();
      co_return why;
    };
    auto [a, b] = co_await when_all(first(), second());
    CHECK(a == "canceled");
    CHECK(b == "download_busy");
  };
  network.run(work());
  CHECK(in.names().empty());
}

TEST_CASE("a download that fails or is stopped anywhere") {
  folder in;
  for_each_fault([&](memory_network& network, stop_token stop) -> result<int> {
    scripted_host host;
    network.listen("host", 80, host.plain());
    host.then(plain_response(std::string(40'000, 'x')));
    auto d = download(network, in.file(), {}, {.stop = stop});
    if (!d) {
      CHECK_FALSE(fs::exists(in.file() + ".part"));
      return pass(std::move(d));
    }
    CHECK(read(in.file()).size() == 40'000);
    return 0;
  });
}
