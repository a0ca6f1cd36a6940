// The floor: OpenSSL on a blocking socket, and of HTTP no more than the work needs.
#include "peer.hpp"

#include <cerrno>
#include <memory>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace {

using peers::require;
using peers::work;

struct context {
  explicit context(const work& w) : handle(SSL_CTX_new(TLS_client_method())) {
    SSL_CTX_set_verify(handle, SSL_VERIFY_PEER, nullptr);
    require((w.authority.empty()
                 ? SSL_CTX_set_default_verify_paths(handle)
                 : SSL_CTX_load_verify_locations(handle, w.authority.c_str(), nullptr)) == 1,
            "no roots");
    SSL_CTX_set_session_cache_mode(handle,
                                   SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL_STORE);
    SSL_CTX_sess_set_new_cb(handle, [](SSL* ssl, SSL_SESSION* s) {
      auto*& last = static_cast<context*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)))->session;
      SSL_SESSION_free(last);
      last = s;
      return 1;
    });
    SSL_CTX_set_app_data(handle, this);
  }
  context(const context&) = delete;
  context& operator=(const context&) = delete;
  ~context() {
    SSL_SESSION_free(session);
    SSL_CTX_free(handle);
  }
  SSL_CTX* handle;
  SSL_SESSION* session = nullptr;
};

class connection {
 public:
  connection(context& c, const work& w, bool resumes) {
    addrinfo wanted{}, *found = nullptr;
    wanted.ai_socktype = SOCK_STREAM;
    wanted.ai_family = AF_INET;
    require(::getaddrinfo(w.host.c_str(), w.port.c_str(), &wanted, &found) == 0, "no address");
    socket_ = ::socket(found->ai_family, SOCK_STREAM, 0);
    const int connected = ::connect(socket_, found->ai_addr, found->ai_addrlen);
    ::freeaddrinfo(found);
    require(connected == 0, "no connection");
    const int on = 1;
    ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    ssl_ = SSL_new(c.handle);
    SSL_set_fd(ssl_, socket_);
    SSL_set_tlsext_host_name(ssl_, w.host.c_str());
    SSL_set1_host(ssl_, w.host.c_str());
    if (resumes && c.session) SSL_set_session(ssl_, c.session);
    require(SSL_connect(ssl_) == 1, "no handshake");
  }
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;
  ~connection() {
    SSL_shutdown(ssl_);
    SSL_free(ssl_);
    ::close(socket_);
  }

  bool resumed() const { return SSL_session_reused(ssl_) == 1; }

  void send(std::string_view bytes) {
    require(SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size())) ==
                static_cast<int>(bytes.size()),
            "cannot send");
  }
  /// A response with a Content-Length: how much content it had.
  std::uint64_t receive() {
    std::size_t have = 0, head = std::string_view::npos;
    while (head == std::string_view::npos) {
      const int got = SSL_read(ssl_, in_ + have, static_cast<int>(sizeof in_ - have));
      require(got > 0, "no answer");
      have += static_cast<std::size_t>(got);
      head = std::string_view(in_, have).find("\r\n\r\n");
    }
    const std::string_view text(in_, head + 2);
    require(text.starts_with("HTTP/1.1 2"), "wrong answer");
    const auto at = text.find("Content-Length: ");
    std::uint64_t length = at == text.npos ? 0 : std::strtoull(text.data() + at + 16, nullptr, 10);
    const std::uint64_t all = length;
    length -= have - head - 4;
    while (length > 0) {
      const int got = SSL_read(ssl_, in_, static_cast<int>(sizeof in_));
      require(got > 0, "cut short");
      length -= static_cast<std::uint64_t>(got);
    }
    return all;
  }

 private:
  int socket_ = -1;
  SSL* ssl_ = nullptr;
  char in_[64 * 1024];
};

std::string get(const work& w, std::string_view path) {
  return "GET " + std::string(path) + " HTTP/1.1\r\nHost: " + w.host +
         "\r\nUser-Agent: floor\r\nAccept: */*\r\n\r\n";
}

void does(const work& w) {
  context tls(w);
  peers::meter measured;
  std::uint64_t bytes = 0;
  std::size_t done = 0;
  const std::string small = get(w, "/1k"), large = get(w, "/large");
  const auto first = std::make_unique<connection>(tls, w, false);
  if (w.kind == "once") measured.begin();
  first->send(small);
  require(first->receive() == peers::small_size, "wrong size");

  if (w.kind != "once") measured.begin();
  if ((w.kind == "requests" && w.width == 1) || w.kind == "download") {
    for (; done < w.count; ++done) {
      first->send(w.kind == "download" ? large : small);
      bytes += first->receive();
    }
  } else if (w.kind == "upload") {
    const std::string piece(16 * 1024, 'u');
    for (; done < w.count; ++done) {
      first->send("PUT /up/file HTTP/1.1\r\nHost: " + w.host +
                  "\r\nContent-Length: " + std::to_string(peers::large_size) + "\r\n\r\n");
      for (std::uint64_t sent = 0; sent < peers::large_size; sent += piece.size())
        first->send(piece);
      first->receive();
      bytes += peers::large_size;
    }
  } else if (w.kind == "handshakes" || w.kind == "resumed") {
    for (; done < w.count; ++done) {
      connection one(tls, w, w.kind == "resumed");
      require(one.resumed() == (w.kind == "resumed"), "resumed, or not, against the plan");
      one.send(small);
      bytes += one.receive();
    }
  } else if (w.kind == "once") {
    done = 1;
  } else {
    throw peers::not_done();
  }
  measured.end();
  measured.tell(done, bytes);
}

}  // namespace

int main(int argc, char** argv) { return peers::run(argc, argv, does); }
