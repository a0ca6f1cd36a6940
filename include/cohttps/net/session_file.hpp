// TLS sessions in a file, for programs that end and start again: a resumed handshake costs a third.
#pragma once

#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/tls/context.hpp>

#include <cstddef>
#include <span>
#include <string>

namespace cohttps {

/// Puts the sessions of `context` into the file `path`, encrypted and readable for nobody else
/// (mode 0600), in the place of what was there at once or not at all. `key`: 32 random bytes that
/// are kept where other secrets are; no copy of it remains here. Category usage: what cannot be
/// written, and a key of another size.
///
/// Whoever has the key and the file can read what was sent over connections of TLS 1.2 that are
/// continued, so it should be no easier to have than a password.
COHTTPS_DECL [[gnu::cold]] result<void> save_tls_sessions(const tls_context& context,
                                                          const std::string& path,
                                                          std::span<const std::byte> key);

/// Gives `context` the sessions of such a file; how many. None when there is no file: so it is at
/// the first start. A file that was changed, is too large, is something else, of another key or of
/// a context with other roots, policy, pins or identity is an error of category usage (see
/// `tls::open_sessions`) and gives nothing, which costs no more than full handshakes.
///
/// A ticket of TLS 1.3 is used once by a process; two that load the same file use the same ones, by
/// which somebody on the way can tell that they belong together.
COHTTPS_DECL [[gnu::cold]] result<std::size_t> load_tls_sessions(tls_context& context,
                                                                 const std::string& path,
                                                                 std::span<const std::byte> key);

}  // namespace cohttps

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/net/session_file.ipp>
#endif
