// Definitions for cookie_jar.hpp.
#pragma once

#include <cohttps/http/cookie/cookie_jar.hpp>

namespace cohttps {

COHTTPS_DEF bool cookie::is_expired(time_point now) const noexcept {
  return expires && *expires <= std::chrono::floor<std::chrono::seconds>(now);
}

COHTTPS_DEF result<void> cookie_jar::store(const url& from, std::string_view set_cookie_value,
                                           time_point now) {
  auto parsed = parse_set_cookie(set_cookie_value);
  if (!parsed) return pass(std::move(parsed));
  auto one = admit(from, *std::move(parsed), now);
  if (!one) return pass(std::move(one));
  insert(*std::move(one), now);
  return {};
}

COHTTPS_DEF void cookie_jar::store_all(const url& from, const fields& headers, time_point now) {
  headers.for_each("set-cookie",
                   [&](std::string_view value) { static_cast<void>(store(from, value, now)); });
}

COHTTPS_DEF std::string cookie_jar::cookie_header(const url& to, time_point now,
                                                  cookie_context context) {
  std::vector<cookie*> chosen;
  for (cookie& c : cookies_)
    if (!c.is_expired(now) && matches(c, to) && allows(c, context)) chosen.push_back(&c);
  std::ranges::sort(chosen, [](const cookie* a, const cookie* b) {
    if (a->path.size() != b->path.size()) return a->path.size() > b->path.size();
    return a->created != b->created ? a->created < b->created : a < b;
  });
  std::string out;
  for (cookie* c : chosen) {
    c->last_used = now;
    if (!out.empty()) out += "; ";
    if (!c->name.empty()) (out += c->name) += '=';
    out += c->value;
  }
  return out;
}

COHTTPS_DEF result<void> cookie_jar::add(cookie one, time_point now) {
  const bool sound = is_text(one.name) && one.name.find('=') == one.name.npos &&
                     is_text(one.value) && (!one.name.empty() || !one.value.empty()) &&
                     one.name.size() + one.value.size() <= set_cookie::max_size &&
                     is_text(one.domain) && !one.domain.empty() &&
                     one.domain == ascii::lower(one.domain) && is_text(one.path) &&
                     (one.host_only || !is_public_suffix(one.domain)) &&
                     one.path.starts_with('/') && keeps_promise(one, one.path == "/");
  if (!sound)
    return fail(error_category::usage, "cookie_invalid",
                "a cookie cannot be stored: it holds invalid characters, is too large, or lacks an "
                "attribute that its name prefix requires");
  if (one.expires) one.expires = std::min(*one.expires, latest(now));
  insert(std::move(one), now);
  return {};
}

COHTTPS_DEF std::size_t cookie_jar::size() const noexcept { return cookies_.size(); }

COHTTPS_DEF bool cookie_jar::empty() const noexcept { return cookies_.empty(); }

COHTTPS_DEF void cookie_jar::clear() noexcept { cookies_.clear(); }

COHTTPS_DEF void cookie_jar::erase_expired(time_point now) {
  std::erase_if(cookies_, [&](const cookie& c) { return c.is_expired(now); });
}

COHTTPS_DEF void cookie_jar::erase_session() {
  std::erase_if(cookies_, [](const cookie& c) { return !c.expires; });
}

COHTTPS_DEF std::chrono::sys_seconds cookie_jar::latest(time_point now) noexcept {
  return std::chrono::floor<std::chrono::seconds>(now) + max_cookie_age;
}

COHTTPS_DEF bool cookie_jar::domain_matches(std::string_view host, bool host_is_address,
                                            std::string_view domain) noexcept {
  if (host == domain) return true;
  return !host_is_address && host.size() > domain.size() && host.ends_with(domain) &&
         host[host.size() - domain.size() - 1] == '.';
}

COHTTPS_DEF bool cookie_jar::path_matches(std::string_view path,
                                          std::string_view cookie_path) noexcept {
  return path.starts_with(cookie_path) &&
         (path.size() == cookie_path.size() || cookie_path.ends_with('/') ||
          path[cookie_path.size()] == '/');
}

COHTTPS_DEF std::string_view cookie_jar::default_path(std::string_view path) noexcept {
  const std::size_t last = path.rfind('/');
  return last == 0 ? path.substr(0, 1) : path.substr(0, last);
}

COHTTPS_DEF bool cookie_jar::matches(const cookie& c, const url& to) noexcept {
  const bool host =
      c.host_only ? to.host() == c.domain : domain_matches(to.host(), to.is_ip_address(), c.domain);
  return host && path_matches(to.path(), c.path) && (!c.secure || to.scheme() == "https");
}

COHTTPS_DEF bool cookie_jar::allows(const cookie& c, cookie_context context) noexcept {
  return context == cookie_context::same_site || c.same_site == same_site_mode::none ||
         (context == cookie_context::cross_site_navigation &&
          c.same_site != same_site_mode::strict);
}

COHTTPS_DEF bool cookie_jar::has_prefix(std::string_view text, std::string_view prefix) noexcept {
  return ascii::iequals(text.substr(0, prefix.size()), prefix);
}

COHTTPS_DEF bool cookie_jar::keeps_promise(const cookie& c, bool path_is_root) noexcept {
  if (c.name.empty()) return !has_prefix(c.value, "__secure-") && !has_prefix(c.value, "__host-");
  if (has_prefix(c.name, "__host-")) return c.secure && c.host_only && path_is_root;
  return !has_prefix(c.name, "__secure-") || c.secure;
}

COHTTPS_DEF bool cookie_jar::is_text(std::string_view text) noexcept {
  return ascii::is_field_value(text) && text.find(';') == text.npos && ascii::trim(text) == text;
}

COHTTPS_DEF std::unexpected<error> cookie_jar::refuse(std::string_view reason,
                                                      std::string_view why) {
  return fail(error_category::policy, reason, "a cookie was ignored: " + std::string(why));
}

COHTTPS_DEF result<cookie> cookie_jar::admit(const url& from, set_cookie&& parsed,
                                             time_point now) const {
  const bool over_tls = from.scheme() == "https";
  cookie one;
  one.name = std::move(parsed.name);
  one.value = std::move(parsed.value);
  one.created = one.last_used = now;
  one.secure = parsed.secure;
  one.http_only = parsed.http_only;
  one.same_site = parsed.same_site;
  if (parsed.max_age)
    one.expires = *parsed.max_age > std::chrono::seconds(0)
                      ? std::chrono::floor<std::chrono::seconds>(now) + *parsed.max_age
                      : std::chrono::sys_seconds::min();
  else if (parsed.expires)
    one.expires = std::min(*parsed.expires, latest(now));

  // An IP address or a public suffix may name itself as Domain. The cookie is then only for this
  // host.
  if (from.is_ip_address()
          ? parsed.domain == from.host() || parsed.domain == from.host_for_connect()
          : parsed.domain == from.host() && is_public_suffix(parsed.domain))
    parsed.domain.clear();
  one.host_only = parsed.domain.empty();
  one.domain = one.host_only ? std::string(from.host()) : std::move(parsed.domain);
  if (!one.host_only) {
    if (!domain_matches(from.host(), from.is_ip_address(), one.domain))
      return refuse("cookie_domain", "its Domain is not that of the server");
    if (is_public_suffix(one.domain))
      return refuse("cookie_suffix", "its Domain is a public suffix");
  }
  const bool path_is_root = parsed.path == "/";
  one.path = parsed.path.empty() ? std::string(default_path(from.path())) : std::move(parsed.path);

  if (one.secure && !over_tls)
    return refuse("cookie_secure", "it is Secure, and the response came over http");
  if (!one.secure && !over_tls && would_shadow_secure(one, now))
    return refuse("cookie_secure", "over http it would take the place of a Secure one");
  if (one.same_site == same_site_mode::none && !one.secure)
    return refuse("cookie_same_site", "it is SameSite=None and not Secure");
  if (!keeps_promise(one, path_is_root))
    return refuse("cookie_prefix", "it lacks an attribute that its name prefix requires");
  return one;
}

COHTTPS_DEF bool cookie_jar::would_shadow_secure(const cookie& one, time_point now) const noexcept {
  return std::ranges::any_of(cookies_, [&](const cookie& old) {
    return old.secure && !old.is_expired(now) && old.name == one.name &&
           path_matches(one.path, old.path) &&
           (domain_matches(old.domain, false, one.domain) ||
            domain_matches(one.domain, false, old.domain));
  });
}

COHTTPS_DEF void cookie_jar::insert(cookie&& one, time_point now) {
  const auto old = std::ranges::find_if(cookies_, [&](const cookie& c) {
    return c.name == one.name && c.domain == one.domain && c.host_only == one.host_only &&
           c.path == one.path;
  });
  if (old != cookies_.end()) {
    if (one.is_expired(now)) {
      cookies_.erase(old);
    } else {
      one.created = old->created;
      *old = std::move(one);
    }
  } else if (!one.is_expired(now)) {
    cookies_.push_back(std::move(one));
    remove_excess(now);
  }
}

COHTTPS_DEF void cookie_jar::remove_excess(time_point now) {
  const std::string domain = cookies_.back().domain;
  const auto is_of_domain = [&](const cookie& c) { return c.domain == domain; };
  const auto too_many = [&] {
    return std::ranges::count_if(cookies_, is_of_domain) >
           static_cast<std::ptrdiff_t>(max_per_domain);
  };
  if (size() > max_size || too_many()) erase_expired(now);
  if (too_many()) {
    const auto loose = [&](const cookie& c) { return is_of_domain(c) && !c.secure; };
    if (!erase_oldest(loose)) erase_oldest(is_of_domain);
  }
  if (size() > max_size) erase_oldest([](const cookie&) { return true; });
}

}  // namespace cohttps
