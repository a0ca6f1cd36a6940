// The TLS settings that all connections of a client share: trust anchors, pins, offered algorithms.
#pragma once

#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/tls/options.hpp>

#include <memory>
#include <utility>

namespace cohttps {

namespace tls {
struct context_state;
class current_client_identity;
}  // namespace tls

/// The trust, the algorithms and the client's identity for TLS connections.
///
/// Copies are cheap and share one state. Only `set_identity` changes that state.
///
/// Threads: several threads may copy and use a context at the same time.
class tls_context {
 public:
  /// Calls `create` and throws its `error`.
  COHTTPS_DECL explicit tls_context(const tls_options& options)
      : tls_context(made(create(options))) {}

  /// Fails with category usage when an option is invalid, when a file cannot be read, or when no
  /// certificate is trusted. Fails with category tls (`tls_library`) when Botan reports an error.
  COHTTPS_DECL static result<tls_context> create(const tls_options& options);

  /// Returns the default context: the trust anchors of the system, TLS 1.2 and 1.3. The first call
  /// makes it, and later calls return the same context or the same error.
  COHTTPS_DECL static result<tls_context> system();

  /// Replaces the client's identity in all copies of this context, for example after its
  /// certificate was renewed. New connections use the new identity. Open connections stay open and
  /// continue to serve requests; `client::close_idle` closes the idle ones. New connections never
  /// resume sessions of the old identity. Fails with category usage, and changes nothing, when the
  /// identity cannot be read, or when this is the context of `system`.
  COHTTPS_DECL [[gnu::cold]] result<void> set_identity(const tls_identity& identity);

  /// Returns true for a copy of `system()`. That context never has an identity.
  COHTTPS_DECL bool is_system() const noexcept;
  /// Returns a context with the same trust and without an identity.
  COHTTPS_DECL tls_context without_identity() const;
  /// Returns a context with the same trust and another identity. Fails with category usage when the
  /// identity cannot be read.
  COHTTPS_DECL [[gnu::cold]] result<tls_context> with_identity(const tls_identity& identity) const;

  /// Two contexts with the same id may share connections. All copies of a context have one id.
  COHTTPS_DECL const void* id() const noexcept;

  /// For the engine: what the context shares with its connections.
  const tls::context_state& state() const noexcept { return *state_; }
  /// For the engine: the identity that connections use now.
  const tls::current_client_identity& who() const noexcept { return *who_; }

 private:
  COHTTPS_DECL static tls_context made(result<tls_context> context);

  COHTTPS_DECL [[gnu::cold]] static result<tls_context> build(const tls_options& options,
                                                              bool of_process);

  tls_context(std::shared_ptr<const tls::context_state> state,
              std::shared_ptr<tls::current_client_identity> who)
      : state_(std::move(state)), who_(std::move(who)) {}

  std::shared_ptr<const tls::context_state> state_;
  std::shared_ptr<tls::current_client_identity> who_;
};

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/tls/context.ipp>
#endif
