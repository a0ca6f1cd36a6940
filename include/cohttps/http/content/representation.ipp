// Definitions for representation.hpp.
#pragma once

#include <cohttps/http/content/representation.hpp>

namespace cohttps {
namespace detail {

COHTTPS_DEF std::unexpected<error> representation_failed(error_category category,
                                                         std::string_view reason,
                                                         std::string_view what_failed) {
  try {
    throw;
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const error& e) {
    return std::unexpected(e);
  } catch (const std::exception& e) {
    return fail(category, reason,
                std::string(what_failed) + ": " + ascii::printable(e.what(), 120));
  } catch (...) {
    return fail(category, reason, std::string(what_failed));
  }
}

}  // namespace detail
}  // namespace cohttps
