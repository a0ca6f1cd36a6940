// The codings gzip (RFC 1952) and deflate (RFC 1950, and RFC 1951 without it) by zlib. No other
// header names zlib.
#pragma once

#ifdef COHTTPS_HAS_ZLIB

#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/http/coding_stage.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <new>
#include <span>
#include <string_view>
#include <zlib.h>

namespace cohttps::detail {

/// `inflate` over spans.
class inflater {
 public:
  /// What zlib's manual says of the parameter: 15 for zlib, 31 for gzip, -15 for neither.
  explicit inflater(int window_bits) {
    if (inflateInit2(&stream_, window_bits) != Z_OK) throw std::bad_alloc();
  }
  inflater(const inflater&) = delete;  // zlib keeps its address
  inflater& operator=(const inflater&) = delete;
  ~inflater() { inflateEnd(&stream_); }

  void restart() noexcept { inflateReset(&stream_); }
  void restart(int window_bits) noexcept { inflateReset2(&stream_, window_bits); }

  enum class outcome { more, end, malformed };

  /// Goes on until `in` or `out` is used up, and shortens them to what is left.
  COHTTPS_DECL outcome run(std::span<const std::byte>& in, std::span<std::byte>& out);

  std::uint64_t produced() const noexcept { return stream_.total_out; }
  std::string_view why() const noexcept { return stream_.msg ? stream_.msg : std::string_view(); }

 private:
  z_stream stream_{};
};

/// One or more members, checksums and lengths verified. Bytes behind a whole member that give no
/// content are no member, however they begin.
class gzip_stage final : public coding_stage {
 public:
  result<progress> step(std::span<const std::byte> in, std::span<std::byte> out) override {
    const std::size_t given = in.size(), room = out.size();
    while (!ended_ && (!complete_ || !in.empty())) {
      if (complete_ && !begins_member(in)) break;
      const auto outcome = inflater_.run(in, out);
      if (outcome == inflater::outcome::malformed) {
        ended_ = complete_ = beyond_ = follows_ && inflater_.produced() == 0;
        if (ended_) break;
        return stop(malformed_content("gzip", inflater_.why()),
                    {given - in.size(), room - out.size()});
      }
      complete_ = outcome == inflater::outcome::end;
      if (out.empty() || (!complete_ && in.empty())) break;
    }
    return progress{given - in.size(), room - out.size()};
  }

  bool is_complete() const noexcept override { return complete_; }
  bool is_beyond_end() const noexcept override { return beyond_; }
  bool is_between_parts() const noexcept override { return complete_ && magic_seen_ > 0; }

 private:
  // The first bytes of a member (RFC 1952, 2.3.1) are kept back until all of them are here.
  static constexpr std::array<std::byte, 3> magic{std::byte{0x1f}, std::byte{0x8b}, std::byte{8}};

  /// Behind a whole member: whether another one begins, of which the magic bytes are read now.
  COHTTPS_DECL bool begins_member(std::span<const std::byte>& in);

  inflater inflater_{31};
  std::size_t magic_seen_ = 0;  // of the member after the last one
  bool complete_ = false;
  bool follows_ = false;  // there was a member before this one
  bool ended_ = false;    // what comes now is no member
  bool beyond_ = false;
};

/// RFC 9110 means zlib by "deflate"; some servers send it bare, which the first two bytes tell.
class deflate_stage final : public coding_stage {
 public:
  result<progress> step(std::span<const std::byte> in, std::span<std::byte> out) override {
    const std::size_t given = in.size(), room = out.size();
    while (head_size_ < head_.size() && !in.empty()) {
      head_[head_size_++] = in.front();
      in = in.subspan(1);
      if (head_size_ == head_.size()) {
        if (!starts_zlib()) inflater_.restart(-15);
        rest_of_head_ = head_;
      }
    }
    if (head_size_ < head_.size()) return progress{given - in.size(), 0};
    for (std::span<const std::byte>* source : {&rest_of_head_, &in}) {
      if (complete_ || out.empty()) break;
      const auto outcome = inflater_.run(*source, out);
      if (outcome == inflater::outcome::malformed)
        return stop(malformed_content("deflate", inflater_.why()),
                    {given - in.size(), room - out.size()});
      complete_ = outcome == inflater::outcome::end;
    }
    return progress{given - in.size(), room - out.size()};
  }

  bool is_complete() const noexcept override { return complete_; }

 private:
  /// RFC 1950, 2.2: the method is 8, the window at most 32 KiB, and a multiple of 31 in all.
  COHTTPS_DECL bool starts_zlib() const noexcept;

  inflater inflater_{15};
  std::array<std::byte, 2> head_{};
  std::size_t head_size_ = 0;
  std::span<const std::byte> rest_of_head_;
  bool complete_ = false;
};

}  // namespace cohttps::detail

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/http/coding_zlib.ipp>
#endif

#endif
