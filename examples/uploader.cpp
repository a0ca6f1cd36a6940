// Uploads files by PUT, and says how far they are: `uploader URL FILE...`
//
// A file goes to URL/NAME. It is read while it is sent, and again from its beginning if the request
// has to be repeated.
#include "example.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace {

using namespace cohttps;

/// Prints each tenth of a file.
class progress_line {
 public:
  explicit progress_line(std::string name) : name_(std::move(name)) {}

  void show(const progress& now) {
    const auto all = now.to_send.value_or(0);
    const auto tenths = all == 0 ? 0 : now.sent * 10 / all;
    if (tenths == shown_) return;
    shown_ = tenths;
    std::cerr << name_ << ": " << tenths * 10 << " %\n";
  }

 private:
  std::string name_;
  std::uint64_t shown_ = 0;
};

task<int> upload_all(std::string folder, std::vector<std::string> files) {
  auto options = example::options();
  options.retry.attempts = 3;  // PUT may be repeated: twice is the same as once
  client to(std::move(options));
  for (const auto& file : files) {
    const std::string name = std::filesystem::path(file).filename();
    const std::string address = folder + "/" + name;
    progress_line line(name);
    auto response =
        co_await to.put(address, content::file(file),
                        {.on_progress = [&line](const progress& now) { line.show(now); }});
    std::cout << name << ": " << response.status() << ' ' << response.reason() << '\n';
    if (!response.ok()) co_return 1;
  }
  co_return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return example::usage("uploader URL FILE...");
  return example::run(upload_all(argv[1], {argv + 2, argv + argc}));
}
