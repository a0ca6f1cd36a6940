// Decodes the codings gzip (RFC 1952) and deflate (RFC 1950, or only RFC 1951) with zlib.
#pragma once

#ifdef COHTTPS_HAS_ZLIB

#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/http/coding/coding_stage.hpp>
#include <cohttps/http/coding/zlib_stream.hpp>

#include <array>
#include <cstddef>
#include <span>

namespace cohttps::detail {

/// Decodes one or more members, and verifies their checksums and lengths. Bytes after a complete
/// member are not a member if they are malformed before they give content, even if they begin like
/// one.
template <class = void>
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
  // The stage keeps the first bytes of a member (RFC 1952, 2.3.1) back until all of them have
  // arrived.
  static constexpr std::array<std::byte, 3> magic{std::byte{0x1f}, std::byte{0x8b}, std::byte{8}};

  /// Call it after a complete member. Reads magic bytes, and returns true if another member begins.
  bool begins_member(std::span<const std::byte>& in);

  inflater inflater_{31};
  std::size_t magic_seen_ = 0;  // after the last complete member
  bool complete_ = false;
  bool follows_ = false;  // another member came before this one
  bool ended_ = false;    // the following bytes are not a member
  bool beyond_ = false;
};

/// RFC 9110 defines "deflate" as the zlib format. Some servers send raw deflate data instead; the
/// first two bytes tell the difference.
template <class = void>
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
  /// RFC 1950, 2.2: the method is 8, the window is at most 32 KiB, and the two bytes together are a
  /// multiple of 31.
  bool starts_zlib() const noexcept;

  inflater inflater_{15};
  std::array<std::byte, 2> head_{};
  std::size_t head_size_ = 0;
  std::span<const std::byte> rest_of_head_;
  bool complete_ = false;
};

}  // namespace cohttps::detail

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/http/coding/coding_zlib.ipp>
#endif

#endif
