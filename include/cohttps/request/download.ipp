// Definitions for download.hpp.
#pragma once

#include <cohttps/request/download.hpp>

namespace cohttps::detail {

COHTTPS_DEF std::optional<std::string_view> download_file::validator_in(
    const fields& headers) const {
  return headers.find(validator_.starts_with('"') ? "etag" : "last-modified");
}

COHTTPS_DEF bool download_file::is_part() const {
  return file_.status().is_same_file(file_status::of_link(part_));
}

COHTTPS_DEF std::unexpected<error> download_file::unwritable(std::error_code why) const {
  return fail(error_category::usage, "download_file",
              "the file '" + part_ + "' cannot be written: " + why.message());
}

COHTTPS_DEF result<void> download_file::begin(const url& from, const fields& headers) {
  caller_range_ = headers.contains("range");
  if (caller_range_ && resumes_)
    return fail(error_category::usage, "download_range",
                "download_options::resume cannot be combined with a Range field; leave one out");
  const auto target = file_status::of_target(path_);
  if (target.type != file_status::kind::missing && !target.is_regular())
    return fail(error_category::usage, "download_file",
                "'" + path_ + "' is not a regular file; choose another path");
  // Do not follow a symbolic link, and do not wait for the reader of a pipe.
  constexpr unsigned how = file::write | file::no_link | file::no_wait;
  std::error_code failed;
  file_ = file::open(part_, how | file::create_new, failed);
  const bool existed = failed == std::errc::file_exists;
  if (existed) file_ = file::open(part_, how, failed = {});
  if (failed) return unwritable(failed);
  const auto refuse = [&](std::string_view reason, std::string_view why) {
    file_.close();
    return fail(error_category::usage, reason, "the file '" + part_ + "' " + std::string(why));
  };
  const file_status found = file_.status();
  if (!found.is_regular())
    return refuse("download_file", "is not a regular file; remove it, or choose another path");
  // The owner of an existing file could read the content later. The owner of a new file is not
  // checked, because the file system chooses it.
  if (existed && !found.owned)
    return refuse("download_file", "belongs to another user; remove it, or choose another path");
  if (existed && found.links != 1)
    return refuse("download_file", "has another hard link; remove it, or choose another path");
  if (!file_.try_lock() || !is_part())
    return refuse("download_busy",
                  "is written by another download; wait for it, or choose another path");
  source_ = tls::hashes().sha256(from.without_fragment().href());  // the URL may contain secrets
  if (!resumes_) return {};
  validator_ = kept_validator();
  if (!validator_.empty()) size_ = resumed_at_ = file_.status().size;
  return {};
}

COHTTPS_DEF void download_file::ask(fields& headers) const {
  if (resumes_) headers.erase("accept-encoding");
  if (!headers.contains("accept-encoding")) headers.append_unchecked("Accept-Encoding", "identity");
  if (resumed_at_ == 0) return;
  headers.append_unchecked("Range", "bytes=" + std::to_string(size_) + "-");
  headers.append_unchecked("If-Range", validator_);
}

COHTTPS_DEF result<download_file::verdict> download_file::answered(const response_metadata& found) {
  const response_head& head = found.head;
  const auto range = parse_content_range(head.headers.find("content-range").value_or(""));
  const auto validator = validator_in(head.headers);
  // RFC 9110, 15.5.17: the file may be complete already, and lack only its final name.
  if (head.status == 416 && resumed_at_ > 0 && range.complete == size_ && validator == validator_) {
    if (auto finished = finish(); !finished) return pass(std::move(finished));
    return verdict::go_on;
  }
  // RFC 9110, 14.2 and 15.3.7: these mismatches do not occur if the server supports If-Range, or if
  // its content has not changed. A server that ignores If-Range sends a part of its current
  // content.
  const bool mismatch = head.status == 416 ||
                        (head.status == 206 &&
                         (range.first != resumed_at_ || (validator && *validator != validator_)));
  if (resumed_at_ > 0 && mismatch) {
    if (auto discarded = discard(); !discarded) return pass(std::move(discarded));
    return verdict::start_over;
  }
  if (!is_success(head.status)) return std::unexpected(found.unsuccessful({}));
  if (head.status != 206 || caller_range_) {
    if (auto discarded = discard(); !discarded) return pass(std::move(discarded));
  } else if (resumed_at_ == 0) {
    return fail(error_category::protocol, "range_mismatch",
                "the server sent a part of the content although the request asked for all of it; "
                "the server is faulty");
  } else {
    whole_ = range.complete;
  }
  std::error_code failed;
  file_.seek(size_, failed);
  if (failed) return unwritable(failed);
  if (resumes_)
    if (auto kept = keep_validator(head.headers); !kept) return pass(std::move(kept));
  return verdict::go_on;
}

COHTTPS_DEF result<void> download_file::write(std::span<const std::byte> part) {
  std::error_code failed;
  size_ += file_.write_all({reinterpret_cast<const char*>(part.data()), part.size()}, failed);
  if (failed) return unwritable(failed);
  return {};
}

COHTTPS_DEF result<void> download_file::finish() {
  // A server may send less than the range that the request asked for (RFC 9110, 15.3.7).
  if (whole_ && size_ > *whole_) {
    if (auto discarded = discard(); !discarded) return discarded;
    return fail(error_category::protocol, "range_mismatch",
                "the server sent more content than the " + std::to_string(*whole_) +
                    " bytes that it had announced; the file was not kept, so download it again");
  }
  if (whole_ && size_ != *whole_)
    return fail(error_category::protocol, "range_mismatch",
                "the server sent the content up to byte " + std::to_string(size_) + " of " +
                    std::to_string(*whole_) + "; ask again for the rest");
  std::error_code failed;
  file_.sync(failed);
  if (!failed) file::rename(part_, path_, failed);
  if (failed) return unwritable(failed);
  if (resumes_) file::remove(from_);
  complete_ = true;
  return {};
}

COHTTPS_DEF result<void> download_file::discard() {
  std::error_code failed;
  file_.resize(0, failed);
  if (failed) return unwritable(failed);
  if (resumed_at_ > 0) file::remove(from_);
  size_ = resumed_at_ = 0;
  whole_.reset();
  return {};
}

COHTTPS_DEF std::string download_file::strong_validator(const fields& headers) {
  if (const auto tag = headers.find("etag"); tag && tag->starts_with('"')) return std::string(*tag);
  // A date is a strong validator if the content had not changed for a second (RFC 9110, 8.8.2.2).
  const auto now = std::chrono::system_clock::now();
  const auto changed = headers.find("last-modified"), sent = headers.find("date");
  if (!changed || !sent) return {};
  const auto a = parse_http_date(*changed, now), b = parse_http_date(*sent, now);
  return a && b && *b - *a >= std::chrono::seconds(1) ? std::string(*changed) : std::string();
}

COHTTPS_DEF download_file::content_range download_file::parse_content_range(
    std::string_view value) {
  if (!ascii::iequals(value.substr(0, 6), "bytes ")) return {};
  value.remove_prefix(6);
  const auto range = ascii::take_until(value, '/');
  const auto dash = range.find('-');
  content_range parsed;
  if (dash != range.npos) parsed.first = ascii::parse_decimal(range.substr(0, dash));
  parsed.complete = ascii::parse_decimal(value);
  return parsed;
}

COHTTPS_DEF std::string download_file::kept_validator() const {
  std::error_code failed;
  file kept = file::open(from_, file::read | file::no_link | file::no_wait, failed);
  if (failed) return {};
  std::string text(8 * 1024, '\0');
  text.resize(kept.read_some(std::as_writable_bytes(std::span(text)), failed));
  std::string_view rest = text;
  if (!rest.ends_with('\n') || ascii::take_until(rest, '\n') != source_) return {};
  const auto validator = ascii::take_until(rest, '\n');
  return ascii::is_field_value(validator) && rest.empty() ? std::string(validator) : std::string();
}

COHTTPS_DEF result<void> download_file::keep_validator(const fields& headers) const {
  if (resumed_at_ > 0) return {};
  const std::string validator = strong_validator(headers);
  file::remove(from_);
  if (validator.empty()) return {};
  const std::string text = source_ + '\n' + validator + '\n';
  std::error_code failed;
  file to = file::open(from_, file::create_new, failed);
  if (failed) return unwritable(failed);
  to.write_all(text, failed);
  // Without the validator the next download starts from the beginning, which is not an error.
  if (failed) file::remove(from_);
  return {};
}

}  // namespace cohttps::detail
