// Decodes the coding br (RFC 7932) with Google's brotli. Only this header includes brotli.
#pragma once

#ifdef COHTTPS_HAS_BROTLI

#include <cohttps/core/error.hpp>
#include <cohttps/http/coding/coding_stage.hpp>

#include <brotli/decode.h>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <span>
#include <string>

namespace cohttps::detail {

/// The format itself limits the window to 16 MiB.
template <class = void>
class brotli_stage final : public coding_stage {
 public:
  brotli_stage() : state_(BrotliDecoderCreateInstance(nullptr, nullptr, nullptr)) {
    if (!state_) throw std::bad_alloc();
  }

  result<progress> step(std::span<const std::byte> in, std::span<std::byte> out) override {
    std::size_t left = in.size(), room = out.size();
    if (!complete_) {
      auto next_in = reinterpret_cast<const std::uint8_t*>(in.data());
      auto next_out = reinterpret_cast<std::uint8_t*>(out.data());
      const auto outcome =
          BrotliDecoderDecompressStream(state_.get(), &left, &next_in, &room, &next_out, nullptr);
      if (outcome == BROTLI_DECODER_RESULT_ERROR)
        return stop(malformed_content(
                        "br", BrotliDecoderErrorString(BrotliDecoderGetErrorCode(state_.get()))),
                    {in.size() - left, out.size() - room});
      complete_ = outcome == BROTLI_DECODER_RESULT_SUCCESS;
    }
    return progress{in.size() - left, out.size() - room};
  }

  bool is_complete() const noexcept override { return complete_; }

 private:
  struct deleter {
    void operator()(BrotliDecoderState* state) const noexcept {
      BrotliDecoderDestroyInstance(state);
    }
  };

  std::unique_ptr<BrotliDecoderState, deleter> state_;
  bool complete_ = false;
};

/// The version that the program runs with. Brotli has it as one number, 12 bits for the last parts.
template <class = void>
std::string brotli_library_version() {
  const auto version = BrotliDecoderVersion();
  return std::to_string(version >> 24) + '.' + std::to_string((version >> 12) & 0xfff) + '.' +
         std::to_string(version & 0xfff);
}

}  // namespace cohttps::detail

#endif
