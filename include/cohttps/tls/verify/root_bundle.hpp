// Trust anchors that are parsed on demand. The bundle of a system has about 150 certificates and
// takes 10 ms to parse, but a chain needs only one of them. So the bundle reads only the subjects,
// and parses a root when a chain names it.
#pragma once

#include <cohttps/core/base64.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/core/separate.hpp>
#include <cohttps/tls/botan.hpp>
#include <cohttps/tls/verify/der.hpp>

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
  /// Adds each CERTIFICATE block of PEM text (RFC 7468). Ignores the text between blocks, because
  /// bundles contain comments. `source` is the name of the text in errors. Fails with category
  /// usage when there is no block, or when a block is damaged.
  COHTTPS_DECL [[gnu::cold]] result<void> add_pem(std::string_view text, std::string_view source);

  /// Adds one certificate in DER. Fails with category usage when it is damaged.
  COHTTPS_DECL result<void> add_der(std::span<const std::uint8_t> encoded, std::string_view source);

  /// Adds the content of a file: PEM, or one certificate in DER.
  COHTTPS_DECL [[gnu::cold]] result<void> add_file(const std::string& path);

  /// Adds the certificates in the files of a folder, without its subfolders. Ignores files without
  /// certificates. Fails with category usage when no file of the folder has a certificate.
  COHTTPS_DECL [[gnu::cold]] result<void> add_directory(const std::string& path);

  /// Returns a bundle with the content of a file, as `add_file` reads it. All callers in the
  /// process share the bundle. The file is read again when it has changed.
  COHTTPS_DECL [[gnu::cold]] static result<std::shared_ptr<const root_bundle>> shared(
      const std::string& path);

  COHTTPS_DECL std::size_t size() const noexcept;

  /// Calls `f` with each root whose encoded subject is `name`.
  template <class F>
  void each_named(const std::vector<std::uint8_t>& name, F&& f) const {
    const auto [first, last] = by_subject_.equal_range(key(name));
    if (first == last) return;
    const std::scoped_lock lock(mutex_);
    for (auto it = first; it != last; ++it)
      if (const auto* root = entries_[it->second].parsed()) f(*root);
  }
  /// Calls `f` with each root. Skips roots that cannot be parsed.
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

  /// Returns the content of a file, or nothing when it cannot be read.
  COHTTPS_DECL static std::optional<std::string> read(const std::string& path);
  COHTTPS_DECL static std::span<const std::uint8_t> der_of(std::string_view content);

 private:
  class entry {
   public:
    explicit entry(std::vector<std::uint8_t> encoded) : der_(std::move(encoded)) {}

    std::span<const std::uint8_t> encoded() const noexcept { return der_; }

    /// Returns the parsed certificate, or null when it cannot be parsed; it is not trusted then.
    COHTTPS_DECL const Botan::X509_Certificate* parsed() const;

   private:
    std::vector<std::uint8_t> der_;
    mutable std::optional<Botan::X509_Certificate> certificate_;
    mutable bool damaged_ = false;
  };

  // The key is a view of the encoded certificate, which never moves in memory.
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
#include <cohttps/tls/verify/root_bundle.ipp>
#endif
