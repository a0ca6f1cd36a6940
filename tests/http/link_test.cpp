// The field Link, as RFC 8288 and its appendix B read it.
#include <cohttps/http/link.hpp>

#include <catch2/catch_test_macros.hpp>

#include <string>
#include <vector>

using namespace cohttps;

namespace {

const url base = url::parse("https://host/dir/page").value();

/// "target|rel|anchor|name=value|..." for each link.
std::vector<std::string> read(std::initializer_list<std::string_view> values) {
  fields headers;
  for (const auto value : values) headers.append_unchecked("Link", value);
  std::vector<std::string> all;
  for (const web_link& each : parse_links(headers, base)) {
    std::string text = each.target.href() + '|' + each.rel + '|' + each.anchor.value_or("-");
    for (const auto& p : each.parameters) text += '|' + p.name + '=' + p.value;
    all.push_back(std::move(text));
  }
  return all;
}

using texts = std::vector<std::string>;

}  // namespace

TEST_CASE("links are read as RFC 8288 says") {
  struct {
    std::string_view value;
    texts expected;
  } cases[] = {
      {"<https://api/x?page=2>; rel=\"next\", <https://api/x?page=9>; rel=\"last\"",
       {"https://api/x?page=2|next|-", "https://api/x?page=9|last|-"}},
      {"<next>;rel=next", {"https://host/dir/next|next|-"}},
      {"</a>; rel=\"start http://example.net/rel\"",
       {"https://host/a|start http://example.net/rel|-"}},
      {"<a>; rel=NEXT; rel=prev", {"https://host/dir/a|next|-"}},
      {"<a>; rel=\"previous\"; title*=UTF-8'de'letztes%20Kapitel",
       {"https://host/dir/a|previous|-|title*=letztes Kapitel"}},
      {"<a>; title*=iso-8859-1'en'%A3; rel=x", {"https://host/dir/a|x|-"}},
      {"<a>; rel=x; anchor=\"#foo\"", {"https://host/dir/a|x|#foo"}},
      {"<a>; rel=x; title=\"a, b; <c>\", <b>; rel=y",
       {"https://host/dir/a|x|-|title=a, b; <c>", "https://host/dir/b|y|-"}},
      {"<a> ; rel = \"x\" ;media=screen", {"https://host/dir/a|x|-|media=screen"}},
      {"<a>; crossorigin; rel=preload", {"https://host/dir/a|preload|-|crossorigin="}},
      {"<a>; rel=\"un\\\"quoted\"", {"https://host/dir/a|un\"quoted|-"}},
      {"<a>; rel=\"never ends", {"https://host/dir/a|never ends|-"}},
      {"<>; rel=self", {"https://host/dir/page|self|-"}},
      {"<a>", {"https://host/dir/a||-"}},
      {"<a>; rel=x junk, <b>; rel=y", {"https://host/dir/a|x junk|-", "https://host/dir/b|y|-"}},
      {"<mailto:x@y>; rel=author, <b>; rel=y", {"https://host/dir/b|y|-"}},
      {"nothing here", {}},
      {"<never closed; rel=x", {}},
      {"", {}},
      {",,<a>;;rel=x,", {"https://host/dir/a|x|-"}},
  };
  for (const auto& c : cases) {
    CAPTURE(c.value);
    CHECK(read({c.value}) == c.expected);
  }
  CHECK(read({"<a>; rel=x", "<b>; rel=y"}) ==
        texts{"https://host/dir/a|x|-", "https://host/dir/b|y|-"});
}

TEST_CASE("a link is found by one of its relations, unless it leads from another resource") {
  fields headers;
  headers.append_unchecked("link", "<a>; rel=next; anchor=\"/other\", <b>; rel=\"prev next\"");
  CHECK(find_link(headers, base, "next")->href() == "https://host/dir/b");
  CHECK(find_link(headers, base, "prev")->href() == "https://host/dir/b");
  CHECK_FALSE(find_link(headers, base, "nex"));
  CHECK_FALSE(find_link({}, base, "next"));
}

TEST_CASE("any bytes in a Link field end in finite time, whatever is cut off") {
  const std::string value = "<a;b,c>; rel=\"x y\"; t*=utf-8'd'%41; q=\"\\\\\", <b>;rel=z,;=\"";
  for (std::size_t begin = 0; begin < value.size(); ++begin)
    for (std::size_t size = 0; size <= value.size() - begin; ++size)
      (void)read({std::string_view(value).substr(begin, size)});
}
