// Puts responses into stores of a cache, and reads them again.
#pragma once

#include <cohttps/client/cache_store.hpp>
#include <cohttps/testing/memory_network.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace cohttps::testing {

inline std::shared_ptr<cached_response> stored_response(fields request = {}, fields headers = {}) {
  auto r = std::make_shared<cached_response>();
  r->status = 200;
  r->headers = headers.empty() ? fields{{"Cache-Control", "max-age=60"}, {"X", "a:b"}} : headers;
  r->request_fields = std::move(request);
  r->requested = r->received =
      std::chrono::system_clock::time_point(std::chrono::seconds(1'600'000'000));
  return r;
}

inline task<result<void>> store_content(cache_store& in, std::string key,
                                        std::shared_ptr<cached_response> response,
                                        std::string content, std::size_t part = 100'000) {
  auto writer = co_await in.write(key, std::move(response));
  if (!writer) co_return pass(std::move(writer));
  auto bytes = std::as_bytes(std::span(content));
  while (!bytes.empty()) {
    const auto some = bytes.first(std::min(part, bytes.size()));
    if (auto done = co_await (*writer)->write(some); !done) co_return done;
    bytes = bytes.subspan(some.size());
  }
  co_return co_await (*writer)->commit();
}

/// The content of an entry from byte `first` on, however it is given.
inline task<result<std::string>> read_content(cache_store::entry& from, std::uint64_t first = 0) {
  if (from.content) co_return from.content->substr(first);
  if (from.copy) co_return from.copy->substr(first);
  std::string all;
  if (!from.reader) co_return all;
  from.reader->seek(first);
  while (true) {
    auto part = co_await from.reader->next();
    if (!part) co_return pass(std::move(part));
    if (part->empty()) co_return all;
    all.append(reinterpret_cast<const char*>(part->data()), part->size());
  }
}

/// What is under a key: its content, "(none)", or the text of an error.
inline task<std::string> found_content(cache_store& in, std::string key, fields request = {}) {
  auto found = co_await in.find(key, request);
  if (!found) co_return found.error().what();
  if (!*found) co_return "(none)";
  auto content = co_await read_content(*found);
  co_return content ? *content : content.error().what();
}

/// Bytes of which none two pieces are the same.
inline std::string varied_content(std::size_t size) {
  std::string out(size, '\0');
  std::uint32_t x = 1;
  for (char& c : out) c = static_cast<char>((x = x * 1664525 + 1013904223) >> 24);
  return out;
}

}  // namespace cohttps::testing
