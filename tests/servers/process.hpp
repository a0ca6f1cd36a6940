// Programs and folders that do not outlive the test, whatever becomes of it.
#pragma once

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <spawn.h>
#include <string>
#include <string_view>
#include <sys/wait.h>
#include <system_error>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

#if defined(__linux__)
#include <sys/prctl.h>
#endif

namespace cohttps::testing {

[[noreturn]] inline void throw_errno(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), what);
}

/// Owns a file descriptor that programs started from here do not get.
class descriptor {
 public:
  descriptor() = default;
  descriptor(int number, const char* what) : number_(number) {
    if (number < 0) throw_errno(what);
    ::fcntl(number, F_SETFD, FD_CLOEXEC);
  }
  descriptor(descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  descriptor& operator=(descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~descriptor() { close(); }

  int get() const noexcept { return number_; }
  void close() noexcept {
    if (number_ >= 0) ::close(std::exchange(number_, -1));
  }

 private:
  int number_ = -1;
};

/// A program that runs beside the test. It dies with the thread that started it.
class child_process {
 public:
  explicit child_process(const std::vector<std::string>& command,
                         const std::filesystem::path& out = "/dev/null",
                         const std::filesystem::path& err = "/dev/null") {
    const descriptor input(::open("/dev/null", O_RDONLY), "/dev/null");
    const descriptor output = create(out);
    const descriptor errors = create(err);
    std::vector<char*> words;
    for (const auto& word : command) words.push_back(const_cast<char*>(word.c_str()));
    words.push_back(nullptr);
    [[maybe_unused]] const pid_t parent = ::getpid();
    id_ = ::fork();
    if (id_ < 0) throw_errno("fork");
    if (id_ > 0) return;
    // The child: system calls alone, as other threads may have been in the middle of anything.
#if defined(__linux__)
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(127);
#endif
    ::dup2(input.get(), 0);
    ::dup2(output.get(), 1);
    ::dup2(errors.get(), 2);
    ::execv(words[0], words.data());
    ::_exit(127);
  }
  child_process(const child_process&) = delete;
  child_process& operator=(const child_process&) = delete;
  ~child_process() { stop(); }

  pid_t id() const noexcept { return id_; }

  /// The exit status, or nothing when it still runs after `limit`; 128 + n when signal n ended it.
  std::optional<int> wait(std::chrono::milliseconds limit) noexcept {
    const auto end = std::chrono::steady_clock::now() + limit;
    while (!status_) {
      int raw = 0;
      const pid_t ended = ::waitpid(id_, &raw, WNOHANG);
      if (ended == id_)
        status_ = WIFEXITED(raw) ? WEXITSTATUS(raw) : 128 + WTERMSIG(raw);
      else if (ended < 0 && errno != EINTR)
        status_ = 127;
      else if (std::chrono::steady_clock::now() >= end)
        break;
      else
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return status_;
  }

  /// Asks it to end, and ends it when it does not.
  void stop() noexcept {
    for (const int signal : {SIGTERM, SIGKILL}) {
      if (wait(std::chrono::milliseconds(0))) return;
      ::kill(id_, signal);
      if (wait(std::chrono::seconds(5))) return;
    }
  }

 private:
  static descriptor create(const std::filesystem::path& file) {
    return {::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), file.c_str()};
  }

  pid_t id_ = -1;
  std::optional<int> status_;
};

/// A folder that is gone afterwards. Should the test be killed, a shell that waits for its end
/// removes it.
class temporary_folder {
 public:
  temporary_folder() {
    auto name = (std::filesystem::temp_directory_path() / "cohttps-test-XXXXXX").string();
    if (!::mkdtemp(name.data())) throw_errno(name);
    path_ = name;
    start_keeper();
  }
  temporary_folder(const temporary_folder&) = delete;
  temporary_folder& operator=(const temporary_folder&) = delete;
  ~temporary_folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
    alive_.close();
    if (keeper_ > 0) ::waitpid(keeper_, nullptr, 0);
  }

  const std::filesystem::path& path() const noexcept { return path_; }

  std::filesystem::path write(const std::string& name, std::string_view text) const {
    const auto file = path_ / name;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream out(file, std::ios::binary);
    out.write(text.data(), static_cast<std::streamsize>(text.size()));
    out.close();
    if (!out) throw std::runtime_error("cannot write " + file.string());
    return file;
  }
  std::string read(const std::string& name) const {
    std::ifstream in(path_ / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }

 private:
  void start_keeper() {
    int ends[2];
    if (::pipe(ends) != 0) throw_errno("pipe");
    const descriptor watched(ends[0], "pipe");
    alive_ = descriptor(ends[1], "pipe");
    posix_spawn_file_actions_t files;
    ::posix_spawn_file_actions_init(&files);
    ::posix_spawn_file_actions_adddup2(&files, watched.get(), 0);
    ::posix_spawn_file_actions_addopen(&files, 1, "/dev/null", O_WRONLY, 0);
    ::posix_spawn_file_actions_addopen(&files, 2, "/dev/null", O_WRONLY, 0);
    posix_spawnattr_t ways;
    ::posix_spawnattr_init(&ways);
    ::posix_spawnattr_setflags(&ways, POSIX_SPAWN_SETSID);  // not hit by what ends the test's group
    std::string words[] = {"/bin/sh", "-c", "read -r nothing; rm -rf -- \"$0\"", path_.string()};
    char* command[] = {words[0].data(), words[1].data(), words[2].data(), words[3].data(), nullptr};
    if (::posix_spawn(&keeper_, command[0], &files, &ways, command, environ) != 0) keeper_ = -1;
    ::posix_spawnattr_destroy(&ways);
    ::posix_spawn_file_actions_destroy(&files);
  }

  std::filesystem::path path_;
  descriptor alive_;  // closed when this program ends, by whatever
  pid_t keeper_ = -1;
};

/// How many files and sockets this program has open.
inline std::ptrdiff_t open_descriptors() {
  return std::distance(std::filesystem::directory_iterator("/dev/fd"),
                       std::filesystem::directory_iterator());
}

}  // namespace cohttps::testing
