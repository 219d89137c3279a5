// Goal: the records of snapshots and plans are kept, found by prefix, listed from new to old, and hold each other.
// Method: through Catalog's public interface, with digests made up for their prefixes.
#include "core/catalog/snapshot_rows.h"

#include "tests/core/catalog/catalog_fixture.h"

namespace millrace {
namespace {

// 64 digits that begin with `head`.
std::string Digest(const std::string& head) { return head + std::string(64 - head.size(), '0'); }

class RecordFixture : public CatalogFixture {
 public:
  RecordFixture() {
    Import({PostOf(1, {1})});
    Import({PostOf(1, {1})}, {}, "twin");
  }

  static SnapshotRecord Snapshot(const std::string& head, int64_t created_at_us,
                                 const std::string& dataset = kDataset) {
    return {Digest(head), dataset, created_at_us, 2, 3, 4, 5, 6};
  }
  std::string Newest(const std::string& dataset = kDataset) {
    return Take(catalog->GetDataset(dataset)).newest_snapshot;
  }
};

TEST_CASE_METHOD(RecordFixture, "a snapshot's record comes back as it went in") {
  CHECK(Take(catalog->AddSnapshot(Snapshot("aa", 100))));
  const SnapshotRecord record = Take(catalog->GetSnapshot(Digest("aa")));
  CHECK(record.digest == Digest("aa"));
  CHECK(record.dataset == kDataset);
  CHECK(record.created_at_us == 100);
  CHECK(record.post_count == 2);
  CHECK(record.tag_count == 3);
  CHECK(record.tag_use_count == 4);
  CHECK(record.file_size_bytes == 5);
  CHECK(record.format_version == 6);
  CHECK_FALSE(Take(catalog->AddSnapshot(Snapshot("aa", 200))));
  CHECK(Take(catalog->GetSnapshot(Digest("aa"))).created_at_us == 100);
  CHECK(ReasonOf(catalog->AddSnapshot(Snapshot("ab", 1, "nowhere")).status()) == Reason::kDatasetNotFound);
}

TEST_CASE_METHOD(RecordFixture, "a dataset's newest snapshot is the one added last, also when it was known") {
  CHECK(Newest().empty());
  Take(catalog->AddSnapshot(Snapshot("aa", 100)));
  Take(catalog->AddSnapshot(Snapshot("bb", 200)));
  CHECK(Newest() == Digest("bb"));
  Take(catalog->AddSnapshot(Snapshot("aa", 300)));
  CHECK(Newest() == Digest("aa"));
  Take(catalog->DeleteSnapshot(Digest("aa")));
  CHECK(Newest() == Digest("bb"));
  Take(catalog->DeleteSnapshot(Digest("bb")));
  CHECK(Newest().empty());
  CHECK(ReasonOf(catalog->DeleteSnapshot(Digest("bb"))) == Reason::kSnapshotNotFound);
}

TEST_CASE_METHOD(RecordFixture, "two datasets of one content share a snapshot") {
  CHECK(Take(catalog->AddSnapshot(Snapshot("aa", 100))));
  CHECK_FALSE(Take(catalog->AddSnapshot(Snapshot("aa", 200, "twin"))));
  CHECK(Newest("twin") == Digest("aa"));
  CHECK(Take(catalog->ListSnapshots("twin", std::nullopt, 10)).at(0).dataset == "twin");
  CHECK(Take(catalog->ListSnapshots("", std::nullopt, 10)).size() == 1);
  Take(catalog->DeleteSnapshot(Digest("aa")));
  CHECK(Newest("twin").empty());
}

TEST_CASE_METHOD(RecordFixture, "snapshots are found by a unique prefix") {
  Take(catalog->AddSnapshot(Snapshot("12345678a", 1)));
  Take(catalog->AddSnapshot(Snapshot("12345678b", 2)));
  Take(catalog->AddSnapshot(Snapshot("ffffffff", 3)));
  CHECK(Take(catalog->GetSnapshot("12345678b")).created_at_us == 2);
  CHECK(Take(catalog->GetSnapshot("ffffffff")).created_at_us == 3);
  CHECK(ReasonOf(catalog->GetSnapshot("12345678").status()) == Reason::kPrefixAmbiguous);
  CHECK(ReasonOf(catalog->GetSnapshot("12345679").status()) == Reason::kSnapshotNotFound);
  for (const char* bad : {"", "1234567", "1234567G", "12345678A", "12345678%"}) {
    CHECK(FieldOf(catalog->GetSnapshot(bad).status()) == "digest");
  }
}

TEST_CASE_METHOD(RecordFixture, "snapshots are listed from new to old, in pages") {
  Take(catalog->AddSnapshot(Snapshot("bb", 200)));
  Take(catalog->AddSnapshot(Snapshot("aa", 200)));
  Take(catalog->AddSnapshot(Snapshot("cc", 100)));
  Take(catalog->AddSnapshot(Snapshot("dd", 300, "twin")));
  const auto list = [&](const std::string& dataset) {
    std::string heads;
    std::optional<TimeCursor> after;
    while (true) {
      const std::vector<SnapshotRecord> page = Take(catalog->ListSnapshots(dataset, after, 1));
      if (page.empty()) return heads;
      heads += page[0].digest.substr(0, 1);
      after = TimeCursor{page[0].created_at_us, page[0].digest};
    }
  };
  CHECK(list("") == "dbac");
  CHECK(list(kDataset) == "bac");
}

TEST_CASE_METHOD(RecordFixture, "a plan is kept once, and holds its snapshot") {
  Take(catalog->AddSnapshot(Snapshot("aa", 1)));
  const PlanRecord plan = {Digest("01"), Digest("aa"), std::string("form\0\xFF", 6), 7,
                           std::string("out\0come\xFF", 9)};
  CHECK(Take(catalog->AddPlan(plan)));
  CHECK_FALSE(Take(catalog->AddPlan(plan)));
  const PlanRecord found = Take(catalog->GetPlan(plan.id.substr(0, 8)));
  CHECK(found.id == plan.id);
  CHECK(found.snapshot == plan.snapshot);
  CHECK(found.canonical_form == plan.canonical_form);
  CHECK(found.created_at_us == 7);
  CHECK(found.outcome == plan.outcome);
  for (const char* head : {"02", "03", "04"}) Take(catalog->AddPlan({Digest(head), Digest("aa"), "form", 8, ""}));

  const absl::Status in_use = catalog->DeleteSnapshot(Digest("aa"));
  CHECK(ReasonOf(in_use) == Reason::kSnapshotInUse);
  const std::string message(in_use.message());
  CHECK(message.find(Digest("01")) != std::string::npos);
  CHECK(message.find(Digest("03")) != std::string::npos);
  CHECK(message.find(Digest("04")) == std::string::npos);

  for (const char* head : {"01", "02", "03", "04"}) Take(catalog->DeletePlan(Digest(head)));
  Take(catalog->DeleteSnapshot(Digest("aa")));
  CHECK(ReasonOf(catalog->DeletePlan(Digest("01"))) == Reason::kPlanNotFound);
  CHECK(ReasonOf(catalog->AddPlan(plan).status()) == Reason::kSnapshotNotFound);
}

TEST_CASE_METHOD(RecordFixture, "plans are found by a unique prefix and listed from new to old") {
  Take(catalog->AddSnapshot(Snapshot("aa", 1)));
  Take(catalog->AddSnapshot(Snapshot("bb", 1)));
  Take(catalog->AddPlan({Digest("000000001"), Digest("aa"), "", 10, ""}));
  Take(catalog->AddPlan({Digest("000000002"), Digest("aa"), "", 20, ""}));
  Take(catalog->AddPlan({Digest("3"), Digest("bb"), "", 15, ""}));
  CHECK(ReasonOf(catalog->GetPlan("00000000").status()) == Reason::kPrefixAmbiguous);
  CHECK(Take(catalog->GetPlan("000000002")).created_at_us == 20);
  CHECK(ReasonOf(catalog->GetPlan("77777777").status()) == Reason::kPlanNotFound);
  CHECK(FieldOf(catalog->GetPlan("x").status()) == "plan_id");
  const auto times = [&](const std::string& snapshot, std::optional<TimeCursor> after) {
    std::vector<int64_t> times;
    for (const PlanRecord& plan : Take(catalog->ListPlans(snapshot, after, 10))) times.push_back(plan.created_at_us);
    return times;
  };
  CHECK(times("", std::nullopt) == std::vector<int64_t>{20, 15, 10});
  CHECK(times(Digest("aa"), std::nullopt) == std::vector<int64_t>{20, 10});
  CHECK(times("", TimeCursor{20, Digest("000000002")}) == std::vector<int64_t>{15, 10});
}

TEST_CASE_METHOD(RecordFixture, "records outlive a restart") {
  Take(catalog->AddSnapshot(Snapshot("aa", 1)));
  Take(catalog->AddPlan({Digest("01"), Digest("aa"), "form", 7, "outcome"}));
  Reopen();
  CHECK(Take(catalog->GetPlan(Digest("01"))).canonical_form == "form");
  CHECK(Take(catalog->GetPlan(Digest("01"))).outcome == "outcome");
  CHECK(Newest() == Digest("aa"));
}

}  // namespace
}  // namespace millrace
