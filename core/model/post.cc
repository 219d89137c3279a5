#include "core/model/post.h"

#include <utility>

namespace millrace {

void Post::Clear() {
  Post empty;
  // The buffers survive in `empty`'s place, so that a post that is filled again does not allocate.
  std::swap(empty.file_ext, file_ext);
  std::swap(empty.source, source);
  std::swap(empty.tag_ids, tag_ids);
  std::swap(empty.pools, pools);
  std::swap(empty.favorite_user_ids, favorite_user_ids);
  std::swap(empty.extra_json, extra_json);
  empty.file_ext.clear();
  empty.source.clear();
  empty.tag_ids.clear();
  empty.pools.clear();
  empty.favorite_user_ids.clear();
  empty.extra_json.clear();
  *this = std::move(empty);
}

std::string_view RatingName(Rating rating) {
  switch (rating) {
    case Rating::kUnspecified:
      return "unspecified";
    case Rating::kGeneral:
      return "general";
    case Rating::kSensitive:
      return "sensitive";
    case Rating::kQuestionable:
      return "questionable";
    case Rating::kExplicit:
      return "explicit";
    case Rating::kSafe:
      return "safe";
  }
  return "unspecified";
}

std::string_view TagCategoryName(TagCategory category) {
  switch (category) {
    case TagCategory::kUnspecified:
      return "unspecified";
    case TagCategory::kGeneral:
      return "general";
    case TagCategory::kArtist:
      return "artist";
    case TagCategory::kCopyright:
      return "copyright";
    case TagCategory::kCharacter:
      return "character";
    case TagCategory::kMeta:
      return "meta";
    case TagCategory::kSpecies:
      return "species";
    case TagCategory::kInvalid:
      return "invalid";
    case TagCategory::kLore:
      return "lore";
    case TagCategory::kContributor:
      return "contributor";
  }
  return "unspecified";
}

}  // namespace millrace
