// The words before a colon that ask for something other than a tag (docs/query-language.md).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/types/span.h"

namespace millrace {

enum class Metatag {
  kRating,
  kId,
  kScore,
  kWidth,
  kHeight,
  kMd5,
  kFavoriteCount,
  kRatio,
  kMegapixels,
  kFileSize,
  kFileType,
  kDuration,
  kDate,
  kAge,
  kSource,
  kPixiv,
  kParent,
  kChild,
  kPool,
  kTagCount,
  kCategoryTagCount,  // gentags, arttags, ...: MetatagInfo::category says which
  kStatus,
  kUploader,
  kApprover,
  kIs,
  kHas,
};

// How the value behind the colon is written.
enum class ValueSyntax { kRating, kInteger, kDecimal, kSize, kRatio, kDate, kAge, kMd5, kWord, kText, kPool };

struct MetatagInfo {
  std::string_view name;
  Metatag metatag;
  ValueSyntax syntax;
  int category = -1;  // kCategoryTagCount: the number of the TagCategory
  // Of the language's first version: no tag can be meant by this word, whatever the snapshot holds.
  bool is_original = false;
};

absl::Span<const MetatagInfo> AllMetatags();
// Null when there is none of that name. Upper and lower case differ, as they do in tags.
const MetatagInfo* FindMetatag(std::string_view name);
// A sentence for a word in front of a colon that is no metatag: which one was meant, or that other programs know it and
// snapshots do not hold what it asks for. Empty when nothing is known of it.
std::string MetatagHint(std::string_view name);

}  // namespace millrace
