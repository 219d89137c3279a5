#include "core/snapshot/tag_table.h"

#include <algorithm>
#include <string>
#include <utility>

#include "core/base/error.h"

namespace millrace::snapshot_file {
namespace {

Tag ToTag(const TagView& view) {
  return Tag{view.id, std::string(view.name), view.category, view.post_count, view.is_deprecated};
}

TagCursor CursorBehind(const TagView& view) { return TagCursor{std::string(view.name), view.post_count, view.id}; }

// Most posts first, then the smallest id.
bool IsMoreUsed(const TagView& a, const TagView& b) {
  return a.post_count != b.post_count ? a.post_count > b.post_count : a.id < b.id;
}

// What the query asks for apart from its order and its cursor.
bool Matches(const TagQuery& query, const TagView& tag) {
  return tag.post_count >= query.min_post_count && (!query.category.has_value() || tag.category == *query.category) &&
         tag.name.starts_with(query.prefix);
}

}  // namespace

absl::StatusOr<TagTable> TagTable::Open(CheckedFile& file) {
  const uint64_t n = file.layout().header.tag_count;
  TagTable tags(n);
  ColumnBinder binder(file);
  MILLRACE_RETURN_IF_ERROR(binder.Require("tag.id", n, &tags.id_));
  MILLRACE_RETURN_IF_ERROR(binder.BindText("tag.name", n, &tags.name_));
  MILLRACE_RETURN_IF_ERROR(binder.Require("tag.category", n, &tags.category_));
  MILLRACE_RETURN_IF_ERROR(binder.BindLimited("tag.category", n, kTagCategoryCount, &tags.category_));
  MILLRACE_RETURN_IF_ERROR(binder.Require("tag.post_count", n, &tags.post_count_));
  MILLRACE_RETURN_IF_ERROR(binder.BindLimited("tag.is_deprecated", n, 2, &tags.is_deprecated_));
  MILLRACE_RETURN_IF_ERROR(binder.Require("index.tag_by_name", n, &tags.by_name_));
  MILLRACE_RETURN_IF_ERROR(binder.BindLimited("index.tag_by_name", n, n, &tags.by_name_));
  MILLRACE_RETURN_IF_ERROR(binder.Require("index.tag_by_post_count", n, &tags.by_post_count_));
  MILLRACE_RETURN_IF_ERROR(binder.BindLimited("index.tag_by_post_count", n, n, &tags.by_post_count_));
  return tags;
}

absl::StatusOr<TagView> TagTable::At(uint64_t tag_index) const {
  TagView tag;
  uint8_t category;
  MILLRACE_RETURN_IF_ERROR(id_.Get(tag_index, &tag.id));
  MILLRACE_RETURN_IF_ERROR(name_.Get(tag_index, &tag.name));
  MILLRACE_RETURN_IF_ERROR(category_.Get(tag_index, &category));
  MILLRACE_RETURN_IF_ERROR(post_count_.Get(tag_index, &tag.post_count));
  tag.category = static_cast<TagCategory>(category);
  if (is_deprecated_.is_present()) {
    uint8_t is_deprecated;
    MILLRACE_RETURN_IF_ERROR(is_deprecated_.Get(tag_index, &is_deprecated));
    tag.is_deprecated = is_deprecated != 0;
  }
  return tag;
}

absl::Status TagTable::ReadIdentities(absl::Span<const uint32_t> tag_indexes, absl::Span<TagView> tags) const {
  for (const uint32_t tag_index : tag_indexes) {
    if (tag_index >= size_) continue;
    id_.Prefetch(tag_index);
    name_.PrefetchPlace(tag_index);
    category_.Prefetch(tag_index);
  }
  for (size_t i = 0; i < tag_indexes.size(); ++i) {
    const uint32_t tag_index = tag_indexes[i];
    if (tag_index >= size_) {
      return MakeError(Reason::kInternal, absl::StrCat("tag index ", tag_index, " asked for of ", size_));
    }
    uint8_t category;
    MILLRACE_RETURN_IF_ERROR(id_.Get(tag_index, &tags[i].id));
    MILLRACE_RETURN_IF_ERROR(name_.Get(tag_index, &tags[i].name));
    MILLRACE_RETURN_IF_ERROR(category_.Get(tag_index, &category));
    tags[i].category = static_cast<TagCategory>(category);
  }
  return absl::OkStatus();
}

absl::StatusOr<TagView> TagTable::AtPlace(const Column<uint32_t>& index, uint64_t place) const {
  uint32_t tag_index;
  MILLRACE_RETURN_IF_ERROR(index.Get(place, &tag_index));
  return At(tag_index);
}

template <typename IsBefore>
absl::StatusOr<uint64_t> TagTable::LowerBound(const Column<uint32_t>& index, IsBefore is_before) const {
  uint64_t begin = 0;
  uint64_t end = index.size();
  while (begin < end) {
    const uint64_t middle = begin + (end - begin) / 2;
    MILLRACE_ASSIGN_OR_RETURN(const TagView tag, AtPlace(index, middle));
    if (is_before(tag)) {
      begin = middle + 1;
    } else {
      end = middle;
    }
  }
  return begin;
}

absl::StatusOr<std::optional<Tag>> TagTable::FindById(int64_t tag_id) const {
  uint64_t begin = 0;
  uint64_t end = size_;
  while (begin < end) {
    const uint64_t middle = begin + (end - begin) / 2;
    int64_t value;
    MILLRACE_RETURN_IF_ERROR(id_.Get(middle, &value));
    if (value == tag_id) {
      MILLRACE_ASSIGN_OR_RETURN(const TagView tag, At(middle));
      return ToTag(tag);
    }
    if (value < tag_id) {
      begin = middle + 1;
    } else {
      end = middle;
    }
  }
  return std::nullopt;
}

absl::StatusOr<std::vector<Tag>> TagTable::FindByName(std::string_view name, int64_t limit) const {
  MILLRACE_ASSIGN_OR_RETURN(uint64_t place, LowerBound(by_name_, [&](const TagView& tag) { return tag.name < name; }));
  std::vector<TagView> views;
  // A name repeats once a category at most; the bound is for files that were made to hurt.
  for (; place < size_ && views.size() < static_cast<size_t>(kTagScanMax); ++place) {
    MILLRACE_ASSIGN_OR_RETURN(const TagView tag, AtPlace(by_name_, place));
    if (tag.name != name) break;
    views.push_back(tag);
  }
  std::sort(views.begin(), views.end(), IsMoreUsed);
  if (views.size() > static_cast<uint64_t>(std::max<int64_t>(limit, 0)))
    views.resize(static_cast<size_t>(std::max<int64_t>(limit, 0)));
  std::vector<Tag> tags;
  std::transform(views.begin(), views.end(), std::back_inserter(tags), ToTag);
  return tags;
}

absl::StatusOr<std::vector<uint32_t>> TagTable::FindIndexesByName(std::string_view name) const {
  MILLRACE_ASSIGN_OR_RETURN(uint64_t place, LowerBound(by_name_, [&](const TagView& tag) { return tag.name < name; }));
  std::vector<uint32_t> tag_indexes;
  for (; place < size_; ++place) {
    uint32_t tag_index;
    MILLRACE_RETURN_IF_ERROR(by_name_.Get(place, &tag_index));
    MILLRACE_ASSIGN_OR_RETURN(const TagView tag, At(tag_index));
    if (tag.name != name) break;
    tag_indexes.push_back(tag_index);
  }
  // Namesakes stand by id there, as they are numbered; only a file that was made to hurt says otherwise.
  std::sort(tag_indexes.begin(), tag_indexes.end());
  return tag_indexes;
}

absl::Status TagTable::PrefixRange(std::string_view prefix, uint64_t* begin, uint64_t* end) const {
  MILLRACE_ASSIGN_OR_RETURN(*begin, LowerBound(by_name_, [&](const TagView& tag) { return tag.name < prefix; }));
  MILLRACE_ASSIGN_OR_RETURN(
      *end, LowerBound(by_name_, [&](const TagView& tag) { return tag.name.substr(0, prefix.size()) <= prefix; }));
  *end = std::max(*begin, *end);
  return absl::OkStatus();
}

absl::StatusOr<TagPage> TagTable::List(const TagQuery& query) const {
  if (query.limit < 1) return FieldError("limit", "must be at least 1");
  return query.order == TagQuery::Order::kName ? ListByName(query) : ListByPostCount(query);
}

absl::StatusOr<TagPage> TagTable::ListByName(const TagQuery& query) const {
  uint64_t begin, end;
  MILLRACE_RETURN_IF_ERROR(PrefixRange(query.prefix, &begin, &end));
  if (query.after.has_value()) {
    const std::pair<std::string_view, int64_t> after(query.after->name, query.after->id);
    MILLRACE_ASSIGN_OR_RETURN(const uint64_t behind, LowerBound(by_name_, [&](const TagView& tag) {
                                return std::pair(tag.name, tag.id) <= after;
                              }));
    begin = std::max(begin, behind);
  }
  return Scan(query, by_name_, begin, end);
}

absl::StatusOr<TagPage> TagTable::ListByPostCount(const TagQuery& query) const {
  if (!query.prefix.empty()) {
    uint64_t begin, end;
    MILLRACE_RETURN_IF_ERROR(PrefixRange(query.prefix, &begin, &end));
    if (end - begin <= static_cast<uint64_t>(kTagScanMax)) return SortRange(query, begin, end);
  }
  uint64_t begin = 0;
  if (query.after.has_value()) {
    const TagView after{query.after->id, {}, TagCategory::kUnspecified, query.after->post_count};
    MILLRACE_ASSIGN_OR_RETURN(begin,
                              LowerBound(by_post_count_, [&](const TagView& tag) { return !IsMoreUsed(after, tag); }));
  }
  MILLRACE_ASSIGN_OR_RETURN(const uint64_t end, LowerBound(by_post_count_, [&](const TagView& tag) {
                              return tag.post_count >= query.min_post_count;
                            }));
  return Scan(query, by_post_count_, begin, end);
}

absl::StatusOr<TagPage> TagTable::Scan(const TagQuery& query, const Column<uint32_t>& index, uint64_t begin,
                                       uint64_t end) const {
  TagPage page;
  std::optional<TagCursor> behind_page;
  for (uint64_t place = begin; place < end; ++place) {
    MILLRACE_ASSIGN_OR_RETURN(const TagView tag, AtPlace(index, place));
    if (Matches(query, tag)) {
      // Going on to the next match tells whether there is a next page at all.
      if (page.tags.size() == static_cast<uint64_t>(query.limit)) {
        page.next = std::move(behind_page);
        return page;
      }
      page.tags.push_back(ToTag(tag));
      behind_page = CursorBehind(tag);
    }
    if (place + 1 - begin == static_cast<uint64_t>(kTagScanMax) && place + 1 < end) {
      page.next = CursorBehind(tag);
      return page;
    }
  }
  return page;
}

absl::StatusOr<TagPage> TagTable::SortRange(const TagQuery& query, uint64_t begin, uint64_t end) const {
  std::vector<TagView> views;
  for (uint64_t place = begin; place < end; ++place) {
    MILLRACE_ASSIGN_OR_RETURN(const TagView tag, AtPlace(by_name_, place));
    const bool is_behind =
        !query.after.has_value() ||
        IsMoreUsed(TagView{query.after->id, {}, TagCategory::kUnspecified, query.after->post_count}, tag);
    if (is_behind && Matches(query, tag)) views.push_back(tag);
  }
  const size_t count = std::min(views.size(), static_cast<size_t>(query.limit));
  std::partial_sort(views.begin(), views.begin() + static_cast<ptrdiff_t>(count), views.end(), IsMoreUsed);
  TagPage page;
  for (size_t i = 0; i < count; ++i) page.tags.push_back(ToTag(views[i]));
  if (count < views.size()) page.next = CursorBehind(views[count - 1]);
  return page;
}

}  // namespace millrace::snapshot_file
