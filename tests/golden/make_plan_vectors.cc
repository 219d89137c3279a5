// Writes golden vectors of plans that are not there yet: make_plan_vectors FOLDER (tests/golden).
//
// Vectors never change once they are released, so a file that exists is never written again: vectors for
// something new get a new file. docs/plan-specification.md describes the format.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/digest.h"
#include "core/base/text.h"
#include "core/plan/plan.h"

namespace millrace {
namespace {

// A stretch of an epoch's steps, for plans too large to be written out.
struct Stretch {
  size_t split;
  int64_t epoch;
  int64_t first_step;
  int64_t end_step;  // -1: the epoch's end
};

struct Golden {
  std::string file;
  std::string about;
  int64_t selection_size;
  PlanSpec spec;
  std::vector<int32_t> world_sizes;  // batches of all ranks of these worlds are written out
  int64_t epoch_count;
  std::vector<Stretch> stretches;
};

PlanSpec Spec(uint64_t seed, int64_t batch_size, LastBatch last_batch, std::vector<SplitSpec> splits) {
  return {.snapshot = HexEncode(Sha256Of("golden")),
          .seed = seed,
          .splits = std::move(splits),
          .batch_size = batch_size,
          .last_batch = last_batch};
}

std::vector<Golden> Goldens() {
  constexpr OrderKind kEpoch = OrderKind::kEpoch;
  const std::vector<SplitSpec> folds = {{"fold.0", 1, kEpoch},
                                        {"fold.1", 1, kEpoch},
                                        {"fold.2", 1, kEpoch},
                                        {"fold.3", 1, kEpoch},
                                        {"fold.4", 1, kEpoch}};
  const std::vector<SplitSpec> uneven = {{"most", 2147483647, kEpoch},
                                         {"none", 0, kEpoch},
                                         {"little", 1, kEpoch},
                                         {"held-out", 9999999, OrderKind::kFixed}};
  return {
      {"plans/ten.json",
       "the defaults over ten posts",
       10,
       Spec(42, 3, LastBatch::kKeep, DefaultSplits()),
       {1, 2, 3},
       3,
       {}},
      {"plans/drop.json",
       "the last batch left out",
       100,
       Spec(0, 7, LastBatch::kDrop, DefaultSplits()),
       {1, 2, 3},
       3,
       {}},
      {"plans/folds_pad.json",
       "five folds; the batch is larger than a fold, so padding goes round more than once",
       23,
       Spec(18446744073709551615u, 12, LastBatch::kPad, folds),
       {1, 2, 3},
       3,
       {}},
      {"plans/more_ranks.json",
       "more ranks than samples: some slices are empty",
       5,
       Spec(1, 64, LastBatch::kKeep, {{"all", 1, kEpoch}}),
       {1, 3, 8},
       2,
       {}},
      {"plans/uneven.json",
       "extreme shares, one of them 0",
       120,
       Spec(43, 16, LastBatch::kKeep, uneven),
       {1, 3},
       2,
       {}},
      {"plans/computed.json",
       "sizes beyond the tables",
       3000,
       Spec(7, 256, LastBatch::kPad, {{"train", 9, kEpoch}, {"validation", 1, OrderKind::kFixed}}),
       {1, 3},
       2,
       {}},
      {"plans/large.json",
       "3.7 million posts",
       3700000,
       Spec(42, 256, LastBatch::kKeep, DefaultSplits()),
       {},
       0,
       {{0, 0, 0, 100}, {0, 0, 11462, -1}, {0, 1, 0, 100}, {0, 0, 0, -1}, {1, 0, 0, -1}, {2, 5, 0, 100}}},
      {"plans/largest.json",
       "2^40 posts",
       int64_t{1} << 40,
       Spec(42, 1000, LastBatch::kDrop, DefaultSplits()),
       {},
       0,
       {{0, 0, 0, 4}, {0, 2147483647, 879609000, 879609004}, {1, 0, 109951100, -1}, {2, 0, 0, 4}}},
  };
}

std::string BatchJson(const Plan& plan, size_t split, Position position, Rank rank) {
  const BatchSlice slice = plan.Slice(split, position, rank).value();
  std::vector<int64_t> rows(static_cast<size_t>(slice.sample_count));
  plan.OpenEpoch(split, position.epoch).value().Rows(slice.first_sample, absl::MakeSpan(rows));
  return absl::StrCat("{\"split\":\"", plan.splits()[split].name, "\",\"epoch\":", position.epoch,
                      ",\"step\":", position.step, ",\"rank\":", rank.rank, ",\"world_size\":", rank.world_size,
                      ",\"global_sample_count\":", slice.global_sample_count,
                      ",\"global_offset\":", slice.global_offset, ",\"padding_count\":", slice.padding_count,
                      ",\"rows\":[", absl::StrJoin(rows, ","), "]}");
}

std::vector<std::string> Batches(const Plan& plan, const Golden& golden) {
  std::vector<std::string> batches;
  for (size_t split = 0; split < plan.splits().size(); ++split) {
    for (int64_t epoch = 0; epoch < golden.epoch_count; ++epoch) {
      for (const int32_t world_size : golden.world_sizes) {
        for (int64_t step = 0; step < plan.splits()[split].batch_count; ++step) {
          for (int32_t rank = 0; rank < world_size; ++rank) {
            batches.push_back(BatchJson(plan, split, {epoch, step}, {rank, world_size}));
          }
        }
      }
    }
  }
  return batches;
}

std::string StretchJson(const Plan& plan, const Stretch& stretch) {
  const SplitInfo& info = plan.splits()[stretch.split];
  const int64_t end_step = stretch.end_step < 0 ? info.batch_count : stretch.end_step;
  const EpochOrder order = plan.OpenEpoch(stretch.split, stretch.epoch).value();
  Sha256 hash;
  int64_t sample_count = 0;
  for (int64_t step = stretch.first_step; step < end_step; ++step) {
    const BatchSlice slice = plan.Slice(stretch.split, {stretch.epoch, step}, {}).value();
    std::vector<int64_t> rows(static_cast<size_t>(slice.sample_count));
    order.Rows(slice.first_sample, absl::MakeSpan(rows));
    sample_count += slice.sample_count;
    for (const int64_t row : rows) {
      uint8_t bytes[8];
      for (int i = 0; i < 8; ++i) bytes[i] = static_cast<uint8_t>(row >> (8 * i));
      hash.Update(bytes, sizeof(bytes));
    }
  }
  return absl::StrCat("{\"split\":\"", info.name, "\",\"epoch\":", stretch.epoch,
                      ",\"first_step\":", stretch.first_step, ",\"end_step\":", end_step,
                      ",\"sample_count\":", sample_count, ",\"rows_sha256\":\"", HexEncode(hash.Finish()), "\"}");
}

std::string PlanJson(const Golden& golden) {
  const Plan plan = Plan::Open(golden.spec, golden.selection_size).value();
  const std::string canonical_form = CanonicalForm(golden.spec);
  std::vector<std::string> splits;
  for (const SplitInfo& split : plan.splits()) {
    splits.push_back(absl::StrCat("{\"name\":\"", split.name, "\",\"sample_count\":", split.sample_count,
                                  ",\"batch_count\":", split.batch_count, "}"));
  }
  std::vector<std::string> stretches;
  for (const Stretch& stretch : golden.stretches) stretches.push_back(StretchJson(plan, stretch));
  return absl::StrCat("{\n\"about\":\"", golden.about, "\",\n\"selection_size\":", golden.selection_size,
                      ",\n\"plan\":", canonical_form, ",\n\"plan_id\":\"", PlanIdOf(canonical_form),
                      "\",\n\"splits\":[\n", absl::StrJoin(splits, ",\n"), "],\n\"batches\":[\n",
                      absl::StrJoin(Batches(plan, golden), ",\n"), "],\n\"stretches\":[\n",
                      absl::StrJoin(stretches, ",\n"), "]\n}\n");
}

std::string KeyJson(uint64_t seed, const std::string& split, int64_t epoch) {
  return absl::StrCat("{\"seed\":\"", seed, "\",\"split\":\"", split, "\",\"epoch\":", epoch, ",\"key\":\"",
                      HexEncode(EpochKey(seed, split, epoch)), "\"}");
}

std::string PermutationJson(int64_t size, const PermutationKey& key) {
  const Permutation permutation = Permutation::Create(size, key).value();
  std::vector<int64_t> indices;
  for (int64_t i = 0; i < std::min<int64_t>(size, 32); ++i) indices.push_back(i);
  if (size > 64) indices.insert(indices.end(), {size / 3, size / 2, size - 2, size - 1});
  std::vector<int64_t> elements = indices;
  permutation.Apply(absl::MakeSpan(elements));
  return absl::StrCat("{\"key\":\"", HexEncode(key), "\",\"size\":", size, ",\"indices\":[",
                      absl::StrJoin(indices, ","), "],\"elements\":[", absl::StrJoin(elements, ","), "]}");
}

std::string PermutationsJson() {
  const uint64_t seeds[] = {0, 42, 43, 18446744073709551615u};
  std::vector<std::string> selection_keys, epoch_keys, permutations;
  for (const uint64_t seed : seeds) {
    selection_keys.push_back(absl::StrCat("{\"seed\":\"", seed, "\",\"key\":\"", HexEncode(SelectionKey(seed)), "\"}"));
    for (const int64_t epoch : {int64_t{0}, int64_t{1}, kEpochMax}) epoch_keys.push_back(KeyJson(seed, "train", epoch));
    epoch_keys.push_back(KeyJson(seed, "a.b-c_0", 7));
  }
  const int64_t sizes[] = {1,
                           2,
                           3,
                           5,
                           24,
                           1000,
                           1023,
                           1024,
                           1025,
                           1026,
                           2047,
                           2048,
                           2049,
                           4095,
                           4096,
                           4097,
                           65535,
                           65536,
                           65537,
                           1000000,
                           2960000,
                           10000000,
                           1000000000,
                           (int64_t{1} << 32) - 1,
                           int64_t{1} << 32,
                           (int64_t{1} << 32) + 1,
                           (int64_t{1} << 39) + 1,
                           (int64_t{1} << 40) - 1,
                           int64_t{1} << 40};
  for (const int64_t size : sizes) permutations.push_back(PermutationJson(size, EpochKey(42, "train", 0)));
  for (const int64_t size : sizes) permutations.push_back(PermutationJson(size, SelectionKey(0)));
  return absl::StrCat("{\n\"selection_keys\":[\n", absl::StrJoin(selection_keys, ",\n"), "],\n\"epoch_keys\":[\n",
                      absl::StrJoin(epoch_keys, ",\n"), "],\n\"permutations\":[\n", absl::StrJoin(permutations, ",\n"),
                      "]\n}\n");
}

bool WriteNew(const std::filesystem::path& path, const std::string& text) {
  if (std::filesystem::exists(path)) {
    std::printf("kept    %s\n", path.c_str());
    return true;
  }
  std::ofstream(path, std::ios::binary) << text;
  std::printf("written %s\n", path.c_str());
  return std::filesystem::file_size(path) == text.size();
}

int Run(const std::filesystem::path& folder) {
  bool ok = WriteNew(folder / "permutations.json", PermutationsJson());
  for (const Golden& golden : Goldens()) ok &= WriteNew(folder / golden.file, PlanJson(golden));
  return ok ? 0 : 1;
}

}  // namespace
}  // namespace millrace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: make_plan_vectors FOLDER\n");
    return 2;
  }
  return millrace::Run(argv[1]);
}
