// Trusted certificates in a form that costs little: a system's bundle holds about 150 and takes 10
// ms to parse; a chain needs one. So they are only skimmed for subjects, and a root is parsed when
// a chain names it.
#pragma once

#include <cohttps/core/base64.hpp>
#include <cohttps/core/error.hpp>
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
  [[gnu::cold]] result<void> add_pem(std::string_view text, std::string_view source) {
    constexpr std::string_view begin = pem_begin;
    constexpr std::string_view end = "-----END CERTIFICATE-----";
    std::size_t count = 0;
    for (auto at = text.find(begin); at != std::string_view::npos; at = text.find(begin)) {
      text.remove_prefix(at + begin.size());
      const auto length = text.find(end);
      ++count;
      if (length == std::string_view::npos || !add_block(text.substr(0, length)))
        return fail(error_category::usage, "bad_certificate_file",
                    "certificate " + std::to_string(count) + " in " + std::string(source) +
                        " is damaged: it has to be a PEM block of an X.509 certificate");
      text.remove_prefix(length + end.size());
    }
    if (count == 0)
      return fail(error_category::usage, "no_certificates",
                  "there is no certificate in " + std::string(source) +
                      ": it has to hold PEM blocks that start with " + std::string(begin));
    return {};
  }

  /// Adds one certificate in DER.
  result<void> add_der(std::span<const std::uint8_t> encoded, std::string_view source) {
    if (add_encoded({encoded.begin(), encoded.end()})) return {};
    return fail(error_category::usage, "bad_certificate_file",
                std::string(source) + " is damaged: it has to be an X.509 certificate in DER");
  }

  /// Adds the content of a file: PEM, or one certificate in DER.
  [[gnu::cold]] result<void> add_file(const std::string& path) {
    const auto text = read(path);
    if (!text)
      return fail(error_category::usage, "unreadable_certificate_file",
                  "cannot read the certificate file \"" + path +
                      "\": give the path of a readable file of certificates");
    if (is_der(*text)) return add_der(der_of(*text), '"' + path + '"');
    return add_pem(*text, '"' + path + '"');
  }

  /// Adds what certificates there are in the files of a folder, but not of those below it. Files
  /// that hold none are passed over; a folder in which there is none is an error.
  [[gnu::cold]] result<void> add_directory(const std::string& path) {
    std::error_code failed;
    std::vector<std::string> files;
    for (std::filesystem::directory_iterator at(path, failed), end; !failed && at != end;
         at.increment(failed))
      if (std::error_code ignored; at->is_regular_file(ignored))
        files.push_back(at->path().string());
    if (failed)
      return fail(error_category::usage, "unreadable_certificate_directory",
                  "cannot read the folder of certificates \"" + path + "\": " + failed.message());
    std::ranges::sort(files);
    std::size_t holding = 0;
    for (const auto& file : files) {
      const auto text = read(file);
      if (!text || !(is_der(*text) || text->find(pem_begin) != std::string::npos)) continue;
      ++holding;
      if (auto added = is_der(*text) ? add_der(der_of(*text), '"' + file + '"')
                                     : add_pem(*text, '"' + file + '"');
          !added)
        return added;
    }
    if (holding > 0) return {};
    return fail(error_category::usage, "no_certificates",
                "there is no certificate in the folder \"" + path + '"');
  }

  /// What `add_file` makes of a file: read once a process, and again when it has changed.
  [[gnu::cold]] static result<std::shared_ptr<const root_bundle>> shared(const std::string& path) {
    struct content {
      std::filesystem::file_time_type changed;
      std::uintmax_t size = 0;
      std::shared_ptr<const root_bundle> roots;
    };
    static std::mutex mutex;
    static std::unordered_map<std::string, content> known;
    std::error_code ignored;
    const auto changed = std::filesystem::last_write_time(path, ignored);
    const auto size = std::filesystem::file_size(path, ignored);
    const std::scoped_lock lock(mutex);
    auto& kept = known[path];
    if (kept.roots && kept.changed == changed && kept.size == size) return kept.roots;
    auto made = std::make_shared<root_bundle>();
    if (auto added = made->add_file(path); !added) return pass(std::move(added));
    kept = {changed, size, std::move(made)};
    return kept.roots;
  }

  std::size_t size() const noexcept { return entries_.size(); }

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

  static std::optional<std::string> read(const std::string& path) {
    std::error_code ignored;
    std::ifstream file(path, std::ios::binary);
    if (!file || std::filesystem::is_directory(path, ignored)) return std::nullopt;
    std::string content;
    const auto size = std::filesystem::file_size(path, ignored);
    if (!ignored) content.reserve(size);
    for (char part[16384]; file.read(part, sizeof part), file.gcount() > 0;)
      content.append(part, static_cast<std::size_t>(file.gcount()));
    return content;
  }
  static std::span<const std::uint8_t> der_of(std::string_view content) {
    return {reinterpret_cast<const std::uint8_t*>(content.data()), content.size()};
  }

 private:
  class entry {
   public:
    explicit entry(std::vector<std::uint8_t> encoded) : der_(std::move(encoded)) {}

    std::span<const std::uint8_t> encoded() const noexcept { return der_; }

    /// Null when it cannot be parsed: then it is trusted for nothing.
    const Botan::X509_Certificate* parsed() const {
      if (!certificate_ && !damaged_) try {
          certificate_.emplace(der_);
        } catch (const Botan::Exception&) {
          damaged_ = true;
        }
      return certificate_ ? &*certificate_ : nullptr;
    }

   private:
    std::vector<std::uint8_t> der_;
    mutable std::optional<Botan::X509_Certificate> certificate_;
    mutable bool damaged_ = false;
  };

  // Of the encoding, which stays where it is.
  static std::string_view key(std::span<const std::uint8_t> name) {
    return {reinterpret_cast<const char*>(name.data()), name.size()};
  }

  static constexpr std::string_view pem_begin = "-----BEGIN CERTIFICATE-----";

  static bool is_der(std::string_view content) {
    return der::subject_of(der_of(content)).has_value();
  }

  bool add_block(std::string_view base64) {
    auto encoded = from_base64(base64);
    return encoded && add_encoded(*std::move(encoded));
  }

  bool add_encoded(std::vector<std::uint8_t> encoded) {
    const auto subject = der::subject_of(encoded);
    if (!subject) return false;
    by_subject_.emplace(key(*subject), entries_.size());
    entries_.emplace_back(std::move(encoded));
    return true;
  }

  std::vector<entry> entries_;
  std::unordered_multimap<std::string_view, std::size_t> by_subject_;
  mutable std::mutex mutex_;
};

}  // namespace cohttps::tls
