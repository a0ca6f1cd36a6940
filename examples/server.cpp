// A small HTTPS server for trying the client out: `server [--port N] [--ca-out FILE]`.
//
// Botan's server side over the same Asio streams that the client uses. Its certificate comes from
// an authority that is made at start and lives as long as the program; --ca-out writes the
// authority's certificate, for a client to trust.
#include "certificate_authority.hpp"

#include <cohttps/cohttps.hpp>
#include <cohttps/core/buffer.hpp>
#include <cohttps/transport/asio/transport.hpp>

#include <botan/credentials_manager.h>
#include <botan/data_src.h>
#include <botan/pk_keys.h>
#include <botan/system_rng.h>
#include <botan/tls_callbacks.h>
#include <botan/tls_policy.h>
#include <botan/tls_server.h>
#include <botan/tls_session_manager_noop.h>
#include <botan/x509cert.h>

#include <fstream>
#include <iostream>
#include <string>

#if defined(COHTTPS_USE_BOOST_ASIO)
#include <boost/asio/ip/tcp.hpp>
#else
#include <asio/ip/tcp.hpp>
#endif

namespace {

namespace asio = cohttps::asio;
using cohttps::buffer;
using cohttps::task;

/// The one key and chain that the server has.
class credentials final : public Botan::Credentials_Manager {
 public:
  explicit credentials(const issued_certificate& issued) : key_(issued.key) {
    Botan::DataSource_Memory pem(issued.chain_pem);
    while (!pem.end_of_data()) {
      try {
        chain_.emplace_back(pem);
      } catch (const Botan::Exception&) {
        break;  // the end of the text
      }
    }
  }
  std::vector<Botan::X509_Certificate> cert_chain(const std::vector<std::string>&,
                                                  const std::vector<Botan::AlgorithmIdentifier>&,
                                                  const std::string&, const std::string&) override {
    return chain_;
  }
  std::shared_ptr<Botan::Private_Key> private_key_for(const Botan::X509_Certificate&,
                                                      const std::string&,
                                                      const std::string&) override {
    return key_;
  }

 private:
  std::shared_ptr<Botan::Private_Key> key_;
  std::vector<Botan::X509_Certificate> chain_;
};

class policy final : public Botan::TLS::Policy {
 public:
  bool require_cert_revocation_info() const override { return false; }
};

/// The server's side of one TLS connection, without its socket.
class tls_side final : public Botan::TLS::Callbacks, public std::enable_shared_from_this<tls_side> {
 public:
  void start(const std::shared_ptr<Botan::Credentials_Manager>& identity) {
    auto random = std::make_shared<Botan::System_RNG>();
    server.emplace(shared_from_this(), std::make_shared<Botan::TLS::Session_Manager_Noop>(),
                   identity, std::make_shared<policy>(), random);
  }

  std::optional<Botan::TLS::Server> server;
  buffer outgoing;
  std::string received;

 private:
  void tls_emit_data(std::span<const std::uint8_t> data) override {
    outgoing.append(std::as_bytes(data));
  }
  void tls_record_received(std::uint64_t, std::span<const std::uint8_t> data) override {
    received.append(reinterpret_cast<const char*>(data.data()), data.size());
  }
  void tls_alert(Botan::TLS::Alert) override {}
  std::string tls_server_choose_app_protocol(const std::vector<std::string>& offered) override {
    for (const auto& name : offered)
      if (name == "http/1.1") return name;
    return "";
  }
};

/// Answers what `request` asks for; "/" says hello.
std::string answer(std::string_view request) {
  const auto line = request.substr(0, request.find("\r\n"));
  const bool hello = line.starts_with("GET / ") || line.starts_with("HEAD / ");
  const std::string content =
      hello ? "Hello from the example server.\nIt read: " + std::string(line) + "\n"
            : "Nothing here.\n";
  std::string out = hello ? "HTTP/1.1 200 OK\r\n" : "HTTP/1.1 404 Not Found\r\n";
  out += "Content-Type: text/plain; charset=utf-8\r\nContent-Length: " +
         std::to_string(content.size()) + "\r\n\r\n";
  return line.starts_with("HEAD") ? out : out + content;
}

task<bool> flush(cohttps::asio_stream& stream, buffer& out) {
  while (!out.empty()) {
    auto taken = co_await stream.write_some(out.data(), {});
    if (!taken) co_return false;
    out.consume(*taken);
  }
  co_return true;
}

/// One connection from its first byte to its last. Requests with content are not understood.
task<void> serve(cohttps::asio_stream stream,
                 std::shared_ptr<Botan::Credentials_Manager> identity) {
  auto tls = std::make_shared<tls_side>();
  std::vector<std::byte> in(16 * 1024);
  try {
    tls->start(identity);
    while (!tls->server->is_closed()) {
      auto got = co_await stream.read_some(in, {});
      if (!got || *got == 0) co_return;
      tls->server->received_data(reinterpret_cast<const std::uint8_t*>(in.data()), *got);
      for (std::size_t end; (end = tls->received.find("\r\n\r\n")) != std::string::npos;) {
        tls->server->send(answer(tls->received));
        tls->received.erase(0, end + 4);
      }
      if (tls->received.size() > 64 * 1024) co_return;
      if (!co_await flush(stream, tls->outgoing)) co_return;
    }
  } catch (const std::exception& e) {
    std::cerr << "server: a connection ended: " << e.what() << '\n';
  }
  co_await flush(stream, tls->outgoing);
}

/// Connections run by themselves; one that ends destroys its own frame.
cohttps::detail::detached run_apart(const asio::any_io_executor&, task<void> connection) {
  co_await std::move(connection);
}

void accept_all(asio::ip::tcp::acceptor& acceptor, asio::io_context& context,
                std::shared_ptr<Botan::Credentials_Manager> identity) {
  auto state = cohttps::detail::shared_state(new cohttps::detail::asio_stream_state(context));
  acceptor.async_accept(state->socket, [&, state, identity](const auto& code) {
    if (!code) run_apart(context.get_executor(), serve(cohttps::asio_stream(state), identity));
    if (acceptor.is_open()) accept_all(acceptor, context, identity);
  });
}

}  // namespace

int main(int argc, char** argv) try {
  std::uint16_t port = 0;
  std::string ca_out;
  for (int i = 1; i < argc; ++i) {
    const std::string_view option = argv[i];
    if (option == "--port" && i + 1 < argc) {
      port = static_cast<std::uint16_t>(std::stoul(argv[++i]));
    } else if (option == "--ca-out" && i + 1 < argc) {
      ca_out = argv[++i];
    } else {
      std::cerr << "usage: server [--port N] [--ca-out FILE]\n";
      return 2;
    }
  }

  const certificate_authority authority("cohttps example root");
  const certificate_authority below = authority.intermediate();
  auto identity = std::make_shared<credentials>(
      below.issue({.dns = {"localhost"}, .ip = {"127.0.0.1", "::1"}}));
  if (!ca_out.empty() && !(std::ofstream(ca_out) << authority.certificate_pem()).flush()) {
    std::cerr << "server: cannot write " << ca_out << '\n';
    return 1;
  }

  asio::io_context context(1);
  asio::ip::tcp::acceptor acceptor(context, {asio::ip::address_v4::loopback(), port});
  std::cout << "listening on https://localhost:" << acceptor.local_endpoint().port() << "/"
            << std::endl;
  accept_all(acceptor, context, identity);
  context.run();
} catch (const std::exception& e) {
  std::cerr << "server: " << e.what() << '\n';
  return 1;
}
