// Definitions for tunnel.hpp.
#pragma once

#include <cohttps/connect/tunnel.hpp>

namespace cohttps::detail {

COHTTPS_DEF proxy_login login_to(const proxy& via) {
  return {via, tls::hashes(), tls::random_text};
}

COHTTPS_DEF error sent_early(const proxy& via) {
  return error(error_category::protocol, "proxy_sent_early",
               "the proxy " + via.text() +
                   " sent bytes before anything was asked of the target; they cannot be the "
                   "target's, so the connection was closed");
}

COHTTPS_DEF error blame(const error& e, const proxy& via) {
  error out(e.category(), e.reason(), "the proxy " + via.text() + ": " + e.message());
  if (e.position()) out.position(*e.position());
  return out;
}

COHTTPS_DEF error refused(int status, const proxy& via) {
  // tinyproxy answers a wrong password with 401. Only the proxy can send this 401, because the
  // tunnel is not open yet.
  if (status == 401)
    return error(error_category::policy, "proxy_authentication_failed",
                 "the proxy " + via.text() + " did not take the user name and password (401)");
  std::string message =
      "the proxy " + via.text() + " refused the tunnel with status " + std::to_string(status);
  if (const auto phrase = reason_phrase(status); !phrase.empty())
    message.append(" (").append(phrase) += ')';
  message += status == 403   ? "; its rules do not allow this target or port"
             : status >= 500 ? "; it may not reach the target"
                             : "; check that it is an HTTP proxy and allows CONNECT";
  return error(error_category::connect, "proxy_refused", std::move(message));
}

COHTTPS_DEF task<result<void>> send(tls_stream& wire, std::span<const std::byte> bytes,
                                    stop_token stop) {
  co_return co_await wire.write(bytes, stop);
}

COHTTPS_DEF task<result<tunnel>> open_socks_tunnel(tls_stream& wire, tunnel_target target,
                                                   const proxy& via, stop_token stop) {
  std::span<const std::byte> address;
  if (target.address)
    address = std::span(target.address->address).first(target.address->is_v6 ? 16 : 4);
  auto begun = socks::handshake::create(via, target.to.host, target.to.port, address);
  if (!begun) co_return pass(std::move(begun));
  socks::handshake& handshake = *begun;
  buffer in;
  while (true) {
    if (const auto out = handshake.outgoing(); !out.empty()) {
      if (!in.empty()) co_return std::unexpected(sent_early(via));
      auto sent = co_await send(wire, out, stop);
      if (!sent) co_return pass(std::move(sent));
      handshake.sent(out.size());
    }
    auto got = co_await wire.read(in, stop);
    if (!got) co_return pass(std::move(got));
    if (*got == 0)
      co_return fail(error_category::peer_closed, "proxy_closed",
                     "the proxy " + via.text() +
                         " closed the connection in the middle of the SOCKS handshake");
    auto taken = handshake.receive(in);
    if (!taken) co_return pass(std::move(taken));
    if (!handshake.done()) continue;
    if (!in.empty()) co_return std::unexpected(sent_early(via));
    co_return tunnel::open;
  }
}

COHTTPS_DEF task<result<tunnel>> connect_exchange::run() {
  while (true) {
    auto status = co_await ask();
    // A proxy may close the connection after its 407 response, while the next request is on its
    // way.
    const bool closed = !status && status.error().category() == error_category::peer_closed;
    if (closed && asked_before_ && in_.empty() && parser_.position() == 0)
      co_return tunnel::reconnect;
    if (!status) co_return pass(std::move(status));
    // A 2xx response to CONNECT has no content, whatever its fields say. Bytes after it belong to
    // the tunnel, in which the client sends first.
    if (is_success(*status) && !in_.empty()) co_return std::unexpected(sent_early(login_.via()));
    if (is_success(*status)) co_return tunnel::open;
    if (*status != 407) co_return std::unexpected(refused(*status, login_.via()));
    auto again = login_.challenged(parser_.head().headers);
    if (!again) co_return pass(std::move(again));
    const bool kept = co_await drain();
    if (stop_.stop_requested())
      co_return fail(error_category::canceled, "canceled", "the operation was canceled");
    if (!kept) co_return tunnel::reconnect;
    asked_before_ = true;
  }
}

COHTTPS_DEF task<result<int>> connect_exchange::ask() {
  auto authorization = login_.authorization(method::connect, authority_);
  if (!authorization) co_return pass(std::move(authorization));
  fields headers;
  headers.append_unchecked("Host", authority_);
  if (!authorization->empty()) headers.append_unchecked("Proxy-Authorization", *authorization);
  buffer out;
  auto written = http1::write_request_head(out, method::connect, authority_, headers);
  if (!written) co_return pass(std::move(written));
  parser_.start(method::connect);
  auto sent = co_await send(wire_, out.data(), stop_);
  if (!sent) co_return pass(std::move(sent));
  auto head = co_await next(event::head);
  if (!head) co_return pass(std::move(head));
  co_return parser_.head().status;
}

COHTTPS_DEF auto connect_exchange::next(event wanted) -> task<result<event>> {
  while (true) {
    auto step = parser_.parse(in_.data());
    if (!step) co_return std::unexpected(blame(step.error(), login_.via()));
    in_.consume(step->consumed);
    drained_ += step->body.size();
    if (step->what == wanted || step->what == event::complete) co_return step->what;
    if (step->what != event::need_more) continue;
    auto got = co_await wire_.read(in_, stop_);
    if (!got) co_return pass(std::move(got));
    if (*got != 0) continue;
    auto ended = parser_.end_of_stream();
    if (!ended) co_return std::unexpected(blame(ended.error(), login_.via()));
    co_return ended->what;
  }
}

COHTTPS_DEF task<bool> connect_exchange::drain() {
  const response_head& head = parser_.head();
  if (parser_.body_delimiter() == http1::delimiter::close || head.version_minor == 0 ||
      head.headers.has_element("connection", "close"))
    co_return false;
  drained_ = 0;
  while (drained_ <= tunnel_drain) {
    auto part = co_await next(event::body);
    if (!part) co_return false;
    if (*part == event::complete) co_return parser_.keep_alive() && in_.empty();
  }
  co_return false;
}

COHTTPS_DEF task<result<tunnel>> open_tunnel(tls_stream& wire, tunnel_target target,
                                             proxy_login& login, const http1::limits& bounds,
                                             strictness how, stop_token stop) {
  if (login.via().is_socks()) {
    auto opened = co_await open_socks_tunnel(wire, target, login.via(), stop);
    co_return opened;
  }
  connect_exchange exchange(wire, target.to, login, bounds, how, stop);
  auto opened = co_await exchange.run();
  co_return opened;
}

}  // namespace cohttps::detail
