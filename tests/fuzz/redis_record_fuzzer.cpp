// Records of a cache in Redis, which others may have written.
#include <cohttps/stores/redis_cache_record.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

using cohttps::detail::redis_record;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto split = text.substr(0, text.find('\0'));
  const auto r = redis_record::read(split, text.substr(std::min(split.size() + 1, size)));
  if (!r.response) return 0;
  if (r.content && r.content->size() != r.length) std::abort();
  // What is written again is read the same.
  const auto head = redis_record::head_of(*r.response);
  const auto again = redis_record::read("", head + "i0:");
  if (!again.response || again.response->status != r.response->status ||
      again.response->received != r.response->received ||
      again.response->headers.size() != r.response->headers.size())
    std::abort();
  return 0;
}
