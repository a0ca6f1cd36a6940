// Prints the tokens of a language model as they come: `chat URL MODEL QUESTION...`
//
// It speaks the "chat completions" of OpenAI, which most servers of models offer, such as
// http://localhost:11434/v1/chat/completions of Ollama. API_KEY in the environment is the key.
#include <cohttps/adapters/nlohmann_json.hpp>
#include <cohttps/client/event_reader.hpp>
#include <cohttps/cohttps.hpp>

#include <nlohmann/json.hpp>

#include <cstdlib>
#include <iostream>
#include <string>
#include <utility>

namespace {

using namespace cohttps;
using nlohmann::json;

/// A server on this machine may do without TLS.
bool is_local(const std::string& text) {
  const auto parsed = url::parse(text);
  return parsed && (parsed->host() == "localhost" || parsed->host() == "127.0.0.1" ||
                    parsed->host() == "[::1]");
}

/// All of a response that is no stream of events: what went wrong.
task<std::string> content_of(response_stream stream) {
  std::string all;
  co_await stream.for_each([&](std::span<const std::byte> part) {
    all.append(reinterpret_cast<const char*>(part.data()), part.size());
  });
  co_return all;
}

task<int> ask(std::string to, std::string model, std::string question) {
  client client({.allow_plaintext = is_local(to)});
  auto asked = request::to(method::post, to);
  const json message = {{"role", "user"}, {"content", question}};
  const json body = {{"model", model}, {"stream", true}, {"messages", json::array({message})}};
  asked.content = content::of(body);
  (void)asked.headers.append("Accept", "text/event-stream");
  if (const char* key = std::getenv("API_KEY")) asked.credentials = credentials::bearer(key);

  auto stream = co_await client.stream(std::move(asked));
  if (!stream.ok()) {
    const int status = stream.status();
    const std::string why = co_await content_of(std::move(stream));
    std::cerr << "chat: the server answered " << status << ": " << why << '\n';
    co_return 1;
  }
  event_reader events(std::move(stream));
  while (auto event = co_await events.next()) {
    if (event->data == "[DONE]") break;
    const json part = json::parse(event->data);
    if (part.contains("error")) {
      std::cerr << "\nchat: " << part["error"].dump() << '\n';
      co_return 1;
    }
    for (const json& choice : part.value("choices", json::array()))
      if (const auto token = choice.find("delta"); token != choice.end() && token->is_object())
        if (const auto text = token->find("content"); text != token->end() && text->is_string())
          std::cout << text->get_ref<const std::string&>() << std::flush;
  }
  std::cout << '\n';
  co_return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    std::cerr << "usage: chat URL MODEL QUESTION...\n";
    return 2;
  }
  std::string question = argv[3];
  for (int i = 4; i < argc; ++i) question.append(" ").append(argv[i]);
  try {
    return run(ask(argv[1], argv[2], question));
  } catch (const std::exception& e) {
    std::cerr << "chat: " << e.what() << '\n';
    return 1;
  }
}
