#include "core/batch/row_values.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/query/tag_names.h"

namespace millrace {
namespace {

// Columns come for neighbouring rows: those from the first to the last of `rows`.
int64_t ExtentOf(absl::Span<const uint32_t> rows) { return int64_t{rows.back()} - rows.front() + 1; }

absl::Status WithField(const absl::Status& status, const std::string& field) {
  if (ReasonOf(status) != Reason::kQueryInvalid) return status;
  ErrorMetadata metadata = MetadataOf(status);
  metadata["field"] = field;
  return MakeError(Reason::kQueryInvalid, absl::StrCat(field, ": ", std::string(status.message())), metadata);
}

}  // namespace

absl::StatusOr<Query> ParseQueryField(const std::string& field, const std::string& text) {
  absl::StatusOr<Query> query = Query::Parse(text);
  if (!query.ok()) return WithField(query.status(), field);
  return query;
}

absl::StatusOr<BoundQuery> BindQueryField(const std::string& field, const std::string& text, const Snapshot& snapshot,
                                          TagReading reading, const Cancelled& cancelled) {
  MILLRACE_ASSIGN_OR_RETURN(const Query query, ParseQueryField(field, text));
  absl::StatusOr<BoundQuery> bound = BoundQuery::Bind(query, snapshot, reading, cancelled);
  if (!bound.ok()) return WithField(bound.status(), field);
  return bound;
}

absl::Status AddQueryField(const std::string& field, const std::string& text, QueryMatcher* matcher) {
  MILLRACE_ASSIGN_OR_RETURN(Query query, ParseQueryField(field, text));
  return WithField(matcher->Add(std::move(query)), field);
}

std::string WeightQueryField(size_t index) { return absl::StrCat("spec.weights.queries.queries[", index, "].query"); }
std::string MixPartField(size_t index) { return absl::StrCat("spec.mix.parts[", index, "].query"); }

absl::StatusOr<UnitKeyReader> UnitKeyReader::Open(const PlanSpec& spec, const Snapshot& snapshot,
                                                  const Cancelled& /*cancelled*/) {
  const bool has_tags = spec.unit == SplitUnit::kArtist;
  MILLRACE_ASSIGN_OR_RETURN(const TagRelations* const relations,
                            RelationsFor(snapshot, has_tags ? spec.tags : TagReading::kAsSaid));
  UnitKeyReader reader(spec.unit, snapshot, relations);
  if (spec.unit == SplitUnit::kParent) {
    MILLRACE_ASSIGN_OR_RETURN(reader.family_roots_, FamilyRoots::Open(snapshot));
  }
  if (spec.unit == SplitUnit::kArtist) {
    MILLRACE_ASSIGN_OR_RETURN(reader.tag_ids_, snapshot.TagIds());
    MILLRACE_ASSIGN_OR_RETURN(reader.tag_categories_, snapshot.TagCategories());
  }
  return reader;
}

absl::Status UnitKeyReader::Read(absl::Span<const uint32_t> rows, absl::Span<UnitKey> keys) {
  if (rows.empty()) return absl::OkStatus();
  if (unit_ == SplitUnit::kParent) {
    for (size_t i = 0; i < rows.size(); ++i) keys[i] = {1, family_roots_->RootOf(rows[i])};
    return absl::OkStatus();
  }
  MILLRACE_ASSIGN_OR_RETURN(const auto post_ids, snapshot_->PostIds(rows.front(), ExtentOf(rows)));
  for (size_t i = 0; i < rows.size(); ++i) keys[i] = {0, post_ids[rows[i] - rows.front()]};
  if (unit_ == SplitUnit::kArtist) return ReadArtists(rows, keys);
  return unit_ == SplitUnit::kPool ? ReadPools(rows, keys) : absl::OkStatus();
}

absl::Status UnitKeyReader::ReadArtists(absl::Span<const uint32_t> rows, absl::Span<UnitKey> keys) {
  MILLRACE_ASSIGN_OR_RETURN(const auto tag_lists, snapshot_->TagLists(rows.front(), ExtentOf(rows)));
  for (size_t i = 0; i < rows.size(); ++i) {
    const absl::Span<const uint32_t> tag_indexes = tags_.Of(tag_lists[rows[i] - rows.front()]);
    const auto artist = std::find_if(tag_indexes.begin(), tag_indexes.end(), [this](uint32_t tag_index) {
      return tag_categories_[tag_index] == static_cast<uint8_t>(TagCategory::kArtist);
    });
    // Indexes ascend with ids: the first one is the smallest.
    if (artist != tag_indexes.end()) keys[i] = {1, tag_ids_[*artist]};
  }
  return absl::OkStatus();
}

absl::Status UnitKeyReader::ReadPools(absl::Span<const uint32_t> rows, absl::Span<UnitKey> keys) const {
  MILLRACE_ASSIGN_OR_RETURN(const auto pool_lists, snapshot_->PoolLists(rows.front(), ExtentOf(rows)));
  for (size_t i = 0; i < rows.size(); ++i) {
    const absl::Span<const int64_t> pools = pool_lists[rows[i] - rows.front()];
    if (!pools.empty()) keys[i] = {1, *std::min_element(pools.begin(), pools.end())};
  }
  return absl::OkStatus();
}

absl::StatusOr<StratumReader> StratumReader::Open(const PlanSpec& spec, const Snapshot& snapshot,
                                                  const Cancelled& cancelled) {
  // The tags that mean the one of kTag are those that posts said.
  const bool has_tags = spec.stratify->by == StratifyBy::kCategory;
  MILLRACE_ASSIGN_OR_RETURN(const TagRelations* const relations,
                            RelationsFor(snapshot, has_tags ? spec.tags : TagReading::kAsSaid));
  StratumReader reader(spec.stratify->by, snapshot, relations);
  if (reader.by_ == StratifyBy::kTag) {
    MILLRACE_ASSIGN_OR_RETURN(reader.tag_indexes_, TagNames(snapshot, spec.tags, cancelled).Find(spec.stratify->tag));
    if (reader.tag_indexes_.empty()) {
      return WithField(
          MakeError(Reason::kQueryInvalid, absl::StrCat("no post of snapshot ", snapshot.digest(), " has the tag ",
                                                        QuoteForMessage(spec.stratify->tag), "; name one that it has")),
          "spec.stratify.tag");
    }
  }
  if (reader.by_ == StratifyBy::kCategory) {
    MILLRACE_ASSIGN_OR_RETURN(reader.rarest_tag_,
                              RarestTagFinder::Open(snapshot, spec.tags, spec.stratify->category, cancelled));
    MILLRACE_ASSIGN_OR_RETURN(reader.tag_ids_, snapshot.TagIds());
    // A stratum is an id plus one. Ids ascend.
    if (!reader.tag_ids_.empty() && reader.tag_ids_.back() == std::numeric_limits<int64_t>::max()) {
      return FieldError(
          "spec.stratify.category",
          "cannot be used on this snapshot: it has a tag whose id is 2^63 - 1, which no stratum can hold");
    }
  }
  return reader;
}

absl::Status StratumReader::Read(absl::Span<const uint32_t> rows, absl::Span<int64_t> strata) {
  if (rows.empty()) return absl::OkStatus();
  const int64_t extent = ExtentOf(rows);
  if (by_ == StratifyBy::kRating) {
    MILLRACE_ASSIGN_OR_RETURN(const auto ratings, snapshot_->Ratings(rows.front(), extent));
    for (size_t i = 0; i < rows.size(); ++i) strata[i] = ratings.empty() ? 0 : ratings[rows[i] - rows.front()];
    return absl::OkStatus();
  }
  MILLRACE_ASSIGN_OR_RETURN(const auto tag_lists, snapshot_->TagLists(rows.front(), extent));
  for (size_t i = 0; i < rows.size(); ++i) {
    const absl::Span<const uint32_t> of_row = tags_.Of(tag_lists[rows[i] - rows.front()]);
    if (by_ == StratifyBy::kTag) {
      strata[i] = std::any_of(tag_indexes_.begin(), tag_indexes_.end(), [&](uint32_t tag_index) {
        return std::binary_search(of_row.begin(), of_row.end(), tag_index);
      });
    } else {
      const std::optional<uint32_t> rarest = rarest_tag_->Find(of_row);
      strata[i] = rarest.has_value() ? tag_ids_[*rarest] + 1 : 0;
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<WeightReader> WeightReader::Open(const PlanSpec& spec, const Snapshot& snapshot,
                                                const Cancelled& cancelled) {
  const bool has_tags = spec.weights->by == WeightsBy::kTagFrequency;
  MILLRACE_ASSIGN_OR_RETURN(const TagRelations* const relations,
                            RelationsFor(snapshot, has_tags ? spec.tags : TagReading::kAsSaid));
  WeightReader reader(*spec.weights, snapshot, relations);
  const WeightsSpec& weights = reader.spec_;
  if (weights.by == WeightsBy::kTagFrequency) {
    MILLRACE_ASSIGN_OR_RETURN(reader.rarest_tag_,
                              RarestTagFinder::Open(snapshot, spec.tags, weights.category, cancelled));
    return reader;
  }
  reader.matcher_.emplace(snapshot, spec.tags, cancelled);
  for (size_t i = 0; i < weights.queries.size(); ++i) {
    MILLRACE_RETURN_IF_ERROR(AddQueryField(WeightQueryField(i), weights.queries[i].query, &*reader.matcher_));
  }
  return reader;
}

absl::Status WeightReader::Read(absl::Span<const uint32_t> rows, absl::Span<int64_t> weights) {
  if (rows.empty()) return absl::OkStatus();
  if (spec_.by == WeightsBy::kQueries) {
    std::vector<uint16_t> matches(rows.size());
    MILLRACE_RETURN_IF_ERROR(matcher_->FirstMatches(rows, absl::MakeSpan(matches)));
    for (size_t i = 0; i < rows.size(); ++i) {
      weights[i] = matches[i] == QueryMatcher::kNone ? spec_.otherwise : spec_.queries[matches[i]].weight;
    }
    return absl::OkStatus();
  }
  MILLRACE_ASSIGN_OR_RETURN(const auto tag_lists, snapshot_->TagLists(rows.front(), ExtentOf(rows)));
  const int64_t post_count = snapshot_->post_count();
  for (size_t i = 0; i < rows.size(); ++i) {
    const std::optional<uint32_t> rarest = rarest_tag_->Find(tags_.Of(tag_lists[rows[i] - rows.front()]));
    const int64_t tag_post_count = rarest.has_value() ? rarest_tag_->post_count(*rarest) : post_count;
    weights[i] = TagFrequencyWeight(post_count, tag_post_count, spec_.cap, spec_.power_quarters);
  }
  return absl::OkStatus();
}

absl::StatusOr<MixPartReader> MixPartReader::Open(const PlanSpec& spec, const Snapshot& snapshot,
                                                  const Cancelled& cancelled) {
  QueryMatcher matcher(snapshot, spec.tags, cancelled);
  for (size_t i = 0; i < spec.mix->parts.size(); ++i) {
    MILLRACE_RETURN_IF_ERROR(AddQueryField(MixPartField(i), spec.mix->parts[i].query, &matcher));
  }
  return MixPartReader(std::move(matcher));
}

absl::Status MixPartReader::Read(absl::Span<const uint32_t> rows, absl::Span<uint8_t> parts) {
  std::vector<uint16_t> matches(rows.size());
  MILLRACE_RETURN_IF_ERROR(matcher_.FirstMatches(rows, absl::MakeSpan(matches)));
  for (size_t i = 0; i < rows.size(); ++i) {
    parts[i] = matches[i] == QueryMatcher::kNone ? kNoMixPart : static_cast<uint8_t>(matches[i]);
  }
  return absl::OkStatus();
}

}  // namespace millrace
