// Counts over a dataset or snapshot.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "core/model/post.h"

namespace millrace {

struct Stats {
  int64_t post_count = 0;
  int64_t tag_count = 0;      // tags that at least one post carries
  int64_t tag_use_count = 0;  // pairs of a post and a tag of it
  std::optional<int64_t> min_post_id;
  std::optional<int64_t> max_post_id;
  std::array<int64_t, kRatingCount> rating_post_counts{};            // by Rating
  std::array<int64_t, kTagCategoryCount> category_tag_counts{};      // by TagCategory; tags in use
  std::array<int64_t, kTagCategoryCount> category_tag_use_counts{};  // by TagCategory
  std::map<std::string, int64_t> file_type_post_counts;              // by file_ext; "" for none

  friend bool operator==(const Stats&, const Stats&) = default;
};

}  // namespace millrace
