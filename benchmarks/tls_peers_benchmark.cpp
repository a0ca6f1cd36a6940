// What TLS costs beside libcurl with OpenSSL, on the same nginx in the same run: client CPU of a
// request on a new connection, with a full handshake and with a resumed one, and the time of a
// process that fetches one small file with the system's certificates.
//
// tls_peers_benchmark [GET-PROGRAM]: prints a line for each figure, and its ratio.
#include "servers/nginx.hpp"

#include <cohttps/cohttps.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <curl/curl.h>
#include <fstream>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using namespace cohttps;
using namespace cohttps::testing;

constexpr int rounds = 300;

double cpu_now() {
  timespec at{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &at);
  return static_cast<double>(at.tv_sec) + static_cast<double>(at.tv_nsec) * 1e-9;
}

// Microseconds of CPU a request; the first one is not counted.
double ours(const nginx& server, site at, bool resume) {
  double spent = 0;
  const auto work = [&]() -> task<void> {
    client client({.tls = tls_context({.system_roots = false, .root_pem = server.root_pem()})});
    const auto url = server.url(at, "/small.txt", "127.0.0.1");
    for (int i = 0; i <= rounds; ++i) {
      if (i == 1) spent = -cpu_now();
      auto got = co_await client.try_get(url);
      if (!got) throw std::runtime_error(got.error().what());
      if (i > 0 && got->connection().tls->resumed != resume)
        throw std::runtime_error("not what was meant");
      client.close_idle();
    }
    spent += cpu_now();
  };
  run(work());
  return spent / rounds * 1e6;
}

std::size_t swallow(char*, std::size_t size, std::size_t count, void*) { return size * count; }

double libcurl(const nginx& server, site at, bool resume) {
  const std::unique_ptr<CURL, void (*)(CURL*)> handle(curl_easy_init(), curl_easy_cleanup);
  CURL* curl = handle.get();
  const auto url = server.url(at, "/small.txt", "127.0.0.1");
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl, CURLOPT_CAINFO, server.root_file().c_str());
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, swallow);
  curl_easy_setopt(curl, CURLOPT_FORBID_REUSE, 1L);
  curl_easy_setopt(curl, CURLOPT_SSL_SESSIONID_CACHE, resume ? 1L : 0L);
  curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  double spent = 0;
  for (int i = 0; i <= rounds; ++i) {
    if (i == 1) spent = -cpu_now();
    if (const auto code = curl_easy_perform(curl); code != CURLE_OK)
      throw std::runtime_error(curl_easy_strerror(code));
  }
  spent += cpu_now();
  return spent / rounds * 1e6;
}

// Milliseconds from the start of a process to its end: the median.
double one_shot(const std::vector<std::string>& command) {
  std::vector<double> times;
  for (int i = 0; i < 21; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    child_process process(command);
    const auto code = process.wait(std::chrono::seconds(10));
    times.push_back(
        std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin)
            .count());
    if (code != 0) throw std::runtime_error(command.front() + " failed");
  }
  std::ranges::sort(times);
  return times[times.size() / 2];
}

void report(const char* name, double mine, double theirs, const char* unit, double goal) {
  std::printf("%-28s cohttps %8.1f %s  libcurl %8.1f %s  ratio %.2f (goal %.2f)%s\n", name, mine,
              unit, theirs, unit, mine / theirs, goal, mine / theirs <= goal ? "" : "  MISSED");
}

}  // namespace

int main(int count, char** words) try {
  if (nginx::program().empty()) {
    std::printf("skip: there is no nginx on this machine\n");
    return 0;
  }
  curl_global_init(CURL_GLOBAL_DEFAULT);
  nginx server;
  nginx forgetful(false);  // so that handshakes are full, with a client that is as usual
  for (const auto& [name, at] :
       {std::pair("TLS 1.3, ECDSA", site::ecdsa_13), std::pair("TLS 1.2, ECDSA", site::ecdsa_12),
        std::pair("TLS 1.3, RSA", site::rsa_13)}) {
    const std::string full = std::string(name) + ", full",
                      resumed = std::string(name) + ", resumed";
    report(full.c_str(), ours(forgetful, at, false), libcurl(forgetful, at, false), "us", 0.55);
    report(resumed.c_str(), ours(server, at, true), libcurl(server, at, true), "us", 0.6);
  }
  if (count > 1) {
    std::ifstream bundle("/etc/ssl/certs/ca-certificates.crt");
    const auto roots =
        server.folder()
            .write("all.pem",
                   std::string(std::istreambuf_iterator<char>(bundle), {}) + server.root_pem())
            .string();
    const auto url = server.url(site::ecdsa_13, "/small.txt", "127.0.0.1");
    report("one process", one_shot({words[1], "--cacert", roots, "-o", "/dev/null", url}),
           one_shot({"/usr/bin/curl", "-s", "--cacert", roots, "-o", "/dev/null", url}), "ms", 0.4);
  }
  return 0;
} catch (const std::exception& e) {
  std::fprintf(stderr, "%s\n", e.what());
  return 1;
}
