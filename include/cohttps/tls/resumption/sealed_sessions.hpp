// Encrypts sessions, so that a program can store them and resume them in another process. Only a
// context with the same settings can read them.
#pragma once

#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/tls/botan.hpp>
#include <cohttps/tls/context.hpp>
#include <cohttps/tls/context_state.hpp>
#include <cohttps/tls/random.hpp>
#include <cohttps/tls/record/record.hpp>
#include <cohttps/tls/resumption/session_cache.hpp>

#include <botan/aead.h>
#include <botan/exceptn.h>
#include <botan/secmem.h>
#include <botan/tls_session.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cohttps::tls {

/// The format of sealed sessions: this header, which is authenticated but not encrypted; a random
/// nonce; the content, encrypted with ChaCha20-Poly1305. The nonce has 192 bits, so that a program
/// never has to change its key. The content is the digest of the context (`context_state::digest`)
/// and then the sessions, the oldest first. The last byte of the header is the version of the
/// format.
inline constexpr std::string_view sealed_sessions_header{"cohttps sessions\x01", 17};
inline constexpr std::size_t sealed_sessions_key_size = 32;
inline constexpr std::size_t maximum_sealed_sessions = std::size_t{16} << 20;

namespace detail {

constexpr std::size_t sealed_nonce_size = 24;

/// Writes the content: numbers of 64 bits in network order, and texts after their size.
class session_writer {
 public:
  COHTTPS_DECL explicit session_writer(std::span<const std::uint8_t> begin)
      : out_(begin.begin(), begin.end()) {}

  COHTTPS_DECL void number(std::uint64_t value);
  COHTTPS_DECL void text(std::span<const std::uint8_t> bytes);
  COHTTPS_DECL void session(const std::string& origin, const stored_session& one);
  Botan::secure_vector<std::uint8_t> take() && { return std::move(out_); }

 private:
  Botan::secure_vector<std::uint8_t> out_;
};

/// Reads what `session_writer` has written.
class session_reader {
 public:
  explicit session_reader(std::span<const std::uint8_t> in) : in_(in) {}

  COHTTPS_DECL bool at_end() const noexcept;
  COHTTPS_DECL std::optional<std::uint64_t> number();
  COHTTPS_DECL std::optional<std::span<const std::uint8_t>> text();

  struct entry {
    std::string origin;
    std::optional<stored_session> session;  ///< nothing when this Botan cannot read it
  };
  COHTTPS_DECL std::optional<entry> session();

 private:
  COHTTPS_DECL static Botan::TLS::Session_Handle handle_of(std::uint64_t kind,
                                                           std::vector<std::uint8_t> bytes);

  std::span<const std::uint8_t> in_;
};

COHTTPS_DECL std::unique_ptr<Botan::AEAD_Mode> session_cipher(std::span<const std::byte> key,
                                                              std::span<const std::uint8_t> nonce,
                                                              Botan::Cipher_Dir direction);

COHTTPS_DECL result<std::shared_ptr<session_cache>> sessions_for(const client_identity_state& who,
                                                                 std::span<const std::byte> key);

}  // namespace detail

/// Encrypts the sessions of `context` with `key`, which has to be 32 random bytes. Leaves out the
/// oldest sessions when the result would be longer than `maximum_sealed_sessions` bytes. Keeps no
/// copy of `key`. Fails with category usage:
/// - `bad_session_key`: `key` does not have 32 bytes;
/// - `no_session_cache`: `context` does not resume sessions.
COHTTPS_DECL [[gnu::cold]] result<std::vector<std::byte>> seal_sessions(
    const tls_context& context, std::span<const std::byte> key);

/// Adds the sessions in `sealed` to `context`, and returns their number. Does not count the
/// sessions that this version of Botan cannot read. The sessions keep their age. `seal_sessions`
/// has to have made `sealed` with the same key and with a context of the same trust, policy, pins
/// and identity. Fails with the errors of `seal_sessions`, and adds nothing then. It also fails
/// with category usage:
/// - `not_sealed_sessions`: `sealed` has another format, or a newer version of it;
/// - `bad_sealed_sessions`: `sealed` was changed, or it was made with another key;
/// - `other_context`: `sealed` was made with a context of other settings.
COHTTPS_DECL [[gnu::cold]] result<std::size_t> open_sessions(const tls_context& context,
                                                             std::span<const std::byte> key,
                                                             std::span<const std::byte> sealed);

}  // namespace cohttps::tls

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/tls/resumption/sealed_sessions.ipp>
#endif
