// Goal: the domain's values arrive in messages whole, and what is absent stays absent. Method: a full and an empty
// value of each kind, compared field by field.
#include "server/rpc/convert.h"

#include <string>

#include "core/base/text.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

LocationTemplate DefaultLocation() { return *LocationTemplate::Parse(LocationTemplate::kDefault); }

Post FullPost() {
  Post post;
  post.id = 4'000'123;
  post.md5 = *HexDecode<16>("00112233445566778899aabbccddeeff");
  post.rating = Rating::kSafe;
  post.width_px = 640;
  post.height_px = 480;
  post.file_ext = "png";
  post.file_size_bytes = int64_t{5} << 32;
  post.source = "https://example.org/ä";
  post.pixiv_id = 77;
  post.parent_id = 12;
  post.uploader_id = 13;
  post.approver_id = 14;
  post.score = -3;
  post.up_score = 2;
  post.down_score = -5;
  post.created_at_us = 1'500'000'000'123'456;
  post.updated_at_us = 0;
  post.last_commented_at_us = -1;
  post.last_noted_at_us = 1;
  post.flags.Set(PostFlag::kDeleted, true);
  post.flags.Set(PostFlag::kPending, false);
  post.pools = {{9, "series"}, {8, ""}};
  post.favorite_user_ids = {3, 1, 2};
  post.extra_json = R"({"a":1})";
  post.favorite_count = 0;
  post.duration_us = 1'500'000;
  return post;
}

TEST_CASE("every field of a post arrives") {
  v1::Post message;
  SetPostFields(FullPost(), DefaultLocation(), &message);
  CHECK(message.id() == 4'000'123);
  CHECK(message.md5() == "00112233445566778899aabbccddeeff");
  CHECK(message.rating() == v1::RATING_SAFE);
  CHECK(message.width_px() == 640);
  CHECK(message.height_px() == 480);
  CHECK(message.file_ext() == "png");
  CHECK(message.file_size_bytes() == int64_t{5} << 32);
  CHECK(message.source() == "https://example.org/ä");
  CHECK(message.pixiv_id() == 77);
  CHECK(message.location() == "original/0123/4000123.png");
  CHECK(message.parent_id() == 12);
  CHECK(message.uploader_id() == 13);
  CHECK(message.approver_id() == 14);
  CHECK(message.score() == -3);
  CHECK(message.up_score() == 2);
  CHECK(message.down_score() == -5);
  CHECK(message.created_at().seconds() == 1'500'000'000);
  CHECK(message.created_at().nanos() == 123'456'000);
  CHECK(message.has_updated_at());
  CHECK(message.updated_at().seconds() == 0);
  CHECK(message.last_noted_at().nanos() == 1000);
  CHECK(message.flags().is_deleted());
  CHECK(message.flags().has_is_pending());
  CHECK_FALSE(message.flags().is_pending());
  CHECK_FALSE(message.flags().has_is_banned());
  REQUIRE(message.pools_size() == 2);
  CHECK(message.pools(0).id() == 9);
  CHECK(message.pools(0).kind() == "series");
  CHECK_FALSE(message.pools(1).has_kind());
  CHECK(std::vector<int64_t>(message.favorite_user_ids().begin(), message.favorite_user_ids().end()) ==
        std::vector<int64_t>{3, 1, 2});
  CHECK(message.extra_json() == R"({"a":1})");
  CHECK(message.has_favorite_count());
  CHECK(message.favorite_count() == 0);
  CHECK(message.duration_us() == 1'500'000);
  CHECK_FALSE(message.has_row());
}

TEST_CASE("a time that an older import took beyond what a timestamp holds is absent") {
  Post post;
  post.id = 1;
  post.created_at_us = int64_t{-62'135'596'800} * 1'000'000 - 1;  // one microsecond before the year 1
  post.updated_at_us = int64_t{253'402'300'800} * 1'000'000;      // the year 10000
  post.last_commented_at_us = *post.created_at_us + 1;
  post.last_noted_at_us = *post.updated_at_us - 1;
  v1::Post message;
  SetPostFields(post, DefaultLocation(), &message);
  CHECK_FALSE(message.has_created_at());
  CHECK_FALSE(message.has_updated_at());
  CHECK(message.last_commented_at().seconds() == -62'135'596'800);
  CHECK(message.last_noted_at().seconds() == 253'402'300'799);
  CHECK(message.last_noted_at().nanos() == 999'999'000);
}

TEST_CASE("what a post lacks is absent, not zero") {
  Post post;
  post.id = 1;
  v1::Post message;
  SetPostFields(post, DefaultLocation(), &message);
  v1::Post expected;
  expected.set_id(1);
  CHECK(message.SerializeAsString() == expected.SerializeAsString());
}

TEST_CASE("a message that is filled again keeps nothing of the post before") {
  v1::Post message;
  SetPostFields(FullPost(), DefaultLocation(), &message);
  message.Clear();
  Post post;
  post.id = 2;
  SetPostFields(post, DefaultLocation(), &message);
  v1::Post expected;
  expected.set_id(2);
  CHECK(message.SerializeAsString() == expected.SerializeAsString());
}

TEST_CASE("times before 1970 count their nanoseconds forward") {
  google::protobuf::Timestamp timestamp;
  SetTimestamp(-1, &timestamp);
  CHECK(timestamp.seconds() == -1);
  CHECK(timestamp.nanos() == 999'999'000);
  SetTimestamp(-2'000'000, &timestamp);
  CHECK(timestamp.seconds() == -2);
  CHECK(timestamp.nanos() == 0);
}

TEST_CASE("counts come most first and leave out what does not occur") {
  Stats stats;
  stats.post_count = 9;
  stats.rating_post_counts[static_cast<int>(Rating::kSafe)] = 6;
  stats.rating_post_counts[static_cast<int>(Rating::kExplicit)] = 3;
  stats.category_tag_counts[static_cast<int>(TagCategory::kGeneral)] = 1;
  stats.category_tag_use_counts[static_cast<int>(TagCategory::kGeneral)] = 5;
  stats.category_tag_counts[static_cast<int>(TagCategory::kMeta)] = 2;
  stats.category_tag_use_counts[static_cast<int>(TagCategory::kMeta)] = 8;
  stats.file_type_post_counts = {{"", 1}, {"gif", 4}, {"png", 4}};
  v1::Stats message;
  SetStats(stats, &message);
  REQUIRE(message.ratings_size() == 2);
  CHECK(message.ratings(0).rating() == v1::RATING_SAFE);
  REQUIRE(message.categories_size() == 2);
  CHECK(message.categories(0).category() == v1::TAG_CATEGORY_META);
  CHECK(message.categories(1).tag_use_count() == 5);
  REQUIRE(message.file_types_size() == 3);
  CHECK(message.file_types(0).file_ext() == "gif");
  CHECK(message.file_types(1).file_ext() == "png");
  CHECK(message.file_types(2).file_ext().empty());
  CHECK_FALSE(message.has_min_post_id());
  CHECK_FALSE(message.has_last_import());
}

}  // namespace
}  // namespace millrace
