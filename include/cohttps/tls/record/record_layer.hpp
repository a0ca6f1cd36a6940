// The record layer of TLS 1.3 after the handshake, in both directions (RFC 8446, 5).
#pragma once

#include <cohttps/core/buffer.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/core/wipe.hpp>
#include <cohttps/tls/botan.hpp>
#include <cohttps/tls/record/expand_label.hpp>
#include <cohttps/tls/record/record.hpp>

#include <botan/aead.h>
#include <botan/secmem.h>
#include <botan/tls_alert.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace cohttps::tls {

namespace detail {

/// Returns the index of the last byte that is not zero. No branch depends on a single byte.
COHTTPS_DECL std::optional<std::size_t> last_nonzero(std::span<const std::byte> in) noexcept;

/// Sets the lifetime of the NewSessionTicket `message` to seven days where it is longer, because
/// Botan ends the connection for a longer one. Seven days is the maximum of RFC 8446, 4.6.1.
COHTTPS_DECL void shorten_ticket(std::span<std::uint8_t> message) noexcept;

/// Writes the header of a protected record with `length` bytes behind it (RFC 8446, 5.2).
COHTTPS_DECL void write_header(std::uint8_t* to, std::size_t length) noexcept;

}  // namespace detail

/// The protection of the records of one direction (RFC 8446, 5.2).
///
/// ```
///        5 bytes    N bytes              1 byte   any number         16 bytes
///        header     content              type     zeros (padding)    tag
///        \_ authenticated _/\_ encrypted in place ______________/
/// ```
class record_protection {
 public:
  using secret_bytes = Botan::secure_vector<std::uint8_t>;
  static constexpr std::size_t tag_size = 16;

  /// `cipher` and `hash` are Botan's names. `secret` is the traffic secret of the direction.
  COHTTPS_DECL record_protection(std::string_view cipher, std::string hash,
                                 std::span<const std::uint8_t> secret, Botan::Cipher_Dir direction,
                                 std::uint64_t sequence);

  /// Encrypts a record that has its header and room for its tag. Throws `std::length_error` when
  /// the sequence number would wrap.
  COHTTPS_DECL void seal(std::span<std::byte> record);

  /// Decrypts a record and returns what is between header and tag. Returns nothing when the record
  /// is not authentic; `record` then contains no plaintext.
  COHTTPS_DECL std::optional<std::span<std::byte>> open(std::span<std::byte> record);

  /// Goes on with the keys of the next traffic secret (RFC 8446, 7.2).
  COHTTPS_DECL void update();

  /// The number of records that the current keys have protected.
  std::uint64_t sequence() const noexcept { return sequence_; }
  /// The number of updates, and the current traffic secret.
  unsigned generation() const noexcept { return generation_; }
  const secret_bytes& secret() const noexcept { return secret_; }

 private:
  static constexpr std::size_t nonce_size = 12;

  // Derives key and initialization vector of `secret` (RFC 8446, 7.3).
  COHTTPS_DECL void use(secret_bytes secret);
  // The nonce of the next record (RFC 8446, 5.3).
  COHTTPS_DECL std::array<std::uint8_t, nonce_size> nonce() const noexcept;

  std::string hash_;
  std::unique_ptr<Botan::AEAD_Mode> mode_;
  secret_bytes secret_;
  secret_bytes iv_;
  secret_bytes tail_;  // `AEAD_Mode::finish` needs a buffer that it can resize
  std::uint64_t sequence_;
  unsigned generation_ = 0;
};

/// Protects and opens all records after the handshake, which Botan's client has performed. The keys
/// come from Botan's key log. Botan's client gets nothing more than session tickets.
///
/// Opening begins with the first record. Sealing begins with the second: Botan seals the first one,
/// and `compare_first` compares its bytes with those that are made here. While neither has shown
/// that the keys are right (`proven`), the caller can go on with Botan alone.
///
/// Two things must never happen:
///
/// - A record that Botan seals is sent after `compare_first`. Its nonce is that of another record.
/// - A ticket that was sealed for Botan leaves the process, for the same reason.
class record_layer {
 public:
  using alert_type = Botan::TLS::AlertType;
  using secret_view = std::span<const std::uint8_t>;

  /// RFC 8446, 5.5 allows 2^24.5 full records with one key of AES-GCM. The keys are updated before
  /// they have protected 2^23.
  static constexpr std::uint64_t records_per_key = std::uint64_t{1} << 23;

  /// Whether Botan's cipher `cipher` is supported. CCM is not, because it needs the whole message
  /// at once.
  COHTTPS_DECL static bool supports(std::string_view cipher) noexcept;

  /// `client` and `server` are CLIENT_TRAFFIC_SECRET_0 and SERVER_TRAFFIC_SECRET_0. The next record
  /// of each direction has to be the first with its keys. Only tests use a `sequence` other than 0.
  COHTTPS_DECL record_layer(std::string cipher, std::string hash, secret_view client,
                            secret_view server, std::uint64_t sequence = 0);

  /// Whether a record of the connection has been authentic, or equal to Botan's.
  bool proven() const noexcept { return proven_; }

  // ---- receiving

  /// Whether `record` is authentic with the keys. Changes nothing.
  COHTTPS_DECL bool fits(std::span<const std::byte> record) const;

  /// The content of a record. With the type `handshake` there is no content.
  struct received {
    record_type type;
    std::span<const std::byte> content;
  };
  struct violation {
    alert_type alert;
    const char* what;
  };

  /// Decrypts one complete record in place. On failure it returns the alert for the peer, `record`
  /// contains no plaintext, and every later call fails.
  COHTTPS_DECL std::expected<received, violation> open(std::span<std::byte> record);

  /// Returns the session tickets of the last record, as records for Botan's client.
  COHTTPS_DECL Botan::secure_vector<std::uint8_t> take_tickets() noexcept;

  /// Drops all further tickets: Botan's client is gone.
  COHTTPS_DECL void drop_tickets() noexcept;

  /// Whether the last record ended inside a handshake message.
  bool inside_message() const noexcept { return !messages_.empty(); }

  // ---- sending

  /// Whether the caller has to seal with this object, and not with Botan.
  bool seals() const noexcept { return seals_; }

  /// Whether `compare_first` has been called.
  bool compared() const noexcept { return compared_; }

  /// Whether a KeyUpdate has to precede the next data, as the peer demands (RFC 8446, 4.6.3).
  bool update_due() const noexcept { return update_due_; }
  /// Says that Botan has sent this KeyUpdate. Only while Botan still seals.
  void update_sent() noexcept { update_due_ = false; }

  /// `records` are the records that Botan has made of `content`, its first data, after a KeyUpdate
  /// if one was due. Sealing begins if this object makes the same.
  COHTTPS_DECL bool compare_first(std::span<const std::byte> content,
                                  std::span<const std::byte> records);

  /// Appends records with `content` to `to`, and before them a KeyUpdate when one is due.
  COHTTPS_DECL void send(std::span<const std::byte> content, buffer& to);
  COHTTPS_DECL void send_alert(alert_type alert, buffer& to);

  const record_protection& reading() const noexcept { return read_; }
  const record_protection& writing() const noexcept { return write_; }

 private:
  COHTTPS_DECL std::expected<received, violation> check_inner(std::span<std::byte> inner);
  COHTTPS_DECL std::expected<received, violation> take_messages(std::span<std::byte> content);
  COHTTPS_DECL void seal_for_botan(std::span<const std::uint8_t> message);
  COHTTPS_DECL void seal(record_type type, std::span<const std::byte> content, buffer& to);
  COHTTPS_DECL [[gnu::cold]] void update_keys(buffer& to);

  std::string cipher_, hash_;
  record_protection read_, write_;
  Botan::secure_vector<std::uint8_t> botan_secret_;  // empty: Botan's client is gone
  std::optional<record_protection> botan_;  // as the server's; Botan sees the tickets alone
  Botan::secure_vector<std::uint8_t> tickets_;
  Botan::secure_vector<std::uint8_t> messages_;  // an incomplete handshake message
  bool proven_ = false;
  bool failed_ = false;
  bool compared_ = false;
  bool seals_ = false;
  bool update_due_ = false;
};

}  // namespace cohttps::tls

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/tls/record/record_layer.ipp>
#endif
