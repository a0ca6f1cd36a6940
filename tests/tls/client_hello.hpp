// What a client offers, read from the bytes that it sends.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace cohttps::testing {

/// The parts of a ClientHello that say what is offered (RFC 8446, 4.1.2).
struct client_hello {
  std::size_t size = 0;
  std::vector<int> suites;
  std::map<int, std::string> extensions;

  std::vector<int> numbers(int extension) const {
    const auto& value = extensions.at(extension);
    std::vector<int> out;
    for (std::size_t i = 2; i + 1 < value.size(); i += 2) out.push_back(number(value, i));
    return out;
  }
  /// The groups of which there is a share (RFC 8446, 4.2.8).
  std::vector<int> shares() const {
    std::vector<int> out;
    const auto found = extensions.find(51);
    if (found == extensions.end()) return out;
    for (std::size_t at = 2; at + 4 <= found->second.size();
         at += 4 + static_cast<std::size_t>(number(found->second, at + 2)))
      out.push_back(number(found->second, at));
    return out;
  }
  static int number(std::string_view s, std::size_t at) {
    return static_cast<unsigned char>(s[at]) * 256 + static_cast<unsigned char>(s[at + 1]);
  }
  explicit client_hello(std::string_view s) : size(s.size()) {
    std::size_t at = 5 + 4 + 2 + 32;
    at += 1 + static_cast<unsigned char>(s[at]);
    const auto end = at + 2 + static_cast<std::size_t>(number(s, at));
    for (at += 2; at < end; at += 2) suites.push_back(number(s, at));
    at += 1 + static_cast<unsigned char>(s[at]);
    for (at += 2; at < s.size();) {
      const auto length = static_cast<std::size_t>(number(s, at + 2));
      extensions[number(s, at)] = std::string(s.substr(at + 4, length));
      at += 4 + length;
    }
  }
};

}  // namespace cohttps::testing
