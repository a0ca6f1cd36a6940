// libFuzzer target: any bytes, as a proxy, as what is reached without one, and as what a SOCKS
// proxy answers.
#include <cohttps/proxy/bypass_list.hpp>
#include <cohttps/proxy/proxy.hpp>
#include <cohttps/proxy/socks.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

using namespace cohttps;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

void parse_proxy(std::string_view text) {
  const auto p = proxy::parse(text);
  if (!p) {
    require(p.error().category() == error_category::usage);
    require(p.error().message().find("Zqx") == std::string::npos);  // what may be a password
    return;
  }
  require(!p->host().empty() && !p->host_for_connect().empty() && p->port() != 0);
  const std::size_t most = p->is_socks() ? proxy::max_socks_credential : proxy::max_http_credential;
  require(p->username().size() <= most && p->password().size() <= most);
  const auto bare = proxy::parse(p->text());
  require(bare && bare->text() == p->text() && !bare->has_credentials());
  const auto again = bare->with_credentials(std::string(p->username()), std::string(p->password()));
  require(again && *again == *p);
}

void parse_bypass(std::string_view text) {
  static const std::array urls{*url::parse("http://a.example/"), *url::parse("https://1.2.3.4/"),
                               *url::parse("http://[::1]:8080/"),
                               *url::parse("http://[::ffff:1.2.3.4]/")};
  const auto list = bypass_list::parse(text);
  // Twice the same matches no more than once.
  auto twice = list;
  twice.add(text);
  auto all = list;
  all.add("*");
  for (const url& u : urls) {
    require(twice.matches(u) == list.matches(u));
    require(all.matches(u));
  }
}

/// Gives the end of the handshake: the reason of its error or how far it came, and what is left.
std::string converse(const proxy& via, std::string_view bytes, std::size_t piece) {
  const std::array<std::byte, 4> address{};
  auto h = socks::handshake::create(via, "host", 1, address);
  require(h.has_value());
  buffer in;
  for (;;) {
    h->sent(h->outgoing().size());
    const std::size_t before = in.size();
    if (auto taken = h->receive(in); !taken) return std::string(taken.error().reason());
    require(in.size() <= before);
    if (h->done()) return "done " + std::to_string(bytes.size() + in.size());
    if (!h->outgoing().empty()) continue;
    require(in.size() < 262 + 3);  // a reply is no longer
    if (bytes.empty()) return "waits";
    in.append(bytes.substr(0, piece));
    bytes.remove_prefix(std::min(piece, bytes.size()));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::array proxies{*proxy::parse("socks4://p"), *proxy::parse("socks4a://u@p"),
                                  *proxy::parse("socks5://p"), *proxy::parse("socks5h://p"),
                                  *proxy::parse("socks5h://u:p@p")};
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  parse_proxy(text);
  parse_proxy("Zqx" + std::string(text));
  parse_proxy(std::string(text) + "Zqx");
  parse_bypass(text);
  const proxy& via = proxies[data[0] % proxies.size()];
  require(converse(via, text, 1) == converse(via, text, 3));
  return 0;
}
