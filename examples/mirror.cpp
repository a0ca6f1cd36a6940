// Keeps copies of files up to date: `mirror FOLDER URL...`
//
// A cache in FOLDER/cache remembers what the servers said of the age of each file. The program
// does not request a fresh file, and the server does not send an unchanged file again, also when
// the program runs again.
#include "example.hpp"

#include <cohttps/cache.hpp>
#include <cohttps/middleware.hpp>
#include <cohttps/stores/sqlite_cache.hpp>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace {

using namespace cohttps;

/// Writes a file as a whole: others see the old one or the new one.
void replace_file(const std::filesystem::path& path, const std::string& content) {
  const auto beside = path.string() + ".new";
  if (!(std::ofstream(beside, std::ios::binary) << content).flush())
    throw std::runtime_error("cannot write " + beside);
  std::filesystem::rename(beside, path);
}

task<int> mirror(std::filesystem::path folder, std::vector<std::string> addresses) {
  std::filesystem::create_directories(folder);
  auto store = sqlite_cache::open(folder / "cache");
  if (!store) throw store.error();
  http_cache cache(*std::move(store));
  client from(example::options());
  from.use(cache.layer());

  int failures = 0;
  for (const auto& address : addresses) {
    const auto before = cache.statistics();
    auto response = co_await from.try_get(address);
    if (!response || !response->ok()) {
      std::cerr << address << ": "
                << (response ? std::to_string(response->status()) : response.error().what())
                << '\n';
      ++failures;
      continue;
    }
    const std::string path(response->url().path());
    const std::string name = path.substr(path.rfind('/') + 1);
    replace_file(folder / (name.empty() ? "index.html" : name), response->content());
    const auto now = cache.statistics();
    std::cout << address << ": "
              << (now.hits > before.hits             ? "fresh"
                  : now.validated > before.validated ? "not changed"
                                                     : "fetched")
              << '\n';
  }
  co_return failures == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return example::usage("mirror FOLDER URL...");
  return example::run(mirror(argv[1], {argv + 2, argv + argc}));
}
