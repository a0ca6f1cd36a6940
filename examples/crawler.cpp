// Visits the pages of a site, eight at a time: `crawler URL [MOST-PAGES]`
//
// Follows links within the origin, and prints the status of each page, so that broken links are
// seen.
#include "example.hpp"

#include <cohttps/task/for_each_bounded.hpp>

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace cohttps;

/// The values of href="...". A program that has to be sure uses a parser of HTML.
std::vector<std::string> links_of(std::string_view html) {
  std::vector<std::string> found;
  constexpr std::string_view before = "href=\"";
  for (auto at = html.find(before); at != html.npos; at = html.find(before, at)) {
    at += before.size();
    const auto end = html.find('"', at);
    if (end == html.npos) break;
    found.emplace_back(html.substr(at, end - at));
  }
  return found;
}

/// Fetches the pages of one level; returns those that they link to.
task<std::set<std::string>> visit(client& from, std::set<std::string> pages, int& broken) {
  std::set<std::string> linked;
  co_await for_each_bounded(pages, 8, [&](const std::string& page) -> task<void> {
    auto response = co_await from.try_get(page);
    if (!response || !response->ok()) ++broken;
    if (!response) {
      std::cout << "---  " << page << "  " << response.error().what() << '\n';
      co_return;
    }
    std::cout << response->status() << "  " << page << '\n';
    if (!response->header("content-type").value_or("").starts_with("text/html")) co_return;
    for (const auto& link : links_of(response->content())) {
      const auto to = url::parse(link, response->url());
      if (to && to->origin() == response->url().origin())
        linked.insert(to->without_fragment().href());
    }
  });
  co_return linked;
}

task<int> crawl(std::string first, std::size_t most) {
  client from(example::options());
  std::set<std::string> seen{first}, level{first};
  int broken = 0;
  while (!level.empty()) {
    const auto linked = co_await visit(from, level, broken);
    level.clear();
    for (const auto& page : linked)
      if (seen.size() < most && seen.insert(page).second) level.insert(page);
  }
  std::cout << seen.size() << " pages, " << broken << " broken\n";
  co_return broken == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2 || argc > 3) return example::usage("crawler URL [MOST-PAGES]");
  const auto first = cohttps::url::parse(argv[1]);
  if (!first) return example::usage(first.error().what());
  const auto most = cohttps::ascii::parse_decimal(argc == 3 ? argv[2] : "100");
  if (!most) return example::usage("crawler URL [MOST-PAGES]");
  return example::run(crawl(first->href(), *most));
}
