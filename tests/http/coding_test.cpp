#include "http/encoders.hpp"

#include <cohttps/http/coding/coding.hpp>

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <cstddef>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <sys/resource.h>
#include <vector>

using namespace cohttps;

namespace {

/// The content, or "<reason>".
std::string shown(const result<std::string>& decoded) {
  return decoded ? *decoded : '<' + std::string(decoded.error().reason()) + '>';
}
std::string decoded(std::string_view coding, std::string_view bytes,
                    const decoding_limits& limits = {}, strictness how = strictness::lenient) {
  return shown(decode_content(coding, bytes, limits, how));
}
std::string decoded_strictly(std::string_view coding, std::string_view bytes) {
  return decoded(coding, bytes, {}, strictness::strict);
}

/// Decodes with input in pieces of one size and output in pieces of another.
result<std::string> in_pieces(std::string_view coding, std::string_view bytes, std::size_t in_size,
                              std::size_t out_size, strictness how = strictness::lenient) {
  auto decoder = content_decoder::create(coding, {}, how);
  if (!decoder) return pass(std::move(decoder));
  std::string text;
  std::vector<std::byte> out(out_size);
  for (std::size_t at = 0; at < bytes.size(); at += in_size) {
    // A copy of its own, so that a decoder that keeps hold of it is found out.
    const std::string copy(bytes.substr(at, in_size));
    auto rest = std::as_bytes(std::span(copy));
    while (true) {
      auto done = decoder->decode(rest, out);
      if (!done) return pass(std::move(done));
      text.append(reinterpret_cast<const char*>(out.data()), done->produced);
      rest = rest.subspan(done->consumed);
      if (done->produced < out.size()) break;
    }
    CHECK(rest.empty());
  }
  if (auto ended = decoder->finish(); !ended) return pass(std::move(ended));
  return text;
}

/// Text that compresses, but not to nothing.
std::string sample(std::size_t size) {
  std::minstd_rand random(1);
  std::string out;
  while (out.size() < size)
    out += random() % 3 == 0 ? "the quick brown fox " : std::to_string(random());
  out.resize(size);
  return out;
}

// ThreadSanitizer keeps four bytes about each that is touched, and they count as the program's.
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
[[maybe_unused]] constexpr std::size_t shadow = 4;
#else
[[maybe_unused]] constexpr std::size_t shadow = 0;
#endif
#else
[[maybe_unused]] constexpr std::size_t shadow = 0;
#endif

[[maybe_unused]] std::size_t peak_memory() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::size_t>(usage.ru_maxrss) * 1024;
}

}  // namespace

TEST_CASE("content in each coding that is built in") {
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{100'000}}) {
    const std::string text = sample(size);
    for (const auto& [coding, bytes] : encoders::all(text)) {
      INFO(coding << ", " << size << " bytes");
      CHECK(decode_content(coding, bytes).value() == text);
    }
  }
  CHECK(decoded("", "as it is") == "as it is");
  CHECK(decoded("identity", "as it is") == "as it is");
  CHECK(decoded(" , Identity,", "as it is") == "as it is");
}

TEST_CASE("Accept-Encoding says what is built in") {
  std::string expected;
#ifdef COHTTPS_HAS_ZLIB
  expected += ", gzip, deflate";
#endif
#ifdef COHTTPS_HAS_BROTLI
  expected += ", br";
#endif
#ifdef COHTTPS_HAS_ZSTD
  expected += ", zstd";
#endif
  CHECK(accept_encoding() == (expected.empty() ? "" : expected.substr(2)));
  for (const std::string_view coding : {"gzip", "deflate", "br", "zstd"}) {
    const bool listed =
        (", " + accept_encoding()).find(", " + std::string(coding)) != std::string::npos;
    const auto made = content_decoder::create(coding);
    CHECK(made.has_value() == listed);
    if (!made) {
      CHECK(made.error().reason() == "coding_unavailable");
      CHECK(made.error().message().find(coding) != std::string::npos);
    }
  }
}

TEST_CASE("codings that are not known, and too many") {
  for (const std::string_view coding :
       {"compress", "x-compress", "gzip;q=1", "*", "aes128gcm", "\"gzip\""})
    CHECK(decoded(coding, "") == "<coding_unknown>");
  CHECK_FALSE(content_decoder::create("b\r\nX: y").error().message().contains('\n'));
#ifdef COHTTPS_HAS_ZLIB
  CHECK(content_decoder::create("gzip, identity, GZIP, x-gzip, identity"));
  CHECK(decoded("gzip, gzip, gzip, gzip", "") == "<too_many_codings>");
  CHECK(
      content_decoder::create(fields{{"Content-Encoding", "gzip"}, {"content-encoding", "gzip"}}));
  CHECK(content_decoder::create(
            fields{{"Content-Encoding", "gzip,gzip"}, {"content-encoding", "gzip,gzip"}})
            .error()
            .reason() == "too_many_codings");
  CHECK(content_decoder::create(fields{})->is_identity());
  CHECK_FALSE(content_decoder::create(fields{{"Content-Encoding", "gzip"}})->is_identity());
#endif
}

TEST_CASE("any division of input and output gives the same content") {
  const std::string text = sample(5000);
  for (const auto& [coding, bytes] : encoders::all(text))
    for (const std::size_t in : {1u, 2u, 3u, 5u, 13u, 64u, 1024u, 16384u})
      for (const std::size_t out : {1u, 7u, 64u, 1024u, 16384u}) {
        INFO(coding << ", in pieces of " << in << " to pieces of " << out);
        CHECK(in_pieces(coding, bytes, in, out).value() == text);
      }
  for (const std::size_t in : {1u, 3u, 10u}) CHECK(in_pieces("", text, in, 7).value() == text);
}

TEST_CASE("every truncation is an error, but for content without a byte") {
  const std::string text = sample(300);
  for (const auto& [coding, bytes] : encoders::all(text)) {
    INFO(coding);
    CHECK(decoded(coding, "").empty());
    for (std::size_t size = 1; size < bytes.size(); ++size) {
      INFO(size << " of " << bytes.size());
      CHECK(decoded(coding, std::string_view(bytes).substr(0, size)) == "<content_truncated>");
      CHECK(shown(in_pieces(coding, std::string_view(bytes).substr(0, size), 1, 1)) ==
            "<content_truncated>");
    }
  }
}

TEST_CASE("what follows the end is passed over, or an error when read strictly") {
  const std::string text = sample(300);
  for (const auto& [coding, bytes] : encoders::all(text))
    for (const std::string_view more :
         {std::string_view("\0", 1), std::string_view("x"), std::string_view("\r\n"),
          std::string_view("<html>"), std::string_view("\x1f\x01 gzip"),
          // What only begins like a member of gzip: cut in its magic bytes, with a method, flags, a
          // checksum of the header, a block and a length that there are not.
          std::string_view("\x1f"), std::string_view("\x1f\x8b"),
          std::string_view("\x1f\x8b\xff\xff"), std::string_view("\x1f\x8b\x08garbage"),
          std::string_view("\x1f\x8b\x08\0\0\0\0\0\0\0\xff\xff", 12),
          std::string_view("\x1f\x8b\x08\2\0\0\0\0\0\0\0\0", 12),
          std::string_view("\x1f\x8b\x08\0\0\0\0\0\0\0\0\0\0\0\0", 15),
          std::string_view("(zstd")}) {
      INFO(coding << " and " << ascii::printable(more));
      const std::string all = bytes + std::string(more);
      for (const auto how : {strictness::lenient, strictness::strict}) {
        const std::string expected = how == strictness::lenient ? text : "<content_trailing_bytes>";
        CHECK(decoded(coding, all, {}, how) == expected);
        CHECK(shown(in_pieces(coding, all, bytes.size(), 16384, how)) == expected);
        CHECK(shown(in_pieces(coding, all, 1, 1, how)) == expected);
        CHECK(shown(in_pieces(coding, all, all.size(), text.size(), how)) == expected);
      }
    }
}

TEST_CASE("content that is not what it says") {
  for (const std::string_view coding : {"gzip", "deflate", "br", "zstd"}) {
    if (!content_decoder::create(coding)) continue;
    INFO(coding);
    CHECK(decoded(coding, "<html>not coded</html>") == "<content_malformed>");
    CHECK(decoded(coding, std::string(100, '\xff')) == "<content_malformed>");
  }
}

TEST_CASE("damage anywhere is an error or, where a format has no checksum, other content") {
  const std::string text = sample(300);
  for (const auto& [coding, bytes] : encoders::all(text)) {
    INFO(coding);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      std::string damaged = bytes;
      damaged[i] = static_cast<char>(damaged[i] ^ 0x10);
      const auto out = decode_content(coding, damaged);
      const bool checked = coding == "gzip" || coding == "zstd";
      INFO("byte " << i);
      if (checked && out) CHECK(*out == text);  // a field of the header that means nothing here
    }
  }
}

#ifdef COHTTPS_HAS_ZLIB

TEST_CASE("gzip of several members, and what its headers may hold") {
  using namespace std::string_literals;
  const std::string a = encoders::gzip("first "), b = encoders::gzip("second"),
                    none = encoders::gzip("");
  CHECK(decoded("gzip", a + b) == "first second");
  CHECK(decoded("gzip", none + a + none + b + none) == "first second");
  for (std::size_t in = 1; in < 20; ++in)
    CHECK(in_pieces("gzip", a + none + b, in, 3).value() == "first second");
  CHECK(decoded("gzip", a + b.substr(0, 5)) == "<content_truncated>");
  CHECK(decoded("gzip", a + b.substr(0, 12)) == "<content_truncated>");
  CHECK(decoded("gzip", a + "\x1fx") == "first ");
  CHECK(decoded_strictly("gzip", a + "\x1fx") == "<content_trailing_bytes>");
  CHECK(decoded("x-gzip", a) == "first ");

  // FEXTRA, FNAME, FCOMMENT and FHCRC before what the short header is followed by
  std::string head = "\x1f\x8b\x08\x1e\0\0\0\0\0\3"s + "\3\0xyz"s + "name\0"s + "comment\0"s;
  const auto crc =
      crc32(0, reinterpret_cast<const Bytef*>(head.data()), static_cast<uInt>(head.size()));
  const std::string right = {static_cast<char>(crc & 0xff), static_cast<char>(crc >> 8 & 0xff)};
  CHECK(decoded("gzip", head + right + a.substr(10)) == "first ");
  CHECK(decoded("gzip", head + "??" + a.substr(10)) == "<content_malformed>");
  CHECK(in_pieces("gzip", head + right + a.substr(10), 1, 1).value() == "first ");
  std::string reserved = a;
  reserved[3] = '\x20';
  CHECK(decoded("gzip", reserved) == "<content_malformed>");

  // The trailer: CRC-32 and length.
  for (std::size_t i = a.size() - 8; i < a.size(); ++i) {
    std::string damaged = a;
    damaged[i] = static_cast<char>(damaged[i] ^ 1);
    CHECK(decoded("gzip", damaged) == "<content_malformed>");
  }
}

TEST_CASE("what was decoded before something malformed is given, in one piece too") {
  const std::string a = encoders::gzip("first "), text = sample(3000);
  std::string damaged = encoders::gzip(text);
  damaged[damaged.size() - 8] ^= 1;
  std::string checked = encoders::deflated(text, 15);
  checked.back() ^= 1;
  struct broken {
    std::string_view coding;
    std::string bytes, content;
  };
  for (const auto& [coding, bytes, content] : {
           broken{"gzip", damaged, text},
           broken{"gzip", a + damaged, "first " + text},
           broken{"deflate", checked, text},
       })
    for (const std::size_t size : {7u, 1000u, 16384u}) {
      INFO(coding << ", to pieces of " << size);
      auto decoder = content_decoder::create(coding);
      std::vector<std::byte> out(size);
      std::string given;
      std::string reason;
      for (auto rest = std::as_bytes(std::span(bytes)); reason.empty();) {
        const auto done = decoder->decode(rest, out);
        if (!done) {
          reason = done.error().reason();
          break;
        }
        given.append(reinterpret_cast<const char*>(out.data()), done->produced);
        rest = rest.subspan(done->consumed);
        if (done->produced < out.size()) {
          CHECK(rest.empty());
          reason = decoder->finish() ? "none" : decoder->finish().error().reason();
        }
      }
      CHECK(given == content);
      CHECK(reason == "content_malformed");
    }
}

TEST_CASE("deflate with and without the header of zlib") {
  CHECK(decoded("deflate", encoders::deflated("text", 15)) == "text");
  CHECK(decoded("deflate", encoders::deflated("text", 9)) == "text");
  CHECK(decoded("deflate", encoders::deflated("text", -15)) == "text");
  using namespace std::string_literals;
  CHECK(decoded("deflate", "\3\0"s) == "");
  CHECK(decoded("deflate", "\3"s) == "<content_truncated>");
  CHECK(decoded("deflate", "\x78"s) == "<content_truncated>");
  std::string damaged = encoders::deflated("text", 15);
  damaged.back() = static_cast<char>(damaged.back() ^ 1);
  CHECK(decoded("deflate", damaged) == "<content_malformed>");
  // A dictionary that nobody has.
  CHECK(decoded("deflate", "\x78\xbb\0\0\0\1\3\0\0\0\0\1"s) == "<content_malformed>");
}

TEST_CASE("codings on top of each other are undone from the last to the first") {
  const std::string text = sample(20'000);
  const std::string twice = encoders::gzip(encoders::deflated(text, 15));
  CHECK(decoded("deflate, gzip", twice) == text);
  CHECK(decoded("deflate, identity, GZip", twice) == text);
  CHECK(decoded("gzip, deflate", twice) == "<content_malformed>");
  const std::string thrice = encoders::gzip(encoders::gzip(encoders::gzip(text)));
  CHECK(decoded("gzip, gzip, gzip", thrice) == text);
  for (const std::size_t in : {1u, 7u, 1000u})
    for (const std::size_t out : {1u, 100u, 50'000u})
      CHECK(in_pieces("gzip, gzip, gzip", thrice, in, out).value() == text);

  const std::string short_inside = encoders::gzip(encoders::gzip(text).substr(0, 1000));
  CHECK(decoded("gzip, gzip", short_inside) == "<content_truncated>");
  CHECK(decoded("gzip, gzip", encoders::gzip(encoders::gzip(text) + "x")) == text);
  CHECK(decoded_strictly("gzip, gzip", encoders::gzip(encoders::gzip(text) + "x")) ==
        "<content_trailing_bytes>");
  CHECK(decoded_strictly("gzip, gzip", encoders::gzip(encoders::gzip(text)) + "x") ==
        "<content_trailing_bytes>");
  CHECK(decoded("gzip, gzip", encoders::gzip("")).empty());
#if defined(COHTTPS_HAS_ZSTD) && defined(CAN_ENCODE_BROTLI)
  CHECK(decoded("gzip, br, zstd", encoders::zstd(encoders::brotli(encoders::gzip(text)))) == text);
#endif
}

TEST_CASE("decoded content has a limit") {
  const std::string text = sample(100'000);
  for (const auto& [coding, bytes] : encoders::all(text)) {
    INFO(coding);
    CHECK(decode_content(coding, bytes, {.output = text.size()}).value() == text);
    CHECK(decoded(coding, bytes, {.output = text.size() - 1}) == "<content_too_large>");
  }
  CHECK(decoded("", "12345", {.output = 4}) == "<content_too_large>");
}

TEST_CASE("a ratio is too much only past a mebibyte") {
  const std::string zeros(1024 * 1024, '\0');
  CHECK(decode_content("gzip", encoders::gzip(zeros)).value() == zeros);
  CHECK(decoded("gzip", encoders::gzip(zeros + zeros + zeros)) == "<content_ratio>");
  CHECK(decode_content("gzip", encoders::gzip(zeros + zeros), {.ratio = 1100}).value().size() ==
        2 * zeros.size());
  CHECK(decoded("gzip", encoders::gzip(zeros + zeros), {.ratio = 0}) == "<content_ratio>");
  // The middle of three makes much, the last one little of it.
  std::string empty_members;
  while (empty_members.size() < 3 * zeros.size()) empty_members += encoders::gzip("");
  CHECK(decoded("gzip, gzip, gzip", encoders::gzip(encoders::gzip(empty_members))) ==
        "<content_ratio>");
}

TEST_CASE("a bomb of ten gibibytes is refused in constant memory") {
  // A full flush ends at a byte and forgets what was before: the piece can be repeated.
  const std::string mebibyte(1024 * 1024, '\0');
  const std::string piece = encoders::deflated(mebibyte, -15, Z_FULL_FLUSH);
  const std::string head = encoders::gzip("").substr(0, 10);
  struct row {
    decoding_limits limits;
    std::string_view reason;
    std::uint64_t at_most;
  };
  const row table[] = {
      {{}, "content_ratio", 2 << 20},
      {{.output = 16 << 20, .ratio = UINT64_MAX}, "content_too_large", 17 << 20},
      {{.output = 256 << 20, .ratio = UINT64_MAX}, "content_too_large", 257 << 20},
  };
  const std::size_t before = peak_memory();
  for (const auto& [limits, reason, at_most] : table) {
    INFO(reason);
    auto decoder = content_decoder::create("gzip", limits);
    REQUIRE(decoder);
    std::vector<std::byte> out(64 * 1024);
    std::uint64_t produced = 0;
    std::string why;
    for (int i = -1; i < 10 * 1024 && why.empty(); ++i) {
      auto rest = std::as_bytes(std::span(i < 0 ? head : piece));
      while (why.empty()) {
        const auto done = decoder->decode(rest, out);
        if (!done) {
          why = done.error().reason();
          break;
        }
        produced += done->produced;
        rest = rest.subspan(done->consumed);
        if (done->produced < out.size()) break;
      }
    }
    CHECK(why == reason);
    CHECK(produced <= at_most);
  }
  // A bomb inside a bomb.
  std::string inner = head;
  inner.reserve(head.size() + 10 * 1024 * piece.size());
  for (int i = 0; i < 10 * 1024; ++i) inner += piece;
  const std::string outer = encoders::gzip(inner);
  inner = {};
  CHECK(decoded("gzip, gzip", outer) == "<content_ratio>");
  CHECK(decoded("gzip, gzip", outer, {.output = 1 << 20, .ratio = UINT64_MAX}) ==
        "<content_too_large>");
  CHECK(peak_memory() - before < (std::size_t{32} << 20) * (1 + shadow));
}

#endif

#ifdef COHTTPS_HAS_ZSTD

TEST_CASE("zstd of several frames, and its window") {
  using namespace std::string_literals;
  const std::string a = encoders::zstd("first "), b = encoders::zstd("second");
  const std::string skipped = "\x5e\x2a\x4d\x18\3\0\0\0xyz"s;
  CHECK(decoded("zstd", a + b) == "first second");
  CHECK(decoded("zstd", skipped + a + skipped + b + skipped) == "first second");
  for (std::size_t in = 1; in < 20; ++in)
    CHECK(in_pieces("zstd", skipped + a + b, in, 3).value() == "first second");
  CHECK(decoded("zstd", a + b.substr(0, 3)) == "<content_truncated>");
  CHECK(decoded("zstd", a + skipped.substr(0, 9)) == "<content_truncated>");
  // What libzstd can read and is not in the standard
  CHECK(decoded("zstd", "\x27\xb5\x2f\xfd\0\0\0\0"s) == "<content_malformed>");

  const std::string text = sample(20 << 20);
  const std::string fits = encoders::zstd(text, 23), wide = encoders::zstd(text, 24);
  CHECK(decode_content("zstd", fits).value() == text);
  CHECK(decoded("zstd", wide) == "<content_window_too_large>");
  CHECK(shown(in_pieces("zstd", wide, wide.size(), text.size() + 1)) ==
        "<content_window_too_large>");
  CHECK(shown(in_pieces("zstd", wide, 1000, 1000)) == "<content_window_too_large>");
}

#endif
