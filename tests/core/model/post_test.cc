// Goal: flags keep their three states apart, a cleared post is a new one, and every value has a word.
// Method: by hand.

#include "core/model/post.h"

#include <set>

#include "tests/support/catch.h"

namespace millrace {
namespace {

TEST_CASE("a flag is set, not set, or not known") {
  PostFlags flags;
  CHECK(!flags.Get(PostFlag::kDeleted).has_value());
  flags.Set(PostFlag::kDeleted, true);
  CHECK(flags.Get(PostFlag::kDeleted) == true);
  CHECK(!flags.Get(PostFlag::kBanned).has_value());
  flags.Set(PostFlag::kDeleted, false);
  CHECK(flags.Get(PostFlag::kDeleted) == false);
  CHECK(flags.value == 0);
  flags.Set(PostFlag::kHasChildren, true);
  CHECK(flags.known == 0b1010'0000);
  CHECK(flags.value == 0b1000'0000);
}

TEST_CASE("a cleared post is as new and keeps its memory") {
  Post post;
  post.id = 1;
  post.md5 = Md5{1};
  post.rating = Rating::kSafe;
  post.width_px = 1;
  post.score = 1;
  post.created_at_us = 1;
  post.file_ext = "png";
  post.source = std::string(1'000, 's');
  post.extra_json = "{}";
  post.flags.Set(PostFlag::kPending, true);
  post.tag_ids.assign(100, 1);
  post.pools = {{1, "series"}};
  post.favorite_user_ids = {1};
  const size_t source_capacity = post.source.capacity();
  const size_t tag_capacity = post.tag_ids.capacity();
  post.Clear();
  CHECK(post == Post());
  CHECK(post.source.capacity() == source_capacity);
  CHECK(post.tag_ids.capacity() == tag_capacity);
}

TEST_CASE("every rating and category has a word of its own") {
  std::set<std::string_view> ratings;
  for (int i = 0; i < kRatingCount; ++i) ratings.insert(RatingName(static_cast<Rating>(i)));
  CHECK(ratings.size() == kRatingCount);
  std::set<std::string_view> categories;
  for (int i = 0; i < kTagCategoryCount; ++i) categories.insert(TagCategoryName(static_cast<TagCategory>(i)));
  CHECK(categories.size() == kTagCategoryCount);
}

}  // namespace
}  // namespace millrace
