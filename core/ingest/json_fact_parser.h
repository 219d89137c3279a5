// One JSON object -> a tag, a relation of tags, a pool or an artist, as Danbooru lists them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "core/ingest/json_record.h"
#include "core/model/tag_relation.h"

namespace millrace {

// Each Parse: true, and the fact holds the record; false, and rejected() says why not (file and line are the caller's).
// What a fact has no field for is kept in its extra_json, in canonical form, and so is the source's word for a tag's
// category. Not thread-safe.
class JsonFactParser {
 public:
  bool Parse(std::string_view text, TagFact* tag);
  // A tag as Moebooru and Gelbooru list them: category and post_count are "type" and "count" there. *type is the number
  // as it is, for the boards do not agree on what it means; -1: there is none. The id is kept, too: callers may not use
  // it.
  bool ParseTyped(std::string_view text, TagFact* tag, int64_t* type);
  // All but the kind, which the record does not tell.
  bool Parse(std::string_view text, TagRelation* relation);
  // Its id alone, by which boards give pages of relations; Parse leaves it in extra_json.
  bool ParseRecordId(std::string_view text, int64_t* id);
  bool Parse(std::string_view text, PoolFact* pool);
  bool Parse(std::string_view text, ArtistFact* artist);

  const RejectedRecord& rejected() const { return record_.rejected(); }

 private:
  using Value = JsonRecord::Value;

  // The keys of one record, which lie in the record's memory. A list of tags has a handful each: to look at these costs
  // less than to hash them.
  class SeenKeys {
   public:
    void Clear() {
      few_.clear();
      if (!many_.empty()) many_.clear();
    }
    // False when it was there.
    bool Add(std::string_view key);

   private:
    static constexpr size_t kFewMax = 16;
    std::vector<std::string_view> few_;
    absl::flat_hash_set<std::string> many_;  // all, once they are more than a few
  };

  // Calls `take` for each member; it sets *is_taken to false to have the member kept in `extra`.
  template <typename Take>
  bool ParseMembers(std::string_view text, JsonMembers* extra, const Take& take);
  bool ReadId(std::string_view field, Value value, int64_t* id);
  bool ReadTagId(std::string_view field, Value value, int64_t* id);
  bool TakeTagId(std::string_view field, const ScalarValue& scalar, int64_t* id);
  bool ReadCount(std::string_view field, Value value, std::optional<int64_t>* count);
  bool TakeNumber(std::string_view field, const ScalarValue& scalar, std::optional<int64_t>* number);
  bool ReadText(std::string_view field, Value value, std::string* text);
  bool ReadTagName(std::string_view field, Value value, std::string* name);
  bool ReadFlag(std::string_view field, Value value, std::optional<bool>* flag);
  // A list of names, or one string with names between spaces.
  bool ReadNames(std::string_view field, Value value, std::vector<std::string>* names);
  // What must be there was not.
  bool Require(std::string_view field, bool is_there);

  JsonRecord record_;
  SeenKeys seen_;
};

}  // namespace millrace
