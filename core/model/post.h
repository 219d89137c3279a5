// The domain's values: posts and tags, as the catalog stores them and snapshots hold them. The fields mirror
// proto/millrace/v1/post.proto, which documents them; core/ stays free of Protobuf.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace millrace {

// Values are stored in files: they never change. Same numbers as in the proto.
enum class Rating : uint8_t {
  kUnspecified = 0,
  kGeneral = 1,
  kSensitive = 2,
  kQuestionable = 3,
  kExplicit = 4,
  kSafe = 5,
};
inline constexpr int kRatingCount = 6;

// Values are stored in files: they never change. Same numbers as in the proto.
enum class TagCategory : uint8_t {
  kUnspecified = 0,
  kGeneral = 1,
  kArtist = 2,
  kCopyright = 3,
  kCharacter = 4,
  kMeta = 5,
  kSpecies = 6,
  kInvalid = 7,
  kLore = 8,
  kContributor = 9,
};
inline constexpr int kTagCategoryCount = 10;

struct Tag {
  int64_t id = 0;
  std::string name;
  TagCategory category = TagCategory::kUnspecified;
  int64_t post_count = 0;
  bool is_deprecated = false;  // as the board's list of tags says
};

using Md5 = std::array<uint8_t, 16>;

// Flags with three states each: known and set, known and not set, not known. Bit i of `known` and `value`
// belongs to PostFlag i; `value` is 0 where `known` is 0. Bits are stored in files: they never change.
enum class PostFlag : uint8_t {
  kNoteLocked = 0,
  kRatingLocked = 1,
  kStatusLocked = 2,
  kPending = 3,
  kFlagged = 4,
  kDeleted = 5,
  kBanned = 6,
  kHasChildren = 7,
};
struct PostFlags {
  uint16_t known = 0;
  uint16_t value = 0;

  void Set(PostFlag flag, bool is_set) {
    const uint16_t bit = static_cast<uint16_t>(1u << static_cast<unsigned>(flag));
    known |= bit;
    value = static_cast<uint16_t>(is_set ? value | bit : value & ~bit);
  }
  std::optional<bool> Get(PostFlag flag) const {
    const unsigned bit = 1u << static_cast<unsigned>(flag);
    if ((known & bit) == 0) return std::nullopt;
    return (value & bit) != 0;
  }
  friend bool operator==(const PostFlags&, const PostFlags&) = default;
};

struct Pool {
  int64_t id = 0;
  std::string kind;  // empty: the source gave none
  friend bool operator==(const Pool&, const Pool&) = default;
};

// Times are microseconds since 1970-01-01 UTC.
struct Post {
  int64_t id = 0;
  std::optional<Md5> md5;
  Rating rating = Rating::kUnspecified;
  std::optional<int32_t> width_px;
  std::optional<int32_t> height_px;
  std::string file_ext;  // empty: absent
  std::optional<int64_t> file_size_bytes;
  std::string source;  // empty: absent
  std::optional<int64_t> pixiv_id;
  std::optional<int64_t> parent_id;
  std::optional<int64_t> uploader_id;
  std::optional<int64_t> approver_id;
  std::optional<int32_t> score;
  std::optional<int32_t> up_score;
  std::optional<int32_t> down_score;
  std::optional<int32_t> favorite_count;
  std::optional<int64_t> duration_us;  // of an animation or a film
  std::optional<int64_t> created_at_us;
  std::optional<int64_t> updated_at_us;
  std::optional<int64_t> last_commented_at_us;
  std::optional<int64_t> last_noted_at_us;
  PostFlags flags;
  std::vector<int64_t> tag_ids;  // ascending, each once
  std::vector<Pool> pools;       // in the source's order
  std::vector<int64_t> favorite_user_ids;
  std::string extra_json;  // a JSON object; empty: absent

  // Makes every field absent but keeps the memory, for filling again.
  void Clear();
  friend bool operator==(const Post&, const Post&) = default;
};

// Words for people and tables: "safe", "general"; "unspecified" for the zero value.
std::string_view RatingName(Rating rating);
std::string_view TagCategoryName(TagCategory category);

}  // namespace millrace
