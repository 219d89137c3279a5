// Goal: a listing ends behind kListedBytesMax whatever its items hold, and says so; the next goes on behind it.
// Method: items of 1.6 MB of each kind, asked for without a bound by count, listing by listing.
#include "core/catalog/listed_bytes.h"

#include "tests/core/catalog/facts_fixture.h"

namespace millrace {
namespace {

constexpr int64_t kCount = 14;
constexpr int64_t kNoLimit = 1'000'000;

// Asks `list` for what comes behind an item (null: from the start) until a listing is not full.
template <typename List>
void CheckListings(const List& list) {
  auto items = list(nullptr);
  std::vector<size_t> counts{items.size()};
  while (IsListingFull(items)) {
    REQUIRE(counts.size() < 10);
    const auto last = items.back();
    items = list(&last);
    counts.push_back(items.size());
  }
  CHECK(counts == std::vector<size_t>{6, 6, 2});
}

TEST_CASE_METHOD(FactsFixture, "listings end by size, and the next goes on behind") {
  const std::string much(1'600'000, 'x');
  auto session = BeginNext(kDataset);
  for (int64_t id = 1; id <= kCount; ++id) {
    const std::string name = "n" + std::to_string(100 + id);
    Take(session->StageTag({id, name, TagCategory::kMeta, false, std::nullopt, much}));
    Take(session->StagePool({id, name, "series", false, std::vector<int64_t>(200'000, id), ""}));
    Take(session->StageArtist({id, name, {"also", much}, ""}));
    TagRelation alias = Alias(name, "to");
    alias.extra_json = much;
    Take(session->StageTagRelation(alias, {0, id}));
  }
  Take(session->Commit({}));
  CheckListings([&](const TagFact* after) {
    return Take(catalog->ListTagFacts(kDataset, "", after == nullptr ? "" : after->name, kNoLimit));
  });
  CheckListings([&](const PoolFact* after) {
    return Take(catalog->ListPools(kDataset, after == nullptr ? 0 : after->id, kNoLimit));
  });
  CheckListings([&](const ArtistFact* after) {
    std::optional<ArtistCursor> cursor;
    if (after != nullptr) cursor = ArtistCursor{after->name, after->id};
    return Take(catalog->ListArtists(kDataset, cursor, kNoLimit));
  });
  CheckListings([&](const TagRelation* after) {
    std::optional<TagRelationCursor> cursor;
    if (after != nullptr) cursor = TagRelationCursor{1, after->antecedent, after->consequent};
    return Take(catalog->ListTagRelations(kDataset, cursor, kNoLimit));
  });
}

}  // namespace
}  // namespace millrace
