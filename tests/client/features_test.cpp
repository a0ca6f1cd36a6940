#include <cohttps/features.hpp>
#include <cohttps/version.hpp>

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <string>
#include <string_view>

using namespace cohttps;

TEST_CASE("features are the libraries of the build, with their versions") {
  const auto all = features();
  const auto has = [&](std::string_view library) {
    return std::ranges::find(all, library, &feature::library) != all.end();
  };
  REQUIRE(all.size() >= 2);
  CHECK(all[0].library == "Botan");
  CHECK(all[0].version.starts_with("3."));
  CHECK(all[1].library == "Asio");
  CHECK(std::ranges::is_sorted(all.begin() + 2, all.end(), {}, &feature::library));
  for (const feature& each : all) {
    INFO(each.library << " " << each.version);
    CHECK_FALSE(each.purpose.empty());
    CHECK(std::ranges::count(each.version, '.') >= 1);
    CHECK(each.version.find_first_of("0123456789") != each.version.npos);
  }
#ifdef COHTTPS_HAS_NGHTTP2
  CHECK(has("nghttp2"));
#else
  CHECK_FALSE(has("nghttp2"));
#endif
#ifdef COHTTPS_HAS_ZLIB
  CHECK(has("zlib"));
#else
  CHECK_FALSE(has("zlib"));
#endif
}

TEST_CASE("the version is one number and its parts") {
  STATIC_REQUIRE(COHTTPS_VERSION == COHTTPS_VERSION_MAJOR * 10000 + COHTTPS_VERSION_MINOR * 100 +
                                        COHTTPS_VERSION_PATCH);
  CHECK(std::string_view(COHTTPS_VERSION_STRING) ==
        std::to_string(COHTTPS_VERSION_MAJOR) + '.' + std::to_string(COHTTPS_VERSION_MINOR) + '.' +
            std::to_string(COHTTPS_VERSION_PATCH));
}
