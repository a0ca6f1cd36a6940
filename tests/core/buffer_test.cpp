#include <cohttps/core/buffer.hpp>

#include <catch2/catch_test_macros.hpp>

#include <string>

using namespace cohttps;

TEST_CASE("a buffer gives back what was put in, across moves and growth") {
  buffer b;
  std::string expected;
  for (int i = 0; i < 2000; ++i) {
    const std::string piece(static_cast<std::size_t>(i % 37), static_cast<char>('a' + i % 26));
    b.append(piece);
    expected += piece;
    const std::size_t take = std::min<std::size_t>(b.size(), static_cast<std::size_t>(i % 23));
    REQUIRE(b.text().substr(0, take) == expected.substr(0, take));
    b.consume(take);
    expected.erase(0, take);
    REQUIRE(b.text() == expected);
  }
}

TEST_CASE("an emptied buffer reuses its memory, and gives it back on request") {
  buffer b;
  b.append(std::string(5000, 'x'));
  const auto capacity = b.capacity();
  for (int i = 0; i < 100; ++i) {
    b.consume(b.size());
    b.append(std::string(5000, 'y'));
  }
  CHECK(b.capacity() == capacity);
  b.release();
  CHECK(b.text() == std::string(5000, 'y'));
  b.clear();
  b.release();
  CHECK(b.capacity() == 0);
}

TEST_CASE("a buffer gives back what its content does not need") {
  buffer b;
  b.append(std::string(100'000, 'x'));
  b.consume(99'990);
  b.append("end");
  b.release();
  CHECK(b.text() == "xxxxxxxxxxend");
  CHECK(b.capacity() < 2000);
  b.append(std::string(5000, 'y'));
  CHECK(b.text() == "xxxxxxxxxxend" + std::string(5000, 'y'));
}

TEST_CASE("a moved-from buffer is empty and usable") {
  buffer a;
  a.append("hello");
  buffer b = std::move(a);
  CHECK(b.text() == "hello");
  CHECK(a.empty());
  a.append("again");
  CHECK(a.text() == "again");
  b = std::move(a);
  CHECK(b.text() == "again");
}
