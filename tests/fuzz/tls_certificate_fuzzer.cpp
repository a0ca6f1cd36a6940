// The extensions of two certificates by chance, read as the verifier reads them: alternative names,
// name constraints, policies. The rest of the certificates is in order, so that Botan reads them.
#include <cohttps/tls/verify/certificate.hpp>
#include <cohttps/tls/verify/certificate_policies.hpp>
#include <cohttps/tls/verify/name_constraints.hpp>
#include <cohttps/tls/verify/verifier.hpp>

#include <botan/exceptn.h>
#include <botan/x509cert.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <span>
#include <vector>

using bytes = std::vector<std::uint8_t>;

namespace {

bytes element(std::uint8_t tag, const bytes& content) {
  bytes out{tag, 0x82, static_cast<std::uint8_t>(content.size() >> 8),
            static_cast<std::uint8_t>(content.size())};
  if (content.size() < 0x100) out.erase(out.begin() + 2), out[1] = 0x81;
  if (content.size() < 0x80) out.erase(out.begin() + 1);
  out.insert(out.end(), content.begin(), content.end());
  return out;
}
bytes operator+(bytes a, const bytes& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

bytes name(std::uint8_t letter) {
  return element(0x30,
                 element(0x31, element(0x30, element(6, {0x55, 4, 3}) + element(12, {letter}))));
}

/// Each extension: a byte that chooses it and says whether it is critical, one for its length.
bytes extensions(std::span<const std::uint8_t>& in) {
  static constexpr std::uint8_t ids[] = {17, 30, 32, 33, 36, 54, 19, 15, 37, 31, 35, 14};
  bytes all;
  for (int i = 0; i < 6 && in.size() >= 2; ++i) {
    const std::uint8_t choice = in[0];
    const std::size_t length = std::min<std::size_t>(in[1], in.size() - 2);
    const bytes value(in.begin() + 2, in.begin() + 2 + static_cast<std::ptrdiff_t>(length));
    in = in.subspan(2 + length);
    if ((choice & 0x40) != 0) break;
    bytes one = element(6, {0x55, 0x1d, ids[choice % std::size(ids)]});
    if ((choice & 0x80) != 0) one = one + bytes{1, 1, 0xff};
    all = all + element(0x30, one + element(4, value));
  }
  return all;
}

std::optional<Botan::X509_Certificate> certificate(std::uint8_t subject, std::uint8_t issuer,
                                                   const bytes& extended) {
  const bytes algorithm = element(0x30, element(6, {0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2}));
  const bytes date = element(23, {'2', '6', '0', '1', '0', '1', '0', '0', '0', '0', '0', '0', 'Z'});
  const bytes key =
      element(0x30, element(0x30, element(6, {0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1}) +
                                      element(6, {0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7})) +
                        element(3, bytes{0, 4} + bytes(64, 1)));
  bytes fields = element(0xa0, {2, 1, 2}) + element(2, {1}) + algorithm + name(issuer) +
                 element(0x30, date + date) + name(subject) + key;
  if (!extended.empty()) fields = fields + element(0xa3, element(0x30, extended));
  try {
    return Botan::X509_Certificate(
        element(0x30, element(0x30, fields) + algorithm + element(3, bytes(9, 0))));
  } catch (const Botan::Exception&) {
    return std::nullopt;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cohttps;
  std::span<const std::uint8_t> in(data, size);
  const auto leaf = certificate('a', 'b', extensions(in));
  const auto authority = certificate('b', 'c', extensions(in));
  const auto root = certificate('c', 'c', {});
  if (!root) std::abort();
  if (!leaf || !authority) return 0;
  const tls::certificate_chain path{*leaf, *authority, *root};
  for (const auto& each : path) {
    if (const auto names = tls::names_of(each)) {
      // A certificate that covers everything would be one for each host.
      if (tls::covers(*names, "a.test") && tls::covers(*names, "b.example")) {
        const auto& dns = names->dns;
        if (std::find(dns.begin(), dns.end(), "a.test") == dns.end() &&
            std::find(dns.begin(), dns.end(), "*.test") == dns.end() && dns.size() < 2)
          std::abort();
      }
    }
    (void)tls::detail::find_unread(each);
    (void)tls::allows_tls_servers(each);
    (void)tls::path_length_of(each);
    (void)tls::describe(each);
  }
  (void)tls::check_name_constraints(path);
  (void)tls::has_required_policy(path);
  return 0;
}
