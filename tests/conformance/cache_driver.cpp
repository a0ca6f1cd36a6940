// Sends requests through a client with a cache: `cache_driver [sqlite:FILE | redis:SOCKET]`; its
// store is that file, the Redis server at that Unix socket, or memory. Reads one JSON object a
// line, {"id", "method", "url", "headers": [[name, value]], "body"}, and writes one a line, as they
// end: {"id", "status", "headers", "body"}, or {"id", "error"}.
#include <cohttps/cache.hpp>
#include <cohttps/cohttps.hpp>
#include <cohttps/task/task_group.hpp>
#include <cohttps/transport/sleep.hpp>
#if defined(DRIVER_HAS_SQLITE)
#include <cohttps/stores/sqlite_cache.hpp>
#endif
#if defined(DRIVER_HAS_REDIS)
#include <cohttps/stores/redis_cache.hpp>
#endif

#include <nlohmann/json.hpp>

#include <chrono>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

using namespace cohttps;
using nlohmann::json;

namespace {

std::shared_ptr<cache_store> open_store(std::string_view where,
                                        [[maybe_unused]] const any_transport& over) {
  if (where.empty()) return std::make_shared<memory_cache>();
#if defined(DRIVER_HAS_SQLITE)
  if (where.starts_with("sqlite:")) {
    auto opened = sqlite_cache::open(std::string(where.substr(7)));
    if (!opened) throw std::move(opened).error();
    return *std::move(opened);
  }
#endif
#if defined(DRIVER_HAS_REDIS)
  if (where.starts_with("redis:"))  // the suite sends many requests at the same time
    return std::make_shared<redis_cache>(over,
                                         redis_options{.socket_path = std::string(where.substr(6)),
                                                       .timeout = std::chrono::seconds(10),
                                                       .max_connections = 1000});
#endif
  throw error(error_category::usage, "no_store",
              "this driver was built without the store of " + std::string(where));
}

task<json> answer(client& c, json question) {
  const auto verb = method::parse(question.value("method", "GET"));
  if (!verb) co_return json{{"error", verb.error().what()}};
  auto r = request::to(*verb, question.at("url").get<std::string>());
  for (const auto& field : question.value("headers", json::array()))
    if (!r.headers.append(field.at(0).get<std::string>(), field.at(1).get<std::string>()))
      co_return json{{"error", "a field cannot be sent"}};
  if (question.contains("body")) r.content = content(question.at("body").get<std::string>());
  r.max_redirects = 0;  // the suite looks at redirections itself
  auto answered = co_await c.try_send(std::move(r));
  if (!answered) co_return json{{"error", answered.error().what()}};
  json headers = json::array();
  for (const field f : answered->headers()) headers.push_back({f.name, f.value});
  co_return json{
      {"status", answered->status()}, {"headers", headers}, {"body", answered->content()}};
}

task<void> answer_line(client& c, std::string line) {
  json out;
  json id;
  try {
    json question = json::parse(line);
    id = question.value("id", json());
    out = co_await answer(c, std::move(question));
  } catch (const std::exception& e) {
    out = {{"error", e.what()}};
  }
  out["id"] = id;
  std::cout << out.dump(-1, ' ', false, json::error_handler_t::replace) << std::endl;
}

/// Answers the lines of the input, each as soon as it is there.
task<void> answer_all(std::string store) {
  client c({.allow_plaintext = true});
  http_cache cache(open_store(store, c.transport()));
  c.use(cache.layer());
  task_group answers;
  stop_source over;
  auto loop = c.transport();
  std::thread reader([&] {
    for (std::string line; std::getline(std::cin, line);)
      loop.post(
          [&, line] { answers.start([&c, line](stop_token) { return answer_line(c, line); }); });
    loop.post([&] { over.request_stop(); });
  });
  co_await sleep_for(loop, std::chrono::hours(24), over);
  reader.join();
  co_await answers.join();
}

}  // namespace

int main(int argc, char** argv) {
  try {
    run(answer_all(argc > 1 ? argv[1] : ""));
  } catch (const std::exception& e) {
    std::cerr << "cache_driver: " << e.what() << '\n';
    return 1;
  }
}
