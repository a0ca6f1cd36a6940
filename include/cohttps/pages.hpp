// The pages of a long list, each of which names the next one in a Link field (RFC 8288).
#pragma once

#include <cohttps/client.hpp>
#include <cohttps/client/request.hpp>
#include <cohttps/client/response.hpp>
#include <cohttps/core/error.hpp>
#include <cohttps/http/link.hpp>
#include <cohttps/task/task.hpp>
#include <cohttps/url/url.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>

namespace cohttps {

/// Reads the pages one after the other.
/// ```
/// cohttps::pages pages(client, "https://api.example.com/issues?state=open");
/// while (const auto page = co_await pages.next())
///   for (const auto& issue : page->as<std::vector<issue>>()) show(issue);
/// ```
/// Each request has the method, the fields and the limits of the first one. A link that leads to
/// another origin is an error, because the fields may be meant for this origin alone.
///
/// Threads: that of the client, which must outlive it.
class pages {
 public:
  static constexpr std::size_t max_pages = 100'000;  ///< pages that a list may have

  /// `first` has no content.
  template <class = void>
  pages(client& through, request first) : client_(through), request_(std::move(first)) {}
  template <class = void>
  pages(client& through, std::string_view url) : pages(through, request::to(method::get, url)) {}

  /// Returns the next page; nothing after the last one. Throws `error`: policy
  /// "unsuccessful_status" if the status is not 2xx; policy "page_of_other_origin"; protocol
  /// "page_twice" if a page leads to an earlier one; limit "too_many_pages"; those of the client.
  template <class = void>
  task<std::optional<response>> next() {
    auto page = co_await try_next();
    if (!page) throw std::move(page).error();
    co_return *std::move(page);
  }

  /// Like `next`, but returns the error. After a failed request it asks for the same page again.
  template <class = void>
  task<result<std::optional<response>>> try_next() {
    if (bad_link_) co_return std::unexpected(*bad_link_);
    if (!more_) co_return std::optional<response>();
    auto page = co_await client_.try_send(request_.without_content());
    if (!page) co_return pass(std::move(page));
    if (!page->ok()) co_return std::unexpected(page->metadata().unsuccessful(page->content()));
    if (auto found = find_next(*page); !found) bad_link_ = std::move(found).error();
    co_return std::optional(*std::move(page));
  }

 private:
  template <class = void>
  result<void> find_next(const response& page) {
    auto target = find_link(page.headers(), page.url(), "next");
    more_ = target.has_value();
    if (!more_) return {};
    const auto refuse = [&](error_category who, std::string_view reason, std::string what) {
      error e(who, reason, std::move(what));
      e.subject(page.metadata().subject());
      return std::unexpected(std::move(e));
    };
    if (target->origin() != page.url().origin())
      return refuse(error_category::policy, "page_of_other_origin",
                    "the next page is at " + target->origin().text() +
                        "; make a request to it with the fields that it may get");
    seen_.insert(page.url().href());
    if (seen_.contains(target->href()))
      return refuse(error_category::protocol, "page_twice",
                    "the server names a page as the next one that was read already");
    if (seen_.size() == max_pages)
      return refuse(error_category::limit, "too_many_pages", "the list has more than 100000 pages");
    request_.url = *std::move(target);
    return {};
  }

  client& client_;
  request request_;
  std::unordered_set<std::string> seen_;
  std::optional<error> bad_link_;  // of the last page, which the caller has got
  bool more_ = true;
};

}  // namespace cohttps
