// A client of a REST interface with JSON: `notes URL list`, `notes URL add TEXT`, `notes URL remove
// ID`
//
// API_TOKEN in the environment is the token. A type becomes JSON by one line; errors of the server
// are read as problem details (RFC 9457).
#include "example.hpp"

#include <cohttps/adapters/nlohmann_json.hpp>
#include <cohttps/problem_details.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace cohttps;

struct note {
  int id = 0;
  std::string text;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(note, id, text)

client_options options_for(const std::string& base_url) {
  auto options = example::options();
  options.base_url = base_url;
  options.accept = "application/json";
  const auto base = url::parse(base_url);
  if (!base) throw error(base.error());
  if (const char* token = std::getenv("API_TOKEN"))
    options.credentials = {{base->origin().text(), credentials::bearer(token)}};
  return options;
}

task<int> act(std::string base_url, std::string_view what, std::string value) {
  client api(options_for(base_url));
  try {
    if (what == "list") {
      const auto all = co_await api.get("notes").as<std::vector<note>>();
      for (const note& each : all) std::cout << each.id << "  " << each.text << '\n';
    } else if (what == "add") {
      const note given{.text = value};
      const auto kept = co_await api.post("notes", content::of(given)).as<note>();
      std::cout << "added " << kept.id << '\n';
    } else {
      const auto response = co_await api.delete_("notes/" + value);
      response.require_success();
      std::cout << "removed " << value << '\n';
    }
  } catch (const error& e) {
    const auto problem = problem_of(e);
    if (!problem) throw;
    std::cerr << problem->title << ": " << problem->detail << '\n';
    co_return 1;
  }
  co_return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view what = argc > 2 ? argv[2] : "";
  if (!(what == "list" && argc == 3) && !((what == "add" || what == "remove") && argc == 4))
    return example::usage("notes URL list | add TEXT | remove ID");
  return example::run(act(argv[1], what, argc == 4 ? argv[3] : ""));
}
