// The formats that are JSON. They differ in how records are wrapped and in keys that only one of them has. All records
// within the bytes are looked at: the first may be one of which its board tells little.
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

// Danbooru's posts since 2021: tags are strings, apart by category.
bool HasTagStrings(const JsonStart& start) {
  return HasAny(start, {"tag_string", "tag_string_general", "tag_string_artist", "tag_string_character",
                        "tag_string_copyright", "tag_string_meta"});
}

bool BeginsWithDigit(const JsonStart& start, std::string_view key) {
  for (const char digit : std::string_view("0123456789")) {
    if (start.Begins(key, std::string_view(&digit, 1))) return true;
  }
  return false;
}

bool HasTagLists(const JsonStart& start) { return start.Begins("tags", "{") && HasAny(start, {"file", "flags"}); }

// Tags as no post of Danbooru's has had them since 2021.
bool HasOtherTags(const JsonStart& start) {
  return start.Begins("tags", "[{") || start.Begins("tags", "[\"") || start.Begins("tags", "{") ||
         start.Begins("tags", "\"");
}

// Numbers as strings, which no API of Danbooru's has given.
bool HasTextIds(const JsonStart& start) { return start.Begins("id", "\""); }

// Posts of Danbooru's as only its API of today gives them: with a media asset, or rated general.
bool IsOfToday(const JsonStart& start) {
  return start.Has("media_asset") || (start.rating_letters.find('g') != std::string::npos && !HasTextIds(start));
}

// A single post that posts/ID.json, which leaves out no column that is no secret, may have given as well as an export:
// what its `s` means cannot be told.
bool IsEither(const JsonStart& start) {
  return start.record_count == 1 && start.rating_letters == "s" && !IsOfToday(start) && !HasTextIds(start) &&
         HasAny(start, {"bit_flags", "has_large", "tag_count"}) &&
         !HasAny(start, {"is_note_locked", "is_rating_locked", "is_status_locked"});
}

// The lists that Danbooru's export has beside its posts.
bool IsDanbooruList(const JsonStart& start) {
  return HasAll(start, {"name", "category", "post_count"}) ||    // tags
         HasAll(start, {"name", "other_names"}) ||               // artists
         HasAll(start, {"name", "category", "post_ids"}) ||      // pools
         HasAll(start, {"post_id", "body", "x", "y"}) ||         // notes
         HasAll(start, {"title", "body", "other_names"}) ||      // wiki pages
         HasAll(start, {"antecedent_name", "consequent_name"});  // aliases and implications
}

}  // namespace

bool RecogniseDanbooruJsonl(std::string_view bytes) {
  const JsonStart start = ReadJsonStart(bytes);
  if (start.outer != Outer::kRecord || HasTagStrings(start) || !start.Has("id")) return false;
  if (start.Begins("tags", "[{")) return true;
  // A record that says little: no other format is a record a line with an id and nothing of its own.
  return start.is_first_whole && !HasAny(start, {"file", "flags", "@attributes", "directory", "file_url"}) &&
         !IsDanbooruList(start) && (start.Begins("tags", "[") || !start.Has("tags")) &&
         HasAny(start, {"tags", "md5", "rating", "file_ext", "image_width", "image_height", "is_note_locked",
                        "is_rating_locked", "up_score", "pixiv_id"});
}

bool RecogniseDanbooruExport(std::string_view bytes) {
  const JsonStart start = ReadJsonStart(bytes);
  if (start.outer != Outer::kRecord || start.has_attributes) return false;
  return (HasTagStrings(start) && start.is_first_whole && !IsOfToday(start)) || IsDanbooruList(start);
}

bool RecogniseDanbooruPages(std::string_view bytes) {
  const JsonStart start = ReadJsonStart(bytes);
  if (!HasTagStrings(start)) return false;
  // Posts that stand by themselves, as posts/ID.json gives one.
  return start.outer == Outer::kArray ||
         (start.outer == Outer::kRecord && (IsOfToday(start) || (start.is_first_whole && IsEither(start))));
}

bool RecogniseE621Pages(std::string_view bytes) {
  const JsonStart start = ReadJsonStart(bytes);
  if (start.has_attributes) return false;
  if (start.outer == Outer::kWrapped && start.wrapper == "posts" && start.holds_no_record) return true;
  return start.outer != Outer::kNone && HasTagLists(start);
}

bool RecogniseMoebooruPages(std::string_view bytes) {
  const JsonStart start = ReadJsonStart(bytes);
  if (start.outer != Outer::kArray || !start.Begins("tags", "\"") || HasAny(start, {"directory", "owner"}))
    return false;
  return BeginsWithDigit(start, "created_at") &&
         HasAny(start, {"author", "creator_id", "jpeg_url", "actual_preview_width", "status"});
}

bool RecogniseGelbooruPages(std::string_view bytes) {
  const JsonStart start = ReadJsonStart(bytes);
  if (start.has_attributes) return start.outer != Outer::kWrapped || start.wrapper == "post";
  // Members have no order: @attributes may stand behind the posts, however far.
  if (start.outer == Outer::kWrapped && start.wrapper == "post") return start.Begins("tags", "\"");
  // Older ones and their kin give the list without a wrapper.
  return start.outer == Outer::kArray && start.Begins("tags", "\"") && start.Has("directory") &&
         HasAny(start, {"owner", "image", "hash"});
}

bool CouldBeDanbooruJsonl(std::string_view bytes) {
  const JsonStart start = ReadJsonStart(bytes);
  return start.outer == Outer::kRecord && !start.has_attributes && !HasTagStrings(start) && !IsDanbooruList(start) &&
         !start.Begins("tags", "{") && !start.Begins("tags", "\"");
}

bool CouldBeDanbooruExport(std::string_view bytes) {
  const JsonStart start = ReadJsonStart(bytes);
  return start.outer == Outer::kRecord && !start.has_attributes && !HasOtherTags(start);
}

bool CouldBeDanbooruPages(std::string_view bytes) {
  const JsonStart start = ReadJsonStart(bytes);
  return (start.outer == Outer::kRecord || start.outer == Outer::kArray) && !start.has_attributes &&
         !HasOtherTags(start) && !IsDanbooruList(start);
}

bool CouldBeE621Pages(std::string_view bytes) {
  const JsonStart start = ReadJsonStart(bytes);
  return start.outer != Outer::kNone && !start.has_attributes && !HasTagStrings(start) && !IsDanbooruList(start) &&
         !start.Begins("tags", "[") && !start.Begins("tags", "\"");
}

bool CouldBeMoebooruPages(std::string_view bytes) {
  const JsonStart start = ReadJsonStart(bytes);
  return (start.outer == Outer::kRecord || start.outer == Outer::kArray) && !start.has_attributes &&
         !HasTagStrings(start) && !IsDanbooruList(start) && !start.Begins("tags", "[") && !start.Begins("tags", "{") &&
         !start.Begins("created_at", "\"");
}

bool CouldBeGelbooruPages(std::string_view bytes) {
  const JsonStart start = ReadJsonStart(bytes);
  return start.outer != Outer::kNone && start.wrapper != "posts" && !HasTagStrings(start) && !IsDanbooruList(start) &&
         !start.Begins("tags", "[") && !start.Begins("tags", "{") && !BeginsWithDigit(start, "created_at");
}

bool TellsNoTags(std::string_view bytes) {
  const JsonStart start = ReadJsonStart(bytes);
  return start.outer == Outer::kRecord && start.is_first_whole && !start.has_attributes && !HasTagStrings(start) &&
         !HasOtherTags(start) && !IsDanbooruList(start);
}

bool IsDanbooruListInBrackets(std::string_view bytes) {
  const JsonStart start = ReadJsonStart(bytes);
  return start.outer == Outer::kArray && IsDanbooruList(start);
}

bool EndsWithinFirstRecord(std::string_view bytes) {
  const JsonStart start = ReadJsonStart(bytes);
  return start.record_count == 1 && !start.is_first_whole;
}

}  // namespace millrace
