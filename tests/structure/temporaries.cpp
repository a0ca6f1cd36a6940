// Statements that crash when GCC before 13 compiles them. FORM chooses one; the compiler has to
// refuse it with the text beside it.
#include <cohttps/cohttps.hpp>

#include <string>
#include <string_view>

struct user {
  int id;
  std::string name;
};
template <>
struct cohttps::representation<user> {
  static constexpr std::string_view media_type = "text/plain";
  static std::string write(const user& one) { return one.name; }
};

cohttps::task<void> send(cohttps::client& client, std::string url) {
  using namespace cohttps;
#if FORM == 1  // GCC before 13 destroys this function object twice. Give it a name
  (void)co_await client.get(url, {.on_progress = [url](const progress&) { (void)url; }});
#elif FORM == 2  // GCC before 13 destroys this value twice. Give it a name
  (void)co_await client.post(url, content::of(user{1, "alice"}));
#elif FORM == 3  // argument discards qualifiers
  (void)co_await cohttps::client({.allow_plaintext = true}).get(url);
#else
  (void)co_await client.get(url);
#endif
}
