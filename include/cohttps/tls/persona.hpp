// Who a client is towards servers, and what it began with them as that.
#pragma once

#include <cohttps/core/separate.hpp>
#include <cohttps/tls/botan.hpp>
#include <cohttps/tls/client_identity.hpp>
#include <cohttps/tls/session_cache.hpp>

#include <botan/credentials_manager.h>

#include <memory>
#include <mutex>
#include <utility>

namespace cohttps::tls {

/// Never changes: a connection keeps to the one that it began with, and what a server gives it for
/// later comes into the sessions of that one.
struct persona {
  std::shared_ptr<client_identity> identity;  ///< null: nobody in particular
  /// As Botan asks for it: the identity, or one that has nothing.
  std::shared_ptr<Botan::Credentials_Manager> credentials;
  std::shared_ptr<session_cache> sessions;  ///< null: none is kept

  COHTTPS_DECL persona(std::shared_ptr<client_identity> who, bool resumes)
      : identity(std::move(who)),
        credentials(identity ? identity : std::make_shared<Botan::Credentials_Manager>()),
        sessions(resumes ? std::make_shared<session_cache>() : nullptr) {}
};

/// The one that new connections get.
///
/// Threads: all members may be called at the same time.
class current_persona {
 public:
  COHTTPS_DECL explicit current_persona(persona first) { replace(std::move(first)); }

  COHTTPS_DECL std::shared_ptr<const persona> get() const;
  COHTTPS_DECL void replace(persona next);

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const persona> persona_;
};

}  // namespace cohttps::tls

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/tls/persona.ipp>
#endif
