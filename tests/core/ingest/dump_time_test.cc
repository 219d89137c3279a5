// Goal: times of dumps become the right microseconds, and nothing else becomes a time.
// Method: known instants (computed with another program), and texts that are nearly right.
#include "core/ingest/dump_time.h"

#include "tests/support/catch.h"

namespace millrace {
namespace {

TEST_CASE("ParseDumpTime reads the forms of the dumps") {
  CHECK(ParseDumpTime("1970-01-01 00:00:00 UTC") == 0);
  CHECK(ParseDumpTime("2016-06-05 06:06:06 UTC") == 1465106766000000);
  CHECK(ParseDumpTime("2016-06-05 06:06:06.12345 UTC") == 1465106766123450);
  CHECK(ParseDumpTime("2016-06-05T06:06:06.123456Z") == 1465106766123456);
  CHECK(ParseDumpTime("2016-06-05T15:06:06.5+09:00") == 1465106766500000);
  CHECK(ParseDumpTime("2016-06-05T02:06:06-04:00") == 1465106766000000);
  CHECK(ParseDumpTime("2020-02-29 23:59:59 UTC") == 1583020799000000);
  CHECK(ParseDumpTime("1969-12-31 23:59:59.5 UTC") == -500000);
}

TEST_CASE("ParseDumpTime cuts what is finer than a microsecond") {
  CHECK(ParseDumpTime("2016-06-05 06:06:06.123456789 UTC") == 1465106766123456);
}

TEST_CASE("ParseDumpTime refuses everything else") {
  for (const char* text : {"",
                           "0",
                           "now",
                           "2016-06-05",
                           "2016-06-05 06:06:06",
                           "2016-06-05 06:06 UTC",
                           "2016-13-05 06:06:06 UTC",
                           "2016-00-05 06:06:06 UTC",
                           "2019-02-29 06:06:06 UTC",
                           "2016-06-31 06:06:06 UTC",
                           "2016-06-05 24:00:00 UTC",
                           "2016-06-05 06:60:06 UTC",
                           "2016-06-05 06:06:60 UTC",
                           "2016-06-05 06:06:06. UTC",
                           "2016-06-05 06:06:06 CET",
                           "2016-06-05 06:06:06 UTC ",
                           " 2016-06-05 06:06:06 UTC",
                           "16-06-05 06:06:06 UTC",
                           "2016-06-05 06:06:06+9:00",
                           "2016-06-05 06:06:06+09:00:00",
                           "2016-06-05 6:06:06 UTC",
                           "-016-06-05 06:06:06 UTC",
                           "1465106766"}) {
    INFO(text);
    CHECK_FALSE(ParseDumpTime(text).has_value());
  }
}

TEST_CASE("times of Ruby's text form, and nothing else") {
  CHECK(ParseRubyTime("Sat Sep 26 03:51:09 -0500 2026") == 1790412669000000);
  CHECK(ParseRubyTime("Thu Jan 01 00:00:00 +0000 1970") == 0);
  CHECK(ParseRubyTime("Thu Jan 01 01:30:00 +0130 1970") == 0);
  for (const char* wrong :
       {"", "Sat", "Sat Sep 26 03:51:09 2026", "Sat Sep 26 03:51:09 UTC 2026", "Sat Foo 26 03:51:09 -0500 2026",
        "Foo Sep 26 03:51:09 -0500 2026", "Sat Sep 31 03:51:09 -0500 2026", "Sat Sep 26 24:51:09 -0500 2026",
        "Sat Sep 26 03:51:09 -0560 2026", "Sat Sep 26 03:51:09 -05:00 2026", "Sat Sep 26 03:51:09 -0500 2026 ",
        "Sat Sep 6 03:51:09 -0500 2026", "2026-09-26 03:51:09 UTC"}) {
    INFO(wrong);
    CHECK_FALSE(ParseRubyTime(wrong).has_value());
  }
}

}  // namespace
}  // namespace millrace
