// Messages of a DNS server: whatever is read of them lies inside, ends, and is not more than they
// have.
#include <cohttps/dns/https_record.hpp>
#include <cohttps/dns/message.hpp>
#include <cohttps/dns/name.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string_view>

using namespace cohttps;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto message = std::as_bytes(std::span(data, size));
  if (const auto parsed = dns::parse_response(message)) {
    if (parsed->answers.size() > size / 11) std::abort();
    for (const auto type : {dns::record_type::a, dns::record_type::aaaa}) {
      const auto found = dns::addresses_of(*parsed, parsed->host, type);
      if (found && found->found.size() > parsed->answers.size()) std::abort();
    }
    const auto records = dns::https_records_of(*parsed, parsed->host);
    if (records && records->found.size() > parsed->answers.size()) std::abort();
    if (records) {
      const auto choice = dns::choose_service(*records, "h3");
      if (choice.at && choice.alias) std::abort();
    }
  }
  if (const auto record = dns::read_https_record(message)) {
    std::size_t protocols = 0;
    for (const auto& each : record->alpn) protocols += each.size() + 1;
    if (protocols > size + 9) std::abort();  // "http/1.1" may be added
  }
  for (std::size_t begin = 0; begin < size; ++begin) {
    std::size_t at = begin;
    const auto name = dns::name::read(message, at);
    if (!name) continue;
    if (at <= begin || at > size || name->bytes().size() > 255) std::abort();
    // What was read is a name without compression, which reads as itself.
    std::size_t end = 0;
    const auto again = dns::name::read(std::as_bytes(std::span(name->bytes())), end);
    if (!again || *again != *name || end != name->bytes().size()) std::abort();
  }
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto name = dns::name::parse(text)) {
    const auto query = dns::make_query(*name, dns::record_type::a);
    if (query.size() % 128 != 0) std::abort();
    std::size_t at = 12;
    if (dns::name::read(std::as_bytes(std::span(query)), at) != *name) std::abort();
  }
  return 0;
}
