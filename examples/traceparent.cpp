// Traces requests in the manner of OpenTelemetry: `traceparent URL...`
//
// Each request carries a traceparent field (W3C Trace Context), and its steps are told on stderr.
#include <cohttps/cohttps.hpp>
#include <cohttps/connection/observer.hpp>

#include <iomanip>
#include <iostream>
#include <memory>
#include <random>
#include <sstream>
#include <string>

namespace {

using namespace cohttps;

class tracer : public observer {
 public:
  void on_sending(const events::sending& e) override {
    span_ = hex(8);
    e.headers.erase("traceparent");
    (void)e.headers.append("traceparent", "00-" + trace_ + "-" + span_ + "-01");
    say(std::string(e.verb.text()) + " " + e.to.origin().text() + std::string(e.to.path()) +
        (e.attempt > 1 ? ", attempt " + std::to_string(e.attempt) : ""));
  }
  void on_queued(const events::queued&) override { say("waits for a connection"); }
  void on_resolved(const events::resolved& e) override {
    say(std::string(e.host) + " has " + std::to_string(e.addresses.size()) + " addresses", e.took);
  }
  void on_connected(const events::connected& e) override {
    say("connected to " + to_string(e.peer), e.took);
  }
  void on_secured(const events::secured& e) override { say(e.tls.protocol, e.took); }
  void on_received(const events::received& e) override {
    say("status " + std::to_string(e.status), e.first_byte);
  }
  void on_redirected(const events::redirected& e) override {
    say("redirected to " + e.to.origin().text());
  }
  void on_retrying(const events::retrying& e) override { say("tries again", e.delay); }
  void on_completed(const events::completed& e) override { say("complete", e.total); }
  void on_failed(const events::failed& e) override { say(std::string("failed: ") + e.why.what()); }

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
  client client({.observers = {std::make_shared<tracer>()}});
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
