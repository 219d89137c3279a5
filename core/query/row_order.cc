#include "core/query/row_order.h"

#include <algorithm>
#include <array>
#include <limits>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/error.h"
#include "core/base/nearest.h"
#include "core/base/text.h"
#include "core/query/quantity.h"
#include "core/snapshot/applied_tags.h"
#include "core/snapshot/post_columns.h"

namespace millrace {
namespace {

using snapshot_file::Field;
using snapshot_file::FieldBit;
using snapshot_file::PostColumns;

struct OrderWord {
  const char* word;
  Metatag key;
};
// By id from the first one on; by all others from the largest value on, unless "_asc" stands behind the word.
constexpr OrderWord kOrders[] = {{"id", Metatag::kId},
                                 {"score", Metatag::kScore},
                                 {"width", Metatag::kWidth},
                                 {"height", Metatag::kHeight},
                                 {"ratio", Metatag::kRatio},
                                 {"mpixels", Metatag::kMegapixels},
                                 {"filesize", Metatag::kFileSize},
                                 {"date", Metatag::kDate},
                                 {"favcount", Metatag::kFavoriteCount},
                                 {"duration", Metatag::kDuration},
                                 {"tagcount", Metatag::kTagCount}};

// Orders of Danbooru and e621 that searches do not have, and what to write instead. Without what "_asc" and "_desc"
// say.
struct ForeignOrder {
  const char* word;
  const char* remedy;
};
constexpr char kNotHeld[] = "snapshots do not hold what it goes by";
constexpr char kOneOrder[] = "order:tagcount counts the tags of all categories";
constexpr ForeignOrder kForeignOrders[] = {
    {"random",
     "draw posts with SamplePosts (millrace posts sample), or stream a plan, "
     "whose epochs are shuffled"},
    {"created", "write order:date"},
    {"created_at", "write order:date"},
    {"landscape", "write order:ratio"},
    {"portrait", "write order:ratio_asc"},
    {"rank", "it depends on the day of the search; write order:score, with age:<2d for the newest posts"},
    {"hot", "it depends on the day of the search; write order:score, with age:<2d for the newest posts"},
    {"none", "leave the word out for posts in order of id"},
    {"custom", "ask for posts by a list of ids with BatchGetPosts, which keeps its order (millrace posts get)"},
    {"md5", "write order:id"},
    {"upvotes", "write order:score"},
    {"downvotes", "write order:score_asc"},
    {"change", "write order:date or order:id_desc"},
    {"updated", "write order:date or order:id_desc"},
    {"updated_at", "write order:date or order:id_desc"},
    {"gentags", kOneOrder},
    {"arttags", kOneOrder},
    {"copytags", kOneOrder},
    {"chartags", kOneOrder},
    {"metatags", kOneOrder},
    {"comment", kNotHeld},
    {"comment_bumped", kNotHeld},
    {"comment_count", kNotHeld},
    {"comm", kNotHeld},
    {"note", kNotHeld},
    {"note_count", kNotHeld},
    {"artcomm", kNotHeld},
    {"curated", kNotHeld},
    {"modqueue", kNotHeld},
    {"disapproved", kNotHeld},
    {"set", kNotHeld},
};

// The values that rows are ordered by.
class KeyReader {
 public:
  KeyReader(const Snapshot& snapshot, Metatag key, const TagRelations* relations)
      : columns_(snapshot.columns()), key_(key), has_relations_(relations != nullptr), tags_(relations) {}

  absl::Status Read(uint32_t row, std::optional<int64_t>* value) {
    value->reset();
    switch (key_) {
      case Metatag::kWidth:
        return ReadField<int32_t>(Field::kWidthPx, row, value);
      case Metatag::kHeight:
        return ReadField<int32_t>(Field::kHeightPx, row, value);
      case Metatag::kRatio:
      case Metatag::kMegapixels:
        return ReadSides(row, value);
      case Metatag::kFileSize:
        return ReadField<int64_t>(Field::kFileSizeBytes, row, value);
      case Metatag::kDate:
        return ReadField<int64_t>(Field::kCreatedAtUs, row, value);
      case Metatag::kFavoriteCount:
        return ReadField<int32_t>(Field::kFavoriteCount, row, value);
      case Metatag::kDuration:
        return ReadField<int64_t>(Field::kDurationUs, row, value);
      case Metatag::kTagCount: {
        uint64_t begin, end;
        MILLRACE_RETURN_IF_ERROR(columns_.tags().GetRange(row, &begin, &end));
        *value = static_cast<int64_t>(end - begin);
        return has_relations_ ? CountApplied(row, value) : absl::OkStatus();
      }
      default:
        return ReadField<int32_t>(Field::kScore, row, value);
    }
  }

 private:
  absl::Status CountApplied(uint32_t row, std::optional<int64_t>* count) {
    absl::Span<const uint32_t> said;
    MILLRACE_RETURN_IF_ERROR(columns_.ReadTagIndexes(row, &said));
    *count = static_cast<int64_t>(tags_.Of(said).size());
    return absl::OkStatus();
  }

  template <typename T>
  absl::Status ReadField(Field field, uint32_t row, std::optional<int64_t>* value) const {
    OptionalSlice<T> slice;
    MILLRACE_RETURN_IF_ERROR(columns_.ReadSlice<T>(field, row, uint64_t{row} + 1, &slice));
    if (slice.has(0)) *value = slice.values[0];
    return absl::OkStatus();
  }

  absl::Status ReadSides(uint32_t row, std::optional<int64_t>* value) const {
    std::optional<int64_t> width, height;
    MILLRACE_RETURN_IF_ERROR(ReadField<int32_t>(Field::kWidthPx, row, &width));
    MILLRACE_RETURN_IF_ERROR(ReadField<int32_t>(Field::kHeightPx, row, &height));
    if (width.value_or(0) > 0 && height.value_or(0) > 0) {
      *value = key_ == Metatag::kRatio ? RatioOf(*width, *height) : *width * *height;
    }
    return absl::OkStatus();
  }

  const PostColumns& columns_;
  const Metatag key_;
  const bool has_relations_;
  AppliedTags tags_;
};

}  // namespace

absl::StatusOr<RowOrder> RowOrder::Of(const SearchTerms& search) {
  RowOrder order;
  if (search.order.empty()) return order;
  std::string_view word = search.order;
  const bool is_ascending = word.ends_with("_asc");
  const bool is_descending = word.ends_with("_desc");
  if (is_ascending || is_descending) word.remove_suffix(word.size() - word.rfind('_'));
  const auto* const found =
      std::find_if(std::begin(kOrders), std::end(kOrders), [&](const OrderWord& known) { return known.word == word; });
  if (found == std::end(kOrders)) {
    for (const ForeignOrder& foreign : kForeignOrders) {
      if (word != foreign.word) continue;
      return SyntaxError(search.order_char_offset,
                         absl::StrCat("asks for the order ", QuoteForMessage(search.order),
                                      ", which boards know and searches do not have; ", foreign.remedy));
    }
    std::vector<std::string> known;
    for (const OrderWord& known_order : kOrders) known.emplace_back(known_order.word);
    return SyntaxError(
        search.order_char_offset,
        absl::StrCat("asks for an order ", QuoteForMessage(search.order), " that there is not; write order: with ",
                     absl::StrJoin(known, ", "),
                     ", and _asc or _desc behind it if need be. Did you mean order:", NearestName(word, known), "?"));
  }
  order.key = found->key;
  order.is_descending = is_descending || (!is_ascending && order.key != Metatag::kId);
  return order;
}

absl::StatusOr<std::vector<uint32_t>> RowsInOrder(const RowSet& rows, const RowOrder& order, uint64_t offset,
                                                  uint64_t count, const Snapshot& snapshot,
                                                  const Cancelled& cancelled) {
  const uint64_t row_count = rows.Count();
  if (offset >= row_count) return std::vector<uint32_t>();
  count = std::min(count, row_count - offset);
  if (order.key == Metatag::kId) {
    if (!order.is_descending) return rows.Slice(offset, count);
    std::vector<uint32_t> slice = rows.Slice(row_count - offset - count, count);
    std::reverse(slice.begin(), slice.end());
    return slice;
  }
  // Whether it lacks the value, the value (negated where the largest comes first), the row.
  using Key = std::pair<std::pair<bool, int64_t>, uint32_t>;
  std::vector<Key> keys;
  keys.reserve(row_count);
  const bool counts_tags = order.key == Metatag::kTagCount;
  MILLRACE_ASSIGN_OR_RETURN(const TagRelations* const relations,
                            RelationsFor(snapshot, counts_tags ? order.tags : TagReading::kAsSaid));
  KeyReader reader(snapshot, order.key, relations);
  std::array<uint32_t, 4096> buffer;
  RowSet::Reader row_reader(rows);
  while (const size_t read_count = row_reader.Read(absl::MakeSpan(buffer))) {
    MILLRACE_RETURN_IF_ERROR(CheckCancelled(cancelled));
    for (size_t i = 0; i < read_count; ++i) {
      std::optional<int64_t> value;
      MILLRACE_RETURN_IF_ERROR(reader.Read(buffer[i], &value));
      // Complement, as the smallest number has no negative.
      const int64_t place = value.has_value() ? (order.is_descending ? ~*value : *value) : 0;
      keys.emplace_back(std::pair(!value.has_value(), place), buffer[i]);
    }
  }
  const auto end = keys.begin() + static_cast<ptrdiff_t>(offset + count);
  std::partial_sort(keys.begin(), end, keys.end());
  std::vector<uint32_t> page;
  for (auto key = keys.begin() + static_cast<ptrdiff_t>(offset); key != end; ++key) page.push_back(key->second);
  return page;
}

}  // namespace millrace
