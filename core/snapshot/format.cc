#include "core/snapshot/format.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/text.h"

namespace millrace::snapshot_file {
namespace {

absl::Status Invalid(const std::string& what) { return absl::DataLossError(what); }

absl::Status CheckName(const DirectoryEntry& entry, uint64_t index) {
  const char* const end = entry.name + sizeof entry.name;
  const char* const zero = std::find(entry.name, end, '\0');
  const bool printable = std::all_of(entry.name, zero, [](char c) { return c > ' ' && c < 0x7F; });
  const bool padded = std::all_of(zero, end, [](char c) { return c == '\0'; });
  if (zero == entry.name || zero == end || !printable || !padded) {
    return Invalid(absl::StrCat("directory entry ", index, " has no valid name"));
  }
  return absl::OkStatus();
}

absl::StatusOr<Section> ParseEntry(const DirectoryEntry& entry, uint64_t index, uint64_t offset_expected,
                                   uint64_t offset_max) {
  MILLRACE_RETURN_IF_ERROR(CheckName(entry, index));
  Section section;
  section.name = entry.name;
  section.type = static_cast<ElementType>(entry.element_type);
  section.element_count = entry.element_count;
  section.offset = entry.offset;
  section.size_bytes = entry.size_bytes;
  std::copy(std::begin(entry.sha256), std::end(entry.sha256), section.sha256.begin());
  const uint64_t element_bytes = ElementBytes(section.type);
  if (element_bytes == 0 || entry.reserved != 0) {
    return Invalid(absl::StrCat("section ", section.name, " has an unknown element type"));
  }
  if (section.offset != offset_expected || section.offset > offset_max ||
      section.size_bytes > offset_max - section.offset) {
    return Invalid(absl::StrCat("section ", section.name, " lies outside its place in the file"));
  }
  if (section.size_bytes == 0 || section.size_bytes % element_bytes != 0 ||
      section.size_bytes / element_bytes != section.element_count) {
    return Invalid(absl::StrCat("section ", section.name, " has a size that does not match its elements"));
  }
  return section;
}

}  // namespace

uint64_t ElementBytes(ElementType type) {
  switch (type) {
    case ElementType::kU8:
      return 1;
    case ElementType::kU32:
      return 4;
    case ElementType::kU64:
      return 8;
    case ElementType::kI32:
      return 4;
    case ElementType::kI64:
      return 8;
    case ElementType::kBytes16:
      return 16;
  }
  return 0;
}

const Section* Layout::Find(std::string_view name) const {
  for (const Section& section : sections) {
    if (section.name == name) return &section;
  }
  return nullptr;
}

uint64_t BlockChecksum(const void* data, size_t size_bytes) { return XXH3_64bits(data, size_bytes); }

absl::Status CheckHeader(const Header& header, uint64_t file_size_bytes) {
  if (std::memcmp(header.magic, kMagic, sizeof kMagic) != 0) return Invalid("it does not begin as a snapshot does");
  if (header.file_size_bytes != file_size_bytes) {
    return Invalid(absl::StrCat("it has ", file_size_bytes, " bytes where its header says ", header.file_size_bytes));
  }
  if (header.directory_offset < sizeof(Header) || header.directory_offset > file_size_bytes ||
      header.directory_size_bytes != file_size_bytes - header.directory_offset ||
      header.directory_size_bytes > kDirectoryBytesMax) {
    return Invalid("its header places the directory wrongly");
  }
  return absl::OkStatus();
}

absl::StatusOr<Layout> ParseLayout(const Header& header, std::string_view directory) {
  if (header.post_count > kPostCountMax || header.tag_count > kTagCountMax) return Invalid("its counts are too large");
  if (header.section_count > directory.size() / sizeof(DirectoryEntry)) return Invalid("its directory is too short");
  Layout layout;
  layout.header = header;
  layout.sections.reserve(header.section_count);
  uint64_t end = sizeof(Header);
  uint64_t block_count = 0;
  for (uint64_t i = 0; i < header.section_count; ++i) {
    DirectoryEntry entry;
    std::memcpy(&entry, directory.data() + i * sizeof entry, sizeof entry);
    MILLRACE_ASSIGN_OR_RETURN(Section section, ParseEntry(entry, i, AlignUp(end), header.directory_offset));
    if (layout.Find(section.name) != nullptr) {
      return Invalid(absl::StrCat("section ", section.name, " is there twice"));
    }
    section.first_block = block_count;
    block_count += section.block_count();
    end = section.offset + section.size_bytes;
    layout.sections.push_back(std::move(section));
  }
  const uint64_t entries_bytes = header.section_count * sizeof(DirectoryEntry);
  if (AlignUp(end) != header.directory_offset || (directory.size() - entries_bytes) % sizeof(uint64_t) != 0 ||
      (directory.size() - entries_bytes) / sizeof(uint64_t) != block_count) {
    return Invalid("its directory does not match its sections");
  }
  layout.block_checksums.resize(block_count);
  if (block_count > 0) {
    std::memcpy(layout.block_checksums.data(), directory.data() + entries_bytes, block_count * sizeof(uint64_t));
  }
  return layout;
}

std::string EncodeDirectory(const std::vector<Section>& sections, const std::vector<uint64_t>& block_checksums) {
  std::string directory;
  directory.reserve(sections.size() * sizeof(DirectoryEntry) + block_checksums.size() * sizeof(uint64_t));
  for (const Section& section : sections) {
    DirectoryEntry entry{};
    std::copy(section.name.begin(), section.name.end(), entry.name);
    entry.element_type = static_cast<uint32_t>(section.type);
    entry.element_count = section.element_count;
    entry.offset = section.offset;
    entry.size_bytes = section.size_bytes;
    std::copy(section.sha256.begin(), section.sha256.end(), entry.sha256);
    directory.append(reinterpret_cast<const char*>(&entry), sizeof entry);
  }
  directory.append(reinterpret_cast<const char*>(block_checksums.data()), block_checksums.size() * sizeof(uint64_t));
  return directory;
}

std::string DigestOf(const Header& header, std::string_view directory) {
  Sha256 hash;
  hash.Update(&header, sizeof header);
  hash.Update(directory.data(), directory.size());
  return HexEncode(hash.Finish());
}

}  // namespace millrace::snapshot_file
