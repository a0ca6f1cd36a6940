// Definitions for root_bundle.hpp.
#pragma once

#include <cohttps/tls/verify/root_bundle.hpp>

namespace cohttps::tls {

COHTTPS_DEF result<void> root_bundle::add_pem(std::string_view text, std::string_view source) {
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

COHTTPS_DEF result<void> root_bundle::add_der(std::span<const std::uint8_t> encoded,
                                              std::string_view source) {
  if (add_encoded({encoded.begin(), encoded.end()})) return {};
  return fail(error_category::usage, "bad_certificate_file",
              std::string(source) + " is damaged: it has to be an X.509 certificate in DER");
}

COHTTPS_DEF result<void> root_bundle::add_file(const std::string& path) {
  const auto text = read(path);
  if (!text)
    return fail(error_category::usage, "unreadable_certificate_file",
                "cannot read the certificate file \"" + path +
                    "\": give the path of a readable file of certificates");
  if (is_der(*text)) return add_der(der_of(*text), '"' + path + '"');
  return add_pem(*text, '"' + path + '"');
}

COHTTPS_DEF result<void> root_bundle::add_directory(const std::string& path) {
  std::error_code failed;
  std::vector<std::string> files;
  for (std::filesystem::directory_iterator at(path, failed), end; !failed && at != end;
       at.increment(failed))
    if (std::error_code ignored; at->is_regular_file(ignored)) files.push_back(at->path().string());
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

COHTTPS_DEF result<std::shared_ptr<const root_bundle>> root_bundle::shared(
    const std::string& path) {
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

COHTTPS_DEF std::size_t root_bundle::size() const noexcept { return entries_.size(); }

COHTTPS_DEF std::optional<std::string> root_bundle::read(const std::string& path) {
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

COHTTPS_DEF std::span<const std::uint8_t> root_bundle::der_of(std::string_view content) {
  return {reinterpret_cast<const std::uint8_t*>(content.data()), content.size()};
}

COHTTPS_DEF const Botan::X509_Certificate* root_bundle::entry::parsed() const {
  if (!certificate_ && !damaged_) try {
      certificate_.emplace(der_);
    } catch (const Botan::Exception&) {
      damaged_ = true;
    }
  return certificate_ ? &*certificate_ : nullptr;
}

COHTTPS_DEF std::string_view root_bundle::key(std::span<const std::uint8_t> name) {
  return {reinterpret_cast<const char*>(name.data()), name.size()};
}

COHTTPS_DEF bool root_bundle::is_der(std::string_view content) {
  return der::subject_of(der_of(content)).has_value();
}

COHTTPS_DEF bool root_bundle::add_block(std::string_view base64) {
  auto encoded = from_base64(base64);
  return encoded && add_encoded(*std::move(encoded));
}

COHTTPS_DEF bool root_bundle::add_encoded(std::vector<std::uint8_t> encoded) {
  const auto subject = der::subject_of(encoded);
  if (!subject) return false;
  by_subject_.emplace(key(*subject), entries_.size());
  entries_.emplace_back(std::move(encoded));
  return true;
}

}  // namespace cohttps::tls
