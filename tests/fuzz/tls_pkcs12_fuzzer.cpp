// A PKCS #12 file by chance. With the passphrase's own MAC hardly one would be read any further, so
// the parts behind it are also fed alone, under a MAC that is made here.
#include <cohttps/tls/identity/pkcs12.hpp>

#include <botan/hash.h>
#include <botan/mac.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <vector>

using bytes = std::vector<std::uint8_t>;

namespace {

bytes element(std::uint8_t tag, const bytes& content) {
  bytes out{tag, 0x83, static_cast<std::uint8_t>(content.size() >> 16),
            static_cast<std::uint8_t>(content.size() >> 8),
            static_cast<std::uint8_t>(content.size())};
  if (content.size() < 0x10000) out.erase(out.begin() + 2), out[1] = 0x82;
  if (content.size() < 0x100) out.erase(out.begin() + 2), out[1] = 0x81;
  if (content.size() < 0x80) out.erase(out.begin() + 1);
  out.insert(out.end(), content.begin(), content.end());
  return out;
}
bytes operator+(bytes a, const bytes& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

// A whole file with the passphrase "" and an empty salt: I of appendix B.2 is a block of NULs.
bytes with_mac(const bytes& content) {
  bytes input(64, 3);
  input.resize(128);
  const auto hash = Botan::HashFunction::create_or_throw("SHA-256");
  hash->update(input);
  const auto mac = Botan::MessageAuthenticationCode::create_or_throw("HMAC(SHA-256)");
  mac->set_key(hash->final());
  mac->update(content);
  const bytes digest = mac->final_stdvec();
  const bytes data{0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 1};
  const bytes sha256{0x30, 11, 0x06, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1};
  return element(0x30,
                 bytes{0x02, 1, 3} + element(0x30, data + element(0xa0, element(0x04, content))) +
                     element(0x30, element(0x30, sha256 + element(0x04, digest)) + bytes{0x04, 0}));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const bytes rest(data + 1, data + size);
  const auto read = cohttps::tls::read_pkcs12(data[0] & 1 ? with_mac(rest) : rest, "");
  if (read && (!read->key || read->chain.empty())) std::abort();
  // The MAC that was made here has to be right, or nothing behind it is tried.
  if (!read && (data[0] & 1) && size < 10'000 && read.error().reason() == "bad_pkcs12_passphrase")
    std::abort();
  return 0;
}
