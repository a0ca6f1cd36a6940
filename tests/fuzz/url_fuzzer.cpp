// libFuzzer target: any bytes, as a URL and as a reference to a base.
#include <cohttps/url/url.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

using cohttps::url;

void require(bool holds) {
  if (!holds) std::abort();
}

/// `part` lies in the URL, at `at`; returns where it ends.
std::size_t ends(const url& u, std::string_view part, std::size_t at) {
  const std::string_view href = u.href();
  require(at <= href.size() && part.size() <= href.size() - at);
  require(part.empty() || part.data() == href.data() + at);
  return at + part.size();
}

void check(const url& u) {
  for (char c : u.href()) require(c > 0x20 && c < 0x7f);
  require(u.scheme() == "http" || u.scheme() == "https");

  // The parts lie one behind the other and make up the whole.
  std::size_t at = ends(u, u.scheme(), 0) + 3;
  if (u.has_credentials()) {
    at = ends(u, u.username(), at);
    if (!u.password().empty()) at = ends(u, u.password(), at + 1);
    ++at;
  }
  require(ends(u, u.authority(), at) >= ends(u, u.host(), at));
  require(!u.host().empty() && u.host().find(u.host_for_connect()) != std::string_view::npos);
  require(u.authority() ==
          std::string(u.host()) + (u.has_port() ? ':' + std::to_string(u.port()) : ""));
  at = ends(u, u.authority(), at);
  require(u.path().starts_with('/') && u.target().starts_with(u.path()));
  require(ends(u, u.target(), at) >= ends(u, u.path(), at));
  at = ends(u, u.path(), at);
  if (u.has_query()) at = ends(u, u.query(), at + 1);
  if (u.has_fragment()) at = ends(u, u.fragment(), at + 1);
  require(at == u.href().size());

  const auto again = url::parse(u.href());
  require(again && *again == u && again->origin() == u.origin());
  require(again->username() == u.username() && again->password() == u.password());
  require(again->path() == u.path() && again->query() == u.query());
  require(again->is_ip_address() == u.is_ip_address());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const url base = *url::parse("https://user:secret@[::1]:8443/a/b/../c?q#f");
  const std::string_view input(reinterpret_cast<const char*>(data), size);

  if (const auto u = url::parse(input)) {
    check(*u);
    check(u->without_fragment());
    check(u->without_credentials());
    const url edited = u->with_path(input).with_query(input);
    check(edited);
    url appended = edited;
    check(appended.append_query(input, "value"));
    if (const auto back = url::parse("#x", *u)) check(*back);
  }
  if (const auto u = url::parse(input, base)) check(*u);
  // Most random bytes are no URL; as a host they reach the host parser.
  if (const auto u = url::parse("https://" + std::string(input))) check(*u);
  return 0;
}
