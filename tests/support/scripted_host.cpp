// Definitions for scripted_host.hpp.
#include "scripted_host.hpp"

#include <cohttps/core/ascii.hpp>

namespace cohttps::testing {

std::string plain_response(std::string_view content, std::string_view status,
                           std::string_view fields) {
  return "HTTP/1.1 " + std::string(status) +
         "\r\nContent-Length: " + std::to_string(content.size()) + "\r\n" + std::string(fields) +
         "\r\n" + std::string(content);
}

memory_network::server scripted_host::plain() {
  return [this](memory_stream s) { return serve(std::move(s), nullptr); };
}

memory_network::server scripted_host::tls(const issued_certificate& certificate,
                                          tls_server_options options) {
  return [this, certificate, options](memory_stream s) {
    return serve(std::move(s), std::make_unique<tls_server_peer>(certificate, options));
  };
}

task<bool> scripted_host::flush(memory_stream& s, tls_server_peer& tls) {
  std::string out(tls.outgoing.text());
  tls.outgoing.clear();
  co_return co_await write_all(s, std::move(out));
}

std::size_t scripted_host::request_size(std::string_view bytes) {
  const auto head = bytes.find("\r\n\r\n");
  if (head == bytes.npos) return 0;
  std::size_t content = 0;
  if (const auto at = bytes.find("Content-Length: "); at < head)
    content = static_cast<std::size_t>(
        ascii::parse_decimal(bytes.substr(at + 16, bytes.find("\r\n", at) - at - 16)).value());
  return bytes.size() >= head + 4 + content ? head + 4 + content : 0;
}

task<void> scripted_host::serve(memory_stream s, std::unique_ptr<tls_server_peer> tls) {
  ++connections;
  std::string received;
  std::vector<std::byte> in(16 * 1024);
  while (true) {
    auto got = co_await s.read_some(in, {});
    if (!got || *got == 0) co_return;
    if (tls) {
      const bool fine = tls->receive(std::span(in).first(*got));
      const bool told = co_await flush(s, *tls);
      if (!fine || !told) co_return;
      received += std::exchange(tls->received, {});
    } else {
      received.append(reinterpret_cast<const char*>(in.data()), *got);
    }
    while (const std::size_t size = request_size(received)) {
      requests.push_back(received.substr(0, size));
      received.erase(0, size);
      if (answers.empty()) co_return;
      scripted_answer answer = std::move(answers.front());
      answers.pop_front();
      const bool closes = answer.after != scripted_answer::then::keep &&
                          answer.after != scripted_answer::then::hang;
      if (tls) {
        if (!answer.bytes.empty()) tls->send(answer.bytes);
        if (answer.after == scripted_answer::then::close) tls->close();
        const bool told = co_await flush(s, *tls);
        if (!told) co_return;
      } else {
        const bool told = co_await write_all(s, std::move(answer.bytes));
        if (!told) co_return;
      }
      if (closes) co_return;
    }
  }
}

}  // namespace cohttps::testing
