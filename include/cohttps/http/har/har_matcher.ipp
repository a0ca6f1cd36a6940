// Definitions for har_matcher.hpp.
#pragma once

#include <cohttps/core/ascii.hpp>
#include <cohttps/http/content/media_type.hpp>
#include <cohttps/http/har/har_matcher.hpp>
#include <cohttps/http/har/har_secrets.hpp>
#include <cohttps/url/url.hpp>

#include <algorithm>
#include <numeric>
#include <utility>

namespace cohttps {

namespace detail {

/// Returns the values of all parameters or fields of one name.
template <class = void>
std::vector<std::string_view> values_of(const query& all, std::string_view name) {
  std::vector<std::string_view> out;
  for (const auto& each : all)
    if (each.name == name) out.push_back(each.value);
  return out;
}

}  // namespace detail

COHTTPS_DEF har_matcher::har_matcher(const har_log& log, har_rules rules)
    : rules_(std::move(rules)) {
  std::vector<std::size_t> order(log.entries.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, {}, [&](std::size_t i) { return std::pair(log.entries[i].started, i); });
  for (const std::size_t i : order) {
    const har_entry& e = log.entries[i];
    if (e.sent_again) continue;
    // The caller stopped this request, so the entry has no answer of a server.
    if (e.response.failure && e.response.failure->category == "canceled") continue;
    keys_.push_back(key_of(e.request));
    keys_.back().index = i;
  }
}

COHTTPS_DEF result<std::size_t> har_matcher::match(har_request asked) {
  const key wanted = key_of(std::move(asked));
  key* last = nullptr;
  for (key& each : keys_) {
    if (!matches(wanted, each)) continue;
    last = &each;
    if (!each.used) break;
  }
  if (!last) return std::unexpected(no_entry(wanted));
  if (std::exchange(last->used, true) && rules_.order == har_order::once)
    return fail(error_category::usage, "har_used_up",
                "every entry of the HAR log for " + wanted.method + ' ' + wanted.origin +
                    wanted.path + " has answered once; the last one is entry " +
                    std::to_string(last->index + 1));
  return last->index;
}

COHTTPS_DEF std::vector<std::size_t> har_matcher::unused() const {
  std::vector<std::size_t> out;
  for (const key& each : keys_)
    if (!each.used) out.push_back(each.index);
  std::ranges::sort(out);
  return out;
}

COHTTPS_DEF har_matcher::key har_matcher::key_of(har_request r) const {
  hide_secrets(r, rules_.secret_names);
  key made;
  made.method = std::move(r.method);
  if (const auto u = url::parse(r.url)) {
    made.origin = u->origin().text();
    made.path = u->path();
    for (const auto& each : query::parse(u->query()))
      if (std::ranges::find(rules_.ignored_parameters, each.name) ==
          rules_.ignored_parameters.end())
        made.parameters.add(each.name, each.value);
  } else {
    made.path = std::move(r.url);  // another scheme
  }
  made.headers = std::move(r.headers);
  if (!r.content || !rules_.content) return made;
  const auto type = parse_media_type(r.content->media_type);
  made.content = std::move(r.content->bytes);
  if (type && type->is("application", "x-www-form-urlencoded"))
    made.content = query::parse(made.content).text();
  return made;
}

COHTTPS_DEF bool har_matcher::matches(const key& a, const key& b) const {
  return a.method == b.method && a.origin == b.origin && a.path == b.path &&
         a.parameters == b.parameters && a.content == b.content && differences(a, b).empty();
}

COHTTPS_DEF std::vector<std::string> har_matcher::differences(const key& a, const key& b) const {
  std::vector<std::string> out;
  if (a.method != b.method) out.emplace_back("the method");
  if (a.origin != b.origin) out.emplace_back("the origin");
  if (a.path != b.path) out.emplace_back("the path");
  if (a.parameters != b.parameters) {
    const std::size_t before = out.size();
    for (const query* some : {&a.parameters, &b.parameters})
      for (const auto& each : *some) {
        const std::string what = "the parameter `" + ascii::printable(each.name) + '`';
        if (detail::values_of(a.parameters, each.name) !=
                detail::values_of(b.parameters, each.name) &&
            std::ranges::find(out, what) == out.end())
          out.push_back(what);
      }
    if (out.size() == before) out.emplace_back("the order of the parameters");
  }
  for (const std::string& name : rules_.headers)
    if (a.headers.values(name) != b.headers.values(name))
      out.push_back("the field `" + ascii::printable(name) + '`');
  if (a.content != b.content) out.emplace_back("the content");
  return out;
}

/// The higher, the closer.
COHTTPS_DEF int har_matcher::closeness(const key& a, const key& b) const {
  const auto [in_a, in_b] = std::ranges::mismatch(a.path, b.path);
  const auto shared = static_cast<int>(in_a - a.path.begin());
  const auto longest = static_cast<int>(std::max(a.path.size(), b.path.size()));
  const auto different = static_cast<int>(std::min<std::size_t>(differences(a, b).size(), 20));
  return (a.origin == b.origin ? 1000 : 0) + (a.path == b.path ? 500 : 300 * shared / longest) +
         (a.method == b.method ? 200 : 0) - different;
}

COHTTPS_DEF error har_matcher::no_entry(const key& asked) const {
  std::string text =
      "the HAR log has no entry that answers " + asked.method + ' ' + asked.origin + asked.path;
  if (keys_.empty()) return {error_category::usage, "har_no_entry", text + "; it has no entries"};
  const key& closest =
      *std::ranges::max_element(keys_, {}, [&](const key& each) { return closeness(asked, each); });
  text += "; the closest is entry " + std::to_string(closest.index + 1) + ", " +
          ascii::printable(closest.method) + ' ' +
          ascii::printable(closest.origin + closest.path, 200) + ", which differs in ";
  const auto what = differences(asked, closest);
  for (std::size_t i = 0; i < what.size(); ++i)
    text.append(i == 0 ? "" : i + 1 == what.size() ? " and " : ", ").append(what[i]);
  return {error_category::usage, "har_no_entry", text};
}

}  // namespace cohttps
