// The example `get` over HTTP/2, against the servers of others.
#include "servers/http2_servers.hpp"
#include "servers/programs.hpp"

#include <catch2/catch_test_macros.hpp>

#include <chrono>
#include <fstream>
#include <string>
#include <unistd.h>
#include <vector>

using namespace cohttps::testing;
using namespace std::chrono_literals;

namespace {

struct outcome {
  int code;
  std::string out;
  std::string err;
};

outcome get(const http2_site& site, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {COHTTPS_GET_PROGRAM, "--cacert", site.path("root.pem")});
  child_process program(arguments, site.path("get.out"), site.path("get.err"));
  const auto code = program.wait(30s);
  if (!code) FAIL("get has not ended after 30 s");
  return {*code, site.folder().read("get.out"), site.folder().read("get.err")};
}

}  // namespace

TEST_CASE("get: --http2, --http1.1 and what is agreed on without them") {
  if (::access(COHTTPS_GET_PROGRAM, X_OK) != 0) SKIP("the examples are not built");
  http2_site site;
  http2_server server(site, "nginx");
  const std::string url = server.url("/small.txt");
  struct asked {
    std::vector<std::string> flags;
    std::string status;
  };
  for (const asked& each : {asked{{}, "HTTP/2 200"}, asked{{"--http2"}, "HTTP/2 200"},
                            asked{{"--http1.1"}, "HTTP/1.1 200"}}) {
    std::vector<std::string> arguments{"-i", url};
    arguments.insert(arguments.begin(), each.flags.begin(), each.flags.end());
    const auto got = get(site, arguments);
    INFO(got.err);
    CHECK(got.code == 0);
    CHECK(got.out.starts_with(each.status));
    CHECK(got.out.ends_with(site.small));
  }
}

TEST_CASE("get: --http2-prior-knowledge") {
  if (::access(COHTTPS_GET_PROGRAM, X_OK) != 0) SKIP("the examples are not built");
  http2_site site;
  http2_server server(site, "nghttpd without TLS");
  const std::string url = "http://localhost:" + std::to_string(server.port());
  const auto got =
      get(site, {"--http2-prior-knowledge", "--allow-plaintext", "-i", url + "/small.txt"});
  INFO(got.err);
  CHECK(got.code == 0);
  CHECK(got.out.starts_with("HTTP/2 200"));
  CHECK(got.out.ends_with(site.small));
  // A server that does not speak it gets nothing else.
  const auto refused = get(site, {"--http1.1", "--allow-plaintext", url + "/small.txt"});
  CHECK(refused.code != 0);
}

TEST_CASE("get: 100 MB over HTTP/2, to the last byte") {
  if (::access(COHTTPS_GET_PROGRAM, X_OK) != 0) SKIP("the examples are not built");
  http2_site site;
  std::string huge;
  while (huge.size() < 100'000'000) huge += site.large;
  site.folder().write("site/huge.bin", huge);
  const auto check = [&](const std::vector<std::string>& arguments) {
    const auto got = get(site, arguments);
    INFO(got.err);
    CHECK(got.code == 0);
    CHECK((got.out == huge));
  };
  {
    http2_server server(site, "nginx");
    check({"--http2", server.url("/huge.bin")});
  }
  http2_server server(site, "nghttpd without TLS");
  check({"--http2-prior-knowledge", "--allow-plaintext",
         "http://localhost:" + std::to_string(server.port()) + "/huge.bin"});
}
