// The formats that are JSON. They differ in how records are wrapped and in keys that only one of them has.
#include <algorithm>
#include <initializer_list>

#include "core/ingest/json_start.h"
#include "core/ingest/recognise.h"

namespace millrace {
namespace {

using Outer = JsonStart::Outer;

bool HasAny(const JsonStart& start, std::initializer_list<std::string_view> keys) {
  return std::any_of(keys.begin(), keys.end(), [&](std::string_view key) { return start.Has(key); });
}

bool HasAll(const JsonStart& start, std::initializer_list<std::string_view> keys) {
  return std::all_of(keys.begin(), keys.end(), [&](std::string_view key) { return start.Has(key); });
}

// Whether the value of `key` begins with `prefix`.
bool Begins(const JsonStart& start, std::string_view key, std::string_view prefix) {
  const std::string_view* const value = start.Find(key);
  return value != nullptr && value->substr(0, prefix.size()) == prefix;
}

// Danbooru's posts since 2021: tags are strings, apart by category.
bool HasTagStrings(const JsonStart& start) {
  return HasAny(start, {"tag_string", "tag_string_general", "tag_string_artist", "tag_string_character",
                        "tag_string_copyright", "tag_string_meta"});
}

bool HasTagLists(const JsonStart& start) { return Begins(start, "tags", "{") && HasAny(start, {"file", "flags"}); }

// The lists that Danbooru's export has beside its posts.
bool IsDanbooruList(const JsonStart& start) {
  return HasAll(start, {"name", "category", "post_count"}) ||    // tags
         HasAll(start, {"name", "other_names"}) ||               // artists
         HasAll(start, {"name", "category", "post_ids"}) ||      // pools
         HasAll(start, {"post_id", "body", "x", "y"}) ||         // notes
         HasAll(start, {"antecedent_name", "consequent_name"});  // aliases and implications
}

}  // namespace

bool RecogniseDanbooruJsonl(std::string_view bytes) {
  const JsonStart start = ReadJsonStart(bytes);
  if (start.outer != Outer::kRecord || HasTagStrings(start) || !start.Has("id")) return false;
  if (Begins(start, "tags", "[{")) return true;
  // A record that says little: no other format is a record a line with an id and nothing of its own.
  return start.is_first_whole && !HasAny(start, {"file", "flags", "@attributes", "directory", "file_url"}) &&
         !IsDanbooruList(start) && (Begins(start, "tags", "[") || !start.Has("tags")) &&
         HasAny(start, {"tags", "md5", "rating", "file_ext", "image_width", "image_height", "is_note_locked",
                        "is_rating_locked", "up_score", "pixiv_id"});
}

bool RecogniseDanbooruExport(std::string_view bytes) {
  const JsonStart start = ReadJsonStart(bytes);
  if (start.outer != Outer::kRecord || start.has_attributes) return false;
  return (HasTagStrings(start) && start.is_first_whole && !start.Has("media_asset")) || IsDanbooruList(start);
}

bool RecogniseDanbooruPages(std::string_view bytes) {
  const JsonStart start = ReadJsonStart(bytes);
  // One post, as posts/ID.json gives it, has a media asset, which no line of the export has.
  return HasTagStrings(start) &&
         (start.outer == Outer::kArray || (start.outer == Outer::kRecord && start.Has("media_asset")));
}

bool RecogniseE621Pages(std::string_view bytes) {
  const JsonStart start = ReadJsonStart(bytes);
  if (start.has_attributes) return false;
  if (start.outer == Outer::kWrapped && start.wrapper == "posts" && start.holds_no_record) return true;
  return start.outer != Outer::kNone && HasTagLists(start);
}

bool RecogniseMoebooruPages(std::string_view bytes) {
  const JsonStart start = ReadJsonStart(bytes);
  if (start.outer != Outer::kArray || !Begins(start, "tags", "\"") || HasAny(start, {"directory", "owner"}))
    return false;
  const std::string_view* const created_at = start.Find("created_at");
  const bool is_epoch =
      created_at != nullptr && !created_at->empty() && created_at->front() >= '0' && created_at->front() <= '9';
  return is_epoch && HasAny(start, {"author", "creator_id", "jpeg_url", "actual_preview_width", "status"});
}

bool RecogniseGelbooruPages(std::string_view bytes) {
  const JsonStart start = ReadJsonStart(bytes);
  if (start.has_attributes) return start.outer != Outer::kWrapped || start.wrapper == "post";
  // Older ones and their kin give the list without a wrapper.
  return start.outer == Outer::kArray && Begins(start, "tags", "\"") && start.Has("directory") &&
         HasAny(start, {"owner", "image", "hash"});
}

}  // namespace millrace
