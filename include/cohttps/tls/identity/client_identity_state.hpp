// The client's identity together with the sessions that belong to it.
#pragma once

#include <cohttps/core/separate.hpp>
#include <cohttps/tls/botan.hpp>
#include <cohttps/tls/identity/client_identity.hpp>
#include <cohttps/tls/resumption/session_cache.hpp>

#include <botan/credentials_manager.h>

#include <memory>
#include <mutex>
#include <utility>

namespace cohttps::tls {

/// Immutable. A connection uses one state from its start to its end, and stores its sessions in the
/// `sessions` of that state.
struct client_identity_state {
  std::shared_ptr<client_identity> identity;  ///< null: the client has no certificate
  /// The object for Botan: `identity`, or an object without certificates.
  std::shared_ptr<Botan::Credentials_Manager> credentials;
  std::shared_ptr<session_cache> sessions;  ///< null: no sessions are kept

  COHTTPS_DECL client_identity_state(std::shared_ptr<client_identity> who, bool resumes)
      : identity(std::move(who)),
        credentials(identity ? identity : std::make_shared<Botan::Credentials_Manager>()),
        sessions(resumes ? std::make_shared<session_cache>() : nullptr) {}
};

/// Holds the state that new connections use.
///
/// Threads: all members may be called at the same time.
class current_client_identity {
 public:
  COHTTPS_DECL explicit current_client_identity(client_identity_state first) {
    replace(std::move(first));
  }

  COHTTPS_DECL std::shared_ptr<const client_identity_state> get() const;
  COHTTPS_DECL void replace(client_identity_state next);

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const client_identity_state> identity_state_;
};

}  // namespace cohttps::tls

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/tls/identity/client_identity_state.ipp>
#endif
