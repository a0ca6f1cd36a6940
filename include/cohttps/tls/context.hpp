// What all TLS connections of a client share: whom to trust and what to offer.
#pragma once

#include <cohttps/core/error.hpp>
#include <cohttps/tls/botan.hpp>
#include <cohttps/tls/policy.hpp>
#include <cohttps/tls/trust_store.hpp>

#include <botan/credentials_manager.h>
#include <botan/system_rng.h>
#include <botan/tls_session_manager_noop.h>

#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace cohttps {

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
  /// Only this loosens verification.
  std::optional<tls::danger::accept_any_certificate> danger = {};
};

namespace tls {
struct context_state {
  trust_store roots;
  bool accept_any_certificate = false;
  std::shared_ptr<const client_policy> policy;
  // Shared by all connections: the system's generator needs no lock. Sessions are not kept, as a
  // resumed one skips the verification of certificates.
  std::shared_ptr<Botan::RandomNumberGenerator> random = std::make_shared<Botan::System_RNG>();
  std::shared_ptr<Botan::TLS::Session_Manager> sessions =
      std::make_shared<Botan::TLS::Session_Manager_Noop>();
  std::shared_ptr<Botan::Credentials_Manager> credentials =
      std::make_shared<Botan::Credentials_Manager>();
};
}  // namespace tls

/// Immutable and cheap to copy: copies share everything.
///
/// Threads: may be copied and used from several at the same time.
class tls_context {
 public:
  /// As `create`, throwing its `error`.
  explicit tls_context(const tls_options& options) : tls_context(made(create(options))) {}

  /// Fails, with category usage, when certificates cannot be read or none is trusted.
  static result<tls_context> create(const tls_options& options) try {
    auto state = std::make_shared<tls::context_state>();
    state->accept_any_certificate = options.danger.has_value();
    state->policy = std::make_shared<tls::client_policy>(options.minimum_version);
    state->policy->latest_supported_version(false);  // throws when Botan was built without it
    if (options.system_roots && !state->accept_any_certificate)
      if (auto added = state->roots.add_system(); !added) return pass(std::move(added));
    if (!options.root_file.empty())
      if (auto added = state->roots.add_file(options.root_file); !added)
        return pass(std::move(added));
    if (!options.root_pem.empty())
      if (auto added = state->roots.add_pem(options.root_pem, "tls_options::root_pem"); !added)
        return pass(std::move(added));
    if (state->roots.size() == 0 && !state->accept_any_certificate)
      return fail(error_category::usage, "no_certificates",
                  "no certificate is trusted, so no server could be: give tls_options::root_file "
                  "or root_pem, or leave system_roots on");
    return tls_context(std::move(state));
  } catch (const std::exception& e) {
    return fail(error_category::tls, "tls_library", std::string("cannot set TLS up: ") + e.what());
  }

  /// The default one: the system's roots, TLS 1.2 and newer. Made on the first call, then shared by
  /// the whole process; a failure is remembered as well.
  static result<tls_context> system() {
    static const result<tls_context> shared = create(tls_options{});
    return shared;
  }

  const tls::context_state& state() const noexcept { return *state_; }

 private:
  static tls_context made(result<tls_context> context) {
    if (!context) throw std::move(context).error();
    return *std::move(context);
  }

  explicit tls_context(std::shared_ptr<const tls::context_state> state)
      : state_(std::move(state)) {}

  std::shared_ptr<const tls::context_state> state_;
};

}  // namespace cohttps
