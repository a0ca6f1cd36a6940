// Definitions for alt_svc.hpp.
#pragma once

#include <cohttps/core/ascii.hpp>
#include <cohttps/http/alt_svc.hpp>

#include <algorithm>
#include <charconv>

namespace cohttps {

namespace detail {

/// Reads the grammar of RFC 7838, 3.
template <class = void>
class alt_svc_reader {
 public:
  explicit alt_svc_reader(std::string_view text) noexcept : rest_(text) {}

  bool at_end() noexcept {
    skip();
    return rest_.empty();
  }
  bool take(char c) noexcept {
    skip();
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  std::optional<std::string> token() {
    skip();
    std::size_t size = 0;
    while (size < rest_.size() && ascii::is_token(rest_.substr(size, 1))) ++size;
    if (size == 0) return std::nullopt;
    std::string found(rest_.substr(0, size));
    rest_.remove_prefix(size);
    return found;
  }
  std::optional<std::string> quoted() {
    if (!take('"')) return std::nullopt;
    std::string found;
    while (!rest_.empty()) {
      char c = rest_.front();
      rest_.remove_prefix(1);
      if (c == '"') return found;
      if (c == '\\') {
        if (rest_.empty()) return std::nullopt;
        c = rest_.front();
        rest_.remove_prefix(1);
      }
      found += c;
    }
    return std::nullopt;
  }
  std::optional<std::string> value() {
    skip();
    return rest_.starts_with('"') ? quoted() : token();
  }

 private:
  void skip() noexcept {
    while (rest_.starts_with(' ') || rest_.starts_with('\t')) rest_.remove_prefix(1);
  }

  std::string_view rest_;
};

/// Reads "host:port" or ":port". The host is a name or an address in brackets.
template <class = void>
bool read_authority(std::string_view text, std::string& host, std::uint16_t& port) {
  const auto colon = text.rfind(':');
  if (colon == text.npos) return false;
  const auto number = ascii::parse_decimal(text.substr(colon + 1));
  if (!number || *number == 0 || *number > 65535) return false;
  host = ascii::lower(text.substr(0, colon));
  port = static_cast<std::uint16_t>(*number);
  const bool brackets = host.starts_with('[') && host.ends_with(']');
  for (const char c : host)
    if (!ascii::is_alnum(c) &&
        std::string_view(brackets ? "[]:." : "-._").find(c) == std::string_view::npos)
      return false;
  return host.size() <= 255;
}

template <class = void>
std::chrono::seconds age_of(std::string_view text) noexcept {
  constexpr std::uint64_t most = 10ull * 365 * 24 * 3600;
  const auto number = ascii::parse_decimal(text);
  return std::chrono::seconds(number ? std::min(*number, most) : 0);
}

COHTTPS_DEF std::optional<std::vector<alternative_service>> parse_alt_svc(std::string_view field) {
  std::vector<alternative_service> all;
  alt_svc_reader<> in(field);
  if (ascii::trim(field) == "clear") return all;
  while (!in.at_end()) {
    if (in.take(',')) continue;
    auto protocol = in.token();
    if (!protocol || !in.take('=')) return std::nullopt;
    const auto authority = in.quoted();
    if (!authority) return std::nullopt;
    alternative_service one{*std::move(protocol), {}, 0};
    while (in.take(';')) {
      const auto name = in.token();
      if (!name || !in.take('=')) return std::nullopt;
      const auto value = in.value();
      if (!value) return std::nullopt;
      if (ascii::iequals(*name, "ma")) one.max_age = age_of(*value);
    }
    if (read_authority(*authority, one.host, one.port)) all.push_back(std::move(one));
    if (!in.at_end() && !in.take(',')) return std::nullopt;
  }
  return all;
}

}  // namespace detail

COHTTPS_DEF std::string alternative_services::key(const place& at) {
  return at.host + ':' + std::to_string(at.port);
}

COHTTPS_DEF void alternative_services::learn(const origin& from, std::string_view field,
                                             time_point now) {
  if (from.scheme != "https") return;
  const auto said = detail::parse_alt_svc(field);
  if (!said) return;
  std::vector<entry> found;
  for (const auto& one : *said) {
    if (one.protocol != "h3" || one.max_age.count() == 0 || found.size() == most_each) continue;
    found.push_back({{one.host.empty() ? from.host : one.host, one.port}, now + one.max_age});
  }
  const std::scoped_lock lock(mutex_);
  // Each field replaces what earlier ones said (RFC 7838, 3.1).
  if (found.empty()) return void(known_.erase(from.text()));
  if (known_.size() >= most)
    std::erase_if(known_, [&](const auto& each) {
      return std::ranges::all_of(each.second, [&](const entry& e) { return e.ends <= now; });
    });
  if (known_.size() < most || known_.contains(from.text()))
    known_.insert_or_assign(from.text(), std::move(found));
}

COHTTPS_DEF auto alternative_services::find(const origin& to, time_point now) const
    -> std::optional<place> {
  const std::scoped_lock lock(mutex_);
  const auto found = known_.find(to.text());
  if (found == known_.end() || !usable_now(to.text(), now)) return std::nullopt;
  for (const entry& e : found->second)
    if (e.ends > now && usable_now(key(e.at), now)) return e.at;
  return std::nullopt;
}

COHTTPS_DEF void alternative_services::failed(const place& at, time_point now) {
  const std::scoped_lock lock(mutex_);
  count_failure(key(at), now);
}

COHTTPS_DEF void alternative_services::misdirected(const origin& to, time_point now) {
  const std::scoped_lock lock(mutex_);
  known_.erase(to.text());
  count_failure(to.text(), now);
}

COHTTPS_DEF bool alternative_services::usable(const origin& to, time_point now) const {
  const std::scoped_lock lock(mutex_);
  return usable_now(to.text(), now);
}

COHTTPS_DEF void alternative_services::count_failure(std::string what, time_point now) {
  if (failures_.size() >= most)
    std::erase_if(failures_, [&](const auto& each) { return each.second.until <= now; });
  if (failures_.size() >= most) failures_.clear();
  failure& f = failures_[std::move(what)];
  constexpr auto first = std::chrono::minutes(5);
  constexpr int doublings = 9;  // 5 minutes << 9 is a little less than two days
  f.until = now + first * (1 << std::min(f.times, doublings));
  ++f.times;
}

COHTTPS_DEF void alternative_services::worked(const place& at) {
  const std::scoped_lock lock(mutex_);
  failures_.erase(key(at));
}

COHTTPS_DEF bool alternative_services::usable(const place& at, time_point now) const {
  const std::scoped_lock lock(mutex_);
  return usable_now(key(at), now);
}

COHTTPS_DEF bool alternative_services::usable_now(const std::string& what, time_point now) const {
  const auto found = failures_.find(what);
  return found == failures_.end() || found->second.until <= now;
}

COHTTPS_DEF result<void> alternative_services::add(std::string_view text) {
  const std::scoped_lock lock(mutex_);
  for (std::size_t number = 1; !text.empty(); ++number) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    line = ascii::trim(line.ends_with('\r') ? line.substr(0, line.size() - 1) : line);
    if (line.empty() || line.front() == '#') continue;
    const auto word = [&] {
      const auto end = line.find(' ');
      const auto out = line.substr(0, end);
      line = end == line.npos ? std::string_view() : ascii::trim(line.substr(end));
      return out;
    };
    const std::string_view from = word(), at = word();
    entry made;
    const auto second = ascii::parse_decimal(word());
    const bool fine = from.starts_with("https://") &&
                      detail::read_authority(at, made.at.host, made.at.port) &&
                      !made.at.host.empty() && second && *second < 9'000'000'000 && line.empty();
    if (!fine)
      return fail(error_category::usage, "alt_svc_malformed",
                  "line " + std::to_string(number) +
                      " of the alternative services is not: https://host host:port second");
    made.ends = time_point(std::chrono::seconds(static_cast<std::int64_t>(*second)));
    auto& all = known_[std::string(from)];
    std::erase_if(all, [&](const entry& e) { return e.at == made.at; });
    if (all.size() < most_each) all.push_back(std::move(made));
  }
  return {};
}

COHTTPS_DEF std::string alternative_services::text(time_point now) const {
  const std::scoped_lock lock(mutex_);
  std::string out;
  for (const auto& [from, all] : known_)
    for (const entry& e : all)
      if (e.ends > now)
        out += from + ' ' + key(e.at) + ' ' +
               std::to_string(
                   std::chrono::duration_cast<std::chrono::seconds>(e.ends.time_since_epoch())
                       .count()) +
               '\n';
  return out;
}

COHTTPS_DEF std::size_t alternative_services::size() const {
  const std::scoped_lock lock(mutex_);
  return known_.size();
}

}  // namespace cohttps
