// Errors for TLS alerts: which side sent the alert, what it means, and how to avoid it.
#pragma once

#include <cohttps/core/ascii.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/tls/botan.hpp>

#include <botan/tls_alert.h>

#include <algorithm>
#include <iterator>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace cohttps::tls {

/// Returns the type of the alert `name`, or `BadCertificate` for a name that is not in the table.
COHTTPS_DECL Botan::TLS::AlertType alert_named(std::string_view name);

/// The state of the connection when one side sends an alert.
struct alert_scene {
  bool activated;             ///< the handshake is done
  std::string_view versions;  ///< the TLS versions that the client accepts
  std::string_view host;
  std::span<const std::string> alpn;  ///< the protocols offered
  std::string_view withheld = {};     ///< why the client did not send its certificate, or empty

  COHTTPS_DECL std::string_view where() const;
};

namespace detail {
/// A failure with its own `reason`. The alert and a `word` of Botan's message identify the failure.
/// `word` is empty where the alert alone is enough.
struct refusal {
  Botan::TLS::AlertType alert;
  std::string_view word;
  std::string_view reason;
  std::string_view remedy;
};
COHTTPS_DECL const refusal* find_refusal(Botan::TLS::AlertType type, std::string_view what);
}  // namespace detail

/// Makes the error for an alert of type `type` that the client sends. `what` is Botan's message.
COHTTPS_DECL [[gnu::cold]] error sent_alert(Botan::TLS::AlertType type, std::string_view what,
                                            const alert_scene& scene);

/// Makes the error for an alert that the server sends.
COHTTPS_DECL [[gnu::cold]] error received_alert(const Botan::TLS::Alert& alert,
                                                const alert_scene& scene);

}  // namespace cohttps::tls

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/tls/alerts.ipp>
#endif
