#include "core/ingest/json_post_schema.h"

namespace millrace {
namespace {

using Shape = JsonShape;

constexpr JsonField Scalar(std::string_view key, PostField field) { return {key, Shape::kScalar, field}; }
constexpr JsonField Shaped(std::string_view key, Shape shape) { return {key, shape}; }
constexpr JsonField Tags(std::string_view key, Shape shape, TagCategory category) {
  return {key, shape, PostField::kId, category};
}
constexpr JsonField Group(std::string_view key, Shape shape, absl::Span<const JsonField> members) {
  return {key, shape, PostField::kId, TagCategory::kUnspecified, members};
}

constexpr JsonField kDanbooruJsonl[] = {
    Scalar("id", PostField::kId),
    Scalar("created_at", PostField::kCreatedAt),
    Scalar("uploader_id", PostField::kUploaderId),
    Scalar("score", PostField::kScore),
    Scalar("source", PostField::kSource),
    Scalar("md5", PostField::kMd5),
    Scalar("last_commented_at", PostField::kLastCommentedAt),
    Scalar("rating", PostField::kRating),
    Scalar("image_width", PostField::kWidth),
    Scalar("image_height", PostField::kHeight),
    Scalar("is_note_locked", PostField::kIsNoteLocked),
    Scalar("file_ext", PostField::kFileExt),
    Scalar("last_noted_at", PostField::kLastNotedAt),
    Scalar("is_rating_locked", PostField::kIsRatingLocked),
    Scalar("parent_id", PostField::kParentId),
    Scalar("has_children", PostField::kHasChildren),
    Scalar("approver_id", PostField::kApproverId),
    Scalar("file_size", PostField::kFileSize),
    Scalar("is_status_locked", PostField::kIsStatusLocked),
    Scalar("up_score", PostField::kUpScore),
    Scalar("down_score", PostField::kDownScore),
    Scalar("is_pending", PostField::kIsPending),
    Scalar("is_flagged", PostField::kIsFlagged),
    Scalar("is_deleted", PostField::kIsDeleted),
    Scalar("updated_at", PostField::kUpdatedAt),
    Scalar("is_banned", PostField::kIsBanned),
    Scalar("pixiv_id", PostField::kPixivId),
    Shaped("tags", Shape::kTagObjects),
    Shaped("pools", Shape::kPoolsThenKinds),
    Shaped("favs", Shape::kUserIds),
    Shaped("tag_string", Shape::kOtherTagString),
    Shaped("tag_string_general", Shape::kOtherTagString),
    Shaped("tag_string_character", Shape::kOtherTagString),
    Shaped("tag_string_copyright", Shape::kOtherTagString),
    Shaped("tag_string_artist", Shape::kOtherTagString),
    Shaped("tag_string_meta", Shape::kOtherTagString),
};

// "duration" is null for pictures that do not move.
constexpr JsonField kDanbooruMediaAsset[] = {Scalar("duration", PostField::kDurationSeconds)};

// Since 2021: the export's lines and the pages of posts.json have the same columns.
constexpr JsonField kDanbooru[] = {
    Scalar("id", PostField::kId),
    Scalar("created_at", PostField::kCreatedAt),
    Scalar("uploader_id", PostField::kUploaderId),
    Scalar("score", PostField::kScore),
    Scalar("source", PostField::kSource),
    Scalar("md5", PostField::kMd5),
    Scalar("last_commented_at", PostField::kLastCommentedAt),
    Scalar("rating", PostField::kRating),
    Scalar("image_width", PostField::kWidth),
    Scalar("image_height", PostField::kHeight),
    Shaped("tag_string", Shape::kWholeTagString),
    Scalar("fav_count", PostField::kFavoriteCount),
    Scalar("file_ext", PostField::kFileExt),
    Scalar("last_noted_at", PostField::kLastNotedAt),
    Scalar("parent_id", PostField::kParentId),
    Scalar("has_children", PostField::kHasChildren),
    Scalar("approver_id", PostField::kApproverId),
    Scalar("file_size", PostField::kFileSize),
    Scalar("up_score", PostField::kUpScore),
    Scalar("down_score", PostField::kDownScore),
    Scalar("is_pending", PostField::kIsPending),
    Scalar("is_flagged", PostField::kIsFlagged),
    Scalar("is_deleted", PostField::kIsDeleted),
    Scalar("is_banned", PostField::kIsBanned),
    Scalar("is_note_locked", PostField::kIsNoteLocked),
    Scalar("is_rating_locked", PostField::kIsRatingLocked),
    Scalar("is_status_locked", PostField::kIsStatusLocked),
    Scalar("updated_at", PostField::kUpdatedAt),
    Scalar("pixiv_id", PostField::kPixivId),
    Tags("tag_string_general", Shape::kTagString, TagCategory::kGeneral),
    Tags("tag_string_character", Shape::kTagString, TagCategory::kCharacter),
    Tags("tag_string_copyright", Shape::kTagString, TagCategory::kCopyright),
    Tags("tag_string_artist", Shape::kTagString, TagCategory::kArtist),
    Tags("tag_string_meta", Shape::kTagString, TagCategory::kMeta),
    Group("media_asset", Shape::kGroup, kDanbooruMediaAsset),
};

constexpr JsonField kE621File[] = {
    Scalar("width", PostField::kWidth),   Scalar("height", PostField::kHeight), Scalar("ext", PostField::kFileExt),
    Scalar("size", PostField::kFileSize), Scalar("md5", PostField::kMd5),
};
constexpr JsonField kE621Score[] = {
    Scalar("up", PostField::kUpScore),
    Scalar("down", PostField::kDownScore),
    Scalar("total", PostField::kScore),
};
constexpr JsonField kE621Tags[] = {
    Tags("general", Shape::kTagString, TagCategory::kGeneral),
    Tags("artist", Shape::kTagString, TagCategory::kArtist),
    Tags("contributor", Shape::kTagString, TagCategory::kContributor),
    Tags("copyright", Shape::kTagString, TagCategory::kCopyright),
    Tags("character", Shape::kTagString, TagCategory::kCharacter),
    Tags("species", Shape::kTagString, TagCategory::kSpecies),
    Tags("invalid", Shape::kTagString, TagCategory::kInvalid),
    Tags("meta", Shape::kTagString, TagCategory::kMeta),
    Tags("lore", Shape::kTagString, TagCategory::kLore),
};
constexpr JsonField kE621Flags[] = {
    Scalar("pending", PostField::kIsPending),
    Scalar("flagged", PostField::kIsFlagged),
    Scalar("note_locked", PostField::kIsNoteLocked),
    Scalar("status_locked", PostField::kIsStatusLocked),
    Scalar("rating_locked", PostField::kIsRatingLocked),
    Scalar("deleted", PostField::kIsDeleted),
};
constexpr JsonField kE621Relationships[] = {
    Scalar("parent_id", PostField::kParentId),
    Scalar("has_children", PostField::kHasChildren),
};
constexpr JsonField kE621[] = {
    Scalar("id", PostField::kId),
    Scalar("created_at", PostField::kCreatedAt),
    Scalar("updated_at", PostField::kUpdatedAt),
    Group("file", Shape::kGroup, kE621File),
    Group("score", Shape::kGroup, kE621Score),
    Group("tags", Shape::kTagLists, kE621Tags),
    Group("flags", Shape::kGroup, kE621Flags),
    Scalar("rating", PostField::kRating),
    Scalar("fav_count", PostField::kFavoriteCount),
    Shaped("sources", Shape::kTexts),
    Shaped("pools", Shape::kPoolIds),
    Group("relationships", Shape::kGroup, kE621Relationships),
    Scalar("approver_id", PostField::kApproverId),
    Scalar("uploader_id", PostField::kUploaderId),
    Scalar("duration", PostField::kDurationSeconds),
};
constexpr std::string_view kE621Wrappers[] = {"posts", "post"};

constexpr JsonField kMoebooru[] = {
    Scalar("id", PostField::kId),
    Shaped("tags", Shape::kTagString),
    Scalar("created_at", PostField::kCreatedAt),
    Scalar("updated_at", PostField::kUpdatedAt),
    Scalar("creator_id", PostField::kUploaderId),
    Scalar("approver_id", PostField::kApproverId),
    Scalar("source", PostField::kSource),
    Scalar("score", PostField::kScore),
    Scalar("md5", PostField::kMd5),
    Scalar("file_size", PostField::kFileSize),
    Scalar("file_ext", PostField::kFileExt),
    Shaped("file_url", Shape::kFileName),
    Scalar("rating", PostField::kRating),
    Scalar("is_rating_locked", PostField::kIsRatingLocked),
    Scalar("has_children", PostField::kHasChildren),
    Scalar("parent_id", PostField::kParentId),
    Shaped("status", Shape::kStatus),
    Scalar("is_pending", PostField::kIsPending),
    Scalar("width", PostField::kWidth),
    Scalar("height", PostField::kHeight),
    Scalar("is_note_locked", PostField::kIsNoteLocked),
    Scalar("last_noted_at", PostField::kLastNotedAt),
    Scalar("last_commented_at", PostField::kLastCommentedAt),
};

constexpr JsonField kGelbooru[] = {
    Scalar("id", PostField::kId),
    Scalar("created_at", PostField::kCreatedAt),
    Scalar("score", PostField::kScore),
    Scalar("width", PostField::kWidth),
    Scalar("height", PostField::kHeight),
    Scalar("md5", PostField::kMd5),
    // What older versions call the md5.
    Shaped("hash", Shape::kOtherMd5),
    Shaped("image", Shape::kFileName),
    Scalar("rating", PostField::kRating),
    Scalar("source", PostField::kSource),
    Scalar("creator_id", PostField::kUploaderId),
    Scalar("parent_id", PostField::kParentId),
    Shaped("tags", Shape::kTagString),
    Shaped("file_url", Shape::kFileName),
    Shaped("status", Shape::kStatus),
    Scalar("has_children", PostField::kHasChildren),
};
constexpr std::string_view kGelbooruWrappers[] = {"post"};

constexpr JsonPostSchema kDanbooruJsonlSchema{kDanbooruJsonl, RatingScheme::kThreeStep};
constexpr JsonPostSchema kDanbooruExportSchema{kDanbooru, RatingScheme::kThreeStep};
constexpr JsonPostSchema kDanbooruPagesSchema{kDanbooru, RatingScheme::kFourStep};
constexpr JsonPostSchema kE621PagesSchema{kE621, RatingScheme::kThreeStep, false, kE621Wrappers};
constexpr JsonPostSchema kMoebooruPagesSchema{kMoebooru, {RatingScheme::kThreeStep, TimeForm::kEpochSeconds}};
constexpr JsonPostSchema kGelbooruPagesSchema{
    kGelbooru, {RatingScheme::kFourStep, TimeForm::kRubyText}, true, kGelbooruWrappers, "@attributes"};

static_assert(std::size(kDanbooruJsonl) <= 64 && std::size(kDanbooru) <= 64, "the parser has a bit for each field");

}  // namespace

const JsonPostSchema& DanbooruJsonlSchema() { return kDanbooruJsonlSchema; }
const JsonPostSchema& DanbooruExportSchema() { return kDanbooruExportSchema; }
const JsonPostSchema& DanbooruPagesSchema() { return kDanbooruPagesSchema; }
const JsonPostSchema& E621PagesSchema() { return kE621PagesSchema; }
const JsonPostSchema& MoebooruPagesSchema() { return kMoebooruPagesSchema; }
const JsonPostSchema& GelbooruPagesSchema() { return kGelbooruPagesSchema; }

}  // namespace millrace
