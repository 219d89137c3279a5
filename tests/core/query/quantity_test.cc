// Goal: written quantities become the whole numbers that docs/query-language.md says.
// Method: every syntax by hand, with its limits and what is almost one.
#include "core/query/quantity.h"

#include "tests/support/catch.h"

namespace millrace {
namespace {

constexpr int64_t kSecond = 1'000'000;
constexpr int64_t kDay = 86'400 * kSecond;

void Check(ValueSyntax syntax, const std::string& text, Interval span, Interval alone) {
  CAPTURE(text);
  const auto quantity = ParseQuantity(syntax, text);
  REQUIRE(quantity.has_value());
  CHECK(quantity->span.first == span.first);
  CHECK(quantity->span.last == span.last);
  CHECK(quantity->alone.first == alone.first);
  CHECK(quantity->alone.last == alone.last);
}

void CheckExact(ValueSyntax syntax, const std::string& text, int64_t number) {
  Check(syntax, text, {number, number}, {number, number});
}

void CheckRefused(ValueSyntax syntax, std::vector<std::string> texts) {
  for (const std::string& text : texts) {
    CAPTURE(text);
    CHECK(!ParseQuantity(syntax, text).has_value());
  }
}

TEST_CASE("whole numbers are numbers of 64 bits") {
  CheckExact(ValueSyntax::kInteger, "007", 7);
  CheckExact(ValueSyntax::kInteger, "-9223372036854775808", INT64_MIN);
  CheckRefused(ValueSyntax::kInteger, {"", "-", "+1", "1.0", "1k", "9223372036854775808", " 1"});
}

TEST_CASE("decimals are counted in millionths, and alone stand for what is near") {
  Check(ValueSyntax::kDecimal, "2", {2'000'000, 2'000'000}, {1'900'000, 2'100'000});
  Check(ValueSyntax::kDecimal, "0.5", {500'000, 500'000}, {475'000, 525'000});
  // 0.95 of 3 is more than 2, 1.05 of it less than 4.
  Check(ValueSyntax::kDecimal, "0.000003", {3, 3}, {3, 3});
  Check(ValueSyntax::kDecimal, "0", {0, 0}, {0, 0});
  CheckRefused(ValueSyntax::kDecimal,
               {"", ".5", "1.", "1.1234567", "-1", "1e3", "9999999999999999999", "1..2", "10000000000000"});
}

TEST_CASE("sizes are bytes, or powers of 1,024 with what is near") {
  CheckExact(ValueSyntax::kSize, "1000", 1000);
  CheckExact(ValueSyntax::kSize, "1000b", 1000);
  Check(ValueSyntax::kSize, "1k", {1024, 1024}, {973, 1075});
  Check(ValueSyntax::kSize, "1.5MB", {1'572'864, 1'572'864}, {1'494'221, 1'651'507});
  Check(ValueSyntax::kSize, "0.001k", {1, 1}, {1, 1});
  Check(ValueSyntax::kSize, "2G", {int64_t{2} << 30, int64_t{2} << 30}, {2'040'109'466, 2'254'857'830});
  CheckRefused(ValueSyntax::kSize, {"", "k", "b", "1t", "1kk", "1.5", "1.k", "-1k", "9999999999g", "1 k"});
}

TEST_CASE("ratios are hundredths, rounded half up") {
  CheckExact(ValueSyntax::kRatio, "16:9", 178);
  CheckExact(ValueSyntax::kRatio, "16/9", 178);
  CheckExact(ValueSyntax::kRatio, "2:3", 67);
  CheckExact(ValueSyntax::kRatio, "1:8", 13);
  CheckExact(ValueSyntax::kRatio, "1.5", 150);
  CheckExact(ValueSyntax::kRatio, "1", 100);
  CheckExact(ValueSyntax::kRatio, "0:1", 0);
  CheckExact(ValueSyntax::kRatio, "12345678901234.5", 1'234'567'890'123'450);
  CHECK(RatioOf(1366, 768) == 178);
  CHECK(RatioOf(INT32_MAX, 1) == 100 * int64_t{INT32_MAX});
  CheckRefused(ValueSyntax::kRatio,
               {"", "1:0", ":", "1:", ":1", "1.789", "a:b", "1:2:3", "-1:2", "1234567890:1", "100000000000000000"});
}

TEST_CASE("dates are spans of time, in UTC") {
  const auto check = [](const std::string& text, int64_t first_day, int64_t end_day) {
    const Interval span{first_day * kDay, end_day * kDay - 1};
    Check(ValueSyntax::kDate, text, span, span);
  };
  check("1970-01-01", 0, 1);
  check("1970", 0, 365);
  check("1970-02", 31, 59);
  check("1969-12-31", -1, 0);
  check("2000-02", 10'988, 11'017);
  check("2000-02-29", 11'016, 11'017);
  check("2021-06-30", 18'808, 18'809);
  check("0001", -719'162, -718'797);
  check("9999-12-31", 2'932'896, 2'932'897);
  CheckRefused(ValueSyntax::kDate,
               {"", "0000", "21", "2021-13", "2021-00", "2021-1", "2021-02-29", "1900-02-29", "2021/01", "2021-06-31",
                "2021-06-00", "today", "20210630", "2021-06-30T", "-2021"});
}

TEST_CASE("ages are lengths of time") {
  const auto check = [](const std::string& text, int64_t seconds, int64_t unit_seconds) {
    const int64_t first = seconds * kSecond;
    Check(ValueSyntax::kAge, text, {first, first}, {first, first + unit_seconds * kSecond - 1});
  };
  check("1s", 1, 1);
  check("3mi", 180, 60);
  check("2h", 7200, 3600);
  check("1d", 86'400, 86'400);
  check("2w", 1'209'600, 604'800);
  check("1mo", 2'592'000, 2'592'000);
  check("0y", 0, 31'536'000);
  // As Danbooru takes them, too.
  check("1second", 1, 1);
  check("90minutes", 5400, 60);
  check("1hour", 3600, 3600);
  check("2days", 172'800, 86'400);
  check("2weeks", 1'209'600, 604'800);
  check("1month", 2'592'000, 2'592'000);
  check("3years", 94'608'000, 31'536'000);
  CheckRefused(ValueSyntax::kAge, {"", "1", "d", "-1d", "1.5d", "1 d", "1m", "1D", "1dd", "1ds", "2ws", "1days2",
                                   "1weekss", "1s s", "9223372036854775807s", "99999999999999999999d"});
}

}  // namespace
}  // namespace millrace
