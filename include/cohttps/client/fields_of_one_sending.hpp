// What a request has for one sending alone.
#pragma once

#include <cohttps/http/fields.hpp>

#include <cstddef>
#include <optional>
#include <utility>

namespace cohttps {

/// What is added to a request for one sending, such as cookies, credentials and an observer's
/// fields, goes at the end of this, before the next sending, which may be to another origin. An
/// observer may also change what is there: then the request is put back as a whole.
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
