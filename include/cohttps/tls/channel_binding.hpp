// An addition to Botan's TLS 1.2 exporter, which channel bindings need (RFC 9266).
#pragma once

#include <cohttps/tls/botan.hpp>

#include <botan/kdf.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace cohttps::tls {

inline constexpr const char* channel_binding_label = "EXPORTER-Channel-Binding";
inline constexpr std::size_t channel_binding_size = 32;

/// The TLS 1.2 PRF of an exporter with an empty context. The seed then ends with the length of the
/// context, which is two zero octets; without a context the seed has no length (RFC 5705, 4). Botan
/// treats an empty context as no context, so this class adds the two octets.
class empty_context_prf final : public Botan::KDF {
 public:
  explicit empty_context_prf(std::unique_ptr<Botan::KDF> prf) : prf_(std::move(prf)) {}

  std::string name() const override { return prf_->name(); }
  std::unique_ptr<Botan::KDF> new_object() const override {
    return std::make_unique<empty_context_prf>(prf_->new_object());
  }

 private:
  void perform_kdf(std::span<std::uint8_t> key, std::span<const std::uint8_t> secret,
                   std::span<const std::uint8_t> salt,
                   std::span<const std::uint8_t> label) const override {
    std::vector<std::uint8_t> randoms(salt.begin(), salt.end());
    randoms.insert(randoms.end(), {0, 0});
    prf_->derive_key(key, secret, randoms, label);
  }

  std::unique_ptr<Botan::KDF> prf_;
};

}  // namespace cohttps::tls
