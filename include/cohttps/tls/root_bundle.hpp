// Trusted certificates in a form that costs little: a system's bundle holds about 150 and takes 10
// ms to parse; a chain needs one. So they are only skimmed for subjects, and a root is parsed when
// a chain names it.
#pragma once

#include <cohttps/core/base64.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/tls/botan.hpp>
#include <cohttps/tls/der.hpp>

#include <botan/exceptn.h>
#include <botan/x509cert.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <unordered_map>
#include <utility>
#include <vector>

namespace cohttps::tls {

/// Threads: const members may be called at the same time.
class root_bundle {
 public:
  /// Adds each CERTIFICATE block of PEM text (RFC 7468); text between blocks is ignored, as bundles
  /// carry comments. `source` names it in errors. No block at all is an error, and so is a damaged
  /// one.
  COHTTPS_DECL [[gnu::cold]] result<void> add_pem(std::string_view text, std::string_view source);

  /// Adds one certificate in DER.
  COHTTPS_DECL result<void> add_der(std::span<const std::uint8_t> encoded, std::string_view source);

  /// Adds the content of a file: PEM, or one certificate in DER.
  COHTTPS_DECL [[gnu::cold]] result<void> add_file(const std::string& path);

  /// Adds what certificates there are in the files of a folder, but not of those below it. Files
  /// that hold none are passed over; a folder in which there is none is an error.
  COHTTPS_DECL [[gnu::cold]] result<void> add_directory(const std::string& path);

  /// What `add_file` makes of a file: read once a process, and again when it has changed.
  COHTTPS_DECL [[gnu::cold]] static result<std::shared_ptr<const root_bundle>> shared(
      const std::string& path);

  COHTTPS_DECL std::size_t size() const noexcept;

  /// Calls `f` with each root whose subject is encoded as `name`.
  template <class F>
  void each_named(const std::vector<std::uint8_t>& name, F&& f) const {
    const auto [first, last] = by_subject_.equal_range(key(name));
    if (first == last) return;
    const std::scoped_lock lock(mutex_);
    for (auto it = first; it != last; ++it)
      if (const auto* root = entries_[it->second].parsed()) f(*root);
  }
  /// Calls `f` with each root. Those that cannot be parsed are trusted for nothing.
  template <class F>
  void each(F&& f) const {
    const std::scoped_lock lock(mutex_);
    for (const auto& one : entries_)
      if (const auto* root = one.parsed()) f(*root);
  }
  /// Calls `f` with each root in DER.
  template <class F>
  void each_encoded(F&& f) const {
    for (const auto& one : entries_) f(one.encoded());
  }

  COHTTPS_DECL static std::optional<std::string> read(const std::string& path);
  COHTTPS_DECL static std::span<const std::uint8_t> der_of(std::string_view content);

 private:
  class entry {
   public:
    explicit entry(std::vector<std::uint8_t> encoded) : der_(std::move(encoded)) {}

    std::span<const std::uint8_t> encoded() const noexcept { return der_; }

    /// Null when it cannot be parsed: then it is trusted for nothing.
    COHTTPS_DECL const Botan::X509_Certificate* parsed() const;

   private:
    std::vector<std::uint8_t> der_;
    mutable std::optional<Botan::X509_Certificate> certificate_;
    mutable bool damaged_ = false;
  };

  // Of the encoding, which stays where it is.
  COHTTPS_DECL static std::string_view key(std::span<const std::uint8_t> name);

  static constexpr std::string_view pem_begin = "-----BEGIN CERTIFICATE-----";

  COHTTPS_DECL static bool is_der(std::string_view content);

  COHTTPS_DECL bool add_block(std::string_view base64);

  COHTTPS_DECL bool add_encoded(std::vector<std::uint8_t> encoded);

  std::vector<entry> entries_;
  std::unordered_multimap<std::string_view, std::size_t> by_subject_;
  mutable std::mutex mutex_;
};

}  // namespace cohttps::tls

#if !defined(COHTTPS_SEPARATE_COMPILATION)
#include <cohttps/tls/root_bundle.ipp>
#endif
