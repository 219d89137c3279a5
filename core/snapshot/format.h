// The bytes of a snapshot file, version 1: header, sections, directory. docs/snapshot-format.md specifies them;
// this file and format.cc are its only transcription in C++, shared by the writer and the readers.
#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/base/digest.h"

namespace millrace::snapshot_file {

// Columns are used as they lie in the file. A big-endian machine would need swapping readers.
static_assert(std::endian::native == std::endian::little, "snapshots are mapped as they are, little-endian");

inline constexpr char kMagic[8] = {'M', 'I', 'L', 'L', 'R', 'A', 'C', 'E'};
inline constexpr uint32_t kVersion = 1;
inline constexpr uint64_t kAlignmentBytes = 64;
inline constexpr uint64_t kBlockBytes = 65536;
// Rows and tag indexes are u32 wherever the file refers to them.
inline constexpr uint64_t kPostCountMax = 0xFFFFFFFF;
inline constexpr uint64_t kTagCountMax = 0xFFFFFFFF;
// Against absurd headers: enough for files of 8 TiB.
inline constexpr uint64_t kDirectoryBytesMax = uint64_t{1} << 30;
// Sizes of the stats sections: larger than today's enumerations, so that a new rating or category does not
// change the digests of content that does not use it.
inline constexpr uint64_t kRatingSlots = 16;
inline constexpr uint64_t kCategorySlots = 32;

inline constexpr char kFileSuffix[] = ".snapshot";
// Beside it, under the same name: derived from it, and made anew when it is missing.
inline constexpr char kPostingsSuffix[] = ".postings";
// Folders of writers at work; whatever carries this prefix when a store is opened was left by a crash.
inline constexpr char kWorkFolderPrefix[] = "compile.";

enum class ElementType : uint32_t { kU8 = 1, kU32 = 2, kU64 = 3, kI32 = 4, kI64 = 5, kBytes16 = 6 };
// 0 for a number that is no type of this version.
uint64_t ElementBytes(ElementType type);

// Bits of an element of post.presence: the post has the field.
enum class Field : uint32_t {
  kMd5 = 0,
  kWidthPx = 1,
  kHeightPx = 2,
  kFileSizeBytes = 3,
  kPixivId = 4,
  kParentId = 5,
  kUploaderId = 6,
  kApproverId = 7,
  kScore = 8,
  kUpScore = 9,
  kDownScore = 10,
  kCreatedAtUs = 11,
  kUpdatedAtUs = 12,
  kLastCommentedAtUs = 13,
  kLastNotedAtUs = 14,
  // From here on the bits lie in post.more_presence, counted from 0: the readers of before know post.presence up to
  // here and take other bits for damage, while they pass over sections that they do not know.
  kFavoriteCount = 15,
  kDurationUs = 16,
};
inline constexpr uint32_t kFieldCount = 17;
inline constexpr uint32_t kFirstPresenceCount = 15;  // of the fields in post.presence
inline constexpr uint32_t FieldBit(Field field) { return 1u << static_cast<uint32_t>(field); }
// The bits of both sections in one word, without those of fields that this version does not know.
inline constexpr uint32_t JoinPresence(uint32_t presence, uint32_t more_presence) {
  return (presence | more_presence << kFirstPresenceCount) & ((1u << kFieldCount) - 1);
}

struct Header {
  char magic[8];
  uint32_t version;
  uint32_t section_count;
  uint64_t file_size_bytes;
  uint64_t directory_offset;
  uint64_t directory_size_bytes;
  uint64_t post_count;
  uint64_t tag_count;
  uint64_t tag_use_count;
};
static_assert(sizeof(Header) == 64);

struct DirectoryEntry {
  char name[32];  // padded with zeros; at least one
  uint32_t element_type;
  uint32_t reserved;  // 0
  uint64_t element_count;
  uint64_t offset;
  uint64_t size_bytes;
  uint8_t sha256[32];
};
static_assert(sizeof(DirectoryEntry) == 96);

struct Section {
  std::string name;
  ElementType type = ElementType::kU8;
  uint64_t element_count = 0;
  uint64_t offset = 0;
  uint64_t size_bytes = 0;
  Sha256Bytes sha256{};
  uint64_t first_block = 0;  // index of its first block's checksum in Layout::block_checksums

  uint64_t block_count() const { return (size_bytes + kBlockBytes - 1) / kBlockBytes; }
};

// What header and directory tell.
struct Layout {
  Header header{};
  std::vector<Section> sections;  // in the file's order
  std::vector<uint64_t> block_checksums;

  const Section* Find(std::string_view name) const;
};

inline uint64_t AlignUp(uint64_t offset) { return (offset + kAlignmentBytes - 1) / kAlignmentBytes * kAlignmentBytes; }

// XXH3 of 64 bits, seed 0.
uint64_t BlockChecksum(const void* data, size_t size_bytes);

// Checks what must hold before the directory may be read: magic, and a directory that ends the file. Says nothing
// about the version: these fields stay where they are in every version, so that the digest can be checked first.
absl::Status CheckHeader(const Header& header, uint64_t file_size_bytes);

// Header and directory of version 1, taken apart. Every byte of the file then belongs to the header, to exactly one
// section, to the padding before a section or the directory, or to the directory. Errors are plain sentences
// without a reason: the caller knows which file it is.
absl::StatusOr<Layout> ParseLayout(const Header& header, std::string_view directory);

// The directory's bytes for sections that are laid out one after another.
std::string EncodeDirectory(const std::vector<Section>& sections, const std::vector<uint64_t>& block_checksums);

// The digest that names the file, in hexadecimal digits.
std::string DigestOf(const Header& header, std::string_view directory);

}  // namespace millrace::snapshot_file
