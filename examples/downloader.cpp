// Downloads files, four at a time: `downloader FOLDER URL...`
//
// A file appears when it is complete. A download that was cut short goes on where it ended: within
// the program after a pause, and when the program is started again.
#include "example.hpp"

#include <cohttps/task/for_each_bounded.hpp>

#include <filesystem>
#include <string>
#include <vector>

namespace {

using namespace cohttps;

/// The last part of the path: "film.mkv" of https://example.com/films/film.mkv
std::string file_name(const std::string& address) {
  const auto parsed = url::parse(address);
  const std::string path(parsed ? parsed->path() : "");
  const auto name = path.substr(path.rfind('/') + 1);
  return name.empty() ? "index.html" : name;
}

task<bool> download(client& from, std::filesystem::path folder, std::string address) {
  const std::string path = folder / file_name(address);
  for (int attempt = 1;; ++attempt) {
    auto done = co_await from.try_download(address, path, {.resume = true});
    if (done) {
      std::cout << path << ": " << done->size() << " bytes, " << done->resumed_at()
                << " of them from before\n";
      co_return true;
    }
    std::cerr << address << ": " << done.error().what() << '\n';
    const auto category = done.error().category();
    const bool may_pass =
        category == error_category::peer_closed || category == error_category::timeout;
    if (!may_pass || attempt == 3) co_return false;
    co_await sleep_for(std::chrono::seconds(attempt));
  }
}

task<int> download_all(std::filesystem::path folder, std::vector<std::string> addresses) {
  std::filesystem::create_directories(folder);
  client from(example::options());
  int failures = 0;
  co_await for_each_bounded(addresses, 4, [&](const std::string& address) -> task<void> {
    const bool fine = co_await download(from, folder, address);
    if (!fine) ++failures;
  });
  co_return failures == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return example::usage("downloader FOLDER URL...");
  return example::run(download_all(argv[1], {argv + 2, argv + argc}));
}
