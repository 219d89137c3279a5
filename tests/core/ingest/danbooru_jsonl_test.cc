// Goal: dumps of JSON lines are read whole, line by line, and no bytes whatever make the reader crash or fall silent.
// Method: real records against counts of another program; 20,000 random mutations of real records.
#include "core/ingest/danbooru_jsonl.h"

#include <algorithm>
#include <random>
#include <set>
#include <string>

#include "core/base/text.h"
#include "tests/core/ingest/support.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

constexpr int64_t kLineSizeBytesMax = 1 << 20;

CollectingSink Read(std::string_view text, size_t piece_bytes = 1 << 16) {
  CollectingSink sink;
  DanbooruJsonlReader reader(&sink, kLineSizeBytesMax);
  REQUIRE(reader.BeginFile("dump.jsonl").ok());
  for (size_t i = 0; i < text.size(); i += piece_bytes) REQUIRE(reader.Write(text.substr(i, piece_bytes)).ok());
  REQUIRE(reader.EndFile().ok());
  return sink;
}

std::string OpenClipart() { return ReadWholeFile(std::string(MILLRACE_TEST_DATA) + "/openclipart.jsonl"); }

TEST_CASE("a real dump is read whole, however it is cut") {
  const std::string text = OpenClipart();
  for (const size_t piece_bytes : {text.size(), size_t{4096}, size_t{61}}) {
    const CollectingSink sink = Read(text, piece_bytes);
    CHECK(sink.rejected.empty());
    REQUIRE(sink.posts.size() == 200);
    int64_t id_sum = 0, tag_use_count = 0, tag_id_sum = 0, file_size_bytes = 0, width_sum = 0;
    std::set<int64_t> tag_ids, artists;
    for (const auto& [post, tags, line, duplicate_tag_count] : sink.posts) {
      id_sum += post.id;
      file_size_bytes += post.file_size_bytes.value();
      width_sum += post.width_px.value();
      tag_use_count += static_cast<int64_t>(tags.size());
      CHECK(post.rating == Rating::kSafe);
      CHECK(post.md5.has_value());
      CHECK_FALSE(post.created_at_us.has_value());
      CHECK(duplicate_tag_count == 0);
      for (const Tag& tag : tags) {
        tag_ids.insert(tag.id);
        tag_id_sum += tag.id;
        if (tag.category == TagCategory::kArtist) artists.insert(tag.id);
      }
    }
    // Counted with Python's json module.
    CHECK(id_sum == 656900);
    CHECK(file_size_bytes == 3670068);
    CHECK(width_sum == 65016);
    CHECK(tag_use_count == 1567);
    CHECK(tag_id_sum == 770284);
    CHECK(tag_ids.size() == 314);
    CHECK(artists.size() == 53);
    CHECK(sink.posts.front().line == 1);
    CHECK(sink.posts.back().line == 200);
  }
}

TEST_CASE("blank lines, CRLF, a byte order mark and a missing last line end are no faults") {
  const CollectingSink sink = Read("\xEF\xBB\xBF{\"id\":\"1\"}\r\n\r\n  \t \n{\"id\":\"2\"}\n\n{\"id\":\"3\"}");
  CHECK(sink.rejected.empty());
  REQUIRE(sink.posts.size() == 3);
  CHECK(sink.posts[0].line == 1);
  CHECK(sink.posts[1].line == 4);
  CHECK(sink.posts[2].line == 6);
  CHECK(Read("").posts.empty());
}

TEST_CASE("a bad line is rejected by itself and the next one is read") {
  const CollectingSink sink = Read("{\"id\":\"1\"}\n{\"id\":\"2\",\"md5\":\"x\"}\n{\"id\":\"3\n{\"id\":\"4\"}\n");
  REQUIRE(sink.posts.size() == 2);
  CHECK(sink.posts[1].post.id == 4);
  REQUIRE(sink.rejected.size() == 2);
  CHECK(sink.rejected[0].line == 2);
  CHECK(sink.rejected[0].field == "md5");
  CHECK(sink.rejected[0].post_id == 2);
  CHECK(sink.rejected[1].line == 3);
  CHECK(sink.rejected[1].reason.find("within a string") != std::string::npos);
}

TEST_CASE("times that timestamps cannot hold are rejected by line and field") {
  // The last two lie beyond the years 1 to 9999 by their zones alone.
  const CollectingSink sink =
      Read(R"({"id":"1","created_at":"0001-01-01 00:00:00 UTC","updated_at":"9999-12-31T23:59:59.999999999Z"}
{"id":"2","created_at":"0000-12-31 23:59:59.999999 UTC"}
{"id":"3","updated_at":"9999-12-31T23:59:59.000-05:00"}
{"id":"4","last_noted_at":"0001-01-01T00:00:00.000+05:00"}
)");
  REQUIRE(sink.posts.size() == 1);
  CHECK(sink.posts[0].post.created_at_us == int64_t{-62'135'596'800} * 1'000'000);
  CHECK(sink.posts[0].post.updated_at_us == int64_t{253'402'300'800} * 1'000'000 - 1);
  REQUIRE(sink.rejected.size() == 3);
  const std::string fields[] = {"created_at", "updated_at", "last_noted_at"};
  for (size_t i = 0; i < 3; ++i) {
    CHECK(sink.rejected[i].line == static_cast<int64_t>(i) + 2);
    CHECK(sink.rejected[i].field == fields[i]);
    CHECK(sink.rejected[i].reason.find("years 1 to 9999") != std::string::npos);
  }
}

TEST_CASE("a line that is too long is rejected once and the next one is read") {
  const CollectingSink sink =
      Read("{\"id\":\"1\"}\n{\"id\":\"2\",\"source\":\"" + std::string(3 << 20, 'x') + "\"}\n{\"id\":\"3\"}\n");
  CHECK(sink.posts.size() == 2);
  REQUIRE(sink.rejected.size() == 1);
  CHECK(sink.rejected[0].line == 2);
  CHECK(sink.rejected[0].reason.find("is longer than 1048576 bytes") == 0);
}

TEST_CASE("the reader stops when the import is cancelled") {
  CollectingSink sink;
  DanbooruJsonlReader reader(&sink, kLineSizeBytesMax);
  REQUIRE(reader.BeginFile("dump.jsonl").ok());
  sink.cancelled = true;
  CHECK(ReasonOf(reader.Write("{\"id\":\"1\"}\n")) == Reason::kCancelled);
  CHECK(sink.posts.empty());
}

// One random change: bytes flipped, dropped, doubled, swapped in from elsewhere, or the line cut.
void Mutate(std::string* line, const std::string& other, std::mt19937_64* random) {
  const auto below = [&](size_t size) { return size == 0 ? 0 : static_cast<size_t>((*random)() % size); };
  constexpr std::string_view kTokens[] = {
      "{",    "}",    "[", "]", ",",     ":",       "\"",      "\\",
      "null", "true", "-", "0", "1e999", "\\u0000", "\\ud800", "99999999999999999999",
      "\xFF", "\xC3", " "};
  const size_t at = below(line->size());
  switch (below(6)) {
    case 0:
      line->at(at) = static_cast<char>((*random)());
      break;
    case 1:
      line->erase(at, 1 + below(40));
      break;
    case 2:
      line->insert(at, line->substr(below(line->size()), 1 + below(40)));
      break;
    case 3:
      line->insert(at, kTokens[below(std::size(kTokens))]);
      break;
    case 4:
      line->replace(at, 1 + below(10), other.substr(below(other.size()), 1 + below(60)));
      break;
    case 5:
      line->resize(std::max<size_t>(1, at));
      break;
  }
}

TEST_CASE("mutated records are taken or rejected with a reason, never anything else") {
  const std::string text = OpenClipart();
  std::vector<std::string> lines;
  for (size_t begin = 0; begin < text.size(); begin = text.find('\n', begin) + 1) {
    lines.push_back(text.substr(begin, text.find('\n', begin) - begin));
  }
  lines.push_back(
      R"({"id":"1","x":{"a":[1,2,{"b":null}]},"pools":["1","series"],"favs":["1","2"],"source":"\u00e4\\\""})");
  std::mt19937_64 random(20240229);
  int64_t taken_count = 0, rejected_count = 0;
  for (int i = 0; i < 20000; ++i) {
    std::string line = lines[random() % lines.size()];
    for (uint64_t count = 1 + random() % 3; count > 0 && !line.empty(); --count) {
      Mutate(&line, lines[random() % lines.size()], &random);
    }
    // A mutation may put line ends in; each part is a record of its own or blank.
    const CollectingSink sink = Read(line + "\n", 1 + random() % 4096);
    for (const CollectingSink::Taken& taken : sink.posts) {
      REQUIRE(taken.post.id > 0);
      REQUIRE(IsValidUtf8(taken.post.source));
      REQUIRE(IsValidUtf8(taken.post.extra_json));
      REQUIRE(std::is_sorted(taken.post.tag_ids.begin(), taken.post.tag_ids.end()));
    }
    for (const RejectedRecord& rejected : sink.rejected) {
      REQUIRE_FALSE(rejected.reason.empty());
      REQUIRE(IsValidUtf8(rejected.reason));
      REQUIRE(IsValidUtf8(rejected.field));
    }
    taken_count += static_cast<int64_t>(sink.posts.size());
    rejected_count += static_cast<int64_t>(sink.rejected.size());
  }
  // Both outcomes occur, so the mutations are neither too weak nor too strong.
  CHECK(taken_count > 1000);
  CHECK(rejected_count > 5000);
}

}  // namespace
}  // namespace millrace
