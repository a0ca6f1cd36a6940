// How a program that uses a client is tested: a test gives its functions a client that reaches
// scripted servers.
#include <cohttps/client.hpp>
#include <cohttps/testing/scripted_server.hpp>

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <string>

using cohttps::method;
using cohttps::task;

// ---- the program
// ---------------------------------------------------------------------------------

/// The name of a user, asked for again where the service is busy.
task<std::string> user_name(cohttps::client& client, int id) {
  auto response = co_await client.get("https://api.example.com/users/" + std::to_string(id),
                                      {.headers = {{"accept", "text/plain"}}});
  if (response.status() == 404) co_return "nobody";
  co_return std::move(response).require_success().text();
}

// ---- its test
// ------------------------------------------------------------------------------------

namespace {

void expect(bool fine, const char* what) {
  if (fine) return;
  std::cerr << "not so: " << what << '\n';
  std::exit(1);
}

void a_busy_service_is_asked_again() {
  cohttps::testing::scripted_server server;
  server.on(method::get, "https://api.example.com/users/7")
      .answer(503, {{"retry-after", "2"}})
      .answer(200, {{"content-type", "text/plain"}}, "Ada");
  server.on(method::get, "https://api.example.com/users/*").answer(404);

  cohttps::client client(server.transport(), {.tls = server.tls(), .retry = {.attempts = 3}});
  const auto started = server.network().loop().now();
  expect(server.run(user_name(client, 7)) == "Ada", "the second answer counts");
  expect(server.network().loop().now() - started >= std::chrono::seconds(2), "it has waited");
  expect(server.run(user_name(client, 8)) == "nobody", "an unknown user is nobody");
  expect(server.requests().size() == 3, "three requests");
  expect(server.requests()[0].header("accept") == "text/plain", "the field that was asked for");
}

void a_lost_connection_is_an_error() {
  cohttps::testing::scripted_server server;
  server.on("https://api.example.com/*").disconnect();
  cohttps::client client(server.transport(), {.tls = server.tls()});
  try {
    (void)server.run(user_name(client, 7));
    expect(false, "it throws");
  } catch (const cohttps::error& e) {
    expect(e.category() == cohttps::error_category::peer_closed, "the peer has closed");
  }
}

}  // namespace

int main() {
  a_busy_service_is_asked_again();
  a_lost_connection_is_an_error();
  std::cout << "all is well\n";
}
