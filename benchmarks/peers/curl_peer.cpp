// libcurl: the easy interface for one request after another, the multi interface for many at once.
#include "peer.hpp"

#include <algorithm>
#include <curl/curl.h>
#include <memory>
#include <vector>

namespace {

using peers::require;
using peers::work;

std::size_t count_bytes(char*, std::size_t, std::size_t n, void* to) {
  *static_cast<std::uint64_t*>(to) += n;
  return n;
}
std::size_t give_bytes(char* to, std::size_t, std::size_t n, void* left) {
  auto& rest = *static_cast<std::uint64_t*>(left);
  const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(rest, n));
  std::memset(to, 'u', size);
  rest -= size;
  return size;
}

struct easy {
  easy(const work& w, const std::string& url, bool http2 = false) : handle(curl_easy_init()) {
    set(CURLOPT_URL, url.c_str());
    set(CURLOPT_WRITEFUNCTION, count_bytes);
    set(CURLOPT_WRITEDATA, &bytes);
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_HTTP_VERSION, http2 ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1);
    if (http2) set(CURLOPT_PIPEWAIT, 1L);
    if (!w.authority.empty()) {
      set(CURLOPT_CAINFO, w.authority.c_str());
      set(CURLOPT_CAPATH, nullptr);
    }
    set(CURLOPT_BUFFERSIZE, 128L * 1024);
    set(CURLOPT_UPLOAD_BUFFERSIZE, 256L * 1024);
  }
  easy(const easy&) = delete;
  easy& operator=(const easy&) = delete;
  ~easy() { curl_easy_cleanup(handle); }

  template <class T>
  void set(CURLoption option, T value) {
    require(curl_easy_setopt(handle, option, value) == CURLE_OK, "setopt");
  }
  void perform() { require(curl_easy_perform(handle) == CURLE_OK, "perform"); }

  CURL* handle;
  std::uint64_t bytes = 0;
};

/// Every handle begins again when it is done, until there were `count`.
std::uint64_t many(CURLM* multi, std::size_t count, std::size_t width, const work& w,
                   std::vector<std::unique_ptr<easy>>& handles, bool http2) {
  while (handles.size() < width) handles.push_back(std::make_unique<easy>(w, w.url("/1k"), http2));
  std::size_t begun = 0, done = 0;
  for (auto& h : handles)
    if (begun < count) {
      ++begun;
      curl_multi_add_handle(multi, h->handle);
    }
  while (done < count) {
    int running = 0;
    require(curl_multi_perform(multi, &running) == CURLM_OK, "multi");
    int left = 0;
    bool again = false;
    while (const CURLMsg* m = curl_multi_info_read(multi, &left)) {
      require(m->msg == CURLMSG_DONE && m->data.result == CURLE_OK, "a request failed");
      CURL* one = m->easy_handle;
      ++done;
      curl_multi_remove_handle(multi, one);
      if (begun < count) {
        ++begun;
        again = true;
        curl_multi_add_handle(multi, one);
      }
    }
    if (!again && done < count) curl_multi_poll(multi, nullptr, 0, 1000, nullptr);
  }
  std::uint64_t bytes = 0;
  for (auto& h : handles) bytes += h->bytes;
  return bytes;
}

void does(const work& w) {
  curl_global_init(CURL_GLOBAL_DEFAULT);
  peers::meter measured;
  std::uint64_t bytes = 0;
  const bool http2 = w.kind.starts_with("http2");
  const bool downloads = w.kind == "download" || w.kind == "http2-download";
  if ((w.kind == "requests" && w.width > 1) || w.kind == "http2" || w.kind == "idle") {
    CURLM* multi = curl_multi_init();
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, static_cast<long>(w.width) + 1);
    std::vector<std::unique_ptr<easy>> handles;
    if (w.kind == "idle") {
      measured.begin();
      bytes = many(multi, w.width, w.width, w, handles, false);
      handles.clear();  // the connections stay
    } else {
      const std::uint64_t before = many(multi, w.width * 2, w.width, w, handles, http2);
      measured.begin();
      bytes = many(multi, w.count, w.width, w, handles, http2) - before;
    }
    measured.end();
    measured.tell(w.kind == "idle" ? w.width : w.count, bytes);
    return;
  }

  easy one(w, w.url("/1k"), http2);
  if (w.kind == "once") {
    measured.begin();
    one.perform();
    measured.end();
    measured.tell(1, one.bytes);
    return;
  }
  one.perform();
  one.bytes = 0;
  std::uint64_t left = 0;
  if (downloads) one.set(CURLOPT_URL, w.url(w.large()).c_str());
  if (w.kind == "upload") {
    one.set(CURLOPT_URL, w.url("/up/file").c_str());
    one.set(CURLOPT_UPLOAD, 1L);
    one.set(CURLOPT_READFUNCTION, give_bytes);
    one.set(CURLOPT_READDATA, &left);
    one.set(CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(peers::large_size));
  }
  if (w.kind == "handshakes") one.set(CURLOPT_SSL_SESSIONID_CACHE, 0L);
  if (w.kind == "handshakes" || w.kind == "resumed") one.set(CURLOPT_FORBID_REUSE, 1L);
  const bool known = w.kind == "requests" || downloads || w.kind == "upload" ||
                     w.kind == "handshakes" || w.kind == "resumed";
  if (!known) throw peers::not_done();
  measured.begin();
  for (std::size_t i = 0; i < w.count; ++i) {
    left = peers::large_size;
    one.perform();
    if (w.kind == "upload") bytes += peers::large_size;
  }
  measured.end();
  measured.tell(w.count, bytes + one.bytes);
}

}  // namespace

int main(int argc, char** argv) { return peers::run(argc, argv, does); }
