// Definitions for session_cache.hpp.
#pragma once

#include <cohttps/tls/resumption/session_cache.hpp>

namespace cohttps::tls {

COHTTPS_DEF bool stored_session::has(const Botan::TLS::Session_Handle& other) const {
  return handle.opaque_handle().get() == other.opaque_handle().get();
}

COHTTPS_DEF void session_cache::put(const std::string& origin, stored_session made) {
  auto session = std::make_shared<const stored_session>(std::move(made));
  const std::scoped_lock lock(mutex_);
  auto& of_origin = origins_[origin];
  // The new session replaces those of TLS 1.2. With one of them the client would offer only TLS
  // 1.2, although the server may support TLS 1.3 by now.
  for (std::size_t i = of_origin.size(); i-- > 0;)
    if (!of_origin[i]->session->is_tls13()) forget(of_origin, of_origin[i]);
  if (of_origin.size() == most_each_) forget(of_origin, of_origin.front());
  entries_.push_back({origin, std::move(session)});
  of_origin.push_back(std::prev(entries_.end()));
  if (entries_.size() > max_sessions_) {
    const std::string oldest = entries_.front().origin;
    forget(origins_.at(oldest), entries_.begin());
    drop_if_empty(oldest);
  }
}

COHTTPS_DEF auto session_cache::take(const std::string& origin, time_point now) -> shared_session {
  const std::scoped_lock lock(mutex_);
  const auto found = origins_.find(origin);
  if (found == origins_.end()) return nullptr;
  shared_session taken;
  while (!taken && !found->second.empty()) {
    const entry last = found->second.back();
    if (is_usable(*last->session, now)) taken = last->session;
    if (!taken || taken->is_tls13()) forget(found->second, last);
  }
  drop_if_empty(origin);
  return taken;
}

COHTTPS_DEF void session_cache::remove(const std::string& origin,
                                       const Botan::TLS::Session_Handle& handle) {
  const std::scoped_lock lock(mutex_);
  const auto found = origins_.find(origin);
  if (found == origins_.end()) return;
  for (std::size_t i = found->second.size(); i-- > 0;)
    if (found->second[i]->session->has(handle)) forget(found->second, found->second[i]);
  drop_if_empty(origin);
}

COHTTPS_DEF void session_cache::remove_all_of(const std::string& origin) {
  const std::scoped_lock lock(mutex_);
  const auto found = origins_.find(origin);
  if (found == origins_.end()) return;
  for (const auto& each : found->second) entries_.erase(each);
  origins_.erase(found);
}

COHTTPS_DEF std::size_t session_cache::size() const {
  const std::scoped_lock lock(mutex_);
  return entries_.size();
}

COHTTPS_DEF auto session_cache::all() const -> std::vector<kept> {
  const std::scoped_lock lock(mutex_);
  return {entries_.begin(), entries_.end()};
}

COHTTPS_DEF bool session_cache::is_usable(const stored_session& one, time_point now) {
  constexpr std::chrono::hours day(24);
  const auto age = now - one.session.start_time();
  const auto hint = one.session.lifetime_hint();
  const bool unlimited = !one.is_tls13() && hint.count() == 0;  // RFC 5077, 5.6
  return age >= std::chrono::seconds(0) && age < day && now >= one.verified &&
         now - one.verified < day && (unlimited || age < std::min<std::chrono::seconds>(hint, day));
}

COHTTPS_DEF void session_cache::forget(std::vector<entry>& of_origin, entry which) {
  std::erase(of_origin, which);
  entries_.erase(which);
}

COHTTPS_DEF void session_cache::drop_if_empty(const std::string& origin) {
  const auto found = origins_.find(origin);
  if (found != origins_.end() && found->second.empty()) origins_.erase(found);
}

template <class T>
std::optional<known_groups::group> session_link<T>::expected_group() const {
  return cache_ ? cache_->groups.find(origin_, now_) : std::nullopt;
}

template <class T>
void session_link<T>::learn(known_groups::group chosen) {
  if (cache_) cache_->groups.learn(origin_, chosen, now_);
}

template <class T>
void session_link<T>::forget() noexcept {
  if (!cache_) return;
  cache_->remove_all_of(origin_);
  cache_->groups.forget(origin_);
}

}  // namespace cohttps::tls
