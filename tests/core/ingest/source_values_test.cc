// Goal: each form of a value that PostgreSQL or a board writes is read exactly, and no other is guessed at.
#include "core/ingest/source_values.h"

#include "tests/support/catch.h"

namespace millrace {
namespace {

ScalarValue Text(std::string_view text) { return {ScalarValue::Kind::kString, text}; }

TEST_CASE("times without a zone are UTC; PostgreSQL's short zones count") {
  const auto time = [](std::string_view text) {
    std::optional<int64_t> time_us;
    const bool is_good = !SetUtcTime(Text(text), &time_us).has_value();
    CHECK(is_good == time_us.has_value());
    return time_us;
  };
  constexpr int64_t kNoon = 1'171'108'800'000'000;
  CHECK(time("2007-02-10 12:00:00") == kNoon);
  CHECK(time("2007-02-10 12:00:00.25") == kNoon + 250'000);
  CHECK(time("2007-02-10 12:00:00+00") == kNoon);
  CHECK(time("2007-02-10 10:00:00-02") == kNoon);
  CHECK(time("2007-02-10 17:30:00+05:30") == kNoon);
  CHECK(time("2007-02-10 12:00:00 UTC") == kNoon);
  CHECK(time("2007-02-10T12:00:00Z") == kNoon);
  for (const char* bad : {"2007-02-10", "12:00:00", "2007-02-30 12:00:00", "2007-02-10 12:00", "now", "2007-02-10-02",
                          "2007-02-10 12:00:00+0", "0", "0000-12-31 23:59:59", "9999-12-31 23:00:00-02"}) {
    INFO(bad);
    CHECK_FALSE(time(bad).has_value());
  }
  CHECK(time("0001-01-01 00:00:00").has_value());
  CHECK(time("9999-12-31 23:59:59.999999").has_value());
  std::optional<int64_t> none;
  CHECK_FALSE(SetUtcTime({}, &none).has_value());
  CHECK_FALSE(none.has_value());
}

}  // namespace
}  // namespace millrace
