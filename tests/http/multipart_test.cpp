#include <cohttps/http/content/multipart.hpp>

#include <catch2/catch_test_macros.hpp>

#include <cstdint>
#include <string>
#include <string_view>

using namespace cohttps;

namespace {

multipart form(std::string_view boundary = "B") {
  auto made = multipart::with_boundary(boundary);
  if (!made) FAIL(made.error().what());
  return *std::move(made);
}

/// All of the content; a source as "<number:size>".
std::string shown(const multipart& f) {
  std::string out;
  std::uint64_t size = 0;
  for (const multipart::segment& s : f.segments()) {
    size += s.size;
    if (s.source) {
      out += '<' + std::to_string(*s.source) + ':' + std::to_string(s.size) + '>';
    } else {
      CHECK(s.bytes.size() == s.size);
      out += s.bytes;
    }
  }
  CHECK(size == f.size());
  return out;
}

std::string head(std::string_view name, const multipart::part_options& options = {}) {
  multipart f = form();
  const auto added = f.add(name, "x", options);
  if (!added) {
    CHECK(shown(f) == "--B--\r\n");
    return '<' + std::string(added.error().reason()) + '>';
  }
  const std::string all = shown(f);
  CHECK(all.starts_with("--B\r\n"));
  CHECK(all.ends_with("\r\n\r\nx\r\n--B--\r\n"));
  return all.substr(5, all.size() - 5 - 14);
}

}  // namespace

TEST_CASE("a form with texts, files and sources") {
  multipart f = form("BOUND");
  CHECK(f.content_type() == "multipart/form-data; boundary=BOUND");
  CHECK(shown(f) == "--BOUND--\r\n");
  CHECK(f.add("a", "one"));
  CHECK(f.add("b", "x,y\r\n", {.filename = "l.csv", .content_type = "text/csv"}));
  CHECK(f.add_source("c", 5'000'000'000, {.filename = "film"}) == 0u);
  CHECK(f.add_source("d", 0, {.filename = ""}) == 1u);
  CHECK(f.add("e", ""));
  CHECK(shown(f) ==
        "--BOUND\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\none\r\n"
        "--BOUND\r\nContent-Disposition: form-data; name=\"b\"; filename=\"l.csv\"\r\n"
        "Content-Type: text/csv\r\n\r\nx,y\r\n\r\n"
        "--BOUND\r\nContent-Disposition: form-data; name=\"c\"; filename=\"film\"\r\n"
        "Content-Type: application/octet-stream\r\n\r\n<0:5000000000>\r\n"
        "--BOUND\r\nContent-Disposition: form-data; name=\"d\"; filename=\"\"\r\n"
        "Content-Type: application/octet-stream\r\n\r\n<1:0>\r\n"
        "--BOUND\r\nContent-Disposition: form-data; name=\"e\"\r\n\r\n\r\n"
        "--BOUND--\r\n");
}

TEST_CASE("names and file names cannot leave their quotes") {
  CHECK(head("a") == "Content-Disposition: form-data; name=\"a\"");
  CHECK(head("") == "Content-Disposition: form-data; name=\"\"");
  CHECK(head("a\"; x=\"\r\nX: y\r\n\r\n--B--") ==
        "Content-Disposition: form-data; name=\"a%22; x=%22%0D%0AX: y%0D%0A%0D%0A--B--\"");
  // The ends of lines in names are all of one kind, in file names they are as they are.
  CHECK(head("1\r2\n3\r\n4\n\r5") ==
        "Content-Disposition: form-data; name=\"1%0D%0A2%0D%0A3%0D%0A4%0D%0A%0D%0A5\"");
  CHECK(head("a", {.filename = "1\r2\n3\r\n\"4\""}).find("filename=\"1%0D2%0A3%0D%0A%224%22\"") !=
        std::string::npos);
  // Browsers escape nothing else, not even '%' and '\'.
  CHECK(head("%22\\ caf\xc3\xa9\t'") ==
        "Content-Disposition: form-data; name=\"%22\\ caf\xc3\xa9\t'\"");
  CHECK(head(std::string_view("a\0b", 3)) == "<multipart_invalid>");
  CHECK(head("a", {.filename = "\x7f"}) == "<multipart_invalid>");
  CHECK(head(std::string(multipart::max_name, 'n')).size() > multipart::max_name);
  CHECK(head(std::string(multipart::max_name + 1, 'n')) == "<multipart_name_too_long>");
  CHECK(head("a", {.filename = std::string(9000, 'n')}) == "<multipart_name_too_long>");
}

TEST_CASE("content types of parts") {
  CHECK(head("a", {.content_type = "text/plain; charset=utf-8"}) ==
        "Content-Disposition: form-data; name=\"a\"\r\nContent-Type: text/plain; charset=utf-8");
  CHECK(head("a", {.content_type = "text/plain\r\nX: y"}) == "<multipart_invalid>");
  CHECK(head("a", {.content_type = " text/plain"}) == "<multipart_invalid>");
}

TEST_CASE("content that holds the boundary is refused") {
  for (const std::string_view content : {"--B", "--B--\r\n", "x\r\n--B", "--Boundary"}) {
    INFO(content);
    multipart f = form();
    const auto added = f.add("a", content);
    REQUIRE_FALSE(added);
    CHECK(added.error().reason() == "multipart_invalid");
    CHECK(shown(f) == "--B--\r\n");
  }
  multipart f = form();
  CHECK(f.add("a", "x--B"));
  CHECK(f.add("a", "\r\n-B"));
}

TEST_CASE("boundaries") {
  for (const std::string_view wrong : {"", "a b", "a\"", "a\r\n", "a:b", "caf\xc3\xa9"})
    CHECK_FALSE(multipart::with_boundary(wrong));
  CHECK(multipart::with_boundary(std::string(70, 'b')));
  CHECK_FALSE(multipart::with_boundary(std::string(71, 'b')));

  CHECK(multipart::create([] { return std::string("0123"); })->content_type() ==
        "multipart/form-data; boundary=----cohttps-0123");
  CHECK(multipart::create([] { return std::string(); }).error().reason() ==
        "multipart_no_randomness");
  CHECK_FALSE(multipart::create(nullptr));
}

TEST_CASE("the size of a form does not overflow") {
  multipart f = form();
  CHECK(f.add_source("a", UINT64_MAX, {}).error().reason() == "multipart_too_large");
  CHECK(f.add_source("a", UINT64_MAX / 2 - 1000, {}) == 0u);
  CHECK(f.add_source("a", 1000, {}).error().reason() == "multipart_too_large");
  CHECK(f.size() < UINT64_MAX / 2);
}
