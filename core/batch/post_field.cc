#include "core/batch/post_field.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/text.h"

namespace millrace {
namespace {

constexpr std::string_view kNames[kPostFieldCount] = {"id",
                                                      "row",
                                                      "md5",
                                                      "rating",
                                                      "width_px",
                                                      "height_px",
                                                      "file_ext",
                                                      "file_size_bytes",
                                                      "source",
                                                      "pixiv_id",
                                                      "location",
                                                      "tags",
                                                      "parent_id",
                                                      "pools",
                                                      "favorite_user_ids",
                                                      "uploader_id",
                                                      "approver_id",
                                                      "score",
                                                      "up_score",
                                                      "down_score",
                                                      "created_at",
                                                      "updated_at",
                                                      "last_commented_at",
                                                      "last_noted_at",
                                                      "flags",
                                                      "extra_json",
                                                      "favorite_count",
                                                      "duration_us",
                                                      "tag_indexes"};

std::string AllNames() {
  std::string names;
  for (const std::string_view name : kNames) {
    absl::StrAppend(&names, names.empty() ? "" : ", ", std::string(name));
  }
  return names;
}

}  // namespace

std::string_view PostFieldName(PostField field) { return kNames[static_cast<size_t>(field)]; }

PostFieldSet PostFieldSet::All() {
  PostFieldSet fields;
  for (int i = 0; i < kPostFieldCount; ++i) {
    if (const auto field = static_cast<PostField>(i); field != PostField::kTagIndexes) fields.Add(field);
  }
  return fields;
}

absl::StatusOr<PostFieldSet> PostFieldSet::Parse(const std::vector<std::string_view>& names) {
  if (names.empty()) return All();
  PostFieldSet fields;
  fields.Add(PostField::kId);
  fields.Add(PostField::kRow);
  for (size_t i = 0; i < names.size(); ++i) {
    const std::string place = absl::StrCat("projection.fields[", i, "]");
    const auto found = std::find(std::begin(kNames), std::end(kNames), names[i]);
    if (found == std::end(kNames)) {
      return FieldError(place,
                        absl::StrCat("a post has no field ", QuoteForMessage(names[i]), "; it has ", AllNames()));
    }
    if (std::find(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(i), names[i]) !=
        names.begin() + static_cast<std::ptrdiff_t>(i)) {
      return FieldError(place, absl::StrCat(QuoteForMessage(names[i]), " is named twice"));
    }
    fields.Add(static_cast<PostField>(found - std::begin(kNames)));
  }
  return fields;
}

}  // namespace millrace
