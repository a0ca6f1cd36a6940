// Reads a chain as JSON, one object a line, and writes whether a connection would accept it:
//
//   in   {"peer": {"kind": "DNS" or "IP", "value"} or null, "time": ISO 8601 or null, "trust":
//   [PEM],
//         "leaf": PEM, "intermediates": [PEM], "crls": [PEM]}
//   out  {"result": "SUCCESS" or "FAILURE", "reason"}
#include <cohttps/core/ascii.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/tls/verify/certificate.hpp>
#include <cohttps/tls/verify/trust_store.hpp>
#include <cohttps/tls/verify/verification_cache.hpp>
#include <cohttps/tls/verify/verifier.hpp>

#include <botan/data_src.h>
#include <botan/exceptn.h>
#include <botan/x509cert.h>
#include <nlohmann/json.hpp>

#include <chrono>
#include <cstddef>
#include <exception>
#include <iostream>
#include <string>
#include <string_view>
#include <utility>

namespace {

using nlohmann::json;
using namespace cohttps;

/// "2024-01-01T00:00:00+00:00" or "...Z", of UTC; anything but a string is now.
std::chrono::system_clock::time_point time_of(const json& value) {
  using namespace std::chrono;
  if (!value.is_string()) return system_clock::now();
  const auto text = value.get<std::string>();
  const auto number = [&](std::size_t at, std::size_t length) {
    if (text.size() < at + length) return 0;
    return static_cast<int>(
        ascii::parse_decimal(std::string_view(text).substr(at, length)).value_or(0));
  };
  return sys_days(year(number(0, 4)) / number(5, 2) / number(8, 2)) + hours(number(11, 2)) +
         minutes(number(14, 2)) + seconds(number(17, 2));
}

result<void> judge(const json& asked) try {
  tls::certificate_chain chain;
  const auto add = [&](const json& pem) {
    Botan::DataSource_Memory source(pem.get<std::string>());
    chain.emplace_back(source);
  };
  add(asked.at("leaf"));
  for (const auto& pem : asked.value("intermediates", json::array())) add(pem);
  tls::trust_store roots;
  for (const auto& pem : asked.at("trust"))
    if (auto added = roots.add_pem(pem.get<std::string>(), "trust"); !added) return added;
  for (const auto& pem : asked.value("crls", json::array()))
    if (auto added = roots.add_crls(pem.get<std::string>(), "crls"); !added) return added;
  const auto now = time_of(asked.value("time", json()));
  if (!asked.contains("peer") || !asked["peer"].is_object()) {
    auto found = tls::verify_chain(chain, now, roots);
    return found ? result<void>() : pass(std::move(found));
  }
  // As a connection does it.
  tls::chain_cache cache;
  auto found = cache.verify(chain, asked["peer"].at("value").get<std::string>(), now, roots, {});
  return found ? result<void>() : pass(std::move(found));
} catch (const Botan::Exception& e) {
  return fail(error_category::tls, "decode_error", e.what());  // as in a handshake
}

}  // namespace

int main() {
  for (std::string line; std::getline(std::cin, line);) {
    json answer;
    try {
      const auto judged = judge(json::parse(line));
      answer = {
          {"result", judged ? "SUCCESS" : "FAILURE"},
          {"reason",
           judged ? "" : std::string(judged.error().reason()) + ": " + judged.error().message()}};
    } catch (const std::exception& e) {
      answer = {{"result", "FAILURE"}, {"reason", std::string("bad input: ") + e.what()}};
    }
    std::cout << answer.dump(-1, ' ', true, json::error_handler_t::replace) << '\n' << std::flush;
  }
}
