// Snapshots: the input damages a good one. The first byte says whether the file is cut, then five bytes each say where
// to write what. A damaged file does not open, or Verify and whoever reads a damaged block say so.
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>

#include "core/base/error.h"
#include "core/snapshot/snapshot.h"
#include "core/snapshot/writer.h"
#include "tests/fuzz/check.h"

namespace millrace {
namespace {

struct Base {
  std::string folder;
  std::string digest;
  std::string bytes;
};

const Base& TheBase() {
  static const Base* const base = [] {
    auto* made = new Base;
    made->folder = (std::filesystem::temp_directory_path() / "millrace-fuzz-XXXXXX").string();
    FUZZ_CHECK(::mkdtemp(made->folder.data()) != nullptr);
    auto writer =
        SnapshotWriter::Create(made->folder, {{1, "a", TagCategory::kGeneral, 0}, {2, "b", TagCategory::kArtist, 0}});
    FUZZ_CHECK(writer.ok());
    for (int64_t id = 1; id <= 20; ++id) {
      Post post;
      post.id = id * 3;
      post.md5 = Md5{static_cast<uint8_t>(id)};
      post.source = "source " + std::to_string(id);
      post.score = static_cast<int32_t>(id) - 5;
      post.tag_ids = {1, 2};
      post.pools = {{id, "series"}};
      post.extra_json = "{}";
      FUZZ_CHECK((*writer)->Add(post).ok());
    }
    const auto written = (*writer)->Finish();
    FUZZ_CHECK(written.ok());
    made->digest = written->digest;
    std::ifstream file(written->path, std::ios::binary);
    made->bytes.assign(std::istreambuf_iterator<char>(file), {});
    std::atexit([] { std::filesystem::remove_all(TheBase().folder); });
    return made;
  }();
  return *base;
}

// Whether the status may come of a damaged file.
void CheckDamage(const absl::Status& status) {
  const Reason reason = ReasonOf(status);
  FUZZ_CHECK(status.ok() || reason == Reason::kSnapshotDamaged || reason == Reason::kSchemaTooNew);
}

void ReadAll(const Snapshot& snapshot) {
  Post post;
  for (int64_t row = 0; row < snapshot.post_count() && row < 100; ++row) {
    CheckDamage(snapshot.ReadFields(row, &post));
    const auto tags = snapshot.TagIndexes(row);
    CheckDamage(tags.status());
  }
  CheckDamage(snapshot.GetStats().status());
  CheckDamage(snapshot.FindTag(1).status());
  CheckDamage(snapshot.FindTagsByName("a", 10).status());
  CheckDamage(snapshot.FindRowByMd5(Md5{7}).status());
}

}  // namespace
}  // namespace millrace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const millrace::Base& base = millrace::TheBase();
  std::string bytes = base.bytes;
  constexpr size_t kPatchSizeBytes = 5;
  for (size_t i = 1; i + kPatchSizeBytes <= size; i += kPatchSizeBytes) {
    uint32_t offset = 0;
    std::memcpy(&offset, data + i, sizeof offset);
    bytes[offset % bytes.size()] = static_cast<char>(data[i + 4]);
  }
  if (size > 4 && data[0] == 1) bytes.resize(bytes.size() * data[1] / 255);
  const std::string path = base.folder + "/damaged.snapshot";
  std::ofstream(path, std::ios::binary) << bytes;
  const auto snapshot = millrace::Snapshot::Open(path, base.digest);
  millrace::CheckDamage(snapshot.status());
  if (!snapshot.ok()) return 0;
  millrace::ReadAll(**snapshot);
  const auto report = (*snapshot)->Verify();
  if (report.ok() && report->damages.empty()) FUZZ_CHECK(bytes == base.bytes);
  return 0;
}
