// A name server, unbound, that answers over HTTPS from a zone of its own.
#pragma once

#include "servers/network_programs.hpp"
#include "servers/process.hpp"

#include <cohttps/dns_over_https.hpp>

#include <certificate_authority.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cohttps::testing {

class unbound {
 public:
  /// `more` are further lines of the zone. Skips the test where unbound is not installed, or knows
  /// no DNS over HTTPS.
  explicit unbound(std::string_view more = "") {
    const auto issued = root_.issue({.dns = {"dns.test"}});
    const auto chain = folder_.write("chain.pem", issued.chain_pem).string();
    const auto key = folder_.write("key.pem", issued.key_pem).string();
    const auto zone = folder_
                          .write("zone", std::string(R"($ORIGIN test.
@ 3600 IN SOA ns.test. root.test. 1 3600 600 86400 60
@ 3600 IN NS ns.test.
ns 60 IN A 127.0.0.1
www 60 IN A 127.0.0.1
both 60 IN A 127.0.0.1
both 60 IN AAAA ::1
six 60 IN AAAA ::1
alias 60 IN CNAME next
next 60 IN CNAME www
lost 60 IN CNAME nowhere
text 60 IN TXT "no address"
public 60 IN A 192.0.2.1
)") + std::string(more))
                          .string();
    const std::string program = installed("unbound");
    port_ = free_port();
    const auto file = folder_
                          .write("unbound.conf",
                                 "server:\n"
                                 "  interface: 127.0.0.1@" +
                                     std::to_string(port_) +
                                     "\n"
                                     "  https-port: " +
                                     std::to_string(port_) +
                                     "\n"
                                     "  tls-service-pem: \"" +
                                     chain +
                                     "\"\n"
                                     "  tls-service-key: \"" +
                                     key +
                                     "\"\n"
                                     "  http-endpoint: \"/dns-query\"\n"
                                     "  access-control: 127.0.0.0/8 allow\n"
                                     "  directory: \"" +
                                     folder_.path().string() +
                                     "\"\n"
                                     "  chroot: \"\"\n  username: \"\"\n  pidfile: \"\"\n"
                                     "  use-syslog: no\n  do-daemonize: no\n  verbosity: 1\n"
                                     "  num-threads: 1\n  module-config: \"iterator\"\n"
                                     "  local-zone: \"test.\" nodefault\n"
                                     "  local-zone: \"refused.\" refuse\n"
                                     "  local-zone: \"nothing.\" static\n"
                                     "remote-control:\n  control-enable: no\n"
                                     "auth-zone:\n  name: \"test.\"\n  for-downstream: yes\n"
                                     "  for-upstream: no\n  zonefile: \"" +
                                     zone + "\"\n")
                          .string();
    process_.emplace(folder_, "unbound", std::vector<std::string>{program, "-d", "-c", file});
    process_->wait_until([&] { return accepts(port_); });
  }

  /// With the address of the server, and trust in it alone.
  dns_over_https_options options() const {
    return {.url = "https://dns.test:" + std::to_string(port_) + "/dns-query{?dns}",
            .addresses = {"127.0.0.1"},
            .client = {.tls = tls_context({.system_roots = false,
                                           .root_pem = std::string(root_.certificate_pem())})}};
  }

 private:
  certificate_authority root_;
  temporary_folder folder_;
  std::uint16_t port_ = 0;
  std::optional<running_program> process_;  // ends before its folder goes
};

}  // namespace cohttps::testing
