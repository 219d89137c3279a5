// How many posts a second are read from e621's CSV export, without a catalog behind. Hidden: run with "[.measure]",
// alone on the machine. Made records of the export's shape: 46 tags and 1.1 kB each, every fourth with a description of
// several lines.
#include <chrono>
#include <iostream>

#include "absl/strings/str_cat.h"
#include "core/ingest/e621_csv.h"
#include "tests/core/ingest/support.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

class CountingSink : public CollectingSink {
 public:
  absl::Status OnPost(const Post&, absl::Span<const ImportedTag> post_tags, int64_t, int64_t) override {
    ++post_count;
    tag_count += static_cast<int64_t>(post_tags.size());
    return absl::OkStatus();
  }
  int64_t post_count = 0, tag_count = 0;
};

std::string MakeExport(int post_count) {
  std::string text =
      "id,uploader_id,created_at,md5,source,rating,image_width,image_height,tag_string,locked_tags,fav_count,file_ext,"
      "parent_id,change_seq,approver_id,file_size,comment_count,description,duration,updated_at,is_deleted,is_pending,"
      "is_flagged,score,up_score,down_score,is_rating_locked,is_status_locked,is_note_locked\n";
  for (int id = 1; id <= post_count; ++id) {
    std::string tags;
    for (int i = 0; i < 46; ++i)
      absl::StrAppend(&tags, i == 0 ? "" : " ", "some_tag_name_", (id * 31 + i * 977) % 9999);
    absl::StrAppend(&text, id, ",12345,2007-02-10 14:21:37.123456,0123456789abcdef0123456789abcdef,",
                    "\"https://example.org/one/", id, "\nhttps://example.org/two/", id, "\",s,1200,1600,", tags,
                    ",,102,jpg,,", 3000000 + id, ",42,123456,7,");
    if (id % 4 == 0) absl::StrAppend(&text, "\"A \"\"description\"\" of\nseveral lines, with [b]marks[/b].\"");
    absl::StrAppend(&text, ",,2020-05-17 10:11:12,f,f,f,40,45,-5,f,f,f\n");
  }
  return text;
}

TEST_CASE("posts read from CSV in a second", "[.measure]") {
  constexpr int kPostCount = 200'000;
  const std::string text = MakeExport(kPostCount);
  for (int round = 0; round < 3; ++round) {
    CountingSink sink;
    E621CsvReader reader(&sink, 16 << 20);
    const auto begin = std::chrono::steady_clock::now();
    REQUIRE(reader.BeginFile("posts.csv").ok());
    for (size_t i = 0; i < text.size(); i += 256 << 10) {
      REQUIRE(reader.Write(std::string_view(text).substr(i, 256 << 10)).ok());
    }
    REQUIRE(reader.EndFile().ok());
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    CHECK(sink.post_count == kPostCount);
    CHECK(sink.tag_count == 46 * kPostCount);
    std::cout << static_cast<int64_t>(kPostCount / seconds) << " posts/s, "
              << static_cast<int64_t>(static_cast<double>(text.size()) / seconds / 1e6) << " MB/s\n";
  }
}

}  // namespace
}  // namespace millrace
