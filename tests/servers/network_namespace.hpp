// A network of a test's own: addresses, packet filter, name server and web server that nobody else
// sees, and that are gone with their processes.
#pragma once

#include "servers/network_programs.hpp"
#include "servers/process.hpp"
#include "servers/programs.hpp"

#include <catch2/catch_test_macros.hpp>

#include <certificate_authority.hpp>
#include <exception>
#include <fcntl.h>
#include <filesystem>
#include <optional>
#include <sched.h>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <unistd.h>
#include <vector>

namespace cohttps::testing {

/// A network namespace and a mount namespace on Linux.
///
/// Its addresses are 10.77.0.1 and 2, 2001:db8::1, which is the system's first choice, and fd77::1,
/// the last, as it is deprecated (RFC 6724, 6). On port 443 of each there is an HTTPS server for
/// all hosts below net.test, with /small.txt, and with /slow, which takes a minute. The name server
/// has what `hosts` gave it, and no other names; look-ups know no other.
///
/// Making it needs CAP_SYS_ADMIN (the namespaces, the mounts), CAP_NET_ADMIN (addresses, the packet
/// filter) and CAP_NET_BIND_SERVICE (ports 53 and 443), which root has outside of containers that
/// take them away. What runs inside as a client needs nothing.
class network_namespace {
 public:
  /// `hosts` is as in /etc/hosts, and `records` are further options of dnsmasq. Skips the test
  /// where there can be no such network.
  explicit network_namespace(std::string_view hosts, const std::vector<std::string>& records = {}) {
    enter_ = installed("nsenter");
    filter_ = installed("nft");
    const std::string unshare = installed("unshare"), nginx = installed("nginx"),
                      dnsmasq = installed("dnsmasq"), shell = installed("sh");
    installed("ip");
    if (::access(COHTTPS_GET_PROGRAM, X_OK) != 0) SKIP("the examples are not built");
    if (::geteuid() != 0) SKIP("a network namespace needs root, which this is not");

    write_files(hosts);
    holder_.emplace(
        folder_, "holder",
        std::vector<std::string>{unshare, "--net", "--mount", "--propagation", "private", shell,
                                 "-e", (folder_.path() / "set-up.sh").string()});
    while (holder_->out() != "ready\n")
      if (holder_->process().wait(std::chrono::milliseconds(2)))
        SKIP("this machine allows no network of a test's own: " << holder_->err());
    filter("");  // tells whether the kernel has one

    web_server_.emplace(
        folder_, "nginx",
        inside({nginx, "-p", folder_.path().string() + "/", "-c", file("nginx.conf")}));
    web_server_->wait_until([&] { return !folder_.read("nginx.pid").empty(); });
    std::vector<std::string> serve_names{dnsmasq,
                                         "--no-daemon",
                                         "--conf-file=/dev/null",
                                         "--no-resolv",
                                         "--no-hosts",
                                         "--addn-hosts=" + file("names"),
                                         "--local=/test/",
                                         "--no-round-robin",
                                         "--listen-address=127.0.0.1",
                                         "--bind-interfaces",
                                         "--pid-file=" + file("dnsmasq.pid"),
                                         "--local-ttl=60"};
    serve_names.insert(serve_names.end(), records.begin(), records.end());
    name_server_.emplace(folder_, "dnsmasq", inside(serve_names));
    name_server_->wait_until(
        [&] { return name_server_->err().find("read " + file("names")) != std::string::npos; });
  }

  /// Rules for all that arrives, in place of those before; such as "ip daddr 10.77.0.1 drop".
  void filter(std::string_view rules) {
    const auto written =
        folder_.write("rules",
                      "flush ruleset\ntable inet test {\n  chain arriving {\n    type filter "
                      "hook input priority 0;\n" +
                          std::string(rules) + "\n  }\n}\n");
    running_program nft(folder_, "nft", inside({filter_, "-f", written.string()}));
    const auto r = nft.end();
    if (r.code == 0) return;
    if (rules.empty()) SKIP("this machine's kernel has no packet filter: " << r.err);
    throw std::runtime_error("nft: " + r.err);
  }

  /// The example `get`, trusting the server.
  running_program start_get(std::string name, std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {COHTTPS_GET_PROGRAM, "--cacert", file("root.pem")});
    return running_program(folder_, std::move(name), inside(arguments));
  }
  program_outcome get(std::vector<std::string> arguments) {
    return start_get("get", std::move(arguments)).end();
  }

  /// Runs `work` on a thread whose sockets and files are inside.
  template <class Work>
  void run_inside(Work work) {
    const descriptor network(
        ::open(("/proc/" + std::to_string(holder_->id()) + "/ns/net").c_str(), O_RDONLY),
        "the network namespace");
    const descriptor files(
        ::open(("/proc/" + std::to_string(holder_->id()) + "/ns/mnt").c_str(), O_RDONLY),
        "the mount namespace");
    std::exception_ptr failure;
    std::thread([&] {
      try {
        if (::setns(network.get(), CLONE_NEWNET) != 0) throw_errno("setns");
        if (::unshare(CLONE_FS) != 0) throw_errno("unshare");
        if (::setns(files.get(), CLONE_NEWNS) != 0) throw_errno("setns");
        work();
      } catch (...) {
        failure = std::current_exception();
      }
    }).join();
    if (failure) std::rethrow_exception(failure);
  }

  const temporary_folder& folder() const { return folder_; }
  const std::string& root_pem() const { return root_.certificate_pem(); }

  const std::string small = "a small file\n";

 private:
  std::string file(const std::string& name) const { return (folder_.path() / name).string(); }

  std::vector<std::string> inside(std::vector<std::string> command) const {
    const std::string target = std::to_string(holder_->id());
    command.insert(command.begin(),
                   {enter_, "--target", target, "--net", "--mount", "--root", "--"});
    return command;
  }

  void write_files(std::string_view hosts) {
    const auto issued = root_.issue({.dns = {"*.net.test"}});
    folder_.write("root.pem", root_.certificate_pem());
    folder_.write("site.pem", issued.chain_pem);
    folder_.write("site.key", issued.key_pem);
    folder_.write("site/small.txt", small);
    folder_.write("site/slow", std::string(6'000'000, 'x'));
    folder_.write("temporary/empty", "");
    folder_.write("names", hosts);
    // The look-up waits longer than any test, so that it is the client's limit that ends it.
    folder_.write("resolv.conf", "nameserver 127.0.0.1\noptions timeout:30 attempts:2\n");
    folder_.write("nsswitch.conf", "hosts: files dns\n");
    folder_.write("nothing", "");
    folder_.write("nginx.conf", R"(daemon off;
master_process off;
pid nginx.pid;
error_log nginx.log warn;
events {}
http {
  access_log off;
  client_body_temp_path temporary/body;
  proxy_temp_path temporary/proxy;
  fastcgi_temp_path temporary/fastcgi;
  uwsgi_temp_path temporary/uwsgi;
  scgi_temp_path temporary/scgi;
  server {
    listen 443 ssl;
    listen [::]:443 ssl;
    ssl_certificate site.pem;
    ssl_certificate_key site.key;
    root site;
    location = /slow { limit_rate 100k; }
  }
}
)");
    std::string script = "ip link set lo up\n";
    for (const char* address :
         {"10.77.0.1/32 dev lo", "10.77.0.2/32 dev lo", "2001:db8::1/128 dev lo nodad",
          "fd77::1/128 dev lo nodad preferred_lft 0"})
      script += std::string("ip address add ") + address + "\n";
    for (const auto& [ours, system] : {std::pair("resolv.conf", "/etc/resolv.conf"),
                                       {"nsswitch.conf", "/etc/nsswitch.conf"},
                                       {"nothing", "/etc/gai.conf"}})
      script += "[ ! -e " + std::string(system) + " ] || mount --bind '" + file(ours) + "' " +
                system + "\n";
    folder_.write("set-up.sh", script + "echo ready\nexec sleep 300\n");
  }

  std::string enter_, filter_;
  certificate_authority root_;
  temporary_folder folder_;
  std::optional<running_program> holder_, web_server_, name_server_;  // end before the folder goes
};

}  // namespace cohttps::testing
