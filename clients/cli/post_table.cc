#include "clients/cli/post_table.h"

#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "clients/cli/format.h"

namespace millrace::cli {
namespace {

constexpr char kAbsent[] = "-";

std::string SizeText(const v1::Post& post) {
  if (!post.has_width_px() || !post.has_height_px()) return kAbsent;
  return absl::StrCat(post.width_px(), "x", post.height_px());
}

std::string TagNames(const v1::Post& post) {
  return absl::StrJoin(post.tags(), " ",
                       [](std::string* out, const v1::Tag& tag) { absl::StrAppend(out, tag.name()); });
}

std::string PoolText(const v1::Pool& pool) {
  return pool.has_kind() ? absl::StrCat(pool.id(), " (", pool.kind(), ")") : std::to_string(pool.id());
}

std::string FlagsText(const v1::PostFlags& flags) {
  std::vector<std::string> set;
  const auto add = [&](bool value, const char* name) {
    if (value) set.push_back(name);
  };
  add(flags.is_note_locked(), "notes locked");
  add(flags.is_rating_locked(), "rating locked");
  add(flags.is_status_locked(), "status locked");
  add(flags.is_pending(), "pending");
  add(flags.is_flagged(), "flagged");
  add(flags.is_deleted(), "deleted");
  add(flags.is_banned(), "banned");
  add(flags.has_children(), "has children");
  return absl::StrJoin(set, ", ");
}

using Pairs = std::vector<std::pair<std::string, std::string>>;

void AddFileFields(const v1::Post& post, Pairs& pairs) {
  if (post.has_md5()) pairs.emplace_back("md5", post.md5());
  pairs.emplace_back("rating", RatingText(post.rating()));
  if (post.has_width_px() || post.has_height_px()) pairs.emplace_back("size", SizeText(post));
  if (post.has_file_ext()) pairs.emplace_back("file type", post.file_ext());
  if (post.has_file_size_bytes()) pairs.emplace_back("file size", HumanBytes(post.file_size_bytes()));
  if (post.has_duration_us()) pairs.emplace_back("duration", HumanDuration(absl::Microseconds(post.duration_us())));
  if (post.has_location()) pairs.emplace_back("location", post.location());
  if (post.has_source()) pairs.emplace_back("source", post.source());
  if (post.has_pixiv_id()) pairs.emplace_back("pixiv id", std::to_string(post.pixiv_id()));
}

void AddRelations(const v1::Post& post, Pairs& pairs) {
  if (post.has_parent_id()) pairs.emplace_back("parent", std::to_string(post.parent_id()));
  for (const v1::Pool& pool : post.pools()) pairs.emplace_back("pool", PoolText(pool));
  if (post.has_uploader_id()) pairs.emplace_back("uploader", std::to_string(post.uploader_id()));
  if (post.has_approver_id()) pairs.emplace_back("approver", std::to_string(post.approver_id()));
  if (post.favorite_user_ids_size() > 0) pairs.emplace_back("favorites", WithThousands(post.favorite_user_ids_size()));
  if (post.has_favorite_count()) pairs.emplace_back("favorited", WithThousands(post.favorite_count()));
  if (post.has_score()) pairs.emplace_back("score", WithThousands(post.score()));
  if (post.has_up_score()) pairs.emplace_back("votes up", WithThousands(post.up_score()));
  if (post.has_down_score()) pairs.emplace_back("votes down", WithThousands(post.down_score()));
}

void AddTimesAndFlags(const v1::Post& post, Pairs& pairs) {
  if (post.has_created_at()) pairs.emplace_back("created", HumanTime(post.created_at()));
  if (post.has_updated_at()) pairs.emplace_back("updated", HumanTime(post.updated_at()));
  if (post.has_last_commented_at()) pairs.emplace_back("commented", HumanTime(post.last_commented_at()));
  if (post.has_last_noted_at()) pairs.emplace_back("noted", HumanTime(post.last_noted_at()));
  if (const std::string flags = FlagsText(post.flags()); !flags.empty()) pairs.emplace_back("flags", flags);
  if (post.has_extra_json()) pairs.emplace_back("extra", post.extra_json());
}

}  // namespace

Table PostTable(const Terminal& terminal) {
  return Table({{"row", Align::kRight},
                {"id", Align::kRight},
                {"rating"},
                {"size", Align::kRight},
                {"type"},
                {"bytes", Align::kRight},
                {"score", Align::kRight},
                {"tags", Align::kLeft, true}},
               terminal);
}

std::vector<std::string> PostRow(const v1::Post& post) {
  return {post.has_row() ? std::to_string(post.row()) : kAbsent,
          std::to_string(post.id()),
          RatingText(post.rating()),
          SizeText(post),
          post.has_file_ext() ? post.file_ext() : kAbsent,
          post.has_file_size_bytes() ? HumanBytes(post.file_size_bytes()) : kAbsent,
          post.has_score() ? WithThousands(post.score()) : kAbsent,
          TagNames(post)};
}

void PrintPost(const v1::Post& post, const Terminal& terminal, std::ostream& out) {
  Pairs pairs = {{"post", std::to_string(post.id())}};
  if (post.has_row()) pairs.emplace_back("row", std::to_string(post.row()));
  AddFileFields(post, pairs);
  AddRelations(post, pairs);
  AddTimesAndFlags(post, pairs);
  std::map<v1::TagCategory, std::string> tags;
  for (const v1::Tag& tag : post.tags()) absl::StrAppend(&tags[tag.category()], " ", tag.name());
  for (const auto& [category, names] : tags) {
    const bool has_category = category != v1::TAG_CATEGORY_UNSPECIFIED;
    pairs.emplace_back(has_category ? absl::StrCat(CategoryText(category), " tags") : "tags", names.substr(1));
  }
  PrintPairs(pairs, terminal, out);
}

}  // namespace millrace::cli
