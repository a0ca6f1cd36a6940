// Sessions as bytes that can be kept outside of the process: encrypted, and of use to nobody but a
// context that is made the same way.
#pragma once

#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/tls/botan.hpp>
#include <cohttps/tls/context.hpp>
#include <cohttps/tls/context_state.hpp>
#include <cohttps/tls/random.hpp>
#include <cohttps/tls/record.hpp>
#include <cohttps/tls/session_cache.hpp>

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

/// The form: these words and a version, which are authenticated as they stand; a random nonce;
/// ChaCha20-Poly1305 with 192 bits of nonce, so that one key serves for ever. Inside: the digest
/// of the context (`context_state::digest`), then the sessions, oldest first.
inline constexpr std::string_view sealed_sessions_header{"cohttps sessions\x01", 17};
inline constexpr std::size_t sealed_sessions_key_size = 32;
inline constexpr std::size_t maximum_sealed_sessions = std::size_t{16} << 20;

namespace detail {

constexpr std::size_t sealed_nonce_size = 24;

/// Numbers in network order, and texts after their size.
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

class session_reader {
 public:
  explicit session_reader(std::span<const std::uint8_t> in) : in_(in) {}

  COHTTPS_DECL bool at_end() const noexcept;
  COHTTPS_DECL std::optional<std::uint64_t> number();
  COHTTPS_DECL std::optional<std::span<const std::uint8_t>> text();

  struct entry {
    std::string origin;
    std::optional<stored_session> session;  ///< nothing: it is of another version of Botan
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

COHTTPS_DECL result<std::shared_ptr<session_cache>> sessions_for(const persona& who,
                                                                 std::span<const std::byte> key);

}  // namespace detail

/// What `context` could continue, the oldest left out where it would be more than
/// `maximum_sealed_sessions`. `key`: 32 random bytes, of which no copy is kept.
COHTTPS_DECL [[gnu::cold]] result<std::vector<std::byte>> seal_sessions(
    const tls_context& context, std::span<const std::byte> key);

/// Gives `context` what `seal_sessions` made, by this key and a context with the same trust,
/// policy, pins and identity; how many sessions there were that this Botan can read. Each counts as
/// old as it is. All or nothing: fails with category usage, and
/// - `not_sealed_sessions`: it is something else, or of a newer version;
/// - `bad_sealed_sessions`: it was changed, or sealed with another key;
/// - `other_context`: by a context that is made in another way.
COHTTPS_DECL [[gnu::cold]] result<std::size_t> open_sessions(const tls_context& context,
                                                             std::span<const std::byte> key,
                                                             std::span<const std::byte> sealed);

}  // namespace cohttps::tls

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/tls/sealed_sessions.ipp>
#endif
