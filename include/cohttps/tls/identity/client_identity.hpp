// The client's own certificate and key, as a handshake uses them.
#pragma once

#include <cohttps/core/error.hpp>
#include <cohttps/tls/botan.hpp>
#include <cohttps/tls/verify/certificate.hpp>

#include <botan/credentials_manager.h>
#include <botan/pkix_types.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cohttps::tls {

/// Gives the client's certificate and key to Botan. `tls_identity::load` makes it, so that a
/// program without an identity does not compile the code that reads one.
class client_identity : public Botan::Credentials_Manager {
 public:
  virtual const certificate_chain& chain() const noexcept = 0;

  /// Whether `tls_identity::sign` makes the signatures.
  virtual bool signs_elsewhere() const noexcept = 0;

  /// Signs `message` with `tls_identity::sign`. `padding` is Botan's name: "SHA-256" for ECDSA, and
  /// "PSS(SHA-256,MGF1,32)" or "PKCS1v15(SHA-256)" for RSA.
  virtual result<std::vector<std::uint8_t>> sign(std::string_view padding,
                                                 std::span<const std::uint8_t> message) const = 0;

  /// Returns why the client does not send its certificate to a server that accepts `authorities`,
  /// or empty text when the client sends it.
  virtual std::string why_withheld(const std::vector<Botan::X509_DN>& authorities) const = 0;
};

}  // namespace cohttps::tls
