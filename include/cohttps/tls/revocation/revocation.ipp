// Definitions for revocation.hpp.
#pragma once

#include <cohttps/tls/revocation/revocation.hpp>

namespace cohttps::tls {

COHTTPS_DEF std::optional<revocation_status> revocation_cache::find(const std::string& key,
                                                                    time_point now) const {
  const std::scoped_lock lock(mutex_);
  const auto found = answers_.find(key);
  if (found == answers_.end() || !found->second.holds(now)) return std::nullopt;
  return found->second.what;
}

COHTTPS_DEF void revocation_cache::put(const std::string& key, revocation_status what,
                                       time_point from, time_point until) {
  const std::scoped_lock lock(mutex_);
  if (answers_.size() >= most)
    std::erase_if(answers_, [&](const auto& each) { return !each.second.holds(from); });
  if (answers_.size() >= most) answers_.clear();
  answers_.insert_or_assign(key, entry{what, from, until});
}

COHTTPS_DEF std::size_t revocation_cache::size() const {
  const std::scoped_lock lock(mutex_);
  return answers_.size();
}

COHTTPS_DEF const revocation_fetch* revocation_check::next() {
  while (!failure_ && at_ + 1 < path_.size()) {
    if (step_ == step::asked || step_ == step::got_list) return &fetch_;
    if (step_ == step::begin) begin();
    if (step_ == step::ask_responder && ask_responder()) return &fetch_;
    if (step_ == step::get_list && get_list()) return &fetch_;
    if (step_ == step::end) conclude(revocation_status::unknown);
  }
  return nullptr;
}

COHTTPS_DEF void revocation_check::answered(std::span<const std::byte> content) {
  if (failure_ || at_ + 1 >= path_.size()) return;
  const auto status = step_ == step::asked ? judge_response(content) : judge_list(content);
  if (status == revocation_status::good || status == revocation_status::revoked)
    return conclude(status);
  failed(describe_answer(status));
}

COHTTPS_DEF void revocation_check::failed(std::string_view why) {
  if (failure_ || at_ + 1 >= path_.size()) return;
  why_ += (why_.empty() ? "" : "; ") + fetch_.url + ": " + std::string(why);
  step_ = step_ == step::asked ? step::get_list : step::end;
}

COHTTPS_DEF result<revocation_status> revocation_check::outcome() const {
  if (failure_) return std::unexpected(*failure_);
  return overlooked_.empty() ? revocation_status::good : revocation_status::unknown;
}

COHTTPS_DEF void revocation_check::begin() {
  why_.clear();
  key_ = path_[at_].fingerprint("SHA-256") + path_[at_ + 1].fingerprint("SHA-256");
  const auto known = cache_->find(key_, now_);
  step_ = step::ask_responder;
  if (known && *known == revocation_status::good) return proceed();
  // The cached status is unknown. The mode `soft` accepts it without another request.
  if (known && !hard_)
    return leave_unknown("may have been revoked, as its issuer could not be asked a while ago");
  if (extension(path_[at_], {2, 5, 29, 56})) proceed();  // noRevAvail (RFC 9608)
}

COHTTPS_DEF bool revocation_check::ask_responder() {
  step_ = step::get_list;
  const auto access = extension(path_[at_], {1, 3, 6, 1, 5, 5, 7, 1, 1});
  if (!access) return false;
  fetch_ = {der::access_url(*access, 1), "application/ocsp-request", {}, most_response};
  if (fetch_.url.empty()) return false;
  try {
    const auto encoded = Botan::OCSP::Request(path_[at_ + 1], path_[at_]).BER_encode();
    const auto bytes = std::as_bytes(std::span(encoded));
    fetch_.content.assign(bytes.begin(), bytes.end());
  } catch (const Botan::Exception&) {  // this build lacks SHA-1, which requests use to name issuers
    return false;
  }
  step_ = step::asked;
  return true;
}

COHTTPS_DEF bool revocation_check::get_list() {
  step_ = step::end;
  const auto points = extension(path_[at_], {2, 5, 29, 31});
  if (!points) return false;
  fetch_ = {der::distribution_url(*points), {}, {}, most_list};
  if (fetch_.url.empty()) return false;
  step_ = step::got_list;
  return true;
}

COHTTPS_DEF revocation_status
revocation_check::judge_response(std::span<const std::byte> content) try {
  const Botan::OCSP::Response response(reinterpret_cast<const std::uint8_t*>(content.data()),
                                       content.size());
  const auto status = check_revocation(response, path_, at_, now_);
  // The answer is kept for the lifetime, but only if it is still valid then.
  until_ = now_ + revocation_cache::lifetime;
  if (check_revocation(response, path_, at_, until_) != status) until_ = now_;
  return status;
} catch (const Botan::Exception&) {
  return revocation_status::unusable;
}

COHTTPS_DEF revocation_status revocation_check::judge_list(std::span<const std::byte> content) try {
  der::bytes encoded = detail::octets(content);
  Botan::secure_vector<std::uint8_t> decoded;
  if (!encoded.empty() && encoded[0] == '-') {
    Botan::DataSource_Memory text(encoded.data(), encoded.size());
    decoded = Botan::PEM_Code::decode_check_label(text, "X509 CRL");
    encoded = decoded;
  }
  // A parsed list takes twenty times its size in memory, so only lists that the issuer signed are
  // parsed.
  if (!is_signed_by(encoded, path_[at_ + 1])) return revocation_status::untrusted;
  Botan::DataSource_Memory source(encoded.data(), encoded.size());
  const Botan::X509_CRL list(source);
  until_ = now_ + revocation_cache::lifetime;
  if (list.next_update().time_is_set())
    until_ = std::min(until_, to_time_point(list.next_update()));
  return check_revocation(list, path_, at_, now_);
} catch (const Botan::Exception&) {
  return revocation_status::unusable;
}

COHTTPS_DEF std::string_view revocation_check::describe_answer(revocation_status status) {
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

COHTTPS_DEF void revocation_check::conclude(revocation_status status) {
  if (status == revocation_status::revoked)
    return stop(refuse(Botan::Certificate_Status_Code::CERT_IS_REVOKED, path_, at_));
  if (status != revocation_status::good) until_ = now_ + revocation_cache::retry_delay;
  const bool asked = status == revocation_status::good || !why_.empty();
  if (asked && until_ > now_) cache_->put(key_, status, now_, until_);
  if (status == revocation_status::good) return proceed();
  leave_unknown(why_.empty()
                    ? "names no http address at which to ask whether it was revoked"
                    : "may have been revoked, as its issuer could not be asked (" + why_ + ')');
}

COHTTPS_DEF void revocation_check::leave_unknown(std::string what) {
  if (hard_) what += ", and tls_options::revocation demands to know";
  auto unknown = refuse("revocation_unknown", path_[at_], what, "certificate_unknown");
  if (hard_) return stop(std::move(unknown));
  overlooked_.push_back(std::move(unknown).error());
  proceed();
}

COHTTPS_DEF void revocation_check::proceed() {
  ++at_;
  step_ = step::begin;
}

COHTTPS_DEF void revocation_check::stop(std::unexpected<error> why) {
  failure_ = std::move(why).error();
}

}  // namespace cohttps::tls
