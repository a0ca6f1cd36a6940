// What a caller can choose about TLS.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace cohttps {

/// The values are those of the wire (RFC 8446, 4.2.1).
enum class tls_version : std::uint16_t { v1_2 = 0x0303, v1_3 = 0x0304 };

namespace tls::danger {
/// Any certificate will do, for any host: everybody on the way can read and change everything.
/// For experiments alone. `tls_info::verified` is false then.
struct accept_any_certificate {};
}  // namespace tls::danger

/// How a `tls_context` is made.
///
/// The roots are the system's and those given here, together; `.system_roots = false` leaves those
/// given alone. With Botan 3.11.1 and newer a certificate given here is trusted as it is, so an
/// intermediate authority or a server's own certificate will do too; older ones want a self-signed
/// authority. No environment variable changes any of it.
struct tls_options {
  bool system_roots = true;
  std::string root_file = {};  ///< path of a file of PEM certificates
  std::string root_pem = {};   ///< PEM certificates themselves
  tls_version minimum_version = tls_version::v1_2;
  /// Continue sessions of earlier connections made with this context, for at most a day after the
  /// certificate was verified (RFC 8446, 2.2). Nothing of it is written to a disk.
  bool session_resumption = true;
  /// Decrypt application data of TLS 1.3 in place, past Botan's own record layer: the same bytes,
  /// and many times the speed. A program built with COHTTPS_NO_RECORD_READER never does.
  bool record_reader = true;
  /// Only this loosens verification.
  std::optional<tls::danger::accept_any_certificate> danger = {};
};

}  // namespace cohttps
