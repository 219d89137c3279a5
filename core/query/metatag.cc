#include "core/query/metatag.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "core/base/nearest.h"
#include "core/model/post.h"

namespace millrace {
namespace {

constexpr int Number(TagCategory category) { return static_cast<int>(category); }

constexpr MetatagInfo kMetatags[] = {
    {"rating", Metatag::kRating, ValueSyntax::kRating, -1, true},
    {"id", Metatag::kId, ValueSyntax::kInteger, -1, true},
    {"score", Metatag::kScore, ValueSyntax::kInteger, -1, true},
    {"width", Metatag::kWidth, ValueSyntax::kInteger, -1, true},
    {"height", Metatag::kHeight, ValueSyntax::kInteger, -1, true},
    {"md5", Metatag::kMd5, ValueSyntax::kMd5},
    {"favcount", Metatag::kFavoriteCount, ValueSyntax::kInteger},
    {"ratio", Metatag::kRatio, ValueSyntax::kRatio},
    {"mpixels", Metatag::kMegapixels, ValueSyntax::kDecimal},
    {"filesize", Metatag::kFileSize, ValueSyntax::kSize},
    {"filetype", Metatag::kFileType, ValueSyntax::kWord},
    {"ext", Metatag::kFileType, ValueSyntax::kWord},
    {"type", Metatag::kFileType, ValueSyntax::kWord},
    {"duration", Metatag::kDuration, ValueSyntax::kDecimal},
    {"date", Metatag::kDate, ValueSyntax::kDate},
    {"age", Metatag::kAge, ValueSyntax::kAge},
    {"source", Metatag::kSource, ValueSyntax::kText},
    {"pixiv", Metatag::kPixiv, ValueSyntax::kInteger},
    {"pixiv_id", Metatag::kPixiv, ValueSyntax::kInteger},
    {"parent", Metatag::kParent, ValueSyntax::kInteger},
    {"child", Metatag::kChild, ValueSyntax::kInteger},
    {"pool", Metatag::kPool, ValueSyntax::kPool},
    {"tagcount", Metatag::kTagCount, ValueSyntax::kInteger},
    {"gentags", Metatag::kCategoryTagCount, ValueSyntax::kInteger, Number(TagCategory::kGeneral)},
    {"arttags", Metatag::kCategoryTagCount, ValueSyntax::kInteger, Number(TagCategory::kArtist)},
    {"copytags", Metatag::kCategoryTagCount, ValueSyntax::kInteger, Number(TagCategory::kCopyright)},
    {"chartags", Metatag::kCategoryTagCount, ValueSyntax::kInteger, Number(TagCategory::kCharacter)},
    {"metatags", Metatag::kCategoryTagCount, ValueSyntax::kInteger, Number(TagCategory::kMeta)},
    {"spectags", Metatag::kCategoryTagCount, ValueSyntax::kInteger, Number(TagCategory::kSpecies)},
    {"invtags", Metatag::kCategoryTagCount, ValueSyntax::kInteger, Number(TagCategory::kInvalid)},
    {"lortags", Metatag::kCategoryTagCount, ValueSyntax::kInteger, Number(TagCategory::kLore)},
    {"conttags", Metatag::kCategoryTagCount, ValueSyntax::kInteger, Number(TagCategory::kContributor)},
    {"status", Metatag::kStatus, ValueSyntax::kWord},
    {"user", Metatag::kUploader, ValueSyntax::kInteger},
    {"approver", Metatag::kApprover, ValueSyntax::kInteger},
    {"is", Metatag::kIs, ValueSyntax::kWord},
    {"has", Metatag::kHas, ValueSyntax::kWord},
};

// Of e621, about what a snapshot holds and queries ask for by another word.
constexpr std::pair<std::string_view, std::string_view> kElsewhere[] = {
    {"inpool", "has:pools"},
    {"ischild", "is:child"},
    {"isparent", "is:parent"},
    {"hassource", "has:source"},
    {"uploader", "user:"},
    {"user_id", "user:"},
    {"upvotes", "score:"},
    {"downvotes", "score:"},
    {"randseed", "to draw posts with SamplePosts (millrace posts sample)"},
};

// Of Danbooru and e621, about what happens on their sites and not about posts as they are exported.
constexpr std::string_view kForeign[] = {
    "appealer",  "artcomm",     "change",      "commentary",     "commenter", "comment_count", "comments",
    "delreason", "deletedby",   "description", "disapproved",    "downvote",  "embedded",      "fav",
    "favgroup",  "favoritedby", "flagger",     "hasdescription", "locked",    "note",          "note_count",
    "noter",     "noteupdater", "ordfav",      "ordfavgroup",    "ordpool",   "search",        "set",
    "unaliased", "upvote",      "voteddown",   "votedup",
};

// Of searches, and so no metatags of a query (query.h).
constexpr std::string_view kSearchWords[] = {"order", "limit"};

}  // namespace

absl::Span<const MetatagInfo> AllMetatags() { return kMetatags; }

const MetatagInfo* FindMetatag(std::string_view name) {
  const auto* const found = std::find_if(std::begin(kMetatags), std::end(kMetatags),
                                         [&](const MetatagInfo& info) { return info.name == name; });
  return found == std::end(kMetatags) ? nullptr : found;
}

std::string MetatagHint(std::string_view written) {
  // Capitals by themselves are no slip: metatags are written small.
  const std::string name = absl::AsciiStrToLower(absl::string_view(written.data(), written.size()));
  if (std::find(std::begin(kForeign), std::end(kForeign), name) != std::end(kForeign)) {
    return absl::StrCat(" Other programs know the metatag ", name, ":, but snapshots do not hold what it asks for.");
  }
  for (const auto& [word, here] : kElsewhere) {
    if (word != name) continue;
    return absl::StrCat(" Other programs know the metatag ", name, ":; what comes nearest to it here is ",
                        std::string(here), ".");
  }
  std::vector<std::string_view> known(std::begin(kSearchWords), std::end(kSearchWords));
  for (const MetatagInfo& info : kMetatags) known.push_back(info.name);
  // A slip or two; of short words, one.
  const size_t limit = name.size() <= 4 ? 1 : 2;
  std::string_view nearest;
  size_t smallest = limit + 1;
  for (const std::string_view word : known) {
    const size_t distance = EditDistance(name, word, limit);
    if (distance >= smallest) continue;
    smallest = distance;
    nearest = word;
  }
  if (nearest.empty()) return "";
  return absl::StrCat(" Did you mean the metatag ", std::string(nearest), ":?");
}

}  // namespace millrace
