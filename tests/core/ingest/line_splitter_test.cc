// Goal: the lines do not depend on how the bytes are cut, memory does not depend on the lines' length, and what lies
// behind a line may be read.
// Method: the same text in pieces of every size; lines of 100 MiB that are made as they are written.
#include "core/ingest/line_splitter.h"

#include <string>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

constexpr size_t kPaddingBytes = 64;

struct Seen {
  std::vector<std::pair<int64_t, std::string>> lines;
  std::vector<int64_t> long_lines;
  size_t blank_padding_count = 0;
};

LineSplitter::Handler Remember(Seen* seen) {
  LineSplitter::Handler handler;
  handler.line = [seen](std::string_view line, int64_t number) {
    seen->lines.emplace_back(number, std::string(line));
    if (line.data() != nullptr) {
      // Under AddressSanitizer this also shows that the padding is there.
      const std::string padding(line.data() + line.size(), kPaddingBytes);
      if (padding[0] == ' ' || padding[0] == '\n' || padding[0] == '\r') ++seen->blank_padding_count;
    }
    return absl::OkStatus();
  };
  handler.long_line = [seen](int64_t number) {
    seen->long_lines.push_back(number);
    return absl::OkStatus();
  };
  return handler;
}

Seen Split(std::string_view text, size_t piece_bytes, int64_t line_size_bytes_max = 1 << 20) {
  Seen seen;
  LineSplitter splitter({line_size_bytes_max, kPaddingBytes}, Remember(&seen));
  for (size_t i = 0; i < text.size(); i += piece_bytes) {
    // A copy of exactly its size, so that reading behind it is an error that tools see.
    const std::vector<char> piece(text.begin() + static_cast<std::ptrdiff_t>(i),
                                  text.begin() + static_cast<std::ptrdiff_t>(std::min(i + piece_bytes, text.size())));
    REQUIRE(splitter.Write({piece.data(), piece.size()}).ok());
  }
  REQUIRE(splitter.End().ok());
  return seen;
}

TEST_CASE("lines are the same however the bytes are cut") {
  const std::string text =
      "\xEF\xBB\xBF"
      "first\n\nthird with \xC3\xA4\r\n" +
      std::string(300, 'x') + "\n\r\nlast without end";
  const std::vector<std::pair<int64_t, std::string>> expected = {
      {1, "first"}, {2, ""}, {3, "third with \xC3\xA4"}, {4, std::string(300, 'x')}, {5, ""}, {6, "last without end"}};
  for (size_t piece_bytes = 1; piece_bytes <= text.size(); ++piece_bytes) {
    INFO(piece_bytes);
    const Seen seen = Split(text, piece_bytes);
    CHECK(seen.lines == expected);
    CHECK(seen.blank_padding_count == expected.size());
    CHECK(seen.long_lines.empty());
  }
}

TEST_CASE("a last line with its end gives no empty line behind it") {
  CHECK(Split("a\nb\n", 3).lines.size() == 2);
  CHECK(Split("", 3).lines.empty());
  CHECK(Split("\n", 3).lines.size() == 1);
}

TEST_CASE("a byte order mark is one only at the file's start") {
  const Seen seen = Split(
      "a\n\xEF\xBB\xBF"
      "b\n",
      100);
  CHECK(seen.lines[1].second ==
        "\xEF\xBB\xBF"
        "b");
}

TEST_CASE("a line that is too long is told once and the next is read") {
  const std::string text =
      "ok\n" + std::string(101, 'x') + "\nnext\n" + std::string(100, 'y') + "\n" + std::string(500, 'z');
  for (size_t piece_bytes = 1; piece_bytes <= text.size(); piece_bytes += 7) {
    const Seen seen = Split(text, piece_bytes, 100);
    CHECK(seen.lines ==
          std::vector<std::pair<int64_t, std::string>>{{1, "ok"}, {3, "next"}, {4, std::string(100, 'y')}});
    CHECK(seen.long_lines == std::vector<int64_t>{2, 5});
  }
}

TEST_CASE("a line of 100 MiB is dropped as it comes") {
  Seen seen;
  LineSplitter splitter({1 << 20, kPaddingBytes}, Remember(&seen));
  const std::string piece(1 << 20, 'x');
  for (int i = 0; i < 100; ++i) REQUIRE(splitter.Write(piece).ok());
  REQUIRE(splitter.Write("\nnext\n").ok());
  REQUIRE(splitter.End().ok());
  CHECK(seen.long_lines == std::vector<int64_t>{1});
  CHECK(seen.lines == std::vector<std::pair<int64_t, std::string>>{{2, "next"}});
}

TEST_CASE("after Restart nothing of the file before is left") {
  Seen seen;
  LineSplitter splitter({100, kPaddingBytes}, Remember(&seen));
  REQUIRE(splitter.Write("one\nhalf a li").ok());
  splitter.Restart();
  REQUIRE(splitter.Write("new\n").ok());
  REQUIRE(splitter.End().ok());
  CHECK(seen.lines == std::vector<std::pair<int64_t, std::string>>{{1, "one"}, {1, "new"}});
}

TEST_CASE("an error of the handler stops the splitting") {
  int count = 0;
  LineSplitter::Handler handler;
  handler.line = [&](std::string_view, int64_t) {
    ++count;
    return MakeError(Reason::kCancelled, "enough");
  };
  LineSplitter splitter({100, 0}, std::move(handler));
  CHECK(ReasonOf(splitter.Write("a\nb\nc\n")) == Reason::kCancelled);
  CHECK(count == 1);
}

}  // namespace
}  // namespace millrace
