// The bar fits its line, never claims more than is done, and comes and goes without leaving marks. The clock is
// set by hand.
#include "clients/cli/progress.h"

#include <sstream>

#include "tests/support/catch.h"

namespace millrace::cli {
namespace {

Terminal TerminalOfWidth(int width_columns) {
  Terminal terminal;
  terminal.is_terminal = true;
  terminal.width_columns = width_columns;
  return terminal;
}

TEST_CASE("a bar shows label, bar, percent and facts") {
  const ProgressView view{"importing", 0.5, {"10 posts", "5/s"}};
  CHECK(RenderProgress(view, 0) == "importing  [===============>              ]   50 %  10 posts  5/s");
}

TEST_CASE("100 % is only for what is done") {
  CHECK(RenderProgress({"x", 0.9999, {}}, 0).find(" 99 %") != std::string::npos);
  CHECK(RenderProgress({"x", 1.0, {}}, 0) == "x  [==============================]  100 %");
  CHECK(RenderProgress({"x", 1.5, {}}, 0) == RenderProgress({"x", 1.0, {}}, 0));
}

TEST_CASE("whatever the width, the line fits, and the least important goes first") {
  const ProgressView view{"importing", 0.25, {"1,000 posts", "31,200/s", "1.0 GiB of 4.0 GiB", "3 min 00 s left"}};
  for (int width = 1; width <= 120; ++width) CHECK(DisplayWidth(RenderProgress(view, width)) <= width);
  const std::string narrow = RenderProgress(view, 32);
  CHECK(narrow.find("1,000 posts") != std::string::npos);
  CHECK(narrow.find("left") == std::string::npos);
  CHECK(RenderProgress(view, 79).find("importing  [====>") == 0);  // the bar goes before the last fact
}

TEST_CASE("without a known whole there is no bar") {
  CHECK(RenderProgress({"importing", std::nullopt, {"7 posts"}}, 80) == "importing  7 posts");
}

TEST_CASE("what is left follows from the speed so far") {
  CHECK(EstimateRemaining(0.25, absl::Seconds(10)) == absl::Seconds(30));
  CHECK(EstimateRemaining(1.0, absl::Seconds(10)) == absl::ZeroDuration());
  CHECK_FALSE(EstimateRemaining(0, absl::Seconds(10)).has_value());
  CHECK_FALSE(EstimateRemaining(0.5, absl::ZeroDuration()).has_value());
}

TEST_CASE("progress shows on terminals unless told not to, elsewhere only when told to") {
  CHECK(ChooseProgressMode(TerminalOfWidth(80), std::nullopt) == ProgressMode::kBar);
  CHECK(ChooseProgressMode(TerminalOfWidth(80), false) == ProgressMode::kNone);
  CHECK(ChooseProgressMode(Terminal{}, std::nullopt) == ProgressMode::kNone);
  CHECK(ChooseProgressMode(Terminal{}, true) == ProgressMode::kLines);
}

TEST_CASE("a bar is redrawn ten times a second at most, and clears its line at the end") {
  absl::Time now = absl::UnixEpoch();
  std::ostringstream out;
  {
    ProgressMeter meter(out, TerminalOfWidth(40), ProgressMode::kBar, [&] { return now; });
    meter.Update({"a", std::nullopt, {}});
    CHECK(out.str() == "\ra\x1b[K");
    now += absl::Milliseconds(50);
    meter.Update({"b", std::nullopt, {}});
    CHECK(out.str() == "\ra\x1b[K");
    now += absl::Milliseconds(50);
    meter.Update({"c", std::nullopt, {}});
    CHECK(out.str() == "\ra\x1b[K\rc\x1b[K");
    meter.Clear();
    meter.Update({"d", std::nullopt, {}});
    CHECK(out.str() == "\ra\x1b[K\rc\x1b[K\r\x1b[K\rd\x1b[K");
  }
  CHECK(out.str() == "\ra\x1b[K\rc\x1b[K\r\x1b[K\rd\x1b[K\r\x1b[K");
}

TEST_CASE("lines come every five seconds and hold no escape sequences") {
  absl::Time now = absl::UnixEpoch();
  std::ostringstream out;
  ProgressMeter meter(out, Terminal{}, ProgressMode::kLines, [&] { return now; });
  meter.Update({"a", 0.1, {}});
  CHECK(out.str().empty());
  now += absl::Seconds(5);
  meter.Update({"a", 0.42, {"7 posts"}});
  now += absl::Seconds(4);
  meter.Update({"a", 0.9, {}});
  CHECK(out.str() == "a  42 %  7 posts\n");
}

}  // namespace
}  // namespace millrace::cli
