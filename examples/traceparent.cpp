// Traces requests in the manner of OpenTelemetry: `traceparent URL...`
//
// Each request carries a traceparent field (W3C Trace Context), and its steps are told on stderr.
#include <cohttps/client/definitions.hpp>  // an observed transport is one of its own
#include <cohttps/cohttps.hpp>
#include <cohttps/net/observer.hpp>

#include <iomanip>
#include <iostream>
#include <random>
#include <sstream>
#include <string>

namespace {

using namespace cohttps;

class tracer {
 public:
  void operator()(events::sending& e) {
    span_ = hex(8);
    e.headers.erase("traceparent");
    (void)e.headers.append("traceparent", "00-" + trace_ + "-" + span_ + "-01");
    say(std::string(e.verb.text()) + " " + e.to.origin().text() + std::string(e.to.path()) +
        (e.attempt > 1 ? ", attempt " + std::to_string(e.attempt) : ""));
  }
  void operator()(const events::queued&) { say("waits for a connection"); }
  void operator()(const events::resolved& e) {
    say(std::string(e.host) + " has " + std::to_string(e.addresses.size()) + " addresses", e.took);
  }
  void operator()(const events::connected& e) { say("connected to " + to_string(e.peer), e.took); }
  void operator()(const events::secured& e) { say(e.tls.protocol, e.took); }
  void operator()(const events::received& e) {
    say("status " + std::to_string(e.status), e.first_byte);
  }
  void operator()(const events::redirected& e) { say("redirected to " + e.to.origin().text()); }
  void operator()(const events::retrying& e) { say("tries again", e.delay); }
  void operator()(const events::completed& e) { say("complete", e.total); }
  void operator()(const events::failed& e) { say(std::string("failed: ") + e.why.what()); }

 private:
  static std::string hex(int bytes) {
    static std::random_device random;
    std::ostringstream out;
    for (int i = 0; i < bytes; ++i)
      out << std::hex << std::setw(2) << std::setfill('0') << (random() & 0xff);
    return out.str();
  }
  void say(const std::string& what, std::chrono::nanoseconds took = {}) const {
    std::cerr << trace_.substr(0, 8) << '/' << span_.substr(0, 8) << "  " << what;
    if (took.count() > 0) std::cerr << " (" << static_cast<double>(took.count()) / 1e6 << " ms)";
    std::cerr << '\n';
  }

  std::string trace_ = hex(16);
  std::string span_ = "--------";
};

task<void> fetch(std::vector<std::string> urls) {
  tracer told;
  basic_client<observed<asio_transport, tracer>> client({asio_transport::current(), told});
  for (const auto& url : urls) {
    auto response = co_await client.try_get(url);
    if (response) std::cout << response->status() << "  " << url << '\n';
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::cerr << "usage: traceparent URL...\n";
    return 2;
  }
  run(fetch({argv + 1, argv + argc}));
}
