// What all TLS connections of a client share: whom to trust and what to offer.
#pragma once

#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/tls/options.hpp>

#include <memory>
#include <utility>

namespace cohttps {

namespace tls {
struct context_state;
class current_persona;
}  // namespace tls

/// Cheap to copy: copies share everything. Nothing changes but the identity, by `set_identity`.
///
/// Threads: may be copied and used from several at the same time.
class tls_context {
 public:
  /// As `create`, throwing its `error`.
  COHTTPS_DECL explicit tls_context(const tls_options& options)
      : tls_context(made(create(options))) {}

  /// Fails, with category usage, when certificates cannot be read or none is trusted.
  COHTTPS_DECL static result<tls_context> create(const tls_options& options);

  /// The default one: the system's roots, TLS 1.2 and newer. Made on the first call, then shared by
  /// the whole process; a failure is remembered as well.
  COHTTPS_DECL static result<tls_context> system();

  /// Exchanges the client's identity, as when its certificate was renewed, for all copies. From now
  /// on new connections present this one. Those that exist are kept, and serve requests as before;
  /// `client::close_idle` ends the idle ones. Sessions of the old identity are never
  /// continued under the new one. Fails with category usage, and changes nothing, when the identity
  /// cannot be read, and on the context of `system`.
  COHTTPS_DECL [[gnu::cold]] result<void> set_identity(const tls_identity& identity);

  /// True for a copy of `system()`, which never has an identity.
  COHTTPS_DECL bool is_system() const noexcept;
  /// A context with the same trust, which never has an identity.
  COHTTPS_DECL tls_context without_identity() const;
  /// A context with the same trust and another identity. Fails with category usage when the
  /// identity cannot be read.
  COHTTPS_DECL [[gnu::cold]] result<tls_context> with_identity(const tls_identity& identity) const;

  /// Connections may be shared between contexts with the same id. Copies have the same one.
  COHTTPS_DECL const void* id() const noexcept;

  const tls::context_state& state() const noexcept { return *state_; }
  const tls::current_persona& who() const noexcept { return *who_; }

 private:
  COHTTPS_DECL static tls_context made(result<tls_context> context);

  COHTTPS_DECL [[gnu::cold]] static result<tls_context> build(const tls_options& options,
                                                              bool of_process);

  tls_context(std::shared_ptr<const tls::context_state> state,
              std::shared_ptr<tls::current_persona> who)
      : state_(std::move(state)), who_(std::move(who)) {}

  std::shared_ptr<const tls::context_state> state_;
  std::shared_ptr<tls::current_persona> who_;
};

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/tls/context.ipp>
#endif
