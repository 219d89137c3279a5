#include "tests/core/snapshot/support.h"

#include <stdlib.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>

#include "tests/support/catch.h"

namespace millrace::testing {

TempFolder::TempFolder() {
  std::string path = (std::filesystem::temp_directory_path() / "millrace-test.XXXXXX").string();
  REQUIRE(mkdtemp(path.data()) != nullptr);
  path_ = path;
}

TempFolder::~TempFolder() { std::filesystem::remove_all(path_); }

size_t TempFolder::entry_count() const {
  return static_cast<size_t>(std::distance(std::filesystem::directory_iterator(path_), {}));
}

Post FullPost(int64_t id, std::vector<int64_t> tag_ids) {
  Post post;
  post.id = id;
  post.md5 = Md5{0xde, 0xad, 0xbe, 0xef, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, static_cast<uint8_t>(id)};
  post.rating = Rating::kQuestionable;
  post.width_px = 1920;
  post.height_px = 1080;
  post.file_ext = "jpg";
  post.file_size_bytes = 5'000'000'000;
  post.source = "https://example.org/\xC3\xA9/1?a=b";
  post.pixiv_id = 77;
  post.parent_id = 3;
  post.uploader_id = 4;
  post.approver_id = 5;
  post.score = -6;
  post.up_score = 7;
  post.down_score = -13;
  post.created_at_us = 1'500'000'000'000'001;
  post.updated_at_us = -1;
  post.last_commented_at_us = 0;
  post.last_noted_at_us = INT64_MAX;
  post.flags.Set(PostFlag::kDeleted, true);
  post.flags.Set(PostFlag::kBanned, false);
  post.tag_ids = std::move(tag_ids);
  post.pools = {{10152, "series"}, {4162, "collection"}, {7, ""}, {8, "series"}};
  post.favorite_user_ids = {9, 2, 9'000'000'000};
  post.extra_json = R"({"fav_count":"3"})";
  return post;
}

Content RandomContent(uint32_t seed, int post_count, int tag_count) {
  std::mt19937 random(seed);
  const auto below = [&](int64_t n) { return static_cast<int64_t>(random() % static_cast<uint64_t>(n)); };
  Content content;
  int64_t id = 0;
  for (int i = 0; i < tag_count; ++i) {
    id += 1 + below(5);
    content.tags.push_back(
        {id, "t" + std::to_string(below(tag_count)), static_cast<TagCategory>(below(kTagCategoryCount)), 0});
  }
  id = 0;
  const auto maybe = [&](auto& field, int64_t range) {
    if (below(3) != 0)
      field = static_cast<typename std::decay_t<decltype(field)>::value_type>(below(range) - range / 2);
  };
  for (int i = 0; i < post_count; ++i) {
    Post post;
    id += 1 + below(7);
    post.id = id;
    if (below(4) != 0) {
      post.md5.emplace();
      // Few values, so that some repeat; they differ at either end.
      (*post.md5)[0] = static_cast<uint8_t>(below(64));
      (*post.md5)[15] = static_cast<uint8_t>(below(8));
    }
    post.rating = static_cast<Rating>(below(kRatingCount));
    maybe(post.width_px, 5000);
    maybe(post.height_px, 5000);
    maybe(post.file_size_bytes, 1'000'000'000'000);
    maybe(post.pixiv_id, 1'000'000'000);
    maybe(post.parent_id, 1'000'000);
    maybe(post.uploader_id, 1'000'000);
    maybe(post.approver_id, 1'000'000);
    maybe(post.score, 1000);
    maybe(post.up_score, 1000);
    maybe(post.down_score, 1000);
    maybe(post.created_at_us, int64_t{1} << 60);
    maybe(post.updated_at_us, int64_t{1} << 60);
    maybe(post.last_commented_at_us, int64_t{1} << 60);
    maybe(post.last_noted_at_us, int64_t{1} << 60);
    const char* const kExts[] = {"", "jpg", "png", "gif", "webm"};
    post.file_ext = kExts[below(5)];
    if (below(2) != 0) post.source = std::string(static_cast<size_t>(below(40)), 's');
    if (below(9) == 0) post.extra_json = "{\"k\":" + std::to_string(below(100)) + "}";
    for (int64_t flag = below(8); flag < 8; flag += 1 + below(4))
      post.flags.Set(static_cast<PostFlag>(flag), below(2) != 0);
    for (int64_t pool = below(4); pool > 2; --pool) post.pools.push_back({below(100), below(2) != 0 ? "series" : ""});
    for (int64_t user = below(6) - 3; user > 0; --user) post.favorite_user_ids.push_back(below(1'000'000));
    std::set<int64_t> indexes;
    for (int64_t tag = tag_count > 0 ? below(30) : 0; tag > 0; --tag) {
      indexes.insert(below(1 + below(tag_count)));  // small ones more often
    }
    // Every tag must be used: the first posts see to that.
    for (int index = i; index < tag_count; index += post_count) indexes.insert(index);
    for (const int64_t index : indexes) {
      post.tag_ids.push_back(content.tags[static_cast<size_t>(index)].id);
      ++content.tags[static_cast<size_t>(index)].post_count;
    }
    // Half of the contents are as before there were these fields.
    if (seed % 2 == 1 && below(3) != 0) post.favorite_count = static_cast<int32_t>(below(5'000));
    if (seed % 2 == 1 && below(8) == 0) post.duration_us = below(1'000'000'000);
    content.posts.push_back(std::move(post));
  }
  return content;
}

absl::StatusOr<WrittenSnapshot> Write(const std::string& folder, const Content& content) {
  MILLRACE_ASSIGN_OR_RETURN(const std::unique_ptr<SnapshotWriter> writer, SnapshotWriter::Create(folder, content.tags));
  writer->SetFacts(content.facts);
  for (const Post& post : content.posts) MILLRACE_RETURN_IF_ERROR(writer->Add(post));
  return writer->Finish();
}

std::unique_ptr<Snapshot> WriteAndOpen(const std::string& folder, const Content& content) {
  const absl::StatusOr<WrittenSnapshot> written = Write(folder, content);
  INFO(written.status());
  REQUIRE(written.ok());
  absl::StatusOr<std::unique_ptr<Snapshot>> snapshot = Snapshot::Open(written->path, written->digest);
  INFO(snapshot.status());
  REQUIRE(snapshot.ok());
  return *std::move(snapshot);
}

absl::StatusOr<Post> ReadPost(const Snapshot& snapshot, int64_t row) {
  Post post;
  MILLRACE_RETURN_IF_ERROR(snapshot.ReadFields(row, &post));
  MILLRACE_ASSIGN_OR_RETURN(const absl::Span<const uint32_t> tag_indexes, snapshot.TagIndexes(row));
  for (const uint32_t index : tag_indexes) {
    MILLRACE_ASSIGN_OR_RETURN(const TagView tag, snapshot.TagAt(index));
    post.tag_ids.push_back(tag.id);
  }
  return post;
}

absl::Status ReadSlices(const Snapshot& snapshot, const Content& content, int64_t first_row, int64_t row_count,
                        int* wrong_count) {
  MILLRACE_ASSIGN_OR_RETURN(const auto post_ids, snapshot.PostIds(first_row, row_count));
  MILLRACE_ASSIGN_OR_RETURN(const auto ratings, snapshot.Ratings(first_row, row_count));
  MILLRACE_ASSIGN_OR_RETURN(const auto scores, snapshot.Scores(first_row, row_count));
  MILLRACE_ASSIGN_OR_RETURN(const auto widths, snapshot.Widths(first_row, row_count));
  MILLRACE_ASSIGN_OR_RETURN(const auto heights, snapshot.Heights(first_row, row_count));
  MILLRACE_ASSIGN_OR_RETURN(const auto parent_ids, snapshot.ParentIds(first_row, row_count));
  MILLRACE_ASSIGN_OR_RETURN(const auto tag_lists, snapshot.TagLists(first_row, row_count));
  MILLRACE_ASSIGN_OR_RETURN(const auto pool_lists, snapshot.PoolLists(first_row, row_count));
  MILLRACE_ASSIGN_OR_RETURN(const auto tag_ids, snapshot.TagIds());
  MILLRACE_ASSIGN_OR_RETURN(const auto categories, snapshot.TagCategories());
  MILLRACE_ASSIGN_OR_RETURN(const auto post_counts, snapshot.TagPostCounts());
  const auto check = [&](bool is_right) { *wrong_count += !is_right; };
  const auto value_of = [](const auto& slice, size_t i) {
    return slice.has(i) ? std::optional(slice.values[i]) : std::nullopt;
  };
  for (size_t i = 0; i < static_cast<size_t>(row_count); ++i) {
    const Post& post = content.posts[static_cast<size_t>(first_row) + i];
    check(post_ids[i] == post.id);
    check((ratings.empty() ? 0 : ratings[i]) == static_cast<uint8_t>(post.rating));
    check(value_of(scores, i) == post.score);
    check(value_of(widths, i) == post.width_px);
    check(value_of(heights, i) == post.height_px);
    check(value_of(parent_ids, i) == post.parent_id);
    std::vector<int64_t> ids;
    for (const uint32_t index : tag_lists[i]) ids.push_back(tag_ids[index]);
    check(ids == post.tag_ids);
    check(std::equal(pool_lists[i].begin(), pool_lists[i].end(), post.pools.begin(), post.pools.end(),
                     [](int64_t id, const Pool& pool) { return id == pool.id; }));
  }
  check(tag_ids.size() == content.tags.size());
  for (size_t i = 0; i < std::min(tag_ids.size(), content.tags.size()); ++i) {
    check(tag_ids[i] == content.tags[i].id);
    check(categories[i] == static_cast<uint8_t>(content.tags[i].category));
    check(post_counts[i] == content.tags[i].post_count);
  }
  return absl::OkStatus();
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream bytes;
  bytes << file.rdbuf();
  REQUIRE(file.good());
  return bytes.str();
}

void WriteFile(const std::string& path, const std::string& bytes) {
  // A new file: file systems flush one that is cut off and written again, milliseconds each time.
  std::filesystem::remove(path);
  std::ofstream file(path, std::ios::binary);
  file << bytes;
  file.close();
  REQUIRE(file.good());
}

}  // namespace millrace::testing
