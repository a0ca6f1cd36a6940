// Definitions for message.hpp.
#pragma once

#include <cohttps/dns/message.hpp>

#include <algorithm>
#include <string_view>
#include <utility>

namespace cohttps::dns {

inline constexpr std::uint16_t class_in = 1;
inline constexpr std::uint16_t padding_option = 12;         // RFC 7830
inline constexpr std::uint16_t extended_error_option = 15;  // RFC 8914
inline constexpr std::size_t header_size = 12;

COHTTPS_DEF std::string make_query(const name& host, record_type type) {
  std::string out;
  const auto put = [&](std::size_t value) {
    out += static_cast<char>(value >> 8);
    out += static_cast<char>(value & 0xff);
  };
  put(0);       // id
  put(0x0100);  // a standard query, recursion desired
  put(1);       // questions
  put(0);
  put(0);
  put(1);  // additional records
  out += host.bytes();
  put(static_cast<std::size_t>(type));
  put(class_in);
  constexpr std::size_t opt_size = 11, option_size = 4, block = 128;
  const std::size_t padding = block - 1 - (out.size() + opt_size + option_size + block - 1) % block;
  out += '\0';  // the root
  put(static_cast<std::size_t>(record_type::opt));
  put(1232);  // the size of a UDP message, which does not matter here
  put(0);
  put(0);
  put(option_size + padding);
  put(padding_option);
  put(padding);
  out.append(padding, '\0');
  return out;
}

/// Reads a message from its beginning to its end. After the first failure all reads give 0.
class message_reader {
 public:
  explicit message_reader(std::span<const std::byte> message) noexcept : message_(message) {}

  std::size_t number(std::size_t size) noexcept {
    std::size_t value = 0;
    if (!has(size)) return 0;
    for (std::size_t i = 0; i < size; ++i)
      value = value << 8 | std::to_integer<std::size_t>(message_[at_++]);
    return value;
  }
  name read_name() {
    if (failed_) return {};
    auto read = name::read(message_, at_);
    if (!read) failed_ = true;
    return read ? *std::move(read) : name();
  }
  template <std::size_t Size>
  void copy(std::span<std::byte, Size> to) noexcept {
    if (!has(Size)) return;
    std::ranges::copy(message_.subspan(at_, Size), to.begin());
    at_ += Size;
  }
  void copy(std::size_t size, std::vector<std::byte>& to) {
    if (!has(size)) return;
    const auto bytes = message_.subspan(at_, size);
    to.assign(bytes.begin(), bytes.end());
    at_ += size;
  }
  void skip_to(std::size_t place) noexcept { at_ = place; }

  bool has(std::size_t size) noexcept {
    if (failed_ || message_.size() - at_ < size) failed_ = true;
    return !failed_;
  }
  void fail() noexcept { failed_ = true; }
  /// Fails unless the reader is at `place`.
  void expect_at(std::size_t place) noexcept { failed_ = failed_ || at_ != place; }

  std::size_t at() const noexcept { return at_; }
  bool failed() const noexcept { return failed_; }
  bool at_end() const noexcept { return !failed_ && at_ == message_.size(); }

 private:
  std::span<const std::byte> message_;
  std::size_t at_ = 0;
  bool failed_ = false;
};

template <class = void>
[[gnu::cold]] std::unexpected<error> malformed(std::string_view what, std::size_t at) {
  error e(error_category::resolve, "dns_message_malformed",
          "the DNS server's message is malformed: " + std::string(what) + " at byte " +
              std::to_string(at) + "; use another server");
  return std::unexpected(std::move(e.position(at)));
}

/// Reads the options of an OPT record, which end at the byte `end`.
template <class = void>
void read_options(message_reader& in, std::size_t end, response& to) {
  while (!in.failed() && in.at() < end) {
    const std::size_t code = in.number(2);
    const std::size_t size = in.number(2);
    const std::size_t next = in.at() + size;
    if (in.failed() || next > end) return in.fail();
    if (code == extended_error_option && size >= 2 && !to.extended_error)
      to.extended_error = static_cast<std::uint16_t>(in.number(2));
    in.skip_to(next);
  }
}

/// Reads a record. `is_answer`: it is in the section of the answers.
template <class = void>
void read_record(message_reader& in, bool is_answer, response& to) {
  record r{.owner = in.read_name(), .type = static_cast<record_type>(in.number(2))};
  const std::size_t of_class = in.number(2);
  const std::size_t time_to_live = in.number(4);
  const std::size_t size = in.number(2);
  if (!in.has(size)) return;
  const std::size_t end = in.at() + size;
  // A time with the highest bit set counts as 0 (RFC 2181, 8).
  r.time_to_live = time_to_live > INT32_MAX ? 0 : static_cast<std::uint32_t>(time_to_live);
  if (r.type == record_type::opt) {
    to.code =
        static_cast<response_code>(static_cast<std::size_t>(to.code) | (time_to_live >> 24) << 4);
    return read_options(in, end, to);
  }
  if (of_class != class_in) return in.skip_to(end);
  switch (r.type) {
    case record_type::a:
      in.copy(std::span(r.address).template first<4>());
      break;
    case record_type::aaaa:
      in.copy(std::span(r.address));
      break;
    case record_type::cname:
      r.target = in.read_name();
      break;
    case record_type::https:
      in.copy(size, r.data);
      break;
    default:
      return in.skip_to(end);
  }
  in.expect_at(end);
  if (is_answer && !in.failed()) to.answers.push_back(std::move(r));
}

COHTTPS_DEF result<response> parse_response(std::span<const std::byte> message) {
  message_reader in(message);
  response parsed;
  const std::size_t id = in.number(2);
  const std::size_t flags = in.number(2);
  const std::size_t questions = in.number(2);
  const std::size_t answers = in.number(2);
  const std::size_t others = in.number(2) + in.number(2);
  if (in.failed()) return malformed("the header ends early", message.size());
  if (id != 0 || (flags & 0xf800) != 0x8000 || questions != 1)
    return malformed("it is not the response to the query", 0);
  if (flags & 0x0200) return malformed("it is truncated", 2);
  parsed.code = static_cast<response_code>(flags & 0xf);
  parsed.host = in.read_name();
  parsed.type = static_cast<record_type>(in.number(2));
  if (in.number(2) != class_in || in.failed())
    return malformed("the question is wrong", header_size);
  for (std::size_t i = 0; i < answers + others; ++i) {
    const std::size_t began = in.at();
    read_record(in, i < answers, parsed);
    if (in.failed())
      return malformed("record " + std::to_string(i + 1) + " of " +
                           std::to_string(answers + others) + " is wrong, which begins",
                       began);
  }
  if (!in.at_end()) return malformed("there are bytes behind its end", in.at());
  return parsed;
}

/// Returns the error for a code other than `no_error`.
template <class = void>
[[gnu::cold]] std::unexpected<error> refusal(const response& answer) {
  std::string why;
  if (answer.extended_error)
    why = " (extended error " + std::to_string(*answer.extended_error) + " of RFC 8914)";
  switch (answer.code) {
    case response_code::name_error:
      return std::unexpected(error(
          error_category::resolve, known_reason::host_not_found,
          "the DNS server says that there is no such host name" + why + "; check its spelling"));
    case response_code::server_failure:
      return fail(error_category::resolve, "dns_server_failure",
                  "the DNS server could not find the host's address, or its DNSSEC signature is "
                  "wrong" +
                      why + "; try again later");
    case response_code::refused:
      return fail(error_category::resolve, "dns_refused",
                  "the DNS server refuses to answer" + why + "; use another server");
    default:
      return fail(error_category::resolve, "dns_server_failure",
                  "the DNS server answered with the code " +
                      std::to_string(static_cast<unsigned>(answer.code)) + why +
                      "; use another server");
  }
}

COHTTPS_DEF result<canonical_name> follow_aliases(const response& answer, const name& host,
                                                  record_type type) {
  if (answer.host != host || answer.type != type)
    return fail(error_category::resolve, "dns_wrong_answer",
                "the DNS server answered another question; use another server");
  if (answer.code != response_code::no_error) return refusal(answer);
  canonical_name last{host};
  const auto next_alias = [&]() -> const record* {
    const auto alias = std::ranges::find_if(answer.answers, [&](const record& r) {
      return r.type == record_type::cname && r.owner == last.owner;
    });
    return alias == answer.answers.end() ? nullptr : &*alias;
  };
  std::size_t aliases = 0;
  while (const record* alias = next_alias()) {
    if (++aliases > max_aliases)
      return fail(error_category::resolve, "dns_alias_loop",
                  "the host name leads through more than " + std::to_string(max_aliases) +
                      " CNAME records; its owner has to mend them");
    last.time_to_live = std::min(last.time_to_live, alias->time_to_live);
    last.owner = alias->target;
  }
  return last;
}

COHTTPS_DEF result<addresses> addresses_of(const response& answer, const name& host,
                                           record_type type) {
  const auto last = follow_aliases(answer, host, type);
  if (!last) return std::unexpected(last.error());
  addresses all{.found = {}, .time_to_live = last->time_to_live};
  for (const record& r : answer.answers) {
    if (r.type != type || r.owner != last->owner) continue;
    all.found.push_back(r.address);
    all.time_to_live = std::min(all.time_to_live, r.time_to_live);
  }
  return all;
}

}  // namespace cohttps::dns
