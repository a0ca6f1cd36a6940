// TLS alerts in words: which side sent it, what it means, what to do.
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

/// The type of the alert called `name`; `BadCertificate` where this table does not have it.
COHTTPS_DECL Botan::TLS::AlertType alert_named(std::string_view name);

/// The state of the connection when an alert is sent or received.
struct alert_scene {
  bool activated;             ///< the handshake is done
  std::string_view versions;  ///< those that are accepted here
  std::string_view host;
  std::span<const std::string> alpn;  ///< the protocols offered
  std::string_view withheld = {};     ///< why the client's certificate was not shown; empty: it was

  COHTTPS_DECL std::string_view where() const;
};

namespace detail {
/// A failure that has a reason of its own. The alert tells which one it is; where an alert stands
/// for several failures, a word of Botan's message does.
struct refusal {
  Botan::TLS::AlertType alert;
  std::string_view word;
  std::string_view reason;
  std::string_view remedy;
};
COHTTPS_DECL const refusal* find_refusal(Botan::TLS::AlertType type, std::string_view what);
}  // namespace detail

/// The error for an alert of type `type` that the client sends because of `what`.
COHTTPS_DECL [[gnu::cold]] error sent_alert(Botan::TLS::AlertType type, std::string_view what,
                                            const alert_scene& scene);

/// The error for an alert that the server sends.
COHTTPS_DECL [[gnu::cold]] error received_alert(const Botan::TLS::Alert& alert,
                                                const alert_scene& scene);

}  // namespace cohttps::tls

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/tls/alerts.ipp>
#endif
