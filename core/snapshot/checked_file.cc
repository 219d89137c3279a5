#include "core/snapshot/checked_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "absl/strings/str_cat.h"
#include "core/base/text.h"

namespace millrace::snapshot_file {
namespace {

// A section is copied once readers have touched this part of its blocks: who asks for a few rows only has the rest
// neither read nor kept in memory, and nobody's first batch waits for a copy.
constexpr uint64_t kTouchedPart = 8;
// What the copier reads at a time: large for a disk, small for the cache in which its checksums find it.
constexpr uint64_t kCopyBlocks = 8;

constexpr char kRemedy[] = "Restore the file from a backup, or compile the dataset anew.";

uint64_t PageSize() {
  static const auto size = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  return size;
}

// Of a block numbered from 0: a section's last one is smaller than the others.
uint64_t BlockSizeBytes(const Section& section, uint64_t block) {
  return std::min(kBlockBytes, section.size_bytes - block * kBlockBytes);
}

// The largest of `count` values, by lanes, so that the compiler makes vector code of it. Requires aligned values.
template <typename T>
uint64_t MaxOf(const uint8_t* data, uint64_t size_bytes) {
  constexpr uint64_t kLanes = 64 / sizeof(T);
  const T* const values = reinterpret_cast<const T*>(data);
  const uint64_t count = size_bytes / sizeof(T);
  std::array<T, kLanes> lanes{};
  uint64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    for (uint64_t lane = 0; lane < kLanes; ++lane) lanes[lane] = std::max(lanes[lane], values[i + lane]);
  }
  for (; i < count; ++i) lanes[0] = std::max(lanes[0], values[i]);
  return *std::max_element(lanes.begin(), lanes.end());
}

std::string Text(std::string_view text) { return std::string(text); }

}  // namespace

absl::StatusOr<std::unique_ptr<CheckedFile>> CheckedFile::Open(const std::string& path, std::string_view digest,
                                                               const std::shared_ptr<ResidentBudget>& budget) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0 && errno == ENOENT) {
    return MakeError(Reason::kSnapshotMissing,
                     absl::StrCat("the file of snapshot ", Text(digest), " is not there: ", path,
                                  ". Restore it from a backup, or compile the dataset anew."),
                     {{"snapshot", Text(digest)}});
  }
  if (fd < 0) return ErrnoError(errno, absl::StrCat("open ", path));
  std::unique_ptr<CheckedFile> file(new CheckedFile(path, Text(digest), fd));
  MILLRACE_RETURN_IF_ERROR(file->ReadLayout());
  MILLRACE_RETURN_IF_ERROR(file->Map());
  if (budget != nullptr) file->copy_ = ResidentMemory::Allocate(budget, static_cast<int64_t>(file->size_bytes()));
  // What it is given is not bounded but by the sections: each is copied once.
  if (file->copy_ != nullptr) file->copier_ = std::make_unique<ThreadPool>(1, 1);
  return file;
}

absl::StatusOr<std::unique_ptr<CheckedFile>> CheckedFile::OpenUnnamed(const std::string& path) {
  return Open(path, "", nullptr);
}

CheckedFile::~CheckedFile() {
  closing_.store(true, std::memory_order_relaxed);
  copier_.reset();  // what is still queued does nothing
  if (mapping_ != nullptr) munmap(const_cast<uint8_t*>(mapping_), size_bytes());
  close(fd_);
}

absl::Status CheckedFile::ReadLayout() {
  struct stat info;
  if (fstat(fd_, &info) != 0) return ErrnoError(errno, absl::StrCat("stat ", path_));
  const uint64_t file_size_bytes = S_ISREG(info.st_mode) ? static_cast<uint64_t>(info.st_size) : 0;
  Header header;
  if (file_size_bytes < sizeof header) return Damaged("it is too short for a snapshot");
  MILLRACE_RETURN_IF_ERROR(ReadAt(0, &header, sizeof header));
  if (const absl::Status status = CheckHeader(header, file_size_bytes); !status.ok()) {
    return Damaged(std::string(status.message()));
  }
  std::string directory(header.directory_size_bytes, '\0');
  MILLRACE_RETURN_IF_ERROR(ReadAt(header.directory_offset, directory.data(), directory.size()));
  // The digest before the version, so that a flipped bit in the version is damage and not a newer format.
  if (!digest_.empty() && DigestOf(header, directory) != digest_) {
    return Damaged("its header and directory do not have the digest that names it");
  }
  if (header.version != kVersion) {
    return MakeError(Reason::kSchemaTooNew,
                     absl::StrCat("snapshot ", digest_, " has format version ", header.version,
                                  ", and this program reads version ", kVersion, ". Use a newer program."),
                     {{"snapshot", digest_}});
  }
  absl::StatusOr<Layout> layout = ParseLayout(header, directory);
  if (!layout.ok()) return Damaged(std::string(layout.status().message()));
  layout_ = *std::move(layout);
  value_limits_.resize(layout_.sections.size());
  places_ = std::make_unique<std::atomic<const uint8_t*>[]>(layout_.sections.size());
  touched_counts_ = std::make_unique<std::atomic<uint64_t>[]>(layout_.sections.size());
  checked_blocks_ = std::make_unique<std::atomic<uint64_t>[]>(layout_.block_checksums.size() / 64 + 1);
  return absl::OkStatus();
}

absl::Status CheckedFile::Map() {
  void* const data = mmap(nullptr, size_bytes(), PROT_READ, MAP_SHARED, fd_, 0);
  if (data == MAP_FAILED) return ErrnoError(errno, absl::StrCat("map ", path_));
  mapping_ = static_cast<const uint8_t*>(data);
  for (const Section& section : layout_.sections) places_[IndexOf(section)] = mapping_ + section.offset;
  // Rows are read in random order. The first touch reads a whole block through the descriptor; a page that was
  // evicted since comes back alone instead of with 128 KiB of neighbours. A failure costs speed only.
  madvise(data, size_bytes(), MADV_RANDOM);
  return absl::OkStatus();
}

void CheckedFile::LimitValues(const Section& section, uint64_t limit) { value_limits_[IndexOf(section)] = limit; }

absl::Status CheckedFile::CheckBlock(const Section& section, uint64_t block) const {
  alignas(64) uint8_t copy[kBlockBytes];
  const uint64_t offset = section.offset + block * kBlockBytes;
  const uint64_t size_bytes = BlockSizeBytes(section, block);
  const uint8_t* data = mapping_ + offset;
  if (!BringIn(offset, size_bytes)) {
    MILLRACE_RETURN_IF_ERROR(ReadAt(offset, copy, size_bytes));
    data = copy;
  }
  if (const std::optional<std::string> fault = FindFault(section, block, data); fault.has_value()) {
    return Damaged(section, block * kBlockBytes, *fault);
  }
  MarkChecked(section, block);
  if (copier_ != nullptr) CountTouched(section);
  return absl::OkStatus();
}

bool CheckedFile::BringIn(uint64_t offset, uint64_t size_bytes) const {
  const uint64_t begin = offset / PageSize() * PageSize();
  uint8_t* const first_page = const_cast<uint8_t*>(mapping_) + begin;
  const uint64_t pages_bytes = offset + size_bytes - begin;
  // All at once from the disk; populating alone would read page after page.
  madvise(first_page, pages_bytes, MADV_WILLNEED);
  return madvise(first_page, pages_bytes, MADV_POPULATE_READ) == 0;
}

std::optional<std::string> CheckedFile::FindFault(const Section& section, uint64_t block, const uint8_t* data) const {
  const uint64_t size_bytes = BlockSizeBytes(section, block);
  if (BlockChecksum(data, size_bytes) != layout_.block_checksums[section.first_block + block]) {
    return absl::StrCat("a block of ", size_bytes, " bytes does not have its checksum");
  }
  const uint64_t limit = value_limits_[IndexOf(section)];
  if (limit == 0) return std::nullopt;
  const uint64_t value_max =
      section.type == ElementType::kU8 ? MaxOf<uint8_t>(data, size_bytes) : MaxOf<uint32_t>(data, size_bytes);
  if (value_max < limit) return std::nullopt;
  return absl::StrCat("the value ", value_max, " is beyond its range");
}

void CheckedFile::MarkChecked(const Section& section, uint64_t block) const {
  const uint64_t bit = section.first_block + block;
  checked_blocks_[bit / 64].fetch_or(uint64_t{1} << (bit % 64), std::memory_order_release);
}

void CheckedFile::CountTouched(const Section& section) const {
  // Two readers may touch a block at once, and both count: the copy then begins a little earlier.
  const uint64_t enough = section.block_count() / kTouchedPart + 1;
  if (touched_counts_[IndexOf(section)].fetch_add(1, std::memory_order_relaxed) + 1 != enough) return;
  copier_->Schedule([this, &section] { CopySection(section); });
}

void CheckedFile::CopySection(const Section& section) const {
  uint8_t* const copy = copy_->data() + section.offset;
  for (uint64_t first = 0; first < section.block_count(); first += kCopyBlocks) {
    if (closing_.load(std::memory_order_relaxed)) return;
    const uint64_t offset = first * kBlockBytes;
    const uint64_t size_bytes = std::min(kCopyBlocks * kBlockBytes, section.size_bytes - offset);
    if (!ReadAt(section.offset + offset, copy + offset, size_bytes).ok()) return;
    const uint64_t end = std::min(first + kCopyBlocks, section.block_count());
    for (uint64_t block = first; block < end; ++block) {
      // Not noted as damage: nobody has asked for this block.
      if (FindFault(section, block, copy + block * kBlockBytes).has_value()) return;
      MarkChecked(section, block);
    }
  }
  places_[IndexOf(section)].store(copy, std::memory_order_release);
  ReleaseMapped(section);
}

void CheckedFile::ReleaseMapped(const Section& section) const {
  const uint64_t begin = (section.offset + PageSize() - 1) / PageSize() * PageSize();
  const uint64_t end = (section.offset + section.size_bytes) / PageSize() * PageSize();
  if (begin < end) madvise(const_cast<uint8_t*>(mapping_) + begin, end - begin, MADV_DONTNEED);
}

absl::Status CheckedFile::ReadAt(uint64_t offset, void* data, size_t size_bytes) const {
  char* bytes = static_cast<char*>(data);
  while (size_bytes > 0) {
    const ssize_t count = pread(fd_, bytes, size_bytes, static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return ErrnoError(errno, absl::StrCat("read ", path_, " at byte ", offset));
    if (count == 0) return Damaged(absl::StrCat("it ends at byte ", offset));
    bytes += count;
    offset += static_cast<uint64_t>(count);
    size_bytes -= static_cast<size_t>(count);
  }
  return absl::OkStatus();
}

absl::Status CheckedFile::Damaged(std::string_view what) const {
  NoteDamage();
  return MakeError(Reason::kSnapshotDamaged,
                   absl::StrCat("snapshot ", digest_, " is damaged (", path_, "): ", Text(what), ". ", kRemedy),
                   {{"snapshot", digest_}});
}

absl::Status CheckedFile::Damaged(const Section& section, uint64_t offset_in_section, std::string_view what) const {
  NoteDamage();
  const std::string offset = absl::StrCat(section.offset + offset_in_section);
  return MakeError(Reason::kSnapshotDamaged,
                   absl::StrCat("snapshot ", digest_, " is damaged (", path_, "): section ", section.name, ", byte ",
                                offset, " of the file: ", Text(what), ". ", kRemedy),
                   {{"snapshot", digest_}, {"section", section.name}, {"byte_offset", offset}});
}

}  // namespace millrace::snapshot_file
