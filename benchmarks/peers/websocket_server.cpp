// Echoes WebSocket messages over TLS, as cheaply as it can be done: a client that is measured
// against it never waits for long. websocket_server PORT CHAIN KEY
//
// It trusts its clients: a message is one masked frame of less than 64 KiB, and the extension
// permessage-deflate is accepted. The frames of a connection are a stream of their own, so that
// what a client has compressed goes back as it came.
#include <arpa/inet.h>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <string>
#include <string_view>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

namespace {

struct connection {
  int socket;
  SSL* tls;
  bool open = false;   // the opening handshake is done
  bool ended = false;  // a close frame has come
  std::string in = {}, out = {};
};

bool answer_opening(connection& c) {
  if (!c.in.ends_with("\r\n\r\n")) return true;
  std::string lower = c.in;
  for (char& letter : lower) letter |= letter >= 'A' && letter <= 'Z' ? 0x20 : 0;
  const auto name = lower.find("sec-websocket-key:");
  if (name == lower.npos) return false;
  const auto begin = c.in.find_first_not_of(' ', name + 18);
  const std::string proof =
      c.in.substr(begin, c.in.find('\r', begin) - begin) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  unsigned char digest[20], text[32];
  EVP_Digest(proof.data(), proof.size(), digest, nullptr, EVP_sha1(), nullptr);
  EVP_EncodeBlock(text, digest, sizeof(digest));
  c.out =
      "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n"
      "Sec-WebSocket-Accept: " +
      std::string(reinterpret_cast<char*>(text)) + "\r\n";
  if (lower.find("permessage-deflate") != lower.npos)
    c.out += "Sec-WebSocket-Extensions: permessage-deflate\r\n";
  c.out += "\r\n";
  c.in.clear();
  c.open = true;
  return true;
}

/// Turns each complete frame of `in` into one of a server in `out`.
void answer_frames(connection& c) {
  std::size_t at = 0;
  while (c.in.size() - at >= 6) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(c.in[at + i]); };
    std::size_t size = byte(1) & 127u, head = 2;
    c.ended |= (byte(0) & 15) == 8;
    if (size == 126) size = static_cast<std::size_t>(byte(2) << 8 | byte(3)), head = 4;
    if (c.in.size() - at < head + 4 + size) break;
    c.out.append(c.in, at, head);
    c.out[c.out.size() - head + 1] &= 127;
    const std::size_t to = c.out.size();
    c.out.resize(to + size);
    std::uint32_t key;
    std::memcpy(&key, c.in.data() + at + head, 4);
    const std::uint64_t mask = static_cast<std::uint64_t>(key) << 32 | key;
    for (std::size_t i = 0; i < size; i += 8) {
      std::uint64_t word = 0;
      const std::size_t part = size - i < 8 ? size - i : 8;
      std::memcpy(&word, c.in.data() + at + head + 4 + i, part);
      word ^= mask;
      std::memcpy(c.out.data() + to + i, &word, part);
    }
    at += head + 4 + size;
  }
  c.in.erase(0, at);
}

/// Reads, answers. False: the connection has ended.
bool serve(connection& c) {
  if (!SSL_is_init_finished(c.tls)) {
    const int done = SSL_accept(c.tls);
    if (done != 1) return SSL_get_error(c.tls, done) == SSL_ERROR_WANT_READ;
  }
  static char piece[16 * 1024];
  while (true) {
    const int size = SSL_read(c.tls, piece, sizeof(piece));
    if (size <= 0) return SSL_get_error(c.tls, size) == SSL_ERROR_WANT_READ;
    c.in.append(piece, static_cast<std::size_t>(size));
    if (c.open)
      answer_frames(c);
    else if (!answer_opening(c))
      return false;
    if (!c.out.empty() && SSL_write(c.tls, c.out.data(), static_cast<int>(c.out.size())) <= 0)
      return false;  // the sockets of a closed loop are never full
    c.out.clear();
    if (c.ended) return SSL_shutdown(c.tls), true;  // the client closes the connection
    if (!SSL_has_pending(c.tls)) return true;
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return std::fputs("usage: PORT CHAIN KEY\n", stderr), 2;
  SSL_CTX* context = SSL_CTX_new(TLS_server_method());
  SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
  SSL_CTX_set_ciphersuites(context, "TLS_AES_128_GCM_SHA256");
  SSL_CTX_set_read_ahead(context, 1);
  if (SSL_CTX_use_certificate_chain_file(context, argv[2]) != 1 ||
      SSL_CTX_use_PrivateKey_file(context, argv[3], SSL_FILETYPE_PEM) != 1)
    return std::fputs("the certificate cannot be read\n", stderr), 1;
  std::signal(SIGPIPE, SIG_IGN);
  const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  const int yes = 1;
  ::setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(std::atoi(argv[1])));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0 ||
      ::listen(listener, 1024) != 0)
    return std::perror("listen"), 1;
  const int poll = ::epoll_create1(0);
  epoll_event event{.events = EPOLLIN, .data = {.ptr = nullptr}};
  ::epoll_ctl(poll, EPOLL_CTL_ADD, listener, &event);
  std::vector<epoll_event> events(128);
  while (true) {
    const int count = ::epoll_wait(poll, events.data(), static_cast<int>(events.size()), -1);
    for (int i = 0; i < count; ++i) {
      auto* c = static_cast<connection*>(events[static_cast<std::size_t>(i)].data.ptr);
      if (!c) {
        const int socket = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK);
        if (socket < 0) continue;
        ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
        c = new connection{socket, SSL_new(context)};
        SSL_set_fd(c->tls, socket);
        event.data.ptr = c;
        ::epoll_ctl(poll, EPOLL_CTL_ADD, socket, &event);
      } else if (!serve(*c)) {
        SSL_free(c->tls);
        ::close(c->socket);
        delete c;
      }
    }
  }
}
