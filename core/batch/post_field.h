// The fields of a post by the names that the contract gives them (millrace.v1.Post), and sets of them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace millrace {

// In the contract's order. kTagIndexes is no field of a row: only columns have it.
enum class PostField : uint8_t {
  kId,
  kRow,
  kMd5,
  kRating,
  kWidthPx,
  kHeightPx,
  kFileExt,
  kFileSizeBytes,
  kSource,
  kPixivId,
  kLocation,
  kTags,
  kParentId,
  kPools,
  kFavoriteUserIds,
  kUploaderId,
  kApproverId,
  kScore,
  kUpScore,
  kDownScore,
  kCreatedAt,
  kUpdatedAt,
  kLastCommentedAt,
  kLastNotedAt,
  kFlags,
  kExtraJson,
  kFavoriteCount,
  kDurationUs,
  kTagIndexes,
};
inline constexpr int kPostFieldCount = 29;

// Its name: "width_px".
std::string_view PostFieldName(PostField field);

// Immutable but for Add; a value.
class PostFieldSet {
 public:
  // All fields of a row, so all but kTagIndexes.
  static PostFieldSet All();
  // Of names, each at most once; all when there is none. kFieldInvalid, naming the place ("projection.fields[2]") and
  // the names that there are.
  static absl::StatusOr<PostFieldSet> Parse(const std::vector<std::string_view>& names);

  void Add(PostField field) { bits_ |= uint32_t{1} << static_cast<int>(field); }
  bool Has(PostField field) const { return (bits_ >> static_cast<int>(field) & 1) != 0; }
  friend bool operator==(PostFieldSet, PostFieldSet) = default;

 private:
  uint32_t bits_ = 0;
};

}  // namespace millrace
