// Definitions for sealed_sessions.hpp.
#pragma once

#include <cohttps/tls/resumption/sealed_sessions.hpp>

namespace cohttps::tls {
namespace detail {

COHTTPS_DEF void session_writer::number(std::uint64_t value) {
  for (int shift = 56; shift >= 0; shift -= 8)
    out_.push_back(static_cast<std::uint8_t>(value >> shift));
}

COHTTPS_DEF void session_writer::text(std::span<const std::uint8_t> bytes) {
  number(bytes.size());
  out_.insert(out_.end(), bytes.begin(), bytes.end());
}

COHTTPS_DEF void session_writer::session(const std::string& origin, const stored_session& one) {
  text(std::span(reinterpret_cast<const std::uint8_t*>(origin.data()), origin.size()));
  number(one.handle.is_id() ? 0 : one.handle.is_ticket() ? 1 : 2);
  text(one.handle.opaque_handle().get());
  number(static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::seconds>(one.verified.time_since_epoch()).count()));
  text(one.session.DER_encode());
}

COHTTPS_DEF bool session_reader::at_end() const noexcept { return in_.empty(); }

COHTTPS_DEF std::optional<std::uint64_t> session_reader::number() {
  if (in_.size() < 8) return std::nullopt;
  std::uint64_t value = 0;
  for (int i = 0; i < 8; ++i) value = value << 8 | in_[static_cast<std::size_t>(i)];
  in_ = in_.subspan(8);
  return value;
}

COHTTPS_DEF std::optional<std::span<const std::uint8_t>> session_reader::text() {
  const auto size = number();
  if (!size || *size > in_.size()) return std::nullopt;
  const auto bytes = in_.first(static_cast<std::size_t>(*size));
  in_ = in_.subspan(bytes.size());
  return bytes;
}

COHTTPS_DEF auto session_reader::session() -> std::optional<entry> {
  const auto origin = text();
  const auto kind = number();
  const auto handle = text();
  const auto verified = number();
  const auto encoded = text();
  if (!origin || !kind || !handle || !verified || !encoded) return std::nullopt;
  entry made{{origin->begin(), origin->end()}, std::nullopt};
  try {
    made.session = stored_session{Botan::TLS::Session(*encoded),
                                  handle_of(*kind, {handle->begin(), handle->end()}),
                                  std::chrono::system_clock::time_point(
                                      std::chrono::seconds(static_cast<std::int64_t>(*verified)))};
  } catch (const Botan::Exception&) {
  }
  return made;
}

COHTTPS_DEF Botan::TLS::Session_Handle session_reader::handle_of(std::uint64_t kind,
                                                                 std::vector<std::uint8_t> bytes) {
  if (kind == 0) return Botan::TLS::Session_Handle(Botan::TLS::Session_ID(std::move(bytes)));
  if (kind == 1) return Botan::TLS::Session_Handle(Botan::TLS::Session_Ticket(std::move(bytes)));
  return Botan::TLS::Session_Handle(Botan::TLS::Opaque_Session_Handle(std::move(bytes)));
}

COHTTPS_DEF std::unique_ptr<Botan::AEAD_Mode> session_cipher(std::span<const std::byte> key,
                                                             std::span<const std::uint8_t> nonce,
                                                             Botan::Cipher_Dir direction) {
  auto cipher = Botan::AEAD_Mode::create_or_throw("ChaCha20Poly1305", direction);
  cipher->set_key(octets(key));
  cipher->set_associated_data(octets(std::as_bytes(std::span(sealed_sessions_header))));
  cipher->start(nonce);
  return cipher;
}

COHTTPS_DEF result<std::shared_ptr<session_cache>> sessions_for(const client_identity_state& who,
                                                                std::span<const std::byte> key) {
  if (key.size() != sealed_sessions_key_size)
    return fail(error_category::usage, "bad_session_key",
                "the key for TLS sessions has to have 32 random bytes");
  if (!who.sessions)
    return fail(error_category::usage, "no_session_cache",
                "this tls_context continues no sessions, so there is nothing to keep");
  return who.sessions;
}

}  // namespace detail
}  // namespace cohttps::tls

namespace cohttps::tls {

COHTTPS_DEF result<std::vector<std::byte>> seal_sessions(const tls_context& context,
                                                         std::span<const std::byte> key) try {
  const auto who = context.who().get();
  const auto cache = detail::sessions_for(*who, key);
  if (!cache) return std::unexpected(cache.error());
  auto all = (*cache)->all();
  std::size_t size = 0;
  const auto fits = [&](const session_cache::kept& one) {
    size += one.session->session.DER_encode().size() + one.origin.size() + 1024;
    return size <= maximum_sealed_sessions;
  };
  const auto oldest = std::find_if_not(all.rbegin(), all.rend(), fits).base();
  detail::session_writer out(context.state().digest(*who));
  for (auto one = oldest; one != all.end(); ++one) out.session(one->origin, *one->session);
  auto sealed = std::move(out).take();
  const auto nonce = random_bytes<detail::sealed_nonce_size>();
  detail::session_cipher(key, nonce, Botan::Cipher_Dir::Encryption)->finish(sealed);
  std::vector<std::byte> made;
  made.reserve(sealed_sessions_header.size() + nonce.size() + sealed.size());
  const auto append = [&](auto bytes) { made.insert(made.end(), bytes.begin(), bytes.end()); };
  append(std::as_bytes(std::span(sealed_sessions_header)));
  append(std::as_bytes(std::span(nonce)));
  append(std::as_bytes(std::span(sealed)));
  return made;
} catch (const std::exception& e) {
  return fail(error_category::tls, "tls_library",
              std::string("cannot seal TLS sessions: ") + e.what());
}

COHTTPS_DEF result<std::size_t> open_sessions(const tls_context& context,
                                              std::span<const std::byte> key,
                                              std::span<const std::byte> sealed) try {
  const auto who = context.who().get();
  const auto cache = detail::sessions_for(*who, key);
  if (!cache) return std::unexpected(cache.error());
  const auto header = std::as_bytes(std::span(sealed_sessions_header));
  constexpr std::size_t tag_size = 16;
  if (sealed.size() > maximum_sealed_sessions + 1024 ||
      sealed.size() < header.size() + detail::sealed_nonce_size + tag_size ||
      !std::ranges::equal(sealed.first(header.size()), header))
    return fail(
        error_category::usage, "not_sealed_sessions",
        "the data is not sealed TLS sessions, or it has an unknown version of their format");
  const auto rest = detail::octets(sealed.subspan(header.size()));
  const auto nonce = rest.first(detail::sealed_nonce_size);
  const auto encrypted = rest.subspan(nonce.size());
  Botan::secure_vector<std::uint8_t> plain(encrypted.begin(), encrypted.end());
  try {
    detail::session_cipher(key, nonce, Botan::Cipher_Dir::Decryption)->finish(plain);
  } catch (const Botan::Invalid_Authentication_Tag&) {
    return fail(error_category::usage, "bad_sealed_sessions",
                "the TLS sessions were changed since they were kept, or the key is not theirs");
  }
  const auto digest = context.state().digest(*who);
  if (plain.size() < digest.size() || !std::equal(digest.begin(), digest.end(), plain.begin()))
    return fail(error_category::usage, "other_context",
                "the TLS sessions are of a tls_context with other roots, policy, pins or identity");
  detail::session_reader in(std::span<const std::uint8_t>(plain).subspan(digest.size()));
  std::vector<detail::session_reader::entry> found;
  while (!in.at_end()) {
    auto one = in.session();
    if (!one)
      return fail(error_category::usage, "not_sealed_sessions",
                  "the sealed TLS sessions are malformed");
    if (one->session) found.push_back(*std::move(one));
  }
  for (auto& one : found) (*cache)->put(one.origin, *std::move(one.session));
  return found.size();
} catch (const std::exception& e) {
  return fail(error_category::tls, "tls_library",
              std::string("cannot open TLS sessions: ") + e.what());
}

}  // namespace cohttps::tls
