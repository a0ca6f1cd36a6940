#include <cohttps/http2/block_recycler.hpp>

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <random>
#include <string>
#include <vector>

using cohttps::http2::block_recycler;

TEST_CASE("blocks are used again, by size, and not kept without bound") {
  block_recycler memory;
  void* first = memory.allocate(100);
  memory.deallocate(first);
  CHECK(memory.kept() == 128);
  CHECK(memory.allocate(65) == first);
  CHECK(memory.kept() == 0);
  memory.deallocate(first);
  void* other = memory.allocate(129);
  CHECK(other != first);
  memory.deallocate(other);
  memory.deallocate(nullptr);

  std::vector<void*> many;
  for (int i = 0; i < 1000; ++i) many.push_back(memory.allocate(1000));
  for (void* block : many) memory.deallocate(block);
  CHECK(memory.kept() <= 130 * 1024);
  CHECK(memory.allocate(SIZE_MAX) == nullptr);
  CHECK(memory.allocate(SIZE_MAX - 8) == nullptr);
}

TEST_CASE("blocks of any size are apart, aligned, and keep what is in them when they grow") {
  std::minstd_rand random(1);
  block_recycler memory;
  struct piece {
    void* at;
    std::string content;
  };
  std::vector<piece> all;
  for (int step = 0; step < 20'000; ++step) {
    const std::size_t size = random() % 4 == 0 ? random() % 5000 : random() % 300;
    if (all.size() < 50 || random() % 2 == 0) {
      all.push_back({random() % 8 == 0 ? memory.reallocate(nullptr, size) : memory.allocate(size),
                     std::string(size, static_cast<char>('a' + step % 26))});
    } else {
      piece& p = all[random() % all.size()];
      CHECK(std::memcmp(p.at, p.content.data(), p.content.size()) == 0);
      if (random() % 2 == 0) {
        memory.deallocate(p.at);
        std::swap(p, all.back());
        all.pop_back();
        continue;
      }
      p.at = memory.reallocate(p.at, size);
      const std::size_t same = std::min(size, p.content.size());
      CHECK(std::memcmp(p.at, p.content.data(), same) == 0);
      p.content.assign(size, static_cast<char>('A' + step % 26));
      std::memcpy(p.at, p.content.data(), size);
      continue;
    }
    piece& made = all.back();
    CHECK(reinterpret_cast<std::uintptr_t>(made.at) % alignof(std::max_align_t) == 0);
    std::memcpy(made.at, made.content.data(), made.content.size());
  }
  for (piece& p : all) memory.deallocate(p.at);
}
