// Goal: versions of vocabularies are numbered once and for all, found by every way to name them, and listed by name.
// Method: through Catalog's public interface, with digests made up for their prefixes; random creations and deletions
// compared with a model.
#include "core/catalog/vocabulary_rows.h"

#include <algorithm>
#include <random>

#include "tests/core/catalog/catalog_fixture.h"

namespace millrace {
namespace {

// 64 digits that begin with `head`.
std::string Digest(const std::string& head) { return head + std::string(64 - head.size(), '0'); }

class VocabularyFixture : public CatalogFixture {
 public:
  static VocabularyRecord Record(const std::string& name, const std::string& head, int64_t created_at_us = 100) {
    VocabularyRecord record;
    record.name = name;
    record.digest = Digest(head);
    record.label_count = 3;
    record.snapshot = Digest("5");
    record.created_at_us = created_at_us;
    return record;
  }
  AddedVocabulary Add(const std::string& name, const std::string& head) {
    return Take(catalog->AddVocabulary(Record(name, head), "entries of " + head));
  }
  // "NAME@VERSION", or the reason of the error.
  std::string Find(const std::string& reference) { return Show(catalog->GetVocabulary(reference)); }
  std::string Delete(const std::string& reference) { return Show(catalog->DeleteVocabulary(reference)); }
  std::vector<std::string> List(const std::string& name = "") {
    std::vector<std::string> names;
    for (const VocabularyRecord& record : Take(catalog->ListVocabularies(name, std::nullopt, 1000))) {
      names.push_back(Show(record));
    }
    return names;
  }
  static std::string Show(const absl::StatusOr<VocabularyRecord>& record) {
    if (!record.ok()) return std::string(ReasonName(ReasonOf(record.status())));
    return record->name + "@" + std::to_string(record->version);
  }
};

TEST_CASE_METHOD(VocabularyFixture, "a vocabulary's record and entries come back as they went in") {
  const std::string entries("a\0b\xFF", 4);
  VocabularyRecord record = Record("general", "aa");
  record.version = 77;
  const AddedVocabulary added = Take(catalog->AddVocabulary(record, entries));
  CHECK(added.created);
  CHECK(added.record.version == 1);
  Reopen();
  const StoredVocabulary stored = Take(catalog->GetVocabularyEntries("general"));
  CHECK(stored.entries == entries);
  CHECK(stored.record.name == "general");
  CHECK(stored.record.version == 1);
  CHECK(stored.record.digest == Digest("aa"));
  CHECK(stored.record.label_count == 3);
  CHECK(stored.record.snapshot == Digest("5"));
  CHECK(stored.record.created_at_us == 100);
}

TEST_CASE_METHOD(VocabularyFixture, "a name whose newest version has the digest gets no new one") {
  CHECK(Add("v", "aa").created);
  const AddedVocabulary again = Take(catalog->AddVocabulary(Record("v", "aa", 200), "other"));
  CHECK_FALSE(again.created);
  CHECK(again.record.version == 1);
  CHECK(again.record.created_at_us == 100);
  CHECK(Take(catalog->GetVocabularyEntries("v")).entries == "entries of aa");
  CHECK(Add("v", "bb").record.version == 2);
  // Not the newest: what v means changes back.
  const AddedVocabulary back = Add("v", "aa");
  CHECK(back.created);
  CHECK(back.record.version == 3);
  CHECK(Add("w", "aa").record.version == 1);
}

TEST_CASE_METHOD(VocabularyFixture, "a version's number is never given again") {
  Add("v", "aa");
  Add("v", "bb");
  CHECK(Delete("v") == "v@2");
  CHECK(Find("v") == "v@1");
  CHECK(Find("v@2") == "VOCABULARY_NOT_FOUND");
  CHECK(Add("v", "bb").record.version == 3);
  CHECK(Delete("v@1") == "v@1");
  CHECK(Delete("v") == "v@3");
  CHECK(Delete("v") == "VOCABULARY_NOT_FOUND");
  Reopen();
  CHECK(Add("v", "bb").record.version == 4);
}

TEST_CASE_METHOD(VocabularyFixture, "vocabularies are found by name, version, digest and prefix") {
  Add("v", "aa");
  Add("v", "abcdef01");
  Add("w", "abcdef02");
  CHECK(Find("v") == "v@2");
  CHECK(Find("v@1") == "v@1");
  CHECK(Find(Digest("aa")) == "v@1");
  CHECK(Find("abcdef01") == "v@2");
  CHECK(Find("ABCDEF02") == "w@1");
  CHECK(Find("abcdef0") == "VOCABULARY_NOT_FOUND");  // seven digits are a name
  CHECK(Find("abcdef03") == "VOCABULARY_NOT_FOUND");
  CHECK(Find("u") == "VOCABULARY_NOT_FOUND");
  CHECK(Find("v@3") == "VOCABULARY_NOT_FOUND");
  Add("x", "abcdef0111");
  CHECK(Find("abcdef01") == "PREFIX_AMBIGUOUS");
  CHECK(Find("abcdef011") == "x@1");
}

TEST_CASE_METHOD(VocabularyFixture, "a digest that several versions have means the newest, and deletes none of them") {
  Add("v", "aa");
  Add("w", "aa");
  CHECK(Find(Digest("aa")) == "w@1");
  CHECK(Delete(Digest("aa")) == "FIELD_INVALID");
  CHECK(List() == std::vector<std::string>{"v@1", "w@1"});
  CHECK(Delete("w") == "w@1");
  CHECK(Delete("aa000000") == "v@1");
  CHECK(List().empty());
}

TEST_CASE_METHOD(VocabularyFixture, "a listing goes by name, newest version first, and on behind any place") {
  for (const char* name : {"b", "a", "b", "c.d", "b"})
    Add(name, std::to_string(1 + catalog->ListVocabularies("", std::nullopt, 9)->size()));
  const std::vector<std::string> all = {"a@1", "b@3", "b@2", "b@1", "c.d@1"};
  CHECK(List() == all);
  CHECK(List("b") == std::vector<std::string>{"b@3", "b@2", "b@1"});
  CHECK(List("bb").empty());
  std::vector<std::string> paged;
  std::optional<VocabularyCursor> after;
  while (true) {
    const auto page = Take(catalog->ListVocabularies("", after, 1));
    if (page.empty()) break;
    paged.push_back(Show(page[0]));
    after = VocabularyCursor{page[0].name, page[0].version};
  }
  CHECK(paged == all);
}

TEST_CASE_METHOD(VocabularyFixture, "a name that no vocabulary can have is refused") {
  const std::string name = GENERATE("", "1girl", "Upper", "has space", "_x", "deadbeef", "a@1", "\xC3\xA4");
  const absl::Status status = catalog->AddVocabulary(Record(name, "aa"), "").status();
  CHECK(ReasonOf(status) == Reason::kFieldInvalid);
  CHECK(FieldOf(status) == "name");
  CHECK(List().empty());
}

TEST_CASE_METHOD(VocabularyFixture, "an older file gets room for vocabularies and keeps what it has") {
  Import({PostOf(1, {1})});
  catalog.reset();
  {
    auto database = Take(Database::Open(folder.File("catalog.sqlite3"), Database::Mode::kReadWrite));
    Take(database->Execute(kBackToVersion3));
    Take(database->Execute("DROP TABLE vocabularies; DROP TABLE vocabulary_names; PRAGMA user_version=2"));
  }
  Reopen();
  CHECK(AllPosts().size() == 1);
  Add("v", "aa");
  CHECK(Find("v") == "v@1");
}

TEST_CASE_METHOD(VocabularyFixture,
                 "whatever is created and deleted, no number comes twice and names mean the newest") {
  std::mt19937 random(3);
  std::map<std::string, std::map<int64_t, std::string>> model;  // name, version, digest's head
  std::map<std::string, int64_t> last_version;
  const std::vector<std::string> names = {"a", "b", "c"};
  for (int i = 0; i < 300; ++i) {
    const std::string& name = names[random() % names.size()];
    std::map<int64_t, std::string>& versions = model[name];
    if (random() % 3 != 0) {
      const std::string head = std::string(1, static_cast<char>('a' + random() % 3));
      const bool is_same = !versions.empty() && versions.rbegin()->second == head;
      const AddedVocabulary added = Add(name, head);
      CHECK(added.created == !is_same);
      if (!is_same) versions[++last_version[name]] = head;
      CHECK(added.record.version == versions.rbegin()->first);
    } else if (!versions.empty()) {
      const auto gone = std::next(versions.begin(), static_cast<int64_t>(random() % versions.size()));
      CHECK(Delete(name + "@" + std::to_string(gone->first)) == name + "@" + std::to_string(gone->first));
      versions.erase(gone);
    }
    CHECK(Find(name) ==
          (versions.empty() ? "VOCABULARY_NOT_FOUND" : name + "@" + std::to_string(versions.rbegin()->first)));
  }
  std::vector<std::string> expected;
  for (const auto& [name, versions] : model) {
    for (auto version = versions.rbegin(); version != versions.rend(); ++version) {
      expected.push_back(name + "@" + std::to_string(version->first));
    }
  }
  CHECK(List() == expected);
}

}  // namespace
}  // namespace millrace
