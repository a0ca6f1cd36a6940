// Definitions for socks.hpp.
#pragma once

#include <cohttps/proxy/socks.hpp>

namespace cohttps::socks {

COHTTPS_DEF result<handshake> handshake::create(const proxy& via, std::string_view host,
                                                std::uint16_t port,
                                                std::span<const std::byte> address) {
  handshake h(via);
  if (via.scheme() == proxy_scheme::socks4 || via.scheme() == proxy_scheme::socks4a)
    if (auto written = h.write_request_4(via, host, port, address); !written)
      return pass(std::move(written));
  if (h.five_) {
    if (auto written = h.write_request_5(via, host, port, address); !written)
      return pass(std::move(written));
    h.write_methods(via);
  }
  return h;
}

COHTTPS_DEF std::span<const std::byte> handshake::outgoing() const noexcept {
  return std::as_bytes(std::span(outgoing_));
}

COHTTPS_DEF void handshake::sent(std::size_t n) { outgoing_.erase(0, n); }

COHTTPS_DEF result<void> handshake::receive(buffer& in) {
  if (!outgoing_.empty()) return {};
  switch (state_) {
    case state::granted_4:
      return take_granted_4(in);
    case state::method:
      return take_method(in);
    case state::verdict:
      return take_verdict(in);
    case state::granted_5:
      return take_granted_5(in);
    case state::done:
      break;
  }
  return {};
}

COHTTPS_DEF void handshake::put(std::string& out, std::size_t byte) {
  out += static_cast<char>(static_cast<unsigned char>(byte));
}

COHTTPS_DEF void handshake::put(std::string& out, std::span<const std::byte> bytes) {
  for (const std::byte b : bytes) put(out, std::to_integer<std::size_t>(b));
}

COHTTPS_DEF void handshake::put_port(std::string& out, std::uint16_t port) {
  put(out, port >> 8);
  put(out, port & 255u);
}

COHTTPS_DEF std::string handshake::address_of(std::string_view host,
                                              std::span<const std::byte> given) {
  std::string out;
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (!given.empty()) {  // the caller has looked the host up
    put(out, given);
    return out;
  }
  std::uint16_t halves[2] = {};
  cohttps::detail::ipv6_pieces pieces{};
  std::span<const std::uint16_t> words;
  if (cohttps::detail::parse_embedded_ipv4(host, halves))
    words = halves;
  else if (host.find(':') != host.npos && cohttps::detail::parse_ipv6(host, pieces).empty())
    words = pieces;
  for (const std::uint16_t w : words) put_port(out, w);
  return out;
}

COHTTPS_DEF result<void> handshake::check_host(const proxy& via, std::string_view host,
                                               std::string_view address) const {
  if (!address.empty() && address.size() != 4 && address.size() != 16)
    return fail(error_category::usage, "socks_no_address", "an address has 4 or 16 bytes");
  if (!address.empty()) return {};
  if (!via.resolves_names())
    return fail(error_category::usage, "socks_no_address",
                about_ + " accepts only addresses; look the host up, or use socks4a or socks5h");
  if (host.empty() || host.size() > 255 || host.find('\0') != host.npos)
    return fail(error_category::usage, "socks_host_too_long",
                "a host for " + about_ + " has 1 to 255 bytes, and no NUL");
  return {};
}

COHTTPS_DEF result<void> handshake::write_request_4(const proxy& via, std::string_view host,
                                                    std::uint16_t port,
                                                    std::span<const std::byte> given) {
  const std::string address =
      address_of(host, via.resolves_names() ? std::span<const std::byte>() : given);
  if (auto fine = check_host(via, host, address); !fine) return fine;
  if (address.size() == 16)
    return fail(error_category::usage, "socks_no_ipv6",
                about_ + " cannot be asked for an IPv6 address; use a socks5 proxy");
  put(outgoing_, 4);
  put(outgoing_, 1);
  put_port(outgoing_, port);
  outgoing_ += address.empty() ? std::string("\0\0\0\1", 4) : address;
  outgoing_ += via.username();  // no `proxy` has a NUL in it
  put(outgoing_, 0);
  if (address.empty()) {
    outgoing_ += host;
    put(outgoing_, 0);
  }
  return {};
}

COHTTPS_DEF void handshake::write_methods(const proxy& via) {
  if (via.has_credentials()) {
    outgoing_ = std::string("\5\2\0\2", 4);
    put(credentials_, 1);  // RFC 1929, 2
    for (const std::string_view part : {via.username(), via.password()}) {
      put(credentials_, part.size());  // at most 255 in every SOCKS `proxy`
      credentials_ += part;
    }
  } else {
    outgoing_ = std::string("\5\1\0", 3);
  }
}

COHTTPS_DEF result<void> handshake::write_request_5(const proxy& via, std::string_view host,
                                                    std::uint16_t port,
                                                    std::span<const std::byte> given) {
  const std::string address =
      address_of(host, via.resolves_names() ? std::span<const std::byte>() : given);
  if (auto fine = check_host(via, host, address); !fine) return fine;
  request_ = std::string("\5\1\0", 3);
  if (address.empty()) {
    put(request_, 3);
    put(request_, host.size());
    request_ += host;
  } else {
    put(request_, address.size() == 4 ? 1 : 4);
    request_ += address;
  }
  put_port(request_, port);
  return {};
}

COHTTPS_DEF std::size_t handshake::at(const buffer& in, std::size_t i) noexcept {
  return std::to_integer<std::size_t>(in.data()[i]);
}

COHTTPS_DEF std::unexpected<error> handshake::malformed(std::string_view why) const {
  return fail(error_category::protocol, "socks_malformed",
              about_ + " does not speak SOCKS as it should: " + std::string(why) +
                  "; check the proxy's scheme and port");
}

COHTTPS_DEF result<void> handshake::take_granted_4(buffer& in) {
  if (!in.empty() && at(in, 0) != 0) return malformed("a reply does not begin with 0");
  if (in.size() >= 2 && at(in, 1) != 90) return std::unexpected(refused_4(about_, at(in, 1)));
  if (in.size() < 8) return {};
  in.consume(8);
  state_ = state::done;
  return {};
}

COHTTPS_DEF result<void> handshake::take_method(buffer& in) {
  if (!in.empty() && at(in, 0) != 5) return malformed("its version is not 5");
  if (in.size() < 2) return {};
  const std::size_t method = at(in, 1);
  const bool offered = !credentials_.empty();
  if (method == 0xff) return std::unexpected(no_method(about_, offered));
  if (method != 0 && !(method == 2 && offered))
    return malformed("it chose the authentication method " + std::to_string(method) +
                     ", which it was not offered" + (method == 1 ? " (GSSAPI)" : ""));
  in.consume(2);
  state_ = method == 2 ? state::verdict : state::granted_5;
  outgoing_ = std::move(method == 2 ? credentials_ : request_);
  return {};
}

COHTTPS_DEF result<void> handshake::take_verdict(buffer& in) {
  if (!in.empty() && at(in, 0) != 1)
    return malformed("the version of its answer to the password is not 1");
  if (in.size() < 2) return {};
  if (at(in, 1) != 0) return std::unexpected(wrong_password(about_));
  in.consume(2);
  state_ = state::granted_5;
  outgoing_ = std::move(request_);
  return {};
}

COHTTPS_DEF result<void> handshake::take_granted_5(buffer& in) {
  if (!in.empty() && at(in, 0) != 5) return malformed("its version is not 5");
  if (in.size() >= 2 && at(in, 1) != 0) return std::unexpected(refused_5(about_, at(in, 1)));
  if (in.size() >= 3 && at(in, 2) != 0) return malformed("a reserved byte is not 0");
  if (in.size() < 5) return {};
  std::size_t address = 0;
  switch (at(in, 3)) {
    case 1:
      address = 4;
      break;
    case 3:
      address = 1 + at(in, 4);
      break;
    case 4:
      address = 16;
      break;
    default:
      return malformed("an address has the unknown type " + std::to_string(at(in, 3)));
  }
  const std::size_t size = 4 + address + 2;
  if (in.size() < size) return {};
  in.consume(size);
  state_ = state::done;
  return {};
}

}  // namespace cohttps::socks
