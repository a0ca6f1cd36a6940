// libFuzzer target: coded content, decoded in pieces, at once, and by the library's own function
// for all at once, which have to agree.
#include <cohttps/http/coding/coding.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

using namespace cohttps;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

constexpr std::size_t limit = 1 << 18;

result<std::string> in_pieces(std::string_view coding, std::string_view bytes, std::size_t in_size,
                              std::size_t out_size, strictness how) {
  auto decoder = content_decoder::create(coding, {.output = limit, .ratio = UINT64_MAX}, how);
  require(decoder.has_value());
  std::string text;
  std::vector<std::byte> out(out_size);
  while (!bytes.empty()) {
    const std::string piece(bytes.substr(0, in_size));
    bytes.remove_prefix(piece.size());
    for (auto rest = std::as_bytes(std::span(piece));;) {
      auto done = decoder->decode(rest, out);
      if (!done) return pass(std::move(done));
      require(done->consumed <= rest.size() && done->produced <= out.size());
      text.append(reinterpret_cast<const char*>(out.data()), done->produced);
      rest = rest.subspan(done->consumed);
      if (done->produced == out.size()) continue;
      require(rest.empty());
      break;
    }
  }
  if (auto ended = decoder->finish(); !ended) return pass(std::move(ended));
  return text;
}

std::optional<std::string> inflated(std::string_view& bytes, int window_bits) {
  std::string out(limit + 1, '\0');
  z_stream stream{};
  require(inflateInit2(&stream, window_bits) == Z_OK);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const int code = inflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  bytes.remove_prefix(bytes.size() - stream.avail_in);
  inflateEnd(&stream);
  if (code != Z_STREAM_END) return std::nullopt;
  return out;
}

/// What the libraries' functions for all at once make of it.
std::optional<std::string> at_once(std::string_view coding, std::string_view bytes) {
  std::string out;
  if (coding == "gzip") {
    do {
      const auto member = inflated(bytes, 31);
      if (!member) return std::nullopt;
      out += *member;
    } while (!bytes.empty());
    return out;
  }
  if (coding == "deflate") {
    for (const int window_bits : {15, -15}) {
      std::string_view rest = bytes;
      if (auto all = inflated(rest, window_bits); all && rest.empty()) return all;
    }
    return std::nullopt;
  }
  out.resize(limit + 1);
  if (coding == "br") {
    std::size_t size = out.size();
    if (BrotliDecoderDecompress(bytes.size(), reinterpret_cast<const std::uint8_t*>(bytes.data()),
                                &size, reinterpret_cast<std::uint8_t*>(out.data())) !=
        BROTLI_DECODER_RESULT_SUCCESS)
      return std::nullopt;
    out.resize(size);
    return out;
  }
  const std::size_t size = ZSTD_decompress(out.data(), out.size(), bytes.data(), bytes.size());
  if (ZSTD_isError(size)) return std::nullopt;
  out.resize(size);
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 3) return 0;
  constexpr std::string_view codings[] = {"gzip", "deflate",    "br",
                                          "zstd", "gzip, gzip", "br, zstd"};
  const std::string_view coding = codings[data[0] % std::size(codings)];
  const std::size_t in_size = data[1] + 1u, out_size = (data[2] + 1u) * (data[2] + 1u);
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 3, size - 3);

  const auto divided = in_pieces(coding, bytes, in_size, out_size, strictness::lenient);
  const auto whole = in_pieces(coding, bytes, bytes.size(), limit + 1, strictness::lenient);
  require(divided.has_value() == whole.has_value());
  if (divided) require(*divided == *whole);
  // Of two codings with an error each, either may be met first.
  const bool stacked = coding.find(',') != coding.npos;
  if (!divided && !stacked && divided.error().category() != error_category::limit &&
      whole.error().category() != error_category::limit)
    require(divided.error().reason() == whole.error().reason());
  // Read strictly it is the same, or has something behind its end.
  const auto strictly = in_pieces(coding, bytes, in_size, out_size, strictness::strict);
  if (strictly)
    require(whole && *strictly == *whole);
  else if (whole)
    require(strictly.error().reason() == "content_trailing_bytes");
  if (bytes.empty() || stacked) return 0;

  const auto reference = at_once(coding, bytes);
  if (whole) {
    require(!strictly || (reference && *reference == *whole));
  } else if (reference && reference->size() <= limit) {
    // The functions for all at once do not look at trailing bytes, windows or, in deflate, the
    // first two bytes as this decoder does.
    const std::string_view why = whole.error().reason();
    require(why == "content_trailing_bytes" || why == "content_window_too_large" ||
            (coding == "deflate" && why != "content_truncated"));
  }
  return 0;
}
