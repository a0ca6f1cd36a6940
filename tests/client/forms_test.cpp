// Forms, values and files as content: what goes out, twice if need be, and what goes wrong.
#include "client/support.hpp"

#include <cohttps/client/multipart_form.hpp>
#include <cohttps/http/content/representation.hpp>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <unistd.h>

using namespace cohttps;
using namespace cohttps::testing;

namespace {

/// A folder for the files of a test.
class files {
 public:
  files()
      : path_(std::filesystem::temp_directory_path() /
              ("cohttps-forms-" + std::to_string(::getpid()))) {
    std::filesystem::create_directories(path_);
  }
  files(const files&) = delete;
  files& operator=(const files&) = delete;
  ~files() { std::filesystem::remove_all(path_); }

  std::string write(const std::string& name, std::string_view text) const {
    std::ofstream(path_ / name, std::ios::binary) << text;
    return (path_ / name).string();
  }

 private:
  std::filesystem::path path_;
};

struct sent {
  result<response> answer;
  std::vector<std::string> requests;
  std::string content() const {
    const auto& last = requests.back();
    return last.substr(last.find("\r\n\r\n") + 4);
  }
};

sent post(
    content body, const std::function<void(scripted_host&)>& answers = [](auto& host) {
      host.then(plain_response("thanks"));
    }) {
  memory_network network;
  scripted_host host;
  answers(host);
  network.listen("host", 80, host.plain());
  client_options options = plain();
  options.expect_continue_over = SIZE_MAX;
  auto work = [&]() -> task<result<response>> {
    client c(network.transport(), options);
    co_return co_await c.try_send(method::post, "http://host/", std::move(body));
  };
  auto answer = network.run(work());
  return {std::move(answer), host.requests};
}

bool has(const sent& s, std::string_view text) {
  return !s.requests.empty() && s.requests.back().find(text) != std::string::npos;
}

const std::string large(200'000, 'x');  // several pieces of a file

}  // namespace

namespace {
struct point {
  int x = 0;
};
}  // namespace
template <>
struct cohttps::representation<point> {
  static constexpr std::string_view media_type = "text/x-point";
  static std::string write(const point& p) {
    if (p.x < 0) throw std::runtime_error("negative");
    return std::to_string(p.x);
  }
};

TEST_CASE("a form without files is urlencoded, a value is what its representation writes") {
  const auto form = post(content::form({{"q", "cats & dogs"}, {"page", "1"}}));
  REQUIRE(form.answer);
  CHECK(has(form, "Content-Type: application/x-www-form-urlencoded\r\n"));
  CHECK(form.content() == "q=cats+%26+dogs&page=1");

  const auto value = post(content::of(point{7}));
  REQUIRE(value.answer);
  CHECK(has(value, "Content-Type: text/x-point\r\n"));
  CHECK(value.content() == "7");

  const auto bad = post(content::of(point{-1}));
  REQUIRE_FALSE(bad.answer);
  CHECK(bad.answer.error().reason() == "representation_unwritable");
  CHECK(bad.answer.error().replay() == replay_safety::not_sent);
  CHECK(bad.requests.empty());
}

TEST_CASE("a form with files is streamed from the disk, its length known") {
  const files folder;
  auto form = multipart_form::with_boundary("b");
  form.add("comment", "two files")
      .add("table", "a,b\n", {.filename = "t.csv", .content_type = "text/csv"})
      .add_file("first", folder.write("large.bin", large))
      .add_file("second", folder.write("empty", ""),
                {.filename = "a \"b\"", .content_type = "x/y"});
  REQUIRE(form.check());
  const auto s = post(std::move(form));
  if (!s.answer) FAIL(s.answer.error().what());
  CHECK(has(s, "Content-Type: multipart/form-data; boundary=b\r\n"));
  CHECK_FALSE(has(s, "Transfer-Encoding"));
  CHECK(
      (s.content() ==
       "--b\r\nContent-Disposition: form-data; name=\"comment\"\r\n\r\ntwo files\r\n"
       "--b\r\nContent-Disposition: form-data; name=\"table\"; filename=\"t.csv\"\r\n"
       "Content-Type: text/csv\r\n\r\na,b\n\r\n"
       "--b\r\nContent-Disposition: form-data; name=\"first\"; filename=\"large.bin\"\r\n"
       "Content-Type: application/octet-stream\r\n\r\n" +
           large +
           "\r\n--b\r\nContent-Disposition: form-data; name=\"second\"; filename=\"a %22b%22\"\r\n"
           "Content-Type: x/y\r\n\r\n\r\n--b--\r\n"));
}

TEST_CASE("each form has a boundary of its own") {
  const auto boundary_of = [] {
    const auto s = post(multipart_form().add("a", "b"));
    const auto at = s.requests.at(0).find("boundary=");
    return s.requests.at(0).substr(at, s.requests.at(0).find("\r\n", at) - at);
  };
  const auto first = boundary_of();
  CHECK(first.size() > 40);
  CHECK(first != boundary_of());
}

TEST_CASE("forms and files are sent again after a redirection that keeps the content") {
  const files folder;
  const auto redirect = [](scripted_host& host) {
    host.then(plain_response("", "307 Temporary Redirect", "Location: /there\r\n"))
        .then(plain_response("thanks"));
  };
  auto form = multipart_form::with_boundary("b");
  form.add_file("f", folder.write("large", large)).add("last", "one");
  for (auto* make : {+[](const files&, multipart_form& f) { return content(std::move(f)); },
                     +[](const files& d, multipart_form&) {
                       return content::file(d.write("other", large), "a/b");
                     }}) {
    const auto s = post(make(folder, form), redirect);
    if (!s.answer) FAIL(s.answer.error().what());
    REQUIRE(s.requests.size() == 2);
    CHECK((s.requests[0].substr(s.requests[0].find("\r\n\r\n")) ==
           s.requests[1].substr(s.requests[1].find("\r\n\r\n"))));
    CHECK(s.content().size() >= large.size());
  }
}

TEST_CASE("a file that is not there, or no longer as long, is an error that names it") {
  const files folder;
  const auto with = [](multipart_form f) { return post(std::move(f)); };

  const auto missing = with(multipart_form().add_file("f", "/does/not/exist").add("more", "x"));
  REQUIRE_FALSE(missing.answer);
  CHECK(missing.answer.error().reason() == "content_file");
  CHECK(missing.answer.error().message() == "the file '/does/not/exist' cannot be read");
  CHECK(missing.requests.empty());

  const auto folder_itself = multipart_form().add_file("f", "/").check();
  REQUIRE_FALSE(folder_itself);
  CHECK(folder_itself.error().message() == "the file '/' cannot be read");
  CHECK_FALSE(content::file("/").check());
  const auto device = multipart_form().add_file("f", "/dev/zero").check();
  REQUIRE_FALSE(device);
  CHECK(device.error().message().find("no regular file") != std::string::npos);

  for (const bool gone : {false, true}) {
    CAPTURE(gone);
    const auto path = folder.write("changing", large);
    multipart_form form;
    form.add_file("f", path);
    if (gone)
      std::filesystem::remove(path);
    else
      std::filesystem::resize_file(path, 10);
    const auto s = with(std::move(form));
    REQUIRE_FALSE(s.answer);
    CHECK(s.answer.error().category() == error_category::usage);
    CHECK(s.answer.error().reason() == "content_file");
    CHECK(s.answer.error().message().find(path) != std::string::npos);
    CHECK(s.requests.empty());
  }
}

TEST_CASE("a file that grows is sent as it was; one that shrinks is an error") {
  const files folder;
  const auto path = folder.write("log", large);
  auto grown = content::file(path);
  auto form = multipart_form::with_boundary("b").add_file("f", path);
  std::ofstream(path, std::ios::app) << "more";
  const auto s = post(std::move(grown));
  REQUIRE(s.answer);
  CHECK((s.content() == large));
  const auto in_form = post(std::move(form));
  REQUIRE(in_form.answer);
  CHECK(in_form.content().find("more") == std::string::npos);

  auto shrunk = content::file(path);
  std::filesystem::resize_file(path, 10);
  const auto less = post(std::move(shrunk));
  REQUIRE_FALSE(less.answer);
  CHECK(less.answer.error().reason() == "content_file");
  CHECK(less.answer.error().message().find("shorter") != std::string::npos);
}

TEST_CASE("names that no form can have are errors, and the first one is kept") {
  auto form = multipart_form()
                  .add(std::string_view("nul\0", 4), "x")
                  .add("fine", "x")
                  .add(std::string(100'000, 'n'), "y");
  REQUIRE_FALSE(form.check());
  CHECK(form.check().error().reason() == "multipart_invalid");
  const auto s = post(std::move(form));
  REQUIRE_FALSE(s.answer);
  CHECK(s.answer.error().reason() == "multipart_invalid");
  CHECK(s.requests.empty());
  const auto long_name = multipart_form().add(std::string(100'000, 'n'), "y").check();
  REQUIRE_FALSE(long_name);
  CHECK(long_name.error().reason() == "multipart_name_too_long");
  CHECK_FALSE(multipart_form::with_boundary("no\r\nboundary").check());
}

TEST_CASE("a pipe is sent in chunks, once") {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  REQUIRE(::write(ends[1], "from a pipe", 11) == 11);
  ::close(ends[1]);
  auto body = content::file("/dev/fd/" + std::to_string(ends[0]));
  CHECK_FALSE(body.length());
  CHECK(body.can_rewind());
  auto part = testing::run(*std::make_unique<manual_loop>(), body.source()->next());
  REQUIRE(part);
  CHECK(part->size() == 11);
  CHECK_FALSE(body.can_rewind());
  CHECK_FALSE(body.rewind());
  ::close(ends[0]);
}
