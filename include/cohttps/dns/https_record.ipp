// Definitions for https_record.hpp.
#pragma once

#include <cohttps/dns/https_record.hpp>

#include <algorithm>
#include <utility>

namespace cohttps::dns {

/// The keys of RFC 9460, 14.3.2.
enum class service_key : std::uint16_t {
  mandatory = 0,
  alpn = 1,
  no_default_alpn = 2,
  port = 3,
  ipv4hint = 4,
  ech = 5,
  ipv6hint = 6,
};

/// Reads the value of one key after the other.
template <class = void>
class service_parameters {
 public:
  explicit service_parameters(std::span<const std::byte> data) noexcept : rest_(data) {}

  /// Reads the record behind its target. Returns false if it is malformed.
  bool read(https_record& to) {
    std::size_t after = 0;  // keys are in order, and no key occurs twice (2.2)
    while (!rest_.empty()) {
      const auto key = number();
      const auto size = number();
      if (!key || *key < after || !size || *size > rest_.size()) return false;
      after = std::size_t{*key} + 1;
      keys_.push_back(*key);
      const auto value = rest_.first(*size);
      rest_ = rest_.subspan(*size);
      if (!take(static_cast<service_key>(*key), value, to)) return false;
    }
    if (!implies_default_ && to.alpn.empty()) return false;
    if (implies_default_ && std::ranges::find(to.alpn, "http/1.1") == to.alpn.end())
      to.alpn.emplace_back("http/1.1");
    return check_mandatory(to);
  }

 private:
  std::optional<std::uint16_t> number() noexcept {
    if (rest_.size() < 2) return std::nullopt;
    const auto value = number_at(rest_, 0);
    rest_ = rest_.subspan(2);
    return value;
  }
  static std::uint16_t number_at(std::span<const std::byte> bytes, std::size_t at) noexcept {
    return static_cast<std::uint16_t>(std::to_integer<unsigned>(bytes[at]) << 8 |
                                      std::to_integer<unsigned>(bytes[at + 1]));
  }

  bool take(service_key key, std::span<const std::byte> value, https_record& to) {
    switch (key) {
      case service_key::mandatory:
        mandatory_ = value;
        return !value.empty() && value.size() % 2 == 0;
      case service_key::alpn:
        return take_protocols(value, to);
      case service_key::no_default_alpn:
        implies_default_ = false;
        return value.empty();
      case service_key::port:
        if (value.size() != 2) return false;
        to.port = number_at(value, 0);
        return to.port != 0;
      case service_key::ipv4hint:
        return !value.empty() && value.size() % 4 == 0;
      case service_key::ipv6hint:
        return !value.empty() && value.size() % 16 == 0;
      default:
        return true;
    }
  }

  static bool take_protocols(std::span<const std::byte> value, https_record& to) {
    while (!value.empty()) {
      const auto size = std::to_integer<std::size_t>(value[0]);
      if (size == 0 || size >= value.size()) return false;
      to.alpn.emplace_back(reinterpret_cast<const char*>(value.data()) + 1, size);
      value = value.subspan(1 + size);
    }
    return !to.alpn.empty();
  }

  /// The list is in order, and names only keys of the record, and not `mandatory` (8).
  bool check_mandatory(https_record& to) const {
    std::size_t after = 1;
    for (std::size_t at = 0; at < mandatory_.size(); at += 2) {
      const std::uint16_t key = number_at(mandatory_, at);
      if (key < after || !std::ranges::binary_search(keys_, key)) return false;
      after = std::size_t{key} + 1;
      if (key > static_cast<std::uint16_t>(service_key::port)) to.compatible = false;
    }
    return true;
  }

  std::span<const std::byte> rest_;
  std::span<const std::byte> mandatory_ = {};
  std::vector<std::uint16_t> keys_ = {};
  bool implies_default_ = true;
};

COHTTPS_DEF std::optional<https_record> read_https_record(std::span<const std::byte> data) {
  if (data.size() < 3) return std::nullopt;
  https_record read;
  read.priority = static_cast<std::uint16_t>(std::to_integer<unsigned>(data[0]) << 8 |
                                             std::to_integer<unsigned>(data[1]));
  // The target is not compressed (2.2): from its own beginning, no name can refer further to the
  // front.
  const auto from_target = data.subspan(2);
  std::size_t at = 0;
  auto target = name::read(from_target, at);
  if (!target) return std::nullopt;
  read.target = *std::move(target);
  if (read.priority == 0) return read;  // its parameters mean nothing (2.4.2)
  if (!service_parameters<>(from_target.subspan(at)).read(read)) return std::nullopt;
  return read;
}

COHTTPS_DEF result<https_records> https_records_of(const response& answer, const name& host) {
  auto last = follow_aliases(answer, host, record_type::https);
  if (!last) return std::unexpected(last.error());
  https_records all{std::move(last->owner), {}, last->time_to_live};
  for (const record& r : answer.answers) {
    if (r.type != record_type::https || r.owner != all.owner) continue;
    auto read = read_https_record(r.data);
    if (!read)
      return fail(error_category::resolve, "dns_message_malformed",
                  "a record of type HTTPS is malformed; the owner of the name has to mend it");
    all.found.push_back(*std::move(read));
    all.time_to_live = std::min(all.time_to_live, r.time_to_live);
  }
  return all;
}

COHTTPS_DEF std::string https_query_name(std::string_view host, std::uint16_t port) {
  if (port == 443) return std::string(host);
  return '_' + std::to_string(port) + "._https." + std::string(host);
}

COHTTPS_DEF service_choice choose_service(const https_records& records, std::string_view protocol) {
  const https_record* best = nullptr;
  for (const https_record& r : records.found) {
    if (r.priority == 0) {
      if (r.target == name()) return {};  // the service does not exist (2.5.1)
      return {.alias = r.target};
    }
    if (!r.compatible || std::ranges::find(r.alpn, protocol) == r.alpn.end()) continue;
    if (!best || r.priority < best->priority) best = &r;
  }
  if (!best) return {};
  auto host = (best->target == name() ? records.owner : best->target).host();
  if (!host) return {};
  return {.at = service{*std::move(host), best->port}};
}

}  // namespace cohttps::dns
