#include "core/snapshot/tag_sections.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <numeric>

#include "core/base/error.h"
#include "core/snapshot/spool.h"

namespace millrace::snapshot_file {
namespace {

template <typename Values>
absl::Status WriteSection(std::string_view name, const Values& values, SectionFile* file) {
  using T = typename Values::value_type;
  file->Begin(name, ElementTypeOf<T>());
  MILLRACE_RETURN_IF_ERROR(file->Append(values.data(), values.size() * sizeof(T)));
  return file->End();
}

// One field of every tag as a section.
template <typename T, typename FieldOf>
absl::Status WriteColumn(std::string_view name, const std::vector<Tag>& tags, SectionFile* file, FieldOf field_of) {
  std::vector<T> values(tags.size());
  std::transform(tags.begin(), tags.end(), values.begin(), field_of);
  return WriteSection(name, values, file);
}

// The tags' indexes in an order of their own. Stable: where `is_before` sees no difference, the smaller id is first.
template <typename IsBefore>
absl::Status WriteIndex(std::string_view name, const std::vector<Tag>& tags, SectionFile* file, IsBefore is_before) {
  std::vector<uint32_t> index(tags.size());
  std::iota(index.begin(), index.end(), 0u);
  std::stable_sort(index.begin(), index.end(), [&](uint32_t a, uint32_t b) { return is_before(tags[a], tags[b]); });
  return WriteSection(name, index, file);
}

absl::Status WriteCategoryStats(const std::vector<Tag>& tags, SectionFile* file) {
  std::array<int64_t, kCategorySlots> tag_counts{};
  std::array<int64_t, kCategorySlots> use_counts{};
  for (const Tag& tag : tags) {
    ++tag_counts[static_cast<size_t>(tag.category)];
    use_counts[static_cast<size_t>(tag.category)] += tag.post_count;
  }
  MILLRACE_RETURN_IF_ERROR(WriteSection("stats.category_tags", tag_counts, file));
  return WriteSection("stats.category_tag_uses", use_counts, file);
}

}  // namespace

absl::Status WriteTagSections(const std::vector<Tag>& tags, const std::string& folder, SectionFile* file) {
  MILLRACE_RETURN_IF_ERROR(WriteColumn<int64_t>("tag.id", tags, file, [](const Tag& tag) { return tag.id; }));
  TextSpool names(folder, "tag.name");
  for (size_t i = 0; i < tags.size(); ++i) MILLRACE_RETURN_IF_ERROR(names.Add(i, tags[i].name));
  MILLRACE_RETURN_IF_ERROR(names.CopyTo(file));
  MILLRACE_RETURN_IF_ERROR(WriteColumn<uint8_t>("tag.category", tags, file,
                                                [](const Tag& tag) { return static_cast<uint8_t>(tag.category); }));
  MILLRACE_RETURN_IF_ERROR(
      WriteColumn<int64_t>("tag.post_count", tags, file, [](const Tag& tag) { return tag.post_count; }));
  if (std::any_of(tags.begin(), tags.end(), [](const Tag& tag) { return tag.is_deprecated; })) {
    MILLRACE_RETURN_IF_ERROR(WriteColumn<uint8_t>(
        "tag.is_deprecated", tags, file, [](const Tag& tag) { return static_cast<uint8_t>(tag.is_deprecated); }));
  }
  MILLRACE_RETURN_IF_ERROR(
      WriteIndex("index.tag_by_name", tags, file, [](const Tag& a, const Tag& b) { return a.name < b.name; }));
  MILLRACE_RETURN_IF_ERROR(WriteIndex("index.tag_by_post_count", tags, file,
                                      [](const Tag& a, const Tag& b) { return a.post_count > b.post_count; }));
  return WriteCategoryStats(tags, file);
}

}  // namespace millrace::snapshot_file
