// Certificate chains collected by others (C2SP x509-limbo), fed to the verifier where they are at
// hand: a folder named by COHTTPS_VECTORS, or shared/vectors beside the checkout.
#include <cohttps/tls/verify/certificate.hpp>
#include <cohttps/tls/verify/trust_store.hpp>
#include <cohttps/tls/verify/verifier.hpp>

#include <botan/data_src.h>
#include <botan/exceptn.h>
#include <botan/x509cert.h>
#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

using namespace cohttps;

namespace {

std::filesystem::path find_vectors() {
  if (const char* given = std::getenv("COHTTPS_VECTORS")) return given;
  for (auto at = std::filesystem::current_path(); at.has_relative_path(); at = at.parent_path())
    if (const auto there = at / "shared" / "vectors"; std::filesystem::exists(there)) return there;
  return {};
}

// "2024-01-01T00:00:00+00:00", or null: then now.
std::chrono::system_clock::time_point parse_time(const nlohmann::json& value) {
  if (!value.is_string()) return std::chrono::system_clock::now();
  using namespace std::chrono;
  const auto text = value.get<std::string>();
  const auto number = [&](std::size_t at, std::size_t n) { return std::stoi(text.substr(at, n)); };
  return sys_days(year(number(0, 4)) / number(5, 2) / number(8, 2)) + hours(number(11, 2)) +
         minutes(number(14, 2)) + seconds(number(17, 2));
}

result<void> judge(const nlohmann::json& c) try {
  tls::certificate_chain chain;
  const auto add = [&](const std::string& pem) {
    Botan::DataSource_Memory source(pem);
    chain.emplace_back(source);
  };
  add(c["leaf"]);
  for (const auto& pem : c["intermediates"]) add(pem);
  tls::trust_store roots;
  for (const auto& pem : c["trust"])
    if (auto added = roots.add_pem(pem.get<std::string>(), "trust"); !added) return added;
  for (const auto& pem : c.value("crls", nlohmann::json::array()))
    if (auto added = roots.add_crls(pem.get<std::string>(), "crls"); !added) return added;
  const auto now = parse_time(c["time"]);
  if (!c["peer"].is_object()) {
    auto found = tls::verify_chain(chain, now, roots);
    return found ? result<void>() : pass(std::move(found));
  }
  return tls::verify(chain, c["peer"]["value"].get<std::string>(), now, roots);
} catch (const Botan::Exception& e) {
  return fail(error_category::tls, "decode_error", e.what());  // as in a handshake
}

}  // namespace

TEST_CASE("chains of x509-limbo") {
  const auto file = find_vectors() / "x509_limbo.jsonl";
  if (!std::filesystem::exists(file))
    SKIP("x509_limbo.jsonl is not here; COHTTPS_VECTORS can name its folder");
  std::ifstream in(file);
  struct count {
    int agree = 0, differ = 0;
  };
  std::map<std::string, count> tiers;
  std::string differing;
  for (std::string line; std::getline(in, line);) {
    const auto c = nlohmann::json::parse(line);
#if BOTAN_VERSION_CODE < BOTAN_VERSION_CODE_FOR(3, 12, 0)
    // Corners of name constraints that older versions of Botan see otherwise, or cannot see.
    if (c["id"] == "rfc5280::nc::permitted-self-issued" ||
        c["id"] == "rfc5280::nc::permitted-ipv6-match" ||
        c["id"] == "rfc5280::nc::nc-forbids-othername")
      continue;
#endif
    const auto outcome = judge(c);
    const bool agrees = outcome.has_value() == (c["expect"] == "SUCCESS");
    auto& tier = tiers[c["tier"].get<std::string>()];
    ++(agrees ? tier.agree : tier.differ);
    if (!agrees)
      differing += c["tier"].get<std::string>() + ' ' + c["id"].get<std::string>() + ": " +
                   (outcome ? "accepted" : outcome.error().message()) + '\n';
  }
  for (const auto& [tier, n] : tiers)
    differing +=
        tier + ": " + std::to_string(n.agree) + " agree, " + std::to_string(n.differ) + " differ\n";
  INFO(differing);
  if (std::getenv("COHTTPS_VERBOSE")) WARN(differing);
  CHECK(tiers["must"].differ == 0);
}
