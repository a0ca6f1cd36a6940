// libFuzzer target: any bytes, as a list of authentication challenges, which Digest then answers.
#include <cohttps/http/auth/challenge.hpp>
#include <cohttps/http/auth/digest.hpp>

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

std::string size_as_hash(std::string_view text) { return std::to_string(text.size()); }

// A parser that refuses everything would pass all of the below.
const bool reads_a_challenge = [] {
  const auto all = parse_challenges("Basic realm=\"x\", Digest realm=y, nonce=z");
  require(all.size() == 2 && all.back().find("nonce") == "z");
  return true;
}();

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto all = parse_challenges(text);
  if (!reads_a_challenge) return 0;
  std::size_t held = 0;
  std::string again;
  for (const challenge& c : all) {
    require(ascii::is_token(c.scheme) && c.scheme == ascii::lower(c.scheme));
    require(c.token68.empty() || c.parameters.empty());
    again += (again.empty() ? "" : ",") + c.scheme + ' ' + c.token68;
    held += c.scheme.size() + c.token68.size();
    for (const auto& p : c.parameters) {
      require(ascii::is_token(p.name) && ascii::is_field_value(p.value));
      held += p.name.size() + p.value.size();
      again += ',' + p.name + "=\"";
      for (const char q : p.value) (again += q == '"' || q == '\\' ? "\\" : "") += q;
      again += '"';
    }
  }
  require(held <= size);

  // What was read, written again, is read as the same.
  const auto twice = parse_challenges(again);
  require(twice.size() == all.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    require(twice[i].scheme == all[i].scheme && twice[i].token68 == all[i].token68);
    require(twice[i].parameters.size() == all[i].parameters.size());
    for (std::size_t j = 0; j < all[i].parameters.size(); ++j)
      require(twice[i].parameters[j].value == all[i].parameters[j].value);
  }

  // An answer is a field value that is a challenge by its grammar.
  if (auto digest = digest::choose(all, {size_as_hash, size_as_hash, size_as_hash})) {
    for (const std::string_view user : {"u", "\xc3\xa4 \"\\"}) {
      const auto answer = digest->answer({user, "p", "GET", "/", "content", "c"});
      require(answer && ascii::is_field_value(*answer));
      const auto parsed = parse_challenges(*answer);
      require(parsed.size() == 1 && parsed.front().find("realm") == digest->realm());
    }
  }
  return 0;
}
