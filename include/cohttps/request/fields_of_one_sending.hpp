// Removes the fields that belong to a single sending of a request.
#pragma once

#include <cohttps/http/fields.hpp>

#include <cstddef>
#include <optional>
#include <utility>

namespace cohttps::detail {

/// The destructor removes the fields that were added to a request for one sending: cookies,
/// credentials and the fields of observers. The next sending may go to another origin. If there are
/// observers, it restores all fields, because observers may have changed other fields.
template <class = void>
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

}  // namespace cohttps::detail
