// The floor: Asio, Botan's handshake and the record layer of the library, and of HTTP no more than
// the work needs. There is no client, no pool, no coroutine, no limit of time.
#include "peer.hpp"

#include <cohttps/core/buffer.hpp>
#include <cohttps/tls/context.hpp>
#include <cohttps/tls/engine.hpp>
#include <cohttps/transport/asio/config.hpp>

#if defined(COHTTPS_USE_BOOST_ASIO)
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#else
#include <asio/connect.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/write.hpp>
#endif

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

namespace asio = cohttps::asio;
using asio::ip::tcp;
using cohttps::asio_error_code;
using peers::require;
using peers::work;

std::string_view as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// What all connections of a work share.
struct shared_work {
  const work& to_do;
  std::string request;
  std::size_t left = 0;
  std::size_t done = 0;
  std::uint64_t bytes = 0;
};

/// Sends one request after the other, as long as some are left.
class connection {
 public:
  connection(asio::io_context& loop, const cohttps::tls_context& context, shared_work& of)
      : socket_(loop),
        work_(of),
        engine_(context, of.to_do.host,
                static_cast<std::uint16_t>(std::atoi(of.to_do.port.c_str())), {"http/1.1"}) {
    asio_error_code code;
    tcp::resolver names(loop);
    asio::connect(socket_, names.resolve(tcp::v4(), of.to_do.host, of.to_do.port), code);
    require(!code, "no connection");
    socket_.set_option(tcp::no_delay(true));
    socket_.non_blocking(true);
    require(engine_.start(std::chrono::system_clock::now()).has_value(), "no handshake");
    while (!engine_.handshake_done()) {
      flush_blocking();
      if (engine_.handshake_done()) break;
      socket_.wait(tcp::socket::wait_read, code);
      fill();
      require(engine_.receive(in_).has_value(), "no handshake");
    }
  }
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;

  void begin() {
    if (work_.left == 0) return;
    --work_.left;
    const auto* first = reinterpret_cast<const std::byte*>(work_.request.data());
    require(engine_.send({first, work_.request.size()}).has_value(), "cannot send");
    flush_blocking();
    length_ = SIZE_MAX;
    head_.clear();
    wait();
  }

 private:
  void wait() {
    socket_.async_read_some(buffer_for_read(),
                            [this](const asio_error_code& code, std::size_t size) {
                              require(!code, "no answer");
                              in_.commit(size);
                              while (true) {
                                const auto plain = engine_.receive(in_);
                                require(plain.has_value(), "wrong records");
                                if (plain->empty()) break;
                                if (take(as_text(*plain))) return begin();
                              }
                              wait();
                            });
  }
  asio::mutable_buffer buffer_for_read() {
    const auto room = in_.prepare(33 * 1024);
    return {room.data(), room.size()};
  }
  void fill() {
    asio_error_code code;
    const std::size_t size = socket_.read_some(buffer_for_read(), code);
    if (code == asio::error::would_block) return;
    require(!code, "no answer");
    in_.commit(size);
  }
  void flush_blocking() {
    auto& out = engine_.outgoing();
    while (!out.empty()) {
      asio_error_code code;
      const std::size_t sent =
          socket_.write_some(asio::const_buffer(out.data().data(), out.data().size()), code);
      if (code == asio::error::would_block) {
        socket_.wait(tcp::socket::wait_write, code);
        continue;
      }
      require(!code, "cannot send");
      out.consume(sent);
    }
  }

  /// Returns true at the end of a response.
  bool take(std::string_view plain) {
    if (length_ == SIZE_MAX) {
      head_ += plain;
      const auto end = head_.find("\r\n\r\n");
      if (end == head_.npos) return false;
      require(head_.starts_with("HTTP/1.1 200"), "wrong answer");
      const auto at = head_.find("Content-Length: ");
      require(at != head_.npos, "no length");
      length_ = std::strtoull(head_.c_str() + at + 16, nullptr, 10);
      plain = std::string_view(head_).substr(end + 4);
    }
    require(plain.size() <= length_, "too much content");
    length_ -= plain.size();
    work_.bytes += plain.size();
    if (length_ != 0) return false;
    ++work_.done;
    return true;
  }

  tcp::socket socket_;
  shared_work& work_;
  cohttps::tls::engine engine_;
  cohttps::buffer in_;
  std::string head_;
  std::uint64_t length_ = SIZE_MAX;
};

void does(const work& w) {
  const bool downloads = w.kind == "download";
  if (w.kind != "requests" && !downloads) throw peers::not_done();
  const cohttps::tls_context context({.system_roots = false, .root_file = w.authority});
  asio::io_context loop(1);
  shared_work all{
      w, "GET /1k HTTP/1.1\r\nHost: " + w.host + "\r\nUser-Agent: floor\r\nAccept: */*\r\n\r\n"};
  std::vector<std::unique_ptr<connection>> connections;
  for (std::size_t i = 0; i < w.width; ++i)
    connections.push_back(std::make_unique<connection>(loop, context, all));
  peers::meter measured;
  for (const bool warm_up : {true, false}) {
    all.left = warm_up ? w.width * 2 : w.count;
    if (!warm_up && downloads) all.request.replace(all.request.find("/1k"), 3, w.large());
    all.done = 0;
    all.bytes = 0;
    if (!warm_up) measured.begin();
    for (auto& each : connections) each->begin();
    loop.restart();
    loop.run();
  }
  measured.end();
  measured.tell(all.done, all.bytes);
}

}  // namespace

int main(int argc, char** argv) { return peers::run(argc, argv, does); }
