// Saves TLS sessions in a file, so that a program can resume them after a restart. A resumed
// handshake costs a third of a full one.
#pragma once

#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/tls/context.hpp>

#include <cstddef>
#include <span>
#include <string>

namespace cohttps {

/// Writes the sessions of `context` into the file `path`, encrypted and with mode 0600. Replaces an
/// existing file as a whole or not at all. `key` contains 32 random bytes; keep it where you keep
/// other secrets. This function keeps no copy of `key`. Fails with category usage if the file
/// cannot be written ("session_file"), and with the errors of `tls::seal_sessions`.
///
/// Protect `key` like a password: an attacker who has `key` and the file can decrypt the
/// connections that resume its TLS 1.2 sessions.
COHTTPS_DECL [[gnu::cold]] result<void> save_tls_sessions(const tls_context& context,
                                                          const std::string& path,
                                                          std::span<const std::byte> key);

/// Adds the sessions in such a file to `context`, and returns their number. Returns 0 if there is
/// no file, as at the first start of a program. Fails with category usage, and adds nothing, if the
/// file cannot be read, is too large, was changed, or has another format; also if it belongs to
/// another key, or to a context with other roots, policy, pins or identity (see
/// `tls::open_sessions`). A program may ignore the error: connections then need full handshakes.
///
/// A process uses each ticket of TLS 1.3 once. Two processes that load the same file use the same
/// tickets, and an observer on the network can see that they belong together.
COHTTPS_DECL [[gnu::cold]] result<std::size_t> load_tls_sessions(tls_context& context,
                                                                 const std::string& path,
                                                                 std::span<const std::byte> key);

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/client/session_file.ipp>
#endif
