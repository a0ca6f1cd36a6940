// The fields that a request has for one sending alone.
#pragma once

#include <cohttps/http/fields.hpp>

#include <cstddef>
#include <optional>
#include <utility>

namespace cohttps {

/// Removes, at its end, the fields that were added to a request for one sending: cookies,
/// credentials and an observer's fields. The next sending may be to another origin. When an
/// observer has changed other fields, it restores the whole request.
class fields_of_one_sending {
 public:
  fields_of_one_sending(fields& headers, bool observed) : headers_(headers), size_(headers.size()) {
    if (observed) before_ = headers;
  }
  fields_of_one_sending(const fields_of_one_sending&) = delete;
  fields_of_one_sending& operator=(const fields_of_one_sending&) = delete;
  ~fields_of_one_sending() {
    if (before_)
      headers_ = *std::move(before_);
    else
      headers_.truncate(size_);
  }

 private:
  fields& headers_;
  std::size_t size_;
  std::optional<fields> before_;
};

}  // namespace cohttps
