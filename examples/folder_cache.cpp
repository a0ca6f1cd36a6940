// A store of one's own for the cache: `folder_cache FOLDER URL...`
//
// Keeps each response in a file of its own, and says where each answer came from. A file is written
// under another name and renamed when it is complete, so that a crash leaves nothing half.
#include <cohttps/cache.hpp>
#include <cohttps/cohttps.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using namespace cohttps;

error cannot(const std::filesystem::path& file) {
  return {error_category::usage, "folder_cache", "cannot use the file " + file.string()};
}

/// A file: the key, the status and the times, the fields of the response and of the request, each
/// up to an empty line, and then the content. It holds one variant for a key, the last one.
class folder_cache final : public cache_store {
 public:
  explicit folder_cache(std::filesystem::path folder) : folder_(std::move(folder)) {
    std::filesystem::create_directories(folder_);
  }

  task<result<entry>> find(std::string_view key, const fields& request) override {
    auto in = std::make_unique<std::ifstream>(path_of(key), std::ios::binary);
    const auto head = read_head(*in, key);
    if (!head || !head->matches(request)) co_return entry();
    entry found;
    found.response = head;
    found.reader = std::make_unique<reader>(std::move(in));
    co_return found;
  }

  task<result<std::unique_ptr<cache_writer>>> write(
      std::string_view key, std::shared_ptr<const cached_response> response) override {
    auto made = std::make_unique<writer>(path_of(key), ++number_);
    made->start(key, *response);
    return result<std::unique_ptr<cache_writer>>(std::move(made));
  }

  task<result<void>> refresh(std::string_view key,
                             std::shared_ptr<const cached_response> response) override {
    auto found = co_await find(key, response->request_fields);
    if (!found || !*found) co_return result<void>();
    auto to = co_await write(key, std::move(response));
    while (true) {
      auto part = co_await found->reader->next();
      if (!part) co_return std::unexpected(part.error());
      if (part->empty()) co_return co_await (*to)->commit();
      if (auto done = co_await (*to)->write(*part); !done) co_return done;
    }
  }

  task<result<void>> erase(std::string_view key) override {
    std::error_code ignored;
    std::filesystem::remove(path_of(key), ignored);
    return result<void>();
  }

 private:
  /// Reads on in the file that it has open, though another one takes its name.
  class reader final : public cache_reader {
   public:
    explicit reader(std::unique_ptr<std::ifstream> in) : in_(std::move(in)), begin_(in_->tellg()) {
      in_->seekg(0, std::ios::end);
      length_ = static_cast<std::uint64_t>(in_->tellg() - begin_);
      in_->seekg(begin_);
    }
    std::optional<std::uint64_t> length() const noexcept override { return length_; }
    void seek(std::uint64_t first) noexcept override {
      in_->clear();
      in_->seekg(begin_ + static_cast<std::streamoff>(first));
    }
    task<result<std::span<const std::byte>>> next() override {
      in_->read(part_.data(), static_cast<std::streamsize>(part_.size()));
      return result<std::span<const std::byte>>(
          std::as_bytes(std::span(part_)).first(static_cast<std::size_t>(in_->gcount())));
    }

   private:
    std::unique_ptr<std::ifstream> in_;
    std::streampos begin_;
    std::uint64_t length_ = 0;
    std::vector<char> part_ = std::vector<char>(64 * 1024);
  };

  class writer final : public cache_writer {
   public:
    writer(const std::filesystem::path& file, int number)
        : file_(file),
          partial_(file.string() + "." + std::to_string(number) + ".part"),
          out_(partial_, std::ios::binary) {}
    ~writer() override {
      std::error_code ignored;
      std::filesystem::remove(partial_, ignored);  // after `commit` there is none
    }
    void start(std::string_view key, const cached_response& r) {
      out_ << key << '\n'
           << r.status << ' ' << r.requested.time_since_epoch().count() << ' '
           << r.received.time_since_epoch().count() << '\n';
      for (const fields* all : {&r.headers, &r.request_fields}) {
        for (const field f : *all) out_ << f.name << ": " << f.value << '\n';
        out_ << '\n';
      }
    }
    task<result<void>> write(std::span<const std::byte> part) override {
      out_.write(reinterpret_cast<const char*>(part.data()),
                 static_cast<std::streamsize>(part.size()));
      return outcome(out_.good());
    }
    task<result<void>> commit() override {
      out_.close();
      std::error_code failed;
      if (out_) std::filesystem::rename(partial_, file_, failed);
      return outcome(out_ && !failed);
    }

   private:
    result<void> outcome(bool good) const {
      if (good) return {};
      return std::unexpected(cannot(file_));
    }
    const std::filesystem::path file_, partial_;
    std::ofstream out_;
  };

  static std::shared_ptr<const cached_response> read_head(std::istream& in, std::string_view key) {
    using time_point = cached_response::time_point;
    auto made = std::make_shared<cached_response>();
    std::string line;
    time_point::rep requested = 0, received = 0;
    if (!std::getline(in, line) || line != key) return nullptr;
    if (!(in >> made->status >> requested >> received) || !std::getline(in, line)) return nullptr;
    made->requested = time_point(time_point::duration(requested));
    made->received = time_point(time_point::duration(received));
    for (fields* all : {&made->headers, &made->request_fields})
      while (std::getline(in, line) && !line.empty()) {
        const auto colon = line.find(": ");
        if (colon == line.npos) return nullptr;
        (void)all->append(line.substr(0, colon), line.substr(colon + 2));
      }
    return in ? made : nullptr;
  }

  std::filesystem::path path_of(std::string_view key) const {
    return folder_ / std::to_string(std::hash<std::string_view>()(key));
  }

  const std::filesystem::path folder_;
  int number_ = 0;
};

task<void> fetch(std::string folder, std::vector<std::string> urls) {
  client c;
  http_cache cache(std::make_shared<folder_cache>(std::move(folder)));
  c.use(cache.layer());
  for (const std::string& url : urls) {
    const auto before = cache.statistics();
    const auto response = co_await c.get(url);
    const auto after = cache.statistics();
    std::cout << url << ": " << response.status() << ", " << response.content().size()
              << " bytes from "
              << (after.hits + after.stale > before.hits + before.stale ? "the folder"
                  : after.validated > before.validated ? "the folder, which is valid"
                                                       : "the server")
              << '\n';
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::cerr << "usage: folder_cache FOLDER URL...\n";
    return 2;
  }
  try {
    run(fetch(argv[1], std::vector<std::string>(argv + 2, argv + argc)));
    return 0;
  } catch (const error& e) {
    std::cerr << "folder_cache: " << e.what() << '\n';
    return 1;
  }
}
