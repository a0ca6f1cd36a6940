// Makes the messages of a DNS server.
#pragma once

#include <cohttps/dns/message.hpp>
#include <cohttps/dns/name.hpp>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cohttps::testing {

inline std::string two(std::size_t n) {
  return {static_cast<char>(n >> 8), static_cast<char>(n & 0xff)};
}
inline std::string four(std::size_t n) { return two(n >> 16) + two(n & 0xffff); }

/// The bytes of a name without compression.
inline std::string wire(std::string_view name) { return dns::name::parse(name).value().bytes(); }

/// A pointer to the byte `at` of the message.
inline std::string pointer(std::size_t at) { return two(0xc000 | at); }

/// A record; `owner` and `data` are bytes.
inline std::string record_of(std::string_view owner, dns::record_type type, std::size_t ttl,
                             std::string_view data, std::size_t of_class = 1) {
  return std::string(owner) + two(static_cast<std::size_t>(type)) + two(of_class) + four(ttl) +
         two(data.size()) + std::string(data);
}

/// A response to a question for `name`. The name of the question begins at the byte 12.
struct dns_answer {
  std::string_view name = "www.example";
  dns::record_type type = dns::record_type::a;
  std::size_t flags = 0x8180;
  std::vector<std::string> answers = {};
  std::vector<std::string> authorities = {};
  std::vector<std::string> additional = {};

  std::string bytes() const {
    std::string out = two(0) + two(flags) + two(1) + two(answers.size()) + two(authorities.size()) +
                      two(additional.size()) + wire(name) + two(static_cast<std::size_t>(type)) +
                      two(1);
    for (const auto* section : {&answers, &authorities, &additional})
      for (const std::string& each : *section) out += each;
    return out;
  }
};

inline std::span<const std::byte> as_message(std::string_view bytes) {
  return std::as_bytes(std::span(bytes));
}

inline constexpr std::string_view address_1{"\xc0\x00\x02\x01", 4};  // 192.0.2.1
inline constexpr std::string_view address_2{"\xc0\x00\x02\x02", 4};

}  // namespace cohttps::testing
