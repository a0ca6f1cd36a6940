#include <cohttps/core/file.hpp>

#include <catch2/catch_test_macros.hpp>

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <span>
#include <string>
#include <system_error>

using cohttps::detail::file;
using cohttps::detail::file_status;

namespace {

/// A folder of this test alone.
struct folder {
  std::string path = (std::filesystem::temp_directory_path() / "cohttps-file-XXXXXX").string();
  folder() {
    if (!::mkdtemp(path.data())) path.clear();
  }
  folder(const folder&) = delete;
  folder& operator=(const folder&) = delete;
  ~folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  std::string operator/(const char* name) const { return path + '/' + name; }
};

std::string content(const std::string& path) {
  std::error_code failed;
  file from = file::open(path, file::read, failed);
  std::string text(100, '\0');
  text.resize(from.read_some(std::as_writable_bytes(std::span(text)), failed));
  return failed ? failed.message() : text;
}

std::error_code error_of(const std::string& path, unsigned how) {
  std::error_code failed;
  const file opened = file::open(path, how, failed);
  CHECK(static_cast<bool>(opened) == !failed);
  return failed;
}

}  // namespace

TEST_CASE("a file is written, read, cut, renamed and removed") {
  const folder in;
  const std::string path = in / "a";
  std::error_code failed;
  file to = file::open(path, file::create_new, failed);
  CHECK(to.write_all("one two", failed) == 7);
  to.write_at(4, "TWO three", failed);
  CHECK(content(path) == "one TWO three");
  to.resize(7, failed);
  to.seek(0, failed);
  to.write_all("ONE", failed);
  to.sync(failed);
  CHECK(content(path) == "ONE TWO");
  CHECK(to.status().size == 7);
  file::rename(path, in / "b", failed);
  CHECK_FALSE(failed);
  CHECK(content(in / "b") == "ONE TWO");
  CHECK(to.status().is_same_file(file_status::of_link(in / "b")));
  CHECK_FALSE(to.status().is_same_file(file_status::of_link(path)));
  file::remove(in / "b");
  CHECK(file_status::of_link(in / "b").type == file_status::kind::missing);
  file::rename(in / "b", path, failed);
  CHECK(failed == std::errc::no_such_file_or_directory);
}

TEST_CASE("how a file is opened") {
  const folder in;
  const std::string path = in / "a", link = in / "link", pipe = in / "pipe";
  CHECK(error_of(path, file::read) == std::errc::no_such_file_or_directory);
  CHECK_FALSE(error_of(path, file::create_new | file::owner_only));
  CHECK(error_of(path, file::create_new) == std::errc::file_exists);
  using perms = std::filesystem::perms;
  CHECK(std::filesystem::status(path).permissions() == (perms::owner_read | perms::owner_write));

  std::error_code failed;
  for (const char* text : {"one ", "two"})
    file::open(path, file::write | file::append, failed).write_all(text, failed);
  CHECK(content(path) == "one two");
  file::open(path, file::write | file::truncate, failed).write_all("three", failed);
  CHECK(content(path) == "three");

  std::filesystem::create_symlink(path, link);
  CHECK_FALSE(error_of(link, file::write));
  CHECK(error_of(link, file::write | file::no_link));
  CHECK(error_of(link, file::create_new) == std::errc::file_exists);
  CHECK(file_status::of_link(link).type == file_status::kind::link);
  CHECK(file_status::of_target(link).is_regular());
  CHECK(file_status::of_target(in.path).type == file_status::kind::directory);

  REQUIRE(std::system(("mkfifo '" + pipe + "'").c_str()) == 0);
  CHECK(error_of(pipe, file::write | file::no_wait) == std::errc::no_such_device_or_address);
  CHECK(file_status::of_target(pipe).type == file_status::kind::other);
}

TEST_CASE("a lock excludes other open files until it is closed") {
  const folder in;
  std::error_code failed;
  file one = file::open(in / "a", file::write, failed);
  file two = file::open(in / "a", file::write, failed);
  CHECK(one.try_lock());
  CHECK_FALSE(two.try_lock());
  one.close();
  CHECK(two.try_lock());
  CHECK(two.status().owned);
  CHECK(two.status().links == 1);
}

TEST_CASE("a failure of the system is told") {
  std::error_code failed;
  file none;
  CHECK_FALSE(none);
  CHECK(none.read_some({}, failed) == 0);
  CHECK(failed == std::errc::bad_file_descriptor);
  CHECK(none.status().type == file_status::kind::missing);

  const folder in;
  file to = file::open(in / "a", file::write, failed = {});
  std::byte room[1];
  CHECK(to.read_some(room, failed) == 0);  // it is not open for reading
  CHECK(failed);
  file full = file::open("/dev/full", file::write, failed = {});
  if (failed) SKIP("there is no /dev/full here");
  CHECK(full.write_all("x", failed) == 0);
  CHECK(failed == std::errc::no_space_on_device);
}
