// Asking issuers whether a server's certificates were revoked: which URLs, with which bytes, and
// what follows from the answers. Who sends and receives is in net/.
#pragma once

#include <cohttps/core/error.hpp>
#include <cohttps/tls/botan.hpp>
#include <cohttps/tls/certificate.hpp>
#include <cohttps/tls/connection_info.hpp>
#include <cohttps/tls/explain.hpp>
#include <cohttps/tls/options.hpp>
#include <cohttps/tls/record.hpp>
#include <cohttps/tls/revocation_answers.hpp>

#include <botan/data_src.h>
#include <botan/exceptn.h>
#include <botan/ocsp.h>
#include <botan/pem.h>
#include <botan/pkix_enums.h>
#include <botan/x509_crl.h>
#include <botan/x509cert.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace cohttps::tls {

/// What issuers said of certificates, for as long as it holds: an hour at most, and five minutes
/// where nothing could be learnt. That somebody's certificate was revoked is not kept.
///
/// Threads: all members may be called at the same time.
class revocation_cache {
 public:
  using time_point = std::chrono::system_clock::time_point;
  static constexpr std::chrono::minutes lifetime{60};
  static constexpr std::chrono::minutes patience{5};
  static constexpr std::size_t most = 1024;

  std::optional<revocation_status> find(const std::string& key, time_point now) const {
    const std::scoped_lock lock(mutex_);
    const auto found = known_.find(key);
    if (found == known_.end() || !found->second.holds(now)) return std::nullopt;
    return found->second.what;
  }

  void put(const std::string& key, revocation_status what, time_point from, time_point until) {
    const std::scoped_lock lock(mutex_);
    if (known_.size() >= most)
      std::erase_if(known_, [&](const auto& each) { return !each.second.holds(from); });
    if (known_.size() >= most) known_.clear();
    known_.insert_or_assign(key, entry{what, from, until});
  }

  std::size_t size() const {
    const std::scoped_lock lock(mutex_);
    return known_.size();
  }

 private:
  struct entry {
    revocation_status what;
    time_point from, until;
    bool holds(time_point now) const { return from <= now && now < until; }
  };

  mutable std::mutex mutex_;
  std::unordered_map<std::string, entry> known_;
};

/// Something to be fetched by plain http: by GET, or by POST when there is content.
struct revocation_fetch {
  std::string url;
  std::string content_type = {};
  std::vector<std::byte> content = {};
  std::size_t most = 0;  ///< bytes of content that an answer may have
};

/// The questions about one server's path: while `next` gives one, `answered` or `failed` has to
/// follow it; then there is an `outcome`. The leaf is asked about first, then those that issued it.
/// Where a certificate names both, the OCSP responder is asked, and only if that is of no help the
/// list of revoked certificates is fetched.
///
/// Not for more than one thread at a time; the cache is shared.
class revocation_check {
 public:
  using time_point = revocation_cache::time_point;

  /// `stapled`: the server has proved for its own certificate that it is good.
  revocation_check(certificate_chain path, revocation_mode mode, bool stapled, time_point now,
                   std::shared_ptr<revocation_cache> cache)
      : path_(std::move(path)),
        hard_(mode == revocation_mode::hard),
        now_(now),
        cache_(std::move(cache)),
        at_(stapled ? 1 : 0) {}

  /// What has to be fetched, the same until it was; null when all is known.
  const revocation_fetch* next() {
    while (!failure_ && at_ + 1 < path_.size()) {
      if (step_ == step::asked || step_ == step::got_list) return &fetch_;
      if (step_ == step::begin) begin();
      if (step_ == step::ask_responder && ask_responder()) return &fetch_;
      if (step_ == step::get_list && get_list()) return &fetch_;
      if (step_ == step::end) conclude(revocation_status::unknown);
    }
    return nullptr;
  }

  /// The content of a successful answer to what `next` gave.
  void answered(std::span<const std::byte> content) {
    if (failure_ || at_ + 1 >= path_.size()) return;
    const auto status = step_ == step::asked ? judge_response(content) : judge_list(content);
    if (status == revocation_status::good || status == revocation_status::revoked)
      return conclude(status);
    failed(describe_answer(status));
  }

  /// There was no answer, for the reason given.
  void failed(std::string_view why) {
    if (failure_ || at_ + 1 >= path_.size()) return;
    why_ += (why_.empty() ? "" : "; ") + fetch_.url + ": " + std::string(why);
    step_ = step_ == step::asked ? step::get_list : step::end;
  }

  /// Good, or, where that is enough (`revocation_mode::soft`), unknown.
  result<revocation_status> outcome() const {
    if (failure_) return std::unexpected(*failure_);
    return overlooked_.empty() ? revocation_status::good : revocation_status::unknown;
  }

  /// What is wrong where no more than that was asked for (`revocation_mode::soft`).
  const std::vector<error>& overlooked() const noexcept { return overlooked_; }

 private:
  enum class step : std::uint8_t { begin, ask_responder, asked, get_list, got_list, end };

  static constexpr std::size_t most_response = 64 * 1024;
  static constexpr std::size_t most_list = 16 * 1024 * 1024;

  void begin() {
    why_.clear();
    key_ = path_[at_].fingerprint("SHA-256") + path_[at_ + 1].fingerprint("SHA-256");
    const auto known = cache_->find(key_, now_);
    step_ = step::ask_responder;
    if (known && *known == revocation_status::good) return proceed();
    // That nobody could be reached a while ago is enough for who asks for no more.
    if (known && !hard_)
      return leave_unknown("may have been revoked, as its issuer could not be asked a while ago");
    if (extension(path_[at_], {2, 5, 29, 56})) proceed();  // RFC 9608
  }

  bool ask_responder() {
    step_ = step::get_list;
    const auto access = extension(path_[at_], {1, 3, 6, 1, 5, 5, 7, 1, 1});
    if (!access) return false;
    fetch_ = {der::access_url(*access, 1), "application/ocsp-request", {}, most_response};
    if (fetch_.url.empty()) return false;
    try {
      const auto encoded = Botan::OCSP::Request(path_[at_ + 1], path_[at_]).BER_encode();
      const auto bytes = std::as_bytes(std::span(encoded));
      fetch_.content.assign(bytes.begin(), bytes.end());
    } catch (const Botan::Exception&) {  // a build without SHA-1, by which requests name issuers
      return false;
    }
    step_ = step::asked;
    return true;
  }

  bool get_list() {
    step_ = step::end;
    const auto points = extension(path_[at_], {2, 5, 29, 31});
    if (!points) return false;
    fetch_ = {der::distribution_url(*points), {}, {}, most_list};
    if (fetch_.url.empty()) return false;
    step_ = step::got_list;
    return true;
  }

  revocation_status judge_response(std::span<const std::byte> content) try {
    const Botan::OCSP::Response response(reinterpret_cast<const std::uint8_t*>(content.data()),
                                         content.size());
    const auto status = judge(response, path_, at_, now_);
    // Kept for as long as it is seen to hold.
    until_ = now_ + revocation_cache::lifetime;
    if (judge(response, path_, at_, until_) != status) until_ = now_;
    return status;
  } catch (const Botan::Exception&) {
    return revocation_status::unusable;
  }

  revocation_status judge_list(std::span<const std::byte> content) try {
    der::bytes encoded = detail::octets(content);
    Botan::secure_vector<std::uint8_t> decoded;
    if (!encoded.empty() && encoded[0] == '-') {
      Botan::DataSource_Memory text(encoded.data(), encoded.size());
      decoded = Botan::PEM_Code::decode_check_label(text, "X509 CRL");
      encoded = decoded;
    }
    // Parsed, a list takes twenty times its size: that is for the issuer alone to demand.
    if (!is_signed_by(encoded, path_[at_ + 1])) return revocation_status::untrusted;
    Botan::DataSource_Memory source(encoded.data(), encoded.size());
    const Botan::X509_CRL list(source);
    until_ = now_ + revocation_cache::lifetime;
    if (list.next_update().time_is_set())
      until_ = std::min(until_, to_time_point(list.next_update()));
    return judge(list, path_, at_, now_);
  } catch (const Botan::Exception&) {
    return revocation_status::unusable;
  }

  static std::string_view describe_answer(revocation_status status) {
    switch (status) {
      case revocation_status::expired:
        return "an answer that is out of date";
      case revocation_status::not_yet_valid:
        return "an answer from the future";
      case revocation_status::untrusted:
        return "an answer that the issuer did not sign";
      case revocation_status::unknown:
        return "it knows nothing of this certificate";
      default:
        return "an answer that cannot be read";
    }
  }

  /// Of the certificate at hand, and on to the next one.
  void conclude(revocation_status status) {
    if (status == revocation_status::revoked)
      return stop(refuse(Botan::Certificate_Status_Code::CERT_IS_REVOKED, path_, at_));
    if (status != revocation_status::good) until_ = now_ + revocation_cache::patience;
    const bool asked = status == revocation_status::good || !why_.empty();
    if (asked && until_ > now_) cache_->put(key_, status, now_, until_);
    if (status == revocation_status::good) return proceed();
    leave_unknown(why_.empty()
                      ? "names no http address at which to ask whether it was revoked"
                      : "may have been revoked, as its issuer could not be asked (" + why_ + ')');
  }

  /// Nobody said that the certificate at hand is good: refuses it where that has to be known.
  void leave_unknown(std::string what) {
    if (hard_) what += ", and tls_options::revocation demands to know";
    auto unknown = refuse("revocation_unknown", path_[at_], what, "certificate_unknown");
    if (hard_) return stop(std::move(unknown));
    overlooked_.push_back(std::move(unknown).error());
    proceed();
  }

  void proceed() {
    ++at_;
    step_ = step::begin;
  }

  void stop(std::unexpected<error> why) { failure_ = std::move(why).error(); }

  certificate_chain path_;
  bool hard_;
  time_point now_;
  std::shared_ptr<revocation_cache> cache_;
  std::size_t at_;  // the certificate that is asked about
  step step_ = step::begin;
  std::string key_;
  time_point until_{};  // how long the answer holds
  std::string why_;     // nobody answered
  revocation_fetch fetch_;
  std::vector<error> overlooked_;
  std::optional<error> failure_;
};

}  // namespace cohttps::tls
