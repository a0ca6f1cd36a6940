// AWS Signature Version 4 over the client's hook for signing requests.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
#pragma once

#include <cohttps/client/credentials.hpp>
#include <cohttps/core/ascii.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/url/query.hpp>
#include <cohttps/url/url.hpp>

#include <botan/hash.h>
#include <botan/hex.h>
#include <botan/mac.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Signs requests for one service in one region.
///
/// ```
///   sigv4 signer{.access_key = id, .secret_key = secret, .region = "eu-central-1", .service =
///   "s3"}; auto who = cohttps::credentials::signature(signer); auto response = co_await
///   client.get(url, {.credentials = &who});
/// ```
/// Content that is not in memory is not part of the signature ("UNSIGNED-PAYLOAD"), which S3 takes
/// over https and other services refuse.
struct sigv4 {
  std::string access_key;
  std::string secret_key;
  std::string session_token = {};  ///< of temporary credentials
  std::string region;
  std::string service;
  std::function<std::chrono::system_clock::time_point()> now = std::chrono::system_clock::now;

  /// Adds X-Amz-Date, Authorization and what goes with them.
  cohttps::result<void> operator()(const cohttps::unsigned_request& request) const {
    const std::string time = timestamp(now());
    const std::string day = time.substr(0, 8);
    const std::string payload =
        request.content ? hex(sha256(*request.content)) : std::string("UNSIGNED-PAYLOAD");
    std::vector<std::pair<std::string_view, std::string>> added{{"x-amz-date", time}};
    if (!session_token.empty()) added.emplace_back("x-amz-security-token", session_token);
    if (service == "s3" || !request.content) added.emplace_back("x-amz-content-sha256", payload);
    for (const auto& [name, value] : added)
      if (auto set = request.headers.set(name, value); !set) return set;

    const auto headers = signed_headers(request.headers);
    std::string names, lines;
    for (const auto& [name, value] : headers) {
      names += (names.empty() ? "" : ";") + name;
      lines += name + ':' + value + '\n';
    }
    const std::string canonical =
        std::string(request.method.text()) + '\n' + canonical_path(request.url) + '\n' +
        canonical_query(request.url) + '\n' + lines + '\n' + names + '\n' + payload;
    const std::string scope = day + '/' + region + '/' + service + "/aws4_request";
    const std::string to_sign =
        "AWS4-HMAC-SHA256\n" + time + '\n' + scope + '\n' + hex(sha256(bytes(canonical)));

    octets key = octets(bytes("AWS4" + secret_key));
    for (const std::string_view part :
         {std::string_view(day), std::string_view(region), std::string_view(service),
          std::string_view("aws4_request")})
      key = hmac(key, part);
    return request.headers.set("authorization", "AWS4-HMAC-SHA256 Credential=" + access_key + '/' +
                                                    scope + ", SignedHeaders=" + names +
                                                    ", Signature=" + hex(hmac(key, to_sign)));
  }

 private:
  using octets = std::vector<std::uint8_t>;

  static octets bytes(std::string_view text) { return {text.begin(), text.end()}; }
  static octets sha256(std::span<const std::byte> data) {
    const auto hash = Botan::HashFunction::create_or_throw("SHA-256");
    hash->update(reinterpret_cast<const std::uint8_t*>(data.data()), data.size());
    return hash->final_stdvec();
  }
  static octets sha256(const octets& data) { return sha256(std::as_bytes(std::span(data))); }
  static octets hmac(const octets& key, std::string_view text) {
    const auto mac = Botan::MessageAuthenticationCode::create_or_throw("HMAC(SHA-256)");
    mac->set_key(key);
    mac->update(text);
    return mac->final_stdvec();
  }
  static std::string hex(const octets& data) { return Botan::hex_encode(data, false); }

  /// 20150830T123600Z
  static std::string timestamp(std::chrono::system_clock::time_point at) {
    using namespace std::chrono;
    const auto day = floor<days>(at);
    const year_month_day date(day);
    const hh_mm_ss time(floor<seconds>(at) - day);
    const auto padded = [](auto number, std::size_t width) {
      const std::string digits = std::to_string(number);
      return std::string(width - std::min(width, digits.size()), '0') + digits;
    };
    return padded(static_cast<int>(date.year()), 4) +
           padded(static_cast<unsigned>(date.month()), 2) +
           padded(static_cast<unsigned>(date.day()), 2) + 'T' + padded(time.hours().count(), 2) +
           padded(time.minutes().count(), 2) + padded(time.seconds().count(), 2) + 'Z';
  }

  /// Everything but A-Z, a-z, 0-9, '-', '.', '_' and '~' as %XX.
  static std::string encoded(std::string_view text, std::string_view kept = "") {
    constexpr char digits[] = "0123456789ABCDEF";
    std::string out;
    for (const char c : text) {
      const auto u = static_cast<unsigned char>(c);
      if (cohttps::ascii::is_alnum(c) ||
          std::string_view("-._~").find(c) != std::string_view::npos || kept.find(c) != kept.npos)
        out += c;
      else
        (out += '%') += {digits[u >> 4], digits[u & 15]};
    }
    return out;
  }

  /// The path as it is sent, encoded once more; S3's is not.
  std::string canonical_path(const cohttps::url& url) const {
    return service == "s3" ? std::string(url.path()) : encoded(url.path(), "/");
  }

  static std::string canonical_query(const cohttps::url& url) {
    std::vector<std::pair<std::string, std::string>> pairs;
    for (const auto& [name, value] : cohttps::query::parse(url.query()))
      pairs.emplace_back(encoded(name), encoded(value));
    std::ranges::sort(pairs);
    std::string out;
    for (const auto& [name, value] : pairs) out += (out.empty() ? "" : "&") + name + '=' + value;
    return out;
  }

  /// Those that nobody on the way changes, by name in lower case; values with single spaces.
  static std::map<std::string, std::string> signed_headers(const cohttps::fields& headers) {
    std::map<std::string, std::string> all;
    for (const cohttps::field f : headers) {
      const std::string name = cohttps::ascii::lower(f.name);
      if (name != "host" && !name.starts_with("content-") && !name.starts_with("x-amz-")) continue;
      std::string value;
      for (const char c : cohttps::ascii::trim(f.value))
        if (c != ' ' || !value.ends_with(' ')) value += c;
      const auto [at, first] = all.try_emplace(name, value);
      if (!first) at->second += ',' + value;
    }
    return all;
  }
};
