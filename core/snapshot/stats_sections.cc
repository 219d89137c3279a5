#include "core/snapshot/stats_sections.h"

#include <string>

#include "core/snapshot/post_columns.h"

namespace millrace::snapshot_file {

absl::StatusOr<StatsSections> StatsSections::Open(CheckedFile& file) {
  StatsSections stats;
  ColumnBinder binder(file);
  const uint64_t ext_count = DictionarySize(file, "dictionary.file_ext");
  MILLRACE_RETURN_IF_ERROR(binder.Require("stats.rating_posts", kRatingSlots, &stats.rating_posts_));
  MILLRACE_RETURN_IF_ERROR(binder.Require("stats.category_tags", kCategorySlots, &stats.category_tags_));
  MILLRACE_RETURN_IF_ERROR(binder.Require("stats.category_tag_uses", kCategorySlots, &stats.category_tag_uses_));
  MILLRACE_RETURN_IF_ERROR(binder.Require("stats.file_ext_posts", ext_count + 1, &stats.file_ext_posts_));
  MILLRACE_RETURN_IF_ERROR(binder.BindText("dictionary.file_ext", ext_count, &stats.file_ext_names_));
  return stats;
}

absl::StatusOr<Stats> StatsSections::Read() const {
  static_assert(kRatingCount <= kRatingSlots && kTagCategoryCount <= kCategorySlots);
  Stats stats;
  for (int i = 0; i < kRatingCount; ++i) {
    MILLRACE_RETURN_IF_ERROR(rating_posts_.Get(i, &stats.rating_post_counts[i]));
  }
  for (int i = 0; i < kTagCategoryCount; ++i) {
    MILLRACE_RETURN_IF_ERROR(category_tags_.Get(i, &stats.category_tag_counts[i]));
    MILLRACE_RETURN_IF_ERROR(category_tag_uses_.Get(i, &stats.category_tag_use_counts[i]));
  }
  for (uint64_t code = 0; code < file_ext_posts_.size(); ++code) {
    std::string_view name;
    int64_t count;
    if (code > 0) MILLRACE_RETURN_IF_ERROR(file_ext_names_.Get(code - 1, &name));
    MILLRACE_RETURN_IF_ERROR(file_ext_posts_.Get(code, &count));
    if (count > 0) stats.file_type_post_counts[std::string(name)] += count;
  }
  return stats;
}

}  // namespace millrace::snapshot_file
