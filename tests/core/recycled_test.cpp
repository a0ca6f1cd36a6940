#include <cohttps/core/recycled.hpp>
#include <cohttps/core/recycler.hpp>

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <malloc.h>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace cohttps;

namespace {

using text = recycled<std::string>;

text made(std::string_view content) {
  text t;
  t.reserve(content.size());
  t = content;
  return t;
}

}  // namespace

TEST_CASE("recycled: the memory of one text serves the next") {
  if (!recycler::recycles) SKIP("a sanitizer gives every text memory of its own");
  const std::string content(300, 'x');
  const char* memory = nullptr;
  {
    memory = made(content).data();
  }
  text next;
  CHECK(next.capacity() < 300);
  next.reserve(200);
  CHECK(next.data() == memory);
  CHECK(next.capacity() >= 300);
  CHECK(next.empty());
}

TEST_CASE("recycled: a value like any other") {
  const std::string content(100, 'a');
  text a = made(content);
  text b = a;
  CHECK(b == content);
  CHECK(b.data() != a.data());
  const char* memory = a.data();
  text c = std::move(a);
  CHECK(c.data() == memory);
  b = made("short");
  CHECK(b == "short");
  b = c;
  CHECK(b == content);
  text& self = b;
  b = self;
  CHECK(b == content);
  std::string plain = std::move(c);  // leaves with its memory
  CHECK(plain.data() == memory);
  recycled<std::vector<int>> numbers;
  numbers.reserve(3);
  numbers.push_back(7);
  CHECK(numbers == std::vector<int>{7});
}

TEST_CASE("recycled: large memory goes back at once") {
  const char* memory = nullptr;
  {
    memory = made(std::string(5000, 'x')).data();
  }
  text next;
  next.reserve(4000);
  CHECK(next.capacity() < 5000);
  static_cast<void>(memory);
  next.reserve(100'000);
  CHECK(next.capacity() >= 100'000);
}

TEST_CASE("recycled: more is taken than is kept, and a thread's end takes all") {
  std::thread([] {
    std::vector<text> many;
    for (int i = 0; i < 1000; ++i) many.push_back(made(std::string(64, 'x')));
    many.clear();
    for (int i = 0; i < 1000; ++i) many.push_back(made(std::string(64, 'y')));
    CHECK(std::ranges::all_of(many, [](const text& t) { return t == std::string(64, 'y'); }));
    // Freed after the thread's spares are gone.
    thread_local std::vector<text> late;
    late = std::move(many);
  }).join();
}

TEST_CASE("recycler: blocks of every size are apart from each other, and come again") {
  for (const std::size_t size : {1u, 64u, 65u, 4096u, 4097u, 4160u, 4161u, 8192u, 8256u, 8257u,
                                 32'832u, 32'833u, 100'000u, 131'136u, 131'137u, 1'000'000u}) {
    CAPTURE(size);
    auto* a = static_cast<std::uint8_t*>(recycler::allocate(size));
    auto* b = static_cast<std::uint8_t*>(recycler::allocate(size));
    for (std::size_t i = 0; i < size; ++i) a[i] = 1, b[i] = 2;
    CHECK(std::all_of(a, a + size, [](std::uint8_t byte) { return byte == 1; }));
    recycler::deallocate(a, size);
    auto* c = recycler::allocate(size);
    if (recycler::recycles && size <= 131'136) CHECK(c == a);
    recycler::deallocate(b, size);
    recycler::deallocate(c, size);
  }
}

TEST_CASE("recycler: two megabytes are kept and no more") {
  if (!recycler::recycles) SKIP("a sanitizer gives every block memory of its own");
  std::thread([] {
    constexpr std::size_t size = 128 * 1024 + 64;
    std::vector<void*> blocks;
    for (int i = 0; i < 32; ++i) blocks.push_back(recycler::allocate(size));
    for (void* b : blocks) recycler::deallocate(b, size);
    const auto before = recycler::allocated();
    for (void*& b : blocks) b = recycler::allocate(size);
    CHECK(recycler::allocated() - before == 17);
    for (void* b : blocks) recycler::deallocate(b, size);
  }).join();
}

TEST_CASE("recycler: a thread gives back what it has kept of another one's blocks") {
  if (!recycler::recycles) SKIP("a sanitizer gives every block memory of its own");
  constexpr std::size_t size = 3000;
  const auto in_use = [] { return ::mallinfo2().uordblks; };
  const auto free_elsewhere = [&] {
    std::vector<void*> blocks;
    for (int i = 0; i < 300; ++i) blocks.push_back(recycler::allocate(size));
    std::thread([&] {
      for (void* block : blocks) recycler::deallocate(block, size);
    }).join();
  };
  free_elsewhere();
  const auto before = in_use();
  for (int i = 0; i < 20; ++i) free_elsewhere();
  CHECK(in_use() < before + 10 * 300 * size);
}
