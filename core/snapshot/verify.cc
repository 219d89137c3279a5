#include "core/snapshot/verify.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/text.h"

namespace millrace::snapshot_file {
namespace {

// Of a file that is damaged all over, the first blocks tell enough.
constexpr size_t kDamagesMax = 100;
constexpr uint64_t kReadBytes = 16 * kBlockBytes;

// One pass over one file.
class Verifier {
 public:
  Verifier(const CheckedFile& file, bool (*cancelled)(void*), void* context)
      : file_(file), cancelled_(cancelled), context_(context) {}

  absl::StatusOr<VerifyReport> Run() {
    uint64_t end = sizeof(Header);
    for (const Section& section : file_.layout().sections) {
      MILLRACE_RETURN_IF_ERROR(VerifyPadding(end, section.offset));
      MILLRACE_RETURN_IF_ERROR(VerifySection(section));
      end = section.offset + section.size_bytes;
    }
    MILLRACE_RETURN_IF_ERROR(VerifyPadding(end, file_.layout().header.directory_offset));
    MILLRACE_RETURN_IF_ERROR(VerifyDirectory());
    if (!report_.damages.empty()) file_.NoteDamage();
    return std::move(report_);
  }

 private:
  void Report(std::string sentence) {
    if (report_.damages.size() < kDamagesMax) report_.damages.push_back(std::move(sentence));
    if (report_.damages.size() == kDamagesMax) report_.damages.push_back("There are more; these are the first.");
  }

  // Reads up to kReadBytes into buffer_. False when the file has become too short, which is reported.
  absl::StatusOr<bool> Read(uint64_t offset, uint64_t size_bytes, std::string_view what) {
    if (cancelled_ != nullptr && cancelled_(context_)) {
      return MakeError(Reason::kCancelled, "the verification was cancelled");
    }
    buffer_.resize(size_bytes);
    const absl::Status status = file_.ReadAt(offset, buffer_.data(), size_bytes);
    if (ReasonOf(status) == Reason::kSnapshotDamaged && !status.ok()) {
      Report(absl::StrCat("The file ends within ", std::string(what), ", before byte ", offset + size_bytes, "."));
      return false;
    }
    MILLRACE_RETURN_IF_ERROR(status);
    report_.byte_count += static_cast<int64_t>(size_bytes);
    return true;
  }

  absl::Status VerifyPadding(uint64_t begin, uint64_t end) {
    if (begin == end) return absl::OkStatus();
    MILLRACE_ASSIGN_OR_RETURN(const bool is_read, Read(begin, end - begin, "padding"));
    if (!is_read) return absl::OkStatus();
    const size_t place = buffer_.find_first_not_of('\0');
    if (place != std::string::npos) {
      Report(absl::StrCat("The padding at byte ", begin + place, " is not zero."));
    }
    return absl::OkStatus();
  }

  absl::Status VerifySection(const Section& section) {
    Sha256 hash;
    bool blocks_match = true;
    for (uint64_t begin = 0; begin < section.size_bytes; begin += kReadBytes) {
      const uint64_t size_bytes = std::min(kReadBytes, section.size_bytes - begin);
      MILLRACE_ASSIGN_OR_RETURN(const bool is_read,
                                Read(section.offset + begin, size_bytes, absl::StrCat("section ", section.name)));
      if (!is_read) return absl::OkStatus();
      hash.Update(buffer_.data(), size_bytes);
      for (uint64_t offset = 0; offset < size_bytes; offset += kBlockBytes) {
        const uint64_t block_bytes = std::min(kBlockBytes, size_bytes - offset);
        const uint64_t block = section.first_block + (begin + offset) / kBlockBytes;
        if (BlockChecksum(buffer_.data() + offset, block_bytes) == file_.layout().block_checksums[block]) continue;
        blocks_match = false;
        Report(absl::StrCat("Section ", section.name, ": the ", block_bytes, " bytes at byte ",
                            section.offset + begin + offset, " of the file do not have their checksum."));
      }
    }
    // Only made up data gets past the checksums and not past SHA-256.
    if (blocks_match && hash.Finish() != section.sha256) {
      Report(absl::StrCat("Section ", section.name, " at byte ", section.offset, " does not have its SHA-256."));
    }
    return absl::OkStatus();
  }

  // Both were right when the file was opened; the disk may have changed since.
  absl::Status VerifyDirectory() {
    const Header& header = file_.layout().header;
    MILLRACE_ASSIGN_OR_RETURN(bool is_read, Read(0, sizeof(Header), "the header"));
    if (!is_read) return absl::OkStatus();
    Sha256 hash;
    hash.Update(buffer_.data(), buffer_.size());
    for (uint64_t begin = 0; begin < header.directory_size_bytes; begin += kReadBytes) {
      const uint64_t size_bytes = std::min(kReadBytes, header.directory_size_bytes - begin);
      MILLRACE_ASSIGN_OR_RETURN(is_read, Read(header.directory_offset + begin, size_bytes, "the directory"));
      if (!is_read) return absl::OkStatus();
      hash.Update(buffer_.data(), buffer_.size());
    }
    if (HexEncode(hash.Finish()) != file_.digest()) {
      Report(absl::StrCat("The header at byte 0 or the directory at byte ", header.directory_offset,
                          " does not have the digest that names the file."));
    }
    return absl::OkStatus();
  }

  const CheckedFile& file_;
  bool (*const cancelled_)(void*);
  void* const context_;
  std::string buffer_;
  VerifyReport report_;
};

}  // namespace

absl::StatusOr<VerifyReport> VerifyFile(const CheckedFile& file, bool (*cancelled)(void*), void* context) {
  return Verifier(file, cancelled, context).Run();
}

}  // namespace millrace::snapshot_file
