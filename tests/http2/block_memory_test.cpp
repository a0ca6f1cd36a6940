#include <cohttps/http2/block_memory.hpp>

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <random>
#include <string>
#include <utility>
#include <vector>

using namespace cohttps::http2;

TEST_CASE("blocks of any size are apart, aligned, and keep what is in them when they grow") {
  std::minstd_rand random(1);
  struct piece {
    void* at;
    std::string content;
  };
  std::vector<piece> all;
  bool same = true, aligned = true;
  for (int step = 0; step < 20'000; ++step) {
    const std::size_t size = random() % 4 == 0 ? random() % 9000 : random() % 300;
    if (all.size() < 50 || random() % 2 == 0) {
      void* at = random() % 8 == 0 ? block_memory::reallocate(nullptr, size)
                                   : block_memory::allocate(size);
      all.push_back({at, std::string(size, static_cast<char>('a' + step % 26))});
      std::memcpy(at, all.back().content.data(), size);
      aligned = aligned && reinterpret_cast<std::uintptr_t>(at) % alignof(std::max_align_t) == 0;
      continue;
    }
    piece& p = all[random() % all.size()];
    same = same && std::memcmp(p.at, p.content.data(), p.content.size()) == 0;
    if (random() % 2 == 0) {
      block_memory::deallocate(p.at);
      std::swap(p, all.back());
      all.pop_back();
      continue;
    }
    p.at = block_memory::reallocate(p.at, size);
    same = same && std::memcmp(p.at, p.content.data(), std::min(size, p.content.size())) == 0;
    p.content.assign(size, static_cast<char>('A' + step % 26));
    std::memcpy(p.at, p.content.data(), size);
  }
  for (piece& p : all) block_memory::deallocate(p.at);
  CHECK(same);
  CHECK(aligned);
}

TEST_CASE("zeroed blocks, blocks that nobody has room for, and none") {
  auto* zeros = static_cast<char*>(block_memory::allocate_zeroed(10, 7));
  CHECK(std::all_of(zeros, zeros + 70, [](char c) { return c == 0; }));
  block_memory::deallocate(zeros);
  block_memory::deallocate(nullptr);
  CHECK(block_memory::allocate(SIZE_MAX) == nullptr);
  CHECK(block_memory::allocate_zeroed(SIZE_MAX / 2, 3) == nullptr);
  void* block = block_memory::allocate(0);
  CHECK(block != nullptr);
  CHECK(block_memory::reallocate(block, SIZE_MAX) == nullptr);
  block_memory::deallocate(block);
}
