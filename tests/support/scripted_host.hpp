// A server in memory that reads requests and gives prepared answers, with or without TLS.
#pragma once

#include "tls/tls_server_peer.hpp"

#include <cohttps/core/ascii.hpp>
#include <cohttps/testing/memory_network.hpp>
#include <cohttps/transport/sleep.hpp>

#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cohttps::testing {

/// What a request is answered with: bytes as they are, then what becomes of the connection.
struct scripted_answer {
  enum class then : std::uint8_t { keep, close, close_without_notify, hang };
  std::string bytes;
  then after = then::keep;
};

/// A response with a Content-Length.
std::string plain_response(std::string_view content, std::string_view status = "200 OK",
                           std::string_view fields = "");

/// All connections to it share one list of answers; when that is empty, they are closed.
class scripted_host {
 public:
  std::deque<scripted_answer> answers;
  std::vector<std::string> requests;  ///< heads and content, as they came
  std::size_t connections = 0;

  scripted_host& then(std::string bytes,
                      scripted_answer::then after = scripted_answer::then::keep) {
    answers.push_back({std::move(bytes), after});
    return *this;
  }

  /// For `memory_network::listen`.
  memory_network::server plain();
  memory_network::server tls(const issued_certificate& certificate,
                             tls_server_options options = {});

 private:
  static task<bool> flush(memory_stream& s, tls_server_peer& tls);

  /// The length of the first request in `bytes`; 0 while it is incomplete.
  static std::size_t request_size(std::string_view bytes);

  task<void> serve(memory_stream s, std::unique_ptr<tls_server_peer> tls);
};

}  // namespace cohttps::testing
