// A snapshot file in memory, mapped or copied, with a checksum comparison between the disk and whoever reads.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/base/error.h"
#include "core/base/thread_pool.h"
#include "core/snapshot/format.h"
#include "core/snapshot/resident_memory.h"

namespace millrace::snapshot_file {

// Thread-safe once LimitValues has been called for the last time. The mapping stays valid, also when the file is
// unlinked, while the object lives.
//
// A block is brought into the mapping and compared when it is first touched, by calls that give an error where touching
// a failing disk or a file that was cut off would raise SIGBUS: madvise(2), which copies nothing, and pread(2) where
// that fails. What the kernel evicts and reads from the disk again later is not compared again.
//
// With a budget, a section of which readers have touched an eighth is copied into large pages, whole and every block
// compared, by a thread of the file's own; readers go on with the mapping until the copy is there. A section that is
// damaged stays mapped: who touches the damage is told. A copied section is never read from the disk again.
class CheckedFile {
 public:
  // Errors as Snapshot::Open. Reads header and directory only. Sections are copied when `budget` is given and has room
  // for the whole file.
  static absl::StatusOr<std::unique_ptr<CheckedFile>> Open(const std::string& path, std::string_view digest,
                                                           const std::shared_ptr<ResidentBudget>& budget);
  // A file of this format that is not named by its digest (the postings). Damage to what the digest would have covered,
  // header and directory, shows in sections that do not fit or do not have their checksums.
  static absl::StatusOr<std::unique_ptr<CheckedFile>> OpenUnnamed(const std::string& path);
  ~CheckedFile();
  CheckedFile(const CheckedFile&) = delete;
  CheckedFile& operator=(const CheckedFile&) = delete;

  const std::string& path() const { return path_; }
  const std::string& digest() const { return digest_; }
  const Layout& layout() const { return layout_; }
  uint64_t size_bytes() const { return layout_.header.file_size_bytes; }

  // Where the section's first byte is: in the mapping, or from some moment on in the copy. What was read from here
  // before stays valid as long as the file. Load with memory_order_acquire.
  const std::atomic<const uint8_t*>& place(const Section& section) const { return places_[IndexOf(section)]; }
  // Whether the section has been copied.
  bool is_copied(const Section& section) const {
    return place(section).load(std::memory_order_acquire) != mapping_ + section.offset;
  }

  // Every element of the section (u8 or u32) must be less than `limit`: compared with the checksum, so that a
  // reader may use the values as indexes. Not thread-safe.
  void LimitValues(const Section& section, uint64_t limit);

  // One bit a block, numbered as Layout::block_checksums: set when the block has been compared.
  const std::atomic<uint64_t>* checked_blocks() const { return checked_blocks_.get(); }
  static bool IsChecked(const std::atomic<uint64_t>* checked_blocks, uint64_t block) {
    return (checked_blocks[block / 64].load(std::memory_order_acquire) >> (block % 64) & 1) != 0;
  }
  // Compares one block of the section, numbered from 0. kSnapshotDamaged, kIoError.
  absl::Status CheckBlock(const Section& section, uint64_t block) const;

  // Reads from the disk or the page cache, not from the mapping. kSnapshotDamaged when the file has become shorter.
  absl::Status ReadAt(uint64_t offset, void* data, size_t size_bytes) const;

  // kSnapshotDamaged, naming file, place and remedy; remembers that there is damage.
  absl::Status Damaged(std::string_view what) const;
  absl::Status Damaged(const Section& section, uint64_t offset_in_section, std::string_view what) const;
  // Whether any reader has found damage since the file was opened.
  bool damage_found() const { return damage_found_.load(std::memory_order_relaxed); }
  void NoteDamage() const { damage_found_.store(true, std::memory_order_relaxed); }

 private:
  CheckedFile(std::string path, std::string digest, int fd)
      : path_(std::move(path)), digest_(std::move(digest)), fd_(fd) {}
  absl::Status ReadLayout();
  absl::Status Map();
  size_t IndexOf(const Section& section) const { return static_cast<size_t>(&section - layout_.sections.data()); }
  // Has the kernel map these bytes' pages. False when it cannot (a disk that fails, a file that was cut off, Linux
  // before 5.14): touching them might raise SIGBUS.
  bool BringIn(uint64_t offset, uint64_t size_bytes) const;
  // What is wrong with the block's bytes; nothing: they are as they were written.
  std::optional<std::string> FindFault(const Section& section, uint64_t block, const uint8_t* data) const;
  void MarkChecked(const Section& section, uint64_t block) const;
  // Counts a block that a reader was the first to touch, and has the section copied when there have been enough.
  void CountTouched(const Section& section) const;
  // On the copier's thread. Leaves the section mapped when it cannot be read or is damaged, or the file is closing.
  void CopySection(const Section& section) const;
  // Takes the section's pages out of the process's count; who still reads the mapping finds them again.
  void ReleaseMapped(const Section& section) const;

  const std::string path_;
  const std::string digest_;
  const int fd_;
  const uint8_t* mapping_ = nullptr;
  std::unique_ptr<ResidentMemory> copy_;  // as large as the file; null: nothing is copied
  Layout layout_;
  std::vector<uint64_t> value_limits_;                       // by section; 0: none
  std::unique_ptr<std::atomic<const uint8_t*>[]> places_;    // by section
  std::unique_ptr<std::atomic<uint64_t>[]> touched_counts_;  // by section, in blocks
  std::unique_ptr<std::atomic<uint64_t>[]> checked_blocks_;
  mutable std::atomic<bool> damage_found_ = false;
  std::atomic<bool> closing_ = false;
  std::unique_ptr<ThreadPool> copier_;  // one thread; null with copy_
};

}  // namespace millrace::snapshot_file
