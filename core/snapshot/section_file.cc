#include "core/snapshot/section_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"

namespace millrace::snapshot_file {

absl::StatusOr<std::unique_ptr<SectionFile>> SectionFile::Create(const std::string& path) {
  MILLRACE_ASSIGN_OR_RETURN(std::unique_ptr<FileWriter> file, FileWriter::Create(path));
  // The header's place: what it says is known at the end.
  const Header blank{};
  MILLRACE_RETURN_IF_ERROR(file->Append(&blank, sizeof blank));
  std::unique_ptr<SectionFile> sections(new SectionFile(std::move(file)));
  sections->block_.reserve(kBlockBytes);
  return sections;
}

void SectionFile::Begin(std::string_view name, ElementType type) {
  Section section;
  section.name = std::string(name);
  section.type = type;
  section.first_block = block_checksums_.size();
  sections_.push_back(std::move(section));
  hash_ = std::make_unique<Sha256>();
}

absl::Status SectionFile::Append(const void* data, size_t size_bytes) {
  const char* bytes = static_cast<const char*>(data);
  Section& section = sections_.back();
  if (section.size_bytes == 0 && size_bytes > 0) {
    MILLRACE_RETURN_IF_ERROR(Pad());
    section.offset = static_cast<uint64_t>(file_->size_bytes());
  }
  section.size_bytes += size_bytes;
  while (size_bytes > 0) {
    const size_t count = std::min(size_bytes, static_cast<size_t>(kBlockBytes) - block_.size());
    block_.append(bytes, count);
    bytes += count;
    size_bytes -= count;
    if (block_.size() == kBlockBytes) MILLRACE_RETURN_IF_ERROR(WriteBlock());
  }
  return absl::OkStatus();
}

absl::Status SectionFile::WriteBlock() {
  if (block_.empty()) return absl::OkStatus();
  block_checksums_.push_back(BlockChecksum(block_.data(), block_.size()));
  hash_->Update(block_.data(), block_.size());
  MILLRACE_RETURN_IF_ERROR(file_->Append(block_.data(), block_.size()));
  block_.clear();
  return absl::OkStatus();
}

absl::Status SectionFile::End() {
  MILLRACE_RETURN_IF_ERROR(WriteBlock());
  Section& section = sections_.back();
  if (section.size_bytes == 0) {
    sections_.pop_back();
    return absl::OkStatus();
  }
  section.sha256 = hash_->Finish();
  section.element_count = section.size_bytes / ElementBytes(section.type);
  return absl::OkStatus();
}

absl::Status SectionFile::Pad() {
  constexpr char kZeros[kAlignmentBytes] = {};
  const uint64_t end = static_cast<uint64_t>(file_->size_bytes());
  return file_->Append(kZeros, AlignUp(end) - end);
}

absl::StatusOr<std::string> SectionFile::Finish(uint64_t post_count, uint64_t tag_count, uint64_t tag_use_count) {
  const std::string directory = EncodeDirectory(sections_, block_checksums_);
  if (directory.size() > kDirectoryBytesMax) {
    return MakeError(Reason::kInternal, "the dataset is too large for a snapshot of format version 1");
  }
  MILLRACE_RETURN_IF_ERROR(Pad());
  Header header{};
  std::memcpy(header.magic, kMagic, sizeof kMagic);
  header.version = kVersion;
  header.section_count = static_cast<uint32_t>(sections_.size());
  header.directory_offset = static_cast<uint64_t>(file_->size_bytes());
  header.directory_size_bytes = directory.size();
  header.file_size_bytes = header.directory_offset + directory.size();
  header.post_count = post_count;
  header.tag_count = tag_count;
  header.tag_use_count = tag_use_count;
  MILLRACE_RETURN_IF_ERROR(file_->Append(directory.data(), directory.size()));
  MILLRACE_RETURN_IF_ERROR(file_->Flush());
  MILLRACE_RETURN_IF_ERROR(WriteHeader(header));
  MILLRACE_RETURN_IF_ERROR(file_->Sync());
  return DigestOf(header, directory);
}

absl::Status SectionFile::WriteHeader(const Header& header) {
  // FileWriter only appends. The Sync that follows flushes the file, whichever descriptor wrote to it.
  const std::string& path = file_->path();
  const int fd = open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (fd < 0) return ErrnoError(errno, absl::StrCat("open ", path));
  const ssize_t count = pwrite(fd, &header, sizeof header, 0);
  const int error_number = count < 0 ? errno : EIO;
  close(fd);
  if (count != static_cast<ssize_t>(sizeof header)) return ErrnoError(error_number, absl::StrCat("write ", path));
  return absl::OkStatus();
}

}  // namespace millrace::snapshot_file
