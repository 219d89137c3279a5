#include "core/snapshot/row_set.h"

#include <roaring/roaring.h>

#include <algorithm>
#include <new>
#include <utility>

#include "core/snapshot/row_containers.h"

namespace millrace {
namespace {

roaring_bitmap_t* Bitmap(void* bitmap) { return static_cast<roaring_bitmap_t*>(bitmap); }

void* OrOutOfMemory(void* made) {
  if (made == nullptr) throw std::bad_alloc();
  return made;
}

}  // namespace

RowSet::RowSet(void* bitmap) : bitmap_(OrOutOfMemory(bitmap)) {}
RowSet::RowSet() : RowSet(static_cast<void*>(roaring_bitmap_create())) {}
RowSet::~RowSet() {
  if (bitmap_ != nullptr) roaring_bitmap_free(Bitmap(bitmap_));
}
RowSet::RowSet(RowSet&& other) noexcept : bitmap_(std::exchange(other.bitmap_, nullptr)) {}
RowSet& RowSet::operator=(RowSet&& other) noexcept {
  std::swap(bitmap_, other.bitmap_);
  return *this;
}

RowSet RowSet::Range(uint64_t first, uint64_t end) {
  if (first >= end) return RowSet();
  return RowSet(static_cast<void*>(roaring_bitmap_from_range(first, end, 1)));
}

RowSet RowSet::FromAscending(absl::Span<const uint32_t> rows) {
  return RowSet(static_cast<void*>(roaring_bitmap_of_ptr(rows.size(), rows.data())));
}

std::optional<RowSet> RowSet::Parse(std::string_view bytes) {
  if (!AreRowContainers({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()})) return std::nullopt;
  roaring_bitmap_t* const bitmap = roaring_bitmap_portable_deserialize_safe(bytes.data(), bytes.size());
  if (bitmap == nullptr) return std::nullopt;
  return RowSet(static_cast<void*>(bitmap));
}

std::string RowSet::Serialise() const {
  std::string bytes(roaring_bitmap_portable_size_in_bytes(Bitmap(bitmap_)), '\0');
  roaring_bitmap_portable_serialize(Bitmap(bitmap_), bytes.data());
  return bytes;
}

RowSet RowSet::Clone() const { return RowSet(static_cast<void*>(roaring_bitmap_copy(Bitmap(bitmap_)))); }

uint64_t RowSet::Count() const { return roaring_bitmap_get_cardinality(Bitmap(bitmap_)); }
bool RowSet::IsEmpty() const { return roaring_bitmap_is_empty(Bitmap(bitmap_)); }
bool RowSet::Contains(uint32_t row) const { return roaring_bitmap_contains(Bitmap(bitmap_), row); }

uint32_t RowSet::Last() const { return roaring_bitmap_maximum(Bitmap(bitmap_)); }

std::vector<uint32_t> RowSet::ToVector() const {
  std::vector<uint32_t> rows(Count());
  if (!rows.empty()) roaring_bitmap_to_uint32_array(Bitmap(bitmap_), rows.data());
  return rows;
}

std::vector<uint32_t> RowSet::Slice(uint64_t offset, uint64_t count) const {
  const uint64_t size = Count();
  if (offset >= size) return {};
  std::vector<uint32_t> rows(std::min(count, size - offset));
  if (!rows.empty()) roaring_bitmap_range_uint32_array(Bitmap(bitmap_), offset, rows.size(), rows.data());
  return rows;
}

void RowSet::And(const RowSet& other) { roaring_bitmap_and_inplace(Bitmap(bitmap_), Bitmap(other.bitmap_)); }
void RowSet::Or(const RowSet& other) { roaring_bitmap_or_inplace(Bitmap(bitmap_), Bitmap(other.bitmap_)); }
void RowSet::AndNot(const RowSet& other) { roaring_bitmap_andnot_inplace(Bitmap(bitmap_), Bitmap(other.bitmap_)); }

RowSet::Reader::Reader(const RowSet& rows)
    : iterator_(OrOutOfMemory(static_cast<void*>(roaring_create_iterator(Bitmap(rows.bitmap_))))) {}
RowSet::Reader::~Reader() { roaring_free_uint32_iterator(static_cast<roaring_uint32_iterator_t*>(iterator_)); }

size_t RowSet::Reader::Read(absl::Span<uint32_t> rows) {
  return roaring_read_uint32_iterator(static_cast<roaring_uint32_iterator_t*>(iterator_), rows.data(),
                                      static_cast<uint32_t>(rows.size()));
}

}  // namespace millrace
