// Goal: whatever bytes a snapshot file has, nothing crashes, and nothing that differs from what was written is
// served: it is an error that says what is damaged and where.
// Method: every byte of a small file flipped in turn, and random ones of a larger file; files cut off and extended;
// files whose checksums and digest were made to match harmful content.

#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <set>

#include "core/snapshot/format.h"
#include "core/snapshot/resident_memory.h"
#include "tests/core/snapshot/support.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

using namespace testing;
using snapshot_file::DirectoryEntry;
using snapshot_file::Header;

Content SmallContent() {
  Content content;
  content.tags = {{5, "solo", TagCategory::kGeneral, 1}, {9, "hat", TagCategory::kCopyright, 2}};
  content.posts = {FullPost(1, {5, 9}), FullPost(20, {9}), Post()};
  content.posts[2].id = 30;
  return content;
}

// Asks the snapshot for everything it has. OK, or the first error; wrong answers are counted.
absl::Status ReadEverything(const Snapshot& snapshot, const Content& content, int* wrong_count) {
  MILLRACE_RETURN_IF_ERROR(snapshot.GetStats().status());
  for (size_t row = 0; row < content.posts.size(); ++row) {
    MILLRACE_ASSIGN_OR_RETURN(const Post post, ReadPost(snapshot, static_cast<int64_t>(row)));
    if (post != content.posts[row]) ++*wrong_count;
    MILLRACE_ASSIGN_OR_RETURN(const auto found, snapshot.FindRow(content.posts[row].id));
    if (found != static_cast<int64_t>(row)) ++*wrong_count;
    if (!post.md5.has_value()) continue;
    MILLRACE_RETURN_IF_ERROR(snapshot.FindRowByMd5(*post.md5).status());
  }
  for (const Tag& tag : content.tags) {
    MILLRACE_ASSIGN_OR_RETURN(const auto found, snapshot.FindTag(tag.id));
    if (!found.has_value() || found->name != tag.name || found->category != tag.category) ++*wrong_count;
    MILLRACE_ASSIGN_OR_RETURN(const auto namesakes, snapshot.FindTagsByName(tag.name, 10));
    if (namesakes.empty()) ++*wrong_count;
  }
  TagQuery query;
  query.limit = 1'000'000;
  MILLRACE_ASSIGN_OR_RETURN(const TagPage by_name, snapshot.ListTags(query));
  query.order = TagQuery::Order::kPostCount;
  MILLRACE_ASSIGN_OR_RETURN(const TagPage by_post_count, snapshot.ListTags(query));
  if (by_name.tags.size() != content.tags.size() || by_post_count.tags.size() != content.tags.size()) ++*wrong_count;
  return absl::OkStatus();
}

struct Flipped {
  bool opened = false;
  bool read_damaged = false;    // reading everything found it
  bool verify_damaged = false;  // Verify found it
  friend bool operator==(const Flipped&, const Flipped&) = default;
};

// What becomes of a file, copied or mapped. Fails the test on any answer that is wrong.
Flipped ProbeFile(const std::string& path, const std::string& digest, const Content& content,
                  const std::shared_ptr<ResidentBudget>& budget) {
  Flipped flipped;
  const auto snapshot = Snapshot::Open(path, digest, budget);
  if (!snapshot.ok()) {
    REQUIRE(ReasonOf(snapshot.status()) == Reason::kSnapshotDamaged);
    return flipped;
  }
  flipped.opened = true;
  int wrong_count = 0;
  const absl::Status status = ReadEverything(**snapshot, content, &wrong_count);
  REQUIRE(wrong_count == 0);
  if (!status.ok()) {
    REQUIRE(ReasonOf(status) == Reason::kSnapshotDamaged);
    REQUIRE((*snapshot)->damage_found());
    flipped.read_damaged = true;
  }
  const absl::StatusOr<VerifyReport> report = (*snapshot)->Verify();
  REQUIRE(report.ok());
  flipped.verify_damaged = !report->damages.empty();
  return flipped;
}

// What becomes of a file with these bytes: the same, copied or mapped.
Flipped Probe(const std::string& path, const std::string& digest, const std::string& bytes, const Content& content) {
  WriteFile(path, bytes);
  const Flipped flipped = ProbeFile(path, digest, content, nullptr);
  REQUIRE(flipped == ProbeFile(path, digest, content, std::make_shared<ResidentBudget>(int64_t{1} << 30)));
  return flipped;
}

TEST_CASE("every flipped byte is detected, and never served") {
  TempFolder folder;
  const Content content = SmallContent();
  const WrittenSnapshot written = *Write(folder.path(), content);
  const std::string intact = ReadFile(written.path);
  REQUIRE(Probe(written.path, written.digest, intact, content).opened);
  int opened_count = 0;
  int read_damaged_count = 0;
  for (size_t i = 0; i < intact.size(); ++i) {
    std::string bytes = intact;
    bytes[i] = static_cast<char>(bytes[i] ^ (1 << i % 8));
    const Flipped flipped = Probe(written.path, written.digest, bytes, content);
    CAPTURE(i);
    REQUIRE(!(flipped.opened && !flipped.verify_damaged));
    opened_count += flipped.opened;
    read_damaged_count += flipped.read_damaged;
  }
  // Header and directory are found out at once; of the rest, everything but padding by reading.
  Header header;
  std::memcpy(&header, intact.data(), sizeof header);
  uint64_t sections_bytes = 0;
  for (uint64_t i = 0; i < header.section_count; ++i) {
    DirectoryEntry entry;
    std::memcpy(&entry, intact.data() + header.directory_offset + i * sizeof entry, sizeof entry);
    sections_bytes += entry.size_bytes;
  }
  CHECK(opened_count == static_cast<int>(header.directory_offset - sizeof header));
  CHECK(read_damaged_count == static_cast<int>(sections_bytes));
}

TEST_CASE("random damage to a larger file is detected, and named by section and place") {
  TempFolder folder;
  const Content content = RandomContent(31, 4'000, 500);
  const WrittenSnapshot written = *Write(folder.path(), content);
  const std::string intact = ReadFile(written.path);
  std::mt19937 random(31);
  for (int i = 0; i < 60; ++i) {
    std::string bytes = intact;
    const size_t place = random() % bytes.size();
    bytes[place] = static_cast<char>(bytes[place] ^ (1 + random() % 255));
    CAPTURE(place);
    const Flipped flipped = Probe(written.path, written.digest, bytes, content);
    REQUIRE(!(flipped.opened && !flipped.verify_damaged));
  }
}

TEST_CASE("damage is named by section and byte offset, and other sections are served") {
  TempFolder folder;
  const Content content = RandomContent(32, 10'000, 500);
  const WrittenSnapshot written = *Write(folder.path(), content);
  std::string bytes = ReadFile(written.path);
  bytes[sizeof(Header) + 70'000] ^= 4;  // post.tags is the first section; this is its second block
  WriteFile(written.path, bytes);
  const auto snapshot = *Snapshot::Open(written.path, written.digest);
  CHECK(*snapshot->FindRow(content.posts[9'999].id) == 9'999);
  CHECK(snapshot->TagIndexes(0).ok());
  CHECK(!snapshot->damage_found());

  absl::Status status;
  for (int64_t row = 0; status.ok(); ++row) status = snapshot->TagIndexes(row).status();
  CHECK(status.code() == absl::StatusCode::kDataLoss);
  CHECK(ReasonOf(status) == Reason::kSnapshotDamaged);
  CHECK(MetadataOf(status)["section"] == "post.tags");
  CHECK(MetadataOf(status)["byte_offset"] == std::to_string(sizeof(Header) + 65'536));
  CHECK(MetadataOf(status)["snapshot"] == written.digest);
  CHECK(snapshot->damage_found());

  const VerifyReport report = *snapshot->Verify();
  REQUIRE(report.damages.size() == 1);
  CHECK_THAT(report.damages[0], Catch::Contains("post.tags") && Catch::Contains(std::to_string(64 + 65'536)));
  CHECK(report.byte_count == written.file_size_bytes);
}

TEST_CASE("a file that is cut off, extended or empty is damaged") {
  TempFolder folder;
  const Content content = SmallContent();
  const WrittenSnapshot written = *Write(folder.path(), content);
  const std::string intact = ReadFile(written.path);
  for (size_t size = 0; size < intact.size(); size += 1 + size / 50) {
    REQUIRE(!Probe(written.path, written.digest, intact.substr(0, size), content).opened);
  }
  CHECK(!Probe(written.path, written.digest, intact + '\0', content).opened);
  CHECK(!Probe(written.path, written.digest, intact + intact, content).opened);
  CHECK(!Probe(written.path, written.digest, std::string(100'000, '\0'), content).opened);
}

TEST_CASE("a file that is cut off while it is open gives errors for what was not read before") {
  TempFolder folder;
  const Content content = RandomContent(33, 10'000, 500);
  const auto snapshot = WriteAndOpen(folder.path(), content);
  REQUIRE(truncate((folder.path() + "/" + snapshot->digest() + ".snapshot").c_str(), 70'000) == 0);
  CHECK(ReasonOf(snapshot->TagIndexes(9'999).status()) == Reason::kSnapshotDamaged);
  CHECK(!snapshot->Verify()->damages.empty());
}

TEST_CASE("another snapshot's file under this name is damaged; no file is missing") {
  TempFolder folder;
  const WrittenSnapshot written = *Write(folder.path(), SmallContent());
  const WrittenSnapshot other = *Write(folder.path(), {});
  CHECK(ReasonOf(Snapshot::Open(other.path, written.digest).status()) == Reason::kSnapshotDamaged);
  CHECK(ReasonOf(Snapshot::Open(folder.path() + "/none", written.digest).status()) == Reason::kSnapshotMissing);
  CHECK(ReasonOf(Snapshot::Open(folder.path(), written.digest).status()) == Reason::kSnapshotDamaged);
}

// A file taken apart, to be changed and put together again with checksums and digest that match.
struct Forgery {
  struct Part {
    std::string name;
    uint32_t type;
    std::string bytes;
  };
  Header header;
  std::vector<Part> parts;

  explicit Forgery(const std::string& file) {
    std::memcpy(&header, file.data(), sizeof header);
    for (uint64_t i = 0; i < header.section_count; ++i) {
      DirectoryEntry entry;
      std::memcpy(&entry, file.data() + header.directory_offset + i * sizeof entry, sizeof entry);
      parts.push_back({entry.name, entry.element_type, file.substr(entry.offset, entry.size_bytes)});
    }
  }

  // Writes the file into the folder, under the digest that it has; returns the digest.
  std::string Write(const std::string& path) {
    std::string file(sizeof header, '\0');
    std::vector<snapshot_file::Section> sections;
    std::vector<uint64_t> checksums;
    for (const Part& part : parts) {
      file.resize(snapshot_file::AlignUp(file.size()));
      snapshot_file::Section section;
      section.name = part.name;
      section.type = static_cast<snapshot_file::ElementType>(part.type);
      const uint64_t element_bytes = snapshot_file::ElementBytes(section.type);
      section.element_count = element_bytes == 0 ? 0 : part.bytes.size() / element_bytes;
      section.offset = file.size();
      section.size_bytes = part.bytes.size();
      section.sha256 = Sha256Of(part.bytes);
      for (size_t i = 0; i < part.bytes.size(); i += snapshot_file::kBlockBytes) {
        const std::string block = part.bytes.substr(i, snapshot_file::kBlockBytes);
        checksums.push_back(snapshot_file::BlockChecksum(block.data(), block.size()));
      }
      sections.push_back(section);
      file += part.bytes;
    }
    file.resize(snapshot_file::AlignUp(file.size()));
    const std::string directory = snapshot_file::EncodeDirectory(sections, checksums);
    header.section_count = static_cast<uint32_t>(sections.size());
    header.directory_offset = file.size();
    header.directory_size_bytes = directory.size();
    header.file_size_bytes = file.size() + directory.size();
    std::memcpy(file.data(), &header, sizeof header);
    WriteFile(path, file + directory);
    return snapshot_file::DigestOf(header, directory);
  }
};

TEST_CASE("a file put together again unchanged is the same file") {
  TempFolder folder;
  const WrittenSnapshot written = *Write(folder.path(), SmallContent());
  CHECK(Forgery(ReadFile(written.path)).Write(folder.path() + "/forged") == written.digest);
  CHECK(ReadFile(folder.path() + "/forged") == ReadFile(written.path));
}

// A section's elements set to one value: offsets beyond the end, indexes out of range, codes without a word, ...
TEST_CASE("harmful values with matching checksums never crash a reader") {
  TempFolder folder;
  const Content content = SmallContent();
  const WrittenSnapshot written = *Write(folder.path(), content);
  const std::string intact = ReadFile(written.path);
  const std::string path = folder.path() + "/forged";
  std::mt19937 random(34);
  int harmless_count = 0;
  const size_t part_count = Forgery(intact).parts.size();
  for (size_t part = 0; part < part_count; ++part) {
    for (int trial = 0; trial < 40; ++trial) {
      Forgery forgery(intact);
      std::string& bytes = forgery.parts[part].bytes;
      CAPTURE(forgery.parts[part].name, trial);
      if (trial == 0) bytes.assign(bytes.size(), '\xFF');
      if (trial == 1) bytes.assign(bytes.size(), '\x7F');
      if (trial == 2) bytes.resize(bytes.size() / 2);
      if (trial == 3) bytes += bytes;
      if (trial == 4) forgery.parts[part].name += "x";
      if (trial == 5) forgery.parts.erase(forgery.parts.begin() + static_cast<ptrdiff_t>(part));
      if (trial == 6) forgery.parts[part].type = 1 + forgery.parts[part].type % 6;
      if (trial == 7) forgery.parts[part].type = 99;
      if (trial == 8) forgery.parts[part].name = "post.id";
      if (trial >= 9) bytes[random() % bytes.size()] = static_cast<char>(random());
      const std::string digest = forgery.Write(path);
      const auto snapshot = Snapshot::Open(path, digest);
      if (!snapshot.ok()) {
        REQUIRE(ReasonOf(snapshot.status()) == Reason::kSnapshotDamaged);
        continue;
      }
      int wrong_count = 0;  // the content is another one, so its answers may be
      const absl::Status status = ReadEverything(**snapshot, content, &wrong_count);
      if (!status.ok()) REQUIRE(ReasonOf(status) == Reason::kSnapshotDamaged);
      const absl::Status slices_status = ReadSlices(**snapshot, content, 0, 3, &wrong_count);
      if (!slices_status.ok()) REQUIRE(ReasonOf(slices_status) == Reason::kSnapshotDamaged);
      REQUIRE((*snapshot)->Verify()->damages.empty());
      harmless_count += status.ok();
    }
  }
  CHECK(harmless_count > 0);
}

TEST_CASE("values that serve as indexes are refused when out of range") {
  TempFolder folder;
  const WrittenSnapshot written = *Write(folder.path(), SmallContent());
  const std::string name =
      GENERATE("post.tags", "post.rating", "post.file_ext", "post.pools.kind", "post.presence", "index.post_by_md5",
               "index.tag_by_name", "index.tag_by_post_count", "tag.category", "post.tags.offsets",
               "post.source.offsets", "post.pools.offsets", "tag.name.offsets", "dictionary.file_ext.offsets");
  CAPTURE(name);
  Forgery forgery(ReadFile(written.path));
  bool is_there = false;
  for (Forgery::Part& part : forgery.parts) {
    if (part.name != name) continue;
    part.bytes.assign(part.bytes.size(), '\x7F');
    is_there = true;
  }
  REQUIRE(is_there);
  const std::string digest = forgery.Write(folder.path() + "/forged");
  const auto snapshot = Snapshot::Open(folder.path() + "/forged", digest);
  REQUIRE(snapshot.ok());
  int wrong_count = 0;
  const absl::Status status = ReadEverything(**snapshot, SmallContent(), &wrong_count);
  // Offsets that are all the same and past the end, and everything else out of range.
  CHECK(ReasonOf(status) == Reason::kSnapshotDamaged);
  CHECK(MetadataOf(status)["section"] == name);

  const std::set<std::string> kInSlices = {"post.tags",    "post.rating",       "post.presence",
                                           "tag.category", "post.tags.offsets", "post.pools.offsets"};
  const absl::Status slices_status = ReadSlices(**snapshot, SmallContent(), 0, 3, &wrong_count);
  if (kInSlices.contains(name)) {
    CHECK(ReasonOf(slices_status) == Reason::kSnapshotDamaged);
    CHECK(MetadataOf(slices_status)["section"] == name);
  } else {
    CHECK(slices_status.ok());
  }
}

TEST_CASE("headers and directories with matching digests that lie are refused") {
  TempFolder folder;
  const WrittenSnapshot written = *Write(folder.path(), SmallContent());
  const std::string intact = ReadFile(written.path);
  Header header;
  std::memcpy(&header, intact.data(), sizeof header);
  const size_t entries = header.directory_offset;
  std::mt19937_64 random(35);
  const uint64_t kValues[] = {0, 1, 63, 65, uint64_t{1} << 32, uint64_t{1} << 63, UINT64_MAX, UINT64_MAX - 63};
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes = intact;
    // An aligned word of the header or of an entry, but not the checksums, which are free to be anything.
    const bool in_header = random() % 4 == 0;
    const size_t place =
        in_header ? 8 + 8 * (random() % 7) : entries + 96 * (random() % header.section_count) + 8 * (random() % 8);
    const uint64_t value = random() % 4 == 0 ? random() : kValues[random() % std::size(kValues)];
    if (std::memcmp(&bytes[place], &value, 8) == 0) continue;
    std::memcpy(&bytes[place], &value, 8);
    Header forged;
    std::memcpy(&forged, bytes.data(), sizeof forged);
    const std::string digest = snapshot_file::DigestOf(forged, std::string_view(bytes).substr(entries));
    WriteFile(folder.path() + "/forged", bytes);
    const auto snapshot = Snapshot::Open(folder.path() + "/forged", digest);
    CAPTURE(i, place, value);
    if (snapshot.ok()) {
      // Only the name of a section that may be left out can change without contradicting anything.
      REQUIRE(!in_header);
      REQUIRE((place - entries) % 96 < 32);
      continue;
    }
    const bool is_version = in_header && place == 8;
    if (!is_version) REQUIRE(ReasonOf(snapshot.status()) == Reason::kSnapshotDamaged);
  }
}

TEST_CASE("a newer format version is said to be one, not damage") {
  TempFolder folder;
  const WrittenSnapshot written = *Write(folder.path(), SmallContent());
  Forgery forgery(ReadFile(written.path));
  forgery.header.version = 2;
  const std::string digest = forgery.Write(folder.path() + "/forged");
  const absl::Status status = Snapshot::Open(folder.path() + "/forged", digest).status();
  CHECK(ReasonOf(status) == Reason::kSchemaTooNew);
  CHECK_THAT(std::string(status.message()), Catch::Contains("version 2"));
}

TEST_CASE("a section that this version does not know is carried along") {
  TempFolder folder;
  const Content content = SmallContent();
  const WrittenSnapshot written = *Write(folder.path(), content);
  Forgery forgery(ReadFile(written.path));
  forgery.parts.push_back({"post.fingerprint", 3, std::string(24, 'f')});
  const std::string digest = forgery.Write(folder.path() + "/forged");
  const auto snapshot = *Snapshot::Open(folder.path() + "/forged", digest);
  CHECK(*ReadPost(*snapshot, 0) == content.posts[0]);
  CHECK(snapshot->Verify()->damages.empty());
}

}  // namespace
}  // namespace millrace
