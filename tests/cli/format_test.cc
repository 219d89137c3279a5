// What people read must not mislead: numbers, sizes, times and names at and around the points where their form
// changes. Pure functions, so every case is a literal.
#include "clients/cli/format.h"

#include <limits>

#include "tests/support/catch.h"

namespace millrace::cli {
namespace {

TEST_CASE("thousands are separated, and signs stay in front") {
  CHECK(WithThousands(0) == "0");
  CHECK(WithThousands(999) == "999");
  CHECK(WithThousands(1000) == "1,000");
  CHECK(WithThousands(1234567) == "1,234,567");
  CHECK(WithThousands(-123456) == "-123,456");
  CHECK(WithThousands(std::numeric_limits<int64_t>::min()) == "-9,223,372,036,854,775,808");
}

TEST_CASE("sizes change their unit before they would show as 1024.0") {
  CHECK(HumanBytes(0) == "0 B");
  CHECK(HumanBytes(1023) == "1023 B");
  CHECK(HumanBytes(1024) == "1.0 KiB");
  CHECK(HumanBytes(1536) == "1.5 KiB");
  CHECK(HumanBytes((1 << 20) - 1) == "1.0 MiB");
  CHECK(HumanBytes(int64_t{20} << 30) == "20.0 GiB");
  CHECK(HumanBytes(std::numeric_limits<int64_t>::max()) == "8.0 EiB");
}

TEST_CASE("rates that cannot be measured show as a dash") {
  CHECK(HumanRate(0) == "-");
  CHECK(HumanRate(std::numeric_limits<double>::infinity()) == "-");
  CHECK(HumanRate(std::numeric_limits<double>::quiet_NaN()) == "-");
  CHECK(HumanRate(2.54) == "2.5/s");
  CHECK(HumanRate(31200.4) == "31,200/s");
  CHECK(HumanByteRate(12'340'000) == "12.3 MB/s");
  CHECK(HumanByteRate(std::numeric_limits<double>::infinity()) == "-");
}

TEST_CASE("durations are told in the unit that fits") {
  CHECK(HumanDuration(absl::Milliseconds(-5)) == "0 ms");
  CHECK(HumanDuration(absl::Milliseconds(850)) == "850 ms");
  CHECK(HumanDuration(absl::Microseconds(999'900)) == "1.0 s");
  CHECK(HumanDuration(absl::Milliseconds(12'340)) == "12.3 s");
  CHECK(HumanDuration(absl::Milliseconds(59'960)) == "1 min 00 s");
  CHECK(HumanDuration(absl::Seconds(125)) == "2 min 05 s");
  CHECK(HumanDuration(absl::Seconds(3600 + 7 * 60 + 9)) == "1 h 07 min");
  CHECK(HumanDuration(absl::InfiniteDuration()) == "for ever");
}

TEST_CASE("a share of nothing is a dash") {
  CHECK(Percent(0, 0) == "-");
  CHECK(Percent(1, 3) == "33.3 %");
  CHECK(Percent(5, 5) == "100.0 %");
}

TEST_CASE("times are UTC, also before 1970") {
  google::protobuf::Timestamp time;
  CHECK(HumanTime(time) == "1970-01-01 00:00:00Z");
  time.set_seconds(-1);
  CHECK(HumanTime(time) == "1969-12-31 23:59:59Z");
  time.set_seconds(1'117'640'452);
  CHECK(HumanTime(time) == "2005-06-01 15:40:52Z");
}

TEST_CASE("digests are shortened unless asked in full, and short ones stay whole") {
  const std::string digest(64, 'a');
  CHECK(ShortDigest(digest, false) == std::string(12, 'a'));
  CHECK(ShortDigest(digest, true) == digest);
  CHECK(ShortDigest("abc", false) == "abc");
}

TEST_CASE("enum values are shown by their words") {
  CHECK(RatingText(v1::RATING_SAFE) == "safe");
  CHECK(RatingText(v1::RATING_UNSPECIFIED) == "-");
  CHECK(RatingText(static_cast<v1::Rating>(99)) == "-");  // of a newer server
  CHECK(CategoryText(v1::TAG_CATEGORY_COPYRIGHT) == "copyright");
  CHECK(OrderText(v1::ORDER_KIND_FIXED) == "fixed");
  CHECK(LastBatchText(v1::LAST_BATCH_PAD) == "pad");
  CHECK(StateText(v1::IMPORT_STATE_COMMITTED) == "committed");
  CHECK(SourceFormatText(v1::SOURCE_FORMAT_DANBOORU_META_SQLITE) == "danbooru-meta-sqlite");
}

}  // namespace
}  // namespace millrace::cli
