// Goal: the cache is bounded, keeps what was used last, and never brings back a deleted vocabulary; labels are found by
// every way to name a vocabulary, and a name means its newest version. Method: indexes over a snapshot of one post,
// added, found and erased in turn; a catalog in a temporary folder.
#include "server/rpc/label_cache.h"

#include <atomic>
#include <limits>
#include <string>
#include <thread>
#include <vector>

#include "core/base/error.h"
#include "core/snapshot/writer.h"
#include "core/vocabulary/vocabulary_codec.h"
#include "tests/server/rpc/temp_folder.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

constexpr size_t kNoLimit = std::numeric_limits<size_t>::max();

class LabelFixture {
 public:
  LabelFixture() {
    std::vector<Tag> tags;
    Post post;
    post.id = 1;
    for (int64_t id = 1; id <= 1000; ++id) {
      tags.push_back({id, "tag" + std::to_string(id), TagCategory::kGeneral, 0});
      post.tag_ids.push_back(id);
    }
    auto writer = *SnapshotWriter::Create(folder_.path(), std::move(tags));
    REQUIRE(writer->Add(post).ok());
    const WrittenSnapshot written = *writer->Finish();
    snapshot = *Snapshot::Open(written.path, written.digest);
    CatalogOptions options;
    options.path = folder_.path() + "/catalog.sqlite3";
    catalog = *Catalog::Open(options);
    deps.catalog = catalog.get();
  }

  static Vocabulary VocabularyOf(const std::string& tag_name) {
    return *Vocabulary::Create({{0, "other", TagCategory::kGeneral, 0}, {0, tag_name, TagCategory::kGeneral, 0}});
  }
  std::shared_ptr<const LabelIndex> IndexOf(const std::string& tag_name) const {
    return std::make_shared<const LabelIndex>(*LabelIndex::Create(*snapshot, VocabularyOf(tag_name)));
  }
  // Its digest.
  std::string Store(const std::string& name, const std::string& tag_name) {
    const Vocabulary vocabulary = VocabularyOf(tag_name);
    VocabularyRecord record;
    record.name = name;
    record.digest = vocabulary.digest();
    record.label_count = vocabulary.label_count();
    REQUIRE(catalog->AddVocabulary(record, EncodeVocabulary(vocabulary)).ok());
    return vocabulary.digest();
  }
  // The label of the tag with this id; -2: no labels.
  int32_t LabelOf(LabelCache* cache, const std::string& reference, size_t tag_id) {
    const auto index = FindLabels(deps, cache, reference, snapshot);
    return index.ok() ? (*index)->labels()[tag_id - 1] : -2;
  }

  TempFolder folder_;
  std::shared_ptr<const Snapshot> snapshot;
  std::unique_ptr<Catalog> catalog;
  ServiceDeps deps;
};

TEST_CASE_METHOD(LabelFixture, "the least recently used label index goes first") {
  LabelCache cache(2, kNoLimit);
  const auto index = IndexOf("tag1");
  cache.Add("a", index, cache.generation());
  cache.Add("b", index, cache.generation());
  CHECK(cache.Find("a", index->vocabulary_digest()) != nullptr);
  cache.Add("c", index, cache.generation());
  CHECK(cache.Find("a", index->vocabulary_digest()) == index);
  CHECK(cache.Find("b", index->vocabulary_digest()) == nullptr);
  CHECK(cache.Find("c", index->vocabulary_digest()) == index);
  CHECK(cache.Find("a", "another") == nullptr);
}

TEST_CASE_METHOD(LabelFixture, "label indexes that take too much memory together go, the newest one stays") {
  const auto index = IndexOf("tag1");
  REQUIRE(index->memory_bytes() > 4000);
  LabelCache cache(100, 2 * index->memory_bytes());
  for (const char* snapshot_digest : {"a", "b", "c"}) cache.Add(snapshot_digest, index, cache.generation());
  CHECK(cache.Find("a", index->vocabulary_digest()) == nullptr);
  CHECK(cache.Find("b", index->vocabulary_digest()) != nullptr);
  LabelCache small_cache(100, 1);
  for (const char* snapshot_digest : {"a", "b"}) small_cache.Add(snapshot_digest, index, small_cache.generation());
  CHECK(small_cache.Find("a", index->vocabulary_digest()) == nullptr);
  CHECK(small_cache.Find("b", index->vocabulary_digest()) != nullptr);
}

TEST_CASE_METHOD(LabelFixture, "a deleted vocabulary is gone for every snapshot, and what was begun before stays out") {
  LabelCache cache(100, kNoLimit);
  const auto erased = IndexOf("tag1");
  const auto kept = IndexOf("tag2");
  const uint64_t generation = cache.generation();
  for (const char* snapshot_digest : {"a", "b"}) {
    cache.Add(snapshot_digest, erased, generation);
    cache.Add(snapshot_digest, kept, generation);
  }
  cache.Erase(erased->vocabulary_digest());
  cache.Add("c", erased, generation);
  for (const char* snapshot_digest : {"a", "b", "c"}) {
    CHECK(cache.Find(snapshot_digest, erased->vocabulary_digest()) == nullptr);
  }
  CHECK(cache.Find("a", kept->vocabulary_digest()) == kept);
  CHECK(cache.Find("b", kept->vocabulary_digest()) == kept);
}

TEST_CASE_METHOD(LabelFixture, "labels are found by name, version, digest and prefix") {
  LabelCache cache(8, kNoLimit);
  const std::string first = Store("v", "tag5");
  const std::string second = Store("v", "tag6");
  CHECK(LabelOf(&cache, "v@1", 5) == 1);
  CHECK(LabelOf(&cache, "v@1", 6) == LabelIndex::kNoLabel);
  CHECK(LabelOf(&cache, "v", 6) == 1);
  CHECK(LabelOf(&cache, first, 5) == 1);
  CHECK(LabelOf(&cache, second.substr(0, 12), 6) == 1);
  CHECK(ReasonOf(FindLabels(deps, &cache, "w", snapshot).status()) == Reason::kVocabularyNotFound);
  CHECK(FieldOf(FindLabels(deps, &cache, "", snapshot).status()) == "vocabulary");
}

TEST_CASE_METHOD(LabelFixture, "one vocabulary has one index, whatever it is called") {
  LabelCache cache(8, kNoLimit);
  const std::string digest = Store("v", "tag5");
  Store("w", "tag5");
  const auto index = *FindLabels(deps, &cache, "v", snapshot);
  for (const std::string& reference : {std::string("w@1"), digest, digest.substr(0, 8)}) {
    CHECK(*FindLabels(deps, &cache, reference, snapshot) == index);
  }
  // But one for each reading: they give a tag different labels.
  const auto applied = *FindLabels(deps, &cache, "v", snapshot, TagReading::kApplied);
  CHECK(applied != index);
  CHECK(applied->reading() == TagReading::kApplied);
  CHECK(*FindLabels(deps, &cache, digest, snapshot, TagReading::kApplied) == applied);
  CHECK(*FindLabels(deps, &cache, digest, snapshot) == index);
}

TEST_CASE_METHOD(LabelFixture, "a name means its newest version at each call, also after a deletion") {
  LabelCache cache(8, kNoLimit);
  Store("v", "tag5");
  CHECK(LabelOf(&cache, "v", 5) == 1);
  const std::string second = Store("v", "tag6");
  CHECK(LabelOf(&cache, "v", 6) == 1);
  REQUIRE(catalog->DeleteVocabulary("v").ok());
  cache.Erase(second);
  CHECK(LabelOf(&cache, "v", 5) == 1);
  CHECK(LabelOf(&cache, second, 6) == -2);
}

TEST_CASE_METHOD(LabelFixture, "a damaged copy of a vocabulary is refused") {
  LabelCache cache(8, kNoLimit);
  const Vocabulary vocabulary = VocabularyOf("tag5");
  VocabularyRecord record;
  record.name = "v";
  record.digest = vocabulary.digest();
  std::string bytes = EncodeVocabulary(vocabulary);
  bytes.back() = '6';  // tag6
  REQUIRE(catalog->AddVocabulary(record, bytes).ok());
  CHECK(ReasonOf(FindLabels(deps, &cache, "v", snapshot).status()) == Reason::kCatalogDamaged);
}

TEST_CASE_METHOD(LabelFixture, "threads that find, make and forget labels get each the ones they asked for") {
  LabelCache cache(2, kNoLimit);
  std::vector<std::string> digests;
  for (size_t i = 0; i < 4; ++i) digests.push_back(Store("v" + std::to_string(i), "tag" + std::to_string(i + 1)));
  std::atomic<int> wrong_count = 0;
  std::vector<std::thread> threads;
  for (size_t thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&, thread] {
      for (size_t i = 0; i < 200; ++i) {
        const size_t which = (i * 7 + thread) % digests.size();
        const auto index =
            FindLabels(deps, &cache, i % 2 == 0 ? digests[which] : "v" + std::to_string(which), snapshot);
        if (!index.ok() || (*index)->vocabulary_digest() != digests[which] || (*index)->labels()[which] != 1) {
          ++wrong_count;
        }
        if (i % 17 == 0) cache.Erase(digests[(which + 1) % digests.size()]);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong_count == 0);
}

}  // namespace
}  // namespace millrace
