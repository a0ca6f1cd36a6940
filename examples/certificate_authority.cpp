// Definitions for certificate_authority.hpp.
#include "certificate_authority.hpp"

#include <cohttps/tls/verify/host_name.hpp>

#include <botan/asn1_obj.h>
#include <botan/ec_group.h>
#include <botan/ecdsa.h>
#include <botan/ed25519.h>
#include <botan/hash.h>
#include <botan/pem.h>
#include <botan/pk_keys.h>
#include <botan/pkcs8.h>
#include <botan/pubkey.h>
#include <botan/rsa.h>
#include <botan/system_rng.h>
#include <botan/x509_key.h>

#include <stdexcept>
#include <string>
#include <utility>

certificate_authority::certificate_authority(certificate_request request, clock::time_point now)
    : now_(now), name_(encode_name(request)) {
  request.authority = request.self_signed = true;
  self_ = issue(request);
}

certificate_authority certificate_authority::intermediate() const {
  certificate_request request = root_request("cohttps test intermediate", key_kind::p256);
  request.path = 0;
  return intermediate(request);
}

certificate_authority certificate_authority::intermediate(certificate_request request) const {
  request.authority = true;
  certificate_authority below = *this;
  below.name_ = encode_name(request);
  below.self_ = issue(request);
  below.above_ = below.self_.chain_pem;
  below.fetchable_ = true;
  return below;
}

certificate_authority certificate_authority::impostor(certificate_request request) const {
  certificate_authority below = intermediate(request);
  below.self_ = issue(request);
  below.above_ = below.self_.chain_pem;
  return below;
}

certificate_authority certificate_authority::renamed(std::string name) const {
  certificate_authority other = *this;
  other.name_ = encode_name({.common_name = std::move(name)});
  return other;
}

issued_certificate certificate_authority::issue(const certificate_request& request) const {
  auto& random = Botan::system_rng();
  const auto key = request.existing_key ? request.existing_key : make_key(request.key);
  const bool own = request.self_signed;
  const auto& signing_key = own ? *key : *self_.key;
  const bool rsa = signing_key.algo_name() == "RSA";
  Botan::PK_Signer signer(
      signing_key, random, rsa ? "PKCS1v15(" + request.hash + ")" : request.hash,
      rsa ? Botan::Signature_Format::Standard : Botan::Signature_Format::DerSequence);
  const bytes algorithm = signer.algorithm_identifier().BER_encode();
  const bytes name = encode_name(request);

  bytes serial(16);
  random.randomize(serial);
  serial[0] = static_cast<std::uint8_t>((serial[0] & 0x3f) | 0x40);  // positive, of full length
  const bytes to_be_signed = tlv(
      sequence, {tlv(0xa0, {tlv(0x02, {{2}})}), tlv(0x02, {serial}), algorithm, own ? name : name_,
                 tlv(sequence, {encode_time(request.not_before), encode_time(request.not_after)}),
                 name, Botan::X509::BER_encode(*key),
                 tlv(0xa3, {tlv(sequence, {extensions(request, *key, signing_key)})})});
  const bytes signature = signer.sign_message(to_be_signed, random);
  const bytes certificate = tlv(sequence, {to_be_signed, algorithm, tlv(0x03, {{0}, signature})});

  issued_certificate issued;
  issued.key = key;
  issued.key_pem = Botan::PKCS8::PEM_encode(*key);
  issued.certificate_pem = Botan::PEM_Code::encode(certificate, "CERTIFICATE");
  issued.chain_pem = issued.certificate_pem + above_;
  return issued;
}

certificate_request certificate_authority::root_request(std::string name, key_kind key) {
  certificate_request request;
  request.common_name = std::move(name);
  request.usages = {};
  request.not_after = std::chrono::hours(24 * 3650);
  request.key = key;
  return request;
}

std::shared_ptr<Botan::Private_Key> certificate_authority::make_key(key_kind kind) {
  auto& random = Botan::system_rng();
  switch (kind) {
    case key_kind::p256:
      return std::make_shared<Botan::ECDSA_PrivateKey>(random,
                                                       Botan::EC_Group::from_name("secp256r1"));
    case key_kind::p384:
      return std::make_shared<Botan::ECDSA_PrivateKey>(random,
                                                       Botan::EC_Group::from_name("secp384r1"));
    case key_kind::p521:
      return std::make_shared<Botan::ECDSA_PrivateKey>(random,
                                                       Botan::EC_Group::from_name("secp521r1"));
    case key_kind::rsa_1024:
      return std::make_shared<Botan::RSA_PrivateKey>(random, 1024);
    case key_kind::rsa_2048:
      return std::make_shared<Botan::RSA_PrivateKey>(random, 2048);
    case key_kind::rsa_4096:
      return std::make_shared<Botan::RSA_PrivateKey>(random, 4096);
    case key_kind::ed25519:
      return std::make_shared<Botan::Ed25519_PrivateKey>(random);
  }
  throw std::invalid_argument("unknown kind of key");
}

certificate_authority::bytes certificate_authority::tlv(std::uint8_t tag,
                                                        std::initializer_list<bytes> parts) {
  bytes content;
  for (const auto& part : parts) append(content, part);
  const std::size_t size = content.size();
  bytes out;
  out.reserve(size + 4);
  out.push_back(tag);
  if (size >= 0x80) out.push_back(size >= 0x100 ? 0x82 : 0x81);
  if (size >= 0x100) out.push_back(static_cast<std::uint8_t>(size >> 8));
  out.push_back(static_cast<std::uint8_t>(size));
  for (const auto byte : content) out.push_back(byte);
  return out;
}

certificate_authority::bytes certificate_authority::oid(std::string_view dotted) {
  return Botan::OID(dotted).BER_encode();
}

certificate_authority::bytes certificate_authority::encode_name(
    const certificate_request& request) {
  const std::string name = !request.common_name.empty() ? request.common_name
                           : !request.dns.empty()       ? request.dns.front()
                           : !request.ip.empty()        ? request.ip.front()
                                                        : "unnamed";
  return tlv(sequence, {tlv(0x31, {tlv(sequence, {oid("2.5.4.3"), tlv(0x0c, {text(name)})})})});
}

certificate_authority::bytes certificate_authority::encode_time(std::chrono::seconds offset) const {
  using namespace std::chrono;
  const auto at = floor<seconds>(now_ + offset);
  const auto day = floor<days>(at);
  const year_month_day date(day);
  const hh_mm_ss time(at - day);
  const auto two = [](auto n) {
    const auto digits = std::to_string(n);
    return digits.size() < 2 ? "0" + digits : digits.substr(digits.size() - 2);
  };
  const int year = static_cast<int>(date.year());
  const std::string rest = two(static_cast<unsigned>(date.month())) +
                           two(static_cast<unsigned>(date.day())) + two(time.hours().count()) +
                           two(time.minutes().count()) + two(time.seconds().count()) + "Z";
  return year < 2050 ? tlv(0x17, {text(two(year) + rest)})
                     : tlv(0x18, {text(std::to_string(year) + rest)});
}

certificate_authority::bytes certificate_authority::key_identifier(const Botan::Public_Key& key) {
  return Botan::HashFunction::create_or_throw("SHA-256")->process<bytes>(key.public_key_bits());
}

certificate_authority::bytes certificate_authority::extensions(
    const certificate_request& request, const Botan::Public_Key& key,
    const Botan::Public_Key& issuer) const {
  bytes all;
  const auto add = [&](std::string_view id, const bytes& value, bool critical = false) {
    append(all,
           tlv(sequence, {oid(id), critical ? tlv(0x01, {{0xff}}) : bytes{}, tlv(0x04, {value})}));
  };
  if (request.authority)
    add("2.5.29.19",
        tlv(sequence,
            {tlv(0x01, {{0xff}}),
             request.path ? tlv(0x02, {{static_cast<std::uint8_t>(*request.path)}}) : bytes{}}),
        true);
  // keyCertSign and cRLSign, or digitalSignature
  const bytes usual = request.authority ? bytes{0x03, 2, 1, 0x06} : bytes{0x03, 2, 7, 0x80};
  add("2.5.29.15", request.key_usage.empty() ? usual : request.key_usage, true);
  add("2.5.29.14", tlv(0x04, {key_identifier(key)}));
  add("2.5.29.35", tlv(sequence, {tlv(0x80, {key_identifier(issuer)})}));
  bytes usages;
  for (const auto& usage : request.usages) append(usages, oid(usage));
  if (!usages.empty()) add("2.5.29.37", tlv(sequence, {usages}));
  bytes names;
  for (const auto& name : request.dns) append(names, tlv(0x82, {text(name)}));
  for (const auto& address : request.ip) {
    const auto parsed = cohttps::tls::parse_ip(address);
    if (!parsed) throw std::invalid_argument(address + " is not an address");
    append(names, tlv(0x87, {bytes(parsed->data().begin(), parsed->data().end())}));
  }
  if (!names.empty()) add("2.5.29.17", tlv(sequence, {names}));
  bytes permitted;
  for (const auto& name : request.permitted)
    append(permitted, tlv(sequence, {tlv(0x82, {text(name)})}));
  if (!permitted.empty()) add("2.5.29.30", tlv(sequence, {tlv(0xa0, {permitted})}), true);
  bytes access;
  const auto add_access = [&](std::string_view method, std::string_view url) {
    append(access, tlv(sequence, {oid(method), tlv(0x86, {text(url)})}));
  };
  if (fetchable_ && !request.self_signed)  // where the issuer's certificate could be had
    add_access("1.3.6.1.5.5.7.48.2", "http://ca.test/issuer.der");
  if (!request.ocsp_url.empty()) add_access("1.3.6.1.5.5.7.48.1", request.ocsp_url);
  if (!access.empty()) add("1.3.6.1.5.5.7.1.1", tlv(sequence, {access}));
  if (!request.crl_url.empty())
    add("2.5.29.31",
        tlv(sequence,
            {tlv(sequence, {tlv(0xa0, {tlv(0xa0, {tlv(0x86, {text(request.crl_url)})})})})}));
  if (request.must_staple) add("1.3.6.1.5.5.7.1.24", tlv(sequence, {tlv(0x02, {{5}})}));
  for (const auto& [id, value] : request.others) add(id, value);
  if (request.unknown_critical) add("1.3.6.1.4.1.55555.1", tlv(0x04, {{1}}), true);
  return all;
}

void certificate_authority::append(bytes& to, const bytes& what) {
  to.insert(to.end(), what.begin(), what.end());
}
