// Messages with Apache httpd: files, uploads, passwords, codings.
#include "servers/message_servers.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>

using namespace cohttps;
using namespace cohttps::testing;
using namespace std::chrono_literals;

namespace {

message_server& server() { return message_server_of<message_program::apache>(); }

}  // namespace

TEST_CASE("apache: content is compressed on the way") {
  for (const std::string coding : {"gzip", "br"}) {
    CAPTURE(coding);
    for (const bool secure : {false, true}) {
      auto options = server().options();
      const auto r = expect_answer(
          ask(options, method::get, server().url("/" + coding + "/text.txt", secure)));
      CHECK(r.header("content-encoding") == coding);
      CHECK((r.text() == server().text));
    }
  }
}

TEST_CASE("apache: parts and conditions") {
  const auto whole = expect_answer(ask(server().options(), method::get, server().url("/text.txt")));
  CHECK((whole.text() == server().text));
  const std::string tag(whole.header("etag").value());
  const auto part =
      expect_answer(ask(server().options(), method::get, server().url("/text.txt"), {},
                        {.headers = {{"range", "bytes=100-199"}, {"if-range", tag}}}));
  CHECK(part.status() == 206);
  CHECK((part.text() == server().text.substr(100, 100)));
  const auto changed =
      expect_answer(ask(server().options(), method::get, server().url("/text.txt"), {},
                        {.headers = {{"range", "bytes=100-199"}, {"if-range", "\"other\""}}}));
  CHECK(changed.status() == 200);
  const auto parts = expect_answer(ask(server().options(), method::get, server().url("/text.txt"),
                                       {}, {.headers = {{"range", "bytes=0-4,10-14"}}}));
  CHECK(parts.status() == 206);
  CHECK(parts.header("content-type").value().starts_with("multipart/byteranges"));
  const auto beyond = expect_answer(ask(server().options(), method::get, server().url("/small.txt"),
                                        {}, {.headers = {{"range", "bytes=5000-"}}}));
  CHECK(beyond.status() == 416);
  const auto same = expect_answer(ask(server().options(), method::get, server().url("/text.txt"),
                                      {}, {.headers = {{"if-none-match", tag}}}));
  CHECK(same.status() == 304);
}

TEST_CASE("apache: a download goes on where it was stopped") {
  // Incompressible and large, so that it comes in many parts.
  std::string bytes;
  for (std::uint64_t i = 0, state = 1; i < 4'000'000; ++i)
    bytes += static_cast<char>((state = state * 6364136223846793005u + 1442695040888963407u) >> 56);
  const auto kept = server().folder().write("site/noise.bin", bytes);
  std::filesystem::permissions(kept, std::filesystem::perms(0644));
  std::filesystem::last_write_time(kept, std::filesystem::last_write_time(kept) - 1h);
  const auto target = (server().folder().path() / "downloaded").string();
  const auto url = server().url("/noise.bin");
  std::uint64_t resumed = 0;
  const auto work = [&]() -> task<void> {
    client c(server().options());
    stop_source stop;
    const auto stopper = [&](const progress& p) {
      if (p.received > 1'000'000) stop.request_stop();
    };
    bool stopped = false;
    try {
      auto part = co_await c.download(url, target, {.resume = true},
                                      {.on_progress = stopper, .stop = stop});
      (void)part;
    } catch (const error& e) {
      stopped = e.category() == error_category::canceled;
    }
    CHECK(stopped);
    CHECK_FALSE(std::filesystem::exists(target));
    auto rest = co_await c.download(url, target, {.resume = true});
    resumed = rest.resumed_at();
    CHECK(rest.status() == 206);
  };
  run(work());
  CHECK(resumed >= 1'000'000);
  CHECK((server().folder().read("downloaded") == bytes));
}

TEST_CASE("apache: files are stored, in chunks and with a length, and deleted") {
  const auto path = server().folder().write("to-send", server().text).string();
  const auto url = server().url("/uploads/file.txt");
  CHECK(expect_answer(ask(server().options(), method::put, url, content::file(path))).status() ==
        201);
  CHECK((expect_answer(ask(server().options(), method::get, url)).text() == server().text));
  const auto piece = [left = 5]() mutable -> task<std::string> {
    co_return left-- > 0 ? std::string("a piece\n") : std::string();
  };
  CHECK(expect_answer(ask(server().options(), method::put, url, content::generated(piece)))
            .status() == 204);
  CHECK(expect_answer(ask(server().options(), method::get, url)).text().size() == 40);
  CHECK(expect_answer(ask(server().options(), method::delete_, url)).status() == 204);
  CHECK(expect_answer(ask(server().options(), method::get, url)).status() == 404);
}

TEST_CASE("apache: passwords, of Basic and of Digest") {
  const auto basic = credentials::basic("me", "open sesame");
  const auto digest = credentials::digest("me", "open sesame");
  const auto wrong_basic = credentials::basic("me", "wrong");
  const auto wrong_digest = credentials::digest("me", "wrong");
  const auto status = [](const std::string& path, const credentials& who) {
    const auto r = expect_answer(
        ask(server().options(), method::get, server().url(path), {}, {.credentials = &who}));
    if (r.ok()) CHECK(r.text().starts_with("for "));
    return r.status();
  };
  CHECK(status("/basic/file.txt", basic) == 200);
  CHECK(status("/basic/file.txt", wrong_basic) == 401);
  CHECK(status("/basic/file.txt", digest) == 401);
  CHECK(status("/digest/file.txt", digest) == 200);
  CHECK(status("/digest/file.txt", wrong_digest) == 401);
  CHECK(status("/digest/file.txt", basic) == 401);
}

TEST_CASE("apache: a nonce of Digest serves for many requests, and is replaced") {
  auto options = server().options();
  const auto who = credentials::digest("me", "open sesame");
  std::size_t challenges = 0;
  const auto work = [&]() -> task<void> {
    client c(options);
    for (int i = 0; i < 20; ++i) {
      const auto url = server().url("/digest/file.txt?n=" + std::to_string(i));
      auto r = co_await c.get(url, {.credentials = &who});
      CHECK(r.status() == 200);
    }
    challenges = c.statistics().created;
  };
  run(work());
  CHECK(challenges == 1);
}
